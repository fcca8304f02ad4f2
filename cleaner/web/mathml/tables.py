"""Tables: matrices, cases, equations set at their signs, arrays with rules."""

import re
from typing import Any

from cleaner.web.mathml.leaves import raw
from cleaner.web.mathml.nodes import Converter, text_of

SIDES = frozenset(["left", "right", "top", "bottom"])
MOST_STYLED = 200  # rows; larger tables are no formulas that somebody dressed by hand
_RELATION = re.compile(r"[=<>]|\\(?:le|ge|ne|approx|equiv|Rightarrow|sim)(?![A-Za-z])")
_WIDE = re.compile(r"\s*(?:0\.[5-9]|[1-9])\d*\.?\d*em")  # columns of an array, not equations
_ALIGNED = re.compile(r"(?:tml-|text-align:\s*)(left|right)\b")


def mtable(to: Converter, table: Any) -> str:
    """Return a table that no brackets surround: equations, a matrix, or an array."""
    rows = rows_of(to, table)
    rows = [row for row in rows if any(cell.strip() for cell in row)] or rows[:1]
    if not rows:
        return ""
    number = label(table)
    if len(rows) == 1 and len(rows[0]) == 1:
        return rows[0][0] + number
    if has_lines(table):
        return array(table, rows)
    align = (table.get("columnalign") or "").split()
    columns = max(len(row) for row in rows)
    if columns == 2 and len(align) < 2:  # alignment may stand at the cells
        align = [cell_align(table, column) or (align[0] if align else "") for column in range(2)]
    if (
        align[:2] == ["right", "left"]
        and not _WIDE.match(table.get("columnspacing") or "")
        and all(a == ("right", "left")[i % 2] for i, a in enumerate(align))
    ):
        return environment("aligned", rows) + (number if len(rows) == 1 else "")
    displayed = (table.get("displaystyle") or "").lower() == "true"
    if columns == 1:
        if align[:1] == ["right"] and (_is_displayed(table) or any(map(_related, rows))):
            return environment("aligned", rows)
        if set(align) <= {"left", "right"} and align:
            return array(table, rows)
        return environment("gathered" if displayed else "matrix", rows)
    if displayed and columns % 2 == 0:
        return environment("aligned", rows)
    if set(align) - {"center", ""}:
        return array(table, rows)
    if equations(rows):
        return environment("aligned", rows)
    if columns == 3 and all(len(row) == 3 and _RELATION.fullmatch(row[1].strip()) for row in rows):
        table.set("columnalign", "right center left")
        return array(table, rows)
    return environment("matrix", rows)


def rows_of(to: Converter, table: Any) -> list[list[str]]:
    """Return the LaTeX of every cell; call it once a table, for cells may hold tables."""
    read_styles(table)
    rows: list[list[str]] = []
    for row in table:
        if not isinstance(row.tag, str):
            continue
        cells = (
            [cell for cell in row if isinstance(cell.tag, str)]
            if row.tag in ("mtr", "mlabeledtr")
            else [row]
        )
        if row.tag == "mlabeledtr":
            cells = cells[1:]
        rows.append([cell_tex(to, cell) for cell in cells])
    return rows


def read_styles(table: Any) -> None:
    """Set as attributes what the styles of cells say of alignment and rules (Temml writes so)."""
    rows = [
        [cell for cell in row if cell.tag == "mtd"]
        for row in table
        if row.tag in ("mtr", "mlabeledtr")
    ]
    first = max(rows, key=len, default=[])
    styles = [f"{cell.get('class') or ''} {cell.get('style') or ''}" for cell in first]
    if not any(styles) or len(rows) > MOST_STYLED:
        return
    align = [_ALIGNED.search(style) for style in styles]
    if any(align) and not table.get("columnalign"):
        table.set("columnalign", " ".join(found[1] if found else "center" for found in align))
    columns = ["border-right" in style for style in styles[:-1]]
    if any(columns) and not table.get("columnlines"):
        table.set("columnlines", " ".join("solid" if line else "none" for line in columns))
    lines = [row and "border-bottom" in (row[0].get("style") or "") for row in rows[:-1]]
    if any(lines) and not table.get("rowlines"):
        table.set("rowlines", " ".join("solid" if line else "none" for line in lines))


def cell_tex(to: Converter, cell: Any) -> str:
    if cell.tag != "mtd":
        return to.tex(cell)
    tex = to.row(list(cell)) if len(cell) else raw(to, cell.text or "")
    span = cell.get("columnspan") or ""
    return (
        tex + "&" * (min(int(span), 50) - 1)
        if span.isdecimal() and len(span) < 4 and int(span) > 1
        else tex
    )


