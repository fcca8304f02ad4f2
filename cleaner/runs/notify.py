"""A command of the user's is called when a run ends, raises an alarm or fails."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from typing import Any

from cleaner.errors import JobError

_PATIENCE = 30.0  # seconds for the command


class Notify:
    """Calls a command with what happened, as JSON on its stdin and in its environment.

    Whatever becomes of the command, the run and its exit code stay as they are.
    """

    def __init__(self, command: str, run: str, warn: Callable[[str], None]) -> None:
        try:
            self.words = shlex.split(command)
        except ValueError as error:
            raise JobError(f"--notify {command}: {error}") from None
        if not self.words:
            raise JobError("--notify: names no command")
        self.run, self.warn = run, warn

    def __call__(self, event: str, message: str, **more: Any) -> None:
        """Tell of `event`: finished, alarm, stopped or failed."""
        said = {"event": event, "run": self.run, "message": message, **more}
        env = {
            "CLEANER_EVENT": event, "CLEANER_RUN": self.run,
            "CLEANER_MESSAGE": message.replace("\0", ""),
        }  # fmt: skip
        try:
            done = subprocess.run(
                self.words,
                input=json.dumps(said, ensure_ascii=False, default=str).encode("utf-8", "replace"),
                env={**os.environ, **env},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self.warn(f"--notify: {error}")
            return
        if done.returncode:
            last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            self.warn(f"--notify: {self.words[0]} ended with {done.returncode}: {''.join(last)}")
