"""What became of every row: the ledger's columns, and the counts that must add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import polars as pl

# Measured on every document that has text, so that the account can count characters and words.
ALWAYS = ("characters", "words")

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
# Of the shadow, by stage: the reasons for which it would drop a document.
_VERDICT = "broken@{}"
ROWS_PER_FILE = 1_000_000
ROWS_AT_ONCE = 1 << 17  # in memory, and in a row group of a file
_MOST_LABELS = 1_000  # sources or languages listed by name; the rest is one line
MOST_SOURCES = 10_000  # counted by name in one file of the ledger
OTHER = "(other)"
ENTERED = ("first_characters", "first_words")  # counts of the text as it was first measured

Tree = dict[str, Any]


class Change(NamedTuple):
    """A stage that changes texts: the ledger's columns with the counts before it and after it."""

    stage: str
    characters: tuple[str, str]
    words: tuple[str, str]


class Changed(NamedTuple):
    """What a stage did to the texts that went on from it."""

    shortened: int  # documents that lost characters or words
    characters_cut: int
    characters_added: int
    words_cut: int
    words_added: int

    @property
    def cut(self) -> list[int]:
        """Documents (none), characters and words cut."""
        return [0, self.characters_cut, self.words_cut]

    @property
    def added(self) -> list[int]:
        """Documents (none), characters and words added."""
        return [0, self.characters_added, self.words_added]


def verdict(index: int) -> str:
    """Return the shadow's column with the reasons for which a stage would drop a document."""
    return _VERDICT.format(index)


def dropped(
    docs: pl.DataFrame, stage: str, reason: str | pl.Expr, broken: pl.Expr | None = None
) -> pl.DataFrame:
    """Return documents with their fate: dropped at a stage for a reason, the first of `broken`."""
    why = pl.lit(reason) if isinstance(reason, str) else reason
    return _fallen(
        docs, "dropped", stage, reason=why, broken=pl.concat_list(why) if broken is None else broken
    )


def failed(docs: pl.DataFrame, stage: str) -> pl.DataFrame:
    """Return documents with their fate: a stage could not judge them, `error` says why."""
    return _fallen(docs, "failed", stage)


def _fallen(docs: pl.DataFrame, fate: str, stage: str, **why: pl.Expr) -> pl.DataFrame:
    return docs.with_columns(fate=pl.lit(fate), stage=pl.lit(stage), **why)


