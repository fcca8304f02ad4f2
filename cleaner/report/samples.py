"""Documents to read: kept ones, and some for every reason for which others went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cleaner.report.contents import Document, Pair, SampleGroup
from cleaner.report.mathematics import shown
from cleaner.results.finished import Run, verdict
from cleaner.results.samples import first_drawn, of_each
from cleaner.results.source_texts import texts_at, texts_of

KEPT, EACH, MOST = 24, 5, 400
LONGEST = 1800  # characters of a text that are shown
_DRAWN_AS_MATHML = 30_000  # characters of texts with formulas; in the rest they stay as TeX
_NAME = 400  # characters of an id or an address
_SIDE = 900  # characters of either text of a pair
_PAIRS = 3  # of a stage that looks for duplicates


@dataclass(frozen=True)
class Samples:
    """Documents with the groups they are listed under, and duplicates beside what was kept."""

    documents: Sequence[Document]
    groups: Sequence[SampleGroup]
    pairs: dict[str, list[Pair]]


def samples(run: Run, seed: int = 0) -> Samples:
    """Return documents drawn by a seed: kept ones, then of each stage and reason in turn.

    They are of the shadow sample, which has their texts; of the ledger for a run without one.
    Raises InputError for a run that has neither.
    """
    shadow = run.scan_shadow()
    among = run.scan_ledger() if shadow is None else shadow
    kept = pl.col("fate") == "kept"
    rows = pl.concat(
        [first_drawn(among.filter(kept), KEPT, seed), of_each(among.filter(~kept), EACH, seed)]
    ).head(MOST)
    texts = texts_of(run, rows) if shadow is None else rows["text"].to_list()
    budget = _DRAWN_AS_MATHML
    documents, counts = [], dict[str, int]()
    for row, text in zip(rows.iter_rows(named=True), texts, strict=True):
        group = "kept" if row["fate"] == "kept" else f"{row['stage']} {row['reason'] or 'failed'}"
        documents.append(_document(run, row, text, group, budget > 0))
        counts[group] = counts.get(group, 0) + 1
        budget -= min(len(text), LONGEST) if text and "$" in text else 0
    groups = [SampleGroup(name, name.replace(" ", ": ", 1), n) for name, n in counts.items()]
    return Samples(documents, groups, _pairs(run, rows, texts))


def _document(
    run: Run, row: dict[str, Any], text: str | None, group: str, formulas: bool
) -> Document:
    facts = [row[name] for name in ("lang", "source") if row[name]]
    if row["url"]:
        facts.append(row["url"])
    return Document(
        name=clipped(f"{row['id'] or ''} ({row['file']}#{row['row']})".strip(), _NAME),
        verdict=clipped(verdict(run, row), _NAME),
        facts=clipped(" · ".join(facts), _NAME),
        fate=row["fate"],
        group=group,
        lang=row["lang"],
        text=None if text is None else shown(clipped(text), formulas=formulas),
    )


def clipped(text: str, most: int = LONGEST) -> str:
    """Return the beginning of a text, with how much was left out."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} more characters)"


def _pairs(run: Run, rows: pl.DataFrame, texts: Sequence[str | None]) -> dict[str, list[Pair]]:
    """Return some duplicates of each stage beside what was kept instead."""
    lost: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for row, text in zip(rows.iter_rows(named=True), texts, strict=True):
        if row["duplicate_row"] is not None and row["fate"] == "dropped" and text is not None:
            lost.setdefault(row["stage"], []).append((row, text))
    chosen = [one for of_stage in lost.values() for one in of_stage[:_PAIRS]]
    keys = [{"file": row["duplicate_file"], "row": row["duplicate_row"]} for row, _ in chosen]
    pairs: dict[str, list[Pair]] = {}
    for (row, text), partner in zip(chosen, texts_at(run, keys), strict=True):
        if partner is not None:
            pairs.setdefault(row["stage"], []).append(_pair(row, text, partner))
    return pairs


def _pair(row: dict[str, Any], text: str, partner: str) -> Pair:
    jaccard = f", Jaccard {row['jaccard']:.3f}" if row["jaccard"] is not None else ""
    return Pair(
        title=clipped(f"{row['id']} lost to {row['duplicate_of']}{jaccard}", _NAME),
        kept=shown(clipped(partner, _SIDE), formulas=False),
        dropped=shown(clipped(text, _SIDE), formulas=False),
        lang=row["lang"],
    )
