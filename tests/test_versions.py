"""A run says so where its parts were made with different versions of anything."""

import json
from pathlib import Path

import pytest
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

from cleaner.config.versions import other_versions, versions
from cleaner.errors import StorageError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs import driver, finish
from cleaner.runs.driver import run_plan


def test_what_differs_is_named() -> None:
    here = versions()
    assert set(here) == {"python", "cleaner", "pyarrow", "polars", "numba", "numpy"}
    assert other_versions(here) == ""
    theirs = {**here, "polars": "0.1"}
    del theirs["numba"]
    said = f"polars 0.1 (here {here['polars']}), numba unknown (here {here['numba']})"
    assert sorted(other_versions(theirs).split(", ")) == sorted(said.split(", "))


def interrupted(plan: object, folder: str, patch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise StorageError("stopped")

    patch.setattr(driver, "finish", stop)
    with pytest.raises(StorageError, match="stopped"):
        run_plan(plan, folder, engine="inline")  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [{"polars": "0.1"}, {"python": "3.9.1"}, {}])
def test_a_run_that_goes_on_under_other_versions_says_so(
    tmp_path: Path, other: dict[str, str]
) -> None:
    plan = make_plan(parse_job(job([write_parquet(tmp_path / "a.parquet", 20)])))
    folder = str(tmp_path / "run")
    earlier = {**versions(), **other}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "versions", lambda: earlier)
        interrupted(plan, folder, patch)
    said: list[str] = []
    done = run_plan(plan, folder, engine="inline", warn=said.append)
    told = [line for line in said if "other versions" in line]
    assert [all(f"{n} {v}" in line for n, v in other.items()) for line in told] == [True] * bool(
        other
    )
    assert done["versions"] == ([earlier, versions()] if other else [versions()])
    run_plan(plan, str(tmp_path / "fresh"), engine="inline")
    assert fingerprint(folder) == fingerprint(tmp_path / "fresh")
    manifest = json.loads((tmp_path / "fresh/manifest.json").read_bytes())
    assert manifest["versions"] == [finish.versions()]
