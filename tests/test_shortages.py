"""A machine that is short of something condemns nothing: the same command then makes all whole."""

import errno
import gzip
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs
from support.broken_files import answer, archive, good_lines, parquet, record, zstd
from support.runs import fingerprint

from cleaner.corpus.entry import Columns
from cleaner.corpus.files import Piece
from cleaner.corpus.read import read_parts
from cleaner.errors import CleanerError, MemoryShort, StorageError, UnreadableFile
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.stages.normalise import Normalise
from cleaner.storage.shortages import is_shortage, told

FILES = {
    "a.parquet": parquet(),
    "a.jsonl": good_lines(),
    "a.jsonl.gz": gzip.compress(good_lines()),
    "a.jsonl.zst": zstd(good_lines()),
    "a.warc": archive(),
    "a.warc.gz": gzip.compress(archive()),
    "a.wet": archive(),
}
NUMBERS = (
    "EACCES", "EPERM", "EIO", "ESTALE", "EMFILE", "ENFILE", "ENOMEM", "ENOENT", "ENOTCONN",
    "ETIMEDOUT", "EINTR", "ENOSPC", "EROFS", "EDQUOT", "ENODEV", "EHOSTDOWN", "ECONNRESET",
    "EREMOTEIO", "EBUSY", "ELOOP",
)  # fmt: skip
ERRORS: dict[str, BaseException] = {
    **{name: OSError(getattr(errno, name), os.strerror(getattr(errno, name))) for name in NUMBERS},
    "MemoryError": MemoryError(),
    "ArrowMemoryError": pa.lib.ArrowMemoryError("malloc of size 420420096 failed"),
}


class Sick:
    """A local file system that refuses one thing about the files whose path ends in `victim`."""

    def __init__(self, victim: str, place: str, error: BaseException, after: int = 0) -> None:
        self.real = fs.LocalFileSystem()
        self.victim, self.place, self.error, self.after = victim, place, error, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def scandir(self, folder: Any = ".") -> Any:
        raise self.error

    def open_input_file(self, path: str) -> Any:
        if not path.endswith(self.victim) or self.place == "list":
            return self.real.open_input_file(path)
        if self.place == "open":
            raise self.error
        return pa.PythonFile(SickFile(open(path, "rb"), self), mode="r")


class SickFile:
    """A file whose reads fail after so many of them."""

    closed = False

    def __init__(self, file: Any, sick: Sick) -> None:
        self.file, self.sick = file, sick

    def read(self, size: int = -1) -> bytes:
        if self.sick.after <= 0:
            raise self.sick.error
        self.sick.after -= 1
        return self.file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@pytest.fixture
