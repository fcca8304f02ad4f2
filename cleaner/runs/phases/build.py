"""A plan as the list of its phases, each with the code that turns earlier commits into units."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cleaner.corpus.files import InputFile, Piece, weight
from cleaner.dedup.index import Index, ranges
from cleaner.job.checkpoint_columns import columns_at, said_of
from cleaner.job.job_file import Entry, Output, Shadow
from cleaner.job.plan import DOCUMENT_BYTES, PARTITION_BYTES, MapPlan, Plan
from cleaner.job.stage_spec import StageSpec
from cleaner.ledger import ALWAYS, ROWS_PER_FILE, Change
from cleaner.runs.phases.account import AccountSettings, AccountUnit
from cleaner.runs.phases.base import (
    DataFile,
    Everything,
    Phase,
    Prepared,
    Reads,
    State,
    Unit,
    merged,
    ranges_in,
)
from cleaner.runs.phases.checkpoint import CheckpointSettings, CheckpointUnit
from cleaner.runs.phases.index import IndexSettings, IndexUnit, KeptUnit
from cleaner.runs.phases.map import Decided, Judged, MapSettings, MapUnit, Sends, Verdicts
from cleaner.runs.phases.merge import MergeUnit, joined
from cleaner.runs.phases.shadow import UNKNOWN, ShadowBook, first_share
from cleaner.runs.phases.shuffle import CutSettings, ShardSettings, ShardUnit
from cleaner.runs.phases.steps import (
    EARLIER,
    GatherSettings,
    GatherUnit,
    Read,
    StepSettings,
    StepUnit,
)
from cleaner.runs.summary.count import MOST_LABELS
from cleaner.runs.summary.judges import judges
from cleaner.shards import FORMATS
from cleaner.stages import global_stage
from cleaner.stages.global_stage import (
    VERDICTS,
    GlobalStage,
    Indexed,
    Role,
    Seen,
    Step,
    partitions,
)
from cleaner.storage.commits import Marker, digest
from cleaner.storage.row_key import packed
from cleaner.storage.run_folder import CHECKPOINT, HELD_OUT
from cleaner.storage.schemas import schema_text

_END = (1 << 64) - 1


def build_phases(plan: Plan) -> list[Phase]:
    """Return the phases of a plan in order."""
    phases: list[Phase] = []
    maps: list[str] = []
    before: Decided | None = None
    verdicts = ""
    for number, mapped in enumerate(plan.maps):
        sends = _sends(plan, mapped)
        name = f"{len(phases):02d}-map"
        options = _map_options(plan, mapped, sends, before)
        reads: tuple[Reads, ...] = ()
        if before is None:
            prepare = _first_units(plan, options)
        else:
            prepare = _later_units(maps[-1], verdicts, before.gathered, options)
            reads = (
                Reads(maps[-1], "text"), Reads(maps[-1], "shadow"), Reads(verdicts, VERDICTS)
            )  # fmt: skip
        exact = all(entry.stage.exact for entry in mapped.entries)
        title = ", ".join(entry.title for entry in mapped.entries) or "apply verdicts"
        gpu = any(entry.stage.gpu for entry in mapped.entries)
        phases.append(
            Phase(
                name,
                "map",
                title,
                options,
                prepare,
                exact=exact,
                reads=reads,
                exchanges=("text",)
                if mapped.then is None
                else tuple(role.name for role in sends.roles),
                of_map=number,
                gpu=gpu,
                version=6,
            )
        )
        maps.append(name)
        if mapped.then is not None and mapped.across is not None:
            made = _global(plan, mapped.then, mapped.across, name, len(phases))
            across = mapped.across
            before = _spec(plan, mapped.then).as_part_of(
                Decided, gathered=across.gathered, watched=across.watched
            )
            phases += made
            verdicts = made[-1].name
    phases += _finish(plan, maps, len(phases))
    return list(with_merges(phases))


def with_merges(phases: Sequence[Phase]) -> Iterator[Phase]:
    """Yield phases, each with one behind it that joins the files it exchanges."""
    for phase in phases:
        yield phase
        if phase.exchanges:
            prepare = _merging(phase.name, phase.exchanges)
            title = f"join the files of {phase.title}"
            reads = tuple(Reads(phase.name, role) for role in phase.exchanges)
            name = merged(phase.name)
            yield Phase(name, "merge", title, Everything(), prepare, reads=reads)


def _merging(phase: str, roles: Sequence[str]) -> Any:
    def prepare(state: State) -> Prepared:
        units = []
        for role in roles:
            markers = [marker for marker in state.markers[phase] if role in marker.files]
            files = _files(markers, role)
            groups = joined([file.size for file in files], ranges_in(files[0])) if files else []
            for number, members in enumerate(groups):
                unit = MergeUnit(role, tuple(files[index] for index in members))
                depends = _all([markers[index] for index in members])
                size = sum(file.size for file in unit.files)
                units.append(Unit(f"{role}-{number:05d}", unit, depends, size=size))
        return Prepared(Everything(), units, "")

    return prepare


def exchanged(state: State, phase: str, role: str) -> tuple[DataFile, ...]:
    """Return the files of a role that a phase exchanges, as joined where they were."""
    for name in (merged(phase), phase):
        markers = [marker for marker in state.markers.get(name, ()) if role in marker.files]
        if markers:
            return _files(markers, role)
    return ()


def _map_options(
    plan: Plan,
    mapped: MapPlan,
    sends: Sends,
    before: Decided | None,
) -> MapSettings:
    then, across = mapped.then, mapped.across
    empty = then is not None and across is not None and across.compares_text()
    return MapSettings(
        stages=tuple(_spec(plan, entry) for entry in mapped.entries),
        measures=mapped.measures,
        carry={name: str(kind) for name, kind in mapped.carry.items()},
        carry_schema=schema_text(mapped.carry),
        measured=mapped.measured,
        sends=sends,
        before=before,
        empty_at=then.title if then is not None and empty else None,
        columns=plan.columns if before is None else (),
        part_bytes=plan.part_bytes if before is None else 0,
        shadow=drawn_share(plan),
    )


def drawn_share(plan: Plan) -> float:
    """Return the share of the input that is drawn for the shadow before all rows are counted."""
    if plan.job.shadow is None:
        return 0.0
    rows = 0
    files = {file.number: file for file in plan.files}
    for _, pieces in plan.units:
        for piece in pieces:
            file = files[piece.file]
            known = _rows_of(file, piece)
            rows += weight(file) // (UNKNOWN * DOCUMENT_BYTES) if known is None else known
    return first_share(plan.job.shadow, rows)


def _spec(plan: Plan, entry: Entry) -> StageSpec:
    return StageSpec.of(entry, plan.reads.get(entry.index, {}))


def _sends(plan: Plan, mapped: MapPlan) -> Sends:
    """Return what the documents of a map phase send: to a global stage, or to the shards."""
    if mapped.then is None or mapped.across is None:
        return Sends(
            seed=plan.job.output.shuffle_seed,
            ranges=shuffle_ranges(plan),
            tokenizer=plan.tokenizer,
            as_tokens=not FORMATS[plan.job.output.format].holds_text,
            held_out=0.0 if plan.job.output.held_out is None else plan.job.output.held_out.share,
        )
    roles = mapped.across.roles(plan.rows, plan.uncompressed)
    return Sends(stage=_before_deciding(_spec(plan, mapped.then), mapped.across), roles=roles)


def _before_deciding(spec: StageSpec, across: GlobalStage) -> StageSpec:
    """Return a stage without what only its deciding steps need to know."""
    options = across.before_deciding()
    return spec if options is None else replace(spec, options=options)


def shuffle_ranges(plan: Plan) -> int:
    return partitions(4 * plan.bytes, PARTITION_BYTES)


def _first_units(plan: Plan, options: MapSettings) -> Any:
    def prepare(state: State) -> Prepared:
        rows = {file.number: file for file in plan.files}
        units = []
        for name, pieces in plan.units:
            unit = MapUnit(pieces=tuple(pieces))
            known: list[int | None] = [_rows_of(rows[piece.file], piece) for piece in pieces]
            total = None if None in known else sum(n or 0 for n in known)
            size = sum(rows[piece.file].size for piece in pieces if piece.groups is None)
            work = sum(_weight_of(rows[piece.file], piece) for piece in pieces)
            depends = digest(unit.plain()["pieces"])
            units.append(Unit(name, unit, depends, total, size, work))
        return Prepared(options, units, "")

    return prepare


def _weight_of(file: InputFile, piece: Piece) -> int:
    """Return about the uncompressed bytes of a piece."""
    if file.groups is None or piece.groups is None:
        return weight(file)
    first, past = piece.groups
    return sum(size for _, size in file.groups[first:past])


def _rows_of(file: InputFile, piece: Piece) -> int | None:
    if piece.take is not None:
        return len(piece.take)
    if file.groups is None:
        return None
    first, past = piece.groups or (0, len(file.groups))
    return sum(rows for rows, _ in file.groups[first:past])


def _later_units(previous: str, verdicts: str, gathered: bool, options: MapSettings) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[previous]
        depends = "" if gathered else _all(state.markers[verdicts])
        of_group = {
            index: (group, place)
            for group, members in enumerate(_groups(parts))
            for place, index in enumerate(members)
        }

        def judged(index: int) -> Judged:
            group, place = of_group[index] if gathered else (0, None)
            found = DataFile.of(state.markers[verdicts][group], VERDICTS)
            part = parts[index]
            spans = tuple(map(tuple, part.facts["spans"]))
            ghosts = DataFile.of(part, "shadow") if "shadow" in part.files else None
            return Judged(DataFile.of(part, "text"), spans, Verdicts(found, place), ghosts)

        units = []
        for name, members in _of_units(parts):
            groups = sorted({of_group[index][0] for index in members}) if gathered else []
            on = [parts[index].identity() for index in members]
            on += [state.markers[verdicts][group].identity() for group in groups]
            unit = MapUnit(parts=tuple(map(judged, members)))
            rows, size = (sum(parts[i].facts[fact] for i in members) for fact in ("kept", "bytes"))
            units.append(Unit(name, unit, digest(on), rows, size))
        return Prepared(options, units, depends)

    return prepare


def _of_units(parts: Sequence[Marker]) -> list[tuple[str, list[int]]]:
    """Return the units of a map phase with the numbers of their parts."""
    numbered = itertools.groupby(range(len(parts)), key=lambda index: parts[index].unit)
    return [(name, list(members)) for name, members in numbered]


def _groups(parts: Sequence[Marker]) -> list[list[int]]:
    """Return neighbouring parts in groups of about a million rows."""
    groups: list[list[int]] = [[]]
    rows = 0
    for index, part in enumerate(parts):
        if groups[-1] and rows >= ROWS_PER_FILE:
            groups.append([])
            rows = 0
        groups[-1].append(index)
        rows += part.facts["kept"]
    return groups


def _starts(parts: Sequence[Marker], members: Sequence[int]) -> list[int]:
    """Return for each part the position of its first row; the first of all begins at 0."""
    starts = []
    following = _END
    for index in reversed(range(len(parts))):
        spans = parts[index].facts["spans"]
        if spans:
            following = packed(*spans[0][:2])
        starts.append(following)
    starts.reverse()
    found = [starts[index] for index in members]
    found[0] = 0
    return found


def _group_starts(parts: Sequence[Marker]) -> tuple[int, ...]:
    firsts = [members[0] for members in _groups(parts)]
    return tuple(_starts(parts, firsts))


def _all(markers: Sequence[Marker]) -> str:
    return digest([marker.identity() for marker in markers])


def _files(markers: Sequence[Marker], role: str) -> tuple[DataFile, ...]:
    return tuple(DataFile.of(marker, role) for marker in markers)


def _global(
    plan: Plan, entry: Entry, across: GlobalStage, previous: str, number: int
) -> list[Phase]:
    """Return the phases of a global stage: its steps, and its verdicts sent to their parts."""
    label = entry.title.replace(":", "_")
    against = tuple(plan.indexes.get(entry.index, ()))
    spec = _spec(plan, entry)
    about = spec.as_part_of(HeldAgainst, against=against)
    roles = across.roles(plan.rows, plan.uncompressed)
    made = _Made(spec, across, previous, against, {role.name: role for role in roles}, {})
    phases: list[Phase] = []
    for step in across.steps():
        name = f"{number + len(phases):02d}-{label}.{step.name}"
        seen = spec if step.decides else _before_deciding(spec, across)
        options = seen.as_part_of(HeldAgainst, against=against).as_part_of(
            StepOptions, step=step.name, step_version=step.version
        )
        prepare = replace(made, spec=seen).prepare(step)
        phases.append(
            Phase(
                name,
                "step",
                f"{entry.title} {step.name}",
                options,
                prepare,
                reads=made.reads(step),
                exchanges=_sent_on(step),
                stage=entry.title,
                step=step.name,
            )
        )
        made = replace(made, steps={**made.steps, step.name: (step, name)})
    if across.gathered:
        name = f"{number + len(phases):02d}-{label}.gather"
        gathering = _gather(previous, phases[-1].name)
        reads = (Reads(phases[-1].name, VERDICTS, ranges=True),)
        phases.append(
            Phase(
                name, "gather", f"{entry.title} gather", about, gathering,
                reads=reads, stage=entry.title,
            )
        )  # fmt: skip
    return phases


def _sent_on(step: Step) -> tuple[str, ...]:
    """Return the roles that a step makes and parts, those for earlier runs too."""
    parted = [(role, layout) for role, layout in step.makes.items() if layout != "whole"]
    earlier = [f"{role}{EARLIER}" for role, layout in parted if layout == "by row"]
    return (*(role for role, _ in parted), *earlier)


@dataclass(frozen=True, kw_only=True)
class HeldAgainst(StageSpec):
    """A global stage with the indexes of the earlier runs that it is held against."""

    against: tuple[Index, ...]


@dataclass(frozen=True, kw_only=True)
class StepOptions(HeldAgainst):
    """One step of a global stage."""

    step: str
    step_version: int


@dataclass(frozen=True)
class _Made:
    """What there is before a step of a global stage: roles of documents, and of earlier steps."""

    spec: StageSpec
    across: GlobalStage
    previous: str  # the map phase whose documents reached the stage
    against: tuple[Index, ...]
    roles: Mapping[str, Role]
    steps: Mapping[str, tuple[Step, str]]  # each with its phase

    def maker(self, role: str) -> tuple[Step, str] | None:
        """Return the step that makes a role, with its phase; None for one of the documents."""
        return next((made for made in self.steps.values() if role in made[0].makes), None)

    def reads(self, step: Step) -> tuple[Reads, ...]:
        """Return the files that a step reads."""
        made = [(role, self.maker(role)) for role in _wanted(step)]
        found = [Reads(one[1] if one else self.previous, role, ranges=True) for role, one in made]
        if step.over == "texts":
            found.append(Reads(self.previous, "text"))
            maker = self.maker(step.of)
            if maker is not None:
                found.append(Reads(maker[1], f"{step.of}{EARLIER}", ranges=True))
        return tuple(found)

    def prepare(self, step: Step) -> Any:
        """Return what turns earlier commits into the settings and units of a step."""

        def prepare(state: State) -> Prepared:
            parts = state.markers[self.previous]
            seen = self._seen(state)
            wanted = _wanted(step)
            reads = {role: self._read(role, state, seen) for role in wanted}
            if step.over == "texts":
                earlier = self._read_earlier(step.of, state)
                reads |= {f"{step.of}{EARLIER}": earlier} if earlier.files else {}
            settings = StepSettings(
                stage=self.spec,
                step=step.name,
                reads=reads,
                ranges={
                    role: self.across.ranges(role, seen)
                    for role, layout in step.makes.items()
                    if layout == "by range"
                },
                groups=_group_starts(parts),
                earlier=self.against,
                earlier_groups=self._earlier_groups(),
                most_rows=global_stage.PARTITION_ROWS,
            )
            sources = {
                self.previous if (made := self.maker(r)) is None else made[1] for r in wanted
            }
            depends = digest([_all(state.markers[name]) for name in sorted(sources)])
            return Prepared(settings, self._units(step, settings, parts), depends)

        return prepare

    def _seen(self, state: State) -> Seen:
        parts = state.markers[self.previous]
        return Seen(
            rows=sum(part.facts["kept"] for part in parts),
            text_bytes=sum(part.facts["bytes"] for part in parts),
            facts={
                name: [marker.facts for marker in state.markers[phase]]
                for name, (_, phase) in self.steps.items()
            },
        )

    def _read(self, role: str, state: State, seen: Seen) -> Read:
        made = self.maker(role)
        if made is None:
            return Read(exchanged(state, self.previous, role), self.roles[role].ranges)
        layout = made[0].makes[role]
        ranges = None
        if layout == "by range":
            ranges = self.across.ranges(role, seen)
        elif layout == "by row":
            ranges = len(_groups(state.markers[self.previous]))
        return Read(exchanged(state, made[1], role), ranges)

    def _read_earlier(self, role: str, state: State) -> Read:
        made = self.maker(role)
        files = exchanged(state, made[1], f"{role}{EARLIER}") if made else ()
        return Read(files, self._earlier_groups())

    def _earlier_groups(self) -> int:
        """Return in how many tasks the shards of earlier runs are read for their texts."""
        return min(
            global_stage.MOST_PARTITIONS,
            sum(len(index.shards.paths) for index in self.against),
        )

    def _units(self, step: Step, settings: StepSettings, parts: Sequence[Marker]) -> list[Unit]:
        if step.over == "all":
            return [Unit("all", StepUnit(), "")]
        if step.over == "ranges":
            count = settings.reads[step.of].ranges or 1
            return [Unit(f"{number:05d}", StepUnit(range=number), "") for number in range(count)]
        groups = enumerate(_groups(parts))
        group_of = {index: group for group, members in groups for index in members}
        units = []
        for name, members in _of_units(parts):
            mine = [parts[index] for index in members]
            texts = _files(mine, "text")
            unit = StepUnit(texts=texts, groups=tuple(group_of[index] for index in members))
            rows, size = (sum(part.facts[fact] for part in mine) for fact in ("kept", "bytes"))
            units.append(Unit(name, unit, _all(mine), rows, size))
        if f"{step.of}{EARLIER}" in settings.reads:
            units += [
                Unit(f"earlier-{group:05d}", StepUnit(earlier=group), "")
                for group in range(settings.earlier_groups)
            ]
        return units


def _wanted(step: Step) -> tuple[str, ...]:
    """Return the roles that a step reads, each once."""
    return tuple(dict.fromkeys((*(() if step.over == "all" else (step.of,)), *step.reads)))


def _cut(previous: str, about: CutSettings) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[previous]
        settings = replace(about, sizes=_files(parts, "sizes"))
        return Prepared(settings, [Unit("all", Everything(), "")], _all(parts))

    return prepare


def _gather(previous: str, decided: str) -> Any:
    def prepare(state: State) -> Prepared:
        parts, markers = state.markers[previous], state.markers[decided]
        groups = _groups(parts)
        settings = GatherSettings(exchanged(state, decided, VERDICTS))
        units = [
            Unit(f"{group:05d}", GatherUnit(group, tuple(_starts(parts, members))), "")
            for group, members in enumerate(groups)
        ]
        return Prepared(settings, units, digest([_all(markers), _all(parts)]))

    return prepare


def cutting_of(output: Output) -> CutSettings:
    """Return where the shards of an output are to be cut, as far as it says so."""
    return CutSettings(
        by="bytes" if output.shard_bytes else "tokens",
        target=output.shard_bytes or output.shard_tokens or 100_000_000,
        at_least=output.shards.at_least,
        multiple_of=output.shards.multiple_of,
        held_out=output.held_out is not None,
    )


def _finish(plan: Plan, maps: Sequence[str], number: int) -> list[Phase]:
    output = plan.job.output
    cutting = cutting_of(output)
    writing = ShardSettings(
        format=output.format,
        schema=schema_text({name: kind for name, (_, kind) in plan.shard_columns.items()}),
        columns={name: inner for name, (inner, _) in plan.shard_columns.items()},
        tokenised=plan.tokenizer is not None,
    )
    measured = list(dict.fromkeys(name for m in plan.maps for name in m.measured))
    counting = AccountSettings(
        measured=tuple(measured),
        counted={name: tuple(_versions(measured, name)) for name in ALWAYS},
        changes=tuple(_changes(plan)),
        judges=judges(plan),
        keep_rows=plan.job.ledger,
        shadow=_shadow_book(plan),
        clustered=_clustered(plan),
        matched=_matched(plan),
    )
    cut, shard = f"{number:02d}-shuffle.cut", f"{number + 1:02d}-shards"
    shards = _shards(maps, cut, shuffle_ranges(plan), writing)
    phases = [
        Phase(
            cut, "cut", "cut shards", cutting, _cut(maps[-1], cutting), version=4,
            reads=(Reads(maps[-1], "sizes"),),
        ),
        Phase(
            shard, "shard", "write shards", writing, shards, version=3,
            reads=(Reads(maps[-1], "text", ranges=True),), exchanges=("places",),
        ),
        Phase(
            f"{number + 2:02d}-account",
            "account",
            "account",
            counting,
            _account(maps, shard, counting, plan.job.shadow),
            version=5,
            reads=(
                *(Reads(name, "record") for name in maps),
                Reads(maps[-1], "shadow"), Reads(shard, "places", ranges=True),
            ),
        ),
    ]  # fmt: skip
    for before, mapped in zip(maps, plan.maps, strict=True):
        indexed = None if mapped.across is None else mapped.across.indexed()
        if mapped.then is not None and indexed is not None:
            at = number + len(phases)
            phases += _index(plan, mapped.then, indexed, before, maps[0], shard, at)
        if mapped.then is not None and mapped.then.stage.keeps_signals:
            phases.append(_checkpoint(plan, mapped.then, before, number + len(phases)))
    return phases


def _checkpoint(plan: Plan, entry: Entry, previous: str, number: int) -> Phase:
    """Return the phase that writes what came to a checkpoint."""
    columns = columns_at(plan, entry)
    about = CheckpointSettings(
        place=f"{CHECKPOINT}/{entry.title}",
        schema=schema_text({name: kind for name, (_, kind) in columns.items()}),
        columns={name: inner for name, (inner, _) in columns.items()},
        about=said_of(plan, entry, list(columns)),
    )

    def prepare(state: State) -> Prepared:
        parts = state.markers[previous]
        starts = list(itertools.accumulate((p.facts["kept"] for p in parts), initial=0))
        units = []
        for at in range(0, max(1, starts[-1]), ROWS_PER_FILE):
            end = min(at + ROWS_PER_FILE, starts[-1])
            # An empty checkpoint is one part without rows: its file has the schema.
            of = [
                n
                for n in range(len(parts))
                if (starts[n] < end and starts[n + 1] > at) or (not starts[-1] and n == 0)
            ]
            mine = [parts[n] for n in of]
            size = sum(part.facts["bytes"] for part in mine)
            skip = at - starts[of[0]] if of else 0
            unit = CheckpointUnit(at // ROWS_PER_FILE, skip, end - at, _files(mine, "text"), size)
            name = f"{unit.number:05d}"
            units.append(Unit(name, unit, _all(mine), rows=unit.rows, size=size))
        return Prepared(about, units, "")

    label = entry.title.replace(":", "_")
    title = f"write {entry.title}"
    return Phase(
        f"{number:02d}-{label}.write", "write_checkpoint", title, about, prepare,
        reads=(Reads(previous, "text"),), stage=entry.title,
    )  # fmt: skip


def _index(
    plan: Plan,
    entry: Entry,
    indexed: Indexed,
    previous: str,
    first: str,
    shards: str,
    number: int,
) -> list[Phase]:
    """Return the two phases that write the index of a stage."""
    label = entry.title.replace(":", "_")
    kept, index = f"{number:02d}-{label}.kept", f"{number + 1:02d}-{label}.index"
    rows = indexed.key_rows(plan.rows)
    parts = partitions(rows)
    about = IndexSettings(
        stage=_spec(plan, entry),
        by=indexed.index_by,
        parts=parts,
        ranges=ranges(rows, parts),
    )

    def keeping(state: State) -> Prepared:
        markers, groups = state.markers[previous], _groups(state.markers[first])
        settings = replace(about, places=exchanged(state, shards, "places"))
        units = []
        for group, members in enumerate(groups):
            mine = [markers[index] for index in members]
            if mine:
                unit = KeptUnit(group, _files(mine, indexed.index_reads))
                units.append(Unit(f"{group:05d}", unit, _all(mine)))
        return Prepared(settings, units, _all(state.markers[shards]))

    def indexing(state: State) -> Prepared:
        markers = state.markers[kept]
        settings = replace(about, rows=exchanged(state, kept, "rows"))
        units = [Unit(f"{part:05d}", IndexUnit(part), "") for part in range(parts)]
        return Prepared(settings, units, _all(markers))

    return [
        Phase(
            kept,
            "kept",
            f"{entry.title} kept",
            about,
            keeping,
            reads=(Reads(previous, indexed.index_reads), Reads(shards, "places", ranges=True)),
            exchanges=("rows",),
            stage=entry.title,
        ),
        Phase(
            index, "index", f"{entry.title} index", about, indexing,
            reads=(Reads(kept, "rows", ranges=True),), stage=entry.title,
        ),
    ]  # fmt: skip


def _versions(measured: Sequence[str], name: str) -> list[str]:
    """Return the ledger's columns of one signal, the last measured first."""
    others = [column for column in measured if column.startswith(f"{name}@")]
    return [name, *sorted(others, key=lambda column: -int(column.split("@")[1]))]


