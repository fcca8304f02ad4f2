"""Measures the bars of the deduplication: `python tests/benchmarks/dedup.py NAME...`.

    speed      signatures per core, beside datasketch with Python shingling
    scale      20 M synthetic signatures through exchange, union-find and mask on 2 processes
    whole      near_dedup on 1 M and 4 M generated documents: time per document, memory
    quality    recall and precision at 0.7, 0.8, 0.9 against the true Jaccard
    template   200,000 near copies of one page
    peers      datatrove and rensa, by another interpreter: --peers PYTHON

Every figure is CPU seconds (user and system) of the processes that did the work, unless it says
wall. Each prints one JSON line.
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # one process is one core

import numpy as np
import polars as pl
import pyarrow as pa

CORPORA = Path(os.environ.get("CLEANER_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
HERE = Path(__file__).parent


def say(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


def timed(work: Callable[[], Any], repeat: int = 3) -> tuple[Any, float]:
    """Return the last result and the least CPU seconds of some runs, after one to warm up."""
    out = work()
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        out = work()
        best = min(best, time.process_time() - start)
    return out, best


def english(files: int = 3) -> pl.DataFrame:
    """Return real English documents: id and text."""
    paths = [CORPORA / "bench" / f"en-0000{i}.parquet" for i in range(files)]
    return pl.concat(pl.read_parquet(path, columns=["id", "text"]) for path in paths).rechunk()


def peak_gb(who: int = resource.RUSAGE_SELF) -> float:
    return round(resource.getrusage(who).ru_maxrss / 1e6, 2)


# --- speed ---------------------------------------------------------------------------------------


def speed(arguments: argparse.Namespace) -> None:
    from datasketch import MinHash

    from cleaner.kernels.arrow import utf8
    from cleaner.kernels.dedup.minhash import signatures
    from cleaner.kernels.dedup.shingles import shingles
    from cleaner.stages.near_dedup import NearDedup

    for name, docs in (
        ("en", english()),
        ("zh", pl.read_parquet(CORPORA / "bench" / "zh-00000.parquet", columns=["id", "text"])),
    ):
        megabytes = docs["text"].str.len_bytes().sum() / 1e6
        text, modes = utf8(docs["text"].rechunk()), np.ones(docs.height, np.uint8)
        tokens, cut = timed(lambda t=text, m=modes: shingles(*t, m, 5))
        _, both = timed(lambda t=text, m=modes: signatures(*shingles(*t, m, 5), 112))
        keyed = docs.with_columns(
            file=pl.lit(0, pl.UInt32), row=pl.int_range(pl.len(), dtype=pl.UInt64)
        )
        stage = NearDedup(keep="first")
        _, rows = timed(lambda d=keyed, s=stage: s.band_rows(d))
        say(
            what="speed", language=name, megabytes=round(megabytes, 1), shingles=len(tokens[1]),
            shingles_mb_s=round(megabytes / cut), signatures_mb_s=round(megabytes / both),
            band_rows_mb_s=round(megabytes / rows),
        )  # fmt: skip
    few = english(1).head(400)
    megabytes = few["text"].str.len_bytes().sum() / 1e6
    import xxhash

    def with_datasketch() -> None:
        for text in few["text"]:
            words = text.lower().split()
            runs = {" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))}
            MinHash(112, hashfunc=xxhash.xxh32_intdigest).update_batch(list(runs))

    _, seconds = timed(with_datasketch, 1)
    say(
        what="speed", tool="datasketch, xxh32, Python shingling", mb_s=round(megabytes / seconds, 2)
    )


# --- scale ---------------------------------------------------------------------------------------

UNIT, BANDS = 200_000, 14


def _signature_unit(unit: int, units: int, parts: int, folder: str) -> tuple[list, float, float]:
    """Write the band rows of one unit; 10 % of its documents share most bands with another's."""
    from cleaner.storage.exchange import write_partitions

    made = _bands_of(unit)
    rng = np.random.default_rng([unit, 1])
    copies = rng.random(UNIT) < 0.10
    originals = _bands_of(int(rng.integers(0, units)))[rng.integers(0, UNIT, UNIT)]
    bands = np.where(copies[:, None] & (rng.random((UNIT, BANDS)) < 0.6), originals, made)
    frame = pl.DataFrame(
        {
            "band": bands.reshape(-1),
            "rank": np.repeat(-rng.integers(200, 20_000, UNIT), BANDS),
            "file": np.full(UNIT * BANDS, unit, np.uint32),
            "row": np.repeat(np.arange(UNIT, dtype=np.uint64), BANDS),
        }
    )
    start = time.process_time()
    made = write_partitions(frame, "band", parts)
    with open(f"{folder}/rows-{unit}", "wb") as sink:
        sink.write(made.data)
    return (made.parts, made.head), time.process_time() - start, peak_gb()


