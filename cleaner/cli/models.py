"""Commands that train and label: train, label, loop."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cleaner.cli.app import JsonOption, SetOption, app
from cleaner.cli.output import emit, say, show, tell
from cleaner.errors import JobError


@app.command()
def train(
    model: Annotated[str, typer.Argument(help="MODEL.yaml, as shipped:jobs/models/….yaml")],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a classifier, and measure it; write its card."""
    from cleaner.config.spec import read_spec
    from cleaner.models.training.model_spec import ModelSpec
    from cleaner.models.training.train import train_model

    made = train_model(read_spec(model, ModelSpec, _top(settings)))
    for note in made.notes:
        say(note)
    _outcome(made, as_json)


@app.command()
def label(
    spec: Annotated[str, typer.Argument(help="LABEL.yaml: documents, rubric, endpoint, budget")],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Label documents through an OpenAI-compatible endpoint.

    The same command continues.
    """
    from cleaner.cli.progress import counted
    from cleaner.config.spec import read_spec
    from cleaner.models.labelling.label import LabelSpec
    from cleaner.models.labelling.label import label as labelled

    with counted(sys.stderr, "asked") as moved:
        made = labelled(
            read_spec(spec, LabelSpec, _top(settings)),
            lambda done, count, spent: moved(
                done, count, f"{spent.requests:,} requests, {spent.tokens:,} tokens spent"
            ),
        )
    _outcome(made, as_json)


@app.command()
def loop(
    spec: Annotated[str, typer.Argument(help="LOOP.yaml, as shipped:jobs/recall_loop.yaml")],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the recall loop: train, score, confirm hosts, again.

    The same command continues.
    """
    from cleaner.config.spec import read_spec
    from cleaner.models.labelling.loop import LoopSpec
    from cleaner.models.labelling.loop import loop as looped

    _outcome(looped(read_spec(spec, LoopSpec, _top(settings))), as_json)


def _top(settings: list[str] | None) -> dict[str, Any]:
    """Return `K=V` overrides of top-level keys."""
    from cleaner.config import yaml12

    found = {}
    for setting in settings or []:
        key, mark, value = setting.partition("=")
        if not mark:
            raise JobError(f"--set {setting}: write KEY=VALUE")
        found[key], _ = yaml12.load(value, f"--set {key}")
    return found


def _outcome(made: Any, as_json: bool) -> None:
    if as_json:
        emit(made.rows())
        return
    show(made.rows())
    tell(f"\n{made.text()}")
