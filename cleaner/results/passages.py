"""The text of a document as a stage met it, and the places in it that decided there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cleaner.errors import CleanerError
from cleaner.job.job_file import Entry
from cleaner.results.finished import Run
from cleaner.results.source_texts import of_shadow, texts_at, texts_of_rows
from cleaner.results.spans import Span, covered, differing, spans_of
from cleaner.stages.filter import ByRules

# The shadow has a text as the last stage left it; no later one may have changed it.
Origin = Literal["shards", "shadow", "shadow, changed by later stages", "input"]


@dataclass(frozen=True)
class Passage:
    """What one rule found in a text."""

    stage: str
    rule: str
    signal: str
    spans: Sequence[Span]


@dataclass(frozen=True)
class Cut:
    """What one stage changed in a text: lines, `- ` cut, `+ ` new, `  ` as they were."""

    stage: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Passages:
    """A text with what was found in it."""

    text: str | None  # None: it cannot be read any more
    origin: Origin | None
    found: Sequence[Passage]
    differs: Sequence[Span] | None  # from the text of the document it lost to; None: there is none
    lacks: int  # characters of that text that are not in this one
    cut: Sequence[Cut]


NO_TEXT = Passages(None, None, (), None, 0, ())


def passages(run: Run, row: dict[str, Any]) -> Passages:
    """Return the text of a ledger row as the stage where it fell met it, with what decided."""
    text, origin = _text(run, row)
    if text is None:
        return NO_TEXT
    differs, lacks = _differs(run, row, text)
    return Passages(
        text,
        origin,
        [*found_in(run, row, text), *_item(row, text)],
        differs,
        lacks,
        _cuts(run, row),
    )


def found_in(run: Run, row: dict[str, Any], text: str) -> list[Passage]:
    """Return what each rule that a document broke found in its text, as the stage met it."""
    marked = row.get("formulas_marked") is True
    found: list[Passage] = []
    for entry, rule, signal in _broken(run, row):
        spans = spans_of(text, signal, marked, _lists(entry))
        if spans and (rule, spans) not in [(one.rule, one.spans) for one in found]:
            found.append(Passage(entry.title, rule, signal, spans))
    return found


def as_it_fell(run: Run, title: str | None) -> bool:
    """Return whether the shadow has a text as a stage met it: no later one changes texts."""
    at = _entry(run, title)
    return at is not None and not any(e.stage.changes_text for e in run.job.stages[at.index :])


def _item(row: dict[str, Any], text: str) -> list[Passage]:
    """Return where a text holds what it has of a benchmark item."""
    span = row.get("benchmark_span")
    if not span or (start := text.find(span)) < 0:
        return []
    spans = [Span(start, start + len(span))]
    return [Passage(row["stage"] or "", row["benchmark_item"], "benchmark", spans)]


def _entry(run: Run, title: str | None) -> Entry | None:
    return next((entry for entry in run.job.stages if entry.title == title), None)


def _text(run: Run, row: dict[str, Any]) -> tuple[str | None, Origin | None]:
    if row["fate"] == "kept":
        return texts_of_rows(run, [row])[0], "shards"
    at = _entry(run, row["stage"])
    sampled = of_shadow(run, [(row["file"], row["row"])]).get((row["file"], row["row"]))
    if sampled and as_it_fell(run, row["stage"]):
        return sampled, "shadow"
    if at is not None:
        from cleaner.results.before_after import Again  # it plans the job again

        try:
            docs = Again(run, at).before(row)
        except CleanerError:  # its input is gone or was changed: what is left is shown
            docs = None
        if docs is not None and "text" in docs.columns:
            return docs["text"][0], "input"
    if sampled:
        return sampled, "shadow, changed by later stages"
    text = texts_of_rows(run, [row])[0]
    return text, None if text is None else "input"


def _broken(run: Run, row: dict[str, Any]) -> list[tuple[Entry, str, str]]:
    """Return the rules that a document broke where it fell, each with the signals it reads."""
    found = []
    for name in row["broken"] or []:
        label, _, rule = name.rpartition(".")
        for entry in run.job.stages:
            mine = entry.stage.label() == f":{label}" if label else entry.title == row["stage"]
            rules = entry.stage.rule_set() if mine else None
            for one in () if rules is None else rules.rules:
                if one.name == rule:
                    found += [(entry, name, signal) for signal in one.condition.columns]
    return found


def _lists(entry: Entry) -> Any:
    return entry.stage.phrase_lists() if isinstance(entry.stage, ByRules) else None


def _differs(run: Run, row: dict[str, Any], text: str) -> tuple[Sequence[Span] | None, int]:
    if row["duplicate_row"] is None:
        return None, 0
    partner = {"file": row["duplicate_file"], "row": row["duplicate_row"]}
    [other] = texts_at(run, [partner])
    if other is None:
        return None, 0
    return differing(text, other), covered(differing(other, text))


def _cuts(run: Run, row: dict[str, Any]) -> list[Cut]:
    """Return what each stage that changes texts, and knows one document by itself, cut of this."""
    if not row["characters_cut"]:
        return []
    from cleaner.results.before_after import lines_changed

    at = _entry(run, row["stage"])
    until = len(run.job.stages) if row["fate"] == "kept" or at is None else at.index
    found = []
    for entry in run.job.stages[:until]:
        alone = entry.stage.changes_text and "text" not in entry.stage.adds()
        if alone and entry.stage.global_stage() is None:
            try:
                lines = lines_changed(run, entry, row)
            except CleanerError:  # nor can its lines be told then; the ledger has their count
                continue
            if lines:
                found.append(Cut(entry.title, lines))
    return found
