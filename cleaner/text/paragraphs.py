"""What a text says twice: paragraphs, or lines where no blank line parts paragraphs."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import fold
from cleaner.text.segment import Formulas, modes
from cleaner.text.split_lines import split_lines

PARTED = re.compile(r"(\n[^\S\n]*(?:\n[^\S\n]*)+)")
_CODE = re.compile(r"^(?: {4}|\t|[|#])|[{}=;]|\w\(|^\s*(?:```|~~~)")  # and rows, and headings
_OPTION = re.compile(r"^\s*(?:[A-Ha-h][.．、)）]|[（(][A-Ha-h][)）])")  # of an exam
_SAYS = re.compile(r"[。！？；，、：.!?;,:]")
_BROKEN_OFF = re.compile(r"[。！？；，、.!?;,].*[\w，,]\s*$", re.S)
# A beginning that says so: dots, a word in brackets, or both.
_CUT_OFF = re.compile(
    r"\s*(?:(?:…|\.\.\.)\W{0,3}(?:(?i:[a-z]{1,10}\W{0,3}){0,3}|(?:\w{1,8}\W{0,3}){0,2})|"
    r"[\[【（(]\W?(?i:more|read more|continued|全文|未完|待续|详细|详情|展开|阅读全文|继续阅读)"
    r"\W{0,3}[\]】）)]\W{0,3})$"
)
_PASTED, _STUB = 3, 60  # lines of a text that begins again at least, and of a stub at most
_FIRST = 3  # of these lines a text pasted again begins with one
_ENDS = re.compile(r"[。！？；，、：.!?;,:”」』\"]\s*$")
_CURLED, _STRAIGHT = ["’", "‘", "“", "”"], ["'", "'", '"', '"']
_LEAST = 5  # characters of it before the dots
_DOTTED = 12  # characters that a beginning with an ellipsis has at least


def drop_repeated(
    text: pl.Series, min_chars: int, formulas: Formulas = True
) -> tuple[pl.Series, pl.Series]:
    """Return the texts without what they say again, and how many characters went.

    Paragraphs are parted by blank lines; in a text without any, every line is one. They are
    compared as keys (width, case, traditional Chinese, white space and the shape of quotation marks
    do not count). The first of equal ones stays; those under `min_chars` characters stay, but for
    lines of a passage that is said again as a whole. The cut-off beginning of another paragraph
    goes, wherever it stands, and so does a short line that parts a text from its second copy. A
    line that is compared alone has to be prose: code, rows of tables, headings and options of exams
    are said twice for a reason.

    >>> drop_repeated(pl.Series(["one two\\n\\nOne  two\\n\\nthree"]), 5)[0].to_list()
    ['one two\\n\\nthree']
    """
    several = text.str.contains("\n", literal=True).fill_null(False).arg_true()
    chosen = text.gather(several)
    if isinstance(formulas, pl.Series | np.ndarray):
        formulas = pl.Series(formulas).fill_null(False).gather(several)
    blank = chosen.str.contains(r"\n[^\S\n]*\n").fill_null(False)
    # Paragraphs, and what parts them, in turn; a formula of several lines is never parted.
    parts = _by_lines(chosen, formulas)
    for row in blank.arg_true():
        parts[row] = PARTED.split(chosen[row])
    lengths = [len(part[::2]) for part in parts]
    owner = np.repeat(np.arange(len(parts)), lengths)
    paragraphs = pl.Series([p for part in parts for p in part[::2]], dtype=pl.String)
    paragraphs = paragraphs.str.replace_many(_CURLED, _STRAIGHT)  # one copy's quotes, in keys
    of_part = formulas.gather(owner) if isinstance(formulas, pl.Series) else formulas
    bounds, keys = fold(*utf8(paragraphs), modes(of_part, len(paragraphs)))
    rows, left, at = [], [], 0
    for document, part in enumerate(parts):
        size = lengths[document]
        of_text = [
            keys[bounds[place] : bounds[place + 1]].tobytes() for place in range(at, at + size)
        ]
        at += size
        gone = _said_again(of_text, part[::2], min_chars, not blank[document])
        if gone:
            rows.append(document)
            left.append(_without(part, gone))
    if not rows:
        return text, pl.zeros(len(text), pl.UInt32, eager=True)
    cleaned = text.clone().scatter(several.gather(rows), left)  # scatter writes in place
    cut = text.str.len_chars().fill_null(0) - cleaned.str.len_chars().fill_null(0)
    return cleaned, cut.cast(pl.UInt32)


def _by_lines(text: pl.Series, formulas: Formulas) -> list[list[str]]:
    document, line = split_lines(text, formulas)
    parts: list[list[str]] = [[] for _ in range(len(text))]
    for owner, each in zip(document.tolist(), line, strict=True):
        parts[owner] += ["\n", each] if parts[owner] else [each]
    return parts


def _said_again(
    keys: Sequence[bytes], paragraphs: Sequence[str], min_chars: int, lines: bool
) -> set[int]:
    """Return which paragraphs go."""
    if len(set(keys)) == len(keys) and not (lines or any(map(_CUT_OFF.search, paragraphs))):
        return set()
    first: dict[bytes, int] = {}
    pairs: dict[tuple[bytes, bytes], int] = {}
    for place, key in enumerate(keys):
        first.setdefault(key, place)
        pairs.setdefault((keys[place - 1] if place else b"", key), place)
    gone = {
        place
        for place, key in enumerate(keys)
        if first[key] < place and key and _alone(paragraphs[place], min_chars, lines)
    }
    # What stands before or after it there as here is part of one passage.
    for order in (range(1, len(keys)), range(len(keys) - 2, -1, -1)) if lines else ():
        for place in order:
            beside = place + (1 if order.step < 0 else -1)
            pair = (keys[min(place, beside)], keys[max(place, beside)])
            if beside in gone and first[keys[place]] < place and pairs[pair] < max(place, beside):
                gone.add(place)
    gone |= _beginnings(keys, paragraphs, min_chars, lines)
    return gone | _stubs(keys, paragraphs, first, gone)


def _stubs(
    keys: Sequence[bytes], paragraphs: Sequence[str], first: dict[bytes, int], gone: set[int]
) -> set[int]:
    """Return which short ones, no sentences, stand where the text is pasted once more.

    What stands there parts the copies (`Page 2`, 展开全文), and would head nothing that is left.
    """
    filled = [place for place, key in enumerate(keys) if key]
    beginning = set(filled[:_FIRST])
    stubs = set()
    for at, place in enumerate(filled):
        again = filled[at + 1 : at + 1 + _PASTED]
        if (
            at >= _PASTED
            and place not in gone
            and len(again) == _PASTED
            and gone.issuperset(again)
            and first[keys[again[0]]] in beginning
            and all(0 < first[keys[b]] - first[keys[a]] <= 2 for a, b in pairwise(again))
            and len(paragraphs[place]) <= _STUB
            and not _ENDS.search(paragraphs[place])
            and not _CODE.search(paragraphs[place])
        ):
            stubs.add(place)
    return stubs


def _alone(paragraph: str, min_chars: int, lines: bool) -> bool:
    """Return whether one paragraph, or line, is enough to go by itself."""
    if len(paragraph) < min_chars:
        return False
    if not lines:
        return True
    # What begins small goes on with a sentence, what is an option with a question: only where the
    # passage is said again are they.
    part = paragraph.lstrip()[:1].islower() or _OPTION.match(paragraph)
    return not (part or _CODE.search(paragraph)) and bool(_SAYS.search(paragraph))


def _beginnings(
    keys: Sequence[bytes], paragraphs: Sequence[str], min_chars: int, lines: bool
) -> set[int]:
    """Return which paragraphs are the beginning of another one, cut off.

    An ellipsis says so; a line also where the other goes on with a letter, in the middle of a word,
    or where it is long, has a mark inside and none at its end: no heading.
    """
    others = sorted(set(keys))
    gone = set()
    for place, paragraph in enumerate(paragraphs):
        dotted = _CUT_OFF.search(paragraph) is not None
        least = min(min_chars, _DOTTED) if dotted else min_chars
        if len(paragraph) < least or not (dotted or (lines and not _CODE.search(paragraph))):
            continue
        broken = len(paragraph) >= 2 * min_chars and _BROKEN_OFF.search(paragraph) is not None
        begins = _undotted(keys[place]) if dotted else keys[place]
        if dotted and len(begins.decode(errors="replace")) < _LEAST:
            continue  # `for...in`, and what begins with dots
        # Those that begin so stand together.
        at = bisect_left(others, begins)
        while at < len(others) and others[at].startswith(begins):
            rest = others[at][len(begins) :].decode(errors="replace")
            # A dotted one may also be all of the other, and its dots what a teaser ends with.
            if others[at] != keys[place] and (dotted or (rest and (broken or rest[0].isalpha()))):
                gone.add(place)
                break
            at += 1
    return gone


def _undotted(key: bytes) -> bytes:
    """Return a key without what says that its text is cut off."""
    text = key.decode(errors="replace")
    mark = _CUT_OFF.search(text)
    return (text[: mark.start()] if mark else text).rstrip(". …").encode()


def _without(parts: list[str], places: set[int]) -> str:
    """Return a text without some paragraphs and what parts them from the one before."""
    kept = [] if 0 in places else parts[:1]
    for place in range(1, len(parts[::2])):
        if place not in places:
            kept += (
                parts[2 * place - 1 : 2 * place + 1] if kept else parts[2 * place : 2 * place + 1]
            )
    return "".join(kept)
