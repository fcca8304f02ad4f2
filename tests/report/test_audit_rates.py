"""What people found wrong stands in the report, and ahead of all where it is much."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.few_texts import PLAIN, ran

from cleaner.report.audit_rates import Audited
from cleaner.report.contents import AuditRow
from cleaner.report.gather import gather
from cleaner.report.page import render
from cleaner.results.audit import Verdict, write_audit
from cleaner.results.finished import Run

FILTER = "0.filter:gopher_quality"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two texts are kept, one has too few words, and one is a copy with more at its end."""
    folder = tmp_path_factory.mktemp("audited")
    longer = f"{PLAIN} And more of it came on the next day, which was as quiet as this one."
    near: Any = {"near_dedup": {"threshold": 0.5, "ngram": 1, "bands": 50, "rows": 1}}
    near["near_dedup"]["keep"] = "first"
    other = PLAIN.replace("river", "station").upper()
    return ran(folder, [PLAIN, "two words", longer, other], {"filter": "gopher_quality"}, near)


def test_a_run_that_nobody_judged_says_how_to(finished: Run) -> None:
    told = Audited.of(finished)
    assert (told.rows(), told.worse(finished)) == ([], {})
    assert told.note == f"Nobody judged it yet: cleaner audit {finished.path}"
    assert "An audit found" not in str(gather(finished).findings)


def test_rates_worse_survivors_and_a_hint_are_in_the_report(finished: Run) -> None:
    rows = finished.ledger()
    gone = rows.filter(stage="1.near_dedup").row(0, named=True)
    verdicts = [Verdict(0, n, FILTER, "document", "keep") for n in range(100, 109)]
    verdicts += [Verdict(0, 1, FILTER, "document", "drop")]
    verdicts += [Verdict(gone["file"], gone["row"], "1.near_dedup", "pair", "worse")]
    write_audit(finished, verdicts)
    contents = gather(finished)
    dropped, removed, worse = contents.audit
    # Wilson's interval of 9 in 10, by a table: 59.6 % to 98.2 %.
    assert dropped == AuditRow(
        FILTER, "dropped, and should have stayed", 9, 10, 0.9,
        pytest.approx(0.596, abs=0.001), pytest.approx(0.982, abs=0.001),
    )  # fmt: skip
    assert (removed.wrong, worse.wrong, worse.judged) == (0, 1, 1)
    titles = [one.title for one in contents.findings]
    assert titles[:2] == [
        f"An audit found 90 % of what {FILTER} dropped to be worth keeping.",
        "An audit found 100 % of what 1.near_dedup removed to be better than what was kept.",
    ]
    (stage,) = contents.duplicates
    assert "judged to be the better one" in stage.pairs[0].title
    assert "<mark>" in stage.pairs[0].dropped
    page = render(contents)
    assert "59.6 % to 98.2 %" in page
    assert not [one for one in gather(finished, texts=False).duplicates if one.pairs]


def test_verdicts_on_another_run_are_left_out_and_said(finished: Run, tmp_path: Path) -> None:
    path = Path(finished.path) / "audit.json"
    write_audit(finished, [Verdict(0, 1, FILTER, "document", "keep")])
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "identity": "another"}))
    told = Audited.of(finished)
    assert told.rows() == []
    assert "judges another run" in told.note
    path.unlink()
