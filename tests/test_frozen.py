"""Values of the core are frozen: whoever was handed one may keep it."""

import ast
from pathlib import Path

import pytest

CLEANER = Path(__file__).parents[1] / "cleaner"
ROOMS = ("dedup", "job", "results", "rules", "runs/phases", "runs/summary")
# These gather: a chain what it makes of a frame, a run its markers, a shadow who fell.
GATHER = {"Outcome", "State", "Fallen", "Carried"}


@pytest.mark.parametrize("room", ROOMS)
def test_every_dataclass_is_frozen_but_those_that_gather(room: str) -> None:
    found = {
        node.name: ast.unparse(one)
        for path in (CLEANER / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        for one in node.decorator_list
        if "dataclass" in ast.unparse(one)
    }
    thawed = {name for name, said in found.items() if "frozen=True" not in said}
    assert thawed <= GATHER
    assert len(found) > len(thawed)
