"""The file of a mixture: finished runs, how much of each, and what the shards look like."""

import re
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from cleaner.config.mistakes import NAME
from cleaner.config.options import Options
from cleaner.config.quantities import quantity
from cleaner.config.spec import read_spec
from cleaner.job.job_file import Output
from cleaner.rules.conditions import checked


class Level(Options):
    """Documents up to a share of all tokens, worst first, and how often they are taken."""

    up_to: float = Field(gt=0, le=1)
    times: float = Field(ge=0, le=100)


class Curve(Options):
    """How often documents are taken by their rank in a score: null and lowest come first."""

    by: str = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)

    @field_validator("levels")
    @classmethod
    def _rise_to_one(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        ends = [level.up_to for level in levels]
        if ends != sorted(set(ends)) or ends[-1] != 1:
            raise ValueError(f"up_to rises from level to level, and ends with 1; got {ends}")
        if not any(level.times for level in levels):
            raise ValueError("all levels are taken 0 times")
        return levels


class Part(Options):
    """Some documents of one run, and how much of them there is to be."""

    run: str = Field(min_length=1)
    name: str = Field("", pattern=NAME)
    where: str | None = None  # a condition over columns of the shards
    weight: float | None = Field(None, gt=0)  # of what `total` leaves, beside other weights
    tokens: int | None = Field(None, gt=0, lt=2**63)
    upsample: Curve | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_of_run(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("run"), str):
            run = data["run"].rstrip("/")
            data = {**data, "run": run}
            if not data.get("name"):
                data["name"] = re.sub(r"[^A-Za-z0-9._-]", "_", run.rsplit("/", 1)[-1]) or "run"
        return data

    @field_validator("tokens", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        return quantity(value)

    @field_validator("where")
    @classmethod
    def _is_a_condition(cls, value: str | None) -> str | None:
        return checked(value)

    @model_validator(mode="after")
    def _one_amount(self) -> "Part":
        if self.weight is not None and self.tokens is not None:
            raise ValueError("takes weight or tokens, not both")
        return self

    @property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """Return (share of the tokens, times) of each level; one, taken once, without a curve."""
        if self.upsample is None:
            return ((1.0, 1.0),)
        return tuple((level.up_to, level.times) for level in self.upsample.levels)


class Mix(Options):
    """A whole mixture. Tokens are counted by `output.tokenizer`; without one they are words."""

    name: str = Field(pattern=NAME)
    parts: tuple[Part, ...] = Field(min_length=1)
    total: int | None = Field(None, gt=0, lt=2**63)
    epochs: int = Field(4, ge=1, le=100)  # how often a document is taken at most
    seed: int = Field(0, ge=0, lt=2**63)  # of who is taken
    output: Output = Output()

    @field_validator("total", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        return quantity(value)

    @model_validator(mode="after")
    def _adds_up(self) -> "Mix":
        names = [part.name for part in self.parts]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two parts are named {name!r}; give each a name")
        if self.total is not None:
            bare = [one.name for one in self.parts if one.weight is None and one.tokens is None]
            if bare:
                raise ValueError(f"total: {', '.join(bare)} has neither weight nor tokens")
            fixed = sum(part.tokens or 0 for part in self.parts)
            weights = any(part.weight is not None for part in self.parts)
            if fixed > self.total or (not weights and fixed != self.total):
                raise ValueError(f"total is {self.total:,}, and the parts' tokens are {fixed:,}")
        for part in self.parts:
            most = max(times for _, times in part.levels)
            if part.weight is None and part.tokens is None and most > self.epochs:
                raise ValueError(f"{part.name}: takes documents {most:g} times, over {self.epochs}")
        if self.output.held_out is not None:
            raise ValueError("output.held_out: its runs hold out; what they do is in no mixture")
        if self.output.signals:
            raise ValueError("output.signals: a mixture measures nothing; its runs may have")
        if self.output.columns != "all":
            raise ValueError("output.columns: a mixture has the columns of its runs")
        return self


def load_mix(path: str | Path) -> Mix:
    """Read the file of a mixture; raises JobError naming every mistake with line and column."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", Path(path).stem) or "mix"
    return read_spec(str(path), Mix, defaults={"name": name})
