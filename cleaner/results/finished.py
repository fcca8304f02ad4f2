"""Looks into a finished run: its funnel, its rules, its ledger, and why one document went."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from cleaner.config.yaml12 import load_own
from cleaner.dedup.against import lost, partner
from cleaner.errors import InputError, JobError
from cleaner.job.job_file import Entry, Job, read_job
from cleaner.ledger import COLUMNS
from cleaner.results.columns import judged_columns
from cleaner.results.funnel import as_html
from cleaner.results.record import Record
from cleaner.shards.run_shards import Shards
from cleaner.stages.global_stage import Indexed
from cleaner.storage import store
from cleaner.storage.row_key import sample_key
from cleaner.storage.run_folder import HELD_OUT, JOB, RunFolder, named_by

# In a shard.
_PLACED = re.compile(r"(?:kept: )?(?:.*/)?((?:shards|held_out)/part-[^ #]+)(?: row |#)(\d+)")
_PRINTED = re.compile(r"(?:.* )?\((\d+#\d+)\)", re.DOTALL)  # `an id (0#27)`


class Run(Record):
    """A run folder, opened for reading.

    `funnel`, `rules`, `ledger`, `clusters` and `kept` are Polars frames.
    """

    @cached_property
    def job(self) -> Job:
        """The job as resolved."""
        return read_job(load_own(self.record(JOB)), store.join(self.path, JOB))

    @cached_property
    def job_text(self) -> str:
        """The job as resolved, as YAML."""
        return self.record(JOB).decode()

    def _repr_html_(self) -> str:
        """Return the funnel as a table, for notebooks."""
        return as_html(self)

    def funnel(self) -> pl.DataFrame:
        """Return one row per stage: documents, characters and words in, kept, dropped, failed."""
        keep = [
            {key: value for key, value in row.items() if not isinstance(value, dict)}
            for row in self.stats["stages"]
        ]
        return pl.DataFrame(keep)

    def rules(self) -> pl.DataFrame:
        """Return one row per rule, as `stats.json` counts them."""
        counts = ("judged", "fails", "fails_only", "comes_back", "fails_before")
        schema: dict[str, Any] = {"stage": pl.String, "rule": pl.String, "keep": pl.String}
        schema |= dict.fromkeys(counts, pl.Int64)
        rows = [{name: rule[name] for name in schema} for rule in self.stats["rules"]]
        return pl.DataFrame(rows, schema=schema)

    def ledger(self) -> pl.DataFrame:
        """Return the ledger: one row per row of the input."""
        return self.scan_ledger().collect()

    def scan_ledger(self) -> pl.LazyFrame:
        """Return the ledger as a lazy frame; InputError for a run that keeps counts only."""
        files = self._files("ledger/")
        if not files:
            raise InputError(f"{self.path}: this run was made with ledger: counts; it has no rows")
        return pl.scan_parquet(files)

    def scan_shadow(self) -> pl.LazyFrame | None:
        """Return the shadow sample as a lazy frame; None for a run without one."""
        files = self._files("shadow/")
        return pl.scan_parquet(files) if files else None

    def clusters(self) -> pl.DataFrame:
        """Return one row per duplicate with what it lost to."""
        return pl.read_parquet(self._files("clusters/"))

    def scan_matches(self) -> pl.LazyFrame | None:
        """Return one row per document that matched a benchmark item, with both texts.

        None for a run that looked for none.
        """
        files = self._files("matches/")
        return pl.scan_parquet(files) if files else None

    def _files(self, folder: str) -> list[str]:
        """Return the paths of the files that tell what became of each row, of one folder."""
        there = [file["path"] for file in self.manifest["ledger_files"]]
        return [store.join(self.path, path) for path in there if path.startswith(folder)]

    def kept(self) -> pl.LazyFrame:
        """Return the shards as one lazy frame, in shard order, without what is held out."""
        return self.shards.scan("shards/")

    def held_out(self) -> pl.LazyFrame:
        """Return what `output.held_out` keeps from training, as one lazy frame."""
        return self.shards.scan(f"{HELD_OUT}/")

    @cached_property
    def shards(self) -> Shards:
        """The shards, to be read one by one."""
        return Shards.of(self.path, self.manifest)

    def find(self, wanted: str) -> pl.DataFrame:
        """Return the ledger rows that an id, a url, PATH#ROW, FILE#ROW or SHARD#ROW names."""
        condition = (pl.col("id") == wanted) | (pl.col("url") == wanted)
        printed = _PRINTED.fullmatch(wanted)
        name, _, row = (printed[1] if printed else wanted).rpartition("#")
        if name and re.fullmatch("[0-9]+", row):
            numbers = [file for file, path in self.inputs.items() if _is_path_of(name, path)]
            numbers += [int(name)] if re.fullmatch("[0-9]+", name) else []
            condition |= pl.col("file").is_in(numbers) & (pl.col("row") == int(row))
        if placed := _PLACED.fullmatch(wanted):
            shards = [
                one
                for one, said in enumerate(self.manifest["outputs"])
                if said["path"] == placed[1]
            ]
            condition |= pl.col("shard").is_in(shards) & (pl.col("shard_row") == int(placed[2]))
        found = self.scan_ledger().filter(condition).collect()
        if not len(found):
            raise JobError(
                f"{wanted}: no document of this run has that id, url, PATH#ROW or FILE#ROW"
            )
        return found

    @cached_property
    def inputs(self) -> dict[int, str]:
        """The files of the input: number -> path. One that could not be used has none."""
        files = enumerate(self.manifest["inputs"])
        return {file.get("file", place): file["path"] for place, file in files}

    def at(self, file: int, row: int) -> pl.DataFrame:
        """Return the ledger row of one key."""
        here = (pl.col("file") == file) & (pl.col("row") == row)
        return self.scan_ledger().filter(here).collect()


