r"""What a text says that another form of it must say too: formulas, numbers, names, words."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from cleaner.kernels.text import segment as kernel
from cleaner.text.segment import Formulas, segment
from cleaner.web.compare import contains_formula, signs_of

_ROWS = re.compile(r"\\\\(?:\[[^\]]*\])?")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-zA-Z]+\*?\}(?:\{[^{}]*\})?")
_ALIGNED = re.compile(r"\s*\\begin\{(?:aligned|align|gather|gathered|split|equation|eqnarray)")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_RELATIONS = {
    "\\leq": "≤", "\\le": "≤", "\\leqslant": "≤", "\\geq": "≥", "\\ge": "≥", "\\geqslant": "≥",
    "\\neq": "≠", "\\ne": "≠", "\\lt": "<", "\\gt": ">",
}  # fmt: skip
_NUMBER = re.compile(r"\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?")
_MARKER = re.compile(r"(?m)^[ \t>*#-]*[(（]?\d{1,3}[.)）、:：](?=\s|[^\d\s])")
_HAN_NUMBERS = {char: str(value) for value, char in enumerate("〇一二三四五六七八九十")} | {
    "零": "0", "两": "2", "百": "100", "千": "1000", "万": "10000",
}  # fmt: skip
_WORD_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
} | {"first": "1", "second": "2", "third": "3", "half": "2", "twice": "2", "double": "2"}
_NAME = re.compile(r"[A-Z][A-Za-z]*(?:['’-][A-Za-z]+)*")
_STARTS = ".!?。！？:：;；\n•*#>“”\"'(（[【-–—、，,|"
_TITLE = re.compile(r"《([^》\n]{1,40})》")
_THEOREM = re.compile(
    r"[\u4e00-\u9fff]{0,2}(?:定理|公式|不等式|引理|猜想|定律|方程|变换|级数|积分|函数)"
)


class Facts(NamedTuple):
    """What was found in one text."""

    formulas: tuple[str, ...]  # each once, without delimiters
    compact: str  # what stands outside formulas, as `_compact` has it
    numbers: frozenset[str]  # outside formulas
    numbers_within: frozenset[str]  # in formulas, or said in words
    names: tuple[str, ...]
    folded: str
    words: tuple[str, ...]
    units: tuple[str, ...]  # words, and pairs of Han, that are compared
    unit_set: frozenset[str]
    letters: int
    han: float  # share of the letters


def facts_of(text: str, formulas: Formulas = True) -> Facts:
    """Return the facts of one text."""
    found = segment(pl.Series([text]), formulas)
    spans = list(zip(found.starts.tolist(), found.ends.tolist(), found.kinds.tolist(), strict=True))
    data = found.data.tobytes()
    tex, words, units = dict[str, None](), [], []
    prose, at = [], 0
    before = -1, ""  # where the last Han ended, and which
    for start, end, kind in spans:
        word = data[start:end].decode()
        words.append(word)
        if kind == kernel.FORMULA:
            tex[word.strip("$").strip()] = None
            prose += [data[at:start].decode(), " "]
            at = end
            continue
        if kind == kernel.SINGLE:
            if before[0] == start:
                units.append(before[1] + word)
            before = end, word
        else:
            units.append(_fold(word))
    prose.append(data[at:].decode())
    plain = unicodedata.normalize("NFKC", "".join(prose))
    letters = [char for char in plain if char.isalpha()]
    han = sum("\u4e00" <= char <= "\u9fff" for char in letters)
    numbers = frozenset(_numbers(_MARKER.sub(" ", plain)))
    return Facts(
        formulas=tuple(tex),
        compact=_compact(plain),
        numbers=numbers,
        numbers_within=frozenset(
            {one for formula in tex for one in _in_tex(formula)}
            | {_WORD_NUMBERS[unit] for unit in units if unit in _WORD_NUMBERS}
            | {_HAN_NUMBERS[char] for char in plain if char in _HAN_NUMBERS}
            | set(_numbers(plain))
        ),
        names=tuple(dict.fromkeys(_names(plain))),
        folded=_fold(text),
        words=tuple(words),
        units=tuple(units),
        unit_set=frozenset(units),
        letters=len(letters),
        han=han / max(1, len(letters)),
    )


def contained(tex: str, facts: Facts, plain: bool = False) -> bool:
    """Return whether a formula stands in a text, alone or in a greater one.

    `plain`: or outside all formulas, as letters and signs.
    """
    if _signs(tex) in {_signs(other) for other in facts.formulas}:
        return True
    if _number_alone(tex) in facts.numbers:
        return True
    return all(_part_contained(part, facts, plain) for part in _parts(tex))


def _part_contained(part: str, facts: Facts, plain: bool) -> bool:
    own = _signs(part)
    if not own or any(own == _signs(p) for other in facts.formulas for p in _parts(other)):
        return True
    if any(contains_formula(other, part) for other in facts.formulas):
        return True
    letters = _compact(part)
    return plain and bool(letters) and letters in facts.compact


def _number_alone(tex: str) -> str:
    return _number(tex) if _NUMBER.fullmatch(tex) else ""


def _parts(tex: str) -> list[str]:
    """Return the rows of aligned formulas; anything else is one part."""
    if not _ALIGNED.match(tex) and "\\\\" not in tex:
        return [tex]
    if "\\begin{" in tex and not _ALIGNED.match(tex):
        return [tex]
    rows = _ROWS.split(_ENVIRONMENT.sub(" ", tex))
    return [row for row in (row.replace("&", " ").strip() for row in rows) if row]


@lru_cache(4096)
def _signs(tex: str) -> tuple[object, ...]:
    return signs_of(tex)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _compact(text: str) -> str:
    r"""Return ASCII letters, digits and the signs that relate them, without TeX commands.

    >>> _compact(r"x^{2} \leq \frac{a}{b} + 1"), _compact("x² ≤ a/b + 1")
    ('x2≤ab+1', 'x2≤ab+1')
    """
    plain = unicodedata.normalize("NFKC", _COMMAND.sub(_relation, text)).replace("−", "-")
    return "".join(c for c in plain if (c.isascii() and c.isalnum()) or c in "+-=<>≤≥≠")


def _relation(match: re.Match[str]) -> str:
    return _RELATIONS.get(match.group(), " ")


def _numbers(text: str) -> list[str]:
    return [_number(match) for match in _NUMBER.findall(text)]


def _number(said: str) -> str:
    """Return a number in one way of writing.

    >>> _number("1,000.50"), _number("007")
    ('1000.5', '7')
    """
    plain = said.replace("{,}", "").replace("\\,", "").replace(",", "")
    whole, point, rest = plain.partition(".")
    rest = rest.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{rest}" if point and rest else "")


def _in_tex(tex: str) -> set[str]:
    r"""Return the numbers of a formula; `\frac12` has 1 and 2, or 12, as a reader may see them."""
    found = set(_numbers(tex))
    return found | {
        digit for number in found if len(number) < 4 for digit in number if digit != "."
    }


def _names(text: str) -> list[str]:
    """Return names as they can be compared: capitals within sentences, titles, Han before 定理."""
    found = []
    for match in _NAME.finditer(text):
        before = text[: match.start()].rstrip(" \t")
        at_start = not before or before[-1] in _STARTS
        if len(match.group()) > 1 and not (at_start and not match.group()[1:].isupper()):
            found.append(_fold(match.group()))
    found += [_fold(title) for title in _TITLE.findall(text)]
    return found + [_fold(name) for name in _THEOREM.findall(text) if len(name) > 3]