def _bands_of(unit: int) -> np.ndarray:
    return np.random.default_rng([unit, 0]).integers(0, 2**64, (UNIT, BANDS), dtype=np.uint64)


def _pair_partition(part: int, written: list, folder: str) -> tuple[int, float, float]:
    from cleaner.dedup.near import bucket_pairs
    from cleaner.storage.exchange import Source, read_partition

    start = time.process_time()
    sources = [
        Source(pa.memory_map(f"{folder}/rows-{unit}").read_at, *found)
        for unit, found in enumerate(written)
    ]
    pairs = bucket_pairs(read_partition(sources, part))
    pairs.write_ipc(f"{folder}/pairs-{part}", compression="lz4")
    return pairs.height, time.process_time() - start, peak_gb()


class Frames:
    """Frames read anew each time they are gone through."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return (pl.read_ipc(path) for path in self.paths)


def scale(arguments: argparse.Namespace) -> None:
    from cleaner.dedup.near import components

    units = arguments.millions * 1_000_000 // UNIT
    parts = max(2, arguments.millions * 2)
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder, context.Pool(2) as pool:
        warm = [pool.apply_async(_signature_unit, (unit, units, parts, folder)) for unit in (0, 1)]
        [result.get() for result in warm]
        start = time.monotonic()
        results = [
            pool.apply_async(_signature_unit, (unit, units, parts, folder)) for unit in range(units)
        ]
        written = [result.get() for result in results]
        wrote = time.monotonic()
        files = [found for found, *_ in written]
        results = [
            pool.apply_async(_pair_partition, (part, files, folder)) for part in range(parts)
        ]
        paired = [result.get() for result in results]
        pairs_done = time.monotonic()
        cpu = time.process_time()
        found = components(Frames([f"{folder}/pairs-{part}" for part in range(parts)]))
        # The mask of a unit: every candidate but the first of its component falls.
        roots = found.select(~pl.col("component").is_first_distinct()).to_series()
        masks, dropped = found.with_columns(fall=roots).partition_by("file", maintain_order=True), 0
        for slice_ in masks:
            mask = np.zeros(UNIT, bool)
            mask[slice_["row"].filter(slice_["fall"]).to_numpy()] = True
            dropped += int(mask.sum())
        cpu = time.process_time() - cpu
        end = time.monotonic()
        disk = sum(os.path.getsize(f"{folder}/rows-{unit}") for unit in range(units))
    rows = units * UNIT * BANDS
    exchange = sum(seconds for _, seconds, _ in [*written, *paired])
    say(
        what="scale", signatures=units * UNIT, band_rows=rows, processes=2,
        wall=round(end - start, 1), wall_with_generating=round(wrote - start, 1),
        wall_pairs=round(pairs_done - wrote, 1), wall_components_mask=round(end - pairs_done, 1),
        cpu=round(exchange + cpu, 1), rows_per_wall_second=round(rows / (end - start)),
        rows_per_cpu_second=round(rows / (exchange + cpu)), bytes_per_row=round(disk / rows, 1),
        pairs=sum(count for count, *_ in paired), candidates=found.height, dropped=dropped,
        driver_peak_gb=peak_gb(), worker_peak_gb=max(peak for *_, peak in [*written, *paired]),
    )  # fmt: skip


# --- whole, quality, template --------------------------------------------------------------------


def _write_unit(number: int, units: int, folder: str) -> int:
    import dedup_corpus

    docs = dedup_corpus.unit(number, units)
    docs.write_parquet(f"{folder}/docs-{number}.parquet", compression="zstd", compression_level=1)
    return int(docs["text"].str.len_bytes().sum())


class Clock:
    """CPU seconds of this process per phase."""

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self.last = time.process_time()

    def lap(self, phase: str) -> None:
        now = time.process_time()
        self.phases[phase] = round(self.phases.get(phase, 0) + now - self.last, 2)
        self.last = now


def near_dedup_by_files(stage: Any, paths: list[str], folder: str, clock: Clock) -> pl.DataFrame:
    """Return the verdicts on all documents of some Parquet files, by way of exchanges on disk."""
    from cleaner.dedup.near import bucket_pairs, component_of, components
    from cleaner.storage.exchange import Source, read_partition, write_partitions

    def write(name: str, number: int, frame: pl.DataFrame, by: str) -> None:
        made = write_partitions(frame, by, parts)
        with open(f"{folder}/{name}-{number}", "wb") as sink:
            sink.write(made.data)
        files.setdefault(name, []).append((made.parts, made.head))

    def read(name: str, part: int) -> pl.DataFrame:
        sources = [
            Source(pa.memory_map(f"{folder}/{name}-{number}").read_at, *found)
            for number, found in enumerate(files[name])
        ]
        return read_partition(sources, part)

    files: dict[str, list] = {}
    columns = ["file", "row", "id", "text", "source"]
    parts = max(2, len(paths) // 10)
    for number, path in enumerate(paths):
        docs = pl.read_parquet(path, columns=columns)
        clock.lap("read")
        write("bands", number, stage.band_rows(docs), "band")
        clock.lap("bands")
    for part in range(parts):
        bucket_pairs(read("bands", part)).write_ipc(f"{folder}/pairs-{part}", compression="lz4")
        clock.lap("pairs")
    pairs = Frames([f"{folder}/pairs-{part}" for part in range(parts)])
    found = components(pairs)
    for number, frame in enumerate(pairs):
        write("linked", number, component_of(frame, found), "component")
    clock.lap("components")
    by_file = found.partition_by("file", as_dict=True)
    for number, path in enumerate(paths):
        mine = by_file.get((number,), found.clear())
        docs = pl.read_parquet(path, columns=columns)[mine["row"].cast(pl.UInt32)]
        clock.lap("read")
        write("sets", number, stage.sets(docs).with_columns(mine["component"]), "component")
        clock.lap("sets")
    decided = []
    for part in range(parts):
        decided.append(stage.decide(read("sets", part), read("linked", part)))
        clock.lap("verify")
    return pl.concat(decided).sort("file", "row")


def _corpus(arguments: argparse.Namespace, millions: float) -> tuple[list[str], float]:
    """Return the files of a generated corpus, made once in --scratch, and its megabytes."""
    import dedup_corpus

    units = int(millions * 1_000_000) // dedup_corpus.UNIT
    folder = Path(arguments.scratch or tempfile.gettempdir()) / f"cleaner-dedup-{units}"
    folder.mkdir(exist_ok=True)
    paths = [str(folder / f"docs-{number}.parquet") for number in range(units)]
    missing = [number for number, path in enumerate(paths) if not os.path.exists(path)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        pool.starmap(_write_unit, [(number, units, str(folder)) for number in missing])
    sizes = (pl.scan_parquet(path).select(pl.col("text").str.len_bytes().sum()) for path in paths)
    return paths, sum(size.collect().item() for size in sizes) / 1e6


def whole(arguments: argparse.Namespace) -> None:
    from cleaner.stages.near_dedup import NearDedup

    per_document = None
    for millions in (1, 4):
        paths, megabytes = _corpus(arguments, millions)
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
            near_dedup_by_files(NearDedup(keep="first"), paths[:2], folder, Clock())  # warm up
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
            clock = Clock()
            verdicts = near_dedup_by_files(NearDedup(keep="first"), paths, folder, clock)
        seconds = sum(clock.phases.values())
        each = seconds / (millions * 1e6)
        say(
            what="whole", documents=millions * 1_000_000, megabytes=round(megabytes),
            cpu=round(seconds, 1), mb_s_per_core=round(megabytes / seconds, 1),
            microseconds_a_document=round(each * 1e6, 1), phases=clock.phases, peak_gb=peak_gb(),
            dropped=verdicts["duplicate_row"].count(),
            growth=round(each / per_document - 1, 3) if per_document else None,
        )  # fmt: skip
        per_document = per_document or each


def _set(reference: Any, text: str) -> frozenset[int]:
    """Return the reference's shingles, by a hash that is not ours: strings take gigabytes."""
    import xxhash

    return frozenset(
        xxhash.xxh3_64_intdigest(" ".join(run).encode()) for run in reference.shingles(text)
    )


