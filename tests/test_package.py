"""The package: what the wheel holds, what importing costs, who imports whom."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest

from cleaner.errors import JobError

ROOT = Path(__file__).parents[1]
HEAVY = ("ray", "polars", "numba", "fasttext", "pyarrow", "numpy")


@pytest.mark.parametrize("code", ["import cleaner", "import cleaner.cli"])
def test_importing_loads_nothing_heavy(code: str) -> None:
    check = f"{code}; import sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run, one that was begun, and nothing."""
    from support.corpus_maker import job, write_parquet

    import cleaner

    place = tmp_path_factory.mktemp("runs")
    cleaner.run(job([write_parquet(place / "a.parquet", 20)]), str(place / "done"), engine="inline")
    (place / "begun/_work").mkdir(parents=True)
    shutil.copy(place / "done/plan.json", place / "begun/plan.json")
    (place / "nothing").mkdir()
    return place


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("status done", 0, "finished: in 20, kept 20"),
        ("status begun", 0, "not started"),
        ("status nothing", 2, ""),
        ("stop done", 0, "finished already"),
        ("stop begun", 0, "asked to stop"),
        ("stop nothing", 2, ""),
        ("stages", 0, "near_dedup"),
        ("stages near_dedup", 0, "fineweb or refinedweb or curator or megamath"),
        ("stages nothing", 2, ""),
    ],
)
def test_a_word_on_a_run_or_a_stage_loads_none_of_what_makes_one(
    command: str, code: int, said: str, folders: Path
) -> None:
    check = (
        f"import sys; sys.argv = ['cleaner', *{command.split()!r}]\n"
        "from cleaner.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "else: code = 0\n"
        f"print(code, [m for m in {(*HEAVY, 'obstore')} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=folders
    )
    assert done.stdout.splitlines()[-1] == f"{code} []"
    assert said in done.stdout


def test_only_the_engine_imports_ray() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cleaner").rglob("*.py")
        if re.search(r"^\s*(import ray|from ray)\b", path.read_text(), re.M)
    ]
    assert found == ["cleaner/runs/engine.py"]


def imported(*places: str) -> set[str]:
    """Return what the modules below some folders import, or name as a module to be imported."""
    found: set[str] = set()
    for path in (path for place in places for path in (ROOT / place).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value.split(".")[0]} & NAMED
    # Tests and samples import each other by their mere names.
    own = {path.stem for place in ("tests", "samples") for path in (ROOT / place).rglob("*")}
    return found - own - {"cleaner", "samples", "tests"} - sys.stdlib_module_names


def distributions(modules: set[str]) -> set[str]:
    """Return the names under which modules are installed, as pip compares them."""
    known = {**NOT_HERE, **{name: found[0] for name, found in packages_distributions().items()}}
    return {plain(known.get(module, module)) for module in modules}


