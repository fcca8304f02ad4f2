"""Texts before and after one stage of a run, made again from the input."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import polars as pl

from cleaner.errors import JobError
from cleaner.job.job_file import Entry
from cleaner.job.plan import make_plan
from cleaner.job.stage_spec import StageSpec
from cleaner.results.finished import Run, drawn, stage_title
from cleaner.results.source_texts import Source
from cleaner.runs.phases.chain import absent, applied

_TRIED = 500  # documents made again at most for those whose counts stayed as they were
_AROUND = 1  # lines shown beside what changed


@dataclass(frozen=True)
class Changed:
    """A document whose text a stage changed."""

    row: dict[str, Any]  # of the ledger
    before: str
    after: str
    shown: tuple[str, ...]  # lines: `- ` cut, `+ ` new, `  ` as it was, `… ` for many of these


def changed(run: Run, stage: str, count: int, seed: int = 0) -> Iterator[Changed]:
    """Yield documents that went on from a stage with another text, drawn by a seed.

    The text before is that of the input after the stages before this one. Raises JobError for a
    stage that changes no text, or whose texts cannot be made again from single documents.
    """
    entry = _entry(run, stage)
    again = Again(run, entry)
    for row in _candidates(run, entry, count + _TRIED, seed).iter_rows(named=True):
        if count == 0:
            return
        if (found := again.document(row)) is not None:
            count -= 1
            yield found


def lines_changed(run: Run, entry: Entry, row: dict[str, Any]) -> tuple[str, ...]:
    """Return the lines of one document that a stage changed, with some around them."""
    found = Again(run, entry).document(row)
    return () if found is None else found.shown


def _entry(run: Run, wanted: str) -> Entry:
    title = stage_title(run, wanted)
    entry = next((one for one in run.job.stages if one.title == title), None)
    if entry is None or not entry.stage.changes_text:
        those = [one.title for one in run.job.stages if one.stage.changes_text]
        raise JobError(f"--diff: {title} changes no text; available: {', '.join(those) or 'none'}")
    sees_all = [e for e in run.job.stages[: entry.index + 1] if e.stage.global_stage() is not None]
    for other in sees_all:
        if other.stage.changes_text:
            raise JobError(
                f"--diff: {other.title} sees all documents, and what it cut of one cannot be made "
                f"again from it; --diff shows the stages before it"
            )
    return entry


def _candidates(run: Run, entry: Entry, most: int, seed: int) -> pl.DataFrame:
    """Return the ledger rows that went on from a stage, those with other counts first."""
    rows = run.scan_ledger()
    names = [n for n in rows.collect_schema().names() if n.split("@")[0] == "characters"]
    if not names:
        raise JobError(f"--diff: {run.path} was made without `ledger: full`; it keeps no counts")
    at = {int(name.split("@")[1]): name for name in names if "@" in name}
    before = max((index for index in at if index <= entry.index), default=None)
    after = min((index for index in at if index > entry.index), default=None)
    last = pl.col("characters" if after is None else at[after])
    first = pl.col(at[before]) if before is not None else last
    went_on = drawn(rows.filter(first.is_not_null(), last.is_not_null()), seed)
    differ = last != first if before is not None else pl.lit(True)
    return went_on.sort(~differ, "_draw").drop("_draw").head(most).collect()


class Again:
    """Documents of a run's input, taken through its stages once more."""

    def __init__(self, run: Run, entry: Entry) -> None:
        self.entry, self.source = entry, Source(run)
        reads = make_plan(run.job, out=run.path).reads
        self.steps = [StageSpec.of(one, reads.get(one.index, {})) for one in _needed(run, entry)]

    def before(self, row: dict[str, Any]) -> pl.DataFrame | None:
        """Return one document as the stage met it; None: its input is gone."""
        docs = self.source.document(row)
        if docs is None:
            return None
        for step in self.steps[:-1]:
            docs = _applied(step, docs)
        return docs

    def document(self, row: dict[str, Any]) -> Changed | None:
        """Return what the stage did to one document; None: nothing, or its input is gone."""
        docs = self.before(row)
        if docs is None:
            return None
        after = _applied(self.steps[-1], docs)
        if "text" not in after.columns or after["text"][0] is None:
            return None
        old = docs["text"][0] if "text" in docs.columns else None
        new = after["text"][0]
        if old is None or old == new:
            return None
        return Changed(row, old, new, tuple(self._shown(docs, new)))

    def _shown(self, docs: pl.DataFrame, new: str) -> list[str]:
        old = docs["text"][0]
        told = self.entry.stage.cuts_told(docs)
        return _folded(diff(old, new) if told is None else told)


def _needed(run: Run, entry: Entry) -> list[Entry]:
    """Return the stages that a stage's text hangs on, and itself as the last."""
    chosen, asked = [entry], set(entry.stage.needs())
    for one in reversed(run.job.stages[: entry.index]):
        row_by_row = one.stage.global_stage() is None
        if row_by_row and (one.stage.changes_text or asked & one.stage.adds().keys()):
            chosen.append(one)
            asked |= one.stage.needs()
    return chosen[::-1]


def _applied(step: StageSpec, docs: pl.DataFrame) -> pl.DataFrame:
    if "html" in step.options.needs() and "html" not in docs.columns:
        return absent(docs, step.options)
    return applied(step, docs, again=True).drop("broken", "error", strict=False)


def diff(before: str, after: str) -> list[str]:
    """Return the lines of two texts: `- ` only before, `+ ` only after, `  ` in both.

    >>> diff("menu\\na line", "a line\\nan end")
    ['- menu', '  a line', '+ an end']
    """
    old, new = before.split("\n"), after.split("\n")
    shown = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            shown += [f"  {line}" for line in old[a:b]]
        else:
            shown += [f"- {line}" for line in old[a:b]] + [f"+ {line}" for line in new[c:d]]
    return shown


def _folded(lines: list[str]) -> list[str]:
    """Return lines with long stretches of unchanged ones as a count."""
    marked = [at for at, line in enumerate(lines) if not line.startswith("  ")]
    near = {at + by for at in marked for by in range(-_AROUND, _AROUND + 1)}
    shown: list[str] = []
    hidden = 0
    for at, line in enumerate([*lines, ""]):
        if at < len(lines) and at not in near:
            hidden += 1
            continue
        if hidden:
            shown.append(f"… {hidden} {'line' if hidden == 1 else 'lines'} as before")
        hidden = 0
        shown.append(line)
    return shown[:-1]
