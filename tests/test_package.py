"""The package: what the wheel holds, what importing costs, who imports whom."""

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("ray", "polars", "numba", "fasttext", "pyarrow", "numpy")


@pytest.mark.parametrize("code", ["import cleaner", "import cleaner.cli.commands"])
def test_importing_loads_nothing_heavy(code: str) -> None:
    check = f"{code}; import sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_engine_imports_ray() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cleaner").rglob("*.py")
        if re.search(r"^\s*(import ray|from ray)\b", path.read_text(), re.M)
    ]
    assert found == ["cleaner/runs/engine.py"]


# Who may not import whom; design section 2. The engine and the run are above all of these.
_UPPER = {"engine", "runs", "plan", "job", "phases"}
BELOW = {
    "store": {*_UPPER, "stages", "signals", "web", "dedup", "models"},
    "kernels": {*_UPPER, "stages", "signals", "web", "dedup", "models", "store"},
    "signals": {*_UPPER, "stages", "dedup", "models", "store"},
    "web": {*_UPPER, "stages", "dedup", "models"},
    "dedup": {*_UPPER, "stages"},
    "stages": _UPPER,
    "exchange": {*_UPPER, "stages", "signals", "dedup", "models"},
}


@pytest.mark.parametrize("part", BELOW)
def test_imports_run_one_way(part: str) -> None:
    paths = [ROOT / "cleaner" / f"{part}.py", *(ROOT / "cleaner" / part).rglob("*.py")]
    for path in (path for path in paths if path.is_file()):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                head = name.removeprefix("cleaner.").split(".")[0]
                assert not (name.startswith("cleaner.") and head in BELOW[part]), f"{path}: {name}"


def test_the_wheel_holds_the_package_and_what_it_ships(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cleaner"}
    for shipped in ("filters/gopher_quality.yaml", "jobs/quickstart.yaml", "samples/pages.parquet"):
        assert f"cleaner/_shipped/{shipped}" in names
    assert sum(1 for name in names if name.startswith("cleaner/") and "tests" in name) == 0


def test_public_names_are_there() -> None:
    import cleaner

    for name in cleaner.__all__:
        assert callable(getattr(cleaner, name))
    with pytest.raises(AttributeError, match="there are: compare_formulas"):
        _ = cleaner.nothing


def test_running_twice_from_python_works(tmp_path: Path) -> None:
    from corpus_maker import job, write_parquet

    import cleaner

    path = write_parquet(tmp_path / "a.parquet", 20)
    for _ in range(2):
        done = cleaner.run(job([path]), str(tmp_path / "run"), engine="inline")
        assert done.manifest["rows"]["kept"] == 20


def test_the_readme_begins_with_two_commands_and_ci_runs_the_second() -> None:
    block = (ROOT / "README.md").read_text().split("```")[1].splitlines()[1:]
    assert len(block) == 2
    assert "cleaner run jobs/quickstart.yaml" in block[0]
    assert block[1].endswith("pytest")
    assert "README.md" in (ROOT / ".ci/run").read_text()