def _changes(plan: Plan) -> list[Change]:
    """Return the stages that change texts, each with the counts before it and after it.

    A stage that makes the texts has none before it, and is not among them.
    """
    counts = [(point.before, point.stored) for m in plan.maps for point in m.measures]
    counts = [(at, stored) for at, stored in counts if set(ALWAYS) <= stored.keys()]
    found = []
    for entry in plan.job.stages:
        before = [stored for at, stored in counts if at <= entry.index]
        after = [stored for at, stored in counts if at > entry.index]
        if entry.stage.changes_text and before and after:
            pairs = ((before[-1][name], after[0][name]) for name in ALWAYS)
            found.append(Change(entry.title, *pairs))
    return found


def _clustered(plan: Plan) -> tuple[str, ...]:
    """Return the stages at which a document loses to another."""
    global_stages = ((entry, entry.stage.global_stage()) for entry in plan.job.stages)
    return tuple(entry.title for entry, one in global_stages if one is not None and one.clusters)


def _matched(plan: Plan) -> tuple[str, ...]:
    """Return the columns in which stages that see all rows say what documents match."""
    stages = (entry.stage.global_stage() for entry in plan.job.stages)
    return tuple(dict.fromkeys(name for one in stages if one is not None for name in one.told()))


def _shards(maps: Sequence[str], cut: str, parts: int, about: ShardSettings) -> Any:
    def prepare(state: State) -> Prepared:
        markers, cuts = state.markers[maps[-1]], state.markers[cut][0]
        settings = replace(
            about,
            files=exchanged(state, maps[-1], "text"),
            parts=parts,
            groups=_group_starts(state.markers[maps[0]]),
        )
        units = shard_units(cuts, about.format)
        return Prepared(settings, units, digest([_all(markers), cuts.identity()]))

    return prepare


