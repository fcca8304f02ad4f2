"""The model card: what a model is, how its texts are prepared, what it is worth, where it cuts.

`math.bin` has `math.bin.card.json` beside it, for us, and `math.bin.card.md`, for people.
"""

import functools
import json
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cleaner.errors import JobError
from cleaner.models.scoring.prepare import RAW, Preparation
from cleaner.storage import store

FORMAT = 1


class Part(BaseModel):
    """A piece of a card; a newer cleaner may add keys, an older one reads past them."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Cut(Part):
    """The score from which a document is kept, and what it was chosen for."""

    by: Literal["score", "precision", "share", "tokens"]
    value: float  # what was asked: the precision, the share, ...
    score: float = Field(ge=0)
    note: str = ""


class Card(Part):
    """Everything `classify` and a reader need to know about a model."""

    format: int = FORMAT
    model: str
    sha256: str
    bytes: int
    label: str
    labels: tuple[str, ...]
    kind: Literal["fasttext", "embedding"] = "fasttext"
    preparation: Preparation = RAW
    cut: Cut | None = None
    training: dict[str, Any] = {}  # settings, seed, counts of examples, versions of the trainer
    metrics: dict[str, Any] = {}
    curve: tuple[dict[str, float], ...] = ()


def card_path(model: str | os.PathLike[str]) -> Path:
    """Return where the card of a model lies.

    >>> str(card_path("models/math.bin"))
    'models/math.bin.card.json'
    """
    return Path(f"{os.fspath(model)}.card.json")


def read_card(model: str | os.PathLike[str]) -> Card | None:
    """Return the card beside a model, or None; a card that cannot be used is a `JobError`."""
    path = card_path(model)
    try:
        facts = path.stat()
    except OSError:
        return None
    return _read(path, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _read(path: Path, size: int, changed: int) -> Card:
    try:
        data = json.loads(path.read_bytes())
        if isinstance(data, dict) and data.get("format", FORMAT) > FORMAT:
            raise JobError(
                f"{path}: a model card of format {data['format']}; this one reads {FORMAT}"
            )
        card = Card.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise JobError(f"{path}: not a model card: {where}: {first['msg']}") from None
    except (ValueError, TypeError) as error:
        raise JobError(f"{path}: not a model card: {error}") from None
    card.preparation.check(str(path))
    return card


def check_card(model: str | os.PathLike[str], card: Card) -> None:
    """Raise `JobError` if `card` was written for other bytes than those of `model`."""
    if os.path.getsize(model) != card.bytes or store.sha256(str(model)) != card.sha256:
        raise JobError(
            f"{card_path(model)}: written for another {card.model} than the one beside it; "
            "train the model again or copy both files"
        )


def default_cut(model: str, label: str) -> float | None:
    """Return the cut of the card beside a model, if it has one for this label."""
    card = read_card(model)
    if card is None or card.cut is None or card.label != label:
        return None
    return card.cut.score


def write_card(model: str | os.PathLike[str], card: Card) -> None:
    """Write the card beside a model, as Markdown and as JSON, each whole or not at all.

    The JSON comes last: where it is, the rest is too.
    """
    path = card_path(model)
    store.write_whole(str(path.with_suffix(".md")), readable(card).encode())
    store.write_whole(str(path), (card.model_dump_json(indent=1) + "\n").encode())


def readable(card: Card) -> str:
    """Return the card as Markdown."""
    how = card.preparation
    lines = [
        f"# {card.model}",
        "",
        f"Scores how likely a text is `{card.label}` (labels: {', '.join(card.labels)}).",
        "",
        f"- sha256 `{card.sha256}`, {card.bytes:,} bytes, {card.kind}",
        f"- texts: unit {how.unit}, formulas as {how.formulas}, preparation {how.version}",
    ]
    if card.cut:
        asked = "" if card.cut.by == "score" else f" (asked: {card.cut.by} {card.cut.value:g})"
        lines.append(f"- keeps from a score of {card.cut.score:.6f}{asked}")
        if card.cut.note:
            lines.append(f"- {card.cut.note}")
    lines += _section("Training", card.training) + _section(
        "Measured on held-out documents", card.metrics
    )
    if card.curve:
        lines += ["", "## Kept share and precision by threshold", "", *table(card.curve)]
    return "\n".join(lines) + "\n"


def _section(title: str, values: dict[str, Any]) -> list[str]:
    if not values:
        return []
    lines = ["", f"## {title}", ""]
    for key, value in values.items():
        if isinstance(value, dict) and value and all(isinstance(v, dict) for v in value.values()):
            rows = [{key: name, **facts} for name, facts in value.items()]
            lines += ["", *table(rows), ""]
        elif isinstance(value, dict):
            shown = ", ".join(f"{name} {_shown(fact)}" for name, fact in value.items())
            lines.append(f"- {key}: {shown}")
        else:
            lines.append(f"- {key}: {_shown(value)}")
    return lines


def table(rows: Any) -> list[str]:
    """Return rows, mappings with the same keys, as a Markdown table.

    >>> table([{"lang": "zh", "auc": 0.5}])
    ['| lang | auc |', '| --- | --- |', '| zh | 0.5 |']
    """
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    body = [" | ".join(_shown(row.get(name, "")) for name in names) for row in rows]
    return [
        f"| {' | '.join(names)} |",
        f"|{' --- |' * len(names)}",
        *(f"| {line} |" for line in body),
    ]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return str(value)
