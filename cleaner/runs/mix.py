"""A mixture of finished runs, planned: what is counted, decided, drawn, shuffled and written."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from cleaner.corpus.columns import inside
from cleaner.errors import JobError
from cleaner.job.mix_file import Mix
from cleaner.job.plan import PARTITION_BYTES, output_tokenizer
from cleaner.rules.conditions import parse
from cleaner.rules.sql import ConditionError
from cleaner.runs.derived import Derived
from cleaner.runs.export import bytes_written, finished, first_file, sizes_said
from cleaner.runs.phases.base import DataFile, Everything, Phase, Prepared, State, Unit
from cleaner.runs.phases.build import cutting_of, exchanged, shard_units, with_merges
from cleaner.runs.phases.mix import FROM, MixSettings, MixUnit, Portion, before_mixing
from cleaner.runs.phases.shuffle import ShardSettings
from cleaner.shards import FORMATS
from cleaner.shards.run_shards import Shards
from cleaner.shards.tokenizer import TOKENS
from cleaner.stages.global_stage import partitions
from cleaner.storage import store
from cleaner.storage.commits import digest
from cleaner.storage.run_folder import HELD_OUT
from cleaner.storage.schemas import polars_types, schema_text

_VERSION = 1
_SCRATCH = 0.6  # bytes of a byte of text on its way through the shuffle


def plan_mix(mix: Mix) -> Derived:
    """Return what is to be made; JobError for runs that are not there or do not go together."""
    runs = list(dict.fromkeys(part.run for part in mix.parts))
    manifests = {run: finished(run) for run in runs}
    manifests = {run: _trained_on(manifest) for run, manifest in manifests.items()}
    opened = {run: Shards.of(run, manifest) for run, manifest in manifests.items()}
    columns = _columns(opened)
    _check(mix, opened)
    output, form = mix.output, FORMATS[mix.output.format]
    tokenizer = output_tokenizer(output)
    inner = {name: (inside(name) if name != "text" else name, kind)
             for name, kind in columns.items()}  # fmt: skip
    if form.token_type is not None and tokenizer is not None:
        inner["tokens"] = (TOKENS, pl.List(form.token_type(tokenizer.vocabulary)))
    if form.columns is not None:
        if missing := [name for name in form.columns if name not in inner]:
            raise JobError(f"output.format {output.format} needs columns: {', '.join(missing)}")
        inner = {name: inner[name] for name in form.columns}
    schema = schema_text({name: kind for name, (_, kind) in inner.items()})
    text = _text(mix, manifests)
    settings = MixSettings(
        runs=tuple(opened.values()),
        portions=tuple(
            Portion(
                part.name, runs.index(part.run), part.levels, part.where,
                None if part.upsample is None else part.upsample.by, part.weight, part.tokens,
            )
            for part in mix.parts
        ),
        schema=schema_text(columns),
        epochs=mix.epochs,
        seed=mix.seed,
        as_tokens=not form.holds_text,
        shuffle_seed=output.shuffle_seed,
        total=mix.total,
        tokenizer=tokenizer,
        ranges=partitions(text, PARTITION_BYTES),
    )  # fmt: skip
    writing = ShardSettings(
        format=output.format,
        schema=schema,
        columns={name: inside_name for name, (inside_name, _) in inner.items()},
        groups=(0,),
        parts=settings.ranges,
        tokenised=tokenizer is not None,
    )
    said = {run: manifest["identity"] for run, manifest in manifests.items()}
    hashes = {run: [one["sha256"] for one in m["outputs"]] for run, m in manifests.items()}
    resolved = mix.model_dump(mode="json")
    outputs = [(run, one) for run, manifest in manifests.items() for one in manifest["outputs"]]
    return Derived(
        command="mix",
        name=mix.name,
        identity=digest(["mix", _VERSION, resolved, said, hashes,
                         None if tokenizer is None else tokenizer.sha256]),
        runs=tuple(runs),
        inputs=tuple(
            {"file": n, "path": store.join(run, one["path"]), **sizes_said(one)}
            for n, (run, one) in enumerate(outputs)
        ),
        format=output.format,
        schema=schema,
        tokenizer=tokenizer,
        phases=tuple(_phases(mix, settings, writing, opened, manifests)),
        bytes=bytes_written(output.format, tokenizer, text),
        columns=tuple(inner),
        scratch=int(_SCRATCH * text),
        seen=dict(first_file(run, manifest) for run, manifest in manifests.items()),
        options={"mix": resolved},
        tells=lambda state: _achieved(mix, state),
    )  # fmt: skip


def _trained_on(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without the shards of what its run holds out of training."""
    outputs = [one for one in manifest["outputs"] if not one["path"].startswith(f"{HELD_OUT}/")]
    return {**manifest, "outputs": outputs}


def _columns(opened: Mapping[str, Shards]) -> dict[str, Any]:
    """Return the columns of all runs, name -> Polars type, and the one that names the part."""
    found: dict[str, Any] = {}
    for run, one in opened.items():
        types = polars_types(one.schema)
        if "text" not in types:
            raise JobError(f"{run}: its shards are {one.format}, which hold no texts to be mixed")
        if {FROM, before_mixing(FROM)} <= types.keys():
            raise JobError(
                f"{run}: has columns {FROM!r} and {before_mixing(FROM)!r}, which would both be "
                "called the latter; run it with output.columns that leave one of them out"
            )
        for name, kind in types.items():
            name = before_mixing(name)
            if found.setdefault(name, kind) != kind:
                raise JobError(
                    f"{run}: its column {name!r} is {kind}, and {found[name]} in a run before; "
                    "run one of them with output.columns that leave it out"
                )
    found[FROM] = pl.String()
    return found


