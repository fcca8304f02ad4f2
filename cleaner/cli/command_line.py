"""The command `cleaner`: every error becomes one message and its exit code.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 an internal error,
2 the job or command is wrong, 3 the input or storage failed, 4 an alarm or the account stopped,
130 and 143 a run was stopped by Ctrl-C (or `cleaner stop`) and by SIGTERM: it can be continued.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Any

from cleaner.cli import (
    assistant,
    catalogue,
    check,
    diff,
    models,
    new,
    pages,
    removals,
    report,
    results,
    runs,
    shards,
    stats,
    whatif,
)
from cleaner.cli.app import app
from cleaner.cli.output import say
from cleaner.errors import CleanerError, StorageError
from cleaner.storage.shortages import filename, is_shortage, told
from cleaner.storage.waiting import heard

# As help lists them: what a newcomer needs first.
_ROOMS = (
    runs,
    new,
    check,
    stats,
    results,
    shards,
    removals,
    whatif,
    diff,
    report,
    catalogue,
    assistant,
    models,
    pages,
)
app.registered_commands.sort(
    key=lambda command: [room.__name__ for room in _ROOMS].index(str(command.callback.__module__))
)


def main() -> None:
    """Run the command line; every error of ours becomes one message and its exit code."""
    _speak_utf8()
    # What a command loads lives to its end; to look through it again and again for cycles would
    # take a tenth of the time of those that answer in a second.
    gc.set_threshold(50_000)
    code: Any = 0
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what this locale cannot show is escaped
            stream.reconfigure(errors="backslashreplace")
    try:
        with heard(say):
            code = app(standalone_mode=False, prog_name="cleaner")
    except CleanerError as error:
        say(f"cleaner: {error}", "error")
        code = error.exit_code
    except KeyboardInterrupt:
        say("cleaner: interrupted")
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except Exception as error:
        code = _unexpected(error)
    sys.exit(code if isinstance(code, int) else 0)


def _speak_utf8() -> None:
    """Begin again in UTF-8 mode where the locale is another, as on clusters of zh_CN.GBK.

    Job files, corpora and pyarrow's paths are UTF-8 everywhere; only the terminal stays as it is.
    """
    if sys.flags.utf8_mode or sys.getfilesystemencoding() == "utf-8":
        return
    env = {"PYTHONIOENCODING": sys.stdout.encoding, **os.environ, "PYTHONUTF8": "1"}
    words = [word.encode("utf-8", "surrogateescape") for word in sys.orig_argv]
    os.execve(sys.executable, words, env)


def _wrong_usage(error: Any) -> int:
    """Say what is wrong with a command line, and where its help is; the help itself without one."""
    said = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        say(said)
        return 2
    context = getattr(error, "ctx", None)
    command = "cleaner" if context is None else context.command_path
    asked = said.endswith("?")
    say(f"cleaner: {said.rstrip('.')}{' See' if asked else '; see'}: {command} --help")
    return 2


def _unexpected(error: Exception) -> int:
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        return _wrong_usage(error)
    if is_shortage(error):
        say(f"cleaner: {told(error, filename(error) or 'this machine')}", "error")
        return StorageError.exit_code
    import traceback

    say(f"cleaner: internal error; please report: {type(error).__name__}: {error}", "error")
    say("".join(traceback.format_exception(error)).rstrip(), "error")
    return 1
