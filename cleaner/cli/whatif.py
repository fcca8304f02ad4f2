"""The command whatif: a finished run under other thresholds."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cleaner.cli.app import JsonOption, RunArgument, app
from cleaner.cli.documents import beginning, name_of
from cleaner.cli.output import emit, say, show, tell, tell_wrapped
from cleaner.cli.tables import cell
from cleaner.errors import JobError

if TYPE_CHECKING:
    from cleaner.results.changes import Change
    from cleaner.results.finished import Run
    from cleaner.results.whatif import Figure, Group, WhatIf

_SHOWN = 10  # sources or languages that are shown


@app.command()
def whatif(
    path: RunArgument,
    filter: Annotated[
        str | None, typer.Option(help="the filter whose rules change: index, name or both")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar='RULE="SQL"',
            help="another condition of a rule, or off; or a cut, as in language.min_score=0.6",
        ),
    ] = None,
    count: Annotated[int, typer.Option("-n", min=0, help="documents shown of each kind")] = 5,
    write: Annotated[
        str | None, typer.Option(metavar="FILE", help="write the changed filter there")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a run would have kept under other thresholds.

    Exact where the ledger knows, an interval where it does not. Without --set: the rules there are.
    """
    from cleaner.results.changes import read_changes
    from cleaner.results.finished import open_run
    from cleaner.results.source_texts import texts_of_rows
    from cleaner.results.whatif import what_if

    opened = open_run(path)
    if not settings:
        _rules(opened, filter, as_json)
        return
    changes = read_changes(opened, filter, settings)
    if write:
        _write(changes, write)
    found = what_if(opened, filter, settings, count)
    commands = _commands(opened, changes, write)
    if as_json:
        from cleaner.results.answers import told_of

        emit(told_of(opened, found, commands))
        return
    texts = {
        kind: texts_of_rows(opened, rows)
        for kind, rows in (("out", found.out), ("into", found.into))
    }
    _told(found, changes)
    for kind, heading in (
        ("out", "goes out"),
        ("into", "comes in" if not found.may_come_in else "may come in"),
    ):
        shown = list(zip(getattr(found, kind), texts[kind], strict=True))
        if shown:
            tell(f"\n{heading}, nearest to the cut first")
        for row, text in shown:
            _document(row, text, changes)
    tell("\nto run it, with the job file of this run for JOB.yaml")
    for command in commands:
        tell(f"  {command}")


def _rules(opened: Run, filter: str | None, as_json: bool) -> None:
    """Show what can be set."""
    from cleaner.results.changes import settable

    rows = settable(opened, filter)
    if as_json:
        emit(rows)
        return
    show(rows)
    if rows:
        tell(f'\ntry another: cleaner whatif {opened.path} --filter STAGE --set RULE="SQL"')


def _write(changes: Sequence[Change], path: str) -> None:
    from cleaner.results.changes import changed_filter
    from cleaner.storage import store

    mine = [change for change in changes if change.rule]
    if len({change.entry.index for change in mine}) != 1:
        raise JobError("--write: writes one filter; change rules of one")
    if store.exists(path):
        raise JobError(f"--write {path}: is there already; name another file")
    store.write_whole(path, changed_filter(mine).encode())
    say(f"wrote {path}")


def _commands(opened: Run, changes: Sequence[Change], written: str | None) -> list[str]:
    """Return what to run to have these thresholds; JOB.yaml stands for the job file of the run."""
    sets, lines = [], []
    for index in sorted({change.entry.index for change in changes if change.rule}):
        file = written or f"{opened.job.stages[index].stage.label().removeprefix(':')}.yaml"
        if written is None:
            mine = [c.said for c in changes if c.entry.index == index and c.rule]
            words = ["cleaner", "whatif", opened.path, "--filter", str(index)]
            words += [word for said in mine for word in ("--set", said)]
            lines.append(shlex.join([*words, "--write", file]))
        sets.append(
            f"stages.{index}.filter.name=./{file}"
            if "/" not in file
            else f"stages.{index}.filter.name={file}"
        )
    sets += [f"stages.{c.entry.index}.min_score={c.cut:g}" for c in changes if not c.rule]
    words = ["cleaner", "run", "JOB.yaml", "--out", f"{opened.path}-2", "--reuse", opened.path]
    return [*lines, shlex.join([*words, *(word for one in sets for word in ("--set", one))])]


def _told(found: WhatIf, changes: Sequence[Change]) -> None:
    for change in changes:
        what = f": {change.rule}" if change.rule else ": min_score"
        tell(f"{change.entry.title}{what}")
        tell(f"  was  {change.was}")
        tell(f"  now  {change.cut if change.cut is not None else change.keep or 'off'}")
    tell()
    rows = []
    for at in found.stages:
        rows.append(
            {
                "stage": at.stage, "reached by": at.reached, "dropped": at.dropped,
                "now reached by": at.would_reach, "now drops": at.would_drop,
                "": "exact" if at.exact else "at least",
            }
        )  # fmt: skip
    show(rows)
    tell(f"\nkept in the end: {_figure(found.would_keep)}; the run kept {found.kept:,}")
    more = f", and {found.may_come_in:,} more may" if found.may_come_in else ""
    tell(f"{found.goes_out:,} go out, {found.comes_in:,} come in{more}")
    for why in found.why:
        tell_wrapped(f"not exact: {why}", "  ")
    for heading, groups in (("source", found.sources), ("language", found.languages)):
        _by(heading, groups)


def _by(heading: str, groups: Sequence[Group]) -> None:
    if len(groups) < 2 and heading == "source":
        return
    rows = [
        {
            heading: group.name or "(none)", "kept": group.kept, "goes out": group.goes_out,
            "comes in": group.comes_in, "may come in": group.may_come_in,
        }
        for group in groups[:_SHOWN]
    ]  # fmt: skip
    if rows:
        tell()
        show(rows)
    if len(groups) > _SHOWN:
        tell(f"and {len(groups) - _SHOWN:,} more; --json has all")


def _figure(figure: Figure) -> str:
    if figure.exact:
        return f"{figure.value:,} (exact)"
    return f"about {figure.value:,} (95 %: {figure.low:,} to {figure.high:,})"


def _document(row: dict[str, Any], text: str | None, changes: Sequence[Change]) -> None:
    reads = list(dict.fromkeys(name for change in changes for name in change.reads))
    values = []
    for name in reads:
        got = [v for k, v in row.items() if k.split("@")[0] == name and v is not None]
        if got:
            values.append(f"{name} = {cell(got[0])}")
    tell(f"  {name_of(row)}  {', '.join(values)}")
    beginning(text)
