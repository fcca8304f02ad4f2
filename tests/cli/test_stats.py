"""`stats` shows where documents went, on any terminal; its numbers are those of the ledger."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.commands import cleaner, command
from support.runs import run
from support.terminal import on_a_terminal

from cleaner.cli.tables import width_of
from cleaner.errors import JobError
from cleaner.results.drawing import drawn, limit_text
from cleaner.results.finished import Run
from cleaner.results.funnel import Amount, as_html, funnel, groups
from cleaner.results.rules import overlap, rules
from cleaner.results.values import values
from cleaner.rules.conditions import Limit

AMOUNTS = ("in", "kept", "dropped", "failed", "cut", "added")


def test_a_bar_of_the_funnel_is_as_long_as_the_logarithm_of_what_is_kept() -> None:
    nothing = {f"{name}_{of}": 0 for name in AMOUNTS for of in ("words", "characters")}
    nothing |= {"dropped": 0, "failed": 0, "shortened": 0, "added": 0}
    more = {"reasons": {}, "tagged": {}, "lost_by_source": {}, "lost_by_language": {}}
    steps = [{"stage": name, "in": 9, **nothing, "kept": kept, **more}
             for name, kept in (("read", 9), ("0.a", 1), ("1.b", 0))]  # fmt: skip
    made: Any = SimpleNamespace(stats={"rows": {"in": 9}, "stages": steps})
    assert re.findall(r"width:([\d.]+)px", as_html(made)) == ["100.0", "30.1", "0.0"]


FILTER = """
title: Short
source: {cite: ours}
rules:
  - {name: long_enough, keep: words >= 50}
  - {name: not_too_long, keep: words < 200}
  - {name: letters, keep: digit_ratio <= 0.05}
"""

SOURCES = ("新闻网站", "a-long-name-of-a-source.example.org", None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Texts of 1 to 300 words in two languages, from sources with names in both."""
    folder = tmp_path_factory.mktemp("stats")
    lengths = np.arange(1, 301)
    given = [
        ("数" * n if n % 3 == 0 else " ".join(["word", "12"][k % 5 == 4] for k in range(n)))
        for n in lengths
    ]
    sources = [SOURCES[n % 3] for n in lengths]
    pl.DataFrame({"text": given, "source": sources}).write_parquet(folder / "in.parquet")
    (folder / "short.yaml").write_text(FILTER)
    entry = {"paths": str(folder / "*.parquet"), "text": "text", "source": {"column": "source"}}
    stages: list[Any] = [{"filter": str(folder / "short.yaml")}, {"filter": "gopher_repetition"}]
    return run(folder, "run", stages, entry)


def test_the_funnel_adds_up(finished: Run) -> None:
    _, short, repetition = funnel(finished)
    assert (short.came.documents, short.kept.documents) == (300, 50)
    assert short.reasons == {"not_too_long": 101, "letters": 100, "long_enough": 49}
    assert short.came.words == sum(range(1, 301))
    assert (short.cut, short.added) == (Amount(0, 0, 0), Amount(0, 0, 0))
    assert repetition.came == short.kept
    assert sum(one.came for one in groups(finished, "source")) == 300
    assert sum(one.kept.documents for one in groups(finished, "source")) == 0


def test_recounts_from_the_ledger_are_equal(finished: Run) -> None:
    """The same sums in Polars over the ledger, as a user would write them."""
    ledger = finished.ledger()
    for step in funnel(finished)[1:]:
        gone = ledger.filter(stage=step.stage, fate="dropped")
        assert step.dropped.documents == len(gone)
        assert step.dropped.words == gone["words"].sum()
        assert step.dropped.characters == gone["characters"].sum()
        assert dict(step.reasons) == dict(gone["reason"].value_counts().rows())
    first = "0.filter:short"
    assert {r.rule: r.counts.fails for r in rules(finished) if r.stage == first} == {
        "long_enough": ledger.filter(pl.col("words") < 50).height,
        "not_too_long": ledger.filter(pl.col("words") >= 200).height,
        "letters": ledger.filter(pl.col("digit_ratio") > 0.05).height,
    }
    table = overlap(finished)
    one, other = (table.rules.index((first, name)) for name in ("long_enough", "letters"))
    both = ledger.filter(pl.col("words") < 50, pl.col("digit_ratio") > 0.05).height
    assert table.both[one][other] == table.both[other][one] == both > 0


