"""The job file: parsed, checked and frozen before anything else happens.

Every mistake of a file is reported at once, each with its line and column, what was found and what
is allowed. Past `load_job` the code trusts its types.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    Field,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from cleaner.config import yaml12
from cleaner.config.mistakes import NAME, Where, guess, told_apart
from cleaner.config.options import Options
from cleaner.config.quantities import quantity
from cleaner.config.regex import is_pattern
from cleaner.config.shipped import shipped_path
from cleaner.errors import JobError
from cleaner.shards import FORMATS
from cleaner.stages import OPTIONS, STAGES, plugins
from cleaner.stages.base import Stage
from cleaner.storage.run_folder import JOB, RunFolder


class Source(Options):
    """Where a document's source label comes from: exactly one of the three."""

    column: str | None = None
    value: str | None = None
    path: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Source":
        given = [name for name in ("column", "value", "path") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"takes exactly one of column, value, path; got {given or 'none'}")
        if self.path is not None:
            try:
                groups = re.compile(self.path).groups
            except re.error as error:
                raise ValueError(f"path: not a regular expression: {error}") from None
            if not is_pattern(self.path):
                raise ValueError("path: not a regular expression of RE2, which has no look-around")
            if groups != 1:
                raise ValueError(f"path: needs exactly one (group), has {groups}")
        return self


