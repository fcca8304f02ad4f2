"""Whether the fast tests would see a fault: one small change of the core at a time.

    COPY/.venv/bin/python tests/benchmarks/mutants.py COPY [--count 300] [--seed 0]
        [--first 0] [--past 300] [--only PREFIX] [--again FILE] [--minutes M] [--out FILE]

COPY is a checkout of its own (`git worktree add COPY`) with an environment in COPY/.venv: its files
are changed and put back. Each mutant is one change of a comparison, a truth value, a sum, a number
or a condition in the modules of ROOMS, drawn by the seed, and runs the fast tests of its module
until the first that fails. What survives is printed as a diff; some are equal to the original
(an order that nobody sees, a limit that only speed knows): those are for a reader to tell.

A mutant whose tests run out of time is told apart from one that they fail for: it is no survivor,
and no test has seen it either. Only time of a processor counts, which other work on the machine
does not use up; a limit on the clock, ten times as long, ends what waits for ever.

A mutant costs a fork, not a start: the process that forks has imported what the tests need from
other packages and from the rooms below those that are changed, and has loaded the compiled kernels;
the modules that are changed, and all that import them, are imported in the child alone. A mutant
must be loaded to be survived: the child says whether its tests imported the changed file.
"""

import argparse
import ast
import contextlib
import difflib
import importlib
import json
import os
import pickle
import pkgutil
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# What is changed, and the tests of each room beside the one that a module has of its own; none of
# them starts Ray, none kills a run.
_CUTS = "tests/stages/test_dedup_stages.py"
_FROZEN = "tests/test_frozen.py"
_PLAIN = "tests/config/test_plain.py"
ROOMS = {
    "cleaner/ledger.py": [],
    "cleaner/runs/phases": ["tests/runs/phases/test_chain.py", _FROZEN, _PLAIN],
    "cleaner/results": [_FROZEN, "tests/cli/test_defaults.py"],
    "cleaner/dedup": [_FROZEN],
}
# Tests of a module that are named otherwise, or more than its own.
TESTS = {
    "cleaner/runs/phases/__init__.py": ["tests/runs/phases/test_base.py"],
    "cleaner/runs/phases/judge_again.py": ["tests/runs/test_recall.py"],
    "cleaner/runs/phases/chain.py": [
        "tests/runs/phases/test_chain.py", "tests/runs/phases/test_map.py",
    ],
    "cleaner/runs/phases/checkpoint.py": ["tests/runs/test_checkpoint.py"],
    "cleaner/runs/phases/export.py": ["tests/runs/test_export.py"],
    "cleaner/runs/phases/held_out.py": ["tests/runs/test_held_out.py"],
    "cleaner/runs/phases/map.py": ["tests/runs/phases/test_map.py", "tests/runs/test_recall.py"],
    "cleaner/runs/phases/mix.py": ["tests/runs/test_mix.py"],
    "cleaner/runs/phases/recall.py": ["tests/runs/test_recall.py"],
    "cleaner/runs/phases/shuffle.py": [
        "tests/runs/phases/test_shuffle.py", "tests/runs/phases/test_map.py",
    ],
    "cleaner/dedup/exact.py": ["tests/dedup/test_exact.py", _CUTS],
    "cleaner/dedup/keys.py": ["tests/dedup/test_keys.py", "tests/dedup/test_exact.py", _CUTS],
    "cleaner/dedup/lines.py": ["tests/dedup/test_line_counts.py"],
    "cleaner/dedup/near.py": ["tests/dedup/test_against.py", "tests/dedup/test_near.py"],
    "cleaner/dedup/urls.py": ["tests/dedup/test_url_keys.py"],
    "cleaner/results/finished.py": ["tests/results/test_finished.py", "tests/test_explain.py"],
    "cleaner/results/record.py": ["tests/results/test_finished.py"],
    "cleaner/results/unfinished.py": ["tests/report/test_running.py"],
    **{f"cleaner/results/{name}.py": ["tests/cli/test_stats.py"]
       for name in ("funnel", "rules")},
    **{f"cleaner/results/{name}.py": ["tests/cli/test_assistant.py"]
       for name in ("answers", "schemas")},
}  # fmt: skip
# Rooms that import none of the modules above, in the order of their layers: loaded once.
BELOW = (
    "config", "kernels", "storage", "corpus", "shards", "text", "signals", "rules",
    "models.scoring", "models.language", "web",
)  # fmt: skip
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip
PATIENCE = 600  # seconds; a mutant that hangs its tests is found
WORK = 60  # seconds of a processor, for one that loops
# Exit codes of a child; any other is that of a fault seen. A child ended by a signal has minus it.
SURVIVED, NOT_LOADED = 0, 99
LATE = (-signal.SIGXCPU, -signal.SIGKILL)


