"""Documents to read: kept ones, and some for every reason for which others went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from cleaner.report.contents import Document, Pair, SampleGroup
from cleaner.report.mathematics import Drawn, shown
from cleaner.results.finished import Run, verdict
from cleaner.results.passages import as_it_fell, found_in
from cleaner.results.rules import rules
from cleaner.results.samples import Edge, first_drawn, limits, near_each, of_each
from cleaner.results.source_texts import of_shadow, texts_at, texts_of
from cleaner.results.spans import Span, differing, joined

KEPT, EACH, MOST = 24, 5, 400
LONGEST = 1800  # characters of a text that are shown
_DRAWN_AS_MATHML = 30_000  # characters of texts with formulas; in the rest they stay as TeX
_NAME = 400  # characters of an id or an address
_SIDE = 900  # characters of either text of a pair
_PAIRS = 4  # of a stage that looks for duplicates
_NEAR, _NEAR_EACH = 10, 2  # limits, and documents on either side of each
_COMPARED = 3000  # characters of either text of a pair that are compared
_LONGER = 1.5  # times the survivor's length: what was dropped may have been the better one

_Read = tuple[dict[str, Any], str | None]  # a row with its text
_Shown = tuple[str, str, dict[str, Any], str | None]  # its group, what more is said of it, and both


@dataclass(frozen=True)
class Samples:
    """Documents with the groups they are listed under, and duplicates beside what was kept."""

    documents: Sequence[Document]
    groups: Sequence[SampleGroup]
    pairs: dict[str, list[Pair]]


def samples(run: Run, seed: int = 0) -> Samples:
    """Return documents drawn by a seed: kept ones, of each stage and reason, and near to limits.

    They are of the shadow sample, which has their texts; of the ledger for a run without one, and
    then none are looked for near to limits. Raises InputError for a run that has neither.
    """
    shadow = run.scan_shadow()
    among = run.scan_ledger() if shadow is None else shadow
    kept = pl.col("fate") == "kept"
    rows = pl.concat(
        [first_drawn(among.filter(kept), KEPT, seed), of_each(among.filter(~kept), EACH, seed)]
    ).head(MOST)
    texts = texts_of(run, rows) if shadow is None else rows["text"].to_list()
    drawn = [
        (_group(row), "", row, text)
        for row, text in zip(rows.iter_rows(named=True), texts, strict=True)
    ]
    near, least = _near(run, shadow, seed) if shadow is not None else ([], [])
    budget = _DRAWN_AS_MATHML
    documents, counts = [], dict[str, int]()
    for group, far, row, text in [*drawn, *near]:
        documents.append(_document(run, row, text, group, far, budget > 0))
        counts[group] = counts.get(group, 0) + 1
        budget -= min(len(text), LONGEST) if text and "$" in text else 0
    groups = [SampleGroup(name, name.replace(" ", ": ", 1), n) for name, n in counts.items()]
    others = [(row, text) for _, _, row, text in drawn if row["duplicate_row"] is not None]
    return Samples(documents, groups, _pairs(run, [*least, *others]))


def _group(row: dict[str, Any]) -> str:
    return "kept" if row["fate"] == "kept" else f"{row['stage']} {row['reason'] or 'failed'}"


def _near(run: Run, shadow: pl.LazyFrame, seed: int) -> tuple[list[_Shown], list[_Read]]:
    """Return documents near to the limits that take most, and the duplicates least alike."""
    sample = shadow.drop("text").collect()
    fails = {(one.stage, one.rule): one.counts.fails for one in rules(run)}
    judged: list[tuple[int, Edge]] = []
    compared: list[Edge] = []
    for edge in limits(run, sample.columns):
        # A rule that fails nothing has nobody near; a cut has no count of its own.
        count = fails.get((edge.entry.title, edge.rule), 0 if edge.rule else 1)
        if edge.entry.stage.global_stage() is not None:
            compared.append(edge)
        elif count:
            judged.append((count, edge))
    most = [edge for _, edge in sorted(judged, key=lambda one: -one[0])[:_NEAR]]
    found = near_each(run, sample, [*most, *compared], _NEAR_EACH, seed)
    texts = of_shadow(run, [key for rows in found for key in rows.select("file", "row").rows()])
    near: list[_Shown] = []
    least: list[_Read] = []
    for place, rows in enumerate(found):
        for row in rows.iter_rows(named=True):
            text = texts.get((row["file"], row["row"]))
            if place >= len(most):
                least.append((row, text))
                continue
            group = f"{most[place].entry.title} near {most[place].rule or 'its cut'}"
            near.append((group, f"{row['near']:.4g} from the limit", row, text))
    return near, least


def _document(
    run: Run, row: dict[str, Any], text: str | None, group: str, more: str, formulas: bool
) -> Document:
    facts = [row[name] for name in ("lang", "source", "url") if row[name]]
    marks: list[Span] = []
    if text and row["fate"] == "dropped" and row["broken"] and as_it_fell(run, row["stage"]):
        marks = [span for one in found_in(run, row, text) for span in one.spans]
    return Document(
        name=clipped(f"{row['id'] or ''} ({row['file']}#{row['row']})".strip(), _NAME),
        verdict=clipped(verdict(run, row), _NAME),
        facts=clipped(" · ".join([more, *facts] if more else facts), _NAME),
        fate=row["fate"],
        group=group,
        lang=row["lang"],
        text=None if text is None else _marked(text, marks, LONGEST, formulas and _mode(row)),
    )


def clipped(text: str, most: int = LONGEST) -> str:
    """Return the beginning of a text, with how much was left out."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} more characters)"


