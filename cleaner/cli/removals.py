"""The command that takes documents out of a finished run: remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cleaner.cli.app import JsonOption, RunArgument, app
from cleaner.cli.output import emit, say, show, tell, tell_wrapped
from cleaner.errors import InputError, JobError

if TYPE_CHECKING:
    from cleaner.removals.find import Found, Listed
    from cleaner.results.finished import Run

_MOST = 20  # lines and files that are shown


@app.command()
def remove(
    path: RunArgument,
    list_file: Annotated[str, typer.Argument(metavar="LIST", help="a file, one to a line")],
    by: Annotated[str, typer.Option(help="what the lines are: url, host, id or text")],
    keep_survivors: Annotated[
        bool, typer.Option(help="leave what a listed duplicate lost to")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="only say what would go")] = False,
    purge: Annotated[
        bool, typer.Option(help="delete intermediate results, too, and search every file")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take documents out of a finished run, for good.

    Their near duplicates go with them. Only the shards that hold some are written anew; a list of
    salted hashes, removed.json, keeps them out of later runs. A receipt stays in the folder.
    """
    from cleaner.dedup.tombstones import KINDS
    from cleaner.removals.find import find, outcomes, read_list
    from cleaner.removals.take import check_idle, receipt_of, take
    from cleaner.results.finished import open_run
    from cleaner.storage import store
    from cleaner.storage.replace import complete_swap
    from cleaner.storage.run_folder import RunFolder

    kind = next((one for one in KINDS if one == by), None)
    if kind is None:
        raise JobError(f"--by {by}: is none of {', '.join(KINDS)}")
    path = path.rstrip("/")
    open_run(path)
    if complete_swap(RunFolder(path)) is not None:
        say(f"{path}: completed what was being swapped in")
    run = open_run(path)
    if "of" in run.manifest:
        runs = ", ".join(run.manifest["of"]["runs"])
        raise JobError(
            f"{path}: was made by cleaner {run.manifest['of']['command']} of {runs}: remove there, "
            "and make it again"
        )
    check_idle(run)
    if not store.exists(list_file):
        raise InputError(f"{list_file}: no such file")
    listed = read_list(kind, store.read_bytes(list_file), list_file)
    found = find(run, listed, keep_survivors)
    lines = outcomes(listed, found)
    told: dict[str, Any] = {"dry_run": dry_run, "lines": lines, "removed": len(found.going)}
    texts: list[str] = []
    if not as_json:
        _tell(run, listed, found, lines)
    before = None if len(found.going) else receipt_of(run, listed)
    if before is not None:
        say(f"this list was removed before; receipt: {path}/{before}")
    elif not dry_run:
        receipt, texts = take(run, listed, found)
        told["receipt"] = receipt
        run = open_run(path)
        if not as_json:
            name = run.manifest["records"][-1]["path"]
            tell(f"\nremoved {len(found.going):,}; receipt: {path}/{name}")
    left = _purge(run, listed, texts) if purge and not dry_run else {}
    told |= left
    if as_json:
        emit(told)
    else:
        _tell_left(path, left, purge or dry_run)
    if left.get("still_held"):
        raise typer.Exit(3)


def _tell(run: Run, listed: Listed, found: Found, lines: list[dict[str, int]]) -> None:
    """Say what a list means in a run."""
    named = sum(bool(of["documents"]) for of in lines)
    why = dict(found.going["why"].value_counts().rows())
    tell(f"lines: {len(lines):,}, of which {named:,} name documents of {run.path}")
    tell(f"documents named: {len(found.listed):,}")
    for reason, count in sorted(why.items()):
        tell(f"to go from the shards: {count:,} ({reason})")
    if not why:
        tell("to go from the shards: none")
    shards = sorted(set(found.going["shard"]))
    tell(f"shards to be written anew: {len(shards):,} of {len(run.shards.paths):,}")
    tell(f"in no shard, and marked: {len(found.related):,} (listed ones that fell, and duplicates)")
    if len(found.staying):
        tell(f"stay although a listed duplicate lost to them: {len(found.staying):,}")
    if found.elsewhere:
        some = ", ".join(found.elsewhere[:3])
        tell_wrapped(
            f"{len(found.elsewhere):,} lost to what earlier runs kept ({some}): remove there"
        )
    if unknown := [n for n, of in enumerate(lines, 1) if not of["documents"]]:
        shown = ", ".join(map(str, unknown[:_MOST])) + (", …" if len(unknown) > _MOST else "")
        tell_wrapped(f"lines that name nothing here, marked all the same: {shown}")


def _purge(run: Run, listed: Listed, texts: list[str]) -> dict[str, Any]:
    """Take out copies, delete what may still hold texts, and search all that is left.

    Reused runs are searched, too.
    """
    from cleaner.dedup.tombstones import Tombstones
    from cleaner.removals.find import Listed, find
    from cleaner.removals.search import holding
    from cleaner.removals.take import take
    from cleaner.results.finished import open_run
    from cleaner.storage.run_folder import REMOVED, RunFolder

    if texts and run.shards.as_format().holds_text:
        copies = Listed("text", listed.sha256, tuple(texts))
        if len((found := find(run, copies)).going):
            take(run, copies, found)
            run = open_run(run.path)
    freed = RunFolder(run.path).remove_work()
    removed = Tombstones.read(RunFolder(run.path).at(REMOVED))
    held = [f"{run.path}/{name}" for name in holding(run, removed, texts)]
    for other in run.manifest.get("reused", []):
        if RunFolder(other).manifest() is not None:
            held += [f"{other}/{name}" for name in holding(open_run(other), removed, texts)]
    return {"freed": freed, "searched": True, "still_held": held}


def _tell_left(path: str, left: dict[str, Any], silent: bool) -> None:
    if left.get("still_held"):
        tell("still held, each in a file of:")
        show([{"file": name} for name in left["still_held"][:_MOST]])
    elif left:
        tell("every file was searched: none holds a text that was removed")
    if not silent:
        tell_wrapped(
            f"Intermediate results in {path}/_work may still hold texts: --purge deletes them. "
            "Exports, mixtures and models made of this run hold what it held: make them again."
        )
