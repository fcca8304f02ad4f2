"""A notebook shows a run, its charts, and says what each object is."""

from pathlib import Path
from typing import Any

import pytest
from support.few_texts import PLAIN, ran

import cleaner
from cleaner.report.notebook import Drawing, Opened


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    folder = tmp_path_factory.mktemp("notebook")
    near: Any = {"near_dedup": {"threshold": 0.8, "ngram": 1, "bands": 60, "rows": 1}}
    texts = [PLAIN, "two words", f"{PLAIN} And more.", PLAIN.upper().replace("RIVER", "<b>")]
    ran(folder, texts, {"filter": "gopher_quality"}, near)
    return cleaner.open_run(str(folder / "run"))


def test_a_run_says_what_it_is(run: Opened, tmp_path: Path) -> None:
    assert repr(run) == f"<run {run.path}: kept 1 of 4 documents in 2 stages>"
    begun = Opened.__new__(Opened)
    begun.path = str(tmp_path)
    assert repr(begun) == f"<run {tmp_path}: not finished>"
    assert repr(cleaner.load_job(run.path + "/job.yaml")).endswith(
        ": 0.filter:gopher_quality, 1.near_dedup>"
    )
    page = cleaner.extract_html("<p>Let $x^2$ be four, and no more than that.</p>")
    assert repr(page).startswith("<page of ")
    assert "<table>" in run._repr_html_()


def test_charts_are_those_of_the_report(run: Opened) -> None:
    chart = run.funnel_chart()
    assert repr(chart) == (
        "<chart: documents kept, log scale: read, 0.filter:gopher_quality, 1.near_dedup>"
    )
    shown = chart._repr_html_()
    assert shown.count("<svg") == 1
    assert ".cleaner-chart .bar-drop {" in shown
    assert "--keep:" in shown
    (words,) = run.values_charts("words")
    assert words.title == (
        "0.filter:gopher_quality word_count: values of words, "
        "kept if words >= 50 AND words <= 100,000"
    )
    assert words.svg.count('class="limit"') == 1
    assert run.values_charts("no_such_signal") == ()
    assert len(run.values_charts()) >= len(set(run.signals()))
    similar, *_ = run.duplicates_charts()
    assert similar.title == "1.near_dedup: Jaccard similarity of what was dropped"
    assert repr(run.duplicates_charts()).startswith("<")


def test_foreign_text_in_a_chart_is_text() -> None:
    assert "&lt;script&gt;" in Drawing("<script>", run_svg())._repr_html_()


def run_svg() -> Any:
    from cleaner.report.charts import histogram

    return histogram([("a", 1)], "x")


def test_the_snippet_of_the_docs_runs(run: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs/notebook.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    told: dict[str, Any] = {}
    exec(code.replace("runs/quickstart", run.path), told)  # noqa: S102
    assert isinstance(told["run"], Opened)
    assert told["by_stage"].rows() == [
        ("0.filter:gopher_quality", 1), ("1.near_dedup", 2),
    ]  # fmt: skip
