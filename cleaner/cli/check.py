"""The command `check`: what is in files that somebody else made."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cleaner.cli.app import app
from cleaner.cli.output import say, show, tell
from cleaner.cli.runs import known_engine, stoppable
from cleaner.config.display import share_text

if TYPE_CHECKING:
    from cleaner.results.finished import Run

JOB = "shipped:jobs/check.yaml"


@app.command()
@stoppable
def check(
    files: Annotated[list[str], typer.Argument(help="paths or globs, as in a job's input")],
    sample: Annotated[
        int, typer.Option(min=1, help="documents looked at, drawn over all files")
    ] = 20_000,
    text: Annotated[str | None, typer.Option(help="the column with the text")] = None,
    html: Annotated[str | None, typer.Option(help="the column with the page")] = None,
    out: Annotated[str | None, typer.Option(help="the run folder; default runs/check")] = None,
    engine: Annotated[str, typer.Option(help="ray, or inline: in this process")] = "ray",
) -> None:
    """Look at a corpus without a job file, and write a report.

    Languages, what published filters would drop, duplicates, personal data, formulas. Nothing is
    dropped: every stage only tags.
    """
    from cleaner.cli.progress import shown
    from cleaner.config.shipped import shipped_path
    from cleaner.config.yaml12 import load_own
    from cleaner.job.guess_columns import entry_for
    from cleaner.job.job_file import parse_job
    from cleaner.job.plan import make_plan
    from cleaner.report.file import write_report
    from cleaner.results.finished import open_run
    from cleaner.runs.driver import run_plan
    from cleaner.runs.forecast import sampled

    chosen = known_engine(engine)
    entry = entry_for(files, html, text)
    say("reads " + ", ".join(f"{key}: {value}" for key, value in entry.items() if key != "paths"))
    with open(shipped_path(JOB), encoding="utf-8") as file:
        job = {**load_own(file.read()), "input": entry}
    folder = out or "runs/check"
    whole = make_plan(parse_job(job), out=folder)
    plan = whole if whole.rows and whole.rows <= sample else sampled(whole, sample)
    with shown(sys.stderr, False) as progress:
        run_plan(
            plan,
            folder,
            engine=chosen,
            report=progress.report,
            warn=progress.warn,
            note=progress.note,
            replace=True,
        )
    run = open_run(folder)
    _told(run)
    page = write_report(run)
    tell(f"\nreport: {page if '://' in page else os.path.abspath(page)}")


def _told(run: Run) -> None:
    """Print what was found: languages, then what each filter and deduplication would take."""
    stats: Mapping[str, Any] = run.stats
    whole = stats["rows"]["in"]
    tell(f"{whole:,} documents, {stats['stages'][-1]['kept_words']:,} {stats['token_unit']}")
    languages = sorted(stats["languages"].items(), key=lambda item: (-item[1]["in"], item[0]))
    told = ", ".join(
        f"{name or 'none'} {share_text(row['in'], whole)}" for name, row in languages[:8]
    )
    tell(f"languages: {told}\n")
    show(
        [
            {
                "would take": judge["stage"],
                "judged": judge["judged"],
                "fail": judge["fails"],
                "of them": share_text(judge["fails"], judge["judged"]),
                "most by": _worst(stats, judge["stage"]),
            }
            for judge in stats["judges"]
            if judge["stage"].split(".")[1].startswith("filter")
        ]
        + [
            {
                "would take": title, "judged": whole, "fail": found["dropped"],
                "of them": share_text(found["dropped"], whole), "most by": "",
            }
            for title, found in stats["dedup"].items()
        ]
    )  # fmt: skip


def _worst(stats: Mapping[str, Any], stage: str) -> str:
    rules = [rule for rule in stats["rules"] if rule["stage"] == stage and rule["fails"]]
    worst = sorted(rules, key=lambda rule: (-rule["fails"], rule["rule"]))[:2]
    return ", ".join(
        f"{rule['rule']} {share_text(rule['fails'], rule['judged'])}" for rule in worst
    )
