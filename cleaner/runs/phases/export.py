"""One shard of a finished run written again in another format, document for document."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import polars as pl

from cleaner.config.plain import Plain
from cleaner.errors import AccountError
from cleaner.runs.phases.shuffle import shard_facts
from cleaner.shards import FORMATS, Expected
from cleaner.shards.run_shards import Shards
from cleaner.shards.tokenizer import TOKEN_COUNT, TOKENS, Tokenizer
from cleaner.storage.commits import Committer
from cleaner.storage.schemas import arrow_schema


@dataclass(frozen=True)
class ExportSettings(Plain):
    """The run whose shards are read, and what they become."""

    source: Shards
    format: str
    schema: str
    tokenizer: Tokenizer | None = None


@dataclass(frozen=True)
class ExportUnit(Plain):
    """One shard, with what the manifest of its run says of it."""

    number: int
    shard: str  # the path that it gets
    rows: int
    words: int
    text_bytes: int


def run_export(settings: ExportSettings, unit: ExportUnit, out: Committer) -> None:
    """Write one shard and commit it."""
    form, schema = FORMATS[settings.format], arrow_schema(settings.schema)
    source = settings.source
    counts = {"rows": 0, "words": unit.words, "text_bytes": 0}
    if settings.tokenizer is not None:
        counts["tokens"] = 0

    def frames() -> Iterator[pl.DataFrame]:
        for _, docs in source.read(unit.number):
            counts["rows"] += len(docs)
            counts["text_bytes"] += int(docs["text"].str.len_bytes().sum())
            if settings.tokenizer is not None:
                docs = settings.tokenizer.added(docs, as_tokens=not form.holds_text)
                counts["tokens"] += int(docs[TOKEN_COUNT].sum())
            # Columns of the input may be called like ours.
            yield docs.select(
                pl.col(TOKENS if name == "tokens" and TOKENS in docs.columns else name).alias(name)
                for name in schema.names
            )

    with ExitStack() as files:
        made = [files.enter_context(out.product(name)) for name in form.files(unit.shard)]
        sinks = [product.sink for product in made]
        changed = form.write(frames(), schema, sinks, Expected(unit.rows, unit.text_bytes))
    if counts["rows"] != unit.rows:
        raise AccountError(
            f"{source.run}: {source.paths[unit.number]} has {counts['rows']:,} rows, and its "
            f"manifest says {unit.rows:,}; see: cleaner verify {source.run}"
        )
    out.commit(0, True, {}, {**counts, **shard_facts(made, changed)})
