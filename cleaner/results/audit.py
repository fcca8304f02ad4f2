"""A blind audit: a person judges documents without seeing what the run decided.

What is drawn depends on the run and the seed alone, so that an audit can be continued, and two
people can judge the same documents.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from cleaner.config.intervals import wilson
from cleaner.errors import InputError, JobError
from cleaner.results.finished import Run, drawn
from cleaner.storage import store
from cleaner.storage.run_folder import AUDIT, RunFolder, plain_json

Kind = Literal["document", "pair"]
# What a person says of a document, and of a duplicate beside what was kept instead of it.
ANSWERS: dict[Kind, tuple[str, ...]] = {
    "document": ("keep", "drop", "unsure"),
    "pair": ("same", "different", "worse", "unsure"),
}
KEPT = "kept"  # the stage of documents that no stage dropped
FORMAT = 1


@dataclass(frozen=True)
class Question:
    """A document to judge; of a duplicate also what was kept instead."""

    file: int
    row: int
    stage: str  # where it was dropped, or KEPT; not shown to who judges
    kind: Kind
    partner_file: int | None = None
    partner_row: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What a person said of a question."""

    file: int
    row: int
    stage: str
    kind: Kind
    answer: str


@dataclass(frozen=True)
class Rate:
    """A share of what was judged, with its 95 % interval.

    `false_keep`: of kept documents those that should go. `false_drop`: of those that a stage
    dropped those that should stay. `false_removal`: of removed duplicates those that are another
    document than the kept one. `worse_survivor`: those that are better than the kept one.
    """

    stage: str
    measure: Literal["false_keep", "false_drop", "false_removal", "worse_survivor"]
    wrong: int
    judged: int
    share: float
    low: float
    high: float


def questions(run: Run, count: int, seed: int = 0) -> list[Question]:
    """Return what to judge: a third kept documents, the rest spread evenly over the stages.

    Their order is drawn too and tells nothing of the verdict. Raises InputError for a run whose
    ledger has no rows.
    """
    stage = pl.when(pl.col("fate") == "kept").then(pl.lit(KEPT)).otherwise("stage")
    columns = ("file", "row", "duplicate_file", "duplicate_row")
    rows = run.scan_ledger().filter(pl.col("fate").is_in(["kept", "dropped"]))
    # A text without a word is nothing that a person could judge.
    rows = rows.filter(pl.col("reason").fill_null("") != "empty")
    keys = drawn(rows.select(*columns, stage=stage), seed)
    found = keys.filter(pl.col("_draw").rank("ordinal").over("stage") <= count).collect()
    chosen = _spread(found.sort("stage", "_draw"), count)
    return [_question(row) for row in chosen.sort("_draw").iter_rows(named=True)]


def _spread(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return rows of every stage, evenly where there are enough, a third of them kept ones."""
    sizes = dict(rows.group_by("stage").len().rows())
    shares = {KEPT: min(sizes.pop(KEPT, 0), max(count // 3, 1))}
    left = count - shares[KEPT]
    for place, (stage, size) in enumerate(sorted(sizes.items(), key=lambda item: item[::-1])):
        shares[stage] = min(size, left // (len(sizes) - place))
        left -= shares[stage]
    kept = [rows.filter(pl.col("stage") == stage).head(n) for stage, n in shares.items()]
    return pl.concat(kept)


def _question(row: dict[str, Any]) -> Question:
    partner = row["duplicate_file"], row["duplicate_row"]
    pair = row["stage"] != KEPT and None not in partner
    kind: Kind = "pair" if pair else "document"
    return Question(row["file"], row["row"], row["stage"], kind, *(partner if pair else ()))


def open_questions(asked: Iterable[Question], verdicts: Iterable[Verdict]) -> Iterator[Question]:
    """Yield the questions that have no answer yet."""
    answered = {(one.file, one.row) for one in verdicts}
    for question in asked:
        if (question.file, question.row) not in answered:
            yield question


def answered(question: Question, answer: str) -> Verdict:
    """Return a verdict; JobError for an answer that its question does not have."""
    if answer not in ANSWERS[question.kind]:
        known = ", ".join(ANSWERS[question.kind])
        raise JobError(f"{answer!r} is no answer to a {question.kind}; available: {known}")
    return Verdict(question.file, question.row, question.stage, question.kind, answer)


def rates(verdicts: Sequence[Verdict], stages: Sequence[str] = ()) -> list[Rate]:
    """Return what was found wrong, for kept documents and for each stage, in the job's order."""
    found = sorted({one.stage for one in verdicts} - {KEPT}, key=_order(stages))
    told = list(_rates(verdicts, KEPT, "document", {"drop": "false_keep"}))
    for stage in found:
        told += _rates(verdicts, stage, "document", {"keep": "false_drop"})
        pair = {"different": "false_removal", "worse": "worse_survivor"}
        told += _rates(verdicts, stage, "pair", pair)
    return told


def _order(stages: Sequence[str]) -> Any:
    return lambda stage: (stages.index(stage) if stage in stages else len(stages), stage)


def _rates(
    verdicts: Sequence[Verdict], stage: str, kind: Kind, wrong: dict[str, Any]
) -> Iterator[Rate]:
    said = [one.answer for one in verdicts if (one.stage, one.kind) == (stage, kind)]
    judged = [answer for answer in said if answer != "unsure"]
    for answer, measure in wrong.items():
        if judged:
            count = judged.count(answer)
            yield Rate(
                stage, measure, count, len(judged), count / len(judged), *wilson(count, len(judged))
            )


def read_audit(run: Run) -> list[Verdict]:
    """Return the verdicts on a run so far.

    Raises InputError where its file cannot be read, or belongs to another run in this folder.
    """
    path = RunFolder(run.path).at(AUDIT)
    if not store.exists(path):
        return []
    try:
        said = json.loads(store.read_bytes(path))
        if said["identity"] != run.manifest["identity"]:
            raise InputError(f"{path}: judges another run that was in this folder; move it away")
        return [Verdict(**one) for one in said["verdicts"]]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not an audit that cleaner wrote: {error}") from None


def write_audit(run: Run, verdicts: Sequence[Verdict]) -> None:
    """Write the verdicts and what they say, whole or not at all."""
    titles = [entry.title for entry in run.job.stages]
    plain = {
        "format": FORMAT,
        "identity": run.manifest["identity"],
        "rates": [asdict(rate) for rate in rates(verdicts, titles)],
        "verdicts": [asdict(one) for one in verdicts],
    }
    store.write_whole(RunFolder(run.path).at(AUDIT), plain_json(plain))
