"""A run that has not finished has a report, which says so and tells what was committed."""

from pathlib import Path

import pytest
from support.commands import command
from support.corpus_maker import job, write_parquet

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.report.page import render
from cleaner.report.running import so_far
from cleaner.results.unfinished import state_in_words, unfinished
from cleaner.runs.driver import run_plan
from cleaner.runs.status import Progress


def test_a_stopped_run_is_reported_with_its_first_phase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = job(
        [write_parquet(tmp_path / "in.parquet", 40)],
        {"filter": "gopher_quality"},
        {"exact_dedup": {}},
    )
    folder = str(tmp_path / "run")

    def stop(progress: Progress) -> None:
        if progress.number >= 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(make_plan(parse_job(made)), folder, engine="inline", report=stop)
    said = unfinished(folder)
    assert said is not None
    contents = so_far(folder, said)
    (first,) = contents.phases
    assert (first.documents, first.done.split(" of ")[0]) == (40, "100 %")
    assert first.kept + sum(documents for *_, documents in contents.falls) == 40
    assert contents.subtitle.startswith(f"Not finished: phase 1 of {said['phases']}; ")
    assert "stopped" in contents.subtitle
    page = render(contents)
    assert "This run has not finished." in page
    for part in ("funnel", "rules", "samples", "made", "duplicates"):
        assert f'id="{part}"' not in page

    assert command(monkeypatch, "report", folder) == 0
    out = capsys.readouterr()
    assert out.out == f"{folder}/report.html\n"
    assert "this run has not finished: phase " in out.err
    assert "So far" in (tmp_path / "run/report.html").read_text()

    run_plan(make_plan(parse_job(made)), folder, engine="inline")
    assert unfinished(folder) is None
    assert command(monkeypatch, "report", folder) == 0
    assert "So far" not in (tmp_path / "run/report.html").read_text()


def test_nothing_counted_yet_is_said() -> None:
    said = {
        "state": "running", "alive": True, "age": 1.0, "pid": 5, "host": "b", "phase": "",
        "number": 0, "phases": 7, "so_far": [],
    }  # fmt: skip
    assert state_in_words(said) == "running: process 5 on b lives, and last reported 1 s ago"
    contents = so_far("runs/x", said)
    assert contents.name == "x"
    assert [one.value for one in contents.figures] == ["0 of 7", "0", "0"]
    assert 'id="phases"' not in render(contents)