def _is_path_of(name: str, path: str) -> bool:
    """Return whether `name` is a path, or its last parts, written from here or in full."""
    shown = os.path.normpath(name) if "://" not in name else name
    if shown == path or path.endswith(f"/{shown}"):
        return True
    return "://" not in path and os.path.abspath(shown) == os.path.abspath(path)


def open_run(path: str) -> Run:
    """Open a run folder for reading.

    Raises JobError where there is none.
    """
    return Run(str(path))


@dataclass(frozen=True)
class Limit:
    """One rule against one document."""

    stage: str
    rule: str
    condition: str
    signal: str | None
    value: Any
    margin: float | None  # how far inside the limit, in units of the signal; negative: broken
    broken: bool


@dataclass(frozen=True)
class Explanation:
    """What became of one document, and why."""

    row: dict[str, Any]
    verdict: str  # one line
    limits: Sequence[Limit]
    chain: Sequence[str]  # where its duplicate's partner ended, step by step


def explain(run: Run, wanted: str) -> list[Explanation]:
    """Return an explanation of every document that `wanted` names."""
    found = run.find(wanted)
    return [_explain(run, row) for row in found.iter_rows(named=True)]


def _explain(run: Run, row: dict[str, Any]) -> Explanation:
    limits = [limit for entry in run.job.stages for limit in _limits(run.job.stages, entry, row)]
    broken = [limit for limit in limits if limit.broken and limit.stage == row["stage"]]
    return Explanation(row, verdict(run, row, broken), limits, _partners(run, row))


def verdict(run: Run, row: dict[str, Any], broken: Sequence[Limit] = ()) -> str:
    """Return the fate of a ledger row in one line."""
    if row["fate"] == "kept":
        shards = run.manifest["outputs"]
        place = shards[row["shard"]]["path"] if row["shard"] is not None else "?"
        more = (
            f", stands for {row['cluster_size']} documents"
            if (row["cluster_size"] or 1) > 1
            else ""
        )
        tags = f", tagged {', '.join(row['tagged'])}" if row["tagged"] else ""
        tags += _item(row)
        if lost(row):
            tags += f" of {_partner(run, row)}"
        return f"kept: {place} row {row['shard_row']}{more}{tags}"
    if row["fate"] == "failed":
        return f"failed at {row['stage']}: {row['error']}"
    if lost(row) and _clusters(run, row["stage"]):
        return f"dropped at {row['stage']}: {row['reason']} of {_partner(run, row)}"
    first = next((limit for limit in broken if limit.rule == row["reason"]), None)
    if first is not None:
        value = f"{first.value:.6g}" if isinstance(first.value, float) else first.value
        shown = f"{first.signal} = {value}, " if first.signal else ""
        more = f" (and {len(row['broken']) - 1} more)" if len(row["broken"] or []) > 1 else ""
        return f"dropped at {row['stage']}: {first.rule}: {shown}kept if {first.condition}{more}"
    score = _score(row) + _item(row)
    return f"dropped at {row['stage']}: {row['reason']}{score}"


