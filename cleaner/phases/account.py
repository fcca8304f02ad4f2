"""The account: records, verdicts and places of a million rows become one file of the ledger."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from cleaner import store
from cleaner.commits import Committer
from cleaner.errors import AccountError
from cleaner.exchange import read_partition
from cleaner.ledger import COLUMNS, tally
from cleaner.phases.base import DataFile, Settings, exchange_sources, read_table


def run_account(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Write one ledger file and its clusters, and commit their counts."""
    if 0 in out.have:
        return
    records = [
        [read_table(out.folder, DataFile(*file)) for file in files] for files in unit["records"]
    ]
    first = pl.concat(records[0])[unit["skip"] : unit["skip"] + unit["rows"]]
    if len(first) != unit["rows"]:
        raise AccountError(f"ledger file {unit['number']}: {len(first)} of {unit['rows']} rows")
    ledger = first
    for later in records[1:]:
        ledger = _over(ledger, pl.concat(later))
    ledger = _placed(settings, unit, out.folder, ledger)
    lost = ledger.filter(pl.col("fate").is_null())
    if len(lost):
        key = lost.select("file", "row").row(0)
        raise AccountError(
            f"{len(lost)} rows have no fate and no place in a shard; the first is {key}"
        )
    counted = settings["counted"]
    counts = tally(
        ledger.with_columns(
            pl.coalesce(name for name in names if name in ledger.columns).alias(signal)
            for signal, names in counted.items()
        )
    )
    counts["histograms"] = histograms(ledger, settings["histograms"])
    ledger = _columns(ledger, settings["measured"])
    kept = settings["keep_rows"]
    facts: dict[str, Any] = {"counts": counts, "rows": len(ledger), "outputs": []}
    if kept != "counts":
        if kept == "dropped":
            ledger = ledger.filter(pl.col("fate") != "kept").select(list(COLUMNS))
        name = f"ledger/part-{unit['number']:05d}.parquet"
        facts["outputs"].append(_write(out.folder, name, ledger))
    clusters = ledger.filter(pl.col("duplicate_row").is_not_null()).select(
        "stage",
        "file",
        "row",
        pl.col("id").alias("duplicate"),
        pl.col("duplicate_of").alias("kept"),
        pl.col("duplicate_file").alias("kept_file"),
        pl.col("duplicate_row").alias("kept_row"),
        "source",
        "jaccard",
        "cluster_size",
    )
    name = f"clusters/part-{unit['number']:05d}.parquet"
    facts["outputs"].append(_write(out.folder, name, clusters))
    out.commit(0, True, {}, facts)


def _over(ledger: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Return the ledger with what a later phase found for the rows that reached it."""
    both = ledger.join(
        later, on=["file", "row"], how="left", suffix="_later", maintain_order="left"
    )
    names = [name for name in ledger.columns if f"{name}_later" in both.columns]
    both = both.with_columns(pl.coalesce(f"{name}_later", name).alias(name) for name in names)
    return both.drop(f"{name}_later" for name in names)


def _placed(
    settings: Settings, unit: dict[str, Any], folder: str, ledger: pl.DataFrame
) -> pl.DataFrame:
    groups = settings["groups"]
    files = [DataFile(*file) for file in settings["places"]]
    with exchange_sources(folder, files, groups) as sources:
        found = [read_partition(sources, group) for group in unit["groups"]]
    places = pl.concat(found).select("file", "row", "shard", "shard_row")
    ledger = ledger.join(places, on=["file", "row"], how="left", maintain_order="left")
    placed = pl.col("shard").is_not_null()
    twice = ledger.filter(placed & pl.col("fate").is_not_null())
    if len(twice):
        raise AccountError(f"{len(twice)} rows are in a shard and fell at {twice['stage'][0]}")
    return ledger.with_columns(fate=pl.when(placed).then(pl.lit("kept")).otherwise("fate"))


def _columns(ledger: pl.DataFrame, measured: Sequence[str]) -> pl.DataFrame:
    return ledger.select([*COLUMNS, *(name for name in measured if name not in COLUMNS)])


def _write(folder: str, name: str, frame: pl.DataFrame) -> dict[str, Any]:
    path = store.join(folder, name)
    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    with store.open_output(path) as sink:
        pq.write_table(
            table,
            sink,
            compression="zstd",
            compression_level=3,
            write_page_index=True,
            row_group_size=1 << 17,
        )
    return {"path": name, "rows": len(frame), "sha256": store.sha256(path)}


def histograms(ledger: pl.DataFrame, signals: Sequence[str]) -> dict[str, Any]:
    """Return exact counts of each signal's values at two significant digits, by fate.

    {signal: {fate: {value: documents}}}; such counts of any parts of a corpus can be added.
    """
    found: dict[str, Any] = {}
    for name in signals:
        value = pl.col(name).cast(pl.Float64).round_sig_figs(2).cast(pl.String)
        counts = (
            ledger.filter(pl.col(name).is_not_null())
            .group_by("fate", value.alias("value"))
            .len()
            .sort("fate", "value")
        )
        found[name] = {}
        for fate, text, documents in counts.rows():
            found[name].setdefault(fate, {})[text] = documents
    return found
