"""The job that suits some files, written with a comment on every line."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cleaner.config.shipped import shipped_path
from cleaner.corpus.files import Piece
from cleaner.corpus.formats import kind_of
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import read_parts
from cleaner.errors import CleanerError
from cleaner.job.input_columns import resolve_columns
from cleaner.job.job_file import Input
from cleaner.models.language.backends import backend
from cleaner.models.language.language import identify
from cleaner.web.page import extract_html

LOOKED_AT = 60  # documents of a file, of
FILES = 5  # files
_LEAST = 0.05  # of the texts, for a language to be kept
_UNCLEAR = ("und", "mixed")
_MEANS = {
    "html": "the column with the page; of an archive (WARC), the page itself",
    "text": "the column with the text",
    "id": "a label, by which `cleaner explain` finds a document",
    "url": "where the page was found",
    "date": "when; of two copies of an address the newest stays",
    "source": "accounts and alarms are told by it",
    "licence": "goes with the document into the shards",
}
# The published rules for a language without spaces between words, by characters.
_RULES = {"zh": "fineweb2_zh_char", "ja": "fineweb2_ja_char", "ko": "fineweb2_ko_char"}


def languages_in(entry: Mapping[str, Any]) -> dict[str, float]:
    """Return the share of each language in the first texts of some files, the most first."""
    texts = pl.Series("text", _texts(entry), pl.String)
    if not len(texts):
        return {}
    found = identify(texts, backend())["lang"].to_list()
    shares = {lang: found.count(lang) / len(found) for lang in dict.fromkeys(found)}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _texts(entry: Mapping[str, Any]) -> list[str]:
    files = list_files([tuple(shipped_path(path) for path in entry["paths"])])
    read = {key: entry[key] for key in ("paths", "html", "text") if key in entry}
    columns, _, _ = resolve_columns([Input.model_validate(read)], files)
    column = "html" if "html" in entry else "text"
    found: list[str] = []
    for file in files[:: max(1, len(files) // FILES)][:FILES]:
        rows = tuple(range(LOOKED_AT))
        piece = Piece(file.number, file.path, "", 0, file.kind, take=rows)
        part = next(iter(read_parts([piece], columns, 1 << 24)), None)
        for body in [] if part is None else part.docs[column].drop_nulls().to_list():
            try:
                found.append(extract_html(body).text if column == "html" else body)
            except CleanerError:
                continue  # a page that is none says nothing of its language
    return [text for text in found if text.strip()]


def kept_languages(shares: Mapping[str, float]) -> list[str]:
    """Return the languages that are worth keeping.

    >>> kept_languages({"en": 0.7, "zh": 0.2, "und": 0.08, "fr": 0.02})
    ['en', 'zh']
    """
    return [lang for lang, share in shares.items() if share >= _LEAST and lang not in _UNCLEAR]


def written(name: str, entry: Mapping[str, Any], languages: Sequence[str], math: bool) -> str:
    """Return the job file: each of its lines says what it does."""
    lines = [
        (f"name: {name}", "of the run; without --out it goes to runs/NAME"),
        ("input:", "which files, and what their columns mean"),
        (f"  paths: [{', '.join(_value(path) for path in entry['paths'])}]", "files or globs"),
        *((f"  {key}: {_value(entry[key])}", means) for key, means in _MEANS.items()
          if key in entry),
        ("stages:", "in this order; `cleaner stages NAME` explains each"),
        *(
            (f"  - {stage}", means)
            for stage, means in _stages(entry, languages, math)
        ),
        ("output:", "what the shards look like"),
        ("  format: parquet", "or jsonl.zst; megatron and others need a tokenizer"),
        ("  shard_tokens: 100M", "of a shard; without a tokenizer, words are counted"),
    ]  # fmt: skip
    width = min(max(len(line) for line, _ in lines), 58)
    return "".join(f"{line:<{width}}  # {comment}\n" for line, comment in lines)


def _stages(
    entry: Mapping[str, Any], languages: Sequence[str], math: bool
) -> list[tuple[str, str]]:
    plain = "" if not math else " AND formulas_per_1000 < 5"
    found: list[tuple[str, str]] = []
    if "html" in entry:
        if math:
            found.append(("math_prefilter: {}", "pages without mathematics fall before any work"))
        found.append(("extract: {}", "HTML becomes text; every formula becomes LaTeX"))
    found.append(("normalise: {}", "Unicode NFC, line ends"))
    archives = all(kind_of(path) in ("warc", "wet") for path in entry["paths"])
    if "url" in entry or archives:  # which give it unasked
        found.append(("exact_dedup: {on: url}", "one copy of each address stays"))
    keep = f"{{keep: [{', '.join(languages)}]}}" if languages else "{}"
    found.append((f"language: {keep}", "documents in other languages fall"))
    for lang in languages:
        if lang in _RULES:
            where = f"{{name: {_RULES[lang]}, where: \"lang = '{lang}'{plain}\"}}"
            found.append((f"filter: {where}", f"see: cleaner filters {_RULES[lang]}"))
    spaced = [lang for lang in languages if lang not in _RULES]
    for name in ("gopher_repetition", "gopher_quality") if "en" in spaced else ():
        where = f"{{name: {name}, where: \"lang = 'en'{plain}\"}}"
        found.append((f"filter: {where}", f"see: cleaner filters {name}"))
    if math:
        where = '{name: math_web, where: "formulas_per_1000 >= 5"}'
        found.append((f"filter: {where}", "see: cleaner filters math_web"))
    found.append(("exact_dedup: {}", "equal texts, whatever their script or width"))
    found.append(("near_dedup: {preset: fineweb}", "each removal is verified, and names its twin"))
    return found


def _value(text: str) -> str:
    """Return a text as YAML reads it: as it is where it is a plain word, else in quotes.

    >>> [_value(text) for text in ("text", "meta.url", "s3://b/*.parquet", "no", "1e3")]
    ['text', 'meta.url', '"s3://b/*.parquet"', '"no"', '"1e3"']
    """
    word = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", text)
    bare = word and text.lower() not in ("no", "yes", "on", "off", "true", "false", "null")
    return text if bare else json.dumps(text, ensure_ascii=False)
