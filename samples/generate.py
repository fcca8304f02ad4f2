"""Write a raw corpus with gold labels: `python -m samples.generate --out DIR --documents 10000`.

    python -m samples.generate --out big --bytes 20GB --files 64 --format html --workers 8
    python -m samples.generate --out lean --documents 200000 --share math=0.005 junk=0.4
    python -m samples.generate --ship          # the files that are committed beside this one

Equal options give equal bytes with the same pyarrow; a document depends on the seed and its number
only, never on the number of files or workers.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from .corpus import Corpus
from .roles import shares
from .rows import Form, Row
from .sinks import GOLD, SUFFIXES, gold_table, parquet_writer, sink

NAMES = {"html": "pages", "text": "texts"}
SHIPPED = 900  # documents of each form in the committed files
SHIPPED_SEED = 36  # the first under which every encoding and junk kind appears in both languages
SHIPPED_SHARE = {"broken": 0.06}
CHUNK = 8 << 20  # payload held as Python objects at any time


@dataclass(frozen=True)
class Job:
    """One output file: documents `first` up to `last` of a corpus, and its gold."""

    data: Path
    gold: Path
    form: Form
    seed: int
    share: tuple[tuple[str, float], ...]
    start: int
    first: int
    last: int
    row_group_bytes: int
    level: int


def payload_bytes(row: Row) -> int:
    """Return the bytes of a page, or of a text in UTF-8."""
    payload = row.payload or b""
    return len(payload.encode() if isinstance(payload, str) else payload)


def _chunks(job: Job) -> Iterator[tuple[int, list[Row], int]]:
    """Yield some rows at a time, with the number of the first in the file and their bytes."""
    corpus = Corpus(job.seed, job.form, dict(job.share), job.start)
    rows: list[Row] = []
    total = 0
    for i in range(job.first, job.last):
        row = corpus.row(i)
        rows.append(row)
        total += payload_bytes(row)
        if total >= min(CHUNK, job.row_group_bytes):
            yield i + 1 - len(rows) - job.first, rows, total
            rows, total = [], 0
    if rows:
        yield job.last - len(rows) - job.first, rows, total


def write(job: Job) -> tuple[int, int]:
    """Write one file with its gold; return its documents and the bytes of their payload."""
    half, half_gold = (path.with_name(f".half-{path.name}") for path in (job.data, job.gold))
    written = size = 0
    data = sink(half, job.form, job.level)
    with parquet_writer(half_gold, GOLD, job.level) as gold:
        for first, rows, total in _chunks(job):
            data.write(rows)
            gold.write_table(gold_table(rows, first, job.data.name))
            written += total
            size += total
            if size >= job.row_group_bytes:
                data.cut()
                size = 0
    data.close()
    half.rename(job.data)
    half_gold.rename(job.gold)
    return job.last - job.first, written


def plan(
    out: Path,
    *,
    form: Form,
    documents: int,
    seed: int = 0,
    share: dict[str, float] | None = None,
    files: int = 1,
    row_group_bytes: int = 16 << 20,
    level: int = 3,
    start: int = 0,
    suffix: str = "parquet",
) -> list[Job]:
    """Return the files to write, each a run of documents."""
    shares(share or {})  # a wrong share is refused before anything is written
    edges = [start + documents * n // files for n in range(files + 1)]
    jobs = []
    for n in range(files):
        tail = f"-{n:05d}" if files > 1 else ""
        data, gold = (
            out / f"{NAMES[form]}{tail}.{suffix}",
            out / f"gold-{NAMES[form]}{tail}.parquet",
        )
        asked = tuple((share or {}).items())
        jobs.append(
            Job(
                data, gold, form, seed, asked, start, edges[n], edges[n + 1], row_group_bytes, level
            )
        )
    return jobs


def run(jobs: list[Job], workers: int = 1) -> tuple[int, int]:
    """Write all files; return documents and bytes of payload."""
    for job in jobs:
        job.data.parent.mkdir(parents=True, exist_ok=True)
    if workers == 1:
        counts = [write(job) for job in jobs]
    else:
        with ProcessPoolExecutor(workers) as pool:
            counts = list(pool.map(write, jobs))
    return sum(count[0] for count in counts), sum(count[1] for count in counts)


def documents_for(size: int, form: Form, seed: int, share: dict[str, float]) -> int:
    """Return how many documents make about `size` bytes, judged by the first ones."""
    corpus = Corpus(seed, form, share)
    first = 500
    mean = sum(payload_bytes(corpus.row(i)) for i in range(first)) / first
    return max(1, round(size / mean))


def ship(out: Path) -> None:
    """Write the three committed files."""
    jobs: list[Job] = []
    forms: tuple[Form, ...] = ("html", "text")
    for form in forms:
        jobs += plan(
            out, form=form, documents=SHIPPED, seed=SHIPPED_SEED, share=SHIPPED_SHARE, level=19,
            row_group_bytes=(2 if form == "html" else 1) << 20, start=len(jobs) * SHIPPED,
        )  # fmt: skip
    run(jobs)
    with parquet_writer(out / "gold.parquet", GOLD, 19) as gold:
        for job in jobs:
            gold.write_table(pq.read_table(job.gold))
            job.gold.unlink()


_UNITS = {
    "": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
}


def size(text: str) -> int:
    """Return the number of bytes a person means.

    >>> size("2GB"), size("16MiB"), size("1_000")
    (2000000000, 16777216, 1000)
    """
    number = text.rstrip("KMGTiBkmgtb")
    unit = text[len(number) :].upper()
    if unit not in _UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 500MB, 2GB or 16MiB")
    return int(float(number.replace("_", "")) * _UNITS[unit])


def _share(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write KIND=SHARE, for example math=0.005"
        ) from None


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.generate", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--out", type=Path, help="folder to write to")
    many = parser.add_mutually_exclusive_group()
    many.add_argument("--documents", type=int, help="how many documents (default 1000)")
    many.add_argument("--bytes", type=size, help="how much payload instead, about: 2GB")
    parser.add_argument(
        "--format", choices=[*NAMES, "both"], default="html", help="pages, or their text"
    )
    parser.add_argument(
        "--as", dest="suffix", choices=SUFFIXES, default="parquet", help="kind of file"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--share",
        type=_share,
        nargs="+",
        default=[],
        metavar="KIND=SHARE",
        help="share of a kind of document",
    )
    parser.add_argument("--files", type=int, default=1, help="files of each format")
    parser.add_argument(
        "--row-group-bytes", type=size, default=16 << 20, help="payload of a row group, about"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--kinds", action="store_true", help="list the kinds with their shares, and stop"
    )
    parser.add_argument(
        "--ship", action="store_true", help="write the files that are committed beside this module"
    )
    chosen = parser.parse_args(arguments)
    share = dict(chosen.share)
    try:
        known = shares(share)
    except ValueError as error:
        parser.error(str(error))
    if chosen.kinds:
        for name, value in known.items():
            print(f"{name:20} {value:.4f}")
        return 0
    if chosen.ship:
        ship(chosen.out or Path(__file__).parent)
        return 0
    if chosen.out is None:
        parser.error("--out is missing")
    forms: list[Form] = ["html", "text"] if chosen.format == "both" else [chosen.format]
    jobs: list[Job] = []
    for form in forms:
        count = chosen.documents or 1000
        if chosen.bytes:
            count = documents_for(chosen.bytes // len(forms), form, chosen.seed, share)
        jobs += plan(
            chosen.out, form=form, documents=count, seed=chosen.seed, share=share,
            files=chosen.files, row_group_bytes=chosen.row_group_bytes,
            start=count if forms.index(form) else 0, suffix=chosen.suffix,
        )  # fmt: skip
    documents, written = run(jobs, chosen.workers)
    print(f"{documents:,} documents, {written / 1e6:,.1f} MB of payload in {len(jobs)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