class Input(Options):
    """One entry of `input`: files and what their columns mean."""

    paths: tuple[str, ...] = Field(min_length=1)
    html: str | None = None
    text: str | None = None
    id: str | None = None
    url: str | None = None
    date: str | None = None
    source: Source | None = None
    licence: str | None = None
    read: tuple[str, ...] | Literal["all"] = ()

    @field_validator("paths", "read", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "all":
            return (value,)
        return tuple(value) if isinstance(value, list) else value

    @field_validator("paths", mode="after")
    @classmethod
    def _shipped(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(path.strip() for path in value):
            raise ValueError("a path is empty; write . for the working folder")
        return tuple(shipped_path(path) for path in value)

    @field_validator("source", mode="before")
    @classmethod
    def _short_source(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _page_or_text(self) -> "Input":
        if (self.html is None) == (self.text is None):
            raise ValueError("takes exactly one of html (the column with the page) and text")
        return self


class ShardCount(Options):
    """How many shards there are, beside what their size says."""

    at_least: int = Field(1, gt=0, le=1_000_000)
    multiple_of: int = Field(1, gt=0, le=1_000_000)  # of the ranks, or of the workers that read


class HeldOut(Options):
    """The documents that are not trained on, in shards of their own."""

    share: float = Field(gt=0, le=0.5)


class Output(Options):
    """What the shards look like."""

    format: str = "parquet"
    shard_tokens: int | None = Field(None, gt=0, lt=2**63)
    shard_bytes: int | None = Field(None, gt=0, lt=2**63)
    shards: ShardCount = ShardCount()
    held_out: HeldOut | None = None
    tokenizer: str | None = None  # the file of a tokenizer; without one, words are counted
    end_token: str | None = None  # of it, where its files do not say which ends a document
    shuffle_seed: int = Field(0, ge=0, lt=2**63)
    columns: tuple[str, ...] | Literal["all"] = "all"
    signals: tuple[str, ...] = ()

    @field_validator("shard_tokens", "shard_bytes", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        return quantity(value)

    @field_validator("format")
    @classmethod
    def _format_is_known(cls, value: str) -> str:
        if value not in FORMATS:
            there = ", ".join(FORMATS)
            raise ValueError(
                f"format {value} is unknown{guess(value, FORMATS)}; available: {there}"
            )
        return value

    @model_validator(mode="after")
    def _size(self) -> "Output":
        if self.shard_tokens and self.shard_bytes:
            raise ValueError("takes shard_tokens or shard_bytes, not both")
        if self.tokenizer is None and not FORMATS[self.format].holds_text:
            raise ValueError(
                f"format {self.format} needs tokenizer, a file of `tokenizers` by path"
            )
        if self.tokenizer is None and self.end_token is not None:
            raise ValueError("end_token is one of a tokenizer; there is none")
        return self


class Shadow(Options):
    """The sample that goes through every stage that judges row by row, whatever it fails."""

    share: float = Field(0.001, ge=0, le=1)  # of the rows of the input, but
    at_least: int = Field(20_000, ge=0)  # rows, or all of a smaller input
    at_most: int = Field(200_000, ge=0)

    @model_validator(mode="after")
    def _a_range(self) -> "Shadow":
        if self.at_least > self.at_most:
            raise ValueError(f"at_least is {self.at_least:,}, more than at_most, {self.at_most:,}")
        return self

    def share_of(self, rows: int) -> float:
        """Return the share of so many rows that is drawn.

        >>> [Shadow().share_of(rows) for rows in (5_000, 40_000, 100_000_000, 400_000_000)]
        [1.0, 0.5, 0.001, 0.0005]
        """
        wanted = min(max(self.share * rows, self.at_least), self.at_most)
        return min(1.0, wanted / max(rows, 1))


class Alarm(Options):
    """When a loss is worth a warning, or the end of the run."""

    dedup_loss: float = Field(0.9, ge=0, le=1)
    action: Literal["warn", "stop"] = "warn"


class Entry(Options):
    """One stage of the job, at its place."""

    index: int
    name: str
    stage: Stage
    place: str = Field("", exclude=True, repr=False)  # where it is written, for messages

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same stage at the same place, wherever it was written."""
        return isinstance(other, Entry) and self._what() == other._what()

    def __hash__(self) -> int:
        """Return a hash of what is compared."""
        return hash((self.index, self.name))

    def _what(self) -> tuple[int, str, Stage]:
        return self.index, self.name, self.stage

    @property
    def title(self) -> str:
        """Return `<index>.<name>[:<label>]`, the stage's name in ledger, stats and clusters."""
        return f"{self.index}.{self.name}{self.stage.label()}"


_SHOWN = 50  # mistakes of a job that are told one by one


class Job(Options):
    """A whole job, as resolved."""

    name: str = Field(pattern=NAME)
    input: tuple[Input, ...] = Field(min_length=1)
    stages: tuple[Entry, ...] = ()
    output: Output = Output()
    plugins: tuple[str, ...] = ()
    ledger: Literal["full", "dropped", "counts"] = "full"
    shadow: Shadow | None = Shadow()  # None: off
    on_error: Literal["quarantine", "stop"] = "quarantine"
    max_error_rate: float = Field(0.01, ge=0, le=1)
    alarm: Alarm = Alarm()
    # False: intermediate results go as soon as nothing in the run reads them.
    keep_text: bool = True

    def __repr__(self) -> str:
        stages = ", ".join(entry.title for entry in self.stages)
        return f"<job {self.name}: {stages or 'no stage'}>"

    @field_validator("shadow", mode="before")
    @classmethod
    def _shadow_or_off(cls, value: Any) -> Any:
        if not isinstance(value, dict | Shadow) and value != "off":
            raise ValueError(f"takes share, at_least and at_most, or: off; not {value!r}")
        return None if value == "off" else value

    @field_serializer("shadow")
    def _off(self, shadow: Shadow | None) -> Any:
        return "off" if shadow is None else shadow.model_dump(mode="json")

    def resolved(self) -> dict[str, Any]:
        """Return the job as plain data, every default filled in; `read_job` reads it back.

        Of a job that was planned it also says what the files of its stages said.
        """
        data = self.model_dump(mode="json", exclude={"stages"})
        data["stages"] = [{entry.name: entry.stage.plain()} for entry in self.stages]
        return data


def load_job(path: str | Path, overrides: Sequence[str] = (), *, other_stages: bool = True) -> Job:
    """Read a job file, apply `K=V` overrides, and return the frozen job.

    Without `other_stages` no module that it names is imported: only shipped stages are known.

    It may be the `job.yaml` of a run folder, which also holds the rules and lists that were read.
    Raises JobError naming every mistake with file, line and column.
    """
    place = Path(shipped_path(str(path)))
    if (place / JOB).is_file():
        raise JobError(f"{path}: is a folder; its job file is {place / JOB}")
    if not place.is_file():
        raise JobError(f"{path}: no such job file{_near_file(place)}")
    try:
        text = place.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise JobError(f"{path}: not UTF-8 at byte {error.start}") from None
    data, positions = yaml12.load(text, str(path))
    if not isinstance(data, dict):
        raise JobError(f"{path}:1:1: a job file is a mapping with input, stages and output")
    data.setdefault("name", re.sub(r"[^A-Za-z0-9._-]", "_", place.stem) or "job")
    recorded = run_of(place) is not None
    if recorded and overrides:
        raise JobError(
            f"--set {overrides[0]}: {path} is what a run recorded, rules and lists included; "
            "override the job file that the run was started from"
        )
    origin: dict[tuple[Any, ...], str] = {}
    for override in overrides:
        _override(data, override, origin)
    # A run folder may be somebody else's: what lies there is never imported.
    folder = None if recorded else str(place.parent)
    where = Where(str(path), positions, origin)
    return _parsed(data, where, resolved=recorded, folder=folder, others=other_stages)


def run_of(path: str | Path) -> str | None:
    """Return the run folder that recorded a job file; None where a user wrote it."""
    folder = str(Path(path).parent)
    return folder if Path(path).name == JOB and RunFolder(folder).is_ours() else None


def parse_job(
    data: dict[str, Any],
    path: str = "job",
) -> Job:
    """Return the frozen job of plain data; raises JobError with all mistakes at once."""
    return _parsed(data, Where(path, {}), resolved=False)


def read_job(data: dict[str, Any], path: str) -> Job:
    """Return the job that `Job.resolved` made plain, as a run recorded it: no file is opened."""
    return _parsed(data, Where(path, {}), resolved=True)


def _parsed(
    data: dict[str, Any],
    where: Where,
    resolved: bool,
    folder: str | None = None,
    others: bool = True,
) -> Job:
    mistakes: list[str] = []
    data = dict(data)
    if isinstance(data.get("input"), dict):
        data["input"] = [data["input"]]
    if isinstance(data.get("input"), str):
        said = f"takes paths and html or text; write {{paths: {data['input']}, text: text}}"
        raise JobError(where.say(("input",), said))
    _load_plugins(data.get("plugins"), where, mistakes, folder, others)
    entries = _stages(data.get("stages"), where, mistakes, resolved, others)
    try:
        job = Job.model_validate({**data, "stages": ()})
    except ValidationError as error:
        found = told_apart(error.errors())
        told = [item for item in found if not _follows(item, found)]
        mistakes += [where.explain(Job, item) for item in told[:_SHOWN]]
        if len(told) > _SHOWN:
            mistakes.append(f"{where.path}: and {len(told) - _SHOWN:,} mistakes more")
        raise JobError("\n".join(mistakes)) from None
    if mistakes:
        raise JobError("\n".join(mistakes))
    return job.model_copy(update={"stages": tuple(entries)})


def _load_plugins(
    value: Any, where: Where, mistakes: list[str], folder: str | None, others: bool
) -> None:
    """List the stages of the modules that a job names; a wrong type is refused with the job."""
    for place, module in enumerate(value if isinstance(value, list) else ()):
        if not others:
            mistakes.append(where.say(("plugins", place), f"{module}: --no-plugins imports none"))
            continue
        try:
            plugins.load_module(str(module), folder)
        except JobError as error:
            mistakes.append(where.say(("plugins", place), str(error)))


def _stages(
    value: Any, where: Where, mistakes: list[str], resolved: bool, others: bool
) -> list[Entry]:
    if value is None:
        return []
    if not isinstance(value, list):
        mistakes.append(where.say(("stages",), f"is a list of stages, not {value!r}"))
        return []
    entries = []
    unloaded = bool(mistakes)  # a module with stages; what it would have brought is not told again
    for index, item in enumerate(value):
        at = ("stages", index)
        if isinstance(item, str):
            item = {item: None}
        if not isinstance(item, dict) or len(item) != 1:
            mistakes.append(where.say(at, "has one key, the name of a stage, and its options"))
            continue
        ((name, options),) = item.items()
        try:
            kind = plugins.find(str(name), others)
        except JobError as error:
            mistakes.append(where.say((*at, name), str(error)))
            continue
        if kind is None and unloaded:
            continue
        if kind is None:
            known = plugins.names() if others else list(OPTIONS)
            said = f"unknown stage {name!r}{guess(str(name), known)}; available: {', '.join(known)}"
            mistakes.append(where.say((*at, name), said))
            continue
        kind = kind.resolved_type() if resolved else kind
        try:
            if options is None:
                options = {}
            if not isinstance(options, dict):
                options = kind.from_short(options)
            stage = kind.model_validate(options)
            place = where.at((*at, name)) if where.places else ""
            entries.append(Entry(index=index, name=name, stage=stage, place=place))
        except ValidationError as error:
            mistakes += [
                where.explain(kind, mistake, (*at, name), kind.elsewhere)
                for mistake in told_apart(error.errors())
            ]
        except (JobError, ValueError) as error:
            mistakes.append(where.say((*at, name), str(error)))
    return entries


def _near_file(place: Path) -> str:
    beside = (
        sorted(path.name for path in place.parent.glob("*.yaml")) if place.parent.is_dir() else []
    )
    if not beside:
        return ""
    return f"; in {place.parent or '.'} available: {', '.join(beside[:12])}"


def _of_entry(entries: Any, parts: list[Any], key: str) -> list[Any]:
    """Return the place of a key of `input`, which is one mapping or a list of them."""
    if isinstance(entries, dict) and isinstance(parts[1], int):
        if parts[1] or len(parts) == 2:
            raise JobError(f"--set {key}: input is one entry; write --set input.paths=…")
        return ["input", *parts[2:]]
    if isinstance(entries, list) and not isinstance(parts[1], int):
        if len(entries) != 1:
            raise JobError(
                f"--set {key}: there are {len(entries)} entries; write --set input.0.{parts[1]}=…"
            )
        return ["input", 0, *parts[1:]]
    return parts


def _follows(mistake: Any, all_of_them: list[Any]) -> bool:
    """Return whether a mistake only says that there is nothing where what is there is wrong."""
    at, size = mistake["loc"], len(mistake["loc"])
    return mistake["type"] == "too_short" and any(
        len(one["loc"]) > size and one["loc"][:size] == at for one in all_of_them
    )


def _in_list(node: Any, part: Any, before: list[Any], key: str) -> None:
    """Raise JobError where a number is no item of a list, or what is no number should be one."""
    where = ".".join(str(one) for one in before)
    if isinstance(part, int) and not isinstance(node, list):
        raise JobError(f"--set {key}: {where} is not a list; write --set {where}=…")
    if isinstance(node, list) and (not isinstance(part, int) or part >= len(node)):
        last = f", {where}.0 to {where}.{len(node) - 1}" if node else ""
        raise JobError(f"--set {key}: {where} is a list of {len(node)}{last}")


def _override(data: dict[str, Any], text: str, origin: dict[tuple[Any, ...], str]) -> None:
    """Apply one `K=V` of --set: by stage name when unique, else by `stages.3`, else a top key."""
    key, mark, value = text.partition("=")
    if not mark or not key:
        raise JobError(f"--set {text}: write KEY=VALUE, as in --set language.min_score=0.6")
    parsed, _ = yaml12.load(value, f"--set {key}")
    parts: list[Any] = [int(part) if part.isdigit() else part for part in key.split(".")]
    stages = data.get("stages") or []
    if parts[0] == "stages" and len(parts) > 2 and isinstance(parts[1], int):
        if parts[1] >= len(stages):
            raise JobError(f"--set {key}: there are {len(stages)} stages, 0 to {len(stages) - 1}")
        if isinstance(stages[parts[1]], dict) and parts[2] not in stages[parts[1]]:
            parts.insert(2, next(iter(stages[parts[1]])))
    elif parts[0] in STAGES:
        at = [
            i
            for i, item in enumerate(stages)
            if item == parts[0] or (isinstance(item, dict) and parts[0] in item)
        ]
        if len(at) != 1:
            have = ", ".join(f"stages.{i}" for i in at) or "none"
            raise JobError(f"--set {key}: needs exactly one stage {parts[0]!r}; available: {have}")
        parts = ["stages", at[0], *parts]
    elif parts[0] not in Job.model_fields:
        known = [*Job.model_fields, *STAGES]
        raise JobError(
            f"--set {key}: unknown key{guess(str(parts[0]), known)}; available: {', '.join(known)}"
        )
    if parts[0] == "input" and len(parts) > 1:
        parts = _of_entry(data.get("input"), parts, key)
    node: Any = data
    for depth, part in enumerate(parts[:-1]):
        if isinstance(node, list):
            _in_list(node, part, parts[:depth], key)
        following = node[part] if isinstance(node, list) else node.get(part)
        if isinstance(node, list) and isinstance(following, str):
            following = node[part] = {following: {}}
        if not isinstance(following, dict | list):
            # A short form such as `filter: gopher_quality` becomes its long form.
            if depth >= 2 and parts[0] == "stages" and following is not None:
                following = STAGES[part].from_short(following)
            else:
                following = {}
            node[part] = following
        node = following
    _in_list(node, parts[-1], parts[:-1], key)
    node[parts[-1]] = parsed
    origin[tuple(parts)] = f"--set {key}"
