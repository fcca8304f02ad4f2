"""The formats of shards, a module each."""

from cleaner.shards import jsonl, megatron, olmo, parquet, torchtitan, yuan_text
from cleaner.shards.base import Expected, Format

FORMATS: dict[str, Format] = {
    "parquet": parquet.FORMAT,
    "jsonl.zst": jsonl.FORMAT,
    "megatron": megatron.FORMAT,
    "yuan_text": yuan_text.FORMAT,
    "olmo": olmo.FORMAT,
    "torchtitan": torchtitan.FORMAT,
}

__all__ = ["FORMATS", "Expected", "Format"]