def _clusters(run: Run, title: str) -> bool:
    """Return whether what falls at a stage lost to another document."""
    across = [one.stage.global_stage() for one in run.job.stages if one.title == title]
    return any(one is not None and one.clusters for one in across)


def _partner(run: Run, row: dict[str, Any]) -> str:
    """Name the document that this one lost to, with their similarity."""
    name = row["duplicate_of"] or f"{row['duplicate_file']}#{row['duplicate_row']}"
    if (earlier := _earlier(run, row)) is not None:
        name = f"{earlier[1]}, which the run {earlier[0]} kept,"
    return name + (f" with Jaccard {row['jaccard']:.3f}" if row["jaccard"] is not None else "")


def _item(row: dict[str, Any]) -> str:
    """Name the benchmark item that a document matched, and how much of it."""
    if row.get("benchmark_item") is None:
        return ""
    also = f" (and {row['benchmark_also']})" if row["benchmark_also"] else ""
    share = f"{100 * row['benchmark_share']:.0f} % of its question"
    return f": the item {row['benchmark_item']}, {share}{also}"


def _score(row: dict[str, Any]) -> str:
    if row["reason"] in ("language", "low_score", "und", "mixed"):
        found = f"{row['lang']}" if row.get("lang") else "unknown"
        if row.get("lang_score") is not None:
            found += f", score {row['lang_score']:.3f}"
        return f" ({found})"
    return ""


def _limits(stages: Sequence[Entry], entry: Entry, row: dict[str, Any]) -> list[Limit]:
    if (rules := entry.stage.rule_set()) is None:
        return []
    found = []
    for rule in rules.rules:
        name = rule.name if row["stage"] == entry.title else f"{rules.name}.{rule.name}"
        signal, value, margin = _tightest(rule.limits, row, stages, entry)
        broken = name in (row["broken"] or [])
        found.append(Limit(entry.title, rule.name, rule.keep, signal, value, margin, broken))
    return found


def _tightest(
    limits: Sequence[Any], row: dict[str, Any], stages: Sequence[Entry], entry: Entry
) -> tuple[str | None, Any, float | None]:
    """Return the signal of a rule that lies nearest to its limit, or furthest beyond it."""
    best: tuple[str | None, Any, float | None] = (None, None, None)
    for limit in limits:
        columns = judged_columns(stages, entry, limit.signal, row)
        value = next((row[name] for name in columns if row[name] is not None), None)
        margin = _margin(limit, value)
        if best[0] is None or (margin is not None and (best[2] is None or margin < best[2])):
            best = (limit.signal, value, margin)
    return best


def _margin(limit: Any, value: Any) -> float | None:
    if limit is None or value is None:
        return None
    sides = []
    if limit.low is not None:
        sides.append(value - limit.low)
    if limit.high is not None:
        sides.append(limit.high - value)
    return float(min(sides)) if sides else None


def _earlier(run: Run, row: dict[str, Any]) -> tuple[str, str] | None:
    """Return the earlier run and the id there that a document lost to; None: one of this run."""
    seeing_all = (entry.stage.global_stage() for entry in run.job.stages)
    indexed = (across for across in seeing_all if isinstance(across, Indexed))
    return partner(row, sorted({one for across in indexed for one in across.earlier_runs()}))