def _still(sets: dict, groups: list[list], kept: set, threshold: float) -> tuple[int, set]:
    """Return how many kept documents a star by true Jaccard would still drop, and which."""
    from support import duplicates_reference as reference

    missed = set()
    for group in groups:
        stays: list = []
        for key in (key for key in group if key in kept):
            if any(reference.jaccard(sets[key], sets[one]) >= threshold for one in stays):
                missed.add(key)
            else:
                stays.append(key)
    return len(missed), missed


def judged(sets: dict, groups: list[list], dropped: set, threshold: float) -> dict[str, Any]:
    """Return precision and recall of dropped documents, by the true Jaccard of the reference.

    A drop is right if some document that stays is at least as similar as the threshold. Missed is
    what a star around kept documents, over all pairs, would still drop.
    """
    from support import duplicates_reference as reference

    kept = {key for group in groups for key in group} - dropped
    right = 0
    for group in groups:
        stays = [key for key in group if key in kept]
        right += sum(
            any(reference.jaccard(sets[key], sets[one]) >= threshold for one in stays)
            for key in group
            if key in dropped
        )
    missed, _ = _still(sets, groups, kept, threshold)
    fell = len(dropped)
    return {
        "threshold": threshold, "dropped": fell,
        "precision": round(right / fell, 4) if fell else None,
        "recall": round(right / (right + missed), 4) if right + missed else None,
    }  # fmt: skip


