"""Commands that make shards of finished runs: export, mix."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cleaner.cli.app import RunArgument, app
from cleaner.cli.output import say_json, tell, tell_shards
from cleaner.cli.runs import known_engine, stoppable

if TYPE_CHECKING:
    from cleaner.runs.derived import Derived

FormatOption = Annotated[str, typer.Option("--format", help="parquet, jsonl.zst, megatron, …")]
OutOption = Annotated[str, typer.Option(help="a folder of its own")]
TokenizerOption = Annotated[
    str | None, typer.Option(help="a file of the tokenizers library; formats of tokens need it")
]
EndOption = Annotated[
    str | None, typer.Option("--end-token", help="the token that ends a document")
]
EngineOption = Annotated[str, typer.Option(help="ray, or inline: in this process")]
AddressOption = Annotated[str | None, typer.Option(help="a Ray cluster to join")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="tasks at once")]
LogOption = Annotated[bool, typer.Option("--log-json", help="messages as JSON lines")]


@app.command()
@stoppable
def export(
    path: RunArgument,
    format: FormatOption,
    out: OutOption,
    tokenizer: TokenizerOption = None,
    end_token: EndOption = None,
    engine: EngineOption = "ray",
    address: AddressOption = None,
    workers: WorkersOption = None,
    log_json: LogOption = False,
) -> None:
    """Write a run's shards in another format, elsewhere."""
    from cleaner.runs.export import plan_export

    say_json(log_json)
    _made(
        lambda: plan_export(path.rstrip("/"), format, tokenizer, end_token),
        out,
        log_json=log_json,
        engine=known_engine(engine),
        address=address,
        workers=workers,
    )


@app.command()
@stoppable
def mix(
    path: Annotated[str, typer.Argument(help="the file of the mixture")],
    out: OutOption,
    engine: EngineOption = "ray",
    address: AddressOption = None,
    workers: WorkersOption = None,
    log_json: LogOption = False,
) -> None:
    """Mix finished runs by quotas or weights."""
    from cleaner.cli.output import show
    from cleaner.job.mix_file import load_mix
    from cleaner.runs.mix import plan_mix

    say_json(log_json)
    manifest = _made(
        lambda: plan_mix(load_mix(path)),
        out,
        log_json=log_json,
        engine=known_engine(engine),
        address=address,
        workers=workers,
    )
    tell()
    hidden = ("run", "words_there", "tokens_there")
    show(
        [
            {name: value for name, value in row.items() if name not in hidden}
            for row in manifest["of"]["mixture"]
        ]
    )


def _made(plan: Callable[[], Derived], out: str, *, log_json: bool, **how: Any) -> dict[str, Any]:
    """Make what was planned, showing how far it is, and say what there is."""
    from cleaner.cli.progress import shown
    from cleaner.runs.derived import make

    planned = plan()
    with shown(sys.stderr, log_json) as progress:
        manifest = make(
            planned,
            out,
            report=progress.report,
            warn=progress.warn,
            note=progress.note,
            log_json=log_json,
            **how,
        )
    counted = sum(one.get("tokens", one["words"]) for one in manifest["outputs"])
    unit = "words" if manifest["shards"]["tokenizer"] is None else "tokens"
    tell(f"{manifest['rows']['kept']:,} documents, {counted:,} {unit}")
    tell_shards(out, manifest["outputs"])
    return manifest
