"""The kernels of `cleaner/web`, in plain Python: what they must agree with."""

import re

from cleaner.kernels.web.pages import (
    APART,
    BREAK,
    BULLET,
    CELL,
    CODE,
    CONTAINER,
    HEADING,
    ITEM,
    LEAF,
    LINE,
    LINK,
    LIST,
    NO_ITEM,
    NUMBERED,
    ROW,
)
from cleaner.web.blocks import Blocks

_TAG = re.compile(r"<!--.*?-->|<(/?)([^ >]*)(?: ([^>]*))?>", re.S)
_CHARACTER = re.compile(r"(?:[\x00- ]|&nbsp;|\s)+|&(?:amp|lt|gt);|[^\x00- \s]")


def scan(html: str, bits: dict[str, int]) -> tuple[list[tuple[int, ...]], list[tuple[int, str]]]:
    """Return blocks (text's place, size, link, kind, container, number, depth, row, cell) and
    containers (parent, tag)."""
    blocks: list[list[int]] = []
    containers = [(0, "")]
    here, kind, number, depth, code, in_link = 0, 0, NO_ITEM, 0, 0, False
    lists: list[int] = []
    rows: list[tuple[int, list[int]]] = []
    row_number = 0
    run: list[tuple[str | None, bool]] = []  # None: a line break, or the end of a label
    start = 0

    def measure() -> tuple[int, int, bool]:
        size = link = 0
        spaced, spoken = True, False
        for text, linked in run:
            spaced = spaced or text is None
            for found in _CHARACTER.finditer(text or ""):
                blank = found[0][0] <= " " or found[0][0].isspace() or found[0][:2] == "&n"
                if not (blank and spaced):
                    size += 1
                    link += linked
                spaced, spoken = blank, spoken or not blank
        return size, link, spoken

    def flush(end: int) -> None:
        nonlocal number, start
        size, link, spoken = measure()
        if spoken:
            places = (len(html[:start].encode()), len(html[:end].encode()))
            blocks.append([*places, size, min(link, size), kind, here, number, depth, 0, 0])
            number = NO_ITEM
        run.clear()

    last = 0
    for tag in _TAG.finditer(html):
        run.append((html[last : tag.start()], in_link))
        last = tag.end()
        if tag[0].startswith("<!--"):
            continue
        closes, name = bool(tag[1]), tag[2]
        what = bits.get(name, 0)
        if what & LINK:
            in_link = not closes
            continue
        if what & BREAK or (what & APART and closes):
            run.append((None, False))
            continue
        if code:
            if what & CODE:
                code += -1 if closes else 1
            if code:
                continue
        elif not what & (CONTAINER | LEAF):
            continue
        flush(tag.start())
        start = tag.end()
        if what & LINE:
            kind = 0
            continue
        if closes:
            here, kind = containers[here][0], 0
            if what & ROW and rows:
                first, cells = rows.pop()
                ends = [*cells[1:], len(blocks)]
                if (
                    len(cells) > 1
                    and len(blocks) > first
                    and all(end - at <= 1 for at, end in zip(cells, ends, strict=True))
                    and all(b[2] <= 400 and b[4] != 3 and not b[8] for b in blocks[first:])
                ):
                    row_number += 1
                    for cell, (at, end) in enumerate(zip(cells, ends, strict=True)):
                        if end > at:
                            blocks[at][8:] = [row_number, cell]
            elif what & LIST and lists:
                lists.pop()
            elif what & ITEM:
                number = NO_ITEM
            continue
        containers.append((here, name))
        here = len(containers) - 1
        in_item, kind = kind == 2, 0
        if what & CODE:
            code, kind = 1, 3
        elif what & HEADING:
            kind = 1
        elif what & ITEM:
            kind, depth, number = 2, len(lists), BULLET
            if lists and lists[-1] != BULLET:
                value = re.search(r'(?:^| )value="(-?\d{1,9})', tag[3] or "")
                lists[-1] = int(value[1]) if value else lists[-1] + 1
                number = lists[-1]
        elif what & LEAF:
            kind = 2 if in_item else 0
        elif what & ROW:
            rows.append((len(blocks), []))
        elif what & CELL and rows:
            rows[-1][1].append(len(blocks))
        elif what & LIST:
            lists.append(0 if what & NUMBERED else BULLET)
    run.append((html[last:], in_link))
    flush(len(html))
    return [tuple(block) for block in blocks], containers


def literals(text: bytes, bits: dict[bytes, int]) -> int:
    """Return the bits of all literals in `text`, whatever their case."""
    found = 0
    for literal, bit in bits.items():
        if literal.lower() in text.lower():
            found |= bit
    return found


def links_apart(
    page: Blocks, terms: list[bool], quotes: list[bool], links: float, among: float, calm: int
) -> list[bool]:
    """Return which blocks are no mere links, or links that are content, block by block."""
    scan = page.scan
    parent, container = scan.parent.tolist(), scan.container.tolist()
    size, link, kind, row = (one.tolist() for one in (scan.size, scan.link, scan.kind, scan.row))
    above = [parent[here] for here in container]
    shown = [
        k == 1 or part <= links * whole for k, part, whole in zip(kind, link, size, strict=True)
    ]
    kept = list(shown)

    def calm_line(block: int) -> bool:
        there = 0 <= block < len(size) and shown[block] and kind[block] != 2
        return there and len(page.line(block).encode()) >= calm

    def quoted(here: int) -> bool:
        return quotes[here] or (here > 0 and quoted(parent[here]))

    introduced = -1
    for block, here in enumerate(container):
        if shown[block]:
            following = block + 1 < len(size) and kind[block + 1] == 2 and not shown[block + 1]
            if calm_line(block) and following and page.line(block).endswith((":", "：")):
                introduced = above[block + 1]
            continue
        beside = [at for at in range(len(size)) if above[at] == above[block]]
        whole, plain = sum(size[at] for at in beside), sum(size[at] for at in beside if shown[at])
        cells = [at for at in range(len(size)) if row[block] and row[at] == row[block]]
        kept[block] = (
            ((kind[block] == 2 or terms[here]) and plain >= among * whole)
            or any(shown[at] for at in cells)
            or quoted(here)
            or above[block] == introduced
            or (
                kind[block] == 0
                and bool(page.is_leaf[here])
                and not row[block]
                and all(
                    calm_line(at) and above[at] == above[block] for at in (block - 1, block + 1)
                )
            )
        )
    return kept
