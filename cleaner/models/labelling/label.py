"""`cleaner label`: a sample of documents graded by a large model, with a rubric from a file."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from cleaner.config.spec import read_spec
from cleaner.errors import InputError
from cleaner.models.asking.address import check_reachable_key
from cleaner.models.labelling.ask import (
    Account,
    Asker,
    Budget,
    Endpoint,
    Journal,
    OutOfBudget,
    Question,
)
from cleaner.models.labelling.rubrics import Rubric, messages, parse_answer, read_rubric, schema
from cleaner.models.training.examples import LABELS, Examples, read
from cleaner.storage import store


class LabelSpec(BaseModel):
    """LABEL.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric: str
    documents: Examples
    out: str = Field(pattern=r"\.parquet$")
    journal: str | None = None  # what was asked and answered; default: beside `out`
    endpoint: Endpoint
    budget: Budget
    repeat: float = Field(0.05, ge=0, le=1)  # the share of documents asked about twice
    characters: int = Field(6000, ge=100)  # of a page that the model sees, from its start
    ask_lost: bool = False  # ask again what was under way when an earlier run was killed
    seed: int = Field(0, ge=0, lt=2**31)


@dataclass(frozen=True)
class Labelled:
    """What `cleaner label` has so far."""

    out: str
    facts: dict[str, Any]
    labels: dict[str, int]
    stopped: str | None = None  # why not all are labelled

    def rows(self) -> list[dict[str, Any]]:
        """Return how many documents got which label."""
        return [{"label": label, "documents": count} for label, count in self.labels.items()]

    def text(self) -> str:
        """Return the outcome in a few lines."""
        facts = self.facts
        lines = [f"{label}: {count:,}" for label, count in self.labels.items()]
        lines.append(
            f"{facts['labelled']:,} of {facts['documents']:,} documents labelled; "
            f"{facts['requests']:,} requests, {facts['tokens']:,} tokens"
        )
        if facts["repeated"]:
            lines.append(f"asked twice: {facts['repeated']:,}, same label {facts['agreement']:.1%}")
        if facts["lost"]:
            lines.append(f"under way when a run was killed, not asked again: {facts['lost']:,}")
        if self.stopped:
            lines.append(self.stopped)
        return "\n".join([*lines, self.out])


def label(
    spec: LabelSpec | str, progress: Callable[[int, int, Account], None] | None = None
) -> Labelled:
    """Label what a LABEL.yaml, or its value, describes, or go on where an earlier run stopped."""
    if isinstance(spec, str):
        spec = read_spec(spec, LabelSpec)
    check_reachable_key(spec.endpoint)
    rubric = read_rubric(spec.rubric)
    docs = read(spec.documents, spec.seed, ids=True).unique(
        "text", keep="first", maintain_order=True
    )
    questions = _questions(spec, rubric, docs)
    journal = Journal(spec.journal or f"{spec.out}.journal")
    try:
        stopped = _ask_all(spec, rubric, questions, journal, progress)
        return _written(spec, rubric, docs, questions, journal, stopped)
    finally:
        journal.close()


def _questions(spec: LabelSpec, rubric: Rubric, docs: pl.DataFrame) -> list[list[Question]]:
    """Return one question a document, or two for the share that is asked about twice."""
    order = np.random.default_rng(spec.seed).permutation(len(docs))
    twice = set(order[: round(spec.repeat * len(docs))].tolist())
    return [
        [_question(spec, rubric, text, turn) for turn in range(1 + (at in twice))]
        for at, text in enumerate(docs["text"].to_list())
    ]


def _question(spec: LabelSpec, rubric: Rubric, text: str, turn: int) -> Question:
    endpoint = spec.endpoint
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": messages(rubric, text[: spec.characters]),
        "max_tokens": endpoint.max_output_tokens,
    }
    if endpoint.temperature is not None:
        body["temperature"] = endpoint.temperature
    if endpoint.response_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif endpoint.response_format == "json_schema":
        form = {"name": rubric.name, "strict": True, "schema": schema(rubric)}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    # The same model, rubric and page are the same question, whatever else the spec says.
    said = [endpoint.model, endpoint.temperature, rubric.digest(), text[: spec.characters], turn]
    return Question(sha256(json.dumps(said).encode()).hexdigest()[:32], body)


