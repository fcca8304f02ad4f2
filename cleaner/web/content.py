"""The main text of a page: headings, lists, tables, code; no navigation, footers, banners, forms.

A block weighs its characters outside links, short ones less. What attributes call boilerplate
falls, unless too little of the page would be left; then one container is chosen: one that says it
is the content, else the deepest that holds most of the weight. The numbers were set on
`extraction_gold.parquet`, where each may move by half without moving F1 by 0.005.
"""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from cleaner.kernels.web.pages import (
    BULLET,
    NO_ITEM,
    fallen,
    gathered,
    inherited,
    links_apart,
    weighed,
)
from cleaner.web.blocks import (
    ARTICLES,
    CODE_KIND,
    DT,
    H1,
    HEADING_KIND,
    ITEM_KIND,
    MAIN,
    QUOTES,
    Blocks,
)
from cleaner.web.boilerplate import (
    ARTICLE,
    BOILERPLATE,
    BOX,
    COMMENTS,
    CONTENT,
    FOLDED,
    HIDDEN,
    NEUTRAL,
    POST,
    PRICES,
    REVIEWS,
    VEILED,
)
from cleaner.web.cues import LONGEST, Cues, are_cues, shipped_cues
from cleaner.web.facts import Told
from cleaner.web.judge import PAGE_WIDE, features, judged, places

_SHORT = 80  # characters; below, a block weighs less than it has
_KEEP, _KEEP_SHARE = 300, 0.1  # weight and share of the page that must be left
_VEILED_SHARE = 0.25  # of the weight, from which hidden content waits for a script
_TOLD = 40  # characters of a block beside the posts of a thread that may be the text instead
_PRICES_OF_ONE = 4  # an old one, one for members
_PRICED = 2  # blocks after its title, among which the price of a product stands
_COPIED = 80  # characters of a block, from which a word for word copy is no coincidence
_SENTENCE, _FEW_LINKS = 80, 0.2  # characters of a block of prose; share of its links
_AMONG, _CALM = 0.3, 12  # share of a list outside links; bytes of a paragraph beside a link
_LINKS = 0.5  # a block with more of its characters in links is a list of links
_COMMENTS_LEAVE, _COMMENTS_LEAVE_FEW = 300, 600  # with and without a container of content
_CONTENT_SHARE, _ARTICLE_SHARE, _MAIN_SHARE = 0.1, 0.1, 0.5
_DOMINANT = 0.7  # of the weight of all that call themselves content: below, they are posts
_ONLY = 0.95  # the same among containers of one class
_CHINESE = 0.2  # share of wide letters, from which a page is looked through for cues
_PRICE = re.compile(rb"(?<![a-z])prices?(?![a-z])|Price")
_FENCES = re.compile(r"`{3,}")
_INDENTED = 8  # levels of lists within lists that are shown
_BESIDE, _BESIDE_SHARE = 50, 0.04  # weight of paragraphs beside it, from which they stay
_DEEPER = 0.75  # of the weight; the chosen container is the deepest that holds it


class Content(NamedTuple):
    """The text that is the page's own, and what it was taken from."""

    text: str
    link_density: float  # share of the characters there that are link text
    code_share: float  # share of the characters in code
    images_lost: int  # images in sentences that look like formulas
    posts: int  # containers of content side by side, as in a thread


class Ruled(NamedTuple):
    """What the plain rules say of blocks and containers."""

    kept: np.ndarray  # blocks
    inside: np.ndarray  # blocks of the container that was taken
    dead: np.ndarray  # containers
    never: np.ndarray  # containers that nobody sees nor folds out; what customers say of a product
    posts: int


def ruled(page: Blocks, told: Told | None = None) -> Ruled:
    """Return what the plain rules take for the main text; `told` is what its head says of it."""
    own = _weights(page)
    dead = _boilerplate(page, own)
    never = dead & inherited((page.says <= HIDDEN) & (page.says != FOLDED), page.parent)
    if told and told.kind == "product":
        customers = _customers(page, dead)
        dead |= customers
        never |= customers
    _bury_comments(page, own, dead)
    own[dead] = 0.0
    best, posts = _container(page, own, gathered(own, page.parent))
    alive = np.zeros(len(dead), np.bool_)
    alive[best] = True
    alive = inherited(alive, page.parent) & ~dead
    inside = alive[page.container]
    kept = inside & _not_links(page)
    titles = page.headings(H1)
    if len(titles) == 1 and page.size[titles[0]] <= 300:
        kept[titles[0]] = True  # the page's title, wherever it stands
    return Ruled(kept, inside, dead, never, posts)