def test_what_another_limit_would_keep_is_exact_at_every_edge(finished: Run) -> None:
    ledger = finished.ledger()
    (words,) = values(finished, "words", rule="long_enough")
    others = (pl.col("words") >= 200) | (pl.col("digit_ratio") > 0.05)
    for low in (1, 20, 50, 137, 999):
        above = ledger.filter(pl.col("words") >= low)
        assert words.passing(Limit("words", low=low)) == (
            above.filter(~others).height,
            above.filter(others).height,
        )
    with pytest.raises(JobError, match=r"20\.0001 lies between two edges"):
        words.passing(Limit("words", low=20.0001))
    assert words.quantiles([0, 0.5, 1]) == [1, 151, 300]
    by_source = values(finished, "words", rule="long_enough", by="source")
    assert [(one.value, sum(one.documents)) for one in by_source] == [
        ("", 100), ("a-long-name-of-a-source.example.org", 100), ("新闻网站", 100),
    ]  # fmt: skip


def test_bars_hold_all_documents_and_part_at_the_limit(finished: Run) -> None:
    (words,) = values(finished, "words", rule="long_enough")
    bars = drawn(words)
    assert sum(bar.documents for bar in bars) == 300
    assert [bar.limit for bar in bars if bar.limit] == ["words >= 50"]
    assert sum(bar.documents for bar in bars if bar.inside) == 251
    assert 5 <= len(bars) <= 20
    assert limit_text(words.limit) == "words >= 50"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((80, 24), ("--by", "source")),
        ((80, 24), ("--histogram", "words", "--by", "source")),
        ((60, 20), ()),
        ((60, 20), ("--by", "rule")),
        ((41, 12), ()),
    ],
)
def test_nothing_is_wider_than_the_terminal(
    finished: Run, size: tuple[int, int], words: tuple[str, ...]
) -> None:
    lines = on_a_terminal(size, "stats", finished.path, *words)
    assert max(map(width_of, lines)) <= size[0]
    assert any("新闻网站" in line or "long_enough" in line for line in lines)


def test_the_funnel_on_80_columns(finished: Run) -> None:
    lines = on_a_terminal((80, 24), "stats", finished.path)
    assert lines[:4] == [
        "documents                    in  dropped  kept  of stage  of input  log scale",
        "0.filter:short              300      250    50    16.7 %    16.7 %  ██████▉",
        "1.filter:gopher_repetition   50       50     0       0 %       0 %",
        "",
    ]


def test_a_rule_is_a_row_under_its_own_filter(
    finished: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "stats", finished.path) == 0
    said = capsys.readouterr().out
    first, second = said.index("0.filter:short: 300"), said.index("1.filter:gopher_repetition: 50")
    assert first < said.index("long_enough  ") < second < said.index("top_2gram  ")


def test_json_has_the_same_numbers(
    finished: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str) -> Any:
        assert command(monkeypatch, "stats", finished.path, "--json", *words) == 0
        return json.loads(capsys.readouterr().out)

    assert told() == finished.stats
    assert {one["name"] for one in told("--by", "source")} == {*SOURCES[:2], ""}
    assert told("--by", "rule")["rules"][0]["counts"]["fails"] == 49
    (words, *_) = told("--histogram", "words")
    assert sum(words["alone"]) + sum(words["others"]) == 300


def test_an_unknown_signal_is_answered_with_those_there_are(finished: Run) -> None:
    done = cleaner("stats", finished.path, "--histogram", "wrods")
    assert done.returncode == 2
    assert "those that are counted: " in done.stderr
    assert "digit_ratio" in done.stderr


def test_stats_load_nothing_heavy(finished: Run, tmp_path: Path) -> None:
    import subprocess
    import sys

    check = (
        f"import sys; sys.argv = ['cleaner', 'stats', {finished.path!r}]\n"
        "from cleaner.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print([m for m in ('ray', 'polars', 'numba', 'fasttext') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
