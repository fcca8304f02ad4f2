"""Commands that show a run to people: `report` and `audit`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cleaner.cli.app import JsonOption, RunArgument, app
from cleaner.cli.output import emit, say, show, tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleaner.results.audit import Question, Verdict
    from cleaner.results.finished import Run

_PAGE = 2500  # characters of a text shown at once
_KEYS = {
    "document": {"k": "keep", "d": "drop", "u": "unsure"},
    "pair": {"s": "same", "d": "different", "w": "worse", "u": "unsure"},
}
_ASKED = {
    "document": "[k]eep  [d]rop  [u]nsure  [m]ore text  [b]ack  [q]uit",
    "pair": "A was kept, B removed: [s]ame text, rightly removed  [d]ifferent text  "
    "B is better: [w]orse survivor  [u]nsure  [m]ore text  [b]ack  [q]uit",
}


@app.command()
def report(
    path: RunArgument,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="where to write it; RUN/report.html")
    ] = None,
    no_text: Annotated[
        bool, typer.Option("--no-text", help="without a word of any page, to be shared")
    ] = False,
) -> None:
    """Write the report: one HTML file, no network.

    The funnel, rules with their values and limits, languages and sources, duplicates, samples; of
    a run that has not finished, what its phases have done so far.
    """
    from cleaner.report.file import write_report
    from cleaner.results.finished import open_run
    from cleaner.results.unfinished import state_in_words, unfinished

    if (running := unfinished(path)) is not None:
        say(f"this run has not finished: {state_in_words(running)}")
    tell(write_report(open_run(path), out, texts=not no_text))


@app.command()
def audit(
    path: RunArgument,
    count: Annotated[int, typer.Option("-n", min=1, help="documents to judge")] = 200,
    seed: int = 0,
    show_rates: Annotated[
        bool, typer.Option("--rates", help="only print what was found so far")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge documents blind, and say how often a run erred.

    One key per document; it can be left and continued. Says at the end how often the run was
    wrong, per stage, with 95 % intervals, and writes RUN/audit.json.
    """
    from cleaner.results.audit import questions, rates, read_audit
    from cleaner.results.finished import open_run

    run = open_run(path)
    verdicts = read_audit(run)
    if not show_rates and not as_json:
        verdicts = _judge(run, questions(run, count, seed), verdicts)
    told = rates(verdicts, [entry.title for entry in run.job.stages])
    if as_json:
        emit([vars(rate) for rate in told])
        return
    if not told:
        say(f"nothing was judged yet; see: cleaner audit {path}")
    show(
        [
            {
                "stage": rate.stage, "measure": rate.measure.replace("_", " "),
                "wrong": rate.wrong, "of": rate.judged, "%": round(100 * rate.share, 1),
                "95 % interval": f"{100 * rate.low:.1f} to {100 * rate.high:.1f}",
            }
            for rate in told
        ]
    )  # fmt: skip


def _judge(run: Run, asked: list[Question], before: list[Verdict]) -> list[Verdict]:
    """Ask until all is answered or the reader leaves; every answer is written at once."""
    from cleaner.results.audit import answered, open_questions, write_audit

    verdicts = list(before)
    while (question := next(open_questions(asked, verdicts), None)) is not None:
        done = len(asked) - len(list(open_questions(asked, verdicts)))
        key = _answer(run, question, f"{done + 1} of {len(asked)}")
        if key == "q":
            break
        if key == "b":
            verdicts = verdicts[:-1]
        else:
            verdicts.append(answered(question, _KEYS[question.kind][key]))
        write_audit(run, verdicts)
    return verdicts


def _answer(run: Run, question: Question, place: str) -> str:
    """Show a question and return the key that answers it, or b, or q."""
    texts = _texts(run, question)
    shown = _PAGE
    while True:
        tell()
        for name, text in texts.items():
            tell(f"{'─' * 20} {name} {place}".rstrip())
            tell(text[:shown] + ("…" if len(text) > shown else ""))
        tell(_ASKED[question.kind])
        key = _key()
        if key in ("b", "q") or key in _KEYS[question.kind]:
            return key
        shown = shown * 4 if key == "m" else shown


def _texts(run: Run, question: Question) -> Mapping[str, str]:
    from cleaner.results.source_texts import texts_at

    places = [{"file": question.file, "row": question.row}]
    if question.partner_file is not None and question.partner_row is not None:
        places.insert(0, {"file": question.partner_file, "row": question.partner_row})
    gone = "(its input cannot be read any more)"
    shown = [gone if text is None else text for text in texts_at(run, places)]
    return dict(zip(("A", "B") if len(shown) == 2 else ("document",), shown, strict=True))


def _key() -> str:
    """Return the next key; from a pipe, the first letter of the next line."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if line == "":
            return "q"
        return line.strip()[:1].lower()
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        key = sys.stdin.read(1).lower()
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
    if key == "\x04":
        return "q"
    return key