def main_content(page: Blocks, told: Told | None = None, cues: Cues | None = None) -> Content:
    """Return the main text of a page; `told` is what its head says of it."""
    told = of_a_shop(page, told or Told())
    rules = ruled(page, told)
    measures = features(page, rules.kept, rules.inside, rules.dead, told)
    numbers = rules.dead[page.container] & (page.kind == CODE_KIND)  # of lines, beside the code
    keep = judged(page, measures, ~(rules.never[page.container] | numbers))
    if len(measures) and measures[0, PAGE_WIDE] > _CHINESE:
        short = np.flatnonzero(keep & (page.size <= LONGEST) & (page.kind != CODE_KIND))
        lines = [page.line(block) for block in short.tolist()]
        keep[short[are_cues(lines, cues or shipped_cues())]] = False
    keep = _of_thread(page, keep, rules.never)
    keep[_copies(page, np.flatnonzero(keep & (page.size >= _COPIED)))] = False
    posts = max(rules.posts, int((page.says == POST).sum()))
    return _content(page, keep, rules.inside | keep, posts)


def _customers(page: Blocks, dead: np.ndarray) -> np.ndarray:
    """Return which containers of a shop's page hold what customers say of its product.

    They are named as reviews and stand two or more side by side, with sentences in them; where the
    page says nothing else, they are its text.
    """
    count = len(page.parent)
    named = (page.names & REVIEWS) > 0
    titled = gathered(np.bincount(page.container, page.scan.tag == H1, count), page.parent) > 0
    weight = page.scan.last - page.scan.first  # bytes: a letter of Chinese says more
    long = np.bincount(page.container, weight >= _SENTENCE, count)
    said = gathered(long, page.parent) > 0
    reviews = np.flatnonzero(named & said & ~page.is_leaf)
    keys = Counter((int(page.parent[at]), page.label(at)) for at in reviews.tolist())
    several = np.zeros(count, np.float64)
    several[[at for at in reviews.tolist() if keys[int(page.parent[at]), page.label(at)] > 1]] = 1
    talk = inherited(named & (gathered(several, page.parent) > 0) & ~titled, page.parent)
    says = (weight >= _TOLD) & (page.link <= _LINKS * page.size)
    return talk & bool((says & ~(talk | dead)[page.container]).any())


def of_a_shop(page: Blocks, told: Told) -> Told:
    """Return what the head of a page says, its kind `product` where a price follows its title."""
    titles = page.headings(H1)
    if told.kind not in ("", "article") or len(titles) != 1:
        return told
    title = int(titles[0])
    for here in page.container[title + 1 : title + 1 + _PRICED].tolist():
        for named in (here, int(page.parent[here])):
            if _PRICE.search(page.label(named)):
                # Cards of a list have prices as well, the first of them right after its title.
                both = np.zeros(len(page.parent), np.bool_)
                both[_common(page.parent, [int(page.container[title]), named])] = True
                within = np.flatnonzero(inherited(both, page.parent) & (page.names & PRICES > 0))
                priced = [_PRICE.search(page.label(at)) for at in within.tolist()]
                few = len(priced) - priced.count(None) <= _PRICES_OF_ONE
                return told._replace(kind="product") if few else told
    return told


def _of_thread(page: Blocks, keep: np.ndarray, never: np.ndarray) -> np.ndarray:
    """Return the blocks to keep of a thread: its posts, whole, and what leads to them."""
    posts = page.says == POST
    if not posts.any():
        return keep
    said = inherited(posts, page.parent)[page.container]
    others = keep & ~said & (page.size >= _TOLD)  # panels of users are many short lines
    if page.size[said].sum() < page.size[others].sum():
        return keep
    said &= ~never[page.container]
    before = np.arange(len(said)) < int(np.argmax(said))
    lead = (page.kind == HEADING_KIND) | (page.size >= _SENTENCE)
    return said | (keep & before & lead)


def _copies(page: Blocks, long: np.ndarray) -> list[int]:
    """Return which of some blocks say word for word what one in another place has said before.

    A page may hold its text twice, for wide screens and for small ones, in full and folded, or in a
    quotation of a post. Paragraphs of one container, and those of like siblings, may repeat.
    """
    first: dict[str, int] = {}
    again = [
        (first[line], block)
        for block in long.tolist()
        if page.kind[block] != CODE_KIND and not page.scan.row[block]
        if first.setdefault(line := page.line(block), block) != block
    ]
    place = places(page) if again else np.zeros(0)
    return [
        block
        for before, block in again
        if place[before] != place[block] and page.holder(before) != page.holder(block)
    ]


def text_without_boilerplate(page: Blocks) -> Content:
    """Return all text of a page less what falls as boilerplate, comments included."""
    own = _weights(page)
    inside = ~_boilerplate(page, own)[page.container]
    return _content(page, inside & _not_links(page), inside, 0)


def whole_text(page: Blocks) -> Content:
    """Return all text of a page less navigation."""
    inside = ~_navigation(page)[page.container]
    return _content(page, inside, inside, 0)


