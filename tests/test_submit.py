"""Submitting: what goes over the wire, what comes back, and a real Ray head."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet

from cleaner.errors import InputError, JobError
from cleaner.runs import submit


class Head(HTTPServer):
    """As much of the Jobs API as we speak, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any, str | None]] = []
        self.states = ["PENDING", "RUNNING", "SUCCEEDED"]
        self.secret: str | None = None
        super().__init__(("127.0.0.1", 0), _Answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Head

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self.headers.get("Authorization")
        asked = json.loads(body) if body else None
        self.server.asked.append((self.command, self.path, asked, given))
        if self.server.secret is not None and given != f"Bearer {self.server.secret}":
            return self._say(401, "Unauthorized")
        if self.command == "POST" and self.path == "/api/jobs/":
            return self._say(200, json.dumps({"submission_id": "raysubmit_1"}))
        if self.path.endswith("/logs"):
            return self._say(200, json.dumps({"logs": "one\ntwo\n"[: 4 * len(self.server.asked)]}))
        if self.path.endswith("/stop"):
            return self._say(200, json.dumps({"stopped": True}))
        if self.path == "/api/jobs/raysubmit_1":
            state = self.server.states.pop(0)
            return self._say(200, json.dumps({"status": state, "message": None}))
        return self._say(404, "Traceback ...\nRuntimeError: no such job")

    def _say(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = _answer


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Head]:
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(submit, "_LOOK", 0.01)
    with Head() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_a_job_is_one_request_and_its_words_are_quoted(head: Head) -> None:
    found = submit.submit("my job.yaml", head.url, ["--out", "s3://b/r; rm -rf /"], env={"A": "1"})
    assert found == submit.Status("raysubmit_1", "PENDING", "")
    assert head.asked[0] == (
        "POST",
        "/api/jobs/",
        {
            "entrypoint": "cleaner run 'my job.yaml' --address auto --out 's3://b/r; rm -rf /'",
            "runtime_env": {"env_vars": {"A": "1"}},
        },
        None,
    )


def test_waiting_hands_on_what_the_job_prints(head: Head) -> None:
    printed: list[str] = []
    done = submit.wait(head.url, "raysubmit_1", printed.append)
    assert (done.state, done.ended) == ("SUCCEEDED", True)
    assert "".join(printed) == "one\ntwo\n"
    assert submit.stop(head.url, "raysubmit_1")


@pytest.mark.parametrize("where", ["variable", "file"])
def test_the_token_goes_along_and_never_into_a_message(
    head: Head, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    head.secret = "s3cret"
    with pytest.raises(InputError, match="the cluster wants a token"):
        submit.status(head.url, "raysubmit_1")
    if where == "variable":
        monkeypatch.setenv("RAY_AUTH_TOKEN", "s3cret\n")
    else:
        (tmp_path / "none").write_text("s3cret\n")
    assert submit.status(head.url, "raysubmit_1").state == "PENDING"
    with pytest.raises(InputError, match="404 Not Found: RuntimeError: no such job") as wrong:
        submit.status(head.url, "other")
    assert "s3cret" not in str(wrong.value)


def test_addresses_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(JobError, match=r"as in http://head:8265"):
        submit.submit("job.yaml", "ray://head:10001")
    with pytest.raises(InputError, match="no Ray dashboard answers there"):
        submit.submit("job.yaml", "http://127.0.0.1:9")


@pytest.mark.slow
@pytest.mark.ray
def test_a_real_head_runs_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp_cors", reason="needs ray[default]")
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    command = tmp_path / "bin/cleaner"  # as an installed package would put it on the path
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cleaner "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    path = write_parquet(tmp_path / "in/a.parquet", 60)
    file = tmp_path / "job.yaml"
    file.write_text(json.dumps(job([path], {"normalise": {}})))
    start = [*ray, "start", "--head", "--num-cpus=1", "--port=0", "--dashboard-port=8299"]
    head = subprocess.Popen([*start, "--include-dashboard=true", "--block"])
    try:
        url = "http://127.0.0.1:8299"
        _until_it_answers(url)
        out = ["--out", str(tmp_path / "run")]
        begun = submit.submit(str(file), url, out, env={"PYTHONPATH": str(Path.cwd())})
        done = submit.wait(url, begun.submission)
        assert done.state == "SUCCEEDED", submit.logs(url, begun.submission)
    finally:
        head.terminate()
        head.wait(60)
    assert json.loads((tmp_path / "run/manifest.json").read_text())["rows"]["kept"] == 60


def _until_it_answers(url: str) -> None:
    import time
    import urllib.request

    for _ in range(120):
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"{url}: no answer in a minute")
