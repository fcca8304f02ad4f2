"""Every example in a docstring, of the package and of the samples' generator, is run."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATHS = [path for place in ("cleaner", "samples") for path in sorted((ROOT / place).rglob("*.py"))]
WITH_EXAMPLES = [path.relative_to(ROOT) for path in PATHS if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=str)
def test_examples_say_what_is_true(path: Path) -> None:
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0
    assert done.failed == 0
