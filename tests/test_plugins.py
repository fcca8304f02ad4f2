"""A stage of another package that sees all rows: on Ray, killed, told in every report."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from example_plugin import CutHeaders

from cleaner.errors import JobError
from cleaner.job.job_file import load_job, parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import Run, explain, verify
from cleaner.runs.driver import run_plan
from cleaner.runs.phases.build import build_phases
from cleaner.stages import STAGES

HEADER = "The Daily Example: news since 1901"


def corpus(folder: Path) -> pl.DataFrame:
    texts = [
        HEADER if n % 50 == 0
        else f"{HEADER}\nStory {n} tells of town {n % 13}.\nIt ends here." if n % 3 == 0
        else f"Page {n} stands alone.\nIt has its own beginning, number {n}."
        for n in range(300)
    ]  # fmt: skip
    docs = pl.DataFrame({"text": texts, "id": [f"d{n}" for n in range(300)]})
    docs.write_parquet(folder / "a.parquet", row_group_size=40)
    return docs


def job(folder: Path, **options: Any) -> dict[str, Any]:
    return {
        "name": "plugged",
        "plugins": ["example_plugin"],
        "input": {"paths": str(folder / "a.parquet"), "text": "text", "id": "id"},
        "stages": [{"cut_headers": {"min_documents": 20, **options}}, {"exact_dedup": {}}],
        "output": {"shard_bytes": 4_000},
    }


def products(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for place in ("shards", "ledger", "clusters", "index")
        for path in sorted((folder / place).rglob("*"))
        if path.is_file()
    }


def run_inline(plain: dict[str, Any], folder: Path) -> Run:
    run_plan(make_plan(parse_job(plain), unit_limit=3_000), str(folder), engine="inline")
    return Run(str(folder))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run in small units."""
    folder = tmp_path_factory.mktemp("plugin")
    corpus(folder)
    run_inline(job(folder), folder / "run")
    return folder


def test_it_does_in_a_run_what_it_does_alone(made: Path) -> None:
    alone = CutHeaders(min_documents=20)(corpus(made))
    run = Run(str(made / "run"))
    ledger = run.ledger()
    gone = ledger.filter(pl.col("reason") == "only_header")
    assert gone["id"].to_list() == alone.filter(pl.col("broken").list.len() > 0)["id"].to_list()
    assert gone["id"].to_list() == ["d0", "d50", "d100", "d150", "d200", "d250"]
    kept = run.kept().collect().sort("row")
    assert (
        kept["text"].to_list() == alone.filter(pl.col("broken").list.len() == 0)["text"].to_list()
    )
    cut = ledger.filter(pl.col("fate") == "kept").select(pl.col("characters_cut").sum()).item()
    assert cut == (len(HEADER) + 1) * 98


def test_it_is_told_in_stats_explain_and_verify(made: Path) -> None:
    run = Run(str(made / "run"))
    assert run.stats["dedup"]["0.cut_headers"] == {"headed": 104, "headers": 1}
    assert "0.cut_headers: 104 documents had one of 1 headers" in [
        one["heading"] for one in run.stats["tables"]
    ]
    [told] = explain(run, "d50")
    assert told.verdict == "dropped at 0.cut_headers: only_header"
    assert verify(run) == []
    assert [entry["stage"] for entry in run.manifest["index"]] == ["0.cut_headers", "1.exact_dedup"]


def test_its_index_serves_a_later_run(made: Path, tmp_path: Path) -> None:
    alone = run_inline(job(made, min_documents=110), tmp_path / "alone")
    assert "headed" in alone.stats["dedup"]["0.cut_headers"]
    assert alone.stats["dedup"]["0.cut_headers"]["headed"] == 0
    held = run_inline(
        job(made, min_documents=110, against=[str(tmp_path / "alone")]), tmp_path / "b"
    )
    assert held.stats["dedup"]["0.cut_headers"]["headed"] == 104


def test_it_only_tags_when_asked(made: Path, tmp_path: Path) -> None:
    run = run_inline(job(made, action="tag"), tmp_path / "run")
    tagged = run.ledger().filter(pl.col("tagged").list.contains("0.cut_headers:header"))
    assert len(tagged) == 104


GO = """
import sys, yaml
from cleaner.job.job_file import load_job, parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
plan = make_plan(parse_job(yaml.safe_load(open(sys.argv[1]))), unit_limit=3_000)
run_plan(plan, sys.argv[2], engine=sys.argv[3], workers=2 if sys.argv[3] == "ray" else None)
"""


def apart(plain: dict[str, Any], folder: Path, engine: str = "inline", **env: str) -> int:
    path = folder.with_suffix(".yaml")
    path.write_text(yaml.safe_dump(plain))
    where = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", GO, str(path), str(folder), engine],
        env={**os.environ, "PYTHONPATH": where, **env},
        check=False,
    ).returncode


