"""The command `stats`: the funnel, the rules and the values of signals, drawn for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cleaner.cli.app import JsonOption, RunArgument, app
from cleaner.cli.output import emit, say, show, tell, tell_wrapped
from cleaner.cli.tables import bar, terminal_width
from cleaner.config.display import share_text, time_text
from cleaner.errors import InputError, JobError

if TYPE_CHECKING:
    from cleaner.results.funnel import Counted, Group, Labelled, Step
    from cleaner.results.record import Record
    from cleaner.results.rules import Overlap, RuleCounts
    from cleaner.results.values import Values

_FEW = 10  # sources or languages that are shown unasked
_COUNTED = ("language", "source")  # in stats.json
_REASONS = 4  # reasons that are shown of a stage
_PERCENT = (1, 5, 25, 50, 75, 95, 99)


@app.command()
def stats(
    path: RunArgument,
    by: Annotated[
        str | None, typer.Option(help="what is counted: language, source, rule, or a label")
    ] = None,
    histogram: Annotated[
        str | None, typer.Option(metavar="SIGNAL", help="the values of a signal, with its limits")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the funnel, the rules, and the values of signals."""
    from cleaner.results.record import Record
    from cleaner.results.unfinished import unfinished

    record = Record(path)
    if (running := unfinished(path)) is not None:
        if by is not None or histogram is not None:
            raise InputError(
                f"{path}: this run is not finished; what fell so far: cleaner stats {path}"
            )
        emit(running) if as_json else _so_far(running)
    elif histogram is not None:
        if by is not None and by not in _COUNTED:
            raise JobError("--histogram: goes with --by language or --by source")
        _histogram(record, histogram, by or "", as_json)
    elif as_json:
        emit(record.stats if by is None else _by_json(record, by))
    elif by == "rule":
        _rules(record, every=True)
    elif by in _COUNTED:
        _groups(record, by)
    elif by is not None:
        _labels(record, by)
    else:
        _all(record)


def _so_far(said: Mapping[str, Any]) -> None:
    """Print what the phases of a run have done so far, and what fell at each stage."""
    from cleaner.results.unfinished import falls, state_in_words

    tell_wrapped(state_in_words(said))
    phases = said.get("so_far", [])
    tell("" if phases else "nothing is counted yet")
    show(
        [
            {
                "phase": one["title"],
                "done": share_text(one["units_done"], one["units"]),
                "documents": one["documents"],
                "kept": one["kept"],
                "of these": share_text(one["kept"], one["documents"]),
            }
            for one in phases
        ]
    )
    if stages := falls(said):
        tell()
    for stage, reasons in stages.items():
        tell_wrapped(f"{stage}: {sum(reasons.values()):,} fell: {_reasons(reasons)}")


def _all(record: Record) -> None:
    funnel(record)
    _time(record)
    _rules(record, every=False)
    for by in ("source", "language"):
        if len(record.stats[f"{by}s"]) > 1:
            tell()
            _groups(record, by, _FEW)
    for one in record.stats["tables"]:
        tell()
        tell_wrapped(one["heading"])
        show(one["rows"])
    for bad in record.stats["failed_files"]:
        say(f"not readable: {bad}")


def _by_json(record: Record, by: str) -> Any:
    from dataclasses import asdict

    from cleaner.results.funnel import groups
    from cleaner.results.rules import overlap, rules

    if by != "rule":
        return [
            asdict(one) for one in (groups(record, by) if by in _COUNTED else _labelled(record, by))
        ]
    return {"rules": [asdict(one) for one in rules(record)], "overlap": asdict(overlap(record))}


def funnel(record: Counted) -> None:
    """Print what each stage took and left, of documents and of texts, and why."""
    from cleaner.results.funnel import funnel as steps_of

    steps = [one for one in steps_of(record) if one.stage != "read" or one.failed.documents]
    came = record.stats["rows"]["in"]
    if not steps:
        show([{"stage": "(no stage)", "in": came}])
        return
    rows = [_documents(step, came) for step in steps]
    show(rows, _worth(rows, ("failed",)), spare=("log scale",))
    texts = [_texts(step, steps[0].came.words) for step in steps]
    tell()
    show(
        texts,
        _worth(texts, ("words cut", "words added", "documents cut")),
        spare=("documents cut", "characters kept"),
    )
    if any(step.reasons or step.tagged for step in steps):
        tell()
    for step in steps:
        if step.reasons:
            tell_wrapped(f"{step.stage}: {_reasons(step.reasons)}")
        if step.tagged:
            tell_wrapped(f"{step.stage} tagged: {_reasons(step.tagged)}")


