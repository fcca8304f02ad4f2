"""Items of benchmark sets, from JSON Lines and Parquet files of any shape."""

import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic_core import from_json

from cleaner.corpus.inflate import opened
from cleaner.errors import InputError, JobError, UnreadableFile
from cleaner.storage import store

_LETTER = re.compile(r"\(?([A-Za-z])[).]?")
_TEXT_OF = ("text", "content", "value")  # what a mapping of a choice calls its words


@dataclass(frozen=True)
class Item:
    """One item: what is asked, and what is known of its answer."""

    name: str
    question: str
    answer: str = ""
    choices: tuple[str, ...] = ()
    source: str = ""  # the file that it is of

    def plain(self) -> str:
        """Return the item as a page would have it."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        lines = [f"{letter}. {choice}" for letter, choice in zip(letters, self.choices)]  # noqa: B905
        return "\n".join([self.question, *lines, *([self.answer] if self.answer else [])])


@dataclass(frozen=True)
class Columns:
    """Where a file has the parts of an item; `a.b` is a field of a column."""

    question: str = "question"
    answer: str | None = None  # None: the column of that name, where there is one
    choices: str | None = None
    id: str | None = None


def read_items(paths: Sequence[str], columns: Columns) -> list[Item]:
    """Return the items of all files in order; JobError for a file that has none."""
    found: list[Item] = []
    for path in paths:
        before = len(found)
        for number, row in enumerate(_rows(path)):
            if number == 0:
                _check(path, row, columns)
            if (item := _item(path, number, row, columns)) is not None:
                found.append(item)
        if len(found) == before:
            raise JobError(f"{path}: no row has a question in its column {columns.question!r}")
    return found


def _rows(path: str) -> Iterator[Mapping[str, Any]]:
    try:
        if path.endswith(".parquet"):
            yield from pl.read_parquet(io.BytesIO(store.read_bytes(path))).iter_rows(named=True)
            return
        with store.open_input(path) as source:
            data = opened(source, path).read()
    except (UnreadableFile, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = from_json(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number}: no JSON: {error}") from None
        if not isinstance(row, dict):
            raise InputError(f"{path}: line {number}: not a JSON object")
        yield row


def _check(path: str, row: Mapping[str, Any], columns: Columns) -> None:
    for name in (columns.question, columns.answer, columns.choices, columns.id):
        if name is not None and name.split(".")[0] not in row and name not in row:
            there = ", ".join(map(repr, row))
            raise JobError(f"{path}: has no column {name!r}; available: {there}")


def _item(path: str, number: int, row: Mapping[str, Any], columns: Columns) -> Item | None:
    question = " ".join(_texts(_at(row, columns.question)))
    if not question.strip():
        return None
    choices = tuple(_texts(_at(row, columns.choices or "choices")))
    answer = _answer(_at(row, columns.answer or "answer"), choices)
    name = _at(row, columns.id or "id")
    named = str(name) if isinstance(name, str | int) and name != "" else ""
    source = os.path.basename(path)
    return Item(named or f"{source}#{number}", question, answer, choices, source)


def _at(row: Mapping[str, Any], path: str) -> Any:
    """Return what a column holds, or one of its fields."""
    if path in row:
        return row[path]
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _answer(value: Any, choices: Sequence[str]) -> str:
    """Return the words of an answer; a number or a letter may say which choice it is."""
    told = " ".join(_texts(value)).strip()
    if not choices or told in choices:
        return told
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(choices):
        return choices[value]
    letter = _LETTER.fullmatch(told)
    place = ord(letter[1].upper()) - ord("A") if letter else -1
    return choices[place] if 0 <= place < len(choices) else told


def _texts(value: Any) -> list[str]:
    """Return the texts in a value, in order: of a list, of choices with their letters."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [f"{value:g}" if isinstance(value, float) else str(value)]
    if isinstance(value, Mapping):
        named = next((value[name] for name in _TEXT_OF if name in value), None)
        inner = list(value.values()) if named is None else [named]
        return [text for one in inner for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    return []