def menu_texts(page: Blocks, mark: bytes) -> list[str]:
    """Return the texts of navigation that hold `mark`."""
    if mark not in page.data:
        return []
    places = zip(page.scan.start.tolist(), page.scan.end.tolist(), strict=True)
    found = np.array([page.data.find(mark, start, end) >= 0 for start, end in places])
    blocks = np.flatnonzero(found & _navigation(page)[page.container])
    return [page.text(int(block))[0] for block in blocks]


def _navigation(page: Blocks) -> np.ndarray:
    """Return which containers tags call navigation, or names do and are mostly links."""
    count = len(page.parent)
    size = gathered(np.bincount(page.container, page.size, count), page.parent)
    link = gathered(np.bincount(page.container, page.link, count), page.parent)
    menus = (np.isin(page.says, (BOILERPLATE, BOX))) & (link > _LINKS * size)
    return inherited(menus | page.is_navigation, page.parent)


def _not_links(page: Blocks) -> np.ndarray:
    """Return which blocks are no mere links, or links that are content."""
    terms, quotes = page.tag == DT, QUOTES[page.tag]
    scan = page.scan
    return links_apart(
        scan.text,
        scan.first,
        scan.last,
        page.size,
        page.link,
        page.kind,
        page.container,
        scan.row,
        page.parent,
        page.is_leaf,
        terms,
        quotes,
        _LINKS,
        _AMONG,
        _CALM,
    )


def _weights(page: Blocks) -> np.ndarray:
    return weighed(
        page.size,
        page.link,
        page.kind,
        page.scan.row,
        page.container,
        len(page.parent),
        _SHORT,
        _LINKS,
    )


def _boilerplate(page: Blocks, own: np.ndarray) -> np.ndarray:
    """Return which containers fall; the heaviest are taken back while too little is left."""
    hidden = page.says <= HIDDEN
    named = (page.says == BOILERPLATE) | (page.says == BOX)
    bad = hidden | (named & ~_prose_of_an_article(page, named))
    keep = max(_KEEP, _KEEP_SHARE * float(own.sum()))
    dead = fallen(own, bad, hidden, page.parent, keep)
    again = bad & ~_siblings(page, np.flatnonzero(bad & named & ~dead))
    if again.sum() < bad.sum():
        bad = again
        dead = fallen(own, bad, hidden, page.parent, keep)
    if hidden.any():
        veiled = _veiled(page, own, hidden, float(own[~dead].sum()))
        if veiled.any():
            return fallen(own, bad & ~veiled, hidden, page.parent, keep)
    return dead


def _siblings(page: Blocks, some: np.ndarray) -> np.ndarray:
    """Return which containers have the parent, tag and attributes of one of `some`.

    The parts of what a script folds out are alike: none falls where one is taken back.
    """
    hashes, alike = page.scan.attributes_hash, np.zeros(len(page.parent), np.bool_)
    for here in some.tolist():
        if hashes[here]:
            same = (page.parent == page.parent[here]) & (hashes == hashes[here])
            alike |= same & (page.tag == page.tag[here])
    return alike


def _prose_of_an_article(page: Blocks, named: np.ndarray) -> np.ndarray:
    """Return which containers with a bad name stand in an article and hold sentences, no links."""
    spared = named & inherited(page.says >= ARTICLE, page.parent) & ~page.is_navigation
    if spared.any():
        count = len(page.parent)
        size = gathered(np.bincount(page.container, page.size, count), page.parent)
        link = gathered(np.bincount(page.container, page.link, count), page.parent)
        long = np.bincount(page.container, page.size >= _SENTENCE, count)
        said = gathered(long, page.parent) > 0
        heads = np.bincount(page.container, page.kind == HEADING_KIND, count)
        titled = gathered(heads, page.parent)
        said |= (page.says == BOX) & (titled == 0) & (size >= _CALM)
        spared &= (link <= _FEW_LINKS * size) & said
    return spared


def _veiled(page: Blocks, own: np.ndarray, hidden: np.ndarray, shown: float) -> np.ndarray:
    """Return which hidden containers hold the content that a script is to show."""
    sums = gathered(own, page.parent)
    holds = gathered(ARTICLES[page.tag].astype(np.float64), page.parent) > 0
    content = (page.says == VEILED) & (sums >= _VEILED_SHARE * sums[0])
    return content | (hidden & holds & (sums > max(_KEEP, shown)))


def _bury_comments(page: Blocks, own: np.ndarray, dead: np.ndarray) -> None:
    """Mark comments dead when there is an article beside them; a thread is made of them."""
    if not (page.says == COMMENTS).any():
        return
    talk = inherited(page.says == COMMENTS, page.parent)
    silent = np.where(dead | talk, 0.0, own)
    rest, chat = float(silent.sum()), float(own[talk & ~dead].sum())
    content = gathered(silent, page.parent)[(page.says == CONTENT) & ~talk].max(initial=0.0)
    enough = _COMMENTS_LEAVE if content >= _COMMENTS_LEAVE else max(_COMMENTS_LEAVE_FEW, 0.1 * chat)
    if rest >= enough:
        dead |= talk