def quality(arguments: argparse.Namespace) -> None:
    sys.path.insert(0, str(HERE.parent))
    from support import duplicates_reference as reference

    from cleaner.stages.near_dedup import NearDedup

    paths, _ = _corpus(arguments, 1)
    origins = pl.concat(pl.read_parquet(path, columns=["file", "row", "origin"]) for path in paths)
    some = origins["origin"].unique().sort().sample(17_300, seed=1)
    sample = origins.filter(pl.col("origin").is_in(some.implode()))
    docs = pl.concat(
        pl.read_parquet(path).join(sample, on=["file", "row"], how="semi") for path in paths
    )
    keys = list(zip(docs["file"], docs["row"], strict=True))
    sets = {key: _set(reference, text) for key, text in zip(keys, docs["text"], strict=True)}
    groups: dict[str, list] = {}
    for key, origin in zip(keys, docs["origin"], strict=True):
        groups.setdefault(origin, []).append(key)
    clusters = list(groups.values())
    for threshold in (0.7, 0.8, 0.9):
        stage = NearDedup(keep="first", threshold=threshold)
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
            verdicts = near_dedup_by_files(stage, paths, folder, Clock())
        fell = verdicts.filter(pl.col("duplicate_row").is_not_null())
        dropped = set(zip(fell["file"], fell["row"], strict=True)) & set(sets)
        exact = true = 0
        for row in fell.iter_rows():
            if row[:2] in sets and row[2:4] in sets:
                found = reference.jaccard(sets[row[:2]], sets[row[2:4]])
                exact += found == row[5]
                true += found >= threshold
        say(
            what="quality", tool="cleaner", corpus="generated 1 M", judged=len(sets),
            **judged(sets, clusters, dropped, threshold), partner_at_threshold=true,
            jaccard_exact=exact,
        )  # fmt: skip
    if arguments.peers:
        out = run_peer(arguments, "datatrove", docs)
        kept = set(out["kept"])
        dropped = {key for key, name in zip(keys, docs["id"], strict=True) if name not in kept}
        for threshold in (0.7, 0.8, 0.9):
            say(
                what="quality", tool="datatrove", corpus="the judged ones", judged=len(sets),
                **judged(sets, clusters, dropped, threshold),
            )  # fmt: skip
    real(reference)


def real(reference: Any) -> None:
    """Judge near_dedup on versions of real documents, over all pairs of them."""
    from cleaner.stages.near_dedup import NearDedup

    docs = pl.read_parquet(CORPORA / "open" / "neardup_docs.parquet")
    sets = {name: _set(reference, text) for name, text in docs.select("doc_id", "text").rows()}
    pairs = pl.read_parquet(CORPORA / "open" / "neardup_pairs.parquet")
    ours = [reference.jaccard(sets[a], sets[b]) for a, b in pairs.select("doc_a", "doc_b").rows()]
    theirs = pairs["jaccard_w5"].to_numpy()
    say(
        what="quality", corpus="neardup pairs", pairs=len(ours),
        mean_difference=round(float(np.abs(np.array(ours) - theirs).mean()), 4),
        same_side_of_08=round(float(((np.array(ours) >= 0.8) == (theirs >= 0.8)).mean()), 4),
    )  # fmt: skip
    for threshold in (0.7, 0.8, 0.9):
        keyed = docs.select(id="doc_id", text="text")
        found = NearDedup(keep="first", threshold=threshold)(keyed)
        fell = found.filter(pl.col("duplicate_of").is_not_null())
        say(
            what="quality", tool="cleaner", corpus="neardup docs",
            **judged(sets, [keyed["id"].to_list()], set(fell["id"]), threshold),
            jaccard_exact=sum(
                reference.jaccard(sets[a], sets[b]) == j
                for a, b, j in fell.select("id", "duplicate_of", "jaccard").rows()
            ),
        )  # fmt: skip


