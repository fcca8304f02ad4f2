"""One moving line on a terminal, a line per finished phase, and the same for files and programs."""

import io
import json
import re
import socket
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import INLINE, cleaner, command
from support.corpus_maker import job, write_parquet
from support.terminal import on_a_terminal

from cleaner.cli.progress import Terminal, finished, moving
from cleaner.cli.tables import width_of
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.metrics import Metrics
from cleaner.runs.phases.build import build_phases
from cleaner.runs.status import Progress, Working, read_progress
from cleaner.runs.time_left import Later

AT = Progress(
    "03-map", "3.language, 4.filter:gopher_repetition, 5.filter:gopher_quality", 3, 23, 200, 50, 0,
    1_234_567, 617_283, 5_000_000_000, 600.0, False, seconds_left=1800.0, run_seconds_left=7300.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            120,
            "4/23 3.language, 4.filter:gopher_repetition, 5.filter…  ██▌······· 25% 8.3 MB/s "
            "1.23M docs 30 min left (run ~2 h 1 min)",
        ),
        (80, "4/23 3.language, 4.filte…  ██▌······· 25% 8.3 MB/s 30 min left (run ~2 h 1 min)"),
        (60, "4/23 3.language…  25% 8.3 MB/s 30 min left (run ~2 h 1 min)"),
        (40, "4/23 25% 30 min left (run ~2 h 1 min)"),
    ],
)
def test_the_time_left_is_the_last_thing_to_be_cut(width: int, expected: str) -> None:
    assert moving(AT, width) == expected
    assert width_of(expected) < width + 1


@pytest.mark.parametrize("width", [120, 80, 60, 40])
def test_titles_in_any_script_fit(width: int) -> None:
    chinese = replace(AT, title="4.filter:中文网页质量与广告过滤规则集合" * 3)
    assert width_of(moving(chinese, width)) < width
    ended = replace(chinese, finished=True, seconds_left=0.0)
    lines = finished(ended, width).split("\n")
    assert "1,234,567 documents, kept 50.0%" in lines[-1]
    assert width_of(lines[0]) <= max(width, width_of(lines[-1]))


def test_a_terminal_has_one_moving_line_and_a_line_for_each_phase() -> None:
    screen = Terminal(stream := io.StringIO())
    for phase in range(3):
        for done in (0, 100, 200):
            at = replace(AT, phase=f"{phase}", title=f"{phase}.stage", units_done=done)
            screen.report(at)
        screen.warn(f"warning {phase}")
        screen.report(replace(at, finished=True))
        screen.report(replace(at, finished=True))
    screen.clear()
    left = [line.split("\r\x1b[K")[-1] for line in stream.getvalue().split("\n")]
    stay = [line for line in left if line and "warning" not in line]
    assert [line.split(": ")[0] for line in stay] == [f"4/23 {n}.stage" for n in range(3)]
    assert sum("warning: warning" in line for line in left) == 3
    assert left[-1] == ""  # nothing moves any more


def test_a_run_on_a_terminal_says_each_phase_once(tmp_path: Path) -> None:
    plain = job(
        [write_parquet(tmp_path / "in.parquet", 40)], {"normalise": {}}, {"exact_dedup": {}}
    )
    (tmp_path / "job.yaml").write_text(json.dumps(plain))
    where = str(tmp_path / "run")
    shown = on_a_terminal((80, 24), "run", str(tmp_path / "job.yaml"), "--out", where, *INLINE)
    lines = [line.split("\r\x1b[K")[-1] for line in shown]
    built = build_phases(make_plan(parse_job(plain)))
    # So few documents need no small files joined; a phase without work says nothing.
    working = [str(n + 1) for n, one in enumerate(built) if not one.name.endswith(".merged")]
    phases = [match[1] for line in lines if (match := re.match(r"(\d+)/\d+ .*, \d", line))]
    assert phases == working
    assert not any("running" in line for line in lines)
    assert max(map(width_of, (line for line in lines if re.match(r"\d+/\d+ ", line)))) <= 80


