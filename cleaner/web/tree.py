"""A parsed page, made ready to be cut into blocks: without what holds no text, with what does.

What readers see only when scripts have run, or only when none did, is shown where the page would
say less without it.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.web.blocks import NO_TEXT
from cleaner.web.tokens import OPEN


def _ids(*names: str) -> frozenset[int]:
    return frozenset(LexborHTMLParser("").create_node(name).tag_id for name in names)


_LEAVE = _ids(*NO_TEXT, "noscript", "nav", "button")
((_NOSCRIPT,), (_NAV,), (_BUTTON,)) = (_ids("noscript"), _ids("nav"), _ids("button"))
_MENUS = 100  # looked into; what is left falls with its container
_NOT_OF_MENUS = "p, h1, h2, article, main, section, pre, td, header"
_SPOKEN = _ids("p", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary", "legend")
_OPENS = ("aria-controls", "aria-expanded")  # what a heading of an accordion says
_CHOICE = re.compile(r"\b(?:choice|option|answer|question|accordion|faq)", re.I)
_UNSCRIPTED = 400  # bytes of markup, from which `<noscript>` may hold the page
_SHADOW = re.compile(r"<template\b[^>]*\bshadowroot(?:mode)?\s*=", re.I)
_TEMPLATE = re.compile(r"^<template\b[^>]*>|</template>$", re.I)


def open_shadows(tree: LexborHTMLParser) -> None:
    """Put the content of declared shadow roots where their hosts stand."""
    for _ in range(20):  # roots within roots
        roots = [node for node in tree.css("template") if _SHADOW.match(node.html or "")]
        if not roots:
            return
        for node in roots:
            shown = tree.create_node("div")
            shown.inner_html = _TEMPLATE.sub("", node.html or "")
            node.insert_before(shown)
            node.remove()


def serialised(tree: LexborHTMLParser) -> str:
    """Return the page without scripts, menus and other elements that hold no text of it."""
    if tree.root is None:
        return ""
    menus = 0
    unscripted: list[LexborNode] = []
    for node in [node for node in tree.root.traverse() if node.tag_id in _LEAVE]:
        tag = node.tag_id
        if tag == _NAV:  # one that was never closed holds the whole page
            menus += 1
            if menus <= _MENUS and node.css_first(_NOT_OF_MENUS) is None:
                node.remove()
        elif tag == _BUTTON:
            if _is_text(node):
                node.unwrap()
            else:
                node.remove()
        elif tag == _NOSCRIPT:
            inside = node.html or ""
            if OPEN in inside:
                node.unwrap()  # a formula stands only there
            elif len(inside) >= _UNSCRIPTED and node.css_first("p, div, li") is not None:
                unscripted.append(node)
            else:
                node.remove()
        else:
            node.remove()
    if unscripted:
        _show_unscripted(tree, unscripted)
    return tree.html or ""


def _show_unscripted(tree: LexborHTMLParser, nodes: list[LexborNode]) -> None:
    """Show what readers without scripts see where it is half of the page's text or more."""
    body = tree.body
    sizes = [len(node.text()) for node in nodes]
    shown = body is not None and 2 * sum(sizes) >= len(body.text())
    for node in nodes:
        if shown:
            node.unwrap()
        else:
            node.remove()


def _is_text(button: LexborNode) -> bool:
    """Return whether a button is a word of a sentence, a heading, or the head of an answer."""
    above = button.parent
    while above is not None and above.tag in ("span", "b", "strong", "em", "i", "a"):
        above = above.parent
    if above is None:
        return False
    if above.tag_id in _SPOKEN:
        return above.tag != "p" or len(above.text().strip()) > len(button.text().strip())
    attributes = button.attributes
    names = attributes.get("class") or ""
    return _CHOICE.search(names) is not None and len(button.text().split()) > 1


# ---- text that only scripts would show

_ENOUGH = 200  # characters: a page that says less may keep its text elsewhere
_LINES = re.compile(r"\n\s*\n")
_BODIES = ("articleBody", "text", "reviewBody", "recipeInstructions", "description")
_FRAMEWORK = re.compile(r"body|content|html|markdown|text|article|description", re.I)
_NEVER = re.compile(r"[{};]\s*$|^\s*(?:function|var|const|import|window\.)", re.M)


def described(tree: LexborHTMLParser) -> str:
    """Return, as markup, the longest description in the head of a page, or ''."""
    nodes = tree.css("meta[name='description'], meta[property='og:description']")
    found = max((node.attributes.get("content") or "" for node in nodes), key=len, default="")
    return _markup(found) if len(found) >= _ENOUGH else ""


def unseen(tree: LexborHTMLParser) -> str:
    """Return, as markup, the text that a page holds only for its scripts, or ''."""
    best = ""
    for found in (
        _written(tree, "xmp, textarea"),
        _written(tree, "script[type^='text/template'], script[type*='markdown'], template"),
        _structured(tree),
        _framework(tree),
    ):
        if len(found) > 2 * len(best):
            best = found
    return best if len(best) >= _ENOUGH else ""


def _written(tree: LexborHTMLParser, selector: str) -> str:
    pieces = []
    for node in tree.css(selector):
        inside = _TEMPLATE.sub("", node.html or "") if node.tag == "template" else node.text()
        pieces.append(_markup(inside))
    return "".join(pieces)


def _markup(text: str) -> str:
    """Return a text as markup: what is markup stays, what is plain becomes paragraphs."""
    if re.search(r"<(?:p|div|li|h\d|section|br)\b", text, re.I):
        return f"<div>{text}</div>"
    parts = (html.escape(part.strip(), quote=False) for part in _LINES.split(text))
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in parts if part)


def _json(tree: LexborHTMLParser, selector: str) -> Iterator[Any]:
    for node in tree.css(selector):
        try:
            yield json.loads(node.text())
        except (ValueError, RecursionError):
            continue


def _strings(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the strings within a JSON value, each with the name it stands under."""
    if depth > 40:
        return
    pairs = value.items() if isinstance(value, dict) else [("", one) for one in value]
    for name, one in pairs:
        if isinstance(one, str):
            yield name, one
        elif isinstance(one, (dict, list)):
            yield from _strings(one, depth + 1)


def _structured(tree: LexborHTMLParser) -> str:
    """Return the body of an article, or a description, that stands in JSON-LD."""
    found: dict[str, list[str]] = {name: [] for name in _BODIES}
    for value in _json(tree, "script[type*='ld+json']"):
        for name, one in _strings(value if isinstance(value, (dict, list)) else []):
            if name in found and one not in found[name]:
                found[name].append(one)
    for name in _BODIES:
        bodies = [html.unescape(one) for one in found[name] if len(one) >= _ENOUGH]
        if bodies:
            return "".join(map(_markup, bodies))
    return ""


def _framework(tree: LexborHTMLParser) -> str:
    """Return the longest text in the data that a framework leaves in the page."""
    best = ""
    for value in _json(tree, "script[type='application/json']"):
        for name, one in _strings(value if isinstance(value, (dict, list)) else []):
            if len(one) > len(best) and _FRAMEWORK.search(name) and one.count(" ") > len(one) / 20:
                best = one
    return "" if len(best) < _ENOUGH or _NEVER.search(best) else _markup(best)
