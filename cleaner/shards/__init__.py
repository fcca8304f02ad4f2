"""The formats of shards, a module each."""

from cleaner.shards import jsonl, megatron, parquet
from cleaner.shards.base import Expected, Format

FORMATS: dict[str, Format] = {
    "parquet": parquet.FORMAT,
    "jsonl.zst": jsonl.FORMAT,
    "megatron": megatron.FORMAT,
}

__all__ = ["FORMATS", "Expected", "Format"]