def _mode(row: dict[str, Any]) -> Drawn:
    return "marked" if row.get("formulas_marked") else True


def _marked(text: str, marks: Sequence[Span], most: int, formulas: Drawn) -> Markup:
    """Return a text as HTML, clipped, from its beginning or from a little before the first mark."""
    joined_marks = joined(marks)
    first = joined_marks[0].start if joined_marks else 0
    start = max(0, first - most // 4) if first > most // 2 else 0
    head = f"(after {start:,} characters) …" if start else ""
    shift = len(head) - start
    end = start + most
    moved = [
        (max(a, start) + shift, min(b, end) + shift)
        for a, b in joined_marks
        if a < end and b > start
    ]
    return shown(head + clipped(text[start:], most), moved, formulas)


def _pairs(run: Run, rows: Sequence[_Read]) -> dict[str, list[Pair]]:
    """Return some duplicates of each stage beside what was kept instead."""
    lost: dict[str, dict[tuple[int, int], tuple[dict[str, Any], str]]] = {}
    for row, text in rows:
        if row["duplicate_row"] is not None and row["fate"] == "dropped" and text is not None:
            lost.setdefault(row["stage"], {}).setdefault((row["file"], row["row"]), (row, text))
    chosen = [one for of_stage in lost.values() for one in list(of_stage.values())[:_PAIRS]]
    keys = [{"file": row["duplicate_file"], "row": row["duplicate_row"]} for row, _ in chosen]
    pairs: dict[str, list[Pair]] = {}
    for (row, text), partner in zip(chosen, texts_at(run, keys), strict=True):
        if partner is not None:
            pairs.setdefault(row["stage"], []).append(pair(row, text, partner))
    return pairs


def pair(row: dict[str, Any], text: str, partner: str, said: str = "") -> Pair:
    told = [f"{row['id']} lost to {row['duplicate_of']}"]
    if row["jaccard"] is not None:
        told.append(f"Jaccard {row['jaccard']:.3f}")
    if len(text) > _LONGER * len(partner):
        told.append(f"what was dropped is {len(text) / max(len(partner), 1):.1f} times as long")
    left, right = text[:_COMPARED], partner[:_COMPARED]
    return Pair(
        title=clipped(", ".join([*told, said] if said else told), _NAME),
        kept=_marked(partner, differing(right, left), _SIDE, formulas=False),
        dropped=_marked(text, differing(left, right), _SIDE, formulas=False),
        lang=row["lang"],
    )
