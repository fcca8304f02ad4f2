"""The converter: which function gives the LaTeX of which element."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from cleaner.web.budget import MATHML_DEPTH, OverBudget
from cleaner.web.mathml.content import CONTENT, presentation
from cleaner.web.mathml.fences import mfenced, row_tex
from cleaner.web.mathml.layout import (
    maction,
    menclose,
    merror,
    mfrac,
    mphantom,
    mroot,
    msqrt,
    nothing,
    row_of,
    semantics,
)
from cleaner.web.mathml.leaves import (
    chars_of,
    mglyph,
    mi,
    mn,
    mo,
    ms,
    mspace,
    mtext,
    raw,
    with_tail,
)
from cleaner.web.mathml.nodes import Converter, has_loose_text, joined
from cleaner.web.mathml.scripts import (
    mmultiscripts,
    mover,
    msub,
    msubsup,
    msup,
    munder,
    munderover,
)
from cleaner.web.mathml.symbols import FUNCTIONS
from cleaner.web.mathml.tables import mtable
from cleaner.web.tex import clean

HANDLERS: dict[str, Callable[[Converter, Any], str]] = {
    "mi": mi, "mn": mn, "mo": mo, "mtext": mtext, "ms": ms, "mspace": mspace, "mglyph": mglyph,
    "mfrac": mfrac, "msqrt": msqrt, "mroot": mroot, "mfenced": mfenced, "menclose": menclose,
    "msub": msub, "msup": msup, "msubsup": msubsup, "munder": munder, "mover": mover,
    "munderover": munderover, "mmultiscripts": mmultiscripts, "mtable": mtable,
    "mphantom": mphantom, "merror": merror, "semantics": semantics, "maction": maction,
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "mtd", "mlongdiv"), row_of),
    **dict.fromkeys(("annotation", "annotation-xml", "maligngroup", "malignmark"), nothing),
    **dict.fromkeys(("none", "mprescripts"), nothing),
}  # fmt: skip
_LEAVES = frozenset(["mi", "mn", "mo"])  # what they are read as depends on nothing around them
_KNOWN: dict[tuple[Any, ...], str] = {}
_MOST, _LONG = 4_096, 40
_NOT_EQUAL = re.compile(r"\\not\s*=")
_SPACED = re.compile(  # these have space of their own around them
    r"(?:\\[,:;>] ?)*(\\(?:implies|impliedby|iff)(?![A-Za-z]))(?: ?\\[,:;>])*"
)
_TEXT_ROW = re.compile(r"\\text\{[^{}\\]*\}(?:\\text\{[^{}\\]*\})+")
_FONT_ROW = re.compile(r"\\(math[a-z]+)\{[A-Za-z0-9]\}(?:\\\1\{[A-Za-z0-9]\})+")


class FormulaConverter:
    """Converts one formula, and counts how deep it is nested."""

    def __init__(self) -> None:
        self.depth = 0
        self.loose = False  # whether text stands between elements

    def formula(self, root: Any) -> str:
        """Return the LaTeX of a whole formula."""
        self.loose = any([_is_loose(node) for node in root.iter()])
        if len(root) == 0:  # <math>\frac{a}{b}</math>: TeX in a MathML element
            text = (root.text or "").strip()
            return clean(text)[0] if "\\" in text or re.search("[_^]", text) else raw(self, text)
        tex = self.row(list(root)) if root.tag == "math" else self.tex(root)
        if self.loose and has_loose_text(root):
            tex = joined([raw(self, root.text or ""), *(with_tail(self, child) for child in root)])
        if r"\math" in tex:
            tex = _FONT_ROW.sub(_merged, tex)
        if r"}\text{" in tex:
            tex = _TEXT_ROW.sub(_joined, tex)
        if r"\not" in tex:
            tex = _NOT_EQUAL.sub(r"\\ne ", tex)
        if r"\i" in tex:
            tex = _SPACED.sub(r"\1 ", tex)
        return clean(tex)[0]

    def tex(self, node: Any) -> str:
        """Return the LaTeX of one element."""
        tag = node.tag
        if not isinstance(tag, str):
            return ""
        if tag in _LEAVES and not len(node):
            return _leaf_tex(self, tag, node)
        handler = HANDLERS.get(tag)
        self.depth += 1
        if self.depth > MATHML_DEPTH:
            raise OverBudget(f"over budget: MathML nested deeper than {MATHML_DEPTH}")
        if handler is not None:
            tex: str = handler(self, node)
        elif tag in CONTENT:
            tex = self.tex(presentation(node))
        else:
            tex = self.row(list(node)) if len(node) else chars_of(self, node)
        self.depth -= 1
        return tex

    def row(self, nodes: Iterable[Any]) -> str:
        """Return the LaTeX of elements in a row."""
        return row_tex(self, nodes)


def _is_loose(node: Any) -> bool:
    """Say whether text follows an element, or begins one that has others in it."""
    tail, text = node.tail, node.text
    if tail and not tail.isspace():
        return True
    return bool(text) and len(node) > 0 and not text.isspace()


def _leaf_tex(to: Converter, tag: str, node: Any) -> str:
    """Return the LaTeX of a leaf; formulas are made of few different ones."""
    text = node.text or ""
    if len(text) > _LONG:
        return str(HANDLERS[tag](to, node))
    key = (tag, text, *node.items())
    tex = _KNOWN.get(key)
    if tex is None:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        tex = _KNOWN[key] = HANDLERS[tag](to, node)
    return tex


def _joined(match: re.Match[str]) -> str:
    """Return words that stand side by side as one text."""
    words = match.group().replace("\\text{", "").replace("}", "")
    return rf"\text{{{words}}}"


def _merged(match: re.Match[str]) -> str:
    """Return a run of letters in one font, written letter by letter, as one group."""
    font = match.group(1)
    word = re.sub(r"\\math[a-z]+|[{}]", "", match.group())
    return f"\\{word} " if font == "mathrm" and word in FUNCTIONS else rf"\{font}{{{word}}}"