def kept(docs: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    """Return documents with their fate: those of `which` are in a shard."""
    return docs.with_columns(fate=pl.when(which).then(pl.lit("kept")).otherwise("fate"))


def tagged(docs: pl.DataFrame, which: pl.Expr, told: pl.Expr) -> pl.DataFrame:
    """Return documents with one tag more where `which` holds."""
    more = pl.concat_list(pl.col("tagged").fill_null([]), told)
    return docs.with_columns(tagged=pl.when(which).then(more).otherwise("tagged"))


def tally(ledger: pl.DataFrame, changes: Iterable[Change] = ()) -> Tree:
    """Return the counts of some ledger rows as plain, mergeable sums.

    `falls`: by (fate, stage, reason, source, lang) documents, characters, words;
    `changes`: by stage how many documents it shortened, and how many characters and words it cut
    and added in those that went on; `entered`: characters and words of all texts as first counted;
    `tags`: by (stage, first reason) how many documents it tagged.
    """
    falls = (
        ledger.group_by("fate", "stage", "reason", "source", "lang")
        .agg(
            pl.len().alias("documents"),
            pl.col("characters").cast(pl.UInt64).sum(),
            pl.col("words").cast(pl.UInt64).sum().alias("tokens"),
        )
        .sort("fate", "stage", "reason", "source", "lang")
    )
    return {
        "falls": falls.rows(),
        "changes": [_changed(ledger, change) for change in changes],
        "tags": _tags(ledger),
        "entered": list(ledger.select(pl.col(ENTERED).cast(pl.UInt64).sum()).row(0)),
    }


def _tags(ledger: pl.DataFrame) -> list[tuple[Any, ...]]:
    if ledger["tagged"].null_count() == len(ledger):
        return []
    tags = ledger.select(pl.col("tagged").explode()).to_series().drop_nulls()
    parts = tags.str.split(",").list.first().str.extract_groups(r"^(.*):([^:]*)$").struct
    return (
        parts.rename_fields(["stage", "reason"])
        .struct.unnest()
        .group_by("stage", "reason")
        .agg(pl.len())
        .sort("stage", "reason")
        .rows()
    )


def _changed(ledger: pl.DataFrame, change: Change) -> tuple[Any, ...]:
    lost = [
        pl.col(before).cast(pl.Int64) - pl.col(after).cast(pl.Int64)
        for before, after in (change.characters, change.words)
    ]
    sums = [(side * one).clip(0).sum() for one in lost for side in (1, -1)]
    # What fell at the stage has no count after it: null, and in no sum.
    counts = ledger.select(
        pl.any_horizontal(one > 0 for one in lost).sum().alias("shortened"),
        *(one.alias(str(place)) for place, one in enumerate(sums)),
    )
    return (change.stage, *counts.row(0))


def merge(tallies: Iterable[Tree]) -> Tree:
    """Return the sum of tallies."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    changes: dict[tuple[Any, ...], list[int]] = {}
    tags: dict[tuple[Any, ...], list[int]] = {}
    entered = [0, 0]
    for one in tallies:
        for *key, documents, characters, tokens in one["falls"]:
            _add(sums, tuple(key), [documents, characters, tokens])
        for stage, *counts in one["changes"]:
            _add(changes, (stage,), counts)
        for stage, reason, documents in one.get("tags", ()):  # none in counts of an earlier release
            _add(tags, (stage, reason), [documents])
        entered = [a + b for a, b in zip(entered, one["entered"], strict=True)]
    order = sorted(sums, key=lambda key: tuple("" if part is None else str(part) for part in key))
    return {
        "falls": [(*key, *sums[key]) for key in order],
        "changes": [(*key, *counts) for key, counts in changes.items()],
        "tags": [(*key, *tags[key]) for key in sorted(tags)],
        "entered": entered,
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
        (*fall[:3], fall[3] if (fall[3] or "") in kept else OTHER, *fall[4:])
        for fall in counts["falls"]
    ]
    return merge([{**counts, "falls": falls}])


def _add(into: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], values: list[int]) -> None:
    have = into.setdefault(key, [0] * len(values))
    for index, value in enumerate(values):
        have[index] += value


def funnel(counts: Tree, stages: list[str]) -> list[Tree]:
    """Return one entry per stage, in the order of the job: what came in, what left, and why.

    `read` comes first: rows that could not be read. Documents, characters and words add up:
    in + added = kept + dropped + failed + cut, and what a stage keeps is what the next one gets.
    Characters and words are those of the text that each stage met; before a stage that makes it,
    those of the text that it makes.
    """
    left: dict[str, Tree] = {}
    changes = {stage: Changed(*sums) for stage, *sums in counts["changes"]}
    tags: dict[str, dict[str, int]] = {}
    for stage, reason, documents in counts["tags"]:
        tags.setdefault(stage, {})[reason] = documents
    nothing = Changed(0, 0, 0, 0, 0)
    whole = [0, 0, 0]
    for fate, stage, reason, source, lang, *sums in counts["falls"]:
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
    for change in changes.values():
        whole = [a + b - c for a, b, c in zip(whole, change.cut, change.added, strict=True)]
    rows = []
    running = whole
    for stage in ["read", *stages]:
        entry = left.get(stage, {"dropped": [0] * 3, "failed": [0] * 3, "reasons": {}})
        change = changes.get(stage, nothing)
        gone = zip(entry["dropped"], entry["failed"], change.cut, change.added, strict=True)
        after = [have - b - c - d + e for have, (b, c, d, e) in zip(running, gone, strict=True)]
        rows.append(
            {
                "stage": stage,
                **_named("in", running),
                **_named("kept", after),
                **_named("dropped", entry["dropped"]),
                **_named("failed", entry["failed"]),
                "shortened": change.shortened,
                **_of_text("cut", change.cut),
                **_of_text("added", change.added),
                "reasons": dict(sorted(entry["reasons"].items())),
                "tagged": tags.get(stage, {}),
                "lost_by_source": _most(entry.get("sources", {})),
                "lost_by_language": _most(entry.get("languages", {})),
            }
        )
        running = after
    return rows


def _named(name: str, sums: list[int]) -> Tree:
    documents, characters, words = sums
    return {name: documents, f"{name}_characters": characters, f"{name}_words": words}


def _of_text(name: str, sums: list[int]) -> Tree:
    return {key: value for key, value in _named(name, sums).items() if key != name}


_OF_LABEL = ("in", "kept", "dropped", "failed", "kept_words", "kept_characters")


def by_label(counts: Tree, label: str) -> Tree:
    """Return fates by `source` or `lang`: {label: {in, kept, dropped, failed, kept_words, …}}."""
    at = {"source": 3, "lang": 4}[label]
    found: dict[str, Counter[str]] = {}
    for fall in counts["falls"]:
        have = found.setdefault(fall[at] or "", Counter())
        have["in"] += fall[5]
        have[fall[0]] += fall[5]
        if fall[0] == "kept":
            have["kept_characters"] += fall[6]
            have["kept_words"] += fall[7]
    rest = found.pop(OTHER, Counter())
    most = sorted(found, key=lambda name: (-found[name]["in"], name))
    rows = {name: dict(found[name]) for name in most[:_MOST_LABELS]}
    for name in most[_MOST_LABELS:]:
        rest.update(found[name])
    if rest:
        rows[OTHER] = dict(rest)
    return {name: {key: row.get(key, 0) for key in _OF_LABEL} for name, row in rows.items()}


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    order = sorted(counts.keys() - {OTHER}, key=lambda name: (-counts[name], name))
    rows = {name: counts[name] for name in order[:_MOST_LABELS]}
    if rest := counts.get(OTHER, 0) + sum(counts[name] for name in order[_MOST_LABELS:]):
        rows[OTHER] = rest
    return rows
