"""Two runs side by side: which documents changed their fate, and what moved them.

A document is the same one where both runs read it from the same place of the same file. Where files
moved or changed, documents are matched by an id, else by a url, that both runs have once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from cleaner.ledger import COLUMNS
from cleaner.results.finished import Run
from cleaner.storage.row_key import sample_key

_FATE = ("fate", "stage", "reason")
_LABELS = ("file", "row", "id", "url", "source", "lang")
_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Move:
    """Documents that had one fate in the first run and another in the second."""

    was: str
    now: str
    documents: int
    sample: Sequence[dict[str, Any]]  # file, row, id, url, source, lang


@dataclass(frozen=True)
class RuleChange:
    """How many documents broke a rule, or fell for a reason, at a stage of both runs."""

    stage: str
    rule: str
    was: int
    now: int


@dataclass(frozen=True)
class SignalChange:
    """A signal's 5 %, 50 % and 95 % quantiles over the kept documents of each run."""

    signal: str
    was: Sequence[float | None]
    now: Sequence[float | None]
    shift: float  # of the median, in widths of the middle nine tenths


@dataclass(frozen=True)
class Diff:
    """What is different between two runs."""

    runs: tuple[str, str]
    rows: tuple[int, int]
    kept: tuple[int, int]
    by_place: int
    by_id: int
    by_url: int
    unmatched: tuple[int, int]
    same: int
    came_in: int
    went_out: int
    moves: Sequence[Move]
    rules: Sequence[RuleChange]
    signals: Sequence[SignalChange]
    unknown: Sequence[str]  # what the ledgers do not tell


def diff(one: Run, other: Run, count: int = 2) -> Diff:
    """Return what is different between two runs, `count` documents for each kind of move."""
    files = _same_files(one, other)
    left, right = _rows(one), _rows(other)
    place = pl.col("file").replace_strict(files, default=None, return_dtype=pl.UInt32)
    left = left.with_columns(place.alias("_file"))
    here = left.filter(pl.col("_file").is_not_null())
    there = right.filter(pl.col("file").is_in(list(files.values())))
    how: Literal["full", "inner"] = (
        "full" if "dropped" in (one.job.ledger, other.job.ledger) else "inner"
    )
    at_place = here.join(
        there, left_on=["_file", "row"], right_on=["file", "row"], how=how, suffix="_now"
    )
    at_place = _with_keys(at_place, how, files)
    rest = (
        left.filter(pl.col("_file").is_null()).drop("_file").collect(engine="streaming"),
        right.filter(~pl.col("file").is_in(list(files.values()))).collect(engine="streaming"),
    )
    by_id = _by_label(*rest, "id")
    left_over = _without(rest, by_id)
    by_url = _by_label(*left_over, "url")
    placed = at_place.collect(engine="streaming")
    matched = [_plain(frame) for frame in (placed, by_id, by_url)]
    both = _with_fates(pl.concat(matched))
    changed = both.filter(pl.col("was") != pl.col("now"))
    kept = (both["was"] == "kept", both["now"] == "kept")
    n_place = _size_of(one, files) if how == "full" else len(placed)
    n_all = n_place + len(by_id) + len(by_url)
    rows = (one.manifest["rows"]["in"], other.manifest["rows"]["in"])
    return Diff(
        runs=(one.path, other.path),
        rows=rows,
        kept=(one.manifest["rows"]["kept"], other.manifest["rows"]["kept"]),
        by_place=n_place,
        by_id=len(by_id),
        by_url=len(by_url),
        unmatched=(rows[0] - n_all, rows[1] - n_all),
        same=n_all - len(changed),
        came_in=int((~kept[0] & kept[1]).sum()),
        went_out=int((kept[0] & ~kept[1]).sum()),
        moves=_moves(changed, count),
        rules=_rule_changes(one, other),
        signals=_signal_changes(one, other),
        unknown=[
            f"{run.path} was made with ledger: dropped; it keeps no signals, and no row of what it "
            "kept: what it does not name was kept"
            for run in (one, other)
            if run.job.ledger == "dropped"
        ],
    )


def _same_files(one: Run, other: Run) -> dict[int, int]:
    """Return the files that both runs read with the same bytes: number -> number."""
    numbers = {path: number for number, path in other.inputs.items()}
    facts = [
        {said["path"]: (said["bytes"], said["rows"]) for said in run.manifest["inputs"]}
        for run in (one, other)
    ]
    return {
        number: numbers[path]
        for number, path in one.inputs.items()
        if path in numbers and facts[0][path] == facts[1][path]
    }


def _size_of(run: Run, files: dict[int, int]) -> int:
    paths = {run.inputs[number] for number in files}
    return sum(said["rows"] for said in run.manifest["inputs"] if said["path"] in paths)


def _rows(run: Run) -> pl.LazyFrame:
    return run.scan_ledger().select(*_LABELS, *_FATE)