def _time(record: Record) -> None:
    tell()
    phases = record.manifest["phases"]
    shown = [f"{one['title']} {time_text(one['seconds'])}" for one in phases if one["seconds"]]
    whole = time_text(record.manifest["seconds"])
    tell_wrapped(f"time {whole}{': ' if shown else ''}{'; '.join(shown)}")


def _documents(step: Step, came: int) -> dict[str, Any]:
    kept = step.kept.documents
    return {
        "documents": step.stage,
        "in": step.came.documents,
        "dropped": step.dropped.documents,
        "failed": step.failed.documents,
        "kept": kept,
        "of stage": share_text(kept, step.came.documents),
        "of input": share_text(kept, came),
        "log scale": bar(_log_share(kept, came), 10),
    }


def _texts(step: Step, came: int) -> dict[str, Any]:
    return {
        "texts": step.stage,
        "words in": step.came.words,
        "words dropped": step.dropped.words + step.failed.words,
        "words cut": step.cut.words,
        "words added": step.added.words,
        "documents cut": step.cut.documents,
        "words kept": step.kept.words,
        "characters kept": step.kept.characters,
        "of input": share_text(step.kept.words, came),
    }


def _worth(rows: Sequence[Mapping[str, Any]], rare: Iterable[str]) -> list[str]:
    """Return the columns of a table without those of `rare` that say nothing in any row."""
    empty = {name for name in rare if not any(row[name] for row in rows)}
    return [name for name in rows[0] if name not in empty]


def _log_share(part: int, whole: int) -> float:
    return math.log10(part + 1) / math.log10(whole + 1) if whole else 0.0


def _reasons(reasons: Mapping[str, int]) -> str:
    shown = [f"{name} {count:,}" for name, count in list(reasons.items())[:_REASONS]]
    rest = list(reasons.values())[_REASONS:]
    more = f", and {len(rest)} more {sum(rest):,}" if rest else ""
    return ", ".join(shown) + more


def _rules(record: Record, every: bool) -> None:
    from cleaner.results.rules import overlap, rules

    found = rules(record)
    pairs = overlap(record) if every else None
    where = {row["stage"]: row for row in record.stats["judges"]}
    stages = dict.fromkeys(rule.stage for rule in found)
    for stage in stages:
        mine = [rule for rule in found if rule.stage == stage]
        shown = [rule for rule in mine if every or rule.counts.fails]
        if not every:
            shown.sort(key=lambda rule: -rule.counts.fails)
        tell()
        judged = mine[0].counts.judged
        asked = where[stage]["where"]
        only = f", those where {asked}" if asked else ""
        tell_wrapped(f"{stage}: {judged:,} documents judged{only}")
        show([_rule(rule, pairs) for rule in shown], spare=("fails before", "most often with"))
        if silent := len(mine) - len(shown):
            tell(f"({silent} {'rule fails' if silent == 1 else 'rules fail'} nothing)")


def _rule(rule: RuleCounts, pairs: Overlap | None) -> dict[str, Any]:
    counts = rule.counts
    row: dict[str, Any] = {
        "rule": rule.rule,
        "fails": counts.fails,
        "of judged": share_text(counts.fails, counts.judged),
        "fails only it": counts.fails_only,
        "comes back": counts.comes_back,
    }
    if pairs is not None:
        row["fails before"] = counts.fails_before
        row["most often with"] = _partners(rule, pairs)
    return row


def _partners(rule: RuleCounts, pairs: Overlap) -> str:
    """Name the rules that fail most of the documents that a rule fails."""
    me = pairs.rules.index((rule.stage, rule.rule))
    both = pairs.both[me]
    others = sorted((n for n in range(len(both)) if n != me and both[n]), key=lambda n: -both[n])
    return ", ".join(f"{pairs.rules[n][1]} {share_text(both[n], both[me])}" for n in others[:2])


def _groups(record: Record, by: str, most: int | None = None) -> None:
    from cleaner.results.funnel import groups

    found = groups(record, by)
    show([_group(by, one) for one in found[:most]], spare=("kept words", "lost most at"))
    if most is not None and len(found) > most:
        tell(f"({len(found) - most} more: --by {by})")


