"""Commands that list what there is: filters, signals, stages."""

from __future__ import annotations

from typing import Annotated

import typer

from cleaner.cli.app import JsonOption, app
from cleaner.cli.output import emit, show, tell


@app.command()
def filters(
    name: Annotated[str | None, typer.Argument(help="a filter, or a path")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the filters, or print one with its sources."""
    from cleaner.rules.rule_set import filter_names, load_rules

    if name is None:
        found = [load_rules(one) for one in filter_names()]
        rows = [
            {"filter": one.name, "rules": len(one.rules) + len(one.lines), "title": one.title}
            for one in found
        ]
        emit(rows) if as_json else show(rows)
        return
    rules = load_rules(name)
    if as_json:
        emit(rules.model_dump(mode="json"))
        return
    tell(rules.title)
    for source in rules.source:
        tell(f"source: {source.cite}{f' <{source.url}>' if source.url else ''}")
    if rules.unit != "word":
        tell(f"unit: {rules.unit}")
    tell()
    show(
        [
            {"rule": one.name, "kept if": one.keep, "note": one.note}
            for one in (*rules.rules, *rules.lines)
        ]
    )
    if rules.note:
        tell(f"\n{rules.note.strip()}")


@app.command()
def signals(as_json: JsonOption = False) -> None:
    """List every name that a rule may read, and its meaning."""
    from cleaner.stages.marked import nameable

    rows = [
        {"signal": name, "type": str(kind()), "definition": about}
        for name, (kind, about) in nameable().items()
    ]
    emit(rows) if as_json else show(rows)


@app.command()
def stages(as_json: JsonOption = False) -> None:
    """List every stage with its options."""
    from cleaner.stages import NOT_BUILT, STAGES

    rows = []
    for name, kind in STAGES.items():
        options = [field.alias or key for key, field in kind.model_fields.items()]
        about = (kind.__doc__ or "").strip().split("\n", 1)[0]
        rows.append({"stage": name, "does": about, "options": ", ".join(options)})
    if as_json:
        emit(rows)
        return
    show(rows)
    tell(f"\nnot built yet: {', '.join(NOT_BUILT)}")
