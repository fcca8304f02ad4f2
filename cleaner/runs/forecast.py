"""The same job on a seeded sample over all files, and what it says of the whole."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cleaner.config.display import size_text
from cleaner.corpus.files import InputFile, Piece, open_parquet, weight
from cleaner.corpus.row_estimate import about_rows
from cleaner.errors import JobError, UnreadableFile
from cleaner.job.job_file import Entry, Shadow
from cleaner.job.plan import DOCUMENT_BYTES, Plan, with_stages
from cleaner.runs.filter_languages import empty, languages_of, unsuited
from cleaner.runs.phases.build import build_phases, cutting_of, drawn_share
from cleaner.runs.prices import money
from cleaner.runs.requests_forecast import requests
from cleaner.runs.size_forecast import Sizes, sizes
from cleaner.stages import STAGES
from cleaner.storage import store
from cleaner.storage.run_folder import CHECKPOINT, STATS, read_json

_MOST_FILES = 2_000  # files that a sample opens at most
_FROM_A_GROUP = 200  # documents taken from one row group before another is opened
_FEW = 4  # a sample so many times smaller tells what a phase takes for each task
_HEAD = 20  # of a file that can only be streamed, the sample comes from this many times its quota


def sampled(plan: Plan, documents: int, seed: int = 0) -> Plan:
    """Return the plan on about `documents` rows, drawn by `seed` over all files.

    Of a file that can only be streamed the rows come from its beginning.
    """
    rng = np.random.default_rng(seed)
    files = list(plan.files)
    if len(files) > _MOST_FILES:
        chosen = rng.choice(len(files), _MOST_FILES, replace=False)
        files = [files[i] for i in sorted(chosen)]
    files = [_with_rows(file) for file in files]
    rows = [_rows(file) for file in files]
    pieces: list[Piece] = []
    for file, quota in zip(files, _quotas(rows, documents), strict=True):
        if quota:
            pieces += _draw(file, quota, rng)
    units: list[tuple[str, list[Piece]]] = []
    for piece in pieces:
        # Neighbours share a unit; a unit stays within one entry of the input.
        last = units[-1][1] if units else []
        if last and last[-1].entry == piece.entry and sum(len(p.take or ()) for p in last) < 5_000:
            last.append(piece)
        else:
            units.append((f"{len(units):06d}", [piece]))
    notes = list(plan.notes)
    if any(file.kind != "parquet" for file in files):
        notes.append("a sample of JSON Lines or WARC comes from the beginning of each file")
    return replace(plan, units=tuple(units), notes=tuple(notes))


def _with_rows(file: InputFile) -> InputFile:
    if file.kind != "parquet" or file.groups is not None:
        return file
    try:
        with open_parquet(file.path) as parquet:
            meta = parquet.metadata
            found = [meta.row_group(i) for i in range(meta.num_row_groups)]
    except UnreadableFile:
        return file  # the run reports it
    return replace(file, groups=tuple((g.num_rows, g.total_byte_size) for g in found))


def _rows(file: InputFile) -> int:
    return file.rows if file.rows is not None else weight(file) // DOCUMENT_BYTES + 1


def _quotas(rows: Sequence[int], documents: int) -> list[int]:
    """Return how many documents each file gives, by largest remainder, at most all of them."""
    total = sum(rows)
    documents = min(documents, total)
    shares = [documents * count / total if total else 0.0 for count in rows]
    quotas = [int(share) for share in shares]
    order = sorted(range(len(rows)), key=lambda i: (quotas[i] - shares[i], i))
    for i in order[: documents - sum(quotas)]:
        quotas[i] += 1
    return quotas


def _draw(file: InputFile, quota: int, rng: np.random.Generator) -> list[Piece]:
    base = Piece(file.number, file.path, file.etag, file.entry, file.kind)
    if file.groups is None:
        reach = max(1, min(_rows(file), _HEAD * quota))
        take = np.sort(rng.choice(reach, min(quota, reach), replace=False))
        return [replace(base, take=tuple(int(row) for row in take))]
    starts = np.concatenate([[0], np.cumsum([rows for rows, _ in file.groups])])
    order = rng.permutation(len(file.groups))
    picked: list[int] = []
    room = 0
    for group in order:
        if room >= quota and len(picked) * _FROM_A_GROUP >= quota:
            break
        picked.append(int(group))
        room += file.groups[group][0]
    rows = np.concatenate([np.arange(starts[g], starts[g + 1]) for g in sorted(picked)])
    take = np.sort(rng.choice(rows, min(quota, len(rows)), replace=False))
    pieces = []
    for group in sorted(picked):
        mine = take[(take >= starts[group]) & (take < starts[group + 1])]
        if len(mine):
            piece = replace(base, groups=(group, group + 1), first_row=int(starts[group]))
            pieces.append(replace(piece, take=tuple(int(row) for row in mine)))
    return pieces


def forecast(plan: Plan, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a finished sample says of the whole corpus, with a 95 % interval of the yield."""
    rows = manifest["rows"]
    seen = max(1, rows["in"])
    share = rows["kept"] / seen
    spread = 1.96 * (max(share * (1 - share), 1 / seen) / seen) ** 0.5
    total = about_rows(plan.files, plan.rows)
    scale = total / seen
    words = sum(output["words"] for output in manifest["outputs"])
    size = sum(output["bytes"] for output in manifest["outputs"])
    low, high = max(0.0, share - spread), min(1.0, share + spread)
    return [
        {"forecast": "documents", "value": f"about {total:,}"},
        {"forecast": "kept", "value": f"{share:.2%} (95 %: {low:.2%} to {high:.2%})"},
        {"forecast": "kept documents", "value": f"about {int(total * share):,}"},
        {"forecast": "kept words", "value": f"about {int(words * scale):,} words"},
        {"forecast": "shards", "value": f"about {size_text(size * scale)}"},
    ]