def _partners(run: Run, row: dict[str, Any]) -> list[str]:
    """Return what became of the document this one lost to, followed to its end."""
    told: list[str] = []
    for _ in range(20):
        if (earlier := _earlier(run, row)) is not None:
            return [*told, *_in_run(*earlier)]
        if row["duplicate_row"] is None:
            break
        found = run.at(row["duplicate_file"], row["duplicate_row"])
        if not len(found):
            break
        row = found.row(0, named=True)
        told.append(f"{row['id']}: {verdict(run, row)}")
    return told


def _in_run(folder: str, wanted: str) -> list[str]:
    """Return where an earlier run has a document that it kept; nothing when it is gone."""
    try:
        run = Run(folder)
        found = run.scan_ledger().filter(pl.col("id") == wanted, pl.col("fate") == "kept")
        rows = found.head(3).collect().iter_rows(named=True)
        return [f"{folder}: {wanted}: {verdict(run, row)}" for row in rows]
    except InputError as error:
        return [f"{folder}: {wanted}: {error}"]


def signals_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return the signals and scores of a ledger row that were measured."""
    return {
        name: value
        for name, value in row.items()
        if name not in COLUMNS and value is not None and not name.startswith("benchmark_")
    }


def drawn(rows: pl.LazyFrame, seed: int) -> pl.LazyFrame:
    """Return ledger rows with `_draw`, by which to sort them into an order drawn by a seed."""

    def key(rows: pl.Series) -> pl.Series:
        return sample_key(rows.struct.field("file"), rows.struct.field("row"), seed)

    return rows.with_columns(
        _draw=pl.struct("file", "row").map_batches(key, return_dtype=pl.UInt64)
    )


def stage_title(run: Run, wanted: str) -> str:
    """Return the title of a stage named by index, name or both.

    Raises JobError where none or several match.
    """
    titles = ["read", *(entry.title for entry in run.job.stages)]
    exact = [title for title in titles if title == wanted]
    loose = [title for title in titles if wanted in names_of_stage(title)]
    found = exact or loose
    if len(found) != 1:
        which = "no stage" if not found else f"{len(found)} stages"
        raise JobError(f"--stage {wanted}: {which} of that name; available: {', '.join(titles)}")
    return found[0]


def names_of_stage(title: str) -> set[str]:
    """Return the ways to name a stage: `4.filter:c4` is 4, filter, filter:c4 and c4."""
    index, _, rest = title.partition(".")
    name, _, label = rest.partition(":")
    return {index, name, rest, label} - {""}


def _rows_of(run: Run, file: Mapping[str, Any]) -> int | None:
    """Return how many rows a file of the manifest has, by reading it; None for one without any."""
    if "rows" not in file:
        return None
    if file["path"] in run.shards.paths:
        return run.shards.rows(run.shards.paths.index(file["path"]))
    if not file["path"].endswith(".parquet"):
        return None
    path = store.join(run.path, file["path"])
    return pl.scan_parquet(path).select(pl.len()).collect().item()


def verify(run: Run) -> list[str]:
    """Re-read every file that the manifest names and return what is wrong, a line each."""
    files = named_by(run.manifest)
    told = {file["path"]: said for file in files if (said := _wrong(run, file)) is not None}
    for file in files:
        beside = [one["path"] for one in file.get("beside", ())]
        if any(path in told for path in (file["path"], *beside)):
            continue
        rows = _rows_of(run, file)
        if rows is not None and rows != file["rows"]:
            told[file["path"]] = f"{rows} rows, not {file['rows']}"
    # In `shards` nothing else belongs at all: whoever trains reads the folder.
    there = [
        f"{folder}/{name}"
        for folder in ("shards", HELD_OUT)
        for name in store.names(store.join(run.path, folder))
    ]
    others = set(there) | set(RunFolder(run.path).products())
    named = {file["path"] for file in files}
    told |= {path: "not in the manifest" for path in sorted(others - named)}
    return [f"{path}: {said}" for path, said in told.items()]


def _wrong(run: Run, file: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the bytes of a file that the manifest names."""
    path = store.join(run.path, file["path"])
    if not store.exists(path):
        return "missing"
    if (found := store.sha256(path)) != file["sha256"]:
        return f"SHA-256 is {found[:12]}…, not {file['sha256'][:12]}…"
    return None
