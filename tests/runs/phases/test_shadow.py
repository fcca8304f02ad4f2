"""The shadow: what is in it, and that nothing else of a run depends on it."""

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.kills import Died, Dying
from support.runs import fingerprint

from cleaner.job.job_file import Shadow, parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.phases.shadow import SEED, first_share
from cleaner.storage.row_key import drawn

SENTENCES = (
    "The river turns north below the old mill and carries its silt past the gardens of the town.",
    "A proof by induction begins with the smallest case and climbs from each number to the next.",
    "Bakers in the valley still light their ovens with beech wood that was cut two winters ago.",
)
FILTERS = {
    "long": {"name": "enough_words", "keep": "words >= 20"},
    "brief": {"name": "few_words", "keep": "words <= 60"},
    "lines": {"name": "two_lines", "keep": "lines >= 2"},
}


def texts(count: int) -> list[str]:
    """Return texts of many lengths, in which every ninth comes a second time."""
    found = []
    for row in range(count):
        row = row - 1 if row % 9 == 8 else row
        body = " ".join(SENTENCES[(row + i) % 3] for i in range(row % 7))
        found.append(f"Page {row}.{chr(10) if row % 2 else ' '}{body}")
    return found


def job(folder: Path, count: int = 300, **more: Any) -> dict[str, Any]:
    """Return a job with filters before and after a stage that compares documents."""
    for name, rule in FILTERS.items():
        path = folder / f"{name}.yaml"
        text = f"{{title: {name}, source: {{cite: ours}}, rules: [{{name: {rule['name']}, "
        path.write_text(text + f"keep: '{rule['keep']}'}}]}}")
    given = folder / "in.parquet"
    pl.DataFrame({"text": texts(count)}).write_parquet(given, row_group_size=50)
    stages = [
        {"sample": {"share": 0.8, "seed": 1}},
        {"filter": str(folder / "long.yaml")},
        {"exact_dedup": {}},
        {"normalise": {}},
        {"filter": str(folder / "brief.yaml")},
        {"filter": {"name": str(folder / "lines.yaml"), "action": "tag"}},
    ]
    return {"name": "j", "input": {"paths": str(given), "text": "text"}, "stages": stages, **more}


def made(data: dict[str, Any], out: Path, unit: int | None = None) -> pl.DataFrame:
    run_plan(make_plan(parse_job(data), unit_limit=unit), str(out), engine="inline")
    return pl.read_parquet(out / "shadow/*.parquet")


def test_every_row_has_every_verdict_and_every_signal(tmp_path: Path) -> None:
    shadow = made(job(tmp_path), tmp_path / "run")
    given = texts(300)
    assert shadow["row"].to_list() == list(range(300))
    assert shadow["text"].to_list() == given
    words = [len(text.replace("\n", " ").replace(".", " ").split()) for text in given]
    assert shadow["words"].to_list() == words
    assert shadow["broken@1"].to_list() == [["enough_words"] if n < 20 else [] for n in words]
    assert shadow["broken@4"].to_list() == [["few_words"] if n > 60 else [] for n in words]
    one_line = [["two_lines"] if "\n" not in text.strip() else [] for text in given]
    assert shadow["broken@5"].to_list() == one_line
    fell = dict(shadow["stage"].value_counts().rows())
    assert fell["0.sample"] > 30
    assert fell["2.exact_dedup"] > 10
    assert fell["4.filter:brief"] > 10


def test_no_other_byte_depends_on_it(tmp_path: Path) -> None:
    made(job(tmp_path), tmp_path / "with")
    run_plan(
        make_plan(parse_job(job(tmp_path, shadow="off"))), str(tmp_path / "off"), engine="inline"
    )
    one, other = (fingerprint(tmp_path / name) for name in ("with", "off"))
    assert one.pop("shadow/part-00000.parquet")
    assert one == other


def test_a_part_of_the_input_is_drawn_by_its_keys_alone(tmp_path: Path) -> None:
    data = job(tmp_path, shadow={"share": 0.2, "at_least": 0, "at_most": 1_000})
    whole = made(data, tmp_path / "one")
    cut = made(data, tmp_path / "other", unit=4_000)
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "other")
    assert len(list((tmp_path / "other/_work/00-map/_commits").iterdir())) > 3
    keys = pl.DataFrame({"file": [0] * 300, "row": range(300)})
    assert whole["row"].to_list() == keys.filter(drawn(keys, 0.2, SEED))["row"].to_list()
    assert whole.equals(cut)
    assert 35 <= len(whole) <= 85  # 60, and 3.6 standard deviations to either side


def test_the_stage_sample_draws_other_rows_than_the_shadow(tmp_path: Path) -> None:
    keys = pl.DataFrame({"file": [0] * 20_000, "row": range(20_000)})
    both = drawn(keys, 0.1, SEED) & drawn(keys, 0.1, 0)
    assert 150 <= both.sum() <= 250


@pytest.mark.parametrize(
    ("rows", "first", "wanted"),
    [(0, 1.0, 1.0), (19_999, 1.0, 1.0), (30_000, 1.0, 2 / 3), (50_000_000, 2**-9, 0.001),
     (10**9, 2**-12, 0.0002)],
)  # fmt: skip
def test_how_much_is_drawn(rows: int, first: float, wanted: float) -> None:
    assert first_share(Shadow(), rows) == first
    assert Shadow().share_of(rows) == pytest.approx(wanted)


def test_an_input_that_grows_a_little_keeps_what_was_computed() -> None:
    assert first_share(Shadow(), 400_000) == first_share(Shadow(), 500_000)


def test_of_no_share_nothing_is_drawn() -> None:
    assert first_share(Shadow(share=0, at_least=0), 100) == 0
    assert first_share(Shadow(at_least=0, at_most=0), 100) == 0


def test_a_document_that_does_harm_only_in_the_shadow_keeps_its_fate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = job(tmp_path, 60)
    off = parse_job({**data, "shadow": "off"})
    run_plan(make_plan(off), str(tmp_path / "before"), engine="inline")
    bad = 12  # too short: it falls at the filter, and kills whoever judges it after that
    given = pl.read_parquet(tmp_path / "in.parquet")
    word = given["text"][bad].split(".")[0] + "."

    def die(*_: Any) -> None:
        raise Died

    monkeypatch.setenv("CLEANER_POISON", f"{word}:kill:shadow")
    monkeypatch.setattr(os, "kill", die)
    monkeypatch.setattr("cleaner.runs.driver.engine_of", lambda *_: Dying())
    shadow = made(data, tmp_path / "run")
    with_it, without = (fingerprint(tmp_path / name) for name in ("run", "before"))
    assert with_it["ledger/part-00000.parquet"] == without["ledger/part-00000.parquet"]
    assert shadow.filter(row=bad)["text"].to_list() == [None]
