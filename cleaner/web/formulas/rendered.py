"""Renderings without their source: which renderer drew them, and the MathML they stand for."""

import re
from typing import Any

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

__all__ = ["Unreadable", "rendered_tree"]

_DEEPEST = 200  # elements; renderers need three to five for one level of a formula
_SHORT = 20 * _DEEPEST  # characters: what is shorter cannot be nested deeper
_NAMESPACE = re.compile(r' xmlns(?::\w+)?="[^"]*"')
_PARSER = etree.XMLParser(
    recover=True, resolve_entities=False, no_network=True, load_dtd=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip


def rendered_tree(node: LexborNode) -> Any:
    """Return a `math` element for what KaTeX or MathJax drew; None where neither did.

    Raises `Unreadable` where they drew something that cannot be told for sure.
    """
    names = (node.attributes.get("class") or "").split()
    if "katex-html" in names:
        return _math(katex_row(_parsed(node)))
    if (math := node.css_first("mjx-math")) is not None:
        return _math(chtml_row(_parsed(math)))
    if (math := node.css_first(".mjx-math")) is not None:
        return _math(common_row(_parsed(math)))
    if lines := node.css("[data-mml-node=math]"):  # a long formula is broken into several
        return _math([part for line in lines for part in svg_row(_parsed(line))])
    if node.tag == "svg" and node.css_first("use") is not None:
        return _math(positioned_row(_parsed(node)))
    return None


def _math(parts: list[Any]) -> Any:
    if not parts:
        raise Unreadable("nothing is drawn")
    return element("math", *parts)


def _parsed(node: LexborNode) -> Any:
    markup = Tokens.unescape(node.html or "").replace("&nbsp;", "\u00a0")
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
