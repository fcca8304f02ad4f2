"""Commands that look into a run: explain, sample, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cleaner.cli.app import JsonOption, RunArgument, app
from cleaner.cli.documents import beginning, headed, name_of, paged, with_marks
from cleaner.cli.output import emit, say, show, tell, tell_wrapped
from cleaner.cli.tables import cell
from cleaner.errors import JobError

if TYPE_CHECKING:
    from cleaner.results.finished import Explanation, Limit, Run
    from cleaner.results.passages import Passages


@app.command()
def explain(
    path: RunArgument,
    document: Annotated[str, typer.Argument(help="an id, a url, PATH#ROW or FILE#ROW")],
    text: Annotated[
        bool, typer.Option(help="show the text, with what decided marked in it")
    ] = True,
    whole: Annotated[bool, typer.Option("--whole", help="show all of the text")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what became of one document, and by which limits.

    Its fate, every limit, its duplicate and their Jaccard, and the places in its text that decided.
    """
    from cleaner.results.finished import explain as explained
    from cleaner.results.finished import open_run
    from cleaner.results.passages import passages

    opened = open_run(path)
    if as_json:
        from cleaner.results import answers as as_data

        emit(as_data.explained(opened, document, text))
        return
    found = explained(opened, document)
    texts = [passages(opened, item.row) if text else None for item in found]
    for number, (item, told) in enumerate(zip(found, texts, strict=True)):
        if number:
            tell()
        _explanation(item)
        if told is not None:
            _text(told, whole)


def _text(told: Passages, whole: bool) -> None:
    from cleaner.results.spans import covered

    if told.text is None:
        tell("\nits text cannot be read any more")
        return
    for cut in told.cut:
        tell(f"\n{cut.stage} cut of its text")
        for line in cut.lines:
            tell(f"    {line}")
    tell(f"\nits text, from the {told.origin}")
    spans = [span for one in told.found for span in one.spans]
    for one in told.found:
        places = f"{len(one.spans):,} {'place' if len(one.spans) == 1 else 'places'}"
        tell_wrapped(
            f"{one.rule}: {one.signal} in {places}, {covered(one.spans):,} characters", "  "
        )
    if told.differs is not None:
        spans += told.differs
        tell_wrapped(
            f"{covered(told.differs):,} characters, marked here, are not in the document it lost "
            f"to; {told.lacks:,} characters of that one are not here",
            "  ",
        )
    with_marks(told.text, spans, whole)


def _mark(limit: Limit) -> str:
    if limit.broken:
        return "BROKEN"
    # A stage with `on`, or one that the document never reached, judged nothing.
    return "not judged" if limit.margin is not None and limit.margin < 0 else ""


def _explanation(item: Explanation) -> None:
    from cleaner.results.finished import signals_of

    row = item.row
    headed(name_of(row), item.verdict)
    if row.get("benchmark_item") is not None:
        tell_wrapped(f"the item: {row['benchmark_text']}", "  ")
        tell_wrapped(f"the text: {row['benchmark_span']}", "  ")
    for step in item.chain:
        tell_wrapped(f"its partner {step}", "  ")
    if item.limits:
        show(
            [
                {
                    "stage": limit.stage, "rule": limit.rule, "value": limit.value,
                    "kept if": limit.condition, "margin": limit.margin,
                    "": _mark(limit),
                }
                for limit in sorted(item.limits, key=lambda limit: not limit.broken)
            ]
        )  # fmt: skip
    judged = {limit.signal for limit in item.limits}
    rest = {k: v for k, v in signals_of(row).items() if k not in judged}
    if rest:
        tell_wrapped("  ".join(f"{name}={cell(value)}" for name, value in rest.items()))


@app.command()
def sample(
    path: RunArgument,
    stage: Annotated[
        str | None, typer.Option(help="dropped at this stage (index, name or both)")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="that broke this rule")] = None,
    where: Annotated[
        str | None, typer.Option(metavar="SQL", help="a condition, as in \"lang = 'zh'\"")
    ] = None,
    near: Annotated[
        bool, typer.Option(help="nearest to the limit of a rule, a cut or a Jaccard, on both sides")
    ] = False,
    each: Annotated[
        bool, typer.Option("--each", help="-n of every stage and reason, and of what was kept")
    ] = False,
    count: Annotated[int, typer.Option("-n", min=1)] = 10,
    seed: int = 0,
    diff: Annotated[
        bool, typer.Option("--diff", help="changed by this stage: what it cut of each text")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show documents kept, dropped, or near a threshold.

    Each with the beginning of its text; on a terminal by $PAGER where they do not fit.

    With --diff: documents that a stage changed, their lines before it and after it.
    """
    from cleaner.results.finished import open_run, verdict
    from cleaner.results.samples import sample_documents
    from cleaner.results.source_texts import texts_of

    opened = open_run(path)
    if diff:
        if stage is None or rule is not None or near or each or where is not None:
            raise JobError(
                "--diff: needs --stage, a stage that changes texts, and takes -n and --seed only"
            )
        with paged():
            _diffs(opened, stage, count, seed, as_json)
        return
    if near and each:
        raise JobError("--near: goes without --each; name a rule by --rule, or a stage by --stage")
    asked: dict[str, Any] = {
        "stage": stage, "rule": rule, "near": near, "count": count, "seed": seed, "where": where,
        "each": each,
    }  # fmt: skip
    if as_json:
        from cleaner.results.answers import sampled

        emit(sampled(opened, **asked))
        return
    rows = sample_documents(opened, **asked)
    texts = texts_of(opened, rows)
    if not len(rows):
        say("no document is of that kind")
    with paged():
        for row, text in zip(rows.iter_rows(named=True), texts, strict=True):
            far = f" ({row['near']:.4g} from the limit)" if near else ""
            headed(name_of(row), verdict(opened, row) + far)
            beginning(text, lines=5)


def _diffs(opened: Run, stage: str, count: int, seed: int, as_json: bool) -> None:
    from cleaner.results.before_after import changed
    from cleaner.results.finished import verdict

    found = list(changed(opened, stage, count, seed))
    if as_json:
        emit([{**one.row, "before": one.before, "after": one.after} for one in found])
        return
    if not found:
        say(f"{stage}: it changed no text of a document that went on")
    for one in found:
        row = one.row
        headed(name_of(row), verdict(opened, row))
        for line in one.shown:
            tell(f"    {line}")
        tell()


@app.command()
def verify(path: RunArgument) -> None:
    """Read every shard and ledger file against the manifest."""
    from cleaner.results.finished import open_run
    from cleaner.results.finished import verify as verified

    opened = open_run(path)
    wrong = verified(opened)
    for line in wrong:
        tell(line)
    if wrong:
        raise typer.Exit(3)
    outputs = opened.manifest["outputs"]
    tell(f"{len(outputs)} shards, {sum(o['rows'] for o in outputs):,} rows: all as in the manifest")
