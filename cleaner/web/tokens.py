"""Private tokens that stand for formulas while a page's main content is found.

A token is U+E000, the formula's number in private digits, U+E001. Characters of that range that the
page itself has are escaped before parsing and come back at the end, so a page cannot forge a token.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

OPEN, CLOSE, ESCAPE = "\ue000", "\ue001", "\ue00f"
_DIGITS = str.maketrans("0123456789", "".join(chr(0xE010 + digit) for digit in range(10)))
_NUMBERS = {0xE010 + digit: str(digit) for digit in range(10)}
TOKEN = re.compile("\ue000([\ue010-\ue019]+)\ue001")
_PARTS = re.compile("\ue000([\ue010-\ue019]+)\ue001")
_DEBRIS = re.compile("[\ue000-\ue00e\ue010-\ue01f]")  # what is left of a token that was cut
# E000..E01F written as a reference: 57344..57375
_REFERENCE = re.compile(
    "&#(?:[xX]0*[eE]0[01][0-9a-fA-F]|0*573(?:4[4-9]|[56][0-9]|7[0-5]))(?![0-9a-fA-F]);?"
)
_OWN = re.compile("[\ue000-\ue01f]")
_ESCAPED = re.compile("\ue00f([\ue020-\ue03f])")
_PREFIX = re.compile(r"<([A-Za-z][\w.-]{0,20}):math\b", re.I)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula: its TeX without delimiters, whether it stands alone, how the page wrote it."""

    tex: str
    display: bool
    source: str

    def written(self) -> str:
        """Return the formula as running text holds it.

        >>> Formula("a<b", False, "tex").written()
        '$a<b$'
        """
        return f"$${self.tex}$$" if self.display else f"${self.tex}$"


class Tokens:
    """The tokens of one page: escape its source, name its formulas, restore its text."""

    def __init__(self) -> None:
        self.escaped = 0  # characters of the page that looked like parts of tokens

    def escape(self, html: str) -> str:
        """Return the page's source, ready to be parsed: no character of it can be ours.

        Prefixes of MathML elements go too: HTML knows `math`, and would take `mml:none/` for an
        element that is never closed.
        """
        if not html.isascii() and b"\xee\x80" in html.encode("utf-8", "replace"):
            html = _OWN.sub(self._escape_one, html)
        if "&#" in html:
            html = _REFERENCE.sub(self._escape_one, html)
        if ":math" in html or ":MATH" in html:
            for prefix in sorted({match.lower() for match in _PREFIX.findall(html)}):
                html = re.sub(rf"(</?){re.escape(prefix)}:(?=[a-z])", r"\1", html, flags=re.I)
        return html

    def _escape_one(self, match: re.Match[str]) -> str:
        self.escaped += 1
        text = match.group()
        if text.startswith("&"):
            digits = text[2:].rstrip(";")
            text = chr(int(digits[1:], 16) if digits[0] in "xX" else int(digits))
        return ESCAPE + chr(ord(text) + 0x20)

    @staticmethod
    def unescape(text: str) -> str:
        """Return `text` of the parsed page with its own private characters back."""
        if ESCAPE not in text:
            return text
        return _ESCAPED.sub(lambda match: chr(ord(match.group(1)) - 0x20), text)

    @staticmethod
    def token(number: int) -> str:
        """Return the token of formula `number`.

        >>> Tokens.token(10) == "\\ue000\\ue011\\ue010\\ue001"
        True
        """
        return f"{OPEN}{str(number).translate(_DIGITS)}{CLOSE}"

    @staticmethod
    def numbers(text: str) -> list[int]:
        """Return the numbers of the tokens in `text`, in order."""
        return [int(match.translate(_NUMBERS)) for match in TOKEN.findall(text)]

    def restore(self, text: str, formulas: Sequence[Formula]) -> tuple[str, int, int]:
        """Return the text with formulas in place of tokens, how many it holds, how many it lacks.

        A dollar of the page is written as a backslash and a dollar. Of two renderings of one
        formula, side by side in two encodings, one is written; the other is not missing.

        >>> one = Formula("x^2", False, "tex")
        >>> Tokens().restore(f"for $5, {Tokens.token(0)}", [one])
        ('for \\\\$5, $x^2$', 1, 0)
        """
        if not formulas:
            return self._plain(text), 0, 0
        out: list[str] = []
        seen: set[int] = set()
        written = 0
        last: Formula | None = None  # the formula just written, while only white space followed
        parts = _PARTS.split(text)
        for index, part in enumerate(parts):
            if index % 2 == 0:
                plain = self._plain(part)
                if plain:
                    out.append(plain)
                    if not plain.isspace():
                        last = None
                continue
            number = int(part.translate(_NUMBERS))
            if number >= len(formulas):
                continue
            seen.add(number)
            formula = formulas[number]
            if last is not None and same_formula(last, formula):
                continue
            if out and out[-1][-1] in "$\\":  # two dollars in a row would read as a display
                out.append(" ")
            out.append(formula.written())
            written += 1
            last = formula
        return "".join(out), written, len(formulas) - len(seen)

    def _plain(self, text: str) -> str:
        return literal_dollars(text if text.isascii() else self.unescape(_DEBRIS.sub("", text)))


def literal_dollars(text: str) -> str:
    r"""Return `text` with each dollar behind a backslash; one that a page wrote there is enough.

    >>> print(literal_dollars(r"$5, \$6"))
    \$5, \$6
    """
    if "\\" not in text:
        return text.replace("$", "\\$")
    parts = text.split("$")
    for at, part in enumerate(parts[:-1]):
        behind = len(part) - len(part.rstrip("\\"))
        parts[at] = f"{part}$" if behind % 2 else f"{part}\\$"
    return "".join(parts)


def same_formula(one: Formula, other: Formula) -> bool:
    """Say whether two neighbours are one formula in two encodings."""
    return one.source != other.source and _SPACE.sub("", one.tex) == _SPACE.sub("", other.tex)
