"""Samples of a report: next to limits on both sides, with what the rules found marked."""

from typing import Any

import pytest
from support.few_texts import PLAIN, ran

from cleaner.report.samples import _marked, pair, samples
from cleaner.results.spans import Span

RULES = """
title: Mine
source: {cite: ours}
rules:
  - {name: enough, keep: words >= 20}
  - {name: no_copies, keep: dup_line_ratio <= 0.2}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Texts of 10 to 29 words, and one that says a line again."""
    folder = tmp_path_factory.mktemp("report-samples")
    (folder / "mine.yaml").write_text(RULES)
    words = PLAIN.split()
    texts = [" ".join(words[:n]) for n in range(10, 30)]
    texts.append(f"{PLAIN}\nThis line comes again.\nThis line comes again.")
    near: Any = {"near_dedup": {"threshold": 0.9, "ngram": 1, "bands": 60, "rows": 1}}
    return samples(ran(folder, texts, {"filter": str(folder / "mine.yaml")}, near))


def test_documents_on_both_sides_of_a_limit_are_shown(told: Any) -> None:
    near = [one for one in told.documents if one.group == "0.filter:mine near enough"]
    # d9 has 19 words, d8 has 18; d10 has 20, d11 has 21.
    assert [one.name.split()[0] for one in near] == ["d9", "d8", "d10", "d11"]
    assert [one.facts.split(" · ")[0] for one in near] == [
        f"{n} from the limit" for n in (1, 2, 0, 1)
    ]
    assert "0.filter:mine near enough" in [one.key for one in told.groups]


def test_what_a_rule_counts_is_marked(told: Any) -> None:
    (copied,) = [one for one in told.documents if one.group == "0.filter:mine no_copies"]
    assert copied.text.count("<mark>") == 1
    assert copied.text.endswith("<mark>This line comes again.</mark>")
    kept = [one for one in told.documents if one.fate == "kept"]
    assert kept
    assert not any("<mark>" in one.text for one in kept)


def test_the_duplicates_least_alike_come_first(told: Any) -> None:
    pairs = told.pairs["1.near_dedup"]
    shown = [float(one.title.rsplit("Jaccard ")[1].split(",")[0]) for one in pairs]
    assert shown[:2] == sorted(shown)[:2]
    assert 0.9 <= shown[0] < 0.96
    assert "<mark>" in pairs[0].kept


def test_a_mark_far_into_a_text_is_shown() -> None:
    text = "a" * 5000 + "MARKED" + "b" * 5000
    shown = _marked(text, [Span(5000, 5006)], 400, formulas=False)
    assert "<mark>MARKED</mark>" in shown
    assert shown.startswith("(after 4,900 characters) …")
    assert _marked(text, [], 400, formulas=False).startswith("aaaa")
    assert _marked("short <b>", [Span(0, 5)], 400, formulas=False) == "<mark>short</mark> &lt;b&gt;"


def test_a_dropped_text_that_is_much_longer_is_said() -> None:
    row = {"id": "a", "duplicate_of": "b", "jaccard": 0.8, "lang": "en"}
    assert "2.0 times as long" in pair(row, "one two " * 4, "one two " * 2).title
    assert "times as long" not in pair(row, "one two", "one two").title