def _check(mix: Mix, opened: Mapping[str, Shards]) -> None:
    """Raise JobError for a part that reads columns which its run does not have."""
    for number, part in enumerate(mix.parts):
        types = polars_types(opened[part.run].schema)
        if part.where is not None:
            try:
                parse(part.where).check(types)
            except ConditionError as error:
                raise JobError(f"parts.{number}.where: {error}") from None
        if part.upsample is not None:
            kind = types.get(part.upsample.by)
            if kind is None or not kind.is_numeric():
                there = ", ".join(name for name, one in types.items() if one.is_numeric())
                raise JobError(
                    f"parts.{number}.upsample.by: {part.run} has no numbers {part.upsample.by!r}; "
                    f"available: {there}"
                )


def _text(mix: Mix, manifests: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the bytes of text of the mixture, about."""
    outputs = [one for manifest in manifests.values() for one in manifest["outputs"]]
    text, words = (sum(one[name] for one in outputs) for name in ("text_bytes", "words"))
    asked = mix.total or sum(part.tokens or 0 for part in mix.parts)
    return int(asked * text / max(1, words)) if asked else text


def _phases(
    mix: Mix,
    settings: MixSettings,
    writing: ShardSettings,
    opened: Mapping[str, Shards],
    manifests: Mapping[str, Mapping[str, Any]],
) -> list[Phase]:
    names = ("00-mix.count", "01-mix.levels", "02-mix.tally", "03-mix.rates", "04-mix.draw")
    count, levels, tally, rates, draw = names
    places = [
        (run, shard, one)
        for run, manifest in enumerate(manifests.values())
        for shard, one in enumerate(manifest["outputs"])
    ]

    def over_shards(state: State, with_counts: bool) -> list[Unit]:
        units = []
        for number, (run, shard, one) in enumerate(places):
            depends, counts = digest(one["sha256"]), None
            if with_counts:
                marker = state.markers[count][number]
                counts, depends = DataFile.of(marker, "counts"), marker.identity()
            unit = MixUnit(run, shard, number, counts)
            units.append(Unit(f"{number:05d}", unit, depends, one["rows"], one["text_bytes"]))
        return units

    def known(state: State, *steps: str) -> tuple[MixSettings, str]:
        found = settings
        if levels in steps:
            said = state.markers[levels][0].facts["levels"]
            found = replace(found, levels=tuple(map(tuple, said)))
        if rates in steps:
            said = state.markers[rates][0].facts["rates"]
            found = replace(found, rates=tuple(map(tuple, said)))
        return found, digest([state.markers[step][0].identity() for step in steps])

    def counting(state: State) -> Prepared:
        return Prepared(settings, over_shards(state, False), "")

    def of_all(before: str, role: str) -> Any:
        def prepare(state: State) -> Prepared:
            markers = state.markers[before]
            files = tuple(DataFile.of(marker, role) for marker in markers)
            depends = digest([marker.identity() for marker in markers])
            return Prepared(
                replace(settings, files=files), [Unit("all", Everything(), "")], depends
            )

        return prepare

    def tallying(state: State) -> Prepared:
        found, depends = known(state, levels)
        return Prepared(found, over_shards(state, True), depends)

    def drawing(state: State) -> Prepared:
        found, depends = known(state, levels, rates)
        return Prepared(found, over_shards(state, True), depends)

    def cutting(state: State) -> Prepared:
        markers = state.markers[draw]
        files = tuple(DataFile.of(marker, "sizes") for marker in markers)
        depends = digest([marker.identity() for marker in markers])
        return Prepared(replace(cut_by, sizes=files), [Unit("all", Everything(), "")], depends)

    def writing_shards(state: State) -> Prepared:
        about = replace(writing, files=exchanged(state, draw, "text"))
        depends = digest([marker.identity() for marker in state.markers[draw]])
        units = shard_units(state.markers[cut][0], writing.format)
        return Prepared(about, units, digest([depends, state.markers[cut][0].identity()]))

    cut_by = cutting_of(mix.output)
    cut, shard = "05-shuffle.cut", "06-shards"
    phases = [
        Phase(count, "mix_count", "count", settings, counting),
        Phase(levels, "mix_levels", "find levels", settings, of_all(count, "values")),
        Phase(tally, "mix_tally", "add up", settings, tallying),
        Phase(rates, "mix_rates", "decide", settings, of_all(tally, "sums")),
        Phase(draw, "mix_draw", "draw", settings, drawing, exchanges=("text",)),
        Phase(cut, "cut", "cut shards", cut_by, cutting, version=4),
        Phase(shard, "shard", "write shards", writing, writing_shards, version=3),
    ]
    return list(with_merges(phases))


def _achieved(mix: Mix, state: State) -> dict[str, Any]:
    """Return what the mixture has of each part, beside what was asked."""
    there = state.markers["03-mix.rates"][0].facts
    rates: dict[int, list[list[int]]] = {}
    for portion, _, whole, threshold in there["rates"]:
        rates.setdefault(portion, []).append([whole, threshold])
    sums: dict[str, list[int]] = {part.name: [0, 0, 0] for part in mix.parts}
    for marker in state.markers["04-mix.draw"]:
        for name, rows, documents, amount in marker.facts["taken"]:
            have = sums[name]
            sums[name] = [have[0] + rows, have[1] + documents, have[2] + amount]
    whole = sum(amount for _, _, amount in sums.values())
    unit = "words" if mix.output.tokenizer is None else "tokens"
    return {
        "mixture": [
            {
                "part": part.name,
                "run": part.run,
                "rows": sums[part.name][0],
                "documents": sums[part.name][1],
                unit: sums[part.name][2],
                "share": round(sums[part.name][2] / max(1, whole), 6),
                f"{unit}_there": there["there"][number],
            }
            for number, part in enumerate(mix.parts)
        ]
    }