def test_the_time_of_all_phases_is_a_guess_from_the_first(tmp_path: Path) -> None:
    plain = job([write_parquet(tmp_path / "in.parquet", 4)], {"exact_dedup": {}})
    phases = build_phases(make_plan(parse_job(plain)))
    assert 0 < Later(phases, 0, {})(100.0) < 100  # type: ignore[operator]
    assert Later(phases, 1, {})(100.0) is None  # the first one was done by an earlier attempt
    assert Later(phases, len(phases) - 1, {phases[0].name: 9.0})(1.0) == 0.0


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("progress")
    for n in range(3):
        write_parquet(folder / f"in/{n}.parquet", 40, seed=n)
    plain = job([folder / "in/*.parquet"], {"filter": "gopher_quality"}, {"exact_dedup": {}})
    (folder / "job.yaml").write_text(json.dumps(plain))
    return folder


def test_a_run_that_is_not_finished_tells_what_fell_so_far(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Stopped in its second phase: the first one's counts are there, as the whole run has them."""
    plan = make_plan(parse_job(json.loads((corpus / "job.yaml").read_text())))
    folder = str(tmp_path / "run")

    def stop(progress: Progress) -> None:
        if progress.number >= 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, folder, engine="inline", report=stop)
    assert command(monkeypatch, "stats", folder) == 0
    said = capsys.readouterr().out
    told = read_progress(folder)
    assert told is not None
    (first,) = told["so_far"]
    assert "stopped" in said
    assert f"{first['documents']} " in said
    assert command(monkeypatch, "stats", folder, "--by", "rule") == 3
    capsys.readouterr()
    run_plan(plan, folder, engine="inline")
    assert command(monkeypatch, "stats", folder, "--json") == 0
    stats = json.loads(capsys.readouterr().out)
    row = next(row for row in stats["stages"] if row["stage"] == "0.filter:gopher_quality")
    mine = {reason: n for stage, reason, n in first["falls"] if stage == row["stage"]}
    assert mine == row["reasons"]
    assert (first["documents"], first["kept"]) == (row["in"], row["kept"])