def modules(root: Path) -> dict[str, list[str]]:
    """Return what is changed, with its tests, the fastest first."""
    found: dict[str, list[str]] = {}
    for room, more in ROOMS.items():
        for path in [root / room] if room.endswith(".py") else sorted((root / room).rglob("*.py")):
            name = str(path.relative_to(root))
            own = path.parent.relative_to(root / "cleaner") / f"test_{path.name}"
            mirror = [f"tests/{own}"] if (root / "tests" / own).exists() else []
            found[name] = list(dict.fromkeys([*TESTS.get(name, mirror), *more]))
    return found


def places(tree: ast.Module) -> list[int]:
    """Return the numbers of the nodes that can be changed; types and texts are left alone."""
    types = {id(node) for one in _annotations(tree) for node in ast.walk(one)}
    return [
        number
        for number, node in enumerate(ast.walk(tree))
        if id(node) not in types and _changed(node) is not None
    ]


def _annotations(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(returns=ast.AST() as said):
                yield said
            case ast.arg(annotation=ast.AST() as said) | ast.AnnAssign(annotation=said):
                yield said


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


class Forks:
    """A process that has loaded all but what is changed, and forks a child for each mutant."""

    def __init__(self, root: Path) -> None:
        os.chdir(root)
        sys.path[:0] = [str(root), str(root / "tests")]
        self.used = 0.0  # seconds of a processor, by the child that was last
        self.root, self.scratch = root, Path(tempfile.mkdtemp(prefix="mutants-"))
        for name in ("pytest", "hypothesis", "pydantic", "yaml", "typer", "rich", "datasketch"):
            importlib.import_module(name)
        import cleaner

        assert Path(cleaner.__file__).parent == root / "cleaner", f"run this by {root}/.venv"
        # No limit on the clock, which other work on the machine would break, and no search for the
        # smallest example: the first that fails is enough.
        from hypothesis import Phase, settings

        found = [Phase.explicit, Phase.generate]
        settings.register_profile("mutants", derandomize=True, deadline=None, phases=found)
        os.environ["HYPOTHESIS_PROFILE"] = "mutants"
        for room in BELOW:
            package = importlib.import_module(f"cleaner.{room}")
            for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                importlib.import_module(one.name)
        self.tests = modules(root)
        for path in self.tests:
            assert _name(path) not in sys.modules, f"{path} is loaded before it is changed"

    def warm(self, tests: str) -> None:
        """Load the machine code that tests use, as a child says which; see that they pass."""
        said = self.scratch / "kernels"
        start = time.monotonic()
        code = self._child([tests], None, said)
        assert code == SURVIVED, f"{tests}: fails without any fault"
        for module, name, signature in pickle.loads(said.read_bytes()):  # noqa: S301
            getattr(sys.modules[module], name).compile(signature)
        print(f"{tests}: {time.monotonic() - start:.1f} s", flush=True)

    def outcome(self, name: str, source: str) -> str:
        """Return what the tests of a module make of this source in its place."""
        path = self.root / name
        before, stat = path.read_text("utf-8"), path.stat()
        path.write_text(source, "utf-8")
        # A time of its own: compiled code of another source must never be taken for this one's.
        stamp = 1_000_000_000 + zlib.crc32(source.encode()) % 100_000_000
        os.utime(path, (stamp, stamp))
        try:
            code = self._child(self.tests[name], _name(name), None)
        finally:
            path.write_text(before, "utf-8")
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert code != NOT_LOADED, f"{name}: its tests pass without loading it"
        return "survived" if code == SURVIVED else "late" if code in LATE else "killed"

    def _child(self, tests: Sequence[str], must_load: str | None, kernels: Path | None) -> int:
        """Run tests in a fork; return its exit code."""
        child = os.fork()
        if child == 0:
            code = 98
            try:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                resource.setrlimit(resource.RLIMIT_CPU, (WORK, WORK + 5) if must_load else (-1, -1))
                said = os.open(self.scratch / "said", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
                for stream in (0, 1, 2):
                    os.dup2(said, stream)
                code = _run(tests, self.scratch / "tmp")
                if code == 0 and must_load and must_load not in sys.modules:
                    code = NOT_LOADED
                if kernels is not None:
                    kernels.write_bytes(pickle.dumps(_kernels()))
            finally:
                os._exit(code)
        end, done = time.monotonic() + PATIENCE, 0
        try:
            while not done and time.monotonic() < end:
                time.sleep(0.02)
                done, status, used = os.wait4(child, os.WNOHANG)
        finally:
            with contextlib.suppress(ProcessLookupError):  # with whatever it started
                os.killpg(child, signal.SIGKILL)
            if not done:
                _, status, used = os.wait4(child, 0)
        self.used = used.ru_utime + used.ru_stime
        shutil.rmtree(self.scratch / "tmp", ignore_errors=True)
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Take away what it wrote."""
        shutil.rmtree(self.scratch, ignore_errors=True)


def _run(tests: Sequence[str], tmp: Path) -> int:
    import pytest

    asked = "not slow and not corpora and not ray"
    options = ["-x", "-q", "-p", "no:cacheprovider", "--doctest-modules", "-m", asked]
    return int(pytest.main([*options, f"--basetemp={tmp}", *tests]))


def _kernels() -> list[tuple[str, str, Any]]:
    """Return the kernels that were called here: module, name, and types of the arguments."""
    from numba.core.dispatcher import Dispatcher

    return [
        (module, name, signature)
        for module, loaded in list(sys.modules.items())
        if module.startswith("cleaner.kernels")
        for name, value in vars(loaded).items()
        if isinstance(value, Dispatcher) and value.py_func.__module__ == module
        for signature in value.signatures
    ]


def _name(path: str) -> str:
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def main() -> None:
    """Draw mutants, run their tests, print the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("copy", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="of those drawn")
    parser.add_argument("--past", type=int, default=10**9)
    parser.add_argument("--only", default="cleaner", help="modules whose path starts like this")
    parser.add_argument("--again", type=Path, help="only what survived by this earlier --out")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    root = given.copy.resolve()
    again = None if given.again is None else json.loads(given.again.read_text())
    out = None if given.out is None else given.out.resolve()
    sources = {name: (root / name).read_text("utf-8") for name in modules(root)}
    found = [(name, place) for name in sources for place in places(ast.parse(sources[name]))]
    drawn = random.Random(given.seed).sample(found, min(given.count, len(found)))
    print(f"{len(found):,} mutants; {len(drawn)} drawn with seed {given.seed}", flush=True)
    forks = Forks(root)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was changed is put back
    end, tried = time.monotonic() + 60 * given.minutes, []
    warmed: set[str] = set()
    try:
        for number, (name, place) in enumerate(drawn):
            if not given.first <= number < given.past or not name.startswith(given.only):
                continue
            if time.monotonic() > end:
                break
            plain, changed = ast.unparse(ast.parse(sources[name])), mutant(sources[name], place)
            lines = difflib.unified_diff(
                plain.split("\n"), changed.split("\n"), name, n=1, lineterm=""
            )
            shown = "\n".join(lines)
            if again is not None and shown not in again["survived"]:
                continue
            for tests in forks.tests[name]:
                if tests not in warmed:
                    forks.warm(tests)
                    warmed.add(tests)
            outcome = forks.outcome(name, changed)
            tried.append((shown, outcome))
            said = f": {name}" if outcome == "killed" else f"\n{shown}\n"
            print(f"{number}: {forks.used:.1f} s: {outcome}{said}", flush=True)
    finally:
        forks.close()
        left, late = ([one for one, is_ in tried if is_ == as_] for as_ in ("survived", "late"))
        print(f"{len(left)} of {len(tried)} survived; {len(late)} ran out of time", flush=True)
        if out:
            told = {"tried": len(tried), "late": late, "survived": left}
            out.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