def _ask_all(
    spec: LabelSpec,
    rubric: Rubric,
    questions: list[list[Question]],
    journal: Journal,
    progress: Callable[[int, int, Account], None] | None,
) -> str | None:
    """Ask what has no answer yet; return why it stopped early, or None."""
    asker = Asker(spec.endpoint, spec.budget, journal)
    done = set(journal.answers) | (set() if spec.ask_lost else journal.lost)
    todo = [one for both in questions for one in both if one.key not in done]
    stopped = None
    parse = partial(parse_answer, rubric)
    if todo:
        asker.probe()
    left = iter(todo)
    running: set[Future[Any]] = set()
    with ThreadPoolExecutor(spec.endpoint.concurrency) as pool:
        try:
            while True:
                while stopped is None and len(running) < spec.endpoint.concurrency:
                    if (question := next(left, None)) is None:
                        break
                    running.add(pool.submit(asker.ask, question, parse))
                if not running:
                    break
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    if isinstance(future.exception(), OutOfBudget):
                        stopped = "the budget is spent; raise it and run again to go on"
                    else:
                        future.result()
                if progress is not None:
                    asked = sum(one.key in journal.answers for one in todo)
                    progress(asked, len(todo), journal.account)
        finally:
            asker.stopped.set()  # what waits for its turn gives up; what was sent is waited for
    answered = any(one.key in journal.answers for both in questions for one in both)
    if asker.problem and stopped is None and not answered:
        raise InputError(
            f"{spec.endpoint.base_url}: no question was answered, the last one with: "
            f"{asker.problem}; the same command asks again"
        )
    return stopped


def _answers(rubric: Rubric, both: list[Question], journal: Journal) -> list[tuple[Any, str]]:
    found = []
    for question in both:
        if entry := journal.answers.get(question.key):
            found.append(parse_answer(rubric, entry["reply"]))
    return found


def _written(
    spec: LabelSpec,
    rubric: Rubric,
    docs: pl.DataFrame,
    questions: list[list[Question]],
    journal: Journal,
    stopped: str | None,
) -> Labelled:
    """Write the labelled documents with their agreement in the file's metadata."""
    answers = [_answers(rubric, both, journal) for both in questions]
    twice = [found for found in answers if len(found) == 2]
    same = sum(first == second for (first, _), (second, _) in twice)
    keys = {question.key for both in questions for question in both}
    counts = Counter(str(found[0][0]) for found in answers if found)
    facts = {
        "rubric": rubric.name,
        "rubric_sha256": rubric.digest(),
        "model": spec.endpoint.model,
        "documents": len(docs),
        "labelled": sum(bool(found) for found in answers),
        "repeated": len(twice),
        "agreement": same / len(twice) if twice else None,
        "lost": len(journal.lost & keys - set(journal.answers)),
        "requests": journal.account.requests,
        "tokens": journal.account.tokens,
    }
    if rubric.grades and twice:
        apart = [abs(first - second) for (first, _), (second, _) in twice]
        facts["mean_distance"] = sum(apart) / len(apart)
    kind = pl.Int64 if rubric.grades else pl.String
    frame = docs.with_columns(
        pl.Series("label", [found[0][0] if found else None for found in answers], kind),
        pl.Series("reason", [found[0][1] if found else None for found in answers], pl.String),
        pl.Series("again", [found[1][0] if len(found) == 2 else None for found in answers], kind),
    ).filter(pl.col("label").is_not_null())
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    table = table.replace_schema_metadata({LABELS: json.dumps(facts)})
    with store.open_output(spec.out) as sink:
        pq.write_table(table, sink, compression="zstd")
    ordered = {str(answer): counts[str(answer)] for answer in rubric.answers}
    return Labelled(spec.out, facts, ordered, stopped)
