"""Renderings without their source: which renderer drew them, and the MathML they stand for."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from lxml import etree
from selectolax.lexbor import LexborNode

from cleaner.kernels.web.markup import cost
from cleaner.web.budget import OverBudget
from cleaner.web.formulas.drawn import Unreadable, element
from cleaner.web.formulas.katex_html import katex_row
from cleaner.web.formulas.mathjax2_svg import positioned_row
from cleaner.web.formulas.mathjax_chtml import chtml_row
from cleaner.web.formulas.mathjax_common import common_row
from cleaner.web.formulas.mathjax_svg import svg_row
from cleaner.web.tokens import Tokens

__all__ = ["Drawing", "Unreadable", "drawing"]

_DEEPEST = 200  # elements; renderers need three to five for one level of a formula
_SHORT = 20 * _DEEPEST  # characters: what is shorter cannot be nested deeper
_NAMESPACE = re.compile(r' xmlns(?::\w+)?="[^"]*"')
_PARSER = etree.XMLParser(
    recover=True, resolve_entities=False, no_network=True, load_dtd=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip


class Drawing(NamedTuple):
    """A formula as a renderer drew it: the markup of its parts, and who reads their elements."""

    parts: tuple[str, ...]
    read: Callable[[Any], list[Any]]

    def tree(self) -> Any:
        """Return a `math` element for it.

        Raises `Unreadable` where it shows something that cannot be told for sure.
        """
        found = [one for markup in self.parts for one in self.read(_parsed(markup))]
        if not found:
            raise Unreadable("nothing is drawn")
        return element("math", *found)


def drawing(node: LexborNode) -> Drawing | None:
    """Return what KaTeX or MathJax drew in an element; None where neither did."""
    if "katex-html" in (node.attributes.get("class") or "").split():
        return Drawing((node.html or "",), katex_row)
    first = node.first_child
    if first is not None and first.tag == "mjx-math":  # mostly, and found without a search
        return Drawing((first.html or "",), chtml_row)
    if (math := node.css_first("mjx-math")) is not None:
        return Drawing((math.html or "",), chtml_row)
    if (math := node.css_first(".mjx-math")) is not None:
        return Drawing((math.html or "",), common_row)
    if lines := node.css("[data-mml-node=math]"):  # a long formula is broken into several
        return Drawing(tuple(line.html or "" for line in lines), svg_row)
    if node.tag == "svg" and node.css_first("use") is not None:
        return Drawing((node.html or "",), positioned_row)
    return None


def _parsed(markup: str) -> Any:
    markup = Tokens.unescape(markup).replace("&nbsp;", "\u00a0")
    if "xmlns" in markup:
        markup = _NAMESPACE.sub("", markup)
    markup = markup.replace(" xlink:href=", " href=")
    data = markup.encode("utf-8", "ignore")
    if len(data) > _SHORT and cost(data)[0] > _DEEPEST:
        raise OverBudget(f"over budget: a rendering nested deeper than {_DEEPEST}")
    root = etree.fromstring(data, _PARSER)
    if root is None:
        raise Unreadable("no markup")
    return root
