"""Whoever asks in Python and does not say how much gets what the command would show."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from typer.main import get_command

from cleaner.cli.app import app
from cleaner.results.answers import explained
from cleaner.results.before_after import changed
from cleaner.results.diff import diff
from cleaner.results.drawing import drawn
from cleaner.results.samples import sample_documents
from cleaner.results.spans import spans_of
from cleaner.results.whatif import what_if


@pytest.mark.parametrize(
    ("function", "command", "names"),
    [
        (sample_documents, "sample", {"count": 10, "seed": 0, "near": False}),
        (what_if, "whatif", {"count": 5}),
        (diff, "diff", {"count": 2}),
    ],
)
def test_a_function_has_the_defaults_of_its_command(
    function: Callable[..., Any], command: str, names: dict[str, Any]
) -> None:
    import cleaner.cli.command_line  # noqa: F401  # it names all commands

    commands: Any = get_command(app)
    of_command = {one.name: one.default for one in commands.commands[command].params}
    of_function = inspect.signature(function).parameters
    for name, value in names.items():
        assert (of_function[name].default, of_command[name]) == (value, value), name


def test_what_else_is_shown_unless_it_is_said() -> None:
    wanted: dict[Callable[..., Any], tuple[str, Any]] = {
        drawn: ("most", 14), explained: ("text", True), changed: ("seed", 0),
        spans_of: ("formulas", True),
    }  # fmt: skip
    for function, (name, value) in wanted.items():
        assert inspect.signature(function).parameters[name].default == value
