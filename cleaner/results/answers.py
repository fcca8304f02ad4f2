"""Answers about a run as plain data: what `--json` prints, and what an assistant is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, Literal

from cleaner.results.diff import diff
from cleaner.results.finished import Run, explain
from cleaner.results.passages import NO_TEXT, passages
from cleaner.results.samples import sample_documents
from cleaner.results.source_texts import texts_at, texts_of, texts_of_rows
from cleaner.results.whatif import WhatIf, what_if

Row = dict[str, Any]


def explained(run: Run, document: str, text: bool = True) -> list[Row]:
    """Return what became of every document that an id, a url or a place names."""
    return [
        {**asdict(item), **asdict(passages(run, item.row) if text else NO_TEXT)}
        for item in explain(run, document)
    ]


def sampled(run: Run, **asked: Any) -> list[Row]:
    """Return documents as `sample_documents` draws them, each with its text."""
    rows = sample_documents(run, **asked)
    return _with_texts(rows.to_dicts(), texts_of(run, rows))


def tried(
    run: Run, filter: str | None, settings: Sequence[str], count: int, commands: Sequence[str] = ()
) -> Row:
    """Return what a run would have kept under other thresholds, with the texts of documents."""
    return told_of(run, what_if(run, filter, settings, count), commands)


def told_of(run: Run, found: WhatIf, commands: Sequence[str]) -> Row:
    """Return an answer to what-if with the texts of its documents and the commands to run it."""
    told = {**asdict(found), "commands": list(commands)}
    kinds: tuple[Literal["out", "into"], ...] = ("out", "into")
    for kind in kinds:
        told[kind] = _with_texts(told[kind], texts_of_rows(run, told[kind]))
    return told


def compared(one: Run, other: Run, count: int) -> Row:
    """Return what is different between two runs, with the texts of documents."""
    told = asdict(diff(one, other, count))
    rows = [row for move in told["moves"] for row in move["sample"]]
    texts = iter(texts_at(one, rows))
    for move in told["moves"]:
        move["sample"] = _with_texts(move["sample"], islice(texts, len(move["sample"])))
    return told


def _with_texts(rows: Iterable[Row], texts: Iterable[str | None]) -> list[Row]:
    return [{**row, "text": text} for row, text in zip(rows, texts, strict=True)]
