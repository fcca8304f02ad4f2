"""Documents to look at: drawn alike every time, of every reason, near to every kind of limit."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.commands import command
from support.thresholds import finished

from cleaner.cli.documents import name_of, paged
from cleaner.errors import JobError
from cleaner.results.finished import Run
from cleaner.results.samples import limits, near_each, sample_documents

BODY = "The ferry leaves the north pier at nine and comes back before the tide has turned again."


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over texts of 20 to 79 words, of which some come again with a word changed."""
    place = tmp_path_factory.mktemp("samples")
    rules = place / "fit.yaml"
    rules.write_text(
        "{title: fit, source: {cite: ours}, rules: [{name: enough, keep: words >= 50}, "
        "{name: plain, keep: digits_of_all <= 0.5}]}".replace("digits_of_all", "digit_ratio")
    )
    words = [
        f"{BODY} {BODY} {BODY} {BODY} {BODY}".split()[n % 5 : n % 5 + n] for n in range(20, 80)
    ]
    texts = [" ".join([*some, f"Number{n}"]) for n, some in enumerate(words)]
    texts += [f"{texts[55]} once more", f"{texts[58]} and then twice more"]
    pl.DataFrame({"text": texts, "id": [f"d{n}" for n in range(62)]}).write_parquet(
        place / "in.parquet"
    )
    stages: list[Any] = [
        {"language": {"keep": ["en"]}},
        {"filter": str(rules)},
        {"near_dedup": {"ngram": 1, "threshold": 0.6, "bands": 30, "rows": 2}},
    ]
    entry = {"paths": str(place / "in.parquet"), "text": "text", "id": "id"}
    return finished({"name": "drawn", "input": entry, "stages": stages}, place / "run")


def test_the_same_documents_are_drawn_every_time(run: Run) -> None:
    one, other = (sample_documents(run, "filter", count=5) for _ in range(2))
    assert one.equals(other)
    assert not one.equals(sample_documents(run, "filter", count=5, seed=1))


def test_unless_it_is_said_ten_are_drawn_of_those_that_were_kept(run: Run) -> None:
    assert set(sample_documents(run)["fate"]) == {"kept"}
    found = sample_documents(run, "filter")
    assert len(found) == 10
    assert found.equals(sample_documents(run, "filter", count=10, seed=0))


def test_a_condition_is_met_by_what_is_known(run: Run) -> None:
    """Of what fell at the language no signal of the filter is known: it meets no condition."""
    ledger = run.ledger()
    known = ledger.filter(pl.col("digit_ratio").is_not_null())
    assert len(known) > 0
    found = sample_documents(run, count=100, each=True, where="digit_ratio >= 0")
    assert len(found) == len(known)
    labels = sample_documents(run, count=100, each=True, where="source = 'x'")
    assert (len(labels), ledger["source"].null_count()) == (0, len(ledger))


def test_on_the_far_side_of_a_cut_lie_those_that_fell_there(run: Run) -> None:
    ledger = run.ledger()
    for edge in limits(run, ledger.columns):
        fell = ledger.filter(edge.fell)
        assert set(fell["stage"]) <= {edge.entry.title}
        assert set(fell["fate"]) <= {"dropped"}
    assert {edge.rule for edge in limits(run, ledger.columns)} >= {"", "enough", "plain"}


def test_an_id_of_several_lines_is_told_on_one() -> None:
    assert name_of({"file": 0, "row": 3, "id": "new\r\nline\u2028end"}) == "new line end (0#3)"
    assert name_of({"file": 0, "row": 3, "id": ""}) == "(0#3)"


def test_of_every_limit_both_sides_are_shown(run: Run) -> None:
    ledger = run.ledger()
    edges = [edge for edge in limits(run, ledger.columns) if edge.rule == "enough"] * 3
    found = near_each(run, ledger, edges, 2)
    assert [rows.height for rows in found] == [4] * 3
    for rows in found:
        assert rows["words"].to_list()[2:] == sorted(rows["words"].to_list()[2:])
        assert [value >= 50 for value in rows["words"]] == [False, False, True, True]


def test_of_each_stage_and_reason_as_many(run: Run) -> None:
    found = sample_documents(run, count=2, each=True)
    ledger = run.ledger()
    for (stage, reason), rows in ledger.group_by("stage", "reason"):
        mine = found.filter(
            pl.col("stage").eq_missing(pl.lit(stage)), pl.col("reason").eq_missing(pl.lit(reason))
        )
        assert len(mine) == min(2, len(rows))
    assert found["fate"][-1] == "kept"


def test_documents_near_a_limit_lie_on_both_sides_of_it(run: Run) -> None:
    found = sample_documents(run, rule="enough", near=True, count=4)
    words = found["words"].to_list()
    reached = run.ledger().filter(pl.col("stage") != "0.language")["words"].to_list()
    assert sorted(words)[:2] == sorted(n for n in reached if n < 50)[-2:]
    assert min(sorted(words)[2:]) >= 50
    assert found["near"].to_list() == [abs(n - 50) for n in words]


def test_duplicates_near_the_threshold_come_first(run: Run) -> None:
    found = sample_documents(run, "near_dedup", near=True, count=3)
    fell = run.ledger().filter(stage="2.near_dedup")["jaccard"].sort().to_list()
    assert found["jaccard"].to_list() == fell[:3]


def test_a_cut_of_a_score_has_documents_near_to_it(run: Run) -> None:
    found = sample_documents(run, "language", near=True, count=3)
    scores = run.ledger()["lang_score"]
    assert found["near"].to_list() == (scores - 0.5).abs().sort().head(3).to_list()


def test_a_condition_chooses_whatever_the_fate(run: Run) -> None:
    found = sample_documents(run, where="words BETWEEN 40 AND 60", count=100)
    ledger = run.ledger().filter(pl.col("words").is_between(40, 60))
    assert sorted(found["row"]) == sorted(ledger["row"])
    both = sample_documents(run, "filter", where="words < 30", count=100)
    assert set(both["stage"]) == {"1.filter:fit"}
    assert both["words"].max() < 30  # type: ignore[operator]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rule": "enuogh"}, "no such rule, did you mean 'enough'?; available: enough, plain"),
        ({"where": "wrods > 3"}, "--where: unable to find 'wrods', did you mean 'words'?"),
        ({"near": True}, "needs a rule with a limit, or a stage with a cut"),
        ({"stage": "nowhere"}, "--stage nowhere: no stage of that name"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    run: Run, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(JobError) as error:
        sample_documents(run, **asked)
    assert said in str(error.value)


def test_a_reason_without_a_rule_is_known(run: Run) -> None:
    found = sample_documents(run, rule="near_duplicate", count=1)
    assert found["stage"].to_list() == ["2.near_dedup"]


def test_by_the_command_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "sample", run.path, "--rule", "enough", "--near", "-n", "2") == 0
    shown = capsys.readouterr().out
    assert "from the limit)" in shown
    assert "\033" not in shown
    assert command(monkeypatch, "sample", run.path, "--near", "--each") == 2
    assert command(monkeypatch, "sample", run.path, "--rule", "nothing") == 2


def test_what_fits_the_terminal_needs_no_pager(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("click.echo_via_pager", lambda text, **_: shown.append(text))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("LINES", "10")
    with paged():
        print("short")
    assert (shown, capsys.readouterr().out) == ([], "short\n")
    with paged():
        print("long\n" * 20)
    assert shown == ["long\n" * 20 + "\n"]
