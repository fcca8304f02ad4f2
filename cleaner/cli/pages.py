"""Commands on one page or formula: extract, compare-formulas."""

from __future__ import annotations

import os
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
    one: Annotated[str, typer.Argument(metavar="A", help="a formula in LaTeX, quoted")],
    other: Annotated[str, typer.Argument(metavar="B", help="the other one")],
    files: Annotated[
        bool, typer.Option("--files", help="A and B are files with a formula a line")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    r"""Print how alike two formulas are, from 0 to 1.

    1: the same; under 0.5: one says something else. For example:
    cleaner compare-formulas '\dfrac12' '{1 \over 2}'
    """
    from cleaner.web.budget import OverBudget
    from cleaner.web.compare import compare_formulas as compared

    if files:
        pairs = _lines(one, other)
    elif os.path.isfile(one) and os.path.isfile(other):
        raise JobError(f"{one} and {other} are files; with --files their lines are compared")
    else:
        pairs = [(one, other)]
    scores = []
    for number, (left, right) in enumerate(pairs, 1):
        try:
            scores.append(compared(left, right))
        except OverBudget as error:
            raise JobError(f"{one}:{number}: {error}" if files else str(error)) from error
    if as_json:
        emit({"scores": scores} if files else {"score": scores[0]})
        return
    for score in scores:
        tell(f"{score:.4f}")


def _lines(one: str, other: str) -> list[tuple[str, str]]:
    """Return the lines of two files in pairs."""
    from cleaner.storage import store

    texts: list[list[str]] = []
    for name in (one, other):
        try:
            texts.append(store.read_bytes(name).decode("utf-8-sig").splitlines())
        except UnicodeDecodeError as error:
            raise JobError(f"{name}: is not UTF-8") from error
    if len(texts[0]) != len(texts[1]):
        counts = f"{len(texts[0]):,} lines, {other} {len(texts[1]):,}"
        raise JobError(f"{one} has {counts}; there must be as many formulas in both")
    return list(zip(*texts, strict=True))
