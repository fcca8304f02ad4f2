"""The formats of shards, a module each."""

from cleaner.shards import jsonl, parquet
from cleaner.shards.base import Format

FORMATS: dict[str, Format] = {"parquet": parquet.FORMAT, "jsonl.zst": jsonl.FORMAT}

__all__ = ["FORMATS", "Format"]
