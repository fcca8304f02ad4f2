"""An audit draws blind, can be continued, and counts what people said."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.few_texts import ran

from cleaner.errors import InputError, JobError
from cleaner.results.audit import (
    KEPT,
    Question,
    Verdict,
    _spread,
    answered,
    open_questions,
    questions,
    rates,
    read_audit,
    write_audit,
)
from cleaner.results.finished import Run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that keeps 12 of 40 texts, drops 20 short ones and 8 copies."""
    folder = tmp_path_factory.mktemp("audit")
    texts = [f"Number {i} is long enough to be kept by the rule of this job." for i in range(12)]
    texts += [f"Short {i}." for i in range(20)] + texts[:8]
    rules = folder / "length.yaml"
    rules.write_text(
        "title: Long\nsource: {cite: ours}\nrules:\n  - {name: long, keep: words >= 5}\n"
    )
    return ran(folder, texts, {"filter": str(rules)}, {"exact_dedup": {}})


def test_a_third_is_kept_and_the_rest_is_spread_over_the_stages(finished: Run) -> None:
    asked = questions(finished, 12)
    stages = [one.stage for one in asked]
    assert {stage: stages.count(stage) for stage in sorted(set(stages))} == {
        "0.filter:length": 4, "1.exact_dedup": 4, "kept": 4,
    }  # fmt: skip
    assert stages != sorted(stages)  # the order tells nothing
    assert asked == questions(finished, 12)
    assert asked != questions(finished, 12, seed=1)


def test_a_stage_with_few_gives_all_it_has(finished: Run) -> None:
    stages = [one.stage for one in questions(finished, 40)]
    assert {stage: stages.count(stage) for stage in sorted(set(stages))} == {
        "0.filter:length": 20, "1.exact_dedup": 8, "kept": 12,
    }  # fmt: skip


def test_of_one_question_there_is_one(finished: Run) -> None:
    assert len(questions(finished, 1)) == 1
    assert len(questions(finished, 2)) == 2


def test_of_stages_alike_the_last_by_name_give_one_more() -> None:
    stages = [f"{n}.filter" for n in range(8)]
    rows = pl.DataFrame({"stage": [KEPT, *(stage for stage in stages for _ in range(3))]})
    chosen = _spread(rows, 13)["stage"]  # one that was kept, and twelve of eight stages
    assert {stage: (chosen == stage).sum() for stage in stages} == {
        stage: 1 if place < 4 else 2 for place, stage in enumerate(stages)
    }


def test_a_duplicate_is_asked_beside_what_was_kept_instead(finished: Run) -> None:
    pair = next(one for one in questions(finished, 12) if one.kind == "pair")
    assert pair.stage == "1.exact_dedup"
    assert pair.row == pair.partner_row + 32 if pair.partner_row is not None else False


def test_it_is_continued_where_it_was_left(finished: Run) -> None:
    asked = questions(finished, 12)
    said = [answered(one, "unsure") for one in asked[:5]]
    write_audit(finished, said)
    assert list(open_questions(asked, read_audit(finished))) == asked[5:]
    Path(finished.path, "audit.json").unlink()


def test_rates_count_what_was_wrong_of_what_was_judged() -> None:
    def said(stage: str, kind: Any, *answers: str) -> list[Verdict]:
        return [Verdict(0, row, stage, kind, answer) for row, answer in enumerate(answers)]

    told = rates(
        [
            *said("kept", "document", "keep", "drop", "keep", "keep", "unsure"),
            *said("1.exact_dedup", "pair", "same", "worse", "different", "same"),
            *said("0.filter:long", "document", "drop", "drop"),
        ],
        ["0.filter:long", "1.exact_dedup"],
    )
    assert [(rate.stage, rate.measure, rate.wrong, rate.judged) for rate in told] == [
        ("kept", "false_keep", 1, 4),
        ("0.filter:long", "false_drop", 0, 2),
        ("1.exact_dedup", "false_removal", 1, 4),
        ("1.exact_dedup", "worse_survivor", 1, 4),
    ]
    assert told[1].low == 0
    assert round(told[1].high, 3) == 0.658  # Wilson's upper bound of 0 in 2


def test_an_answer_that_is_none_is_refused() -> None:
    with pytest.raises(JobError, match="'same' is no answer to a document; available: keep, drop"):
        answered(Question(0, 0, "kept", "document"), "same")


def test_the_audit_of_another_run_is_not_taken(finished: Run) -> None:
    place = Path(finished.path, "audit.json")
    place.write_text(json.dumps({"identity": "0" * 16, "verdicts": []}))
    with pytest.raises(InputError, match="judges another run"):
        read_audit(finished)
    place.write_text("[")
    with pytest.raises(InputError, match="not an audit that cleaner wrote"):
        read_audit(finished)
    place.unlink()
