"""The summaries of all files of the ledger as one, and the file and the lists that it becomes."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.runs.phases.base import DataFile, read_table
from cleaner.runs.summary.count import Summary, added, capped, merged
from cleaner.runs.summary.judges import Judge
from cleaner.storage.commits import Marker

_AT_ONCE = 4  # summaries of a million rows each that are in memory together


def read_summary(folder: str, account: Iterable[Marker]) -> Summary:
    """Return the sum of what the files of the ledger committed.

    Raises Damaged for a file whose bytes are not those that were committed.
    """
    names = ("rules", "pairs", "cells")
    found = [added(())]
    for marker in account:
        tables = {name: read_table(folder, DataFile.of(marker, name)) for name in names}
        found.append(Summary(**tables))
        if len(found) > _AT_ONCE:
            found = [added(found)]
    return capped(merged(found))


def cells_bytes(cells: pl.DataFrame) -> bytes:
    """Return the counts of values as a Parquet file."""
    sink = pa.BufferOutputStream()
    table = cells.to_arrow(compat_level=pl.CompatLevel.oldest())
    pq.write_table(table, sink, compression="zstd", compression_level=9)
    return sink.getvalue().to_pybytes()


def rules_told(summary: Summary, judges: Sequence[Judge]) -> dict[str, Any]:
    """Return the counts of rules and of pairs of rules as `stats.json` tells them."""
    counts = _counts(summary.rules)
    pairs = {
        (stage, rule, other, name): both for stage, rule, other, name, both in summary.pairs.rows()
    }
    rules = [(judge, rule) for judge in judges for rule in judge.rules]
    order = {(judge.title, rule.name): place for place, (judge, rule) in enumerate(rules)}
    return {
        "judges": [
            {
                "stage": judge.title,
                "where": judge.where,
                "where_known": judge.all_known,
                "drops": judge.drops,
                "limits": [
                    {"signal": one.limit.signal, "low": one.limit.low, "high": one.limit.high}
                    for one in judge.scores
                ],
                **_told(counts, judge.title, "", ("judged", "fails")),
            }
            for judge in judges
        ],
        "rules": [
            {
                "stage": judge.title,
                "rule": rule.name,
                "keep": rule.keep,
                **_told(
                    counts,
                    judge.title,
                    rule.name,
                    ("judged", "fails", "fails_only", "comes_back", "fails_before"),
                ),
            }
            for judge, rule in rules
        ],
        "overlap": sorted(
            [order[stage, rule], order[other, name], both]
            for (stage, rule, other, name), both in pairs.items()
        ),
    }


_Counts = dict[tuple[str, str, str], dict[str, dict[str, int]]]


def _counts(rules: pl.DataFrame) -> _Counts:
    """Return by stage, rule and label the counts of each value."""
    found: _Counts = {}
    for row in rules.iter_rows(named=True):
        key = (row.pop("stage"), row.pop("rule"), row.pop("by"))
        found.setdefault(key, {})[row.pop("value")] = row
    return found


def _told(counts: _Counts, stage: str, rule: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the counts of one rule: of all, then by language and source, those of most first."""
    whole = counts.get((stage, rule, ""), {}).get("", {})
    told: dict[str, Any] = {name: whole.get(name, 0) for name in names}
    for by, label in (("language", "languages"), ("source", "sources")):
        values = counts.get((stage, rule, by), {})
        order = sorted(values, key=lambda value: (-values[value]["judged"], value))
        told[label] = {value: {name: values[value][name] for name in names} for value in order}
    return told
