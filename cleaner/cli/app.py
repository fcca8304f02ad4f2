"""The program of all commands, and the arguments that several of them take."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="cleaner",
    help="Distil a raw web corpus into a training subset, with every row accounted for.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"cleaner {version('corpus-distiller')}")
        raise typer.Exit


@app.callback()
def _any_command(
    version: Annotated[
        bool,
        typer.Option("--version", help="print the version", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that stand before the name of a command."""


JobArgument = Annotated[str, typer.Argument(help="the job file, or shipped:jobs/NAME.yaml")]
RunArgument = Annotated[str, typer.Argument(help="a run folder")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="K=V", help="override a key, as in language.min_score=0.6"),
]
ReplaceOption = Annotated[
    bool,
    typer.Option("--replace", help="put this run in the place of a finished one, once it is whole"),
]
FreshOption = Annotated[
    bool,
    typer.Option("--fresh", help="as --replace, and use nothing of what was computed before"),
]
ReuseOption = Annotated[
    list[str] | None,
    typer.Option("--reuse", metavar="RUN", help="take from this run what is the same; repeatable"),
]
NoPluginsOption = Annotated[
    bool, typer.Option("--no-plugins", help="import no module of others; only shipped stages")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]
