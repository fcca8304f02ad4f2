"""Code without the numbers of its lines."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_NUMBERS = re.compile(
    r"(?:^|[\s_-])(?:line-?_?n(?:umber|um|o)s?|linenodiv|linenrs?|blob-num|hljs-ln-n(?:umbers)?"
    r"|ln-?num|lnt|ln|gutter|rouge-gutter|number|pre-numbering)(?=$|[\s_\d-])|LineN(?:umber|o|r)",
    re.I,
)
_CANDIDATES = (
    "[class*=ine], [class*=blob-num], [class*=hljs-ln], [class*=gutter], .ln, .lnt"
    ", [data-line-number], .pre-numbering"
)
_ONLY_NUMBERS = re.compile(r"[\s\d.:|\u00a0]*")
_CODE = frozenset(["pre", "code", "table", "tbody", "tr", "td"])


def without_line_numbers(tree: LexborHTMLParser) -> None:
    r"""Take the numbers out, and make tables of numbered lines `<pre>` again.

    >>> tree = LexborHTMLParser(
    ...     "<table><tr><td class=lineno>1<td>a = 1<tr><td class=lineno>2<td>b = 2</table>"
    ... )
    >>> without_line_numbers(tree)
    >>> tree.body.inner_html
    '<pre>a = 1\nb = 2</pre>'
    """
    tables: dict[int, LexborNode] = {}
    for node in tree.css(_CANDIDATES):
        names = node.attributes.get("class") or ""
        if not (_NUMBERS.search(names) or "data-line-number" in node.attributes):
            continue
        if node.parent is None or not _ONLY_NUMBERS.fullmatch(node.text()):
            continue
        above: LexborNode | None = node.parent
        while above is not None and above.tag in ("span", "div", "a"):
            above = above.parent
        if above is None or above.tag not in _CODE:
            continue
        if node.tag in ("td", "th"):
            while above is not None and above.tag != "table":
                above = above.parent
            if above is not None:
                tables[above.mem_id] = above
        elif node.tag in ("pre", "code") and above.tag not in ("td", "tr"):
            continue
        node.remove()
    for table in tables.values():
        _as_lines(tree, table)


def _as_lines(tree: LexborHTMLParser, table: LexborNode) -> None:
    """Make a table of one cell a row, none of them code of its own, the lines of one text."""
    rows = [row.css("td, th") for row in table.css("tr")]
    if table.parent is None or len(table.css("pre, table")) > 1:
        return
    if any(len(cells) > 1 for cells in rows):
        return
    lines: list[str] = []
    for cells in rows:
        for cell in cells:
            inner = [each for each in cell.css("div") if len(each.css("div")) == 1]
            lines += [part.text().strip("\n") for part in (inner if len(inner) > 1 else [cell])]
    text = "\n".join(line.rstrip() for line in lines)
    above: LexborNode | None = table.parent
    while above is not None and above.tag != "pre":
        above = above.parent
    if above is not None:
        table.replace_with(text)
        return
    code = tree.create_node("pre")
    code.insert_child(text)
    table.replace_with(code)
