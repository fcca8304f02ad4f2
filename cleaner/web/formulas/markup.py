"""Mathematics written in HTML: letters with <sub> and <sup>, and MediaWiki's texhtml."""

import re

from selectolax.lexbor import LexborNode

from cleaner.web.formulas.runs import TAG, TEXT
from cleaner.web.mathml.symbols import ALPHABET, NAMED, SYMBOLS

_ITALIC = frozenset(TAG[name] for name in ("i", "em", "var", "cite", "dfn"))
_BOLD = frozenset(TAG[name] for name in ("b", "strong"))
_WORD = re.compile(r"[A-Za-z]+|\s+|.", re.S)
_MAX_DEPTH = 40


def markup_tex(node: LexborNode) -> str:
    """Return the TeX of an element whose text is a formula in HTML.

    >>> from selectolax.lexbor import LexborHTMLParser
    >>> page = LexborHTMLParser("<span><i>E</i> = <i>mc</i><sup>2</sup></span>")
    >>> markup_tex(page.css_first("span"))
    'E = mc^{2}'
    """
    return " ".join(_inside(node, False, 0).split())


def _inside(node: LexborNode, italic: bool, depth: int) -> str:
    out: list[str] = []
    child = node.first_child
    while child is not None and depth < _MAX_DEPTH:
        tag = child.tag_id
        piece = ""
        if tag == TEXT:
            piece = text_tex(child.text_content or "", italic)
        elif child.is_element_node:
            piece = _element(child, tag, italic, depth)
        if piece:
            if (
                out
                and out[-1][-1:].isalpha()
                and piece[0].isalpha()
                and re.search(r"\\[A-Za-z]+$", out[-1])
            ):
                out.append(" ")
            out.append(piece)
        child = child.next
    tex = "".join(out)
    return re.sub(r"√\s*\\overline\{", r"\\sqrt{", tex) if "√" in tex else tex


def _element(node: LexborNode, tag: int, italic: bool, depth: int) -> str:
    attributes = node.attributes
    names = (attributes.get("class") or "").split()
    if "sr-only" in names or "visuallyhidden" in names or "noprint" in names:
        return ""
    if tag == TAG["sub"] or tag == TAG["sup"]:
        body = _inside(node, italic, depth + 1).strip()
        if not body:
            return ""
        if set(body) <= {"'"}:
            return body
        return ("_" if tag == TAG["sub"] else "^") + "{" + body + "}"
    if "sfrac" in names or "frac" in names:
        top, below = node.css_first(".num"), node.css_first(".den")
        if top is not None and below is not None:
            parts = [_inside(part, italic, depth + 1).strip() for part in (top, below)]
            return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
    if tag == TAG["table"]:
        return _table(node, italic, depth + 1)
    body = _inside(node, italic or tag in _ITALIC, depth + 1)
    style = (attributes.get("style") or "").replace(" ", "")
    if "border-top:" in style and body.strip():
        return rf"\overline{{{body.strip()}}}"
    if tag in _BOLD and re.fullmatch(r"\s*[A-Za-z0-9]+\s*", body):
        return rf"\mathbf{{{body.strip()}}}"
    return body


def _table(node: LexborNode, italic: bool, depth: int) -> str:
    """Return the TeX of a table that draws one formula: a fraction, or lines one under another."""
    rows = [
        [(cell, _inside(cell, italic, depth).strip()) for cell in row.css("td, th")]
        for row in node.css("tr")
    ]
    rows = [row for row in rows if any(tex for _, tex in row)]
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) == 1:
        style = f"{rows[0][0][0].attributes.get('style')} {rows[1][0][0].attributes.get('style')}"
        if "border" in style:
            return rf"\frac{{{rows[0][0][1]}}}{{{rows[1][0][1]}}}"
    if len(rows) == 1:
        return "".join(tex for _, tex in rows[0])
    lines = r"\\".join("&".join(tex for _, tex in row) for row in rows)
    return rf"\begin{{matrix}}{lines}\end{{matrix}}" if lines else ""


def text_tex(text: str, italic: bool = False) -> str:
    r"""Return plain mathematics in Unicode as TeX; words of upright letters are names.

    >>> text_tex("sin α ≤ 1"), text_tex("mc", italic=True)
    ('\\sin \\alpha \\le 1', 'mc')
    """
    out: list[str] = []
    for match in _WORD.finditer(text):
        piece = match.group()
        if piece[0].isascii() and piece[0].isalpha():
            if piece in NAMED:
                made = NAMED[piece]
            elif len(piece) > 2 and not italic:
                made = rf"\mathrm{{{piece}}}"
            else:
                made = piece
        elif piece.isspace() or piece == "√":
            made = " " if piece != "√" else piece
        elif piece in ALPHABET:
            made = ALPHABET[piece][0]
        else:
            made = SYMBOLS.get(piece, piece)
            if made.startswith("\\text{") or made == "`":
                made = piece
        if out and made[:1].isalpha() and re.search(r"\\[A-Za-z]+$", out[-1]):
            out.append(" ")
        if made:
            out.append(made)
    return "".join(out)
