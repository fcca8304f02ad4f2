"""How sure it is that characters are UTF-8 that was read as Windows-1252, and not what was written.

`é` with `…”` behind it, `Å²` and `CAFÉ»` are such sequences too, and are what somebody wrote. So a
unit (a lead character and those that go on) only speaks for a misreading by characters that never
follow a letter in print, by a capital in the middle of a word, or together with others.
"""

import re

from cleaner.kernels.text.misread import LATIN, LETTERS, MARKS, NEVER_INSIDE, NOTES, SURE

_SMALL = frozenset("abcdefghijklmnopqrstuvwxyz")
_CAPITAL = re.compile("[A-ZÀ-ÖØ-Þ]")
_LETTER = re.compile("[A-Za-zÀ-ÖØ-öø-\u024f]")


def characters(table: dict[str, int], low: int, high: int) -> str:
    """Return the inside of a pattern's class: the characters that show the bytes `low` to `high`.

    >>> characters({"a": 0x80, "-": 0x81, "b": 0x90}, 0x80, 0x81)
    'a\\\\-'
    """
    return "".join(re.escape(c) for c, byte in table.items() if low <= byte <= high)


def units(table: dict[str, int]) -> str:
    """Return a pattern for UTF-8's lead and continuation bytes, as this charset shows them."""
    tail = f"[{characters(table, 0x80, 0xBF)}]"
    return "|".join(
        f"[{characters(table, low, high)}]{tail}{{{more}}}"
        for low, high, more in ((0xC2, 0xDF, 1), (0xE0, 0xEF, 2), (0xF0, 0xF4, 3))
    )


_UNIT = re.compile(units(LATIN))


def points(text: str, start: int, end: int) -> int:
    """Return how much the run `text[start:end]` speaks for a misreading; `SURE` is enough.

    >>> [points(s, 1, 3) for s in ("cÃ©", "xÃ’", "É®")], points("fiancé…”", 5, 8)
    ([2, 2, 0], 0)
    """
    found = [match.span() for match in _UNIT.finditer(text, start, end)]
    if len(found) > 2:
        return SURE
    return min(SURE, sum(_of_unit(text, a, b) for a, b in found))


def _of_unit(text: str, start: int, end: int) -> int:
    lead, rest = text[start], text[start + 1 : end]
    if any("\x80" <= character <= "\x9f" for character in rest):
        return SURE  # nobody writes C1 controls
    if len(rest) == 1:
        before, after = text[start - 1 : start], text[end : end + 1]
        return _of_two(lead, rest, before, after)
    if lead == "â" or lead == "ï" or len(rest) == 3:  # quotes and signs, full-width forms, emoji
        return 0 if MARKS.union(NOTES - {"†", "‡"}).issuperset(rest) else SURE
    return 0 if MARKS.union(NOTES, LETTERS).issuperset(rest) else 1


def _of_two(lead: str, mark: str, before: str, after: str) -> int:
    """Return what a capital with a mark behind it tells between two characters."""
    usual = lead in "ÂÃÄÅ"
    doubted = MARKS if lead in "ÂÃ" else MARKS | NOTES | LETTERS
    if mark not in doubted:
        return SURE if usual else 1
    if lead in "×ß" or mark in "²³¹":
        return 0
    if before in _SMALL and before:
        return SURE  # no capital stands behind a small letter
    if _CAPITAL.match(before):
        return 0
    if after in _SMALL and after:
        dash = mark in "–—" and not _LETTER.match(before)  # Ã–sterreich
        return SURE if mark in NEVER_INSIDE or dash else 0
    return int(mark == "\u00a0" and usual and not _LETTER.match(before))  # Â by itself
