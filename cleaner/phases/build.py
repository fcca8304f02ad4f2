"""A plan as the list of its phases, each with the code that turns earlier commits into units."""

import base64
from collections.abc import Sequence
from typing import Any

import polars as pl

from cleaner import store
from cleaner.commits import Marker, digest
from cleaner.dedup.account import SAMPLE_DOCUMENTS
from cleaner.dedup.index import BY, ranges
from cleaner.job import Entry, dump_stage
from cleaner.ledger import ROWS_PER_FILE
from cleaner.phases.base import DataFile, Phase, Prepared, Settings, State, Unit
from cleaner.plan import (
    MOST_PARTITIONS,
    PARTITION_BYTES,
    PARTITION_ROWS,
    MapPlan,
    Plan,
    exchange_of,
    key_rows,
)

_ROW_BITS = 40
_SET_BYTES = 128 << 20  # shingle sets that one task of the verification holds, about
_END = (1 << 64) - 1


def build_phases(plan: Plan) -> list[Phase]:
    """Return the phases of a plan in order."""
    phases: list[Phase] = []
    maps: list[str] = []
    before: dict[str, Any] = {}
    verdicts: str | None = None
    for number, mapped in enumerate(plan.maps):
        exchange = _exchange(plan, mapped.then)
        name = f"{len(phases):02d}-map"
        options = _map_options(plan, mapped, exchange, before, first=number == 0)
        if number == 0:
            prepare = _first_units(plan, options)
        else:
            prepare = _later_units(maps[-1], verdicts or "", before, options)
        exact = all(entry.stage.exact for entry in mapped.entries)
        title = ", ".join(entry.title for entry in mapped.entries) or "apply verdicts"
        gpu = any(getattr(entry.stage, "gpu", False) for entry in mapped.entries)
        phases.append(
            Phase(name, "map", title, options, prepare, exact=exact, counts_rows=True, gpu=gpu)
        )
        maps.append(name)
        if mapped.then is not None:
            made, before = _global(plan, mapped.then, name, exchange, len(phases))
            phases += made
            verdicts = made[-1].name
    phases += _finish(plan, maps, len(phases))
    return phases


def _map_options(
    plan: Plan,
    mapped: MapPlan,
    exchange: dict[str, Any],
    before: dict[str, Any],
    first: bool,
) -> dict[str, Any]:
    then = mapped.then
    return {
        "stages": [_stage(plan, entry) for entry in mapped.entries],
        "measures": list(mapped.measures),
        "carry": {name: str(kind) for name, kind in mapped.carry.items()},
        "carry_schema": _schema_text(mapped.carry),
        "measured": mapped.measured,
        "empty_at": then.title if then is not None and _compares_text(then) else None,
        "exchange": exchange,
        "before": before,
        **({"columns": list(plan.columns), "part_bytes": plan.unit_bytes} if first else {}),
    }


def _compares_text(entry: Entry) -> bool:
    return exchange_of(entry) != "cut" and "text" in entry.stage.needs()


def _schema_text(columns: dict[str, Any]) -> str:
    empty = pl.DataFrame(schema=columns).to_arrow(compat_level=pl.CompatLevel.oldest())
    return base64.b64encode(empty.schema.serialize().to_pybytes()).decode()


def _stage(plan: Plan, entry: Entry) -> dict[str, Any]:
    files = {path: store.sha256(path) for path in entry.stage.files() if store.exists(path)}
    return {
        "index": entry.index,
        "name": entry.name,
        "title": entry.title,
        "options": dump_stage(entry.stage),
        "version": entry.stage.version,
        "reads": dict(plan.reads.get(entry.index, {})),
        "files": files,
    }


