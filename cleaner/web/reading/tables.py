"""Tables: each value in its column, and equations that are set in tables without the table."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.web.tokens import OPEN, TOKEN

_MOST_CELLS = 4_000  # put into one page
_WIDEST = 60
_NUMBER = re.compile(r"[(（\[]\s*[A-Za-z]?[\d.]+[A-Za-z'*†-]*\s*[)）\]]")


def columns_kept(tree: LexborHTMLParser) -> None:
    """Put an empty cell wherever one spans several rows or columns, so that columns stay.

    A row of one cell is no row of values: layouts span columns, too.

    >>> tree = LexborHTMLParser("<table><tr><td rowspan=2>x<td>1<tr><td>2</table>")
    >>> columns_kept(tree)
    >>> [len(row.css("td")) for row in tree.css("tr")]
    [2, 2]
    """
    budget = _MOST_CELLS
    tables = {}
    for cell in tree.css("td[rowspan], td[colspan], th[rowspan], th[colspan]"):
        above = cell.parent
        while above is not None and above.tag != "table":
            above = above.parent
        if above is not None:
            tables[above.mem_id] = above
    for table in tables.values():
        if budget > 0 and len(table.css("table")) == 1 and not _is_layout(table):
            budget = _spread(tree, table, budget)


def _is_layout(table: LexborNode) -> bool:
    return (table.attributes.get("role") or "") in ("presentation", "none")


def _spread(tree: LexborHTMLParser, table: LexborNode, budget: int) -> int:
    open_: dict[int, int] = {}  # column -> rows that a cell above still covers
    for row in table.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in ("td", "th")]
        below: dict[int, int] = {}
        several = len(cells) > 1
        column = 0
        for cell in cells:
            while open_.get(column, 0) > 0 and budget > 0:
                cell.insert_before(tree.create_node("td"))
                budget -= 1
                column += 1
            wide, high = (_span(cell, name) for name in ("colspan", "rowspan"))
            if several:
                below.update(dict.fromkeys(range(column, column + wide), high - 1))
            if cell is not cells[-1] and several:
                for _ in range(min(wide - 1, budget)):
                    cell.insert_after(tree.create_node("td"))
                    budget -= 1
            column += wide
        open_ = {each: rows - 1 for each, rows in open_.items() if rows > 1}
        open_.update({each: rows for each, rows in below.items() if rows > 0})
    return budget


def _span(cell: LexborNode, name: str) -> int:
    value = (cell.attributes.get(name) or "").strip()
    return min(int(value), _WIDEST) if value.isdecimal() and value.isascii() and int(value) else 1


def equations_bare(tree: LexborHTMLParser) -> None:
    """Make tables that hold nothing but formulas and their numbers paragraphs of formulas."""
    for table in tree.css("table"):
        if table.parent is None or OPEN not in table.text() or len(table.css("table")) > 1:
            continue
        rows = [
            [text for cell in row.css("td, th") if (text := cell.text().strip())]
            for row in table.css("tr")
        ]
        if not _are_equations([cells for cells in rows if cells]):
            continue
        whole = tree.create_node("div")
        for cells in rows:
            if cells:
                line = tree.create_node("p")
                line.insert_child(" ".join(cells))
                whole.insert_child(line)
        table.replace_with(whole)


def _are_equations(rows: list[list[str]]) -> bool:
    numbers = 0
    for cells in rows:
        for cell in cells:
            if _NUMBER.fullmatch(cell):
                numbers += 1
            elif any(map(str.isalnum, TOKEN.sub("", cell))):
                return False
    return numbers > 0
