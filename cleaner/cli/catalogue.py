"""Commands that list what there is: filters, signals, stages."""

from __future__ import annotations

import json
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer

from cleaner.cli.app import JsonOption, app
from cleaner.cli.output import emit, show, tell
from cleaner.errors import JobError


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
    tell(f"{rules.title}, version {rules.version}")
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
def stages(
    name: Annotated[str | None, typer.Argument(help="a stage")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the stages, or the options of one."""
    from cleaner.stages.options.base import StageOptions
    from cleaner.stages.plugins import names, options_of

    if name is not None:
        _stage(name, as_json)
        return
    rows = []
    for name in names():
        kind = options_of(name) or StageOptions
        options = [field.alias or key for key, field in kind.model_fields.items()]
        about = (kind.__doc__ or "").strip().split("\n", 1)[0]
        rows.append({"stage": name, "does": about, "options": ", ".join(options)})
    if as_json:
        emit(rows)
        return
    show(rows)


def _stage(name: str, as_json: bool) -> None:
    from cleaner.stages.plugins import names, options_of

    if (kind := options_of(name)) is None:
        raise JobError(f"unknown stage {name!r}; available: {', '.join(names())}")
    rows: list[dict[str, Any]] = []
    for key, field in kind.model_fields.items():
        option = {"option": field.alias or key, "takes": _taken(field.annotation)}
        if not field.is_required():
            option["default"] = field.get_default(call_default_factory=True)
        rows.append(option)
    if as_json:
        emit(rows)
        return
    tell(cleandoc(kind.__doc__ or "") + "\n")
    for row in rows:
        default = row.get("default", "(required)")
        said = isinstance(default, str) or default is None
        row["default"] = (default or "") if said else json.dumps(default)
    show(rows)


def _taken(kind: Any) -> str:
    """Say in words what values a type takes: `first or newest`, `list of str`."""
    parts = [part for part in get_args(kind) if part not in (NoneType, Ellipsis)]
    origin = get_origin(kind)
    if origin is Annotated:
        return _taken(parts[0])
    if origin is Literal:
        return " or ".join(map(str, parts))
    if origin in (Union, UnionType):
        return " or ".join(map(_taken, parts))
    if origin in (tuple, list):
        return f"list of {_taken(parts[0])}"
    if origin is dict:
        return f"mapping of {_taken(parts[0])} to {_taken(parts[1])}"
    return str(kind.__name__)