def plain(requirement: str) -> str:
    name = re.split(r"[\[<>=!~ ;]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


# Imported by a name that is chosen at run time.
NAMED = {"duckdb", "py3langid", "sudachipy", "kiwipiepy", "rjieba", "moto", "playwright"}
# Distributions with another name than their module, which may not be installed.
NOT_HERE = {"readability": "readability-lxml"}
# Tools that a benchmark compares with, each in an interpreter of its own that it is given.
ELSEWHERE = {"tensorflow-datasets"}
# Declared and not imported: commands, what another package loads by itself, and ourselves.
UNSEEN = {
    "corpus-distiller", "hatchling", "ruff", "import-linter", "types-pyyaml", "mypy",
    "sudachidict-core", "spacy", "datasets",
}  # fmt: skip


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = about["optional-dependencies"]
    for_tests = {name for name in extras if name.startswith(("test", "bench"))}
    run = {plain(one) for one in about["dependencies"]}
    run |= {plain(one) for name in extras.keys() - for_tests for one in extras[name]}
    ours = distributions(imported("cleaner", "samples"))
    assert ours - run == set()
    assert run - ours - UNSEEN == set()
    tests = {plain(one) for name in for_tests for one in extras[name]}
    theirs = distributions(imported("tests"))
    assert theirs - run - tests - ELSEWHERE == set()
    assert tests - run - theirs - UNSEEN == set()


def test_every_room_imports_only_from_rooms_below_it() -> None:
    """The layers stand in pyproject.toml; `import-linter` reads every import."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; exit(lint_imports())"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def knowing() -> list[ast.Module]:
    """Return the modules that must ask a stage what it is."""
    places = [*(ROOT / "cleaner/runs").rglob("*.py"), *(ROOT / "cleaner/job").rglob("*.py")]
    return [ast.parse(path.read_text()) for path in (*places, ROOT / "cleaner/ledger.py")]


def test_jobs_and_runs_name_no_stage_and_no_reason_of_one() -> None:
    from cleaner.stages import STAGES

    reasons = {getattr(kind, "reason", name) for name, kind in STAGES.items()}
    texts = {
        node.value
        for module in knowing()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    counted_by = {"language"}  # what the tables of a run count by, beside the source
    names = (STAGES.keys() | reasons | {"_duplicate", "_dedup"}) - counted_by
    assert texts & names == set()


def test_jobs_and_runs_ask_no_stage_for_its_class() -> None:
    """Nor for an attribute that it may lack: what there is to ask, every stage answers."""
    from cleaner.stages import base, global_stage

    kinds = {
        name
        for module in (base, global_stage)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, base.Stage | global_stage.GlobalStage)
    }
    for node in (node for module in knowing() for node in ast.walk(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("isinstance", "issubclass"):
                assert (
                    kinds & {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
                    == set()
                )
            if node.func.id in ("getattr", "hasattr"):
                assert not re.search(r"\b(stage|across)\b", ast.unparse(node.args[0]))


def test_the_layers_name_every_room() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = " ".join(settings["contracts"][0]["layers"])
    rooms = {path.stem for path in (ROOT / "cleaner").iterdir() if path.stem.isidentifier()}
    models = {
        f"models.{path.name}" for path in (ROOT / "cleaner/models").iterdir() if path.is_dir()
    }
    named = {name.removeprefix("cleaner.") for name in re.findall(r"[a-z_.]+", layers)}
    unlike = {"__init__", "__main__", "__pycache__", "models", "models.__pycache__", "py"}
    assert (rooms | models) - unlike == named


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

    public = [name for name in dir(cleaner) if not name.startswith("_")]
    assert [*public] == [name for name in cleaner.__all__ if name != "__version__"]
    for name in public:
        assert callable(getattr(cleaner, name))
    assert cleaner.__version__ == version("corpus-distiller")
    assert (ROOT / "cleaner/py.typed").is_file()
    with pytest.raises(AttributeError, match="available: compare_formulas"):
        _ = cleaner.nothing


def test_running_twice_from_python_works(tmp_path: Path) -> None:
    from support.corpus_maker import job, write_parquet

    import cleaner

    path = write_parquet(tmp_path / "a.parquet", 20)
    for _ in range(2):
        done = cleaner.run(job([path]), str(tmp_path / "run"), engine="inline")
        assert done.manifest["rows"]["kept"] == 20


def test_a_sample_from_python_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.corpus_maker import job, write_parquet

    import cleaner

    monkeypatch.chdir(tmp_path)
    path, seen = write_parquet(tmp_path / "a.parquet", 40), []
    done = cleaner.run(job([path]), engine="inline", sample=7, progress=seen.append)
    assert done.manifest["rows"]["in"] == 7
    assert done.path.endswith("-sample-7")
    assert seen[-1].finished


@pytest.mark.parametrize(
    ("options", "said"),
    [({"reuse": "runs/a"}, "write ['runs/a']"), ({"sample": 0}, "from 1, not 0")],
)
def test_options_from_python_are_refused_in_words(options: dict[str, Any], said: str) -> None:
    import cleaner

    with pytest.raises(JobError, match=re.escape(said)):
        cleaner.run({"name": "x"}, engine="inline", **options)


@pytest.mark.slow
def test_what_the_readme_does_in_python_passes_the_strictest_type_check(tmp_path: Path) -> None:
    blocks = re.findall(
        r"```python\n(import cleaner.*?)```", (ROOT / "README.md").read_text(), re.S
    )
    (tmp_path / "shown.py").write_text(blocks[0])
    words = ["-m", "mypy", "--strict", "--follow-imports=silent", str(tmp_path / "shown.py")]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_readme_begins_with_two_commands_and_ci_runs_the_second() -> None:
    block = (ROOT / "README.md").read_text().split("```")[1].splitlines()[1:]
    assert len(block) == 2
    assert "cleaner run jobs/quickstart.yaml" in block[0]
    assert block[1].endswith("pytest")
    assert "README.md" in (ROOT / ".ci/run").read_text()