def _exchange(plan: Plan, then: Entry | None) -> dict[str, Any]:
    if then is None:
        parts = _clamp(4 * plan.bytes // PARTITION_BYTES)
        return {"kind": "shuffle", "seed": plan.job.output.shuffle_seed, "parts": parts}
    parts = _clamp(key_rows(then, plan.rows) // PARTITION_ROWS)
    exchange = {"kind": exchange_of(then), "parts": parts, **_stage(plan, then)}
    exchange["options"].pop("against", None)  # no key depends on it
    if exchange["kind"] == "near":
        share = min(1.0, SAMPLE_DOCUMENTS / max(1, plan.rows))
        exchange["share"] = share
        exchange["sample_parts"] = _clamp(int(2 * share * plan.bytes) // _SET_BYTES)
    return exchange


def _clamp(parts: int) -> int:
    return max(1, min(MOST_PARTITIONS, parts))


def _first_units(plan: Plan, options: Settings) -> Any:
    def prepare(state: State) -> Prepared:
        rows = {file.number: file for file in plan.files}
        units = []
        for name, pieces in plan.units:
            plain = [piece.plain() for piece in pieces]
            known: list[int | None] = [_rows_of(rows[piece.file], piece) for piece in pieces]
            total = None if None in known else sum(n or 0 for n in known)
            size = sum(rows[piece.file].size for piece in pieces if piece.groups is None)
            units.append(Unit(name, {"pieces": plain}, digest(plain), total, size))
        return Prepared(options, units, "")

    return prepare


def _rows_of(file: Any, piece: Any) -> int | None:
    if piece.take is not None:
        return len(piece.take)
    if file.groups is None:
        return None
    first, past = piece.groups or (0, len(file.groups))
    return sum(rows for rows, _ in file.groups[first:past])


def _later_units(previous: str, verdicts: str, before: dict[str, Any], options: Settings) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[previous]
        settings = dict(options)
        if before["kind"] == "cut":
            marker = state.markers[verdicts][0]
            settings["before"] = {**before, "cuts": marker.facts["cuts"]}
            depends = marker.identity()
        else:
            depends = ""
        units = []
        for group, members in enumerate(_groups(parts)):
            for place, index in enumerate(members):
                part = parts[index]
                payload: dict[str, Any] = {
                    "text": DataFile.of(part, "text").plain(),
                    "spans": part.facts["spans"],
                }
                on = [part.identity()]
                if before["kind"] != "cut":
                    gathered = state.markers[verdicts][group]
                    payload["verdicts"] = {
                        "file": DataFile.of(gathered, "verdicts").plain(),
                        "parts": len(members),
                        "part": place,
                    }
                    on.append(gathered.identity())
                units.append(
                    Unit(
                        f"{index:06d}", payload, digest(on), part.facts["kept"], part.facts["bytes"]
                    )
                )
        return Prepared(settings, units, depends)

    return prepare


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
            following = (spans[0][0] << _ROW_BITS) | spans[0][1]
        starts.append(following)
    starts.reverse()
    found = [starts[index] for index in members]
    found[0] = 0
    return found


def _group_starts(parts: Sequence[Marker]) -> list[str]:
    firsts = [members[0] for members in _groups(parts)]
    return [str(start) for start in _starts(parts, firsts)]


def _all(markers: Sequence[Marker]) -> str:
    return digest([marker.identity() for marker in markers])


def _files(markers: Sequence[Marker], role: str) -> list[list[Any]]:
    return [DataFile.of(marker, role).plain() for marker in markers]


def _global(
    plan: Plan, entry: Entry, previous: str, exchange: dict[str, Any], number: int
) -> tuple[list[Phase], dict[str, Any]]:
    kind, stage = exchange["kind"], entry.stage
    label = entry.title.replace(":", "_")
    against = [index.plain() for index in plan.indexes.get(entry.index, ())]
    about = {key: exchange[key] for key in ("name", "options", "version", "reads")}
    before = {**about, "kind": kind, "title": entry.title}
    about["against"] = against
    phases: list[Phase] = []

    def add(step: str, function: str, prepare: Any) -> str:
        name = f"{number + len(phases):02d}-{label}.{step}"
        phases.append(Phase(name, function, f"{entry.title} {step}", about, prepare))
        return name

    if kind == "cut":
        share, tokens = getattr(stage, "keep_share", None), getattr(stage, "keep_tokens", None)
        if share is None and tokens is None:
            tokens = getattr(stage, "documents", None)
        add("cut", "share", _one(previous, "keys", {"share": share, "tokens": tokens}))
        return phases, before
    before["reason"] = stage.reason  # type: ignore[attr-defined]
    if kind in ("exact", "line"):
        function = "settle" if kind == "exact" else "lines"
        last = add("settle", function, _partitions(previous, exchange["parts"], about))
    else:
        add("sample", "sample", _sample(previous, exchange["sample_parts"]))
        pairs = add("pairs", "pairs", _partitions(previous, exchange["parts"], about))
        joined = add("components", "components", _components(previous, pairs, against))
        sets = add("sets", "sets", _sets(previous, pairs, joined, about))
        last = add("verify", "verify", _verify(previous, pairs, joined, sets, about))
    add("gather", "gather", _gather(previous, last))
    return phases, before


def _one(previous: str, role: str, settings: Settings) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[previous]
        return Prepared({**settings, role: _files(parts, role)}, [Unit("all", {}, "")], _all(parts))

    return prepare


def _partitions(previous: str, count: int, about: dict[str, Any]) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[previous]
        settings = {
            **about,
            "keys": _files(parts, "keys"),
            "parts": count,
            "groups": _group_starts(parts),
            "most_rows": PARTITION_ROWS,
        }
        units = [Unit(f"{part:05d}", {"part": part}, "") for part in range(count)]
        return Prepared(settings, units, _all(parts))

    return prepare


def _sample(previous: str, count: int) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[previous]
        settings = {"sample": _files(parts, "sample"), "parts": count}
        units = [Unit(f"{part:05d}", {"part": part}, "") for part in range(count)]
        return Prepared(settings, units, _all(parts))

    return prepare


def _verify_parts(state: State, previous: str, pairs: str) -> int:
    """Return in how many partitions components are verified: by the size of their shingle sets."""
    parts = state.markers[previous]
    rows = sum(part.facts["kept"] for part in parts)
    size = sum(part.facts["bytes"] for part in parts)
    found = sum(marker.facts["pairs"] for marker in state.markers[pairs])
    candidates = min(rows, 2 * found)
    return _clamp(2 * size * candidates // max(1, rows) // _SET_BYTES)


def _components(previous: str, pairs: str, against: Sequence[dict[str, Any]]) -> Any:
    def prepare(state: State) -> Prepared:
        markers = state.markers[pairs]
        settings = {
            "pairs": _files(markers, "pairs"),
            "groups": _group_starts(state.markers[previous]),
            "verify_parts": _verify_parts(state, previous, pairs),
            "old_groups": _old_groups(against),
            "old_files": sum(len(index["shards"]) for index in against),
        }
        return Prepared(settings, [Unit("all", {}, "")], _all(markers))

    return prepare


def _old_groups(against: Sequence[dict[str, Any]]) -> int:
    """Return in how many tasks the shards of earlier runs are read for their candidates."""
    return min(MOST_PARTITIONS, sum(len(index["shards"]) for index in against))


def _sets(previous: str, pairs: str, joined: str, about: dict[str, Any]) -> Any:
    def prepare(state: State) -> Prepared:
        parts, markers = state.markers[previous], state.markers[joined]
        groups = _groups(parts)
        settings = {
            **about,
            "candidates": _files_with(markers, "candidates"),
            "groups": len(groups),
            "old": _files_with(markers, "old"),
            "old_groups": _old_groups(about["against"]),
            "verify_parts": _verify_parts(state, previous, pairs),
        }
        units = [
            Unit(
                f"{index:06d}",
                {"text": DataFile.of(parts[index], "text").plain(), "group": group},
                parts[index].identity(),
                parts[index].facts["kept"],
                parts[index].facts["bytes"],
            )
            for group, members in enumerate(groups)
            for index in members
        ]
        if settings["old"]:
            old = range(settings["old_groups"])
            units += [Unit(f"old-{group:05d}", {"old": group}, "") for group in old]
        return Prepared(settings, units, _all(markers))

    return prepare


def _files_with(markers: Sequence[Marker], role: str) -> list[list[Any]]:
    return _files([marker for marker in markers if role in marker.files], role)


def _verify(previous: str, pairs: str, joined: str, sets: str, about: dict[str, Any]) -> Any:
    def prepare(state: State) -> Prepared:
        count = _verify_parts(state, previous, pairs)
        settings = {
            **about,
            "sets": _files(state.markers[sets], "sets"),
            "pairs": _files_with(state.markers[joined], "pairs"),
            "verify_parts": count,
            "groups": _group_starts(state.markers[previous]),
        }
        units = [Unit(f"{part:05d}", {"part": part}, "") for part in range(count)]
        depends = digest([_all(state.markers[sets]), _all(state.markers[joined])])
        return Prepared(settings, units, depends)

    return prepare


def _gather(previous: str, settled: str) -> Any:
    def prepare(state: State) -> Prepared:
        parts, markers = state.markers[previous], state.markers[settled]
        groups = _groups(parts)
        settings = {"verdicts": _files(markers, "verdicts"), "parts": len(groups)}
        units = [
            Unit(
                f"{group:05d}",
                {"group": group, "starts": [str(s) for s in _starts(parts, members)]},
                "",
            )
            for group, members in enumerate(groups)
        ]
        return Prepared(settings, units, digest([_all(markers), _all(parts)]))

    return prepare


def _finish(plan: Plan, maps: Sequence[str], number: int) -> list[Phase]:
    output = plan.job.output
    by = "bytes" if output.shard_bytes else "tokens"
    target = output.shard_bytes or output.shard_tokens or 100_000_000
    parts = _exchange(plan, None)["parts"]
    cut_options = {"by": by, "target": target}
    shard_options = {
        "schema": _schema_text({name: kind for name, (_, kind) in plan.shard_columns.items()}),
        "columns": {name: inner for name, (inner, _) in plan.shard_columns.items()},
    }
    measured = list(dict.fromkeys(name for m in plan.maps for name in m.measured))
    account_options = {
        "measured": measured,
        "counted": {name: _versions(measured, name) for name in ("characters", "words")},
        "histograms": _judged(plan, measured),
        "keep_rows": plan.job.ledger,
    }
    cut, shard = f"{number:02d}-shuffle.cut", f"{number + 1:02d}-shards"
    cutting = _one(maps[-1], "sizes", cut_options)
    writing = _shards(maps, cut, parts, shard_options)
    counting = _account(maps, shard, account_options)
    phases = [
        Phase(cut, "cut", "cut shards", cut_options, cutting),
        Phase(shard, "shard", "write shards", shard_options, writing),
        Phase(f"{number + 2:02d}-account", "account", "account", account_options, counting),
    ]
    for before, mapped in zip(maps, plan.maps, strict=True):
        if mapped.then is not None and mapped.then.name in BY:
            phases += _index(plan, mapped.then, before, maps[0], shard, number + len(phases))
    return phases


def _index(
    plan: Plan, entry: Entry, previous: str, first: str, shards: str, number: int
) -> list[Phase]:
    """Return the two phases that write the index of a stage."""
    label = entry.title.replace(":", "_")
    kept, index = f"{number:02d}-{label}.kept", f"{number + 1:02d}-{label}.index"
    exchange = _exchange(plan, entry)
    parts = exchange["parts"]
    about = {
        **{key: exchange[key] for key in ("name", "options", "version")},
        "title": entry.title,
        "by": BY[entry.name],
        "parts": parts,
        "ranges": ranges(key_rows(entry, plan.rows), parts),
    }

    def keeping(state: State) -> Prepared:
        role = "text" if about["by"] == "line" else "keys"
        markers, groups = state.markers[previous], _groups(state.markers[first])
        settings = {
            **about,
            "places": _files(state.markers[shards], "places"),
            "groups": len(groups),
        }
        units = [
            Unit(
                f"{group:05d}",
                {"group": group, "parts": _files([markers[i] for i in members], role)},
                _all([markers[i] for i in members]),
            )
            for group, members in enumerate(groups)
            if members
        ]
        return Prepared(settings, units, _all(state.markers[shards]))

    def indexing(state: State) -> Prepared:
        markers = state.markers[kept]
        settings = {**about, "rows": _files(markers, "rows")}
        units = [Unit(f"{part:05d}", {"part": part}, "") for part in range(parts)]
        return Prepared(settings, units, _all(markers))

    return [
        Phase(kept, "kept", f"{entry.title} kept", about, keeping),
        Phase(index, "index", f"{entry.title} index", about, indexing),
    ]


def _versions(measured: Sequence[str], name: str) -> list[str]:
    """Return the ledger's columns of one signal, the last measured first."""
    others = [column for column in measured if column.startswith(f"{name}@")]
    return [name, *sorted(others, key=lambda column: -int(column.split("@")[1]))]


def _judged(plan: Plan, measured: Sequence[str]) -> list[str]:
    """Return the ledger's columns that some stage judges by."""
    asked = {name for entry in plan.job.stages for name in entry.stage.signals()}
    own = {name for entry in plan.job.stages for name in entry.stage.adds()}
    return [
        name
        for name in measured
        if name.split("@")[0] in asked or ":" in name or (name in own and "_score" in name)
    ]


def _shards(maps: Sequence[str], cut: str, parts: int, options: dict[str, Any]) -> Any:
    def prepare(state: State) -> Prepared:
        markers, cuts = state.markers[maps[-1]], state.markers[cut][0]
        bounds = cuts.facts["bounds"]
        settings = {
            **options,
            "files": _files(markers, "text"),
            "parts": parts,
            "groups": _group_starts(state.markers[maps[0]]),
        }
        count = len(bounds) - 1
        units = [
            Unit(
                f"{shard:05d}",
                {
                    "number": shard,
                    "shard": f"part-{shard:05d}-of-{count:05d}.parquet",
                    "low": bounds[shard],
                    "high": bounds[shard + 1],
                    "bytes": cuts.facts["sizes"][shard],
                },
                "",
                size=cuts.facts["sizes"][shard],
            )
            for shard in range(count)
        ]
        return Prepared(settings, units, digest([_all(markers), cuts.identity()]))

    return prepare


def _account(maps: Sequence[str], shards: str, options: dict[str, Any]) -> Any:
    def prepare(state: State) -> Prepared:
        parts = state.markers[maps[0]]
        groups = _groups(parts)
        group_of = {index: group for group, members in enumerate(groups) for index in members}
        records = [_files(state.markers[name], "record") for name in maps]
        settings = {
            **options,
            "places": _files(state.markers[shards], "places"),
            "groups": len(groups),
        }
        rows = [part.facts["rows"] for part in parts]
        total = sum(rows)
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
            payload = {
                "number": number,
                "skip": low - done,
                "rows": high - low,
                "rows_of": [rows[i] for i in members],
                "records": [[files[i] for i in members] for files in records],
                "groups": sorted({group_of[i] for i in members}),
            }
            units.append(Unit(f"{number:05d}", payload, "", rows=high - low))
        depends = digest([_all(state.markers[name]) for name in (*maps, shards)])
        return Prepared(settings, units, depends)

    return prepare
