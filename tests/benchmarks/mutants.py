"""Whether the fast tests would see a fault: one small change of the core at a time.

    python tests/benchmarks/mutants.py COPY [--count 300] [--seed 0] [--only PREFIX] [--out FILE]

COPY is a checkout of its own (`git worktree add COPY`) with an environment in COPY/.venv: its files
are changed and put back. Each mutant is one change of a comparison, a truth value, a sum, a number
or a condition in the modules of TESTS, drawn by the seed, and runs the fast tests of its module
until the first that fails. What survives is printed as a diff; some are equal to the original
(an order that nobody sees, a limit that only speed knows): those are for a reader to tell.
"""

import argparse
import ast
import difflib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Modules, and the tests that hold them: fast ones, none of which starts Ray.
TESTS = {
    "cleaner/ledger.py": ["tests/test_cut_counts.py", "tests/runs/phases", "tests/test_run.py"],
    "cleaner/runs/phases": ["tests/runs/phases", "tests/test_run.py", "tests/test_carried.py"],
    "cleaner/results": ["tests/test_explain.py", "tests/test_cut_counts.py", "tests/test_cli.py"],
    "cleaner/dedup": ["tests/dedup", "tests/stages/test_dedup_stages.py"],
}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip
PATIENCE = 300  # seconds; a mutant that hangs its tests is found


def modules(root: Path, prefix: str) -> Iterator[tuple[Path, list[str]]]:
    """Yield every module that is changed, with its tests."""
    for place, tests in TESTS.items():
        for path in (
            [root / place] if place.endswith(".py") else sorted((root / place).rglob("*.py"))
        ):
            if str(path.relative_to(root)).startswith(prefix):
                yield path, tests


def places(tree: ast.Module) -> list[int]:
    """Return the numbers of the nodes that can be changed; types and texts are left alone."""
    return [number for number, node in enumerate(ast.walk(tree)) if _changed(node) is not None]


def mutant(source: str, place: int) -> str:
    """Return a module's source with the change of one node."""
    tree = ast.parse(source)
    node = next(one for number, one in enumerate(ast.walk(tree)) if number == place)
    for name, value in (_changed(node) or {}).items():
        setattr(node, name, value)
    return ast.unparse(ast.fix_missing_locations(tree))


def _changed(node: ast.AST) -> dict[str, object] | None:
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            return {"ops": [SWAPS[type(op)]()]}
        case ast.BoolOp(op=op):
            return {"op": SWAPS[type(op)]()}
        case ast.BinOp(op=op) if type(op) in SWAPS and not _is_type(node):
            return {"op": SWAPS[type(op)]()}
        case ast.Constant(value=bool() as value):
            return {"value": not value}
        case ast.Constant(value=int() as value):
            return {"value": value + 1}
        case ast.If(test=test) | ast.IfExp(test=test):
            return {"test": ast.UnaryOp(ast.Not(), test)}
        case _:
            return None


def _is_type(node: ast.BinOp) -> bool:
    """Return whether `a | b` may be a union of types."""
    names = [side for side in (node.left, node.right) if isinstance(side, ast.Name | ast.Constant)]
    return isinstance(node.op, ast.BitOr) and len(names) == 2


def survives(root: Path, path: Path, source: str, tests: list[str]) -> bool:
    """Return whether the tests of a module pass with this source in its place."""
    before = path.read_text("utf-8")
    path.write_text(source, "utf-8")
    try:
        done = subprocess.run(
            [root / ".venv/bin/python", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
             "-m", "not slow and not corpora and not ray", *tests],
            cwd=root, capture_output=True, timeout=PATIENCE,
        )  # fmt: skip
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        path.write_text(before, "utf-8")


def main() -> None:
    """Draw mutants, run their tests, print the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("copy", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="cleaner")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--minutes", type=float, default=1e9)
    given = parser.parse_args()
    root = given.copy.resolve()
    found = [
        (path, tests, place)
        for path, tests in modules(root, given.only)
        for place in places(ast.parse(path.read_text("utf-8")))
    ]
    drawn = random.Random(given.seed).sample(found, min(given.count, len(found)))
    print(f"{len(found):,} mutants; {len(drawn)} drawn with seed {given.seed}", flush=True)
    end, left, tried = time.monotonic() + 60 * given.minutes, [], 0
    for path, tests, place in drawn:
        if time.monotonic() > end:
            break
        tried += 1
        source = path.read_text("utf-8")
        plain, changed = ast.unparse(ast.parse(source)), mutant(source, place)
        if survives(root, path, changed, tests):
            name = str(path.relative_to(root))
            lines = difflib.unified_diff(
                plain.split("\n"), changed.split("\n"), name, n=1, lineterm=""
            )
            left.append("\n".join(lines))
            print(f"{tried}: survived\n{left[-1]}\n", flush=True)
    print(f"{len(left)} of {tried} survived", flush=True)
    if given.out:
        given.out.write_text(json.dumps({"tried": tried, "survived": left}, indent=1))
    sys.exit(0)


if __name__ == "__main__":
    main()