def shard_units(cuts: Marker, format: str) -> list[Unit]:
    """Return the shards between the bounds that were cut."""
    bounds = [int(bound) for bound in cuts.facts["bounds"]]
    held, suffix = cuts.facts.get("held_out", 0), FORMATS[format].suffix
    count = len(bounds) - 1 - held  # the held-out come last
    moves = cuts.facts.get("moves", [])
    units = []
    expected = zip(cuts.facts["sizes"], cuts.facts["counts"], strict=True)
    for number, (size, rows) in enumerate(expected):
        name, folder = f"part-{number:05d}-of-{count:05d}.{suffix}", "shards"
        if number >= count:
            name, folder = f"part-{number - count:05d}-of-{held:05d}.{suffix}", HELD_OUT
        unit = ShardUnit(
            number,
            name,
            bounds[number],
            bounds[number + 1],
            size,
            rows,
            folder,
            without=tuple(at for at, old, _ in moves if old == number),
            also=tuple(at for at, _, new in moves if new == number),
        )
        units.append(Unit(f"{number:05d}", unit, "", size=size))
    return units


def _sources(parts: Sequence[Marker]) -> tuple[str, ...]:
    """Return the sources of most documents: those that are counted by rule and signal."""
    documents: Counter[str] = Counter()
    for part in parts:
        for source, rows, _ in part.facts["sources"]:
            documents[source or ""] += rows
    return tuple(sorted(documents, key=lambda name: (-documents[name], name))[:MOST_LABELS])


