"""The ways in which web pages carry a formula: `encodings.txt`, a section each.

A section has three lines: what the page's head holds (`-` for nothing), a formula within a line,
and one on a line of its own. In a document a formula stands between `OPEN` (or `OPEN_DISPLAY`) and
`CLOSE`.
"""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from .mathml import escape, mathml

OPEN, OPEN_DISPLAY, CLOSE = "\x02", "\x05", "\x03"
FORMULA = re.compile("([\x02\x05])([^\x03]*)\x03")
PLACE = re.compile(r"\{\{(\w+)\}\}")

VALUES: dict[str, Callable[[str], str]] = {
    "raw": lambda tex: tex,
    "tex": escape,
    "attr": lambda tex: escape(tex).replace('"', "&quot;"),
    "url": quote,
    "mathml": mathml,
    "prefixed": lambda tex: re.sub(r"<(/?)(m[a-z]+)", r"<\1mml:\2", mathml(tex)),
    "leaves": lambda tex: re.sub(r"(<[^>]*>)+", " ", mathml(tex)),
    # what a renderer shows: the leaves of the formula, one span each
    "visible": lambda tex: "".join(
        f'<span class="mord">{leaf}</span>' for leaf in re.findall(r">([^<>]+)<", mathml(tex))
    ),
    "hash": lambda tex: f"{_hash(tex):016x}",
}


def _hash(text: str) -> int:
    value = 1469598103934665603
    for byte in text.encode():
        value = ((value ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return value


def inline(tex: str) -> str:
    """Return a formula as it stands in a document."""
    return f"{OPEN}{tex}{CLOSE}"


def display(tex: str) -> str:
    """Return a formula that stands on a line of its own."""
    return f"{OPEN_DISPLAY}{tex}{CLOSE}"


def as_text(text: str) -> str:
    """Return a text in which formulas stand as `$…$` and `$$…$$`.

    >>> as_text(inline("x^2") + " and " + display("y"))
    '$x^2$ and $$y$$'
    """
    if OPEN_DISPLAY in text:
        text = re.sub("\x05([^\x03]*)\x03", r"$$\1$$", text)
    return text.replace(OPEN, "$").replace(CLOSE, "$")


class Encoding:
    """One way to carry formulas; each formula is rendered once."""

    def __init__(self, head: str, within: str, apart: str) -> None:
        self.head = "" if head == "-" else head
        self._templates = {OPEN: within, OPEN_DISPLAY: apart}
        self._made: dict[str, str] = {}

    def __call__(self, page: str) -> str:
        """Return a page, escaped for HTML as a whole, with its formulas encoded."""
        return FORMULA.sub(self._write, page)

    def _write(self, found: re.Match[str]) -> str:
        made = self._made.get(found[0])
        if made is None:
            if len(self._made) > 20_000:
                self._made.clear()
            tex = found[2].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
            template = self._templates[found[1]]
            made = PLACE.sub(lambda place: VALUES[place[1]](tex), template)
            self._made[found[0]] = made
        return made


def _load() -> dict[str, Encoding]:
    text = Path(__file__).with_name("encodings.txt").read_text(encoding="utf-8")
    parts = re.split(r"^= (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {
        name: Encoding(*body.splitlines())
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


LOST = "lost"  # a picture from which nobody can read the formula again
ENCODINGS = _load()
READABLE = tuple(name for name in ENCODINGS if name != LOST)
