"""On real pages: formulas where there is mathematics, none elsewhere, and LaTeX that parses."""

from pathlib import Path

import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser

from cleaner.web.formulas import replace_formulas
from cleaner.web.tex import balanced
from cleaner.web.tokens import Formula, Tokens

pytestmark = pytest.mark.corpora


@pytest.fixture(scope="module")
def pages(corpora: Path) -> list[tuple[bool | None, list[Formula]]]:
    table = pl.read_parquet(
        corpora / "open" / "raw_html.parquet", columns=["html", "gold_has_math"]
    )
    found = []
    for html, has_math in table.iter_rows():
        tokens = Tokens()
        source = tokens.escape(html)
        found.append((has_math, replace_formulas(LexborHTMLParser(source), source, tokens)))
    return found


def test_formulas_are_found_where_there_is_mathematics(
    pages: list[tuple[bool | None, list[Formula]]],
) -> None:
    for has_math, (low, high) in {True: (0.97, 1.0), False: (0.0, 0.03)}.items():
        hits = [bool(formulas) for label, formulas in pages if label is has_math]
        assert low <= sum(hits) / len(hits) <= high


def test_the_latex_is_balanced_and_parses(
    pages: list[tuple[bool | None, list[Formula]]],
) -> None:
    converter = pytest.importorskip("latex2mathml.converter")
    formulas = [formula.tex for _, found in pages for formula in found]
    assert all(balanced(tex) == tex for tex in formulas)
    parses: dict[str, bool] = {}
    for tex in formulas:
        if tex not in parses:
            try:
                converter.convert(tex)
                parses[tex] = True
            except Exception:
                parses[tex] = False
    assert sum(parses[tex] for tex in formulas) / len(formulas) >= 0.98
