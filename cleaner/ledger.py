"""What became of every row: the ledger's columns, and the counts that must add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

# One row per row of the input; signals and scores follow these columns.
COLUMNS: dict[str, Any] = {
    "file": pl.UInt32,
    "row": pl.UInt64,
    "id": pl.String,
    "url": pl.String,
    "source": pl.String,
    "lang": pl.String,
    "fate": pl.String,
    "stage": pl.String,
    "reason": pl.String,
    "broken": pl.List(pl.String),
    "duplicate_of": pl.String,
    "duplicate_file": pl.UInt32,
    "duplicate_row": pl.UInt64,
    "jaccard": pl.Float64,
    "cluster_size": pl.UInt32,
    "error": pl.String,
    "shard": pl.UInt32,
    "shard_row": pl.UInt64,
    "characters_cut": pl.UInt32,
    "tagged": pl.List(pl.String),
}
ROWS_PER_FILE = 1_000_000
_MOST_LABELS = 1_000  # sources or languages listed by name; the rest is one line
MOST_SOURCES = 10_000  # counted by name in one file of the ledger
_OTHER = "(other)"

Tree = dict[str, Any]


def dropped(
    docs: pl.DataFrame, stage: str, reason: str | pl.Expr, broken: pl.Expr | None = None
) -> pl.DataFrame:
    """Return documents with their fate: dropped at a stage for a reason, the first of `broken`."""
    why = pl.lit(reason) if isinstance(reason, str) else reason
    return docs.with_columns(
        fate=pl.lit("dropped"),
        stage=pl.lit(stage),
        reason=why,
        broken=pl.concat_list(why) if broken is None else broken,
    )


def failed(docs: pl.DataFrame, stage: str) -> pl.DataFrame:
    """Return documents with their fate: a stage could not judge them, `error` says why."""
    return docs.with_columns(fate=pl.lit("failed"), stage=pl.lit(stage))


def tagged(docs: pl.DataFrame, which: pl.Expr, told: pl.Expr) -> pl.DataFrame:
    """Return documents with one tag more where `which` holds."""
    more = pl.concat_list(pl.col("tagged").fill_null([]), told)
    return docs.with_columns(tagged=pl.when(which).then(more).otherwise("tagged"))


def tally(ledger: pl.DataFrame) -> Tree:
    """Return the counts of some ledger rows as plain, mergeable sums.

    `falls`: by (fate, stage, reason, source, lang) documents, characters, tokens;
    `rules`: by (stage, rule) how many documents broke it and how many broke nothing else.
    """
    falls = (
        ledger.group_by("fate", "stage", "reason", "source", "lang")
        .agg(
            pl.len().alias("documents"),
            pl.col("characters").cast(pl.UInt64).sum(),
            pl.col("words").cast(pl.UInt64).sum().alias("tokens"),
            pl.col("characters_cut").cast(pl.UInt64).sum(),
        )
        .sort("fate", "stage", "reason", "source", "lang")
    )
    dropped = ledger.filter(pl.col("fate") == "dropped")
    rules = (
        dropped.select("stage", "broken", only=pl.col("broken").list.len() == 1)
        .explode("broken")
        .drop_nulls("broken")
        .group_by("stage", pl.col("broken").alias("rule"))
        .agg(pl.len().alias("fails"), pl.col("only").sum())
        .sort("stage", "rule")
    )
    return {"falls": falls.rows(), "rules": rules.rows()}


def merge(tallies: Iterable[Tree]) -> Tree:
    """Return the sum of tallies."""
    falls: Counter[tuple[Any, ...]] = Counter()
    sums: dict[tuple[Any, ...], list[int]] = {}
    rules: dict[tuple[Any, ...], list[int]] = {}
    for one in tallies:
        for *key, documents, characters, tokens, cut in one["falls"]:
            falls[tuple(key)] += documents
            _add(sums, tuple(key), [documents, characters, tokens, cut])
        for stage, rule, fails, only in one["rules"]:
            _add(rules, (stage, rule), [fails, only])
    order = sorted(sums, key=lambda key: tuple("" if part is None else str(part) for part in key))
    return {
        "falls": [(*key, *sums[key]) for key in order],
        "rules": [(*key, *rules[key]) for key in sorted(rules)],
    }


def capped(counts: Tree, most: int = MOST_SOURCES) -> Tree:
    """Return counts with all but the sources of most documents under one name.

    A source may be a host: a million of them would be a marker of 50 MB per million rows.
    """
    documents: Counter[str] = Counter()
    for _, _, _, source, _, count, *_ in counts["falls"]:
        documents[source or ""] += count
    if len(documents) <= most:
        return counts
    kept = set(sorted(documents, key=lambda name: (-documents[name], name))[:most])
    falls = [
        (*fall[:3], fall[3] if (fall[3] or "") in kept else _OTHER, *fall[4:])
        for fall in counts["falls"]
    ]
    return merge([{**counts, "falls": falls}])


def _add(into: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], values: list[int]) -> None:
    have = into.setdefault(key, [0] * len(values))
    for index, value in enumerate(values):
        have[index] += value


def funnel(counts: Tree, stages: list[str]) -> list[Tree]:
    """Return one entry per stage, in the order of the job: what came in, what left, and why.

    `read` comes first: rows that could not be read. Documents, characters and tokens add up:
    in = kept + dropped + failed, and what a stage keeps is what the next one gets.
    """
    left: dict[str, Tree] = {}
    whole = [0, 0, 0]
    for fate, stage, reason, source, lang, *sums, _cut in counts["falls"]:
        whole = [a + b for a, b in zip(whole, sums, strict=True)]
        if fate == "kept":
            continue
        entry = left.setdefault(stage, {"dropped": [0] * 3, "failed": [0] * 3, "reasons": {}})
        entry[fate] = [a + b for a, b in zip(entry[fate], sums, strict=True)]
        name = reason if fate == "dropped" else "failed"
        entry["reasons"][name] = entry["reasons"].get(name, 0) + sums[0]
        for label, value in (("sources", source), ("languages", lang)):
            by = entry.setdefault(label, {})
            by[value or ""] = by.get(value or "", 0) + sums[0]
    rows = []
    running = whole
    for stage in ["read", *stages]:
        entry = left.get(stage, {"dropped": [0] * 3, "failed": [0] * 3, "reasons": {}})
        after = [
            a - b - c for a, b, c in zip(running, entry["dropped"], entry["failed"], strict=True)
        ]
        rows.append(
            {
                "stage": stage,
                **_named("in", running),
                **_named("kept", after),
                **_named("dropped", entry["dropped"]),
                **_named("failed", entry["failed"]),
                "reasons": dict(sorted(entry["reasons"].items())),
                "lost_by_source": _most(entry.get("sources", {})),
                "lost_by_language": _most(entry.get("languages", {})),
            }
        )
        running = after
    return rows


def _named(name: str, sums: list[int]) -> Tree:
    documents, characters, tokens = sums
    return {name: documents, f"{name}_characters": characters, f"{name}_tokens": tokens}


def by_label(counts: Tree, label: str) -> Tree:
    """Return fates by `source` or `lang`: {label: {in, kept, dropped, failed}}."""
    at = {"source": 3, "lang": 4}[label]
    found: dict[str, Counter[str]] = {}
    for fall in counts["falls"]:
        have = found.setdefault(fall[at] or "", Counter())
        have["in"] += fall[5]
        have[fall[0]] += fall[5]
    rest = found.pop(_OTHER, Counter())
    most = sorted(found, key=lambda name: (-found[name]["in"], name))
    rows = {name: dict(found[name]) for name in most[:_MOST_LABELS]}
    for name in most[_MOST_LABELS:]:
        rest.update(found[name])
    if rest:
        rows[_OTHER] = dict(rest)
    return {
        name: {key: row.get(key, 0) for key in ("in", "kept", "dropped", "failed")}
        for name, row in rows.items()
    }


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    order = sorted(counts.keys() - {_OTHER}, key=lambda name: (-counts[name], name))
    rows = {name: counts[name] for name in order[:_MOST_LABELS]}
    if rest := counts.get(_OTHER, 0) + sum(counts[name] for name in order[_MOST_LABELS:]):
        rows[_OTHER] = rest
    return rows