def sick(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the storage sick, or well again with None."""

    def make(*about: Any) -> None:
        if about:
            ill = Sick(*about)
            monkeypatch.setattr(fs, "LocalFileSystem", lambda: ill)
            if ill.place == "list":
                monkeypatch.setattr(os, "scandir", ill.scandir)
        else:
            monkeypatch.undo()

    return make


def columns(name: str) -> Columns:
    text = None if "warc" in name else "text"
    return Columns("payload" if text is None else None, text, None, {}, {}, {}, {})


def kind(name: str) -> str:
    return next(k for k in ("parquet", "jsonl", "warc", "wet") if f".{k}" in name)


@pytest.mark.parametrize("place", ["open", "read", "later"])
@pytest.mark.parametrize("name", FILES)
def test_no_reader_takes_a_shortage_for_bad_bytes(
    tmp_path: Path, sick: Any, name: str, place: str
) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    piece = Piece(0, str(tmp_path / name), "", 0, kind(name))
    later = {"later": 2 if kind(name) == "parquet" else 1}.get(place, 0)
    for error in ERRORS.values():
        sick(name, place, error, later)
        with pytest.raises(CleanerError, match=name) as raised:
            list(read_parts([piece], [columns(name)], 1 << 20))
        assert not isinstance(raised.value, UnreadableFile)
        assert raised.value.exit_code == 3


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_no_body_fails_for_a_shortage_while_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    from cleaner.corpus import http

    def short(*_: Any, **__: Any) -> Any:
        if encoding in ("gzip", "deflate"):
            raise zlib.error("Error -4 while decompressing data: insufficient memory")
        raise OSError("ZSTD decompression failed: Allocation error : not enough memory")

    head = f"Content-Type: text/html\r\nContent-Encoding: {encoding}"
    (tmp_path / "a.warc").write_bytes(record(answer("A text.", head)))
    module = "zlib" if encoding in ("gzip", "deflate") else "pa"
    lacking = type(module, (), {"decompressobj": short, "CompressedInputStream": short,
                                "BufferReader": pa.BufferReader, "error": zlib.error})  # fmt: skip
    monkeypatch.setattr(http, module, lacking)
    piece = Piece(0, str(tmp_path / "a.warc"), "", 0, "warc")
    with pytest.raises(MemoryShort, match=r"a\.warc"):
        list(read_parts([piece], [columns("a.warc")], 1 << 20))


@pytest.mark.parametrize("name", FILES)
def test_bad_bytes_condemn_what_they_are_in(tmp_path: Path, name: str) -> None:
    whole = FILES[name]
    bad = whole[: len(whole) // 2] if kind(name) == "parquet" else b"\0\xff" * 40
    (tmp_path / name).write_bytes(bad)
    piece = Piece(0, str(tmp_path / name), "", 0, kind(name))
    parts = list(read_parts([piece], [columns(name)], 1 << 20))
    failed = [bad for part in parts for bad in part.failed]
    rows = [error for part in parts for error in part.docs["error"].drop_nulls()]
    assert failed or rows or kind(name) in ("warc", "wet")


STAGES: list[Any] = [
    {"normalise": {}},
    {"exact_dedup": {}},
    {"near_dedup": {"preset": "fineweb"}},
    {"line_dedup": {"min_documents": 3}},
    {"sample": {"documents": 30}},
]
ROLES = (
    "record", "text", "keys", "sample", "verdicts", "pairs", "candidates", "joined", "sets",
    "sizes", "places", "rows",
)  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A job over Parquet, JSON Lines and compressed files."""
    folder = tmp_path_factory.mktemp("in")
    for name in ("a.parquet", "a.jsonl.gz", "a.jsonl"):
        (folder / name).write_bytes(FILES[name])
    (folder / "b.parquet").write_bytes(FILES["a.parquet"])
    return {
        "name": "short",
        "input": {"paths": f"{folder}/*", "text": "text"},
        "stages": STAGES,
        "max_error_rate": 1.0,
    }


@pytest.fixture(scope="module")
def undisturbed(plain: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run_plan(make_plan(parse_job(plain)), str(folder), engine="inline")
    return folder


def goes_on(plain: dict[str, Any], folder: Path, undisturbed: Path) -> None:
    run_plan(make_plan(parse_job(plain)), str(folder), engine="inline")
    assert fingerprint(folder) == fingerprint(undisturbed)


def cases() -> Iterator[Any]:
    """Yield each error at each place, on another victim each time."""
    victims = ["a.parquet", "b.parquet", "a.jsonl.gz", "a.jsonl", *(f".{role}" for role in ROLES)]
    turn = 0
    for error in ERRORS:
        for place in ("open", "read"):
            slow = () if turn % 3 == 0 else pytest.mark.slow
            yield pytest.param(victims[turn % len(victims)], place, error, marks=slow)
            turn += 1
    for error in ("EACCES", "EIO", "ESTALE", "ENOMEM"):
        yield "", "list", error


@pytest.mark.parametrize(("victim", "place", "error"), list(cases()))
def test_the_same_command_after_a_shortage_is_an_undisturbed_run(
    plain: dict[str, Any], undisturbed: Path, tmp_path: Path, sick: Any,
    victim: str, place: str, error: str,
) -> None:  # fmt: skip
    sick(victim, place, ERRORS[error])
    with pytest.raises((StorageError, MemoryShort, CleanerError)) as raised:
        run_plan(make_plan(parse_job(plain)), str(tmp_path / "run"), engine="inline")
    assert raised.value.exit_code == 3
    lacks_memory = isinstance(raised.value, MemoryShort)
    assert victim in str(raised.value) or (lacks_memory and ": unit 0" in str(raised.value))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "run/manifest.json").exists()
    sick()
    goes_on(plain, tmp_path / "run", undisturbed)


def test_a_stage_that_is_short_of_something_fails_no_row(
    plain: dict[str, Any], undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (
        MemoryError("no"),
        OSError(errno.EMFILE, "x"),
        RuntimeError("can't start new thread"),
    ):

        def short(*_: Any, wrong: BaseException = error) -> Any:
            raise wrong

        with monkeypatch.context() as patch:
            patch.setattr(Normalise, "__call__", short)
            with pytest.raises((StorageError, MemoryShort), match="00-map: unit 000000"):
                run_plan(make_plan(parse_job(plain)), str(tmp_path / "run"), engine="inline")
    goes_on(plain, tmp_path / "run", undisturbed)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError("Couldn't deserialize thrift: TProtocolException: Invalid data"), False),
        (OSError("Corrupt snappy compressed data."), False),
        (OSError("Couldn't deserialize thrift: std::bad_alloc"), True),
        (OSError("ZSTD decompression failed: Allocation error : not enough memory"), True),
        (ValueError("a text about being out of memory (os error 12)"), False),
        (pa.lib.ArrowInvalid("Too many open files"), False),
        (pa.lib.ArrowMemoryError("malloc of size 9223372036854775807 failed"), False),
        (pa.lib.ArrowMemoryError("malloc of size 420420096 failed"), True),
        (FileNotFoundError("No such file or directory (os error 2): /a/b"), True),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "bad"), False),
        (UnreadableFile("a.parquet: not a readable Parquet file"), False),
        (StorageError("s3://b/a: the object store failed 7 times"), True),
    ],
)
def test_errors_are_told_apart(error: BaseException, expected: bool) -> None:
    assert is_shortage(error) is expected


