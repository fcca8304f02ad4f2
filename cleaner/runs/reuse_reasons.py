"""Why units of a phase are not those of an earlier run, in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from cleaner.storage.books import Book

MADE_OF = "what it is made of has changed"
_WIDEST = 60  # characters of a value that is told
_MOST = 6  # reasons that are told of one phase
_SAID = {  # what is told of an option of a phase beside its stages
    "columns": "the columns that the input gives have changed",
    "carry_schema": "the columns that go on have changed",
    "measures": "other signals are measured",
    "measured": "other signals are measured",
    "shadow": "another share is drawn for the shadow",
    "part_bytes": "parts are cut otherwise",
    "keep_rows": "the ledger keeps other rows",
}


def why(
    options: Mapping[str, Any], version: int, depends: str, files: Mapping[str, Any], book: Book
) -> list[str]:
    """Return what differs between a phase as it is now and as a book tells of it."""
    now = json.loads(json.dumps(options))
    told = [] if version == book.version else ["this release does it otherwise"]
    told += _stages(_specs(book.options), _specs(now))
    told += _files(book.files, files)
    if not told:
        told += [said for name, said in _SAID.items() if book.options.get(name) != now.get(name)]
    if not told and depends != book.depends:
        told.append(MADE_OF)
    told = list(dict.fromkeys(told))
    return [*told[:_MOST], *([f"and {len(told) - _MOST} more"] if len(told) > _MOST else [])]


def _specs(options: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """Return the stages that the options of a phase tell of, by index."""
    found = list(options.get("stages", ()))
    found += [options["sends"]["stage"]] if options.get("sends", {}).get("stage") else []
    found += [options["before"]] if options.get("before") else []
    found += [options["stage"]] if isinstance(options.get("stage"), dict) else []
    found += [options] if {"name", "index", "options"} <= options.keys() else []
    return {spec["index"]: spec for spec in found}


def _stages(
    before: Mapping[int, Mapping[str, Any]], now: Mapping[int, Mapping[str, Any]]
) -> Iterator[str]:
    for index in sorted(before.keys() | now.keys()):
        was, new = before.get(index), now.get(index)
        if was is None or new is None or was["name"] != new["name"]:
            if was is not None and _moved(was, now) is None:
                yield f"stage {index} {was['name']} is gone"
            if new is not None and _moved(new, before) is None:
                yield f"stage {index} {new['name']} is new"
            elif new is not None and (other := _moved(new, before)) != index:
                yield f"stage {index} {new['name']} was stage {other}"
            continue
        for said in _spec(was, new):
            yield f"stage {index} {new['name']}: {said}"


def _moved(spec: Mapping[str, Any], others: Mapping[int, Mapping[str, Any]]) -> int | None:
    """Return at which index the same stage stands among others."""
    alike = [i for i, one in others.items() if one["options"] == spec["options"]]
    return next((index for index in alike if others[index]["name"] == spec["name"]), None)


def _spec(was: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if was["version"] != new["version"]:
        yield f"stage version {was['version']} -> {new['version']}"
    if was.get("source") != new.get("source"):
        yield "the module of the plugin has changed"
    for path, sha in new["files"].items():
        if was["files"].get(path, sha) != sha:
            yield f"model file {path} has changed"
    yield from _options(was["options"], new["options"])
    if was["reads"] != new["reads"]:
        yield "it reads other columns"


def _options(was: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in [*was, *(name for name in new if name not in was)]:
        one, other = was.get(name), new.get(name)
        if one == other:
            continue
        if name == "rules" and isinstance(one, dict) and isinstance(other, dict):
            yield from _rules(one, other)
        elif name == "phrases" and isinstance(one, dict) and isinstance(other, dict):
            lists = [key for key in {**one, **other} if one.get(key) != other.get(key)]
            yield f"the list {', '.join(lists)} has changed"
        else:
            yield f"{name} {_shown(one)} -> {_shown(other)}"


def _rules(was: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, now = ({r["name"]: r["keep"] for r in one.get("rules", ())} for one in (was, new))
    for name in dict.fromkeys((*before, *now)):
        if before.get(name) == now.get(name):
            continue
        if name not in before or name not in now:
            yield f"rule {name} is {'new' if name not in before else 'gone'}"
        else:
            yield f"rule {name}: {_shown(before[name])} -> {_shown(now[name])}"
    if before == now:
        yield "what its file says has changed"


def _shown(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    text = text.removesuffix("\n").removesuffix("\n...")
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def _files(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what became of the files of the input."""
    if not before or not now:
        return
    was, new = ({path: rest for path, *rest in files.values()} for files in (before, now))
    told: dict[str, Sequence[str]] = {
        "has changed": [path for path in new if path in was and list(new[path]) != was[path]],
        "is new": [path for path in new if path not in was],
        "is gone": [path for path in was if path not in new],
    }
    for said, paths in told.items():
        if paths:
            more = f", and so {len(paths) - 1} more" if len(paths) > 1 else ""
            yield f"input file {paths[0]} {said}{more}"
