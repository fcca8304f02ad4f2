"""Personal data found, counted and masked: e-mail, public address, phone, identity number, card.

One finder, so that what the signals count is what `normalise` masks. Nothing inside formulas, code
or tables of numbers is found. A kernel says where something may stand; the forms decide.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.kernels.arrow import utf8
from cleaner.kernels.text.personal import WIDE, suspects
from cleaner.kernels.text.segment import FORMULA, OFF
from cleaner.kernels.text.segment import segment as split
from cleaner.kernels.unicode import classes
from cleaner.text.personal_forms import FORMS
from cleaner.text.segment import Formulas, modes
from cleaner.text.untouched import code_and_tex, on_code_or_table_line

NAMES = tuple(dict.fromkeys(form.name for form in FORMS))
_AFTER = 3  # bytes behind a place that the forms look at

# The digits of a link are of pages, not of people.
_LINK = re.compile(rb"(?:https?|ftp)://[^\s<>\"]*\Z")
_LONGEST_LINK = 4096  # bytes of one that are looked at
_IN_LINKS = (b"<EMAIL>", b"<IP>")

# Digits, letters and signs of another width, and the narrow ones that they stand for.
_NARROW = {
    **{chr(0xFEE0 + byte): chr(byte) for byte in range(0x21, 0x7F) if chr(byte).isalnum()},
    **dict(zip("＠．－＿＋（）", "@.-_+()", strict=True)),
    **dict.fromkeys("\u2010\u2011", "-"),
    **dict.fromkeys("\u00a0\u2009\u202f", " "),
}
_WIDE = re.compile("|".join(map(re.escape, _NARROW)).encode())
_NARROW_BYTES = {wide.encode(): narrow.encode() for wide, narrow in _NARROW.items()}


class Span(NamedTuple):
    """Where personal data stands in the UTF-8 bytes of a text."""

    start: int
    end: int
    name: bytes  # one of NAMES


class Found(NamedTuple):
    """The personal data of one text."""

    row: int
    text: bytes
    spans: list[Span]  # in order and apart


def tally(offsets: np.ndarray, data: np.ndarray, kinds: np.ndarray) -> dict[bytes, np.ndarray]:
    """Return how often each kind of personal data stands in each text.

    `kinds`: what counts as a formula, one of `cleaner.text.segment.modes` a text.
    """
    counts = {name: np.zeros(len(offsets) - 1, np.int64) for name in NAMES}
    for found in find(offsets, data, kinds):
        for span in found.spans:
            counts[span.name][found.row] += 1
    return counts


def mask(text: pl.Series, formulas: Formulas = True) -> pl.Series:
    """Return the texts with personal data replaced by the name of its kind.

    >>> mask(pl.Series(["mail a.b@c.org or call 13912345678", "let $n = 13912345678$"])).to_list()
    ['mail <EMAIL> or call <PHONE>', 'let $n = 13912345678$']
    """
    offsets, data = utf8(text)
    found = list(find(offsets, data, modes(formulas, len(text))))
    if not found:
        return text
    masked = [_masked(each.text, each.spans) for each in found]
    return text.clone().scatter([each.row for each in found], masked)  # scatter writes in place


def find(offsets: np.ndarray, data: np.ndarray, kinds: np.ndarray) -> Iterator[Found]:
    """Yield the personal data of each text that has any."""
    places = suspects(offsets, data).T.tolist()
    for row, of_row in groupby(places, key=lambda place: place[0]):
        text = data[offsets[row] : offsets[row + 1]].tobytes()
        spans = in_text(text, [tuple(place[1:]) for place in of_row])
        if spans and (left := _apart(text, spans, kinds[row])):
            yield Found(row, text, left)


def in_text(text: bytes, places: list[tuple[int, int, int]]) -> list[Span]:
    """Return what has a form of personal data, in order.

    `places`: where it may stand, from where to where and as what, as the kernel says.
    """
    if places[0][2] == WIDE:
        return _in_wide(text)
    spans: list[Span] = []
    for form in FORMS:
        for start, end, seen_as in places:
            if seen_as != form.seen_as:
                continue
            for match in form.pattern.finditer(text, start, end + _AFTER):
                span = Span(*match.span(), form.name)
                if (
                    form.check(match)
                    and not _meets(span, spans)
                    and not (form.name not in _IN_LINKS and _in_link(text, span.start))
                ):
                    spans.append(span)
    return sorted(spans)


def _in_wide(text: bytes) -> list[Span]:
    """Return what is found among narrow digits and signs, where it stands among the wide ones."""
    # Where the narrow text has lost bytes: a place in it, and how many were lost up to there.
    lost_at, lost = [0], [0]

    def narrow(wide: re.Match[bytes]) -> bytes:
        lost.append(lost[-1] + len(wide[0]) - 1)
        lost_at.append(wide.end() - lost[-1])
        return _NARROW_BYTES[wide[0]]

    folded = _WIDE.sub(narrow, text)
    places = suspects(*_alone(folded))[1:].T.tolist()

    def back(place: int) -> int:
        return place + lost[int(np.searchsorted(lost_at, place, side="right")) - 1]

    found = in_text(folded, places) if places else []
    return [Span(back(start), back(end), name) for start, end, name in found]


def _in_link(text: bytes, start: int) -> bool:
    """Return whether a link goes on to `text[start]`."""
    before = text[max(0, start - _LONGEST_LINK) : start]
    return b"://" in before and bool(_LINK.search(before))


def _meets(span: Span, others: list[Span] | list[tuple[int, int]]) -> bool:
    return any(other[0] < span.end and span.start < other[1] for other in others)


def _apart(text: bytes, spans: list[Span], kind: int) -> list[Span]:
    """Return the spans that stand outside formulas, code and tables."""
    kept_out = list(code_and_tex(text))
    if kind != OFF and b"$" in text:
        kept_out += _formulas(text, kind)
    return [
        span
        for span in spans
        if not _meets(span, kept_out) and not on_code_or_table_line(text, span.start, span.end)
    ]


def _formulas(text: bytes, kind: int) -> list[tuple[int, int]]:
    _, starts, ends, kinds = split(*_alone(text), np.array([kind], np.uint8), classes())
    inside = kinds == FORMULA
    return list(zip(starts[inside].tolist(), ends[inside].tolist(), strict=True))


def _alone(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return one text as kernels see it."""
    return utf8(pa.array([text], pa.large_binary()))


def _masked(text: bytes, spans: list[Span]) -> str:
    parts, at = [], 0
    for start, end, name in spans:
        parts += [text[at:start], name]
        at = end
    return b"".join((*parts, text[at:])).decode()
