"""Documents to read: kept ones, and some for every reason for which others went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cleaner.report.contents import Document, Pair, SampleGroup
from cleaner.report.mathematics import shown
from cleaner.results.finished import Run, drawn, verdict
from cleaner.results.source_texts import texts_of

KEPT, EACH, MOST_GROUPS = 24, 5, 40
LONGEST = 1800  # characters of a text that are shown
_DRAWN_AS_MATHML = 60_000  # characters of texts; formulas in the rest stay as TeX, for size
_NAME = 400  # characters of an id or an address
_PAIRS = 3  # of a stage that looks for duplicates


@dataclass(frozen=True)
class Samples:
    """Documents with the groups they are listed under, and duplicates beside what was kept."""

    documents: Sequence[Document]
    groups: Sequence[SampleGroup]
    pairs: dict[str, list[Pair]]


def samples(run: Run, seed: int = 0) -> Samples:
    """Return documents drawn by a seed, the commonest reasons first.

    Raises InputError for a run that keeps no rows in its ledger.
    """
    rows = _drawn(run, seed)
    texts = rows["text"].to_list() if "text" in rows.columns else texts_of(run, rows)
    budget = _DRAWN_AS_MATHML
    documents, counts = [], dict[str, int]()
    for row, text in zip(rows.iter_rows(named=True), texts, strict=True):
        group = "kept" if row["fate"] == "kept" else f"{row['stage']} {row['reason'] or 'failed'}"
        documents.append(_document(run, row, text, group, budget > 0))
        counts[group] = counts.get(group, 0) + 1
        budget -= len(text or "")
    groups = [SampleGroup(name, name.replace(" ", ": ", 1), n) for name, n in counts.items()]
    return Samples(documents, groups, _pairs(run, rows, texts))


def _drawn(run: Run, seed: int) -> pl.DataFrame:
    """Return rows: `KEPT` of those kept, `EACH` of each reason.

    They are of the shadow sample, which has their texts; else of the ledger.
    """
    groups = ["fate", "stage", "reason"]
    shadow = run.scan_shadow()
    ledger = run.scan_ledger() if shadow is None else shadow
    keys = drawn(ledger.select("file", "row", *groups), seed)
    number = pl.when(pl.col("fate") == "kept").then(KEPT).otherwise(EACH)
    found = (
        keys.with_columns(
            place=pl.col("_draw").rank("ordinal").over(groups), size=pl.len().over(groups)
        )
        .filter(pl.col("place") <= number)
        .collect()
    )
    order = found.sort(
        pl.col("fate") != "kept", "size", "stage", "reason", "place",
        descending=[False, True, False, False, False],
    ).with_columns(order=pl.int_range(pl.len()))  # fmt: skip
    order = order.head(KEPT + EACH * MOST_GROUPS).select("file", "row", "order")
    rows = ledger.join(order.lazy(), on=["file", "row"], how="inner").sort("order").collect()
    return rows.drop("order")


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
    found: dict[str, list[Pair]] = {}
    for row, text in zip(rows.iter_rows(named=True), texts, strict=True):
        if row["duplicate_row"] is None or row["fate"] != "dropped" or text is None:
            continue
        pairs = found.setdefault(row["stage"], [])
        if len(pairs) == _PAIRS:
            continue
        partner = run.at(row["duplicate_file"], row["duplicate_row"])
        if not len(partner) or (other := texts_of(run, partner)[0]) is None:
            continue
        jaccard = f", Jaccard {row['jaccard']:.3f}" if row["jaccard"] is not None else ""
        pairs.append(
            Pair(
                title=f"{row['id']} lost to {row['duplicate_of']}{jaccard}",
                kept=shown(clipped(other, 900), formulas=False),
                dropped=shown(clipped(text, 900), formulas=False),
                lang=row["lang"],
            )
        )
    return found
