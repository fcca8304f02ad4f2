"""What `extract` marked as a formula is one for every later run over its texts."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cleaner
from cleaner.results.finished import Run, open_run

PAGE = (
    "<html><body><script>MathJax = {{tex: {{inlineMath: [['$', '$']]}}}}</script><article><p>"
    "The data of {n} are $8,47,20$ and $H/N$ and the price is \\$5, with $x^2+{n}$, as all "
    "know who have read the first part of this long and patient letter about numbers.</p><p>It "
    "has another paragraph that says nothing new, and a third formula $第{n}项$ at its end.</p>"
    "</article></body></html>"
)
MEASURED = {"filter": {"name": "math_web", "action": "tag"}}


def ran(place: Path, name: str, given: Any, *stages: Any, **output: Any) -> Run:
    made = {"name": name, "input": given, "stages": list(stages), "max_error_rate": 1,
            "output": output}  # fmt: skip
    cleaner.run(made, str(place / name), engine="inline")
    return open_run(str(place / name))


def counts(run: Run) -> dict[str, Any]:
    """Return the formulas of each document."""
    ledger = run.ledger()
    return dict(zip(ledger["url"], ledger["formulas"], strict=True))


@pytest.mark.parametrize(("format", "read"), [("parquet", "all"), ("jsonl.zst", [])])
def test_formulas_are_counted_alike_in_every_run_over_the_shards(
    tmp_path: Path, format: str, read: Any
) -> None:
    pages = [PAGE.format(n=n) for n in range(12)]
    frame = pl.DataFrame({"html": pages, "url": [f"https://a.example/{n}" for n in range(12)]})
    frame.write_parquet(tmp_path / "in.parquet")
    given: dict[str, Any] = {"paths": str(tmp_path / "in.parquet"), "html": "html", "url": "url"}
    first = ran(tmp_path, "first", given, {"extract": {}}, MEASURED, format=format)
    wanted = counts(first)
    assert set(wanted.values()) == {4}
    for name, before in (("second", "first"), ("third", "second")):
        shards = str(tmp_path / before / "shards" / f"*.{format}")
        entry = {"paths": shards, "text": "text", "url": "url", "read": read}
        again = ran(tmp_path, name, entry, {"near_dedup": {"action": "tag"}}, MEASURED,
                    format=format)  # fmt: skip
        assert counts(again) == wanted
        columns = again.kept().collect_schema().names()
        assert "formulas_marked" in columns
        assert "input_formulas_marked" not in columns
        assert again.kept().collect()["formulas_marked"].all()
        if read == []:
            break  # what is not read does not go on, and the third run has no account of formulas


def test_a_column_of_that_name_that_somebody_else_made_is_carried(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": ["It costs $8,47,20$ here."], "formulas_marked": [True]})
    frame.write_parquet(tmp_path / "in.parquet")
    entry = {"paths": str(tmp_path / "in.parquet"), "text": "text", "read": "all"}
    run = ran(tmp_path, "run", entry, MEASURED)
    assert run.ledger()["formulas"].to_list() == [0]
    assert "input_formulas_marked" in run.kept().collect_schema().names()


def test_a_job_that_reads_pages_marks_them_itself(tmp_path: Path) -> None:
    page = pl.DataFrame({"html": [PAGE.format(n=1)], "url": ["https://a.example/p"]})
    page.write_parquet(tmp_path / "page.parquet")
    text = {"text": ["It is $x$ and $8,47,20$."], "formulas_marked": [True],
            "formulas_found": [2], "formulas_lost": [0]}  # fmt: skip
    pl.DataFrame(text).write_parquet(tmp_path / "text.parquet")
    given = [{"paths": str(tmp_path / "page.parquet"), "html": "html", "url": "url"},
             {"paths": str(tmp_path / "text.parquet"), "text": "text", "read": "all"}]  # fmt: skip
    run = ran(tmp_path, "run", given, {"extract": {}}, MEASURED)
    assert sorted(run.ledger()["formulas"]) == [1, 4]
