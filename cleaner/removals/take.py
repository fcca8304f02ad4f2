"""Documents taken out of a finished run: its shards, ledger and counts as if they had fallen last.

What is written anew lies in `_next` until all of it is there, and is then swapped in as a
replacement is: whoever comes after a kill completes it, or begins again.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import yaml

from cleaner.config.yaml12 import load_own
from cleaner.dedup.tombstones import STAGE, Tombstones, own_ids, text_keys, values_of
from cleaner.errors import InputError
from cleaner.ledger import OTHER
from cleaner.removals.find import Found, Listed, outcomes, values_named
from cleaner.results.finished import Run
from cleaner.runs.card import card
from cleaner.runs.finish import record_of, write_below
from cleaner.runs.phases.account import Table, TextTable
from cleaner.runs.phases.shuffle import shard_facts
from cleaner.runs.status import read_progress
from cleaner.shards import FORMATS, Expected
from cleaner.shards.tokenizer import Tokenizer
from cleaner.storage import store
from cleaner.storage.commits import Committer, digest, failpoint
from cleaner.storage.replace import next_place, swap
from cleaner.storage.run_folder import (
    CARD,
    JOB,
    MANIFEST,
    REMOVED,
    REPORT,
    STATS,
    RunFolder,
    checkpoint_files,
    plain_json,
    read_json,
)

_KEY = ["file", "row"]
_RECEIPT = "removal-{:03d}.json"


@dataclass
class _Taking:
    """A removal under way."""

    run: Run
    found: Found
    title: str  # of the stage that accounts for it
    out: Committer
    tombstones: Tombstones
    texts: list[str] = field(default_factory=list)  # of what went
    before: dict[str, str] = field(default_factory=dict)  # SHA-256 of what is written anew
    after: dict[str, str] = field(default_factory=dict)

    @cached_property
    def keys(self) -> pl.DataFrame:
        """The keys of all whose texts must not stay, in shards or elsewhere."""
        frames = (self.found.going, self.found.related)
        return pl.concat([frame.select(_KEY) for frame in frames]).unique(_KEY)

    def wrote(self, facts: Mapping[str, Any]) -> None:
        """Note a file that is written anew."""
        self.after[facts["path"]] = facts["sha256"]


def take(run: Run, listed: Listed, found: Found) -> tuple[dict[str, Any], list[str]]:
    """Take what was found out of a run; return the receipt, and the texts that went.

    Documents that a list names and that are in no shard are marked, too, so that they come into
    none when limits change.
    """
    folder = RunFolder(run.path)
    manifest = run.manifest
    index = len([one for one in run.job.stages if one.name != STAGE])
    key = digest([manifest["identity"], listed.sha256, manifest["outputs"], found.going.rows()])
    made = RunFolder(folder.at(next_place(key)))
    made.remove()
    place = next_place(key)
    out = Committer(run.path, "removal", "all", key, place=place)
    old = folder.at(REMOVED)
    tombstones = Tombstones.read(old) if store.exists(old) else Tombstones()
    taking = _Taking(run, found, f"{index}.{STAGE}", out, tombstones)
    outputs, numbers = _shards(taking)
    _mark_elsewhere(taking)
    told = _ledger(taking, numbers)
    checkpoints = _checkpoints(taking)
    stats = _stats(taking)
    write_below(made.path, STATS, plain_json(stats))
    write_below(made.path, JOB, _job(run, folder.at(REMOVED)))
    _marked(taking, listed)
    write_below(made.path, REMOVED, taking.tombstones.plain())
    receipts = [name for name in folder.of_removals() if name != REMOVED]
    name = _RECEIPT.format(len(receipts) + 1)
    receipt = _receipt(taking, listed)
    write_below(made.path, name, plain_json(receipt))
    records = [*(one["path"] for one in manifest["records"] if one["path"] != REMOVED)]
    stages = [one for one in manifest["stages"] if one["stage"] != taking.title]
    said = {
        **manifest,
        "outputs": outputs,
        "ledger_files": told,
        "checkpoints": checkpoints,
        "records": [record_of(made if one in (STATS, JOB) else folder, one) for one in records]
        + [record_of(made, one) for one in (REMOVED, name)],
        "rows": stats["rows"],
        "licences": _licences(manifest.get("licences", {}), taking),
        "stages": [*stages, {"stage": taking.title, "version": 1}],
    }
    write_below(made.path, CARD, card(said, stats, run.job).encode())
    failpoint("removal", "manifest", "data")
    write_below(made.path, MANIFEST, plain_json(said))
    swap(folder, made)
    store.delete(folder.at(REPORT))  # it shows texts; `cleaner report` makes it again
    return receipt, taking.texts


def _shards(taking: _Taking) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """Write the touched shards anew; return all that are left, and their numbers by the old ones.

    A shard that loses all goes, unless it is the only one: trainers take no empty file.
    """
    run, going = taking.run, taking.found.going
    left: list[dict[str, Any]] = []
    numbers: dict[int, int] = {}
    gone = dict(going.group_by("shard", maintain_order=True).agg("shard_row").rows())
    kept_rows = [
        one["rows"] - len(gone.get(n, ())) for n, one in enumerate(run.manifest["outputs"])
    ]
    for number, said in enumerate(run.manifest["outputs"]):
        if number not in gone:
            numbers[number] = len(left)
            left.append(said)
            continue
        for file in (said, *said.get("beside", ())):
            taking.before[file["path"]] = file["sha256"]
        last = not any(kept_rows) and number + 1 == len(kept_rows)
        if kept_rows[number] or last:
            numbers[number] = len(left)
            left.append(_shard(taking, number, np.sort(np.array(gone[number], np.int64))))
        else:
            _texts_of(taking, number, np.sort(np.array(gone[number], np.int64)))
    return left, numbers


def _shard(taking: _Taking, number: int, gone: np.ndarray) -> dict[str, Any]:
    """Write one shard without some rows; return what the manifest says of it."""
    run, said = taking.run, dict(taking.run.manifest["outputs"][number])
    form, schema = run.shards.as_format(), run.shards.arrow_schema()
    going = taking.found.going.filter(pl.col("shard") == number)
    lost = {
        "rows": len(gone),
        "words": int(going["words"].sum() or 0),
        "text_bytes": 0,
        "tokens": 0,
    }
    tokenizer = run.manifest["shards"]["tokenizer"]

    def frames() -> Iterator[pl.DataFrame]:
        for start, frame in run.shards.read(number):
            out = np.zeros(len(frame), bool)
            out[gone[(gone >= start) & (gone < start + len(frame))] - start] = True
            some = frame.filter(pl.Series(out))
            if len(some):
                _mark_texts(taking, some)
                if "text" in some.columns:
                    lost["text_bytes"] += int(some["text"].str.len_bytes().sum() or 0)
                    if tokenizer is not None:
                        counted = Tokenizer.from_plain(tokenizer).counted(some["text"])
                        lost["tokens"] += int(counted.sum())
                else:
                    lost["tokens"] += int(some["tokens"].list.len().sum())
            yield frame.filter(pl.Series(~out))

    size = said["text_bytes"]
    with ExitStack() as files:
        made = [files.enter_context(taking.out.product(name)) for name in form.files(said["path"])]
        expected = Expected(said["rows"] - len(gone), size)
        changed = form.write(frames(), schema, [one.sink for one in made], expected)
    if not form.holds_text:  # nobody counted their bytes; as many a token as the others have
        share = lost["tokens"] / said["tokens"] if said.get("tokens") else 1
        lost["text_bytes"] = round(size * share)
    for name in ("rows", "words", "text_bytes", "tokens"):
        if name in said:
            said[name] -= lost[name]
    said.pop("changed", None)
    said |= shard_facts(made, changed)
    for facts in (said, *said.get("beside", ())):
        taking.wrote(facts)
    return said


def _texts_of(taking: _Taking, number: int, gone: np.ndarray) -> None:
    """Mark the texts of a shard that goes whole."""
    for _, frame in taking.run.shards.read(number, ["text"], gone):
        _mark_texts(taking, frame)


def _mark_texts(taking: _Taking, docs: pl.DataFrame) -> None:
    if "text" in docs.columns:
        taking.tombstones = taking.tombstones.having("text", text_keys(docs.select("text")))
        taking.texts += docs["text"].drop_nulls().to_list()


def _ledger(taking: _Taking, numbers: Mapping[int, int]) -> list[dict[str, Any]]:
    """Write ledger, shadow and matches anew; return what the manifest says of all such files.

    Shadow and matches show texts: there goes what fell before, too, of listed ones and duplicates.
    """
    told = []
    going = taking.found.going
    gone = {
        int(shard): np.sort(np.array(rows, np.int64))
        for shard, rows in going.group_by("shard").agg("shard_row").rows()
    }
    for said in taking.run.manifest["ledger_files"]:
        place = said["path"].split("/")[0]
        if place == "clusters" or (place != "ledger" and not _holds(taking, said["path"])):
            told.append(said)
            continue
        taking.before[said["path"]] = said["sha256"]
        kind = TextTable if place == "shadow" else Table
        with kind(taking.out, said["path"]) as table:
            for frame in _row_groups(taking, said["path"]):
                if place == "ledger":
                    goes = _among(frame, going)
                    frame = _moved(_fallen(frame, goes, taking.title), gone, numbers)
                else:
                    frame = frame.filter(~_shown(taking, frame))
                table.add(frame)
        told.append(table.written())
        taking.wrote(told[-1])
    return told


def _among(rows: pl.DataFrame, keys: pl.DataFrame) -> pl.Series:
    """Return which rows have one of some keys."""
    marked = keys.with_columns(found=True)
    return (
        rows.select(_KEY)
        .join(marked, on=_KEY, how="left", maintain_order="left")["found"]
        .fill_null(False)
    )


def _row_groups(taking: _Taking, path: str) -> Iterator[pl.DataFrame]:
    with store.open_input(store.join(taking.run.path, path)) as source:
        file = pq.ParquetFile(source)
        for number in range(file.num_row_groups):
            table = file.read_row_group(number)
            yield pl.DataFrame(table)
        if not file.num_row_groups:
            yield pl.DataFrame(file.schema_arrow.empty_table())


def _shown(taking: _Taking, rows: pl.DataFrame) -> pl.Series:
    """Return which rows must show no text any more: by their key, or as copies of such a text."""
    return _among(rows, taking.keys) | taking.tombstones.know(rows.select(pl.col("^text$")))


def _holds(taking: _Taking, path: str) -> bool:
    """Return whether a file that is no shard shows a text that goes."""
    return any(_shown(taking, frame).any() for frame in _row_groups(taking, path))


def _mark_elsewhere(taking: _Taking) -> None:
    """Mark the texts of what goes and is in no shard, where a checkpoint or the shadow has them."""
    manifest = taking.run.manifest
    paths = [one["path"] for one in checkpoint_files(manifest)]
    paths += [one["path"] for one in manifest["ledger_files"] if one["path"].startswith("shadow/")]
    for path in paths:
        for frame in _row_groups(taking, path):
            _mark_texts(taking, frame.filter(_among(frame, taking.keys)))


def _fallen(rows: pl.DataFrame, goes: pl.Series, title: str) -> pl.DataFrame:
    """Return ledger rows of which some fell at the end."""
    values = {"fate": "dropped", "stage": title, "reason": STAGE, "shard": None, "shard_row": None}
    changed = [
        pl.when(goes).then(pl.lit(value, rows.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    ]
    broken = pl.when(goes).then(pl.lit([STAGE])).otherwise("broken").alias("broken")
    return rows.with_columns(*changed, broken)


def _moved(
    rows: pl.DataFrame, gone: Mapping[int, np.ndarray], numbers: Mapping[int, int]
) -> pl.DataFrame:
    """Return ledger rows with their places in the shards as these are now."""
    shard = rows["shard"].to_numpy()
    place = rows["shard_row"].to_numpy().copy()
    there = rows["shard"].is_not_null().to_numpy()
    for number, out in gone.items():
        of = there & (shard == number)
        place[of] -= np.searchsorted(out, place[of].astype(np.int64))
    renumbered = pl.Series(shard).replace_strict(
        list(numbers), list(numbers.values()), default=None, return_dtype=pl.UInt32
    )
    nowhere = pl.Series(~there)
    return rows.with_columns(
        shard=pl.when(nowhere).then(None).otherwise(renumbered),
        shard_row=pl.when(nowhere)
        .then(None)
        .otherwise(pl.Series(place).cast(pl.UInt64, strict=False)),
    )


def _checkpoints(taking: _Taking) -> list[dict[str, Any]]:
    """Write the checkpoints that hold some anew; return what the manifest says of all."""
    entries = []
    for entry in taking.run.manifest.get("checkpoints", []):
        files = []
        for said in entry["files"]:
            if _holds(taking, said["path"]):
                taking.before[said["path"]] = said["sha256"]
                said = _checkpoint(taking, said)
                taking.wrote(said)
            files.append(said)
        entries.append({**entry, "rows": sum(one["rows"] for one in files), "files": files})
    return entries


def _checkpoint(taking: _Taking, said: Mapping[str, Any]) -> dict[str, Any]:
    path = store.join(taking.run.path, said["path"])
    with store.open_input(path) as source:
        schema = pq.ParquetFile(source).schema_arrow
    left = 0

    def frames() -> Iterator[pl.DataFrame]:
        nonlocal left
        for frame in _row_groups(taking, said["path"]):
            some = frame.filter(~_shown(taking, frame))
            left += len(some)
            yield some

    with taking.out.product(said["path"]) as product:
        FORMATS["parquet"].write(frames(), schema, [product.sink], Expected(said["rows"], 0))
    return {**said, **product.facts, "rows": left}


def _stats(taking: _Taking) -> dict[str, Any]:
    """Return the counts with what went as the last to fall."""
    going = taking.found.going
    stats = {**taking.run.stats}
    sums = [
        len(going), int(going["characters"].sum() or 0), int(going["words"].sum() or 0),
    ]  # fmt: skip
    rows = [dict(row) for row in stats["stages"]]
    if rows[-1]["stage"] != taking.title:
        end = rows[-1]
        names = ("", "_characters", "_words")
        rows.append(
            {
                "stage": taking.title,
                **{f"in{name}": end[f"kept{name}"] for name in names},
                **{f"kept{name}": end[f"kept{name}"] for name in names},
                **{f"{fate}{name}": 0 for fate in ("dropped", "failed") for name in names},
                "shortened": 0,
                **{f"{what}{name}": 0 for what in ("cut", "added") for name in names[1:]},
                "reasons": {},
                "lost_by_source": {},
                "lost_by_language": {},
            }
        )
    last = rows[-1]
    for name, size in zip(("", "_characters", "_words"), sums, strict=True):
        last[f"kept{name}"] -= size
        last[f"dropped{name}"] += size
    last["reasons"] = _more(last["reasons"], {STAGE: len(going)})
    for key, column in (("lost_by_source", "source"), ("lost_by_language", "lang")):
        last[key] = _more(last[key], dict(going[column].fill_null("").value_counts().rows()))
    stats["stages"] = rows
    stats["rows"] = {
        **stats["rows"],
        "kept": stats["rows"]["kept"] - len(going),
        "dropped": stats["rows"]["dropped"] + len(going),
    }
    for key, column in (("sources", "source"), ("languages", "lang")):
        stats[key] = _less(stats[key], going, column)
    return stats


def _more(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    total = Counter(counts)
    total.update({name: count for name, count in more.items() if count})
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))


def _less(
    table: Mapping[str, Mapping[str, int]], going: pl.DataFrame, column: str
) -> dict[str, dict[str, int]]:
    """Return a table of fates by label without what went from what was kept."""
    found = {name: dict(row) for name, row in table.items()}
    by = going.group_by(pl.col(column).fill_null("")).agg(
        pl.len(), pl.col("characters").cast(pl.UInt64).sum(), pl.col("words").cast(pl.UInt64).sum()
    )
    for name, documents, characters, words in by.rows():
        row = found.get(name, found.get(OTHER))
        if row is not None:
            row["kept"] -= documents
            row["dropped"] += documents
            row["kept_characters"] -= characters or 0
            row["kept_words"] -= words or 0
    return found


def _licences(counts: Mapping[str, int], taking: _Taking) -> dict[str, int]:
    """Return how many documents have which licence, as far as the shards say it."""
    run = taking.run
    if not counts or "licence" not in run.shards.arrow_schema().names:
        return dict(counts)
    left = Counter(counts)
    for number, rows in taking.found.going.group_by("shard").agg("shard_row").rows():
        wanted = np.sort(np.array(rows, np.int64))
        for start, frame in run.shards.read(int(number), ["licence"], wanted):
            inside = wanted[(wanted >= start) & (wanted < start + len(frame))] - start
            for name, count in Counter(frame["licence"].fill_null("")[inside].to_list()).items():
                left[name if name in left else OTHER] -= count
    return {name: count for name, count in left.items() if count}


def _job(run: Run, removed: str) -> bytes:
    """Return the job with the stage that obeys removals at its end."""
    job: dict[str, Any] = load_own(run.job_text.encode())
    stages = [stage for stage in job.get("stages") or [] if STAGE not in stage]
    lists = [path for one in run.job.stages if one.name == STAGE for path in one.stage.files()]
    job["stages"] = [*stages, {STAGE: {"lists": list(dict.fromkeys([*lists, removed]))}}]
    return yaml.safe_dump(job, sort_keys=False, allow_unicode=True).encode()


def _marked(taking: _Taking, listed: Listed) -> None:
    """Mark all that is to be known again: what the list says, what went, and their duplicates."""
    marks = taking.tombstones
    docs = pl.concat([taking.found.going.drop("why"), taking.found.related], how="vertical")
    marks = marks.having("id", own_ids(docs))
    marks = marks.having("url", (one for of in values_of(docs, "url") for one in of))
    taking.tombstones = marks.having(listed.by, values_named(listed))


def _receipt(taking: _Taking, listed: Listed) -> dict[str, Any]:
    """Return what is on record of a removal; it tells nobody what was removed."""
    found = taking.found
    why = dict(found.going["why"].value_counts().rows())
    names = sorted(
        taking.tombstones.mark("id", f"{f}#{r}") for f, r in found.going.select(_KEY).rows()
    )
    return {
        "format": 1,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "by": listed.by,
        "list": {"sha256": listed.sha256, "lines": len(listed.lines)},
        "lines": outcomes(listed, found),
        "removed": {"documents": len(found.going), "sha256": digest(names), **why},
        "duplicates_marked": len(found.related),
        "survivors_kept": len(found.staying),
        "lost_to_earlier_runs": len(found.elsewhere),
        "files": {
            path: {"before": sha, "after": taking.after.get(path)}
            for path, sha in sorted(taking.before.items())
        },
    }


def receipt_of(run: Run, listed: Listed) -> str | None:
    """Return the receipt of an earlier removal by the same list, if there is one."""
    folder = RunFolder(run.path)
    for name in folder.of_removals()[1:]:
        said = read_json(folder.at(name))
        if said and (said["by"], said["list"]["sha256"]) == (listed.by, listed.sha256):
            return name
    return None


def check_idle(run: Run) -> None:
    """Raise InputError while something is being made in the folder of a run."""
    said = read_progress(run.path)
    if said is not None and said["state"] == "running":
        raise InputError(f"{run.path}: a run goes on here; end it first: cleaner stop {run.path}")
