"""Fit the trees of `cleaner/web/judge.json` on labelled pages, and write what they were fitted on.

    PYTHONPATH=.:tests python tests/benchmarks/fit_judge.py ../shared/corpora --folds folds.json

A page's blocks are labelled by how much of their words stands in its gold text in that order. The
pages are the open part of WCXB, `extraction_gold` and pages of our own making; a corpus that is not
there is skipped by name. `--folds` writes five sets of trees more, each fitted without the pages of
a fifth of the domains: `tests/benchmarks/web.py --folds` scores every page by the set that has not
seen it. Only numpy and the kernels are needed; the same pages give the same trees.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import polars as pl
from benchmarks.made_pages import pages as made_pages

from cleaner.kernels.web.features import NAMES
from cleaner.kernels.web.trees import histograms
from cleaner.web import page as reader
from cleaner.web.blocks import Blocks
from cleaner.web.content import Content, of_a_shop, ruled
from cleaner.web.cues import Cues
from cleaner.web.facts import Told
from cleaner.web.judge import PAGE_WIDE, SCALE, Trees, features

TREES, DEPTH, RATE, RIDGE, SHARE, BINS = 80, 5, 0.12, 1.0, 0.5, 48
FOLDS = 5
WIDE = 0.2  # share of wide letters, from which a page counts as Chinese
MADE = 400  # pages of our own making
TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_RUN = 4  # words that must stand together in the gold text
SHIPPED = Path(reader.__file__).parent / "judge.json"


class Labelled(NamedTuple):
    """The blocks of one page: what is measured, how right each is, and how much it weighs."""

    fold: int
    measures: np.ndarray
    label: np.ndarray
    weight: np.ndarray


def domain(url: str) -> str:
    """Return the registered domain of an address.

    >>> domain("https://news.example.co.uk/a"), domain("https://a.b.example.org")
    ('example.co.uk', 'example.org')
    """
    parts = (urlsplit(url).hostname or url).lower().split(".")
    second = {"co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "go"}
    return ".".join(
        parts[-3 if len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in second else -2 :]
    )


def fold_of(url: str) -> int:
    """Return the fold of a page: all pages of a domain are in one."""
    return int(sha256(domain(url).encode()).hexdigest(), 16) % FOLDS


def labelled(html: bytes | str, url: str, gold: str) -> Labelled | None:
    """Return the blocks of a page with their labels; None when it cannot be read."""
    met: list[tuple[Blocks, Told]] = []

    def pick(blocks: Blocks, told: Told, cues: Cues | None = None) -> Content:
        met.append((blocks, told))
        return Content("", 0.0, 0.0, 0, 0)

    kept, reader.pick = reader.pick, pick
    try:
        reader.extract_html(html, url, min_formula_survival=0)
    finally:
        reader.pick = kept
    if not met:
        return None
    blocks, told = met[0]
    told = of_a_shop(blocks, told)
    rules = ruled(blocks, told)
    measures = features(blocks, rules.kept, rules.inside, rules.dead, told)
    words = [TOKEN.findall(blocks.text(block)[0].lower()) for block in range(len(blocks))]
    wanted = TOKEN.findall(gold.lower())
    sizes = np.array([len(one) for one in words], np.float64)
    label = np.array(_labels(words, wanted))
    usable = ~rules.never[blocks.container] & (sizes > 0)
    weight = np.minimum(sizes / (min(len(wanted), sizes.sum()) + 50), 1.0)
    return Labelled(fold_of(url), measures[usable], label[usable], weight[usable])


def _runs(words: list[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(size)), strict=False)


def _labels(blocks: list[list[str]], wanted: list[str]) -> list[float]:
    """Return the share of words of each block that stand in runs of the gold text.

    A block that was there before is right as often as the gold text has it.
    """
    runs = {size: Counter(_runs(wanted, size)) for size in range(1, _RUN + 1)}
    met: Counter[tuple[str, ...]] = Counter()
    found = []
    for words in blocks:
        met[tuple(words)] += 1
        again = len(words) >= _RUN and met[tuple(words)] > max(1, runs[_RUN][tuple(words[:_RUN])])
        found.append(0.0 if again else _found(words, runs))
    return found


def _found(words: list[str], runs: Mapping[int, Mapping[tuple[str, ...], int]]) -> float:
    """Return the share of words that stand in runs of the gold text."""
    size = min(_RUN, len(words))
    if not size:
        return 0.0
    covered = np.zeros(len(words), np.bool_)
    for at, run in enumerate(_runs(words, size)):
        if run in runs[size]:
            covered[at : at + size] = True
    return float(covered.mean())


def fit(pages: Iterable[Labelled], trees: int = TREES, depth: int = DEPTH, seed: int = 0) -> Trees:
    """Return trees boosted on the logistic loss; leaves are rounded to whole numbers."""
    pages = list(pages)
    measures, label, weight = (np.concatenate([page[at] for page in pages]) for at in range(1, 4))
    draw = np.random.default_rng(seed)
    edges = [_edges(column) for column in measures.T]
    bins = np.array(
        [
            np.searchsorted(edge, column, side="left")
            for edge, column in zip(edges, measures.T, strict=True)
        ],
        np.uint8,
    )
    beyond = np.arange(BINS) >= np.array([len(edge) for edge in edges])[:, None]
    mean = float(np.clip(np.average(label, weights=weight), 0.01, 0.99))
    start = round(SCALE * float(np.log(mean / (1 - mean))))
    total = np.full(len(label), start, np.int64)
    asked = np.zeros((trees, depth), np.int64)
    limits = np.zeros((trees, depth))
    leaves = np.zeros((trees, 1 << depth), np.int64)
    columns = max(1, int(SHARE * measures.shape[1]))
    for tree in range(trees):
        likely = 1 / (1 + np.exp(-total / SCALE))
        pull, mass = weight * (label - likely), weight * likely * (1 - likely)
        both = np.stack([pull, mass], axis=1)
        leaf = np.zeros(len(label), np.uint8)
        drawn = np.sort(draw.choice(measures.shape[1], columns, replace=False))
        for level in range(depth):
            gain = _gain(histograms(bins, drawn, leaf, both, 1 << level, BINS + 1))
            gain[beyond[drawn]] = -1.0
            best, at = np.unravel_index(int(np.argmax(gain)), gain.shape)
            column = drawn[best]
            asked[tree, level], limits[tree, level] = column, edges[column][at]
            leaf |= (bins[column] > at).astype(np.uint8) << level
        pulls, masses = (np.bincount(leaf, one, 1 << depth) for one in (pull, mass))
        leaves[tree] = np.round(SCALE * RATE * pulls / (masses + RIDGE))
        total += leaves[tree][leaf]
    return Trees(start, asked, limits, leaves)


def _edges(column: np.ndarray) -> np.ndarray:
    """Return the limits between the bins of one feature."""
    edges = np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    return np.round(edges[edges < column.max()], 6)


def _gain(found: np.ndarray) -> np.ndarray:
    """Return what a question would win, per feature and edge, summed over the leaves so far."""
    pull, mass = np.moveaxis(np.cumsum(found, axis=2)[:, :, :-1], 3, 0)
    pulls, masses = np.moveaxis(found.sum(axis=2, keepdims=True), 3, 0)
    gain = pull**2 / (mass + RIDGE) + (pulls - pull) ** 2 / (masses - mass + RIDGE)
    return np.asarray(gain.sum(axis=1))


def written(trees: Trees) -> dict[str, Any]:
    """Return trees as they are stored."""
    rows = zip(trees.asked.tolist(), trees.limits.tolist(), trees.leaves.tolist(), strict=True)
    stored = [
        {"asks": [NAMES[at] for at in asks], "above": above, "leaves": leaves}
        for asks, above, leaves in rows
    ]
    return {"start": trees.start, "trees": stored}


def corpus_pages(corpora: Path) -> Iterator[tuple[bytes | str, str, str]]:
    """Yield page, address and gold text of the labelled corpora that are there."""
    wcxb, gold = corpora / "wcxb" / "open.parquet", corpora / "open" / "extraction_gold.parquet"
    if wcxb.exists():
        yield from (
            pl.read_parquet(wcxb, columns=["html", "url", "gold"])
            .select("html", "url", pl.col("gold").fill_null(""))
            .iter_rows()
        )
    else:
        print(f"skipped: {wcxb} is not there")
    if gold.exists():
        joined = pl.read_parquet(gold).join(
            pl.read_parquet(corpora / "open" / "raw_html.parquet", columns=["url", "html"]),
            on="url",
            maintain_order="left",
        )
        yield from joined.select(
            "html", pl.coalesce("page_url", "url").alias("url"), "gold_text"
        ).iter_rows()
    else:
        print(f"skipped: {gold} is not there")


def _heavier(page: Labelled) -> Labelled:
    """Return a page that counts as two where it is Chinese: there are few of them."""
    chinese = len(page.measures) > 0 and page.measures[0, PAGE_WIDE] > WIDE
    return page._replace(weight=2 * page.weight) if chinese else page


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--folds", type=Path, help="write the trees of the folds here")
    options = parser.parse_args()
    found = [labelled(*page) for page in corpus_pages(options.corpora)]
    real = [_heavier(page) for page in found if page is not None]
    made = [page for html, gold in made_pages(MADE) if (page := labelled(html, "made", gold))]
    print(f"{len(real)} pages of corpora, {len(made)} of our own making")
    if options.folds:
        folds = [
            written(fit([*(page for page in real if page.fold != fold), *made]))
            for fold in range(FOLDS)
        ]
        options.folds.write_text(json.dumps(folds), encoding="utf-8")
    shipped = written(fit([*real, *made]))
    SHIPPED.write_text(json.dumps(shipped, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{SHIPPED}: {SHIPPED.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