def environment(name: str, rows: list[list[str]]) -> str:
    """Return an environment around rows."""
    return rf"\begin{{{name}}}" + table_body(rows) + rf"\end{{{name}}}"


def array(table: Any, rows: list[list[str]]) -> str:
    """Return an array, with the alignment and the rules that the table asks for."""
    columns = max((len(row) for row in rows), default=0) or 1
    align = (table.get("columnalign") or "").split()
    lines = (table.get("columnlines") or "").split()
    letters = [(align[min(at, len(align) - 1)][:1] if align else "c") for at in range(columns)]
    letters = [letter if letter in "lcr" else "c" for letter in letters]
    spec = letters[0]
    for at in range(1, columns):
        line = lines[min(at - 1, len(lines) - 1)] if lines else "none"
        spec += ("|" if line in ("solid", "dashed") else "") + letters[at]
    framed = (table.get("frame") or "none") != "none"
    sides = SIDES if framed else frozenset((table.get("data-sides") or "").split())
    spec = "|" * ("left" in sides) + spec + "|" * ("right" in sides)
    horizontal = (table.get("rowlines") or "").split()
    body: list[str] = [r"\hline "] if "top" in sides else []
    for at, row in enumerate(rows):
        if at:
            line = horizontal[min(at - 1, len(horizontal) - 1)] if horizontal else "none"
            body.append(r"\\" + (r"\hline " if line in ("solid", "dashed") else ""))
        body.append(guarded("&".join(row)) if at else "&".join(row))
    body.append(r"\\\hline" if "bottom" in sides else "")
    return rf"\begin{{array}}{{{spec}}}" + "".join(body) + r"\end{array}"


def lined_up(table: Any, rows: list[list[str]]) -> bool:
    """Say whether a table is equations set one under the other at their signs.

    Its alignment says so; where it has none, each row is two cells, and the second begins so.
    """
    align = (table.get("columnalign") or "").split()
    if align or has_lines(table):
        return align[:2] == ["right", "left"] and _is_displayed(table)
    return all(len(row) == 2 and _RELATION.match(row[1].strip()) for row in rows) and bool(rows)


def _is_displayed(table: Any) -> bool:
    """Say whether a table sets its cells in display style, as equations are."""
    for node in (table, table.find("mtr/mtd/mstyle")):
        if node is not None and (node.get("displaystyle") or "").lower() == "true":
            return True
    return False


def _related(row: list[str]) -> bool:
    return _RELATION.search(row[0]) is not None


def of_katex(table: Any) -> bool:
    """Say whether KaTeX wrote an array: it spaces rows by ems, and sets the style of every cell."""
    cell = table.find("mtr/mtd")
    styled = cell is not None and len(cell) == 1 and cell[0].tag == "mstyle"
    return (
        styled
        and cell[0].get("scriptlevel") is not None
        and (table.get("rowspacing") or "").endswith("em")
    )


def has_lines(table: Any) -> bool:
    names = ("columnlines", "rowlines", "frame")
    values = " ".join(table.get(name) or "" for name in names)
    return "solid" in values or "dashed" in values or bool(table.get("data-sides"))


def label(table: Any) -> str:
    for row in table:
        if row.tag == "mlabeledtr" and len(row):
            text = text_of(row[0]).strip("() ")
            if re.fullmatch(r"[\w.\-*']{1,20}", text):
                return rf"\tag{{{text}}}"
    return ""


def cell_align(table: Any, column: int) -> str:
    for row in table:
        if row.tag == "mtr" and len(row) > column and isinstance(row[column].tag, str):
            value: str = row[column].get("columnalign") or ""
            if not value:
                style = (row[column].get("style") or "").replace(" ", "")
                value = (
                    "right"
                    if "text-align:right" in style
                    else "left"
                    if "text-align:left" in style
                    else ""
                )
            return value
    return ""


def equations(rows: list[list[str]]) -> bool:
    """Say whether a table without alignment is equations, one under the other at their signs."""
    if not all(len(row) == 2 for row in rows):
        return False
    signs = all(_RELATION.match(row[1].strip()) for row in rows)
    return signs or not any(row[0].strip() for row in rows)


def table_body(rows: list[list[str]]) -> str:
    return r"\\".join(
        guarded("&".join(row)) if at else "&".join(row) for at, row in enumerate(rows)
    )


def guarded(row: str) -> str:
    """Return a row that the line break before it cannot take for its optional argument."""
    return "{}" + row if row.lstrip().startswith(("[", "*")) else row
