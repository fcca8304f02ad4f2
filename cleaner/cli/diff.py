"""The command diff: two finished runs side by side."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from cleaner.cli.app import JsonOption, app
from cleaner.cli.documents import beginning, name_of
from cleaner.cli.output import emit, show, tell

_SHOWN = 12  # rules and signals that are shown


@app.command()
def diff(
    one: Annotated[str, typer.Argument(metavar="RUN_A", help="a run folder")],
    other: Annotated[str, typer.Argument(metavar="RUN_B", help="another one")],
    count: Annotated[int, typer.Option("-n", min=0, help="documents shown of each move")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Show the documents whose fate changed between two runs.

    By reason, with samples, and how rules and signals changed.
    """
    from cleaner.results.diff import diff as compared
    from cleaner.results.finished import open_run
    from cleaner.results.source_texts import texts_at

    runs = open_run(one), open_run(other)
    if as_json:
        from cleaner.results import answers

        emit(answers.compared(*runs, count))
        return
    found = compared(*runs, count)
    every = iter(texts_at(runs[0], [row for move in found.moves for row in move.sample]))
    texts = [list(islice(every, len(move.sample))) for move in found.moves]
    for name, folder in zip("AB", found.runs, strict=True):
        tell(f"{name}: {folder}")
    tell()
    show(
        [
            {"run": name, "documents": rows, "kept": kept, "not in the other": alone}
            for name, rows, kept, alone in zip(
                "AB", found.rows, found.kept, found.unmatched, strict=True
            )
        ]
    )
    matched = f"{found.by_place:,} by their place in the same files"
    matched += f", {found.by_id:,} by id" if found.by_id else ""
    matched += f", {found.by_url:,} by url" if found.by_url else ""
    tell(f"\nmatched: {matched}")
    tell(
        f"{found.same:,} have the same fate; {found.came_in:,} came in, {found.went_out:,} went out"
    )
    for unknown in found.unknown:
        tell(f"not known: {unknown}")
    for move, mine in zip(found.moves, texts, strict=True):
        tell(f"\n{move.documents:,}  {move.was}  ->  {move.now}")
        for row, text in zip(move.sample, mine, strict=True):
            tell(f"  {name_of(row)}")
            beginning(text, lines=1)
    if found.rules:
        tell("\nrules, by the number of documents that broke them where they fell")
        rows = [
            {"stage": r.stage, "rule": r.rule, "was": r.was, "now": r.now, "change": r.now - r.was}
            for r in found.rules
        ]
        show(rows[:_SHOWN])
    if found.signals:
        tell("\nsignals of kept documents: 5 %, 50 % and 95 % quantiles")
        quantiles = [
            {"signal": s.signal, "was": _three(s.was), "now": _three(s.now)} for s in found.signals
        ]
        show(quantiles[:_SHOWN])
    more = max(len(found.rules), len(found.signals)) - _SHOWN
    if more > 0:
        tell(f"\n--json has all {len(found.rules)} rules and {len(found.signals)} signals")


def _three(values: object) -> str:
    assert isinstance(values, list)
    return "  ".join("-" if value is None else f"{value:.4g}" for value in values)