def test_a_shortage_names_the_file_and_what_to_do() -> None:
    assert str(told(ERRORS["EMFILE"], "in/a.parquet")) == (
        "in/a.parquet: Too many open files; raise the limit of open files (ulimit -n), and the "
        "same command continues"
    )


DRIVE = """
import sys
from cleaner.cli import main
sys.argv = ["cleaner", "run", *sys.argv[1:], "--engine", "inline"]
main()
"""


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes calls of the C library fail."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    made = tmp_path_factory.mktemp("refusing") / "refusing.so"
    source = Path(__file__).with_name("refusing.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.mark.parametrize(
    ("victim", "call", "number"),
    [
        ("b.parquet", "read", "EIO"),
        pytest.param("b.parquet", "open", "EMFILE", marks=pytest.mark.slow),
        pytest.param("a.jsonl.gz", "open", "EACCES", marks=pytest.mark.slow),
        pytest.param("a.jsonl.gz", "read", "ESTALE", marks=pytest.mark.slow),
        pytest.param("a.jsonl", "read", "ENOTCONN", marks=pytest.mark.slow),
        pytest.param(".text", "read", "EIO", marks=pytest.mark.slow),
        pytest.param(".keys", "read", "ENOMEM", marks=pytest.mark.slow),
    ],
)
def test_what_the_system_refuses_pyarrow_condemns_nothing(
    plain: dict[str, Any], undisturbed: Path, tmp_path: Path, refusing: Path,
    victim: str, call: str, number: str,
) -> None:  # fmt: skip
    import yaml

    (tmp_path / "job.yaml").write_text(yaml.safe_dump(plain))
    command = [sys.executable, "-c", DRIVE, str(tmp_path / "job.yaml"), "--out"]
    sick = {
        "LD_PRELOAD": str(refusing), "REFUSE_PATH": victim, "REFUSE_CALL": call,
        "REFUSE_ERRNO": str(getattr(errno, number)),
    }  # fmt: skip
    out = str(tmp_path / "run")
    done = subprocess.run([*command, out], env=os.environ | sick, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert victim in done.stderr
    assert "Traceback" not in done.stderr
    goes_on(plain, tmp_path / "run", undisturbed)


LIMITED = """
import resource, sys
from cleaner.cli import main
from cleaner.kernels import cache_folder
import polars, pyarrow.parquet, numba, cleaner.runs.driver
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = now + (400 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.argv = ["cleaner", "run", *sys.argv[1:], "--engine", "inline"]
main()
"""


@pytest.mark.slow
def test_a_row_group_that_memory_does_not_hold_fails_no_row(tmp_path: Path) -> None:
    import yaml

    table = pa.table({"text": ["a river and a stone " * 1_500_000] * 14})
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.parquet").write_bytes(parquet())
    pq.write_table(
        table, tmp_path / "in/b.parquet", compression="zstd", use_dictionary=False,
        data_page_size=1 << 30, write_statistics=False,
    )  # fmt: skip
    plain = {"name": "m", "input": {"paths": f"{tmp_path}/in/*", "text": "text"}, "stages": []}
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(plain))
    whole = tmp_path / "whole"
    run_plan(make_plan(parse_job(plain)), str(whole), engine="inline")
    few = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "job.yaml"), "--out"]
    out = str(tmp_path / "run")
    done = subprocess.run([*command, out], env=os.environ | few, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "b.parquet: out of memory" in done.stderr
    goes_on(plain, tmp_path / "run", whole)
