"""Job and files to a plan: units, ordered phases, needed signals; refuses before the engine starts.

Per-document stages between two stages that must see all rows are fused into one map phase. Nothing
here reads a document, starts Ray or writes a file.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import polars as pl

from cleaner.config.mistakes import guess
from cleaner.config.plain import Plain
from cleaner.corpus.columns import CARRIED, inside, outside
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import (
    PART_BYTES,
    FailedFile,
    InputFile,
    Piece,
    cut_units,
    read_footers,
    unit_bytes,
    weight,
)
from cleaner.corpus.listing import Passed, list_files
from cleaner.dedup.index import Index, find_indexes
from cleaner.dedup.tombstones import STAGE
from cleaner.errors import InputError, JobError
from cleaner.job.input_columns import MARKED, PREFIX, Carried, resolve_columns
from cleaner.job.job_file import Entry, Job, Output
from cleaner.job.trusted import Trusted, trusted
from cleaner.ledger import ALWAYS, COLUMNS, ROWS_AT_ONCE
from cleaner.shards import FORMATS
from cleaner.shards.tokenizer import TOKEN_COUNT, TOKENS, Tokenizer
from cleaner.signals import SIGNALS
from cleaner.stages import STAGES
from cleaner.stages.base import Stage
from cleaner.stages.global_stage import GlobalStage
from cleaner.storage import store
from cleaner.storage.row_key import FILE_LIMIT
from cleaner.storage.run_folder import REMOVED, RunFolder
from cleaner.web.columns import COLUMNS as OF_PAGES

DOCUMENT_BYTES = 3_000  # a guess at a document's size, where no footer tells the rows
PARTITION_BYTES = 64 << 20  # text in one hash range of the shuffle
SHARD_HELD = 24 << 20  # text that a shard's task holds at once
WORKER = 450_000_000  # bytes of a worker before it reads anything: libraries, kernels
# What a task holds at its worst moment, measured: so many times the bytes of a part, of the text
# that a shard's task takes at once, and for each row that the account takes at once so many bytes
# and more for each column that was measured.
_PER_PART, _PER_HELD, _PER_ROW, _PER_VALUE = 13, 14, 2_200, 150
_LABELLED = ("url", "date", "source", "licence")
_FRESH: dict[str, Any] = {  # columns of every document as it is read
    "file": pl.UInt32, "row": pl.UInt64, "id": pl.String, "url": pl.String, "date": pl.String,
    "source": pl.String, "licence": pl.String, "cluster_size": pl.UInt32,
    "characters_cut": pl.UInt32, "tagged": pl.List(pl.String),
}  # fmt: skip
# Names that mean ours to any stage, asked for or not; the input's column is `input_` and the name.
_MET = {*_FRESH, *SIGNALS, *OF_PAGES, "html", "text", "broken", "error", TOKENS, TOKEN_COUNT}
# What the shards hold beside scores and what is carried.
_SHARD: dict[str, Any] = {
    "id": pl.String, "text": pl.String, "url": pl.String, "source": pl.String, "date": pl.String,
    "lang": pl.String, "script": pl.String, "licence": pl.String, "cluster_size": pl.UInt32,
    "file": pl.UInt32, "row": pl.UInt64,
}  # fmt: skip


@dataclass(frozen=True)
class Measure(Plain):
    """Signals to measure before a stage, and the names under which the ledger keeps them."""

    before: int  # index of the stage they are measured for; the job's length: at the very end
    signals: tuple[str, ...]
    stored: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=dict)  # columns that have some already


@dataclass(frozen=True)
class MapPlan:
    """One map phase: its stages, what they measure, and the global stage that follows."""

    entries: tuple[Entry, ...]
    measures: tuple[Measure, ...]
    carry: dict[str, Any]  # columns that go on, name -> Polars type
    measured: dict[str, str]  # columns for the ledger, name -> Polars type by name
    then: Entry | None  # the global stage after it; None: the shuffle

    @property
    def across(self) -> GlobalStage | None:
        """How the stage after it sees all rows."""
        return None if self.then is None else self.then.stage.global_stage()


@dataclass(frozen=True)
class Plan:
    """A job that can run: every file seen, every column traced, every model found."""

    job: Job
    files: tuple[InputFile, ...]
    failed: tuple[FailedFile, ...]
    columns: tuple[Columns, ...]
    carried: Carried
    units: tuple[tuple[str, list[Piece]], ...]
    unit_bytes: int
    part_bytes: int  # of a unit, what a task holds at once
    maps: tuple[MapPlan, ...]
    shard_columns: dict[str, tuple[str, Any]]  # name in the shard -> name inside, Polars type
    notes: tuple[str, ...] = field(default=())
    # By the index of the stage: the carried columns it reads, as the job calls them -> name inside.
    reads: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    # By the index of the stage: what earlier runs kept, for `against`.
    indexes: Mapping[int, tuple[Index, ...]] = field(default_factory=dict)
    tokenizer: Tokenizer | None = None  # of the output

    @property
    def rows(self) -> int:
        """Return the rows of the input: from footers where they were read, else a guess."""
        known = sum(file.rows or 0 for file in self.files)
        unknown = sum(weight(file) for file in self.files if file.rows is None)
        return known + -(-unknown // DOCUMENT_BYTES)

    @property
    def bytes(self) -> int:
        """Return the bytes of the input files on storage."""
        return sum(file.size for file in self.files)

    @property
    def uncompressed(self) -> int:
        """Return the bytes of the input files uncompressed: from footers, else a guess."""
        return sum(weight(file) for file in self.files)

    @cached_property
    def task_memory(self) -> int:
        """Return about the bytes of a worker at its worst moment; a huge document takes more."""
        text = self.uncompressed
        across = (mapped.across for mapped in self.maps if mapped.across is not None)
        return (
            WORKER
            + self._model_bytes
            + max(
                _PER_PART * min(self.part_bytes, text),
                _PER_HELD * min(SHARD_HELD, text),
                (_PER_ROW + _PER_VALUE * self._measured) * min(ROWS_AT_ONCE, self.rows),
                *(stage.held(self.rows, text) for stage in across),
            )
        )

    @property
    def _measured(self) -> int:
        """Return the columns of signals and scores that the ledger has."""
        return len({name for mapped in self.maps for name in mapped.measured})

    @property
    def _model_bytes(self) -> int:
        """Return the bytes of the models that a worker loads."""
        paths = {path for entry in self.job.stages for path in entry.stage.files()}
        size = 0
        for path in paths:
            with store.open_input(path) as file:
                size += file.size()
        return size


def make_plan(
    job: Job,
    *,
    out: str | None = None,
    reuse: Sequence[str] = (),
    unit_limit: int | None = None,
    part_limit: int | None = None,
) -> Plan:
    """Return the plan of a job that is to run in the folder `out`.

    What was removed from the run there, from those in the folders `reuse`, and from those that a
    stage is held against, does not come back.

    Raises JobError for a column nobody produces or a missing model, InputError when no file is
    found or can be used. `unit_limit` and `part_limit` override the bytes of a unit and of a part;
    neither changes an output.
    """
    job = _resolve_stages(_obeying(job, [*([out] if out else []), *reuse]))
    tokenizer = output_tokenizer(job.output)
    _check_held_out(job)
    indexes = _indexes(job)
    passed = Passed()
    files = list_files([entry.paths for entry in job.input], out, passed)
    if len(files) > FILE_LIMIT:
        raise JobError(f"{len(files):,} files: a run takes {FILE_LIMIT:,}; split it, or join files")
    readable, failed = read_footers(files)
    failed = [*passed.failed, *failed]
    if not readable:
        raise InputError(f"no file of the input can be used: {failed[0].error}")
    marks = any(MARKED in entry.stage.adds() for entry in job.stages)
    columns, carried, also_failed = resolve_columns(job.input, readable, marks)
    known = {file.path for file in failed}
    failed = [*failed, *(file for file in also_failed if file.path not in known)]
    if failed and job.on_error == "stop":
        raise InputError(failed[0].error)
    bad = {file.path for file in failed}
    readable = [file for file in readable if file.path not in bad]
    limit = unit_limit or unit_bytes(readable)
    given = trusted(columns, readable, carried)
    maps, reads, notes = _trace(job, columns, carried, given)
    return Plan(
        job=job,
        files=tuple(readable),
        failed=tuple(failed),
        columns=tuple(columns),
        carried=carried,
        units=tuple(cut_units(readable, limit)),
        unit_bytes=limit,
        part_bytes=min(part_limit or limit, PART_BYTES),
        maps=tuple(maps),
        shard_columns=_shard_columns(job, maps, carried, tokenizer),
        notes=(*passed.notes, *carried.notes, *given.notes, *notes, *_released(job)),
        reads=reads,
        indexes=indexes,
        tokenizer=tokenizer,
    )


def _released(job: Job) -> list[str]:
    """Return what is worth knowing of a run that keeps no intermediate results."""
    if job.keep_text:
        return []
    return [
        "keep_text: false: intermediate results go during the run; a later one, in this folder or "
        "with --reuse, makes texts and signals again from the input or from a checkpoint"
    ]


def with_stages(plan: Plan, stages: Sequence[Entry]) -> Plan:
    """Return the plan of the same input with other stages, held against no earlier run.

    Raises JobError where they do not fit together.
    """
    job = plan.job.model_copy(update={"stages": tuple(stages)})
    maps, reads, _ = _trace(
        job, plan.columns, plan.carried, trusted(plan.columns, plan.files, plan.carried)
    )
    columns = _shard_columns(job, maps, plan.carried, plan.tokenizer)
    return replace(plan, job=job, maps=tuple(maps), reads=reads, shard_columns=columns, indexes={})


def _obeying(job: Job, folders: Sequence[str]) -> Job:
    """Return a job that ends with a stage that drops what was removed from earlier runs."""
    across = (entry.stage.global_stage() for entry in job.stages)
    indexed = (None if one is None else one.indexed() for one in across)
    against = [run for one in indexed if one is not None for run in one.earlier_runs()]
    told = [RunFolder(run.rstrip("/")).at(REMOVED) for run in (*folders, *against)]
    lists = [path for path in dict.fromkeys(told) if store.exists(path)]
    *before, last = job.stages or (None,)
    if last is not None and last.name == STAGE:
        lists = list(dict.fromkeys([*last.stage.files(), *lists]))
    elif last is not None:
        before.append(last)
    if not lists:
        return job
    stage = STAGES[STAGE].model_validate({"lists": lists})
    return job.model_copy(
        update={"stages": (*before, Entry(index=len(before), name=STAGE, stage=stage))}
    )


def _indexes(job: Job) -> dict[int, tuple[Index, ...]]:
    """Return what earlier runs kept, for every stage that is held against some."""
    places: Counter[str] = Counter()
    found, mistakes = {}, []
    for entry in job.stages:
        across = entry.stage.global_stage()
        indexed = None if across is None else across.indexed()
        if across is None or indexed is None:
            continue
        compares = indexed.compares()
        alike = f"{entry.name} {compares}"
        try:
            found[entry.index] = find_indexes(
                indexed.earlier_runs(), entry.name, indexed.index_by, compares, places[alike]
            )
            if any(step.over == "texts" for step in across.steps()):
                _check_texts(found[entry.index])
        except JobError as error:
            mistakes.append(_say(entry, str(error)))
        places[alike] += 1
    if mistakes:
        raise JobError("\n".join(mistakes))
    return {index: indexes for index, indexes in found.items() if indexes}


def _check_texts(indexes: Sequence[Index]) -> None:
    """Raise JobError where the shards of an earlier run do not hold texts beside their ids."""
    for index in indexes:
        form = index.shards.as_format()
        if form.columns is not None:
            raise JobError(
                f"against: the shards of {index.run} are {index.shards.format}, which hold "
                f"{', '.join(form.columns)} alone, and texts are compared; run it with Parquet "
                "shards, and export those"
            )


def _resolve_stages(job: Job) -> Job:
    """Return the job with model cards read and default keep policies filled in."""
    entries: list[Entry] = []
    score: str | None = None
    given = {name for entry in job.input for name in _LABELLED if getattr(entry, name)}
    mistakes: list[str] = []
    for entry in job.stages:
        try:
            stage = entry.stage.resolve()
        except JobError as error:
            mistakes.append(_say(entry, str(error)))
            continue
        stage = stage.resolved(given, score)
        score = stage.score() or score
        entries.append(entry.model_copy(update={"stage": stage}))
    if mistakes:
        raise JobError("\n".join(mistakes))
    return job.model_copy(update={"stages": tuple(entries)})


def _trace(
    job: Job, columns: Sequence[Columns], carried: Carried, has: Trusted
) -> tuple[list[MapPlan], dict[int, dict[str, str]], list[str]]:
    """Return the map phases, after following every column from its maker to its users.

    Beside them: what each stage reads of what is carried, and what is worth a note.
    """
    read: dict[str, Any] = {}
    given = {name for entry in columns for name in entry.labels}
    given |= {"source"} if any(entry.source for entry in columns) else set()
    absent = set(_LABELLED) - given
    if any(entry.html for entry in columns):
        read["html"] = pl.Binary
    if any(entry.text for entry in columns):
        read["text"] = pl.String
    if any(MARKED in entry.carried for entry in columns):
        read[MARKED] = pl.Boolean
    there: dict[str, Any] = {**_FRESH, **read}
    pages_only = "text" not in there
    mistakes, notes = [], []
    reads: dict[int, dict[str, str]] = {}
    for entry in job.stages:
        stage = entry.stage
        reads[entry.index] = _reads(stage, there, carried)
        for name in sorted(stage.needs() - reads[entry.index].keys()):
            if name == "text" and pages_only:
                mistakes.append(
                    _say(entry, "needs text, and the input has pages; put `extract` before it")
                )
            elif name == "html" and name not in there:
                notes.append(
                    f"{entry.title}: the input has no pages; every text passes it untouched"
                )
            elif name in absent or (
                name not in there and name not in SIGNALS and name != "html" and name != "text"
            ):
                known = [n for n in (*there, *carried.types) if n not in absent]
                mistakes.append(_missing(entry, name, known))
        if stage.drops_most and "html" in stage.needs() and "text" in there.keys() - read.keys():
            notes.append(
                f"{entry.title}: judges the page, and the text was made before it; put it before "
                "the stage that makes the text, and what falls costs no such work"
            )
        kinds = there | {n: carried.types[outside(i)] for n, i in reads[entry.index].items()}
        kinds |= {
            name: SIGNALS[name][0] for name in stage.signals() | stage.needs() if name in SIGNALS
        }
        if stage.needs() <= kinds.keys():
            try:
                stage.check(kinds)
            except JobError as error:
                mistakes.append(_say(entry, str(error)))
        for name, kind in ({} if stage.for_ledger else stage.adds()).items():
            if name in reads[entry.index]:
                mistakes.append(
                    _say(
                        entry,
                        f"reads {name!r} and makes it too; the input's is {PREFIX + name!r} here",
                    )
                )
            if name == stage.score() and not _can_be_made(name):
                mistakes.append(_say(entry, f"as: {name!r} is taken; give the score another name"))
            elif name in there and name not in ("text", "cluster_size") and not stage.changes_text:
                mistakes.append(
                    _say(
                        entry, f"would make the column {name!r} a second time; give it another name"
                    )
                )
            there[name] = kind
        if "text" in stage.adds():
            pages_only = False
        for path in stage.files():
            if not store.exists(path):
                mistakes.append(_say(entry, f"{path}: no such file"))
    if pages_only and "html" in there:
        mistakes.append(
            "stages: the input has pages and no stage makes text of them; add `extract`"
        )
    for name in job.output.signals:
        if name not in SIGNALS:
            mistakes.append(f"output.signals: unknown signal {name!r}; see: cleaner signals")
    if job.output.columns != "all":
        for name in job.output.columns:
            if name not in there and carried.find(name) is None:
                have = ", ".join((*carried.types, *there))
                mistakes.append(f"output.columns: no column {name!r}; available: {have}")
    if mistakes:
        raise JobError("\n".join(mistakes))
    return _maps(job, read, carried, has), reads, notes


def _can_be_made(name: str) -> bool:
    """Return whether a score may bear a name: not one of ours, of the input, or of a pattern."""
    pattern = name == "*" or (name.startswith("^") and name.endswith("$"))
    return not (name in _MET or name in COLUMNS or name.startswith(CARRIED) or pattern)


def _reads(stage: Stage, there: Mapping[str, Any], carried: Carried) -> dict[str, str]:
    """Return the carried columns that a stage reads, as the job calls them -> name inside.

    What was made before the stage goes before a column of the input of the same name.
    """
    asked = {name for name in stage.needs() - there.keys() - _MET if name not in SIGNALS}
    found = {name: carried.find(name) for name in asked | stage.may_read()}
    return {asked: inside(name) for asked, name in sorted(found.items()) if name is not None}


def _missing(entry: Entry, name: str, there: list[str]) -> str:
    """Say which column is not there, for a filter also which rule asks for it."""
    found = entry.stage.rule_set()
    rules = () if found is None else found.rules
    asking = [rule.name for rule in rules if name in rule.condition.columns]
    who = f"rule {asking[0]!r} reads {name!r}" if asking else f"needs the column {name!r}"
    near = guess(name, [*there, *SIGNALS] if asking or entry.stage.condition() else there)
    have = ", ".join(there)
    said = f"{who}, which nothing makes before it{near}{_quoted(entry.stage, name)}"
    return _say(entry, f"{said}; available: {have}")


def _quoted(stage: Stage, name: str) -> str:
    """Say what double quotes mean, where a condition has them around a name that is not there."""
    found = stage.rule_set()
    written = [stage.condition(), *(rule.keep for rule in (found.rules if found else ()))]
    if not any(f'"{name}"' in (one or "") for one in written):
        return ""
    return f"; double quotes name a column, a text is written '{name}'"


def _say(entry: Entry, message: str) -> str:
    said = (entry.place, f"stages.{entry.index}.{entry.name}", message)
    return ": ".join(part for part in said if part)


def _maps(job: Job, read: Mapping[str, Any], carried: Carried, given: Trusted) -> list[MapPlan]:
    """Return the map phases; `read` are the columns beside labels that the input gives as ours."""
    groups: list[tuple[list[Entry], Entry | None]] = [([], None)]
    for entry in job.stages:
        across = entry.stage.global_stage()
        if across is None or across.scores_first:
            groups[-1][0].append(entry)
        if across is None:
            continue
        groups[-1] = (groups[-1][0], entry)
        groups.append(([], None))
    measures = _measures(job, groups, given)
    maps = []
    there: dict[str, Any] = dict(_FRESH)
    there.update({inside(name): kind for name, kind in carried.types.items()})
    there.update(read)
    for number, (entries, then) in enumerate(groups):
        for entry in entries:
            if not entry.stage.for_ledger:
                there.update(entry.stage.adds())
        for measure in measures[number]:
            there.update({name: SIGNALS[name][0] for name in measure.signals})
        later = [e for es, t in groups[number + 1 :] for e in (*es, *([t] if t else []))]
        carry = {name: kind for name, kind in there.items() if _goes_on(job, name, then, later)}
        if not any("html" in e.stage.needs() for e in later):
            for name in carried.hidden:
                carry.pop(inside(name), None)
        there = dict(carry)
        measured: dict[str, str] = {}
        for measure in measures[number]:
            for name, stored in measure.stored.items():
                measured[stored] = type_name(SIGNALS[name][0])
        for entry in entries:
            for name, kind in entry.stage.adds().items():
                if is_number(kind) or name in entry.stage.labels():
                    measured[name] = type_name(kind)
        before = groups[number - 1][1] if number else None
        across = None if before is None else before.stage.global_stage()
        for name, kind in ({} if across is None else across.told()).items():
            measured[name] = type_name(kind)
        maps.append(MapPlan(tuple(entries), tuple(measures[number]), carry, measured, then))
        if then is not None and then not in entries:
            there.update(then.stage.adds())  # made where its verdicts are applied
    return maps


def _goes_on(job: Job, name: str, then: Entry | None, later: Sequence[Entry]) -> bool:
    if name == "html":
        return any("html" in entry.stage.needs() for entry in later)
    if name in SIGNALS:
        wanted = name in ALWAYS or name in job.output.signals
        # A later filter reads it from here unless the text changes first.
        for entry in (*([then] if then else []), *later):
            if entry.stage.changes_text:
                break
            wanted |= (
                entry.stage.keeps_signals
                or name in entry.stage.signals()
                or name in entry.stage.needs()
            )
        return wanted
    return True


def _measures(
    job: Job, groups: Sequence[tuple[list[Entry], Entry | None]], given: Trusted
) -> list[list[Measure]]:
    """Return per map phase what is measured before which stage, with names for the ledger.

    A signal measured on several versions of the text keeps its bare name for the last one.
    """
    found: list[list[tuple[int, list[str]]]] = []
    have: set[str] = set()
    born = any(entry.text for entry in job.input)
    for entries, then in groups:
        points: list[tuple[int, list[str]]] = []
        for place, entry in enumerate(entries):
            stage = entry.stage
            # Once counted, a text is counted again after each change, before anything drops it.
            if born and ("text" in stage.needs() or any(points for points in (*found, points))):
                wanted = set() if have >= set(ALWAYS) else set(ALWAYS)
                if stage.signals() - have:
                    for other in entries[place:]:
                        if other.stage.changes_text:
                            break
                        wanted |= other.stage.signals() - have
                if wanted:
                    points.append((entry.index, sorted(wanted)))
                    have |= wanted
            if stage.changes_text or "text" in stage.adds():
                born, have = True, set()
        wanted = set(ALWAYS) - have
        if then is not None:
            wanted |= {name for name in then.stage.needs() if name in SIGNALS} - have
        if then is None:
            wanted |= set(job.output.signals) - have
        if wanted and born:
            at = then.index if then is not None else len(job.stages)
            if then is not None and entries and entries[-1] is then:
                at += 1  # its own scoring runs as the last stage of this phase
            points.append((at, sorted(wanted)))
            have |= wanted
        if then is not None and then.stage.changes_text:
            have = set()
        found.append(points)
    last = {
        name: (number, before)
        for number, points in enumerate(found)
        for before, names in points
        for name in names
    }
    changing = (entry.index for entry in job.stages if entry.stage.changes_text)
    first = min(changing, default=len(job.stages))  # up to it texts are as they were read
    return [
        [
            Measure(
                before,
                tuple(names),
                {n: n if last[n] == (number, before) else f"{n}@{before}" for n in names},
                {n: given.columns[n] for n in names if n in given.columns and before <= first},
            )
            for before, names in points
        ]
        for number, points in enumerate(found)
    ]


def is_number(kind: Any) -> bool:
    name = type_name(kind)
    return name.startswith(("Int", "UInt", "Float", "Boolean"))


def type_name(kind: Any) -> str:
    """Return the name by which `getattr(pl, name)` gives a simple Polars type back."""
    return str(kind() if isinstance(kind, type) else kind)


def _check_held_out(job: Job) -> None:
    """Raise JobError where near duplicates of what is held out may be among the rest."""
    parted = any(entry.stage.leaves_no_near_copies() for entry in job.stages)
    if job.output.held_out is not None and not parted:
        raise JobError(
            "output.held_out: no stage drops the near duplicates of all documents, so one of a "
            "held-out document may be trained on; see: cleaner stages, and docs/shards.md"
        )


def output_tokenizer(output: Output) -> Tokenizer | None:
    """Return the tokenizer of the output; JobError where it is none, or lacks an end token."""
    if output.tokenizer is None:
        return None
    asked = "write output.end_token: '<|endoftext|>', or what it is called there"
    try:
        return Tokenizer.of(
            output.tokenizer, output.end_token, "" if FORMATS[output.format].holds_text else asked
        )
    except JobError as error:
        raise JobError(f"output.tokenizer: {error}") from None


def _shard_columns(
    job: Job, maps: Sequence[MapPlan], carried: Carried, tokenizer: Tokenizer | None
) -> dict[str, tuple[str, Any]]:
    """Return the columns of the shards in order: name in the shard -> name inside, Polars type.

    A format that can hold only some has no others.
    """
    columns = all_columns(
        job.stages, maps[-1].carry, job.output.signals, carried, job.output.columns
    )
    columns = {**{n: (n, k) for n, k in _SHARD.items()}, **columns}
    form = FORMATS[job.output.format]
    if form.token_type is not None and tokenizer is not None:
        columns["tokens"] = (TOKENS, pl.List(form.token_type(tokenizer.vocabulary)))
    return columns if form.columns is None else {name: columns[name] for name in form.columns}


def all_columns(
    stages: Sequence[Entry],
    have: Mapping[str, Any],
    signals: Sequence[str],
    carried: Carried,
    names: Sequence[str] | Literal["all"],
) -> dict[str, tuple[str, Any]]:
    """Return the columns of a file of documents: name in it -> name inside, Polars type.

    `have` are those that documents have by then; of what is carried, `names` are written.
    """
    ours = {name: kind for name, kind in _SHARD.items() if name in have}
    made = [MARKED, *(name for entry in stages for name in entry.stage.adds())]
    for name in (*dict.fromkeys(made), *signals):
        if name not in ours and name in have:
            ours[name] = have[name]
    columns = {name: (name, kind) for name, kind in ours.items()}
    wanted = {carried.find(name) for name in names}
    mine = [
        name
        for name in carried.types
        if inside(name) in have and (names == "all" or name in wanted)
    ]
    taken = {*ours, *_SHARD, MARKED, *mine}
    for name in mine:
        shown = name
        met = {*ours, *_SHARD, MARKED}
        while shown in met or (shown != name and shown in taken):
            shown = PREFIX + shown
        taken.add(shown)
        columns[shown] = (inside(name), carried.types[name])
    return columns
