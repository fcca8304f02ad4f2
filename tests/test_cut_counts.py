"""What stages cut from texts is counted, adds up, and can be looked at."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from cleaner.api import run
from cleaner.cli.command_line import app
from cleaner.errors import JobError
from cleaner.job.plan import make_plan
from cleaner.results.before_after import changed, diff
from cleaner.results.finished import Run
from cleaner.runs.driver import run_plan
from cleaner.stages.clean_lines import CleanLines
from cleaner.stages.normalise import Normalise

BANNER = "this page keeps small files on your machine and asks you every day"
MENU = "Home News Sport Shop Contact"


def sentence(i: int, n: int) -> str:
    """A line of thirteen words that stands nowhere else."""
    return f"On day {i} of year {n} the river took one more old bridge."


def given() -> list[str]:
    """Sixty texts: some with menus, with paragraphs said twice, with a banner that others have."""
    texts = []
    for i in range(60):
        lines = [sentence(i, n) for n in range(4 + i % 3)]
        lines += [MENU] * (20 if i % 4 == 0 or i == 17 else 0)
        lines += [lines[0]] * (i % 2)
        lines += [f"{BANNER}."] * (i % 3 == 0)
        texts.append("\n".join(lines))
    # 280 words of which the line rules leave 40.
    texts.append("\n".join([*(sentence(99, n) for n in range(3)), *["Read more now"] * 80, "One."]))
    texts += [MENU, "", "\ufb01ve of them wait \u2014 call 555 0100."]
    return texts


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of every stage that changes texts, with stages that drop between them."""
    folder = tmp_path_factory.mktemp("cuts")
    texts = given()
    urls = [f"https://{'spam' if i % 10 == 7 else 'good'}.example/{i}" for i in range(len(texts))]
    rows = pl.DataFrame({"text": texts, "url": urls, "id": [f"d{i}" for i in range(len(texts))]})
    rows[:40].write_parquet(folder / "a.parquet", row_group_size=8)
    rows[40:].write_parquet(folder / "b.parquet")
    (folder / "block.txt").write_text("spam.example\n")
    stages: list[Any] = [
        {"normalise": {"form": "NFKC"}},
        {"clean_lines": "c4_lines"},
        # It reads no text: what it drops after a change must be counted as it is by then.
        {"url_filter": {"block": [str(folder / "block.txt")]}},
        {"line_dedup": {"min_documents": 10}},
        {"dedup_paragraphs": {}},
        {"filter": "fineweb_quality"},
    ]
    source = {"paths": str(folder / "*.parquet"), "text": "text", "url": "url", "id": "id"}
    job = {"name": "cuts", "input": source, "stages": stages}
    return run(job, str(folder / "run"), engine="inline")


def words(texts: pl.Series | list[str]) -> int:
    """Count words plainly: these texts have nothing but letters, digits, spaces and marks."""
    return sum(len(re.findall(r"\w+", text)) for text in texts)


def characters(texts: pl.Series | list[str]) -> int:
    """Count code points."""
    return sum(len(text) for text in texts)


@pytest.mark.parametrize(("unit", "count"), [("words", words), ("characters", characters)])
def test_input_and_shards_recounted_are_what_the_funnel_says(
    finished: Run, unit: str, count: Any
) -> None:
    rows = finished.stats["stages"]
    assert rows[0][f"in_{unit}"] == count(given())
    assert rows[-1][f"kept_{unit}"] == count(finished.kept().collect()["text"])
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        came = row[f"in_{unit}"] + row[f"added_{unit}"]
        went = sum(row[f"{what}_{unit}"] for what in ("kept", "dropped", "failed", "cut"))
        assert came == went
        assert after is None or after[f"in_{unit}"] == row[f"kept_{unit}"]


