"""The dataset card: a header that the hub reads, and what the run says of itself."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from support.corpus_maker import job, texts
from support.tokenizers_made import byte_bpe

from cleaner.api import run
from cleaner.results.finished import Run, verify
from cleaner.runs.derived import make
from cleaner.runs.export import plan_export
from cleaner.shards import FORMATS


def ran(place: Path, *stages: Any, **output: Any) -> Run:
    count = 60
    docs = {
        "text": texts(count), "id": [f"d{n}" for n in range(count)], "url": None,
        "source": [("alpha", "b|eta <b>", "")[n % 3] for n in range(count)],
        "licence": [("CC-BY-4.0", "MIT", None)[n % 3] for n in range(count)],
    }  # fmt: skip
    place.mkdir()
    schema = {"url": pl.String}
    pl.DataFrame(docs, schema_overrides=schema).write_parquet(place / "a.parquet")
    plain = job([place / "a.parquet"], *stages)
    plain["input"][0]["licence"] = "licence"
    plain["output"] |= output
    return run(plain, str(place / "run"), engine="inline")


def parts(made: Run) -> tuple[dict[str, Any], str]:
    """Return the header of a card and its body."""
    _, header, body = (Path(made.path) / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(header), body


STAGES = (
    {"normalise": {"personal_data": "mask"}}, {"language": {}}, {"filter": "gopher_quality"},
    {"exact_dedup": {}}, {"near_dedup": {}},
)  # fmt: skip


def test_the_header_says_where_the_shards_are_and_what_they_hold(tmp_path: Path) -> None:
    header, body = parts(ran(tmp_path / "a", *STAGES))
    assert header["pretty_name"] == "test"
    assert header["language"] == ["en"]
    assert header["license"] == "other"  # some documents say none
    assert header["size_categories"] == ["n<1K"]
    assert header["configs"] == [
        {"config_name": "default", "data_files": [{"split": "train", "path": "shards/*.parquet"}]}
    ]
    assert r"| b\|eta \<b\> |" in body
    assert "| (none said) |" in body


def test_the_body_cites_filters_counts_the_funnel_and_names_what_was_masked(tmp_path: Path) -> None:
    made = ran(tmp_path / "a", *STAGES)
    _, body = parts(made)
    rows = made.manifest["rows"]
    assert f"{rows['kept']:,} documents" in body
    assert "Rae et al. 2021" in body
    assert "| 2.filter:gopher\\_quality | 1 |" in body
    assert "| 4.near\\_dedup |" in body
    for one in made.stats["stages"][1:]:
        cells = f"| {one['in']:,} | {one['dropped']:,} | {one['failed']:,} | {one['kept']:,} |"
        assert cells in body
    assert "masked personal data" in body
    assert "load_dataset" in body
    for one in made.manifest["outputs"]:
        assert one["sha256"] in body
    # A card that its owner writes on is no damage.
    with open(Path(made.path) / "README.md", "a") as more:
        more.write("\nThanks to all.\n")
    assert verify(made) == []


def test_licences_are_those_of_what_was_kept(tmp_path: Path) -> None:
    made = ran(tmp_path / "a", {"filter": "open_licences"})
    header, body = parts(made)
    kept = made.kept().collect()
    assert set(kept["licence"]) == {"CC-BY-4.0", "MIT"}
    assert made.manifest["licences"] == dict(kept["licence"].value_counts().rows())
    assert header["license"] == ["cc-by-4.0", "mit"]
    assert "Nothing was masked" in body


def test_without_licences_the_card_says_so(tmp_path: Path) -> None:
    made = ran(tmp_path / "a")
    plain = made.job.resolved()
    plain["input"][0]["licence"] = None
    again = run({**plain, "name": "b"}, str(tmp_path / "b"), engine="inline")
    header, body = parts(again)
    assert "carried no licences" in body
    assert header["license"] == "other"


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_how_it_is_loaded(form: str, tmp_path: Path) -> None:
    made = ran(tmp_path / "a")
    held = FORMATS[form]
    bpe = byte_bpe(tmp_path / "tokenizer.json", texts(10))
    out = tmp_path / "out"
    make(plan_export(made.path, form, None if held.holds_text else bpe), str(out), engine="inline")
    header, body = parts(Run(str(out)))
    assert "## How to load\n\n" in body
    assert "{" not in body.split("## How to load")[1].split("## Files")[0]
    assert ("configs" in header) == (held.columns is None)
    assert "Made by `cleaner export` of" in body
    if not held.holds_text:
        assert "each document ends with `<|endoftext|>`" in body


def test_checkpoints_and_reused_runs_are_named(tmp_path: Path) -> None:
    made = ran(tmp_path / "a", {"language": {}}, {"checkpoint": None}, {"exact_dedup": {}})
    again = run(made.job, str(tmp_path / "b"), engine="inline", reuse=[made.path])
    _, body = parts(again)
    assert "`checkpoint/1.checkpoint`: 60 documents as they came to it." in body
    assert f"were taken from `{made.path}`." in body
    assert "were taken from" not in parts(made)[1]