def run_peer(arguments: argparse.Namespace, tool: str, docs: pl.DataFrame) -> dict:
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        docs.select("id", "text").write_ndjson(f"{folder}/docs.jsonl")
        command = [arguments.peers, str(HERE / "dedup_peers.py"), tool]
        subprocess.run(
            [*command, f"{folder}/docs.jsonl", f"{folder}/out.json"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return json.loads(Path(f"{folder}/out.json").read_text())


def peers(arguments: argparse.Namespace) -> None:
    """Side by side on one core: signatures, and the whole of near_dedup."""
    from cleaner.kernels.arrow import utf8
    from cleaner.kernels.dedup.minhash import signatures
    from cleaner.kernels.dedup.shingles import shingles
    from cleaner.stages.near_dedup import NearDedup

    docs = english(1).head(arguments.documents)
    megabytes = docs["text"].str.len_bytes().sum() / 1e6
    text, modes = utf8(docs["text"].rechunk()), np.ones(docs.height, np.uint8)
    _, signed = timed(lambda: signatures(*shingles(*text, modes, 5), 112))
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        path = f"{folder}/docs.parquet"
        docs.select(
            "id", "text", file=pl.lit(0, pl.UInt32), row=pl.int_range(pl.len(), dtype=pl.UInt64),
            source=pl.lit("bench"),
        ).write_parquet(path)  # fmt: skip
        _, deduped = timed(lambda: near_dedup_by_files(NearDedup(), [path], folder, Clock()))
    say(
        what="peers", tool="cleaner", megabytes=round(megabytes, 2),
        signatures_mb_s=round(megabytes / signed, 1), whole_mb_s=round(megabytes / deduped, 1),
    )  # fmt: skip
    for tool in ("rensa", "datasketch", "datatrove"):
        seconds = run_peer(arguments, tool, docs)["seconds"]
        total = sum(seconds.values())
        say(
            what="peers", tool=tool, seconds={k: round(v, 3) for k, v in seconds.items()},
            signatures_mb_s=round(megabytes / seconds["signature"], 2),
            times_faster=round(seconds["signature"] / signed, 1),
            whole_times_faster=round(total / deduped, 1) if tool == "datatrove" else None,
        )  # fmt: skip


def template(arguments: argparse.Namespace) -> None:
    """200,000 near copies of one page, and half as many, in buckets of their own."""
    from cleaner.stages.near_dedup import NearDedup

    page = [f"word{i}" for i in range(300)]
    stage = NearDedup(keep="first")
    for count in (2_000, 100_000, 200_000):
        rng = np.random.default_rng(count)
        places, fresh = rng.integers(0, 300, (count, 2)), rng.integers(0, 10**9, (count, 2))
        texts = []
        for place, new in zip(places, fresh, strict=True):
            words = list(page)
            for k in (0, 1):
                words[place[k]] = f"x{new[k]}"
            texts.append(" ".join(words))
        docs = pl.DataFrame({"text": texts})
        start = time.process_time()
        found = stage(docs)
        seconds = time.process_time() - start
        left = found.filter(pl.col("broken").list.len() == 0).height
        say(
            what="template", copies=count, left=left, share=left / count, cpu=round(seconds, 1),
            microseconds_a_copy=round(seconds / count * 1e6, 1), peak_gb=peak_gb(),
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="+")
    parser.add_argument("--millions", type=int, default=20)
    parser.add_argument("--scratch", default=None)
    parser.add_argument("--documents", type=int, default=600)
    parser.add_argument("--peers", default=None, help="a Python with datatrove and rensa")
    arguments = parser.parse_args()
    for name in arguments.names:
        globals()[name](arguments)


if __name__ == "__main__":
    main()