def test_each_stage_cut_what_it_cuts_alone(finished: Run) -> None:
    by_stage = {row["stage"]: row for row in finished.stats["stages"]}
    texts = pl.Series("text", [text for text in given() if text])
    spelt = Normalise(form="NFKC")(pl.DataFrame({"text": texts}))["text"]
    assert by_stage["0.normalise"]["added_characters"] == characters(spelt) - characters(texts) == 1
    lines = CleanLines.model_validate({})(pl.DataFrame({"text": spelt}))["text"]
    row = by_stage["1.clean_lines:c4_lines"]
    assert row["cut_words"] == words(spelt) - words(lines) > 1000
    assert row["cut_characters"] == characters(spelt) - characters(lines)
    assert row["shortened"] == (spelt != lines).sum()
    # Of those that url_filter left, twenty but two said the banner.
    banners = by_stage["3.line_dedup"]
    assert banners["cut_words"] == 13 * banners["shortened"] == 13 * 18
    repeated = by_stage["4.dedup_paragraphs"]
    # Every other text says its first line twice; url_filter left 24 of the 30.
    assert (repeated["shortened"], repeated["cut_words"]) == (24, 24 * words([sentence(1, 1)]))
    for name in ("2.url_filter", "5.filter:fineweb_quality"):
        assert {by_stage[name][f"{what}_words"] for what in ("cut", "added")} == {0}


def test_a_text_that_lost_most_of_its_words_is_seen_to_have(finished: Run) -> None:
    (row,) = (r for r in finished.ledger().iter_rows(named=True) if r["id"] == "d60")
    assert (row["words@1"], row["fate"]) == (280, "kept")
    assert row["words"] == 39
    told = CliRunner().invoke(app, ["stats", finished.path]).stdout
    assert re.search(r"1\.clean_lines:c4_lines +[\d,]+ +0 +[\d,]+ +18 ", told)


def test_counts_hold_in_units_of_any_size_and_without_rows(finished: Run, tmp_path: Path) -> None:
    job = finished.job.model_copy(update={"ledger": "counts"})
    plan = make_plan(job, unit_limit=500)
    assert len(plan.units) > len(make_plan(finished.job).units) == 1
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    assert Run(str(tmp_path / "run")).stats == finished.stats


def test_the_diff_shows_what_a_stage_cut(finished: Run) -> None:
    (first, *others) = changed(finished, "clean_lines", 30, seed=1)
    assert len(others) == 17
    assert words([first.before]) > words([first.after])
    assert f"- {MENU}    [terminal_mark]" in first.shown or any(
        line.startswith("- Read more now    [") for line in first.shown
    )
    again = [one.row["id"] for one in changed(finished, "1", 30, seed=1)]
    assert again == [one.row["id"] for one in (first, *others)]
    (spelt,) = changed(finished, "normalise", 5)
    assert spelt.shown == (
        "- \ufb01ve of them wait \u2014 call 555 0100.",
        "+ five of them wait \u2014 call 555 0100.",
    )


def test_the_diff_is_printed(finished: Run) -> None:
    asked = ["sample", finished.path, "--stage", "clean_lines", "--diff", "-n", "1"]
    told = CliRunner().invoke(app, asked).stdout
    assert re.search(r"^    - .*\[.*terminal_mark", told, re.M)
    assert "… " in told


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("filter", "changes no text; available: 0.normalise, 1.clean_lines:c4_lines, 3.line"),
        ("line_dedup", "sees all documents"),
        ("dedup_paragraphs", "3.line_dedup sees all documents"),
        ("read", "changes no text"),
    ],
)
def test_what_cannot_be_shown_is_refused(finished: Run, stage: str, said: str) -> None:
    with pytest.raises(JobError, match=said):
        list(changed(finished, stage, 1))


def test_a_diff_parts_what_stays_from_what_goes() -> None:
    assert diff("a\nb\nc", "a\nc\nd") == ["  a", "- b", "  c", "+ d"]
    assert diff("a", "a") == ["  a"]


def test_pages_are_counted_from_the_text_made_of_them(tmp_path: Path) -> None:
    pages = [
        f"<html><body><article><p>{sentence(i, 1)}</p><p>{sentence(i, 2)}</p></article>"
        for i in range(5)
    ]
    pl.DataFrame({"html": pages}).write_parquet(tmp_path / "p.parquet")
    pl.DataFrame({"text": [sentence(9, 9)]}).write_parquet(tmp_path / "t.parquet")
    inputs = [
        {"paths": str(tmp_path / "p.parquet"), "html": "html"},
        {"paths": str(tmp_path / "t.parquet"), "text": "text"},
    ]
    job = {"name": "p", "input": inputs, "stages": [{"extract": {}}, {"clean_lines": {}}]}
    stats = run(job, str(tmp_path / "run"), engine="inline").stats
    assert [row["in_words"] for row in stats["stages"]] == [143, 143, 143]
    assert [row["cut_words"] for row in stats["stages"]] == [0, 0, 0]