@dataclass(frozen=True)
class Tried:
    """What became of a small sample, and what that says of the whole."""

    rows: list[dict[str, Any]]  # for a table
    stats: dict[str, Any]  # the counts of the sample
    notes: list[str]  # what is wrong with the job, as far as the sample shows
    needs: dict[str, Any]  # the forecast in numbers, under the names that the manifest counts by


def try_out(plan: Plan, documents: int, prices: Mapping[str, float] | None = None) -> Tried:
    """Run a small sample in a temporary folder, in this process, and return the forecast.

    Duplicates are rarer in a sample than in the whole, and none of earlier runs are sought, so the
    yield is an upper bound.
    """
    from cleaner.runs.driver import run_plan

    rows = about_rows(plan.files, plan.rows)
    # Earlier runs would be read whole for a few documents; and all of them would be of the shadow.
    plan = replace(plan, indexes={}, job=plan.job.model_copy(update={"shadow": _thin(plan, rows)}))
    offline = [one.model_copy(update={"stage": one.stage.offline()}) for one in plan.job.stages]
    if offline != list(plan.job.stages):  # what is asked outside costs: a forecast asks nothing
        plan = with_stages(plan, offline)
    small, fewer = sampled(plan, documents), sampled(plan, -(-documents // _FEW), seed=1)
    with tempfile.TemporaryDirectory(prefix="cleaner-plan-") as folder:
        # The first run compiles kernels and loads models; only the later ones are timed.
        run_plan(sampled(plan, 8, seed=1), store.join(folder, "warm"), engine="inline")
        few = run_plan(fewer, store.join(folder, "few"), engine="inline")
        manifest = run_plan(small, store.join(folder, "run"), engine="inline")
        stats = read_json(store.join(folder, "run", STATS))
        notes = [*empty(stats, "the sample"), *_languages(small, stats, folder)]
    shards = _shards(plan, manifest, rows)
    taken = sizes(plan, build_phases(plan), rows, shards, few, manifest)
    made = requests(plan, shards)
    left = {name: size for name, size in taken.written.items() if name != "scratch"}
    needs: dict[str, Any] = {
        "rows": rows,
        "written": taken.written,
        "peak_scratch": taken.peak_scratch,
        "temporary": taken.temporary,
        "core_seconds": round(taken.core_seconds, 1),
        "requests": made,
    }
    if prices is not None:
        needs["money"] = money(prices, taken.core_seconds, made, sum(left.values()))
    scale = rows / max(1, manifest["rows"]["in"])
    told = [
        *forecast(plan, manifest), *_of_needs(plan, taken, needs), *_asked(plan, stats, scale)
    ]  # fmt: skip
    return Tried(told, stats, notes, needs)


def _thin(plan: Plan, rows: int) -> Shadow | None:
    """Return a shadow that draws of a sample the share that is drawn of the whole."""
    if plan.job.shadow is None:
        return None
    return Shadow(share=drawn_share(plan), at_least=0, at_most=rows + 1)


def _of_needs(plan: Plan, taken: Sizes, needs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a run will take as rows of a table."""
    told = [("core-hours", f"about {_few_digits(taken.core_seconds / 3600)}")]
    if "money" in needs:
        parts = ", ".join(f"{name} {_few_digits(cost)}" for name, cost in needs["money"].items())
        told.append(("money", f"about {_few_digits(sum(needs['money'].values()))}: {parts}"))
    names = {"ledger": "ledger", CHECKPOINT: "checkpoints", "index": "index", "shadow": "shadow"}
    told += [
        ("written", f"about {size_text(sum(taken.written.values()))} in all"),
        ("scratch", f"about {size_text(taken.peak_scratch)} at its most"),
        *(
            (title, f"about {size_text(taken.written[name])}")
            for name, title in names.items()
            if name in taken.written
        ),
    ]
    if taken.temporary:
        said = f"up to {size_text(taken.temporary)} a worker, where its TMPDIR is"
        told.append(("temporary files", said))
    told += [("memory", _memory(plan)), ("requests", _told(needs["requests"]))]
    return [{"forecast": name, "value": value} for name, value in told]


def _few_digits(amount: float) -> str:
    """Return an amount as it is read: whole cents, or two digits of what is less.

    >>> [_few_digits(amount) for amount in (1234.567, 0.0123, 0.0)]
    ['1,234.57', '0.012', '0']
    """
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.2g}"


def _asked(plan: Plan, stats: dict[str, Any], scale: float) -> list[dict[str, Any]]:
    """Return what stages that ask somebody outside will cost."""
    counts = {one["stage"]: one for one in stats["stages"]}
    found = [(e.title, e.stage.foreseen(counts[e.title], scale)) for e in plan.job.stages]
    return [{"forecast": title, "value": said} for title, said in found if said is not None]


def _languages(small: Plan, stats: dict[str, Any], folder: str) -> list[str]:
    """Return what to say of filters and the languages that they judge in a sample.

    Where the job does not ask for languages before its first such filter, the sample is run once
    more, with that question put in.
    """
    from cleaner.runs.driver import run_plan

    entries = small.job.stages
    first = next((place for place, entry in enumerate(entries) if languages_of(entry)), None)
    if first is None:
        return []
    if any("lang" in entry.stage.adds() for entry in entries[:first]):
        return unsuited(stats, entries, "the sample")
    asking = Entry(index=first, name="language", stage=STAGES["language"]().resolve())
    asked = [
        entry.model_copy(update={"index": place})
        for place, entry in enumerate((*entries[:first], asking, *entries[first:]))
    ]
    try:
        labelled = with_stages(small, asked)
    except JobError:  # a later stage makes the same column
        return []
    run_plan(labelled, store.join(folder, "languages"), engine="inline")
    told = read_json(store.join(folder, "languages", STATS))
    places = (*entries[:first], asking, *entries[first:])
    return unsuited(told, places, "the sample", labelled=False)


def _shards(plan: Plan, manifest: dict[str, Any], rows: int) -> int:
    """Return about how many shards the whole will fill, as a sample has filled some."""
    cutting = cutting_of(plan.job.output)
    unit = "text_bytes" if cutting.by == "bytes" else "tokens" if plan.tokenizer else "words"
    amount = sum(output[unit] for output in manifest["outputs"])
    scale = rows / max(1, manifest["rows"]["in"])
    return max(cutting.at_least, 1, math.ceil(amount * scale / cutting.target))


def _told(made: dict[str, int]) -> str:
    """Say how many requests an object store would be asked, those first that cost most.

    >>> _told({"get": 3000, "head": 200, "list": 40, "put": 100})
    'about 3,340 on an object store: 140 put or list, 3,200 get or head'
    """
    dear, cheap = made["put"] + made["list"], made["get"] + made["head"]
    return f"about {dear + cheap:,} on an object store: {dear:,} put or list, {cheap:,} get or head"


def _memory(plan: Plan) -> str:
    return f"{size_text(plan.task_memory)} a worker, and 16 times its largest document"
