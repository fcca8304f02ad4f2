"""The columns of a table as text: an Arrow schema as its IPC message in base64."""

import base64
from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa


def schema_text(types: Mapping[str, Any]) -> str:
    """Return the Arrow schema of some Polars types as text."""
    empty = pl.DataFrame(schema=dict(types)).to_arrow(compat_level=pl.CompatLevel.oldest())
    return base64.b64encode(empty.schema.serialize().to_pybytes()).decode()


def arrow_schema(text: str) -> pa.Schema:
    """Return the Arrow schema that `schema_text` wrote."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


def polars_types(text: str) -> dict[str, pl.DataType]:
    """Return the Polars types, by name, of which `schema_text` wrote the schema.

    >>> polars_types(schema_text({"a": pl.UInt8, "b": pl.List(pl.String)}))
    {'a': UInt8, 'b': List(String)}
    """
    return dict(pl.DataFrame(arrow_schema(text).empty_table()).schema)
