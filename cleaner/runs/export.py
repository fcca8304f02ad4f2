"""A finished run's shards in another format, in a folder of their own; nothing is judged again."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cleaner.config.mistakes import guess
from cleaner.errors import InputError, JobError
from cleaner.runs.derived import Derived
from cleaner.runs.phases.base import Phase, Prepared, State, Unit
from cleaner.runs.phases.export import ExportSettings, ExportUnit
from cleaner.shards import FORMATS, Format
from cleaner.shards.run_shards import Shards
from cleaner.shards.tokenizer import Tokenizer
from cleaner.storage import store
from cleaner.storage.commits import digest
from cleaner.storage.run_folder import MANIFEST, RunFolder
from cleaner.storage.schemas import polars_types, schema_text

_VERSION = 1  # of what an export writes
# Bytes of a shard for one byte of text, at most about; of tokens, for a byte of a token's number.
WRITTEN = {"parquet": 0.45, "jsonl.zst": 0.45, "yuan_text": 1.05}
_TOKENS = 0.4


def plan_export(
    run: str, format: str, tokenizer: str | None = None, end_token: str | None = None
) -> Derived:
    """Return what is to be made of a finished run.

    Raises JobError for a format that is not there or cannot hold what the run has.
    """
    manifest = finished(run)
    source = Shards.of(run, manifest)
    form = known_format(format)
    found = _tokenizer(format, tokenizer, end_token)
    schema = schema_text(columns_of(run, source, form, format, found))
    settings = ExportSettings(source, format, schema, found)
    outputs = manifest["outputs"]
    units = []
    for number, one in enumerate(outputs):
        stem = one["path"].removesuffix(source.as_format().suffix)
        unit = ExportUnit(
            number, f"{stem}{form.suffix}", one["rows"], one["words"], one["text_bytes"]
        )
        units.append(
            Unit(f"{number:05d}", unit, digest(one["sha256"]), one["rows"], one["text_bytes"])
        )

    def prepare(state: State) -> Prepared:
        return Prepared(settings, units, "")

    identity = digest([
        "export", _VERSION, manifest["identity"], [one["sha256"] for one in outputs], format,
        schema, None if found is None else [found.sha256, found.end],
    ])  # fmt: skip
    title = f"write shards as {format}"
    return Derived(
        command="export",
        name=manifest["job"],
        identity=identity,
        runs=(run,),
        inputs=tuple(
            {"file": n, "path": store.join(run, one["path"]), **sizes_said(one)}
            for n, one in enumerate(outputs)
        ),
        format=format,
        schema=schema,
        tokenizer=found,
        phases=(Phase("00-export", "export", title, settings, prepare, version=_VERSION),),
        bytes=bytes_written(format, found, sum(one["text_bytes"] for one in outputs)),
        columns=tuple(polars_types(schema)),
        seen=dict([first_file(run, manifest)]),
        options={"format": format},
    )


def sizes_said(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest says of the size of a shard."""
    return {name: output[name] for name in ("bytes", "rows", "sha256")}


def first_file(run: str, manifest: Mapping[str, Any]) -> tuple[str, int]:
    """Return the path and the bytes of a run's first shard."""
    one = manifest["outputs"][0]
    return store.join(run, one["path"]), one["bytes"]


def finished(run: str) -> dict[str, Any]:
    """Return the manifest of a finished run; JobError for a folder that is none."""
    if not RunFolder(run).is_ours():
        raise JobError(f"{run}: not a run folder: no run was begun in it")
    manifest = RunFolder(run).manifest()
    if manifest is None and store.exists(where := RunFolder(run).at(MANIFEST)):
        raise InputError(f"{where}: is truncated; run the same command to write it again")
    if manifest is None:
        raise InputError(f"{run}: this run is not finished; see: cleaner status {run}")
    return manifest


def known_format(name: str) -> Format:
    """Return a format by its name; JobError for one that is none."""
    if name not in FORMATS:
        there = ", ".join(FORMATS)
        raise JobError(f"--format {name}: unknown format{guess(name, FORMATS)}; available: {there}")
    return FORMATS[name]


def _tokenizer(format: str, tokenizer: str | None, end_token: str | None) -> Tokenizer | None:
    """Return the tokenizer that a format is written with, or tokens are counted by."""
    holds_text = FORMATS[format].holds_text
    if tokenizer is not None:
        return Tokenizer.of(tokenizer, end_token, "" if holds_text else "name it by --end-token")
    if not holds_text:
        raise JobError(f"format {format} holds tokens: --tokenizer names a file of tokenizers")
    return None


def columns_of(
    run: str, source: Shards, form: Format, name: str, tokenizer: Tokenizer | None
) -> dict[str, Any]:
    """Return the columns of shards in another format, name -> Polars type."""
    have: dict[str, Any] = dict(polars_types(source.schema))
    if "text" not in have:
        raise JobError(
            f"{run}: its shards are {source.format}, which hold tokens; export a run that has texts"
        )
    if form.columns is None:
        return have
    if form.token_type is not None and tokenizer is not None:
        have["tokens"] = pl.List(form.token_type(tokenizer.vocabulary))
    if missing := [column for column in form.columns if column not in have]:
        raise JobError(
            f"{run}: its shards are {source.format} and lack {', '.join(missing)}, which {name} has"
        )
    return {column: have[column] for column in form.columns}


def bytes_written(format: str, tokenizer: Tokenizer | None, text: int) -> int:
    """Return the bytes of shards of so much text, at most about."""
    form = FORMATS[format]
    if form.token_type is None or tokenizer is None:
        return int(text * WRITTEN.get(format, 1.0))
    return int(text * _TOKENS * _width(form.token_type(tokenizer.vocabulary)))


def _width(kind: Any) -> int:
    return {pl.UInt8: 1, pl.UInt16: 2}.get(type(kind), 4)
