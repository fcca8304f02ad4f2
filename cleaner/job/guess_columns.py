"""What the columns of a user's files mean, guessed from their names and first values."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cleaner.config.shipped import shipped_path
from cleaner.corpus.file_columns import Look
from cleaner.corpus.files import InputFile, Piece
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import read_parts
from cleaner.errors import InputError, JobError
from cleaner.job.input_columns import resolve_columns
from cleaner.job.job_file import Input

# What public corpora and crawlers call their columns; the first that is there is taken.
NAMES: dict[str, tuple[str, ...]] = {
    "html": ("html", "raw_html", "page_html", "html_content", "payload"),
    "text": (
        *("text", "content", "raw_content", "contents", "body", "article", "document", "markdown"),
        *("output", "completion", "doc", "page_content", "passage"),
    ),
    "id": ("id", "_id", "doc_id", "docid", "document_id", "uuid", "record_id", "warc_record_id"),
    "url": ("url", "uri", "source_url", "page_url", "link", "target_uri", "warc_target_uri"),
    "date": ("date", "timestamp", "crawl_date", "fetch_time", "published", "created", "added"),
    "source": ("source", "dataset", "dataset_name", "subset", "data_source", "corpus"),
    "licence": ("licence", "license"),
}
_INSIDE = ("meta", "metadata")  # structures that hold labels
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|div|p|table|article|span)\b", re.I)
_LOOKED_AT = 8  # rows


def entry_for(
    paths: Sequence[str], html: str | None = None, text: str | None = None
) -> dict[str, Any]:
    """Return an entry of `input` for some files, as a job file would state it.

    `html` or `text` names the column with the page or its text; without either it is guessed.
    Raises InputError where nothing can be read, JobError where no column looks like a text.
    """
    files = list_files([tuple(shipped_path(path) for path in paths)])
    entry: dict[str, Any] = {"paths": list(paths)}
    kinds = {file.kind for file in files}
    if kinds <= {"warc", "wet"}:
        return entry | ({"text": "text"} if kinds == {"wet"} else {"html": "html"})
    types = _types(files)
    entry |= _content(paths, files, types, html, text)
    for label in ("id", "url", "date", "source", "licence"):
        there = [name for name in _spellings(label) if name in types]
        if there and there[0] not in entry.values():
            entry[label] = there[0]
    return entry


def _types(files: Sequence[InputFile]) -> Mapping[str, pa.DataType]:
    look = Look((), "all")
    types = look.at(files).types
    if not types:
        why = look.failed[0].error if look.failed else f"{files[0].path}: has no columns"
        raise InputError(why)
    return _with_fields(types)


def _with_fields(types: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    found = dict(types)
    for name in _INSIDE:
        kind = types.get(name)
        if kind is not None and pa.types.is_struct(kind):
            fields = [kind.field(at) for at in range(kind.num_fields)]
            found |= {f"{name}.{one.name}": one.type for one in fields}
    return found


def _spellings(label: str) -> list[str]:
    names = NAMES[label]
    return [*names, *(f"{inside}.{name}" for inside in _INSIDE for name in names)]


def _content(
    paths: Sequence[str],
    files: Sequence[InputFile],
    types: Mapping[str, pa.DataType],
    html: str | None,
    text: str | None,
) -> dict[str, str]:
    if html is not None or text is not None:
        if html is not None and text is not None:
            raise JobError("--html and --text: one of the two says where the page or its text is")
        return {"html": html} if html is not None else {"text": str(text)}
    for name in NAMES["html"]:
        if name in types:
            return {"html": name}
    texts = [name for name in NAMES["text"] if name in types and _is_words(types[name])]
    if not texts:
        there = ", ".join(types)
        raise JobError(
            f"{files[0].path}: no column looks like a text or a page; name one of them with --text "
            f"or --html; available: {there}"
        )
    return {"html" if _is_markup(paths, files, texts[0]) else "text": texts[0]}


def _is_words(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_bytes(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_markup(paths: Sequence[str], files: Sequence[InputFile], column: str) -> bool:
    """Return whether most of the first texts of a column are pages of HTML."""
    entry = Input.model_validate({"paths": list(paths), "html": column})
    columns, _, _ = resolve_columns([entry], files)
    first = files[0]
    piece = Piece(first.number, first.path, "", 0, first.kind, take=tuple(range(_LOOKED_AT)))
    part = next(iter(read_parts([piece], columns, 1 << 24)), None)
    pages = [] if part is None else part.docs["html"].drop_nulls().to_list()
    marked = [_MARKUP.search(_begin(page)) is not None for page in pages]
    return sum(marked) * 2 > len(marked)


def _begin(page: bytes | str) -> str:
    return page[:2000].decode("utf-8", "replace") if isinstance(page, bytes) else page[:2000]