def _container(page: Blocks, own: np.ndarray, sums: np.ndarray) -> tuple[int, int]:
    """Return the container to take, and how many posts it holds (0: it is one article)."""
    total = float(sums[0])
    for level, share in ((CONTENT, _CONTENT_SHARE), (ARTICLE, _ARTICLE_SHARE)):
        within = inherited(page.says >= level, page.parent)
        top = within & ~within[page.parent] & (sums >= 60)
        if level == ARTICLE:
            top &= page.tag != MAIN
        tops = np.flatnonzero(top)
        if not len(tops):
            continue
        together = float(sums[tops].sum())
        heaviest = int(tops[np.argmax(sums[tops])])
        # A question and its answers have the same class: they stay together, however long one is.
        label = page.label(heaviest)
        alike = [here for here in tops.tolist() if page.label(here) == label]
        weight = float(sums[alike].sum())
        alone = len(alike) < 2 or sums[heaviest] >= _ONLY * weight
        enough = max(_DOMINANT * together, share * total)
        if alone and sums[heaviest] >= enough:
            return heaviest, 0
        if not alone and weight >= enough:
            return _common(page.parent, alike), len(alike)
        if together >= share * total and len(tops) > 1:
            return _common(page.parent, tops.tolist()), len(tops)
    best = 0
    if total > 0:
        mains = np.flatnonzero((page.says > NEUTRAL) & (sums >= _MAIN_SHARE * total))
        best = int(mains[0]) if len(mains) else 0
        # Parents come before their children: the last of those that are heavy enough and stand in
        # the one before is the deepest.
        # A lead or a tail in paragraphs beside it stays.
        heavy = np.flatnonzero((sums >= _DEEPER * sums[best]) & page.may_be_all)
        for here in heavy[heavy > best].tolist():
            if page.parent[here] != best:
                continue
            beside = float(sums[(page.parent == best) & page.is_leaf].sum()) + float(own[best])
            if beside >= max(_BESIDE, _BESIDE_SHARE * float(sums[best])):
                break
            best = here
    return best, 0


def _common(parent: np.ndarray, many: list[int]) -> int:
    """Return the deepest container that holds them all."""
    paths = []
    for here in many:
        path = [here]
        while here:
            here = int(parent[here])
            path.append(here)
        paths.append(path[::-1])
    shared = 0
    for steps in zip(*paths, strict=False):
        if any(step != steps[0] for step in steps):
            break
        shared = steps[0]
    return shared


def _content(page: Blocks, keep: np.ndarray, inside: np.ndarray, posts: int) -> Content:
    total = int(page.size[inside].sum()) or 1
    text, images = render(page, keep)
    return Content(
        text=text,
        link_density=round(float(page.link[inside].sum()) / total, 6),
        code_share=float(page.size[inside & (page.kind == CODE_KIND)].sum()) / total,
        images_lost=images,
        posts=posts,
    )


def render(page: Blocks, keep: np.ndarray) -> tuple[str, int]:
    """Return the text of blocks, and how many images in it look like formulas.

    Items and rows of tables stand line by line, cells parted by ` | `; the rest in paragraphs;
    code is fenced.
    """
    scan = page.scan
    kept = np.flatnonzero(keep)
    out: list[str] = []
    images = before = row_before = cell_before = base = 0
    for block, kind, row, cell, number, depth in zip(
        kept.tolist(),
        page.kind[kept].tolist(),
        scan.row[kept].tolist(),
        scan.cell[kept].tolist(),
        scan.number[kept].tolist(),
        scan.depth[kept].tolist(),
        strict=True,
    ):
        text, lost = page.text(block)
        if not text:
            continue
        images += lost
        if row:
            text = text.replace("\n", " ")
            if row == row_before:
                out.append(" | " * (cell - cell_before))
            else:
                out.append("\n" if row_before else "\n\n" if out else "")
                out.append("| " * cell)
            cell_before = cell
        else:
            close = kind == ITEM_KIND == before and not row_before
            out.append("" if not out else "\n" if close else "\n\n")
            if kind == CODE_KIND:
                fence = max(["``", *_FENCES.findall(text)], key=len) + "`"
                text = f"{fence}{page.language(block)}\n{text}\n{fence}"
            elif kind == ITEM_KIND and number != NO_ITEM:
                base = min(base, depth) if before == ITEM_KIND else depth
                text = (
                    "  " * min(depth - base, _INDENTED)
                    + ("- " if number == BULLET else f"{number}. ")
                    + text
                )
        row_before, before = row, kind
        out.append(text)
    return "".join(out), images
