"""Copies of documents: edited by a known share, in the other script, in the other width."""

import re
import unicodedata
from dataclasses import replace
from random import Random

from .documents import Block, Document
from .encodings import CLOSE, FORMULA
from .han import SIMPLIFIED

# a formula, a Han character or kana, or a word with its inner apostrophes and hyphens
UNIT = re.compile(
    "[\x02\x05][^\x03]*\x03|[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
    "|[^\\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+(?:['’-][^\\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+)*"
)


def units(text: str) -> list[str]:
    """Return the words of a text, folded as duplicates are compared: width, case and script."""
    folded: list[str] = []
    end = 0
    for found in FORMULA.finditer(text):
        folded += _words(text[end : found.start()])
        folded.append("\x02" + re.sub(r"\s+", "", found[2]) + CLOSE)
        end = found.end()
    return folded + _words(text[end:])


def _words(text: str) -> list[str]:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(SIMPLIFIED)
    return UNIT.findall(text.casefold())


def shingles(text: str) -> set[tuple[str, ...]]:
    """Return the set of runs of five words; a shorter text is one run."""
    seen = units(text)
    if len(seen) < 5:
        return {tuple(seen)}
    return set(zip(seen, seen[1:], seen[2:], seen[3:], seen[4:], strict=False))


def jaccard(one: str, other: str) -> float:
    """Return the Jaccard similarity of two texts by runs of five words."""
    a, b = shingles(one), shingles(other)
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def edited(rng: Random, document: Document, share: float, source: str) -> tuple[Document, float]:
    """Return a copy in which about `share` of the words differ, and the share that really does.

    Half of the copies have scattered words changed, as proof-readers do, the others whole runs put
    in from `source`, another text, as editors do.
    """
    words = [
        (n, found)
        for n, (kind, text) in enumerate(document.blocks)
        if kind != "code"
        for found in UNIT.finditer(text)
    ]
    wanted = round(share * len(words))
    if wanted == 0:
        return document, 0.0
    blocks = list(document.blocks)
    change = _scattered if rng.random() < 0.5 else _runs
    changed = change(rng, blocks, words, wanted, source)
    return replace(document, blocks=blocks), changed / len(words)


Words = list[tuple[int, re.Match[str]]]  # of all blocks: the number of the block, and the word


def _put(blocks: list[Block], n: int, begin: int, end: int, new: str) -> None:
    kind, text = blocks[n]
    blocks[n] = (kind, text[:begin] + new + text[end:])


def _scattered(rng: Random, blocks: list[Block], words: Words, wanted: int, source: str) -> int:
    """Change, drop or double words here and there; formulas stay."""
    fresh = UNIT.findall(source)
    chosen = {int(rng.random() * len(words)) for _ in range(wanted)}
    changed = 0
    # from the end, so that the places of the words before stay true
    for place in sorted(chosen, reverse=True):
        n, found = words[place]
        if found[0][0] in "\x02\x05":
            continue
        new = fresh[place % len(fresh)]
        how = rng.random()
        if how < 0.2:
            new = ""
        elif how < 0.4:
            gap = "" if len(found[0]) == 1 and not found[0].isascii() else " "
            new = found[0] + gap + new
        _put(blocks, n, found.start(), found.end(), new)
        changed += 1
    return changed


def _runs(rng: Random, blocks: list[Block], words: Words, wanted: int, source: str) -> int:
    """Put runs of the source in place of runs of words, each within a paragraph."""
    fresh = list(UNIT.finditer(source))
    places: dict[int, list[re.Match[str]]] = {}
    for n, found in words:
        if blocks[n][0] == "p":
            places.setdefault(n, []).append(found)
    left = list(places)
    changed = 0
    while left and changed < wanted:
        n = left.pop(int(rng.random() * len(left)))
        here = places[n]
        size = min(wanted - changed, len(here), len(fresh))
        start = int(rng.random() * (len(here) - size + 1))
        first = int(rng.random() * (len(fresh) - size + 1))
        new = source[fresh[first].start() : fresh[first + size - 1].end()]
        _put(blocks, n, here[start].start(), here[start + size - 1].end(), new)
        changed += size
    return changed


_OTHER_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_OTHER_WIDTH.update({wide: code for code, wide in list(_OTHER_WIDTH.items())})


def other_width(document: Document) -> Document:
    """Return a copy in which full-width letters and signs are half-width, and the reverse."""

    def turn(text: str) -> str:
        out, end = [], 0
        for found in FORMULA.finditer(text):
            out += [text[end : found.start()].translate(_OTHER_WIDTH), found[0]]
            end = found.end()
        return "".join([*out, text[end:].translate(_OTHER_WIDTH)])

    blocks = [(kind, text if kind == "code" else turn(text)) for kind, text in document.blocks]
    return replace(document, title=turn(document.title), blocks=blocks)