def test_killed_in_each_of_its_phases_it_ends_in_the_same_bytes(made: Path, tmp_path: Path) -> None:
    phases = [phase.name for phase in build_phases(make_plan(parse_job(job(made))))]
    # Joining small files has its own phases, which so few documents do not need.
    own = [n for n in phases if "cut_headers" in n and not n.endswith(".merged")]
    assert len(own) == 4  # count, gather, kept, index
    folder = tmp_path / "killed"
    for name in (phases[0], *own):
        for point in ("data", "marker"):
            died = apart(job(made), folder, CLEANER_FAILPOINT=f"{name}:*:{point}")
            assert died == -signal.SIGKILL, (name, point)
    assert apart(job(made), folder) == 0
    assert products(folder) == products(made / "run")


@pytest.mark.ray
def test_ray_with_two_workers_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    assert apart(job(made), tmp_path / "ray", "ray") == 0
    assert products(tmp_path / "ray") == products(made / "run")


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("no_such_module_at_all", "cannot be imported: ModuleNotFoundError"),
        ("json", "has no dict STAGES"),
    ],
)
def test_a_module_that_is_no_plugin_is_refused(made: Path, module: str, told: str) -> None:
    with pytest.raises(JobError, match=f"plugins.0: {module}: {told}"):
        parse_job({**job(made), "plugins": [module]})


OWN = """
import polars as pl

from cleaner.stages import Judging


class NAME(Judging):
    limit: int = 10

    def __call__(self, docs):
        long = self.judged(docs) & (docs["text"].str.len_chars() > self.limit)
        reason = pl.when(long).then(pl.lit(["too_long"])).otherwise(pl.lit([], pl.List(pl.String)))
        return docs.with_columns(broken=reason)


STAGES = {"NAME": NAME}
"""


def own_stage(folder: Path, name: str) -> Path:
    """Write a module beside a job that names it; return the job file."""
    folder.mkdir()
    (folder / f"of_{name}.py").write_text(OWN.replace("NAME", name))
    pl.DataFrame({"text": ["short", "a text that is longer"]}).write_parquet(folder / "a.parquet")
    said = {
        "plugins": [f"of_{name}"],
        "input": {"paths": str(folder / "a.parquet"), "text": "text"},
        "stages": [{name: {"limit": 12}}],
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(said))
    return folder / "job.yaml"


@pytest.fixture
def own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the places of modules as they were."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("CLEANER_PLUGIN_FOLDERS", "")


@pytest.mark.usefixtures("own_path")
def test_a_module_beside_the_job_file_is_found(tmp_path: Path) -> None:
    loaded = load_job(own_stage(tmp_path / "jobs", "beside"))
    run_plan(make_plan(loaded), str(tmp_path / "run"), engine="inline")
    assert Run(str(tmp_path / "run")).ledger()["reason"].to_list() == [None, "too_long"]


@pytest.mark.usefixtures("own_path")
def test_nothing_in_a_run_folder_is_imported(tmp_path: Path) -> None:
    path = own_stage(tmp_path / "jobs", "planted")
    run_plan(make_plan(load_job(path)), str(tmp_path / "run"), engine="inline")
    recorded = tmp_path / "run/job.yaml"
    recorded.write_text(recorded.read_text().replace("planted", "strange"))
    (tmp_path / "run/of_strange.py").write_text("raise SystemExit(7)")
    with pytest.raises(JobError, match="No module named 'of_strange'") as refused:
        load_job(recorded)
    assert "unknown stage" not in str(refused.value)


@pytest.mark.usefixtures("own_path")
def test_no_plugins_imports_none(tmp_path: Path) -> None:
    path = own_stage(tmp_path / "jobs", "refused")
    with pytest.raises(JobError, match="of_refused: --no-plugins imports none"):
        load_job(path, other_stages=False)
    assert "of_refused" not in sys.modules
    plain = "input: {paths: a.parquet, text: text}\nstages: [exact_dedup]\n"
    path.write_text(plain)
    assert load_job(path, other_stages=False).stages[0].name == "exact_dedup"
    path.write_text(plain.replace("exact_dedup", "cut_headers"))
    with pytest.raises(JobError, match="unknown stage 'cut_headers'"):
        load_job(path, other_stages=False)


@pytest.mark.ray
def test_a_module_beside_the_job_file_is_found_by_rays_workers(tmp_path: Path) -> None:
    path = own_stage(tmp_path / "jobs", "far")
    words = ["run", str(path), "--out", str(tmp_path / "run"), "--workers", "1"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run(
        [sys.executable, "-m", "cleaner", *words], env=env, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert Run(str(tmp_path / "run")).stats["rows"]["kept"] == 1


def test_a_name_that_is_taken_is_refused(monkeypatch: pytest.MonkeyPatch, made: Path) -> None:
    import example_plugin

    monkeypatch.setattr(example_plugin, "STAGES", {"language": CutHeaders})
    with pytest.raises(JobError, match="stage 'language' is there already"):
        parse_job(job(made))
    assert STAGES["language"] is not CutHeaders
