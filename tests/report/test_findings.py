"""Planted faults stand among what to look at first; a run without one has nothing there."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job
from support.few_texts import PLAIN

import cleaner
from cleaner.report.contents import Contents
from cleaner.report.gather import gather
from cleaner.report.page import render
from cleaner.results.finished import open_run

CHINESE = "今天我们在公园里散步,看见许多花开了。孩子们在草地上跑来跑去,老人坐在长椅上聊天。"


def texts(count: int, words: str) -> list[str]:
    return [f"{words} This one has the number {n}." for n in range(count)]


def reported(place: Path, rows: list[dict[str, Any]], *stages: Any, **keys: Any) -> Contents:
    pl.DataFrame(rows).write_parquet(place / "in.parquet")
    entry = {"paths": str(place / "in.parquet"), "text": "text", "source": {"column": "source"}}
    made = {**job([str(place / "in.parquet")], *stages), "input": entry, **keys}
    cleaner.run(made, str(place / "run"), engine="inline")
    return gather(open_run(str(place / "run")))


def filter_file(place: Path, *rules: str) -> str:
    lines = "\n".join(f"  - {{name: {rule.split()[0]}, keep: {rule}}}" for rule in rules)
    (place / "mine.yaml").write_text(f"title: Mine\nsource: {{cite: ours}}\nrules:\n{lines}\n")
    return str(place / "mine.yaml")


def test_a_rule_with_its_sign_turned_is_found(tmp_path: Path) -> None:
    rows = [{"text": text, "source": "a"} for text in texts(100, PLAIN)]
    told = reported(tmp_path, rows, {"filter": filter_file(tmp_path, "words < 20")})
    titles = [one.title for one in told.findings]
    assert titles[:2] == [
        "Nothing was kept.",
        "words of 0.filter:mine fails 100 % of what reached it.",
    ]
    assert "It keeps if words < 20." in told.findings[1].detail


def test_a_source_whose_texts_are_cut_to_nothing_is_found(tmp_path: Path) -> None:
    rows = [{"text": text, "source": "good"} for text in texts(100, PLAIN)]
    rows += [{"text": f"no full stop {n}\n" * 40, "source": "lists"} for n in range(60)]
    told = reported(tmp_path, rows, {"clean_lines": "c4_lines"}, {"exact_dedup": {}})
    assert "Source lists loses 100 % at 1.exact_dedup, the others 0 %." in [
        one.title for one in told.findings
    ]


def test_a_source_that_loses_most_of_its_text_is_found(tmp_path: Path) -> None:
    rows = [{"text": text, "source": "good"} for text in texts(100, PLAIN)]
    rows += [{"text": t + "\nno full stop" * 60, "source": "half"} for t in texts(60, PLAIN)]
    told = reported(tmp_path, rows, {"clean_lines": "c4_lines"})
    (found,) = [one.title for one in told.findings if one.title.startswith("Source")]
    assert found.startswith("Source half loses 7")
    assert found.endswith("% of its characters to cutting, the others 0 %.")


def test_a_language_lost_to_a_threshold_is_found_with_its_rule(tmp_path: Path) -> None:
    rows = [{"text": text, "source": "a"} for text in texts(100, PLAIN)]
    rows += [{"text": CHINESE * 3 + f"第{n}篇。", "source": "a"} for n in range(80)]
    mine = filter_file(tmp_path, "mean_word_length >= 3", "words >= 10")
    told = reported(tmp_path, rows, {"language": {}}, {"filter": mine})
    found = next(one for one in told.findings if one.title.startswith("Language"))
    assert found.title == "Language zh loses 100 % at 1.filter:mine, the others 0 %."
    assert found.detail == (
        "Most by the rule mean_word_length, which fails 100 % of it. "
        "Of 80 that came in, 0 were kept."
    )


def test_a_language_is_found_where_the_others_have_gone_before_it(tmp_path: Path) -> None:
    rows = [{"text": text, "source": "a"} for text in texts(100, PLAIN)]
    rows += [{"text": CHINESE * 3 + f"第{n}篇。", "source": "a"} for n in range(80)]
    turned = filter_file(tmp_path, "stop_words_en < 1", "words >= 10")
    english = {"filter": {"name": turned, "where": "lang = 'en'"}}
    other = tmp_path / "other"
    other.mkdir()
    told = reported(tmp_path, rows, {"language": {}}, english,
                    {"filter": filter_file(other, "mean_word_length >= 3")})  # fmt: skip
    found = {one.title: one.detail for one in told.findings if one.title.startswith("Language")}
    assert found == {
        "Language en loses 100 % at 1.filter:mine, the others 0 %.": (
            "Most by the rule stop_words_en, which fails 100 % of it. "
            "Of 100 that came in, 0 were kept."
        ),
        "Language zh loses 100 % at 2.filter:mine, where hardly any others came.": (
            "Most by the rule mean_word_length, which fails 100 % of it. "
            "Of 80 that came in, 0 were kept."
        ),
    }


def test_languages_that_were_not_asked_for_are_no_finding(tmp_path: Path) -> None:
    rows = [{"text": text, "source": "a"} for text in texts(100, PLAIN)]
    rows += [{"text": CHINESE * 3 + f"第{n}篇。", "source": "a"} for n in range(80)]
    told = reported(tmp_path, rows, {"language": {"keep": ["en"]}})
    assert told.findings == []
    assert "Nothing stands out" in render(told)


def test_a_limit_where_documents_are_dense_is_found(tmp_path: Path) -> None:
    rows = [{"text": "word " * (40 + n % 60), "source": "a"} for n in range(600)]
    told = reported(tmp_path, rows, {"filter": filter_file(tmp_path, "words >= 50")})
    (found,) = [one for one in told.findings if "dense" in one.title]
    assert found.title == "The limit of words lies where documents are dense."
    assert found.detail == (
        "At 50 of words: a limit tighter by a tenth would drop 50 more of the 600 documents that "
        "reached 0.filter:mine."
    )


def test_many_documents_of_one_value_are_no_density(tmp_path: Path) -> None:
    rows = [{"text": "word " * 50, "source": "a"} for _ in range(600)]
    told = reported(tmp_path, rows, {"filter": filter_file(tmp_path, "words >= 50")})
    assert told.findings == []


def test_a_limit_that_takes_nobody_is_at_the_end_of_what_there_is(tmp_path: Path) -> None:
    rows = [{"text": "word " * (50 + n % 60), "source": "a"} for n in range(600)]
    told = reported(tmp_path, rows, {"filter": filter_file(tmp_path, "words >= 50")})
    assert told.findings == []


def test_a_file_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"not Parquet")
    (tmp_path / "good.jsonl").write_text(json.dumps({"text": PLAIN, "source": "a"}))
    paths = [str(tmp_path / name) for name in ("broken.parquet", "good.jsonl")]
    entry = {"paths": paths, "text": "text"}
    made = {**job(paths, {"exact_dedup": {}}), "input": entry, "max_error_rate": 1}
    cleaner.run(made, str(tmp_path / "run"), engine="inline")
    told = gather(open_run(str(tmp_path / "run")))
    assert told.findings[0].title == "1 input file could not be read."
    assert "broken.parquet" in told.findings[0].detail
    assert told.inputs[0].state.startswith("failed: ")


@pytest.mark.parametrize("ledger", ["dropped", "counts"])
def test_a_ledger_with_fewer_rows_still_makes_a_report(tmp_path: Path, ledger: str) -> None:
    rows = [{"text": text, "source": "a"} for text in [*texts(30, PLAIN), *texts(9, PLAIN)]]
    told = reported(tmp_path, rows, {"exact_dedup": {}}, ledger=ledger, shadow="off")
    assert [row.kept for row in told.funnel] == [39, 30]
    assert render(told)


def test_a_run_that_kept_nothing_of_nothing_makes_a_report(tmp_path: Path) -> None:
    schema = {"text": pl.String, "source": pl.String}
    pl.DataFrame(schema=schema).write_parquet(tmp_path / "in.parquet")
    made = job([str(tmp_path / "in.parquet")], {"filter": "gopher_quality"})
    made["input"] = {"paths": str(tmp_path / "in.parquet"), "text": "text"}
    cleaner.run(made, str(tmp_path / "run"), engine="inline")
    assert "0 documents of 1 file" in render(gather(open_run(str(tmp_path / "run"))))


def test_without_text_no_word_of_a_page_is_there(tmp_path: Path) -> None:
    rows = [{"text": f"Unmistakable {text}", "source": "a"} for text in texts(30, PLAIN) * 2]
    pl.DataFrame(rows).write_parquet(tmp_path / "in.parquet")
    made = job([str(tmp_path / "in.parquet")], {"exact_dedup": {}})
    made["input"] = {"paths": str(tmp_path / "in.parquet"), "text": "text"}
    cleaner.run(made, str(tmp_path / "run"), engine="inline")
    run = open_run(str(tmp_path / "run"))
    assert "Unmistakable" in render(gather(run))
    assert "Unmistakable" not in render(gather(run, texts=False))