def _labelled(record: Record, by: str) -> tuple[Labelled, ...]:
    from cleaner.results.finished import open_run
    from cleaner.results.funnel import labelled

    return labelled(open_run(record.path), by)


def _labels(record: Record, by: str) -> None:
    from cleaner.results.funnel import effective_number, lost_far_more

    found = _labelled(record, by)
    rows = [
        {
            **_group(by, one),
            "rewritten": one.rewritten.documents,
            "rewritten words": one.rewritten.words,
        }
        for one in found
    ]
    columns = _worth(rows, ("rewritten", "rewritten words")) if rows else []
    show([{name: row[name] for name in columns} for row in rows], spare=("lost most at",))
    came = effective_number(one.came for one in found if one.name)
    kept = effective_number(one.kept.documents for one in found if one.name)
    tell(f"\neffective number of {by}: {came:.2f} of what came, {kept:.2f} of what is kept")
    for one in lost_far_more([one for one in found if one.name]):
        share = share_text(one.kept.documents, one.came)
        tell_wrapped(
            f"alarm: {one.name} keeps {share}, less than a third of what all keep together"
        )


def _group(by: str, one: Group) -> dict[str, Any]:
    lost = max(one.lost_at.items(), key=lambda item: item[1], default=None)
    return {
        by: one.name or "(none)",
        "in": one.came,
        "kept": one.kept.documents,
        "of in": share_text(one.kept.documents, one.came),
        "kept words": one.kept.words,
        "lost most at": f"{lost[0]} {lost[1]:,}" if lost else "",
    }


def _histogram(record: Record, signal: str, by: str, as_json: bool) -> None:
    from dataclasses import asdict

    from cleaner.results.values import signals, values

    found = values(record, signal) or values(record, rule=signal)
    if not found:
        raise JobError(
            f"--histogram {signal}: no rule with a limit judges by it; those that are counted: "
            f"{', '.join(signals(record)) or 'none'}"
        )
    parts = [one for of in found if by for one in values(record, of.signal, rule=of.rule, by=by)]
    if as_json:
        emit([asdict(one) for one in (*found, *parts)])
        return
    for place, one in enumerate(found):
        if place:
            tell()
        _draw(one)
        mine = [part for part in parts if (part.stage, part.rule) == (one.stage, one.rule)]
        tell()
        show([_percentiles(part, by) for part in (one, *mine)], spare=("p1", "p99", "p5", "p95"))


def _percentiles(one: Values, by: str) -> dict[str, Any]:
    name = one.value or "(none)" if one.by else "all"
    at = one.quantiles(share / 100 for share in _PERCENT)
    documents = sum(one.documents)
    passing = sum(one.passing(one.limit))
    return {
        by or "percentiles": name,
        "documents": documents,
        "inside": share_text(passing, documents),
        **{f"p{share}": value for share, value in zip(_PERCENT, at, strict=False)},
    }


def _draw(one: Values) -> None:
    """Draw a signal's values as bars, with the limit of the rule between them."""
    from cleaner.results.drawing import drawn, limit_text

    whole = sum(one.documents)
    rule = f" {one.rule}" if one.rule else ""
    kept = limit_text(one.limit)
    tell_wrapped(f"{one.stage}{rule}: {one.signal}{f', kept if {kept}' if kept else ''}")
    passing = one.passing(one.limit)
    unknown = f", {one.unmeasured:,} not measured" if one.unmeasured else ""
    tell_wrapped(
        f"{whole:,} documents, {sum(passing):,} inside"
        f" ({passing[0]:,} with nothing else against them){unknown}"
    )
    width = min(terminal_width() or 100, 120)
    bins = drawn(one)
    texts = [one.label for one in bins]
    side, count = (
        max(map(len, texts), default=0),
        max((len(f"{b.documents:,}") for b in bins), default=0),
    )
    room = max(8, width - side - count - 4)
    most = max((b.documents for b in bins), default=1) or 1
    for b, text in zip(bins, texts, strict=True):
        if b.limit:
            line = f"── {b.limit} "
            tell(line + "─" * max(0, width - 1 - len(line)))
        full = bar(b.documents / most, room) or ("▏" if b.documents else "")
        sign = full if b.inside else "░" * len(full)
        tell(f"{text:>{side}}  {b.documents:>{count},}  {sign}")
