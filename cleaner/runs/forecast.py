"""The same job on a seeded sample over all files, and what it says of the whole."""

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cleaner.config.display import size_text
from cleaner.corpus.files import InputFile, Piece, open_parquet, weight
from cleaner.errors import JobError, UnreadableFile
from cleaner.job.job_file import Entry
from cleaner.job.plan import DOCUMENT_BYTES, Plan, with_stages
from cleaner.runs.filter_languages import empty, languages_of, unsuited
from cleaner.runs.phases.build import cutting_of
from cleaner.runs.requests_forecast import requests
from cleaner.stages import STAGES
from cleaner.storage import store
from cleaner.storage.run_folder import CHECKPOINT, STATS, read_json

_MOST_FILES = 2_000  # files that a sample opens at most
_FROM_A_GROUP = 200  # documents taken from one row group before another is opened
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
    scale = plan.rows / seen
    words = sum(output["words"] for output in manifest["outputs"])
    size = sum(output["bytes"] for output in manifest["outputs"])
    low, high = max(0.0, share - spread), min(1.0, share + spread)
    return [
        {"forecast": "documents", "value": f"about {plan.rows:,}"},
        {"forecast": "kept", "value": f"{share:.2%} (95 %: {low:.2%} to {high:.2%})"},
        {"forecast": "kept documents", "value": f"about {int(plan.rows * share):,}"},
        {"forecast": "kept words", "value": f"about {int(words * scale):,} words"},
        {"forecast": "shards", "value": f"about {size_text(size * scale)}"},
    ]


@dataclass(frozen=True)
class Tried:
    """What became of a small sample, and what that says of the whole."""

    rows: list[dict[str, Any]]  # for a table
    stats: dict[str, Any]  # the counts of the sample
    notes: list[str]  # what is wrong with the job, as far as the sample shows


def try_out(plan: Plan, documents: int, price: float | None = None) -> Tried:
    """Run a small sample in a temporary folder, in this process, and return the forecast.

    Duplicates are rarer in a sample than in the whole, and none of earlier runs are sought, so the
    yield is an upper bound.
    """
    from cleaner.runs.driver import run_plan

    # Earlier runs would be read whole for a few documents; and all of them would be of the shadow.
    plan = replace(plan, indexes={}, job=plan.job.model_copy(update={"shadow": None}))
    offline = [one.model_copy(update={"stage": one.stage.offline()}) for one in plan.job.stages]
    if offline != list(plan.job.stages):  # what is asked outside costs: a forecast asks nothing
        plan = with_stages(plan, offline)
    small = sampled(plan, documents)
    with tempfile.TemporaryDirectory(prefix="cleaner-plan-") as folder:
        # The first run compiles kernels and loads models; only the second is timed.
        run_plan(sampled(plan, 8, seed=1), store.join(folder, "warm"), engine="inline")
        started = time.process_time()
        manifest = run_plan(small, store.join(folder, "run"), engine="inline")
        seconds = time.process_time() - started
        scratch = store.folder_bytes(store.join(folder, "run", "_work"))
        ledger = store.folder_bytes(store.join(folder, "run", "ledger"))
        checkpoints = store.folder_bytes(store.join(folder, "run", CHECKPOINT))
        stats = read_json(store.join(folder, "run", STATS))
        notes = [*empty(stats, "the sample"), *_languages(small, stats, folder)]
    seen = max(1, manifest["rows"]["in"])
    scale = plan.rows / seen
    hours = seconds * scale / 3600
    rows = forecast(plan, manifest)
    rows.append({"forecast": "core-hours", "value": f"about {hours:,.2f}"})
    if price is not None:
        rows.append({"forecast": "money", "value": f"about {hours * price:,.2f}"})
    made = requests(plan, _shards(plan, manifest))
    rows += [
        {"forecast": "scratch", "value": f"about {size_text(scratch * scale)}"},
        {"forecast": "ledger", "value": f"about {size_text(ledger * scale)}"},
        *(
            [{"forecast": "checkpoints", "value": f"about {size_text(checkpoints * scale)}"}]
            if checkpoints
            else []
        ),
        {"forecast": "memory", "value": _memory(plan)},
        {"forecast": "requests", "value": _told(made)},
        *_asked(plan, stats, scale),
    ]
    return Tried(rows, stats, notes)


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


def _shards(plan: Plan, manifest: dict[str, Any]) -> int:
    """Return about how many shards the whole will fill, as a sample has filled some."""
    cutting = cutting_of(plan.job.output)
    unit = "text_bytes" if cutting.by == "bytes" else "tokens" if plan.tokenizer else "words"
    amount = sum(output[unit] for output in manifest["outputs"])
    scale = plan.rows / max(1, manifest["rows"]["in"])
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
