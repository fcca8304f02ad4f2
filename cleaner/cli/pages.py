"""Commands on one page or formula: extract, compare-formulas."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cleaner.cli.app import JsonOption, app
from cleaner.cli.output import emit, say, tell
from cleaner.config.display import visible
from cleaner.errors import JobError


@app.command()
def extract(
    page: Annotated[str, typer.Argument(help="an HTML file, or - for stdin")],
    url: Annotated[str | None, typer.Option(help="the page's url")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print one page as text, its mathematics as LaTeX."""
    from dataclasses import asdict

    from cleaner.storage import store
    from cleaner.web.page import extract_html

    raw = sys.stdin.buffer.read() if page == "-" else store.read_bytes(page)
    found = extract_html(raw, url)
    if as_json:
        emit(asdict(found))
        return
    if found.error or found.broken:
        say(f"{page}: {found.error or found.broken}")
        raise typer.Exit(3)
    print(visible(found.text) if sys.stdout.isatty() else found.text)


@app.command(context_settings={"ignore_unknown_options": True})  # a formula may begin with "-"
def compare_formulas(
    one: Annotated[str, typer.Argument(metavar="A", help="a formula in LaTeX")],
    other: Annotated[str, typer.Argument(metavar="B", help="the other one")],
    as_json: JsonOption = False,
) -> None:
    """Print how alike two formulas are, from 0 to 1.

    1: the same; under 0.5: one says something else.
    """
    from cleaner.web.budget import OverBudget
    from cleaner.web.compare import compare_formulas as compared

    try:
        score = compared(one, other)
    except OverBudget as error:
        raise JobError(str(error)) from error
    emit({"score": score}) if as_json else tell(f"{score:.4f}")
