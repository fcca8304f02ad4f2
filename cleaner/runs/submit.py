"""A job to a Ray cluster through its Jobs API, by HTTP and the standard library alone."""

import json
import os
import shlex
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cleaner.errors import InputError, JobError

ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
_TIMEOUT = 30.0  # seconds for one answer
_LOOK = 2.0  # seconds between two looks at a job
_TOKEN_FILE = "~/.ray/auth_token"


@dataclass(frozen=True)
class Status:
    """Where a submitted job stands: PENDING, RUNNING, or one of ENDED, and what Ray says of it."""

    submission: str
    state: str
    message: str

    @property
    def ended(self) -> bool:
        """Return whether nothing will happen any more."""
        return self.state in ENDED


def submit(
    job: str,
    address: str,
    args: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    submission: str | None = None,
) -> Status:
    """Start `cleaner run JOB ARGS` on the cluster at `address` (http://head:8265).

    The job file, and all that it names, must lie where the cluster can read it. Submitting the
    same job again continues the run. `env` is set for the driver; Ray stores it in the clear, so
    credentials belong in the cluster's own environment.
    """
    words = ["cleaner", "run", job, "--address", "auto", *args]
    body: dict[str, Any] = {
        "entrypoint": shlex.join(words),
        "runtime_env": {"env_vars": dict(env or {})},
    }
    if submission is not None:
        body["submission_id"] = submission
    answer = _ask(address, "POST", "/api/jobs/", body)
    return status(address, answer["submission_id"])


def status(address: str, submission: str) -> Status:
    """Return where a submitted job stands."""
    said = _ask(address, "GET", f"/api/jobs/{submission}")
    return Status(submission, said["status"], said.get("message") or "")


def stop(address: str, submission: str) -> bool:
    """Ask a submitted job to stop; what it committed is kept. Return whether it was running."""
    return bool(_ask(address, "POST", f"/api/jobs/{submission}/stop")["stopped"])


def logs(address: str, submission: str) -> str:
    """Return what a submitted job has printed so far."""
    return str(_ask(address, "GET", f"/api/jobs/{submission}/logs")["logs"])


def wait(address: str, submission: str, say: Callable[[str], None] = lambda _: None) -> Status:
    """Return when a submitted job has ended, handing on what it prints meanwhile."""
    shown = 0
    while True:
        now = status(address, submission)
        printed = logs(address, submission)
        if len(printed) > shown:
            say(printed[shown:])
            shown = len(printed)
        if now.ended:
            return now
        time.sleep(_LOOK)


def token() -> str | None:
    """Return the token of Ray's authentication, found where Ray itself looks for it, or None."""
    if given := os.environ.get("RAY_AUTH_TOKEN"):
        return given.strip()
    file = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or _TOKEN_FILE).expanduser()
    return file.read_text().strip() if file.is_file() else None


def _ask(address: str, method: str, path: str, body: Any = None) -> Any:
    if not address.startswith(("http://", "https://")):
        raise JobError(
            f"--address {address}: the Jobs API speaks HTTP; give the dashboard's address, as in "
            "http://head:8265"
        )
    if "@" in urlsplit(address).netloc:
        raise JobError(
            "--address http://…@…: holds a password; the token of Ray comes from RAY_AUTH_TOKEN or "
            "RAY_AUTH_TOKEN_PATH"
        )
    request = urllib.request.Request(
        address.rstrip("/") + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    if (secret := token()) is not None:
        # Not carried along when the answer leads elsewhere.
        request.add_unredirected_header("Authorization", f"Bearer {secret}")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        said = error.read(2_000).decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        if error.code in (401, 403):
            said = (
                "the cluster wants a token; set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, or copy "
                f"the cluster's {_TOKEN_FILE} here"
            )
        raise InputError(
            f"{address}: {method} {path}: {error.code} {error.reason}: {said}"
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        raise InputError(
            f"{address}: no Ray dashboard answers there: {why}; it needs ray[default] on the head"
        ) from None
