"""The checks for parts of others: they hold for what ships, and find one fault of each kind."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from cleaner.models.language.backends import PACKAGED, backend
from cleaner.models.language.base import Proposal
from cleaner.shards import FORMATS, Format, jsonl
from cleaner.stages import STAGES
from cleaner.stages.base import Judging, Stage
from cleaner.testing import check_language_model, check_shard_format, check_stage

SHIPPED: dict[str, dict[str, Any]] = {
    "math_prefilter": {}, "extract": {}, "normalise": {}, "clean_lines": {},
    "dedup_paragraphs": {}, "url_filter": {"words": ["bad"]}, "language": {"keep": ["en"]},
    "filter": {"name": "gopher_quality"}, "exact_dedup": {}, "near_dedup": {"preset": "fineweb"},
    "line_dedup": {"min_documents": 2}, "cap": {"by": "source", "documents": 2},
    "sample": {"share": 0.5}, "checkpoint": {},
}  # fmt: skip
# These need models, lists or endpoints, and are tested with them.
WITH_FILES = {
    "classify", "embed_classify", "categorise", "rewrite", "generate", "decontaminate", "removed",
}  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_stage_holds(name: str) -> None:
    stage = STAGES[name].model_validate(SHIPPED[name])
    check_stage(stage.resolve().resolved(["url", "source"], None))


def test_no_stage_is_left_out_unsaid() -> None:
    ours = {name for name in STAGES if STAGES[name].__module__.startswith("cleaner.")}
    assert ours == SHIPPED.keys() | WITH_FILES


@pytest.mark.parametrize("name", [n for n, form in FORMATS.items() if form.columns is None])
def test_every_shipped_format_of_any_column_holds(name: str) -> None:
    check_shard_format(FORMATS[name])


@pytest.mark.parametrize("name", PACKAGED)
def test_every_shipped_language_model_holds(name: str) -> None:
    check_language_model(backend(name))


class Faulty(Judging):
    """A stage with one fault, named by `fault`."""

    fault: str = ""
    seen: int = 0

    def adds(self) -> dict[str, Any]:
        return {"size": pl.UInt32}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        sizes = docs["text"].str.len_bytes().fill_null(0).cast(pl.UInt32)
        made = docs.with_columns(size=sizes, broken=pl.lit([], pl.List(pl.String)))
        if self.fault == "rows":
            return made.filter(pl.col("size") > 0)
        if self.fault == "order":
            return made.reverse()
        if self.fault == "type":
            return made.with_columns(pl.col("size").cast(pl.Int64))
        if self.fault == "more":
            return made.with_columns(extra=1)
        if self.fault == "null":
            return made.with_columns(broken=pl.lit(None, pl.List(pl.String)))
        if self.fault == "silent":
            return made.drop("broken")
        if self.fault == "cut":
            return made.with_columns(size=pl.lit(len(docs), pl.UInt32))
        if self.fault == "empty" and not len(docs):
            return made.drop("size")
        return made

    def plain(self) -> dict[str, Any]:
        return {**super().plain(), "seen": 1 if self.fault == "journey" else 0}


@pytest.mark.parametrize(
    ("fault", "owes"),
    [
        ("rows", "as many rows"), ("order", "the rows in their order"), ("type", "as adds() says"),
        ("more", "only the columns"), ("null", "never null"), ("silent", "the column 'broken'"),
        ("cut", "wherever frames are cut"), ("empty", "a frame without rows"),
        ("journey", "plain()"),
    ],
)  # fmt: skip
def test_a_fault_of_a_stage_is_found(fault: str, owes: str) -> None:
    with pytest.raises(AssertionError, match=owes.replace("(", r"\(").replace(")", r"\)")):
        check_stage(Faulty(fault=fault))


def test_the_same_stage_without_a_fault_holds() -> None:
    check_stage(Faulty())
    assert isinstance(Faulty(), Stage)


def _spoilt_write(frames: Any, schema: Any, sinks: Any, expected: Any) -> Any:
    return jsonl.FORMAT.write((f for frame in frames for f in (frame, frame[:1])), schema, sinks,
                              expected)  # fmt: skip


def _spoilt_text(sources: Any, schema: Any, columns: Any, wanted: Any) -> Any:
    for start, frame in jsonl.FORMAT.chunks(sources, schema, columns, wanted):
        yield (
            start,
            frame.with_columns(pl.col("text").str.strip_chars()) if "text" in frame else frame,
        )


def _spoilt_columns(sources: Any, schema: Any, columns: Any, wanted: Any) -> Any:
    yield from jsonl.FORMAT.chunks(sources, schema, None, wanted)


def _spoilt_start(sources: Any, schema: Any, columns: Any, wanted: Any) -> Any:
    for start, frame in jsonl.FORMAT.chunks(sources, schema, columns, wanted):
        yield start + 1, frame


@pytest.mark.parametrize(
    ("form", "owes"),
    [
        (replace(jsonl.FORMAT, write=_spoilt_write), "however frames are cut"),
        (replace(jsonl.FORMAT, chunks=_spoilt_text), "the column 'text' back"),
        (replace(jsonl.FORMAT, chunks=_spoilt_columns), "only the columns"),
        (replace(jsonl.FORMAT, chunks=_spoilt_start), "the number of the first row"),
    ],
)
def test_a_fault_of_a_format_is_found(form: Format, owes: str) -> None:
    with pytest.raises(AssertionError, match=owes):
        check_shard_format(form)


class Guesser:
    """A language model with one fault."""

    name, calibration, min_score, identity = "guesser", (0.0, 1.0), 0.5, "1"

    def __init__(self, fault: str) -> None:
        self.fault, self.codes = fault, backend("py3langid").codes

    def propose(self, offsets: np.ndarray, data: np.ndarray) -> Proposal:
        n = len(offsets) - 1
        best, share = np.zeros(n, np.int32), np.full(n, 0.9)
        if self.fault == "label":
            best[:] = len(self.codes)
        if self.fault == "share":
            share[:] = np.nan
        if self.fault == "beside":
            share[:] = 1 / max(n, 1)
        if self.fault == "count":
            best = best[1:]
        return Proposal(best, share, np.full(n, -1, np.int32), np.zeros(n))


@pytest.mark.parametrize(
    ("fault", "owes"),
    [("label", "numbers into"), ("share", "never NaN"), ("beside", "alone"), ("count", "one for")],
)
def test_a_fault_of_a_language_model_is_found(fault: str, owes: str) -> None:
    with pytest.raises(AssertionError, match=owes):
        check_language_model(Guesser(fault))


def test_the_same_language_model_without_a_fault_holds() -> None:
    check_language_model(Guesser(""))
