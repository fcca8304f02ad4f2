"""A text as HTML: formulas as MathML, which browsers draw, and marked spans."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias
from xml.etree import ElementTree

from markupsafe import Markup, escape

from cleaner.config.display import visible
from cleaner.text.segment import formula_spans

Drawn: TypeAlias = Literal[False, True, "marked"]
LONGEST = 400  # characters of TeX that are drawn; a longer formula stays as TeX
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = frozenset(
    (
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mfrac", "msqrt", "mroot"),
        *("mstyle", "mpadded", "mphantom", "merror", "msub", "msup", "msubsup", "munder", "mover"),
        *("munderover", "mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mtd"),
        "menclose",
    )
)
_ATTRIBUTES = frozenset(
    (
        *("display", "mathvariant", "stretchy", "fence", "separator", "form", "accent"),
        *("accentunder", "linethickness", "minsize", "maxsize", "lspace", "rspace", "width"),
        *("height", "depth", "columnalign", "rowspacing", "columnspacing", "displaystyle"),
        *("scriptlevel", "movablelimits", "largeop", "symmetric", "columnlines", "rowlines"),
    )
)


def shown(text: str, marks: Sequence[tuple[int, int]] = (), formulas: Drawn = True) -> Markup:
    """Return a text as HTML; characters from `start` to `end` of each mark are highlighted.

    `formulas` are those of the `$` rule; "marked": all between dollars, as `extract` writes them.

    What moves a terminal's cursor or turns the order of text is shown, never obeyed.
    """
    out: list[Markup] = []
    # Without a dollar there is no formula, and no kernel to be loaded for it.
    drawn = formula_spans(text, formulas) if formulas and "$" in text else []
    at = 0
    for start, end in drawn:
        out.append(_plain(text, at, start, marks))
        out.append(_formula(text[start:end]))
        at = end
    out.append(_plain(text, at, len(text), marks))
    return Markup("").join(out)


def _plain(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> Markup:
    out, at = [], start
    for low, high in marks:
        first, last = max(low, at), min(high, end)
        if first < last:
            out.append(escape(visible(text[at:first])))
            out.append(Markup("<mark>{}</mark>").format(visible(text[first:last])))
            at = last
    out.append(escape(visible(text[at:end])))
    return Markup("").join(out)


def _formula(source: str) -> Markup:
    display = source.startswith("$$")
    tex = source.strip("$").strip()
    drawn = mathml(tex, display) if len(tex) <= LONGEST else None
    return drawn or Markup("<code>{}</code>").format(visible(source))


@lru_cache(maxsize=4096)
def mathml(tex: str, display: bool) -> Markup | None:
    """Return a formula as MathML of known elements and attributes; None where it cannot be read."""
    from latex2mathml.converter import convert

    try:
        made = convert(tex, display="block" if display else "inline")
        root = ElementTree.fromstring(made)
    except Exception:  # whatever a converter of foreign TeX raises: the TeX itself is shown
        return None
    if not _known(root):
        return None
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # its text is escaped there


def _known(root: ElementTree.Element) -> bool:
    """Strip names and attributes down to those of MathML; say whether all elements are such."""
    for element in root.iter():
        name = str(element.tag).removeprefix(_NAMESPACE)
        if name not in _ELEMENTS or re.search("\\\\[A-Za-z]", element.text or ""):
            return False  # a command that was not understood would be drawn as its own name
        element.tag = name
        for key in list(element.attrib):
            if key not in _ATTRIBUTES:
                del element.attrib[key]
    return True
