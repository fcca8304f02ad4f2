"""The judge of blocks: how likely each block of a page is text of it, from many small signs.

It weighs what `kernels/web/features.py` measures and what the plain rules of `content.py` say, by
the trees of `judge.json`, which `tests/benchmarks/fit_judge.py` fits on labelled pages. No word of
a page is a sign, only words of the names of its elements. Scores and likelihoods are whole numbers:
the same page gives the same text everywhere.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cleaner.kernels.web.features import NAMES, measured, text_facts
from cleaner.kernels.web.trees import chosen, evened, place_hashes, scores
from cleaner.web.blocks import (
    ARTICLES,
    FORMS,
    H1,
    HEADING_KIND,
    LISTS,
    QUOTES,
    TABLES,
    Blocks,
)
from cleaner.web.boilerplate import ARTICLE, BOILERPLATE, FOLDED, HIDDEN, POST
from cleaner.web.facts import Told

SCALE = 1_024  # of a score: a likelihood of 1 / (1 + exp(-score / SCALE))
STEP = 256  # between two scores of the table of likelihoods
LIKELY = np.round(10_000 / (1 + np.exp(-np.arange(-32, 33) * STEP / SCALE))).astype(np.int64)
DECLARED = {"article": 1, "forum": 2, "product": 3, "list": 4, "code": 5}
_LETTERS = 5  # of a word
# On a page of few letters the rules know as much as the trees: what they leave out must be likelier
# than 0.66 there, or stand in like siblings that hold much of the page; a shop says little.
_SMALL, _SURE = 4_000, 700
_LINKS = 0.5
_HEADINGS, _SHORTEST = 60, 4  # that are looked through for the title; characters of one
_START, _LEAST = 40, 24  # characters of a description that are looked for; bytes of the shortest
# What stands in one place of like siblings is taken or left together: in three or more, four levels
# deep; three or six levels, or half of the way to the mean, gain less.
_LEVELS, _LIKE = 4, 3
PAGE_WIDE = NAMES.index("page_wide")
_MANY, _CARD, _MUCH, _LIKELY = 4, 20, 0.3, -1_500  # siblings, letters of each, their share; a score
_DECLARED, _ENDS = map(NAMES.index, ("declared", "ends"))
_PAGE_SIZE, _KEPT, _DEAD, _FOLDED, _AWAY, _LINK, _ALIKE, _ALIKE_SIZE, _ALIKE_SHARE = map(
    NAMES.index,
    ("page_size", "kept", "dead", "hidden", "away", "link", "alike", "alike_size", "alike_share"),
)
# What a container is, as bits that `measured` knows: by its tag, and by what it says.
_TAGS = np.stack([FORMS, TABLES, LISTS, QUOTES, ARTICLES], 1) @ (1 << np.arange(2, 7))
_SAYS = np.array(
    [
        (says <= BOILERPLATE) | (says >= ARTICLE) << 1 | (says <= HIDDEN) << 7
        for says in range(FOLDED, POST + 1)
    ],
    np.int64,
)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class Trees(NamedTuple):
    """The numbers that were fitted: see `kernels/web/trees.py`."""

    start: int
    asked: np.ndarray
    limits: np.ndarray
    leaves: np.ndarray


@cache
def trees() -> Trees:
    """Return the trees that are shipped."""
    return read(json.loads((Path(__file__).parent / "judge.json").read_text(encoding="utf-8")))


def read(stored: dict[str, Any]) -> Trees:
    """Return trees from the way they are stored."""
    asked = [[NAMES.index(name) for name in one["asks"]] for one in stored["trees"]]
    return Trees(
        stored["start"],
        np.array(asked, np.int64),
        np.array([one["above"] for one in stored["trees"]], np.float64),
        np.array([one["leaves"] for one in stored["trees"]], np.int64),
    )


def features(
    page: Blocks, kept: np.ndarray, inside: np.ndarray, dead: np.ndarray, told: Told
) -> np.ndarray:
    """Return a row of the numbers `NAMES` per block; rules say what is kept, inside and dead."""
    scan = page.scan
    flags = _TAGS[page.tag]
    flags |= _SAYS[page.says - FOLDED]
    flags |= page.is_navigation
    titles = page.headings(H1)
    return measured(
        text_facts(scan.text, scan.first, scan.last),
        page.size,
        page.link,
        page.kind,
        page.container,
        scan.row,
        page.parent,
        page.is_leaf,
        _labels(page),
        page.names,
        flags,
        kept,
        inside,
        dead,
        DECLARED.get(told.kind, 0),
        int(titles[0]) if len(titles) else 0,
        _titled(page, told.title),
        _said(page, told.said),
        len(NAMES),
    )


def _titled(page: Blocks, title: str) -> int:
    """Return the first heading whose words stand in the title of the page, -1 without one."""
    if title:
        for block in np.flatnonzero(page.kind == HEADING_KIND)[:_HEADINGS].tolist():
            if page.size[block] >= _SHORTEST and page.line(block) in title:
                return int(block)
    return -1


def _said(page: Blocks, said: tuple[str, ...]) -> int:
    """Return the first block where a text begins that the head has as well, -1 without one."""
    starts = [text[:_START].encode("utf-8", "replace") for text in said]
    places = [page.plain.find(start) for start in starts if len(start) >= _LEAST]
    found = [place for place in places if place >= 0]
    return int(np.searchsorted(page.scan.first, min(found), side="right")) - 1 if found else -1


def _labels(page: Blocks) -> np.ndarray:
    """Return a number per container, equal for those of one tag, class and id."""
    return page.scan.attributes_hash ^ (page.tag.astype(np.uint64) * _SPREAD)


def places(page: Blocks) -> np.ndarray:
    """Return a hash per block, equal for those in one place of like siblings."""
    return place_hashes(page.container, page.kind, page.parent, _labels(page), _LEVELS)


def judged(
    page: Blocks, measures: np.ndarray, usable: np.ndarray, by: Trees | None = None
) -> np.ndarray:
    """Return which of the blocks that are `usable` are taken for the text of the page."""
    by = by or trees()
    words = (measures[:, 0] / _LETTERS).astype(np.int64) + 1
    score = evened(
        scores(measures, by.asked, by.limits, by.leaves, by.start),
        words,
        places(page),
        _LIKE,
    )
    if len(measures) and measures[0, _PAGE_SIZE] < _SMALL:
        cards = (measures[:, _ALIKE] >= _MANY) & (measures[:, _ALIKE_SIZE] >= _CARD)
        cards &= (measures[:, _ALIKE_SHARE] >= _MUCH) & (measures[:, _DEAD] == 0)
        cards &= score > _LIKELY
        alive = (measures[:, _DEAD] == 0) | (measures[:, _FOLDED] > 0)
        sure = 0 if measures[0, _DECLARED] == DECLARED["product"] else _SURE
        calm = (measures[:, _LINK] <= _LINKS) | (measures[:, _ENDS] == 1)  # a sentence with a link
        plain = alive & calm & (score > sure)
        kept = measures[:, _KEPT] > 0
        if (cards & usable).any():  # a footer that the rules took back for want of more
            kept &= measures[:, _AWAY] == 0
        usable = usable & (kept | plain | cards)
    return chosen(score, words, usable, LIKELY, STEP)