@pytest.mark.ray
def test_units_under_way_are_known_with_node_and_file(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers freeze before their first commit; whoever looks sees where and at what."""
    monkeypatch.setenv("CLEANER_FAILPOINT", "00-map:*:data:stop")
    plan = make_plan(parse_job(json.loads((corpus / "job.yaml").read_text())), unit_limit=1)
    seen: list[Progress] = []

    def look(progress: Progress) -> None:
        if len(progress.under_way) == 2:
            seen.append(progress)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, str(tmp_path / "run"), engine="ray", workers=2, report=look)
    (at,) = seen
    assert {one.node for one in at.under_way} == {socket.gethostname()}
    assert all(one.file.startswith(str(corpus / "in")) for one in at.under_way)
    assert at.waiting == at.units - 2


def metrics_of(path: Path) -> dict[str, float]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_are_those_of_the_run(corpus: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "run.prom", str(tmp_path / "run")
    words = ("run", str(corpus / "job.yaml"), "--out", out, "--metrics", str(path), *INLINE)
    assert cleaner(*words).returncode == 0
    stats = json.loads((tmp_path / "run/stats.json").read_text())
    found = metrics_of(path)
    fallen = sum(v for name, v in found.items() if name.startswith("cleaner_fallen_documents"))
    assert fallen == stats["rows"]["dropped"] + stats["rows"]["failed"]
    assert found[f'cleaner_ended{{run="{out}",how="finished"}}'] == 1
    assert found[f'cleaner_running{{run="{out}"}}'] == 0
    assert list(tmp_path.glob("*.prom*")) == [path]  # nothing half written is left


def test_metrics_are_in_the_format_of_prometheus() -> None:
    at = replace(
        AT,
        falls=(('0.filter:"a"\\', "x\ny", 3),),
        under_way=(Working("000001", 9.5, "node-a", "s3://b/a.parquet"), Working("2", 3, "b", "")),
        retries={"node": 2},
        lost_seconds=7200.0,
        waiting=100,
    )
    metrics = Metrics("unused", "runs/a")
    metrics.phases[at.phase] = at
    text = metrics.text()
    name, label = r"[a-z_]+", r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = rf"{name}\{{{label}(?:,{label})*\}} [-+.e0-9]+"
    for line in text.splitlines():
        assert re.fullmatch(rf"# (HELP|TYPE) {name} .+|{sample}", line), line
    assert 'cleaner_lost_worker_seconds_total{run="runs/a"} 7200' in text
    assert 'cleaner_retries_total{run="runs/a",cause="node"} 2' in text
    assert 'cleaner_units{run="runs/a",state="working"} 50' in text
    assert 'cleaner_oldest_unit_seconds{run="runs/a",node="node-a"} 9.5' in text
    names = [line.split("{")[0] for line in text.splitlines() if not line.startswith("#")]
    assert names == sorted(names, key=names.index)  # those of one name stand together


def test_the_board_asks_for_metrics_that_there_are() -> None:
    from cleaner.runs.metrics import _ABOUT

    board = json.loads((Path(__file__).parents[2] / "jobs/cluster/grafana.json").read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"cleaner_[a-z_]+", target["expr"])
    }
    assert asked <= set(_ABOUT)
    assert len(asked) >= 10


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    """A command that writes down what it is told."""
    script = tmp_path / "my bell.sh"
    log = tmp_path / "bell.log"
    script.write_text(f'#!/bin/sh\nprintf "%s " "$CLEANER_EVENT" >>"{log}"\ncat >>"{log}"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def heard(tmp_path: Path) -> list[tuple[str, dict[str, Any]]]:
    event, _, said = (tmp_path / "bell.log").read_text().partition(" ")
    return [(event, json.loads(said))]


def test_a_command_hears_of_the_end(corpus: Path, tmp_path: Path, bell: Path) -> None:
    words = ("run", str(corpus / "job.yaml"), "--out", str(tmp_path / "run"), *INLINE)
    assert cleaner(*words, "--notify", f"'{bell}' x").returncode == 0
    ((event, said),) = heard(tmp_path)
    assert (event, said["event"], said["run"]) == ("finished", "finished", str(tmp_path / "run"))
    assert said["rows"]["in"] == 120


def test_a_command_hears_of_a_failure(corpus: Path, tmp_path: Path, bell: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"none")
    plain = {**job([tmp_path / "bad.parquet", corpus / "in/0.parquet"]), "max_error_rate": 0.0}
    (tmp_path / "job.yaml").write_text(json.dumps(plain))
    words = ("run", str(tmp_path / "job.yaml"), "--out", str(tmp_path / "run"), *INLINE)
    assert cleaner(*words, "--notify", f"'{bell}'").returncode == 3
    ((event, said),) = heard(tmp_path)
    assert event == "failed"
    assert "max_error_rate" in said["message"]


@pytest.mark.parametrize("notify", ["/no/such/command", "sh -c 'exit 3'"])
def test_a_bad_command_changes_no_exit_code(corpus: Path, tmp_path: Path, notify: str) -> None:
    words = ("run", str(corpus / "job.yaml"), "--out", str(tmp_path / "run"), *INLINE)
    done = cleaner(*words, "--notify", notify)
    assert done.returncode == 0
    assert "warning: --notify: " in done.stderr


def test_status_names_the_oldest_units_with_node_and_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cleaner.storage.run_folder import plain_json

    plan = make_plan(parse_job(job([write_parquet(tmp_path / "in.parquet", 4)])))
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    said = read_progress(str(tmp_path / "run"))
    assert said is not None
    said |= {
        "identity": "another", "title": "0.normalise", "phase": "00-map",
        "under_way": [{"unit": "000007", "seconds": 754.0, "node": "n-17", "file": "s3://b/cc/9.warc"}],
        "retries": {"node": 3}, "lost_seconds": 5400.0, "seconds_left": 90.0,
        "run_seconds_left": 7200.0,
    }  # fmt: skip
    for name in ("ended", "state", "alive", "age"):
        said.pop(name, None)
    (tmp_path / "run/_work/progress.json").write_bytes(plain_json(said))
    assert command(monkeypatch, "status", str(tmp_path / "run")) == 0
    told = capsys.readouterr().out
    assert "left: this phase 1 min 30 s, the run about 2 h" in told
    assert "attempts that died: node 3; 1.50 worker-hours lost" in told
    assert re.search(r"000007 +12 min 34 s +n-17 +s3://b/cc/9\.warc", told)