def _with_keys(rows: pl.LazyFrame, how: str, files: dict[int, int]) -> pl.LazyFrame:
    """Return rows matched by place; of a full join those that only the second ledger names, too."""
    if how == "inner":
        return rows
    back = {there: here for here, there in files.items()}
    number = pl.col("file_now").replace_strict(back, default=None, return_dtype=pl.UInt32)
    return rows.with_columns(
        pl.coalesce("file", number).alias("file"),
        pl.coalesce("row", "row_now").alias("row"),
        *(pl.coalesce(name, f"{name}_now").alias(name) for name in _LABELS[2:]),
    ).with_columns(pl.col("fate", "fate_now").fill_null("kept"))


def _by_label(left: pl.DataFrame, right: pl.DataFrame, label: str) -> pl.DataFrame:
    """Return rows that bear a label which each side has once."""
    sides = [
        side.filter(pl.col(label).is_not_null() & pl.col(label).is_unique())
        for side in (left, right)
    ]
    found = sides[0].join(sides[1], on=label, how="inner", suffix="_now")
    return found.with_columns(pl.col(label).alias(f"{label}_now"))


def _without(
    sides: tuple[pl.DataFrame, pl.DataFrame], matched: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    now = matched.select(pl.col("file_now").alias("file"), pl.col("row_now").alias("row"))
    return (
        sides[0].join(matched, on=["file", "row"], how="anti"),
        sides[1].join(now, on=["file", "row"], how="anti"),
    )


def _plain(matched: pl.DataFrame) -> pl.DataFrame:
    return matched.select(*_LABELS, *_FATE, *(f"{name}_now" for name in _FATE))


def _with_fates(both: pl.DataFrame) -> pl.DataFrame:
    """Add `was` and `now`: `kept`, or the stage, without its number, and the reason."""
    made = []
    for name, end in (("was", ""), ("now", "_now")):
        stage = pl.col(f"stage{end}").str.replace(r"^\d+\.", "")
        reason = pl.coalesce(f"reason{end}", pl.lit("failed"))
        fell = pl.concat_str(stage, pl.lit(": "), reason)
        made.append(
            pl.when(pl.col(f"fate{end}") == "kept").then(pl.lit("kept")).otherwise(fell).alias(name)
        )
    return both.with_columns(made)


def _moves(changed: pl.DataFrame, count: int) -> list[Move]:
    drawn = changed.with_columns(_draw=sample_key(changed["file"], changed["row"], 0))
    moves = []
    for (was, now), rows in drawn.sort("_draw").group_by("was", "now", maintain_order=True):
        sample = rows.head(count).select(*_LABELS).to_dicts()
        moves.append(Move(str(was), str(now), len(rows), sample))
    return sorted(moves, key=lambda move: (-move.documents, move.was, move.now))


def _rule_changes(one: Run, other: Run) -> list[RuleChange]:
    counts = [_broken(run) for run in (one, other)]
    names = sorted(counts[0].keys() | counts[1].keys())
    made = [RuleChange(*name, counts[0].get(name, 0), counts[1].get(name, 0)) for name in names]
    changed = [rule for rule in made if rule.was != rule.now]
    return sorted(changed, key=lambda rule: (-abs(rule.now - rule.was), rule.stage, rule.rule))


def _broken(run: Run) -> dict[tuple[str, str], int]:
    """Return how many documents fell at a stage, and broke which rule of it there."""
    rows = (
        run.scan_ledger()
        .filter(pl.col("fate") == "dropped")
        .select(pl.col("stage").str.replace(r"^\d+\.", ""), "broken")
        .explode("broken")
        .group_by("stage", "broken")
        .len()
        .collect(engine="streaming")
    )
    return {(stage, rule or ""): number for stage, rule, number in rows.iter_rows()}


def _signal_changes(one: Run, other: Run) -> list[SignalChange]:
    names = [_signals(run) for run in (one, other)]
    common = [name for name in names[0] if name in names[1]]
    if not common:
        return []
    was, now = (_quantiles(run, common) for run in (one, other))
    made = []
    for name in common:
        width = max((was[name][2] or 0) - (was[name][0] or 0), 1e-9)
        shift = ((now[name][1] or 0.0) - (was[name][1] or 0.0)) / width
        if was[name] != now[name]:
            made.append(SignalChange(name, was[name], now[name], round(shift, 4)))
    return sorted(made, key=lambda signal: (-abs(signal.shift), signal.signal))


def _signals(run: Run) -> list[str]:
    schema = run.scan_ledger().collect_schema()
    return [n for n, kind in schema.items() if n not in COLUMNS and kind.is_numeric()]


def _quantiles(run: Run, names: Sequence[str]) -> dict[str, list[float | None]]:
    kept = run.scan_ledger().filter(pl.col("fate") == "kept")
    found = kept.select(
        pl.col(name).cast(pl.Float64).quantile(q, "nearest").alias(f"{name} {q}")
        for name in names
        for q in _QUANTILES
    ).collect(engine="streaming")
    return {name: [found[f"{name} {q}"][0] for q in _QUANTILES] for name in names}