def _shadow_book(plan: Plan) -> ShadowBook | None:
    if plan.job.shadow is None:
        return None
    judging = [entry for entry in plan.job.stages if entry.stage.global_stage() is None]
    return ShadowBook(drawn_share(plan), tuple((entry.index, entry.title) for entry in judging))


def _account(
    maps: Sequence[str], shards: str, about: AccountSettings, shadow: Shadow | None
) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[maps[0]]
        groups = _groups(parts)
        group_of = {index: group for group, members in enumerate(groups) for index in members}
        records = [_files(state.markers[name], "record") for name in maps]
        ghosts = _files(state.markers[maps[-1]], "shadow") if about.shadow is not None else ()
        settings = replace(
            about, places=exchanged(state, shards, "places"), sources=_sources(parts)
        )
        rows = [part.facts["rows"] for part in parts]
        total = sum(rows)
        if settings.shadow is not None and shadow is not None:
            share = min(settings.shadow.share, shadow.share_of(total))
            settings = replace(settings, shadow=replace(settings.shadow, share=share))
        units = []
        index = done = 0  # `done` rows lie before part `index`
        for number in range(max(1, -(-total // ROWS_PER_FILE))):
            low, high = number * ROWS_PER_FILE, min(total, (number + 1) * ROWS_PER_FILE)
            while index < len(parts) - 1 and done + rows[index] <= low:
                done += rows[index]
                index += 1
            last, reach = index, done + rows[index]
            while reach < high:
                last += 1
                reach += rows[last]
            members = list(range(index, last + 1))
            unit = AccountUnit(
                number=number,
                skip=low - done,
                rows=high - low,
                rows_of=tuple(rows[i] for i in members),
                records=tuple(tuple(files[i] for i in members) for files in records),
                groups=tuple(sorted({group_of[i] for i in members})),
                ghosts=tuple(ghosts[i] for i in members) if ghosts else (),
            )
            units.append(Unit(f"{number:05d}", unit, "", rows=high - low))
        depends = digest([_all(state.markers[name]) for name in (*maps, shards)])
        return Prepared(settings, units, depends)

    return prepare
