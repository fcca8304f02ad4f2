r"""MathML -> LaTeX, presentation markup whole; content markup is first made presentation markup."""

import re
from typing import Any

from lxml import etree

from cleaner.web.budget import MATHML_DEPTH, MATHML_NODES, OverBudget, Work
from cleaner.web.mathml.converter import FormulaConverter
from cleaner.web.mathml.nodes import TEX_ENCODING
from cleaner.web.mathml.symbols import ENTITIES
from cleaner.web.tex import clean

__all__ = ["mathml_to_latex", "tex_alternative", "tree_to_latex"]

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,40});?|&(?!#)")
_PREAMBLE = re.compile(r"<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>|<!--.*?-->", re.S | re.I)
_UNFINISHED = re.compile(r"<!--.*|<!DOCTYPE.*", re.S | re.I)
_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*:)?([A-Za-z][\w.-]*)")
_ODD_TAG = re.compile(r"</?(?:[\w.-]*[A-Z]|[A-Za-z_][\w.-]*:)")
_MAYBE_ODD = re.compile(r"<[^\s<>A-Z:]*[A-Z:]")
_USUAL = ' xmlns="http://www.w3.org/1998/Math/MathML"'
_NAMESPACE = re.compile(
    r"""\s(?:xmlns(?::[\w.-]+)?\s*=\s*(?:"[^"]*"|'[^']*')|[\w.-]+:[\w.-]+(?=\s*=))"""
)
_PARSER = etree.XMLParser(
    recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip
# Control characters, and selectors of variants: how a sign is drawn, not which it is.
_UNSENDABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufe00-\ufe0f\ufffe\uffff]")
_PRIVATE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


def mathml_to_latex(markup: str, annotated: bool = True, work: Work | None = None) -> str:
    r"""Return LaTeX for one formula in MathML, given as XML or as HTML has it; "" if there is none.

    A TeX annotation or alternative text is taken before the markup is converted, unless `annotated`
    is false. No entity is expanded but those with names of characters, nothing is fetched.

    >>> mathml_to_latex("<math><msup><mi>x</mi><mn>2</mn></msup><mo>&le;</mo><mi>&pi;</mi></math>")
    'x^{2}\\le\\pi'
    """
    root = _parse(markup)
    if root is None:
        return ""
    _spend(root, work)
    if annotated and (tex := _annotation(root)):
        return tex
    return _readable(FormulaConverter().formula(root))


def _readable(tex: str) -> str:
    """Return `tex`, or "" where a sign in it is known to the page's font alone, or an error."""
    return "" if not tex.isascii() and _PRIVATE.search(tex) else tex


def tree_to_latex(root: Any, work: Work | None = None) -> str:
    """Return LaTeX for a parsed `math` element; annotations are not looked at."""
    _spend(root, work)
    return _readable(FormulaConverter().formula(root))


def _spend(root: Any, work: Work | None) -> None:
    count = 0
    for count, _ in enumerate(root.iter(), 1):
        if count > MATHML_NODES:
            raise OverBudget(f"over budget: a formula of more than {MATHML_NODES} MathML elements")
    if work is not None:
        work.spend(count)


def tex_alternative(text: str | None) -> str:
    """Return the alternative text of a formula if it is TeX, not words; else "".

    >>> tex_alternative("x_1"), tex_alternative("x sub one")
    ('x_1', '')
    """
    if not text or not text.strip():
        return ""
    text = text.strip()
    if re.search(r"\\[A-Za-z]+|\\[{}|,;]|[_^]", text):
        return clean(text)[0]
    if re.search(r"[A-Za-z]{2,}\s+[A-Za-z]{2,}|[A-Za-z]{4,}", text) or _WIDE.search(text):
        return ""
    return clean(text)[0]


def _parse(markup: str) -> Any:
    if "<?" in markup or "<!" in markup:
        markup = _PREAMBLE.sub("", markup)
    if "<!" in markup:
        markup = _UNFINISHED.sub("", markup.replace("<![CDATA[", "").replace("]]>", ""))
    start = markup.find("<")
    if start < 0:
        return None
    if "&" in markup:
        markup = _ENTITY.sub(_character, markup)
    markup = markup[start:].replace(_USUAL, "")
    if ":" in markup or "xmlns" in markup:
        markup = _NAMESPACE.sub(lambda match: "" if "=" in match.group() else " x", markup)
    if _MAYBE_ODD.search(markup) and _ODD_TAG.search(markup):
        markup = _TAG.sub(lambda match: "<" + match.group(1) + match.group(3).lower(), markup)
    if not markup.startswith("<math"):
        markup = f"<math>{markup}</math>"
    try:
        root = etree.fromstring(_sendable(markup), _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if markup.count("<") > MATHML_DEPTH and any(
        ["depth" in error.message for error in _PARSER.error_log]  # it stops at 256
    ):
        raise OverBudget(f"over budget: MathML nested deeper than {MATHML_DEPTH}")
    return root


def _sendable(markup: str) -> bytes:
    return _UNSENDABLE.sub("", markup).encode("utf-8", "ignore")


def _character(match: re.Match[str]) -> str:
    name = match.group(1)
    if name is None:
        return "&amp;"
    if name in ("lt", "gt", "amp", "quot", "apos"):
        return f"&{name};"
    value = ENTITIES.get(name)
    if value is None:
        return "" if match.group().endswith(";") else "&amp;" + name
    return value.replace("&", "&amp;").replace("<", "&lt;")


def _annotation(root: Any) -> str:
    for node in root.iter("annotation"):
        if TEX_ENCODING.search(node.get("encoding") or "") and (
            tex := clean("".join(node.itertext()))[0]
        ):
            return tex
    for name in ("alttext", "data-latex", "data-tex", "latex"):
        if (value := root.get(name)) and (
            tex := tex_alternative(value) if name == "alttext" else clean(value)[0]
        ):
            return tex
    return ""
