"""Lines that stand in a page as they were set: of a PDF, to be joined; of Markdown, to be kept."""

import html
import re
from statistics import median

from selectolax.lexbor import LexborHTMLParser, LexborNode

_HEIGHT = re.compile(r"(?:^|\s)h[\da-f]+(?=\s|$)")
_ENDS = re.compile(r"[.!?:。！？：]['\")\]”’]*$")
_BEGINS = re.compile(r"(?:[•◦▪·–—]|\(?\d{1,2}[.)])\s")
_CUT = re.compile(r"[^\W\d_]-$")
_SHORT, _VERY_SHORT = 0.85, 0.5  # of a usual line: a paragraph may end there; it does
_FENCE = re.compile(r"^(```+|~~~+)[^\n]*\n(.*?)^\1\s*$", re.S | re.M)
_PARTED = re.compile(r"\n\s*\n")


def lines_joined(tree: LexborHTMLParser) -> None:
    """Join the lines of a page that pdf2htmlEX wrote, each placed on its own, to paragraphs.

    >>> tree = LexborHTMLParser(
    ...     "<div class='t m0 h1'>The lines of a para-</div>"
    ...     "<div class='t m0 h1'>graph are one.</div>"
    ... )
    >>> lines_joined(tree)
    >>> tree.body.inner_html
    '<p>The lines of a paragraph are one.</p>'
    """
    lines = [node for node in tree.css("div.t") if node.text().strip()]
    texts = [" ".join(node.text().split()) for node in lines]
    heights = [_height(node) for node in lines]
    usual = {
        height: median(len(text) for text, of in zip(texts, heights, strict=True) if of == height)
        for height in set(heights)
    }
    begins = 0
    for at in range(1, len(lines) + 1):
        if at < len(lines) and heights[at] == heights[at - 1]:
            same_page = _page(lines[at]) == _page(lines[at - 1])
            if _goes_on(texts[at - 1], texts[at], usual[heights[at]], same_page):
                continue
        _join(tree, lines[begins:at])
        begins = at


def _height(line: LexborNode) -> str:
    found = _HEIGHT.search(line.attributes.get("class") or "")
    return found[0] if found else ""


def _page(line: LexborNode) -> int:
    return line.parent.mem_id if line.parent is not None else 0


def _goes_on(text: str, following: str, usual: float, same_page: bool) -> bool:
    """Return whether a line and the one that follows are of one paragraph."""
    if _BEGINS.match(following) or len(text) < _VERY_SHORT * usual:
        return False
    if not same_page and not following[0].islower():
        return False
    return len(text) >= _SHORT * usual or following[0].islower() or not _ENDS.search(text)


def _join(tree: LexborHTMLParser, lines: list[LexborNode]) -> None:
    """Put one paragraph where the first of its lines stood."""
    whole = ""
    for line in lines:
        inside = (line.inner_html or "").strip()
        if _CUT.search(whole) and line.text().strip()[:1].islower():
            whole = whole[:-1] + inside
        else:
            whole = f"{whole} {inside}" if whole else inside
    paragraph = tree.create_node("p")
    paragraph.inner_html = whole
    lines[0].insert_before(paragraph)
    for line in lines:
        line.remove()


def markdown_kept(tree: LexborHTMLParser) -> None:
    r"""Keep the lines of Markdown that a script was to render.

    >>> tree = LexborHTMLParser("<div class='markdown-body'># Sums\n\none\ntwo</div>")
    >>> markdown_kept(tree)
    >>> tree.body.inner_html
    '<div class="markdown-body"><p># Sums</p><p>one<br>two</p></div>'
    """
    for node in tree.css(".markdown-body"):
        text = node.text().strip("\n")
        if "\n" in text and not _has_elements(node):
            node.inner_html = _as_written(text)


def _has_elements(node: LexborNode) -> bool:
    return any(child.tag != "-text" for child in node.iter(include_text=True))


def _as_written(text: str) -> str:
    written, last = "", 0
    for code in _FENCE.finditer(text):
        written += _paragraphs(text[last : code.start()])
        written += f"<pre>{html.escape(code[2], quote=False)}</pre>"
        last = code.end()
    return written + _paragraphs(text[last:])


def _paragraphs(text: str) -> str:
    parts = (html.escape(part.strip("\n"), quote=False) for part in _PARTED.split(text))
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in parts if part.strip())
