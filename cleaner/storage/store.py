"""Local paths and object stores: list, read, write whole, then commit.

A path is a string: `data/a.parquet`, `/data/a.parquet`, `s3://bucket/a.parquet`, `gs://bucket/a`.
A file appears whole or not at all: locally it is written beside and renamed, on an object store
one PUT makes it visible. Credentials and endpoints come from the environment. What an object store
fails to do is tried again; StorageError says that it went on failing, or what a disk refused.
"""

import hashlib
import os
import re
import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyarrow import fs

from cleaner.errors import InputError, StorageError
from cleaner.storage import waiting
from cleaner.storage.globs import Entry, Found, Local, Matched, braced, matched, once, shown
from cleaner.storage.shortages import filename, is_shortage, naming, told

SCHEMES = ("s3", "gs")
# Set to 1 they read public buckets without credentials; GDAL and others know the same names.
_UNSIGNED = {"s3": "AWS_NO_SIGN_REQUEST", "gs": "GS_NO_SIGN_REQUEST"}
_TRIES = 7  # of one request, beside those of the client itself; with the pauses about half a minute
_PAUSE = 0.4  # seconds before the second try, then twice as long each time
_OWN_TRIES = 2  # of the client itself, which tries without a word
_UNTOLD = 3.0  # seconds that nobody hears of who waits
_TOLD = 30.0  # seconds between two words on it
# What trying again does not mend: the object, the bucket or the right to it is missing.
_FINAL = re.compile(r"ACCESS_DENIED|INVALID_ACCESS_KEY|SIGNATURE|NO_SUCH_|HTTP status 40[0134]")
_SMALL = 1 << 20  # bytes; a smaller object is fetched whole
_HELD = 64 << 20  # bytes of an output that wait in memory; more wait in a temporary file

# A user and a password before a host, a signature or a token behind a path: never to be repeated.
_SECRETS = re.compile(r"^[^/]+(?=@)|(?<==)[^&=]{16,}")

T = TypeVar("T")


def _by_hub(rest: str) -> str:
    """Return the command that fetches `datasets/OWNER/NAME/FILES` from the Hugging Face hub."""
    kind, *names = rest.split("/")
    names = names if kind == "datasets" else [kind, *names]
    owner, (name, _, revision) = names[0], (names[1:2] or ["NAME"])[0].partition("@")
    wanted = "/".join(names[2:])
    words = ["hf", "download", f"{owner}/{name}", "--repo-type", "dataset", "--local-dir", name]
    words += ["--revision", revision] if revision else []
    words += ["--include", wanted] if wanted else []
    return f"{shlex.join(words)}, then the path is {join(name, wanted) if wanted else name}"


def _by_web(head: str) -> Callable[[str], str]:
    def told(rest: str) -> str:
        name = rest.split("?", 1)[0].rsplit("/", 1)[-1] or "FILE"
        return f"{shlex.join(['curl', '-fLO', f'{head}://{rest}'])}, then the path is {name}"

    return told


_FETCHED = {"hf": _by_hub, "http": _by_web("http"), "https": _by_web("https")}


@dataclass(frozen=True, slots=True)
class Below:
    """A file below a folder: its path from there, bytes, and when it was written."""

    path: str
    size: int
    written: float  # seconds since 1970


def scheme(path: str) -> str:
    """Return `s3`, `gs`, or `` for a local path; refuses any other scheme."""
    head, mark, rest = path.partition("://")
    if not mark:
        return ""
    if head == "file":
        return ""
    shown = _SECRETS.sub("…", rest)
    if head in _FETCHED:
        raise InputError(f"{head}://{shown}: nothing is fetched; first: {_FETCHED[head](shown)}")
    if head not in SCHEMES:
        raise InputError(
            f"{head}://{shown}: unknown scheme {head}://; there are: {', '.join(SCHEMES)}, or a "
            "local path"
        )
    if "@" in rest.split("/", 1)[0]:  # no name of a bucket holds it; what stands there is not shown
        raise InputError(
            f"{head}://…@…: holds a user or a key; credentials come from the environment"
        )
    return head


def is_remote(path: str) -> bool:
    """Return whether `path` lies on an object store."""
    return scheme(path) != ""


def _remote(name: str) -> fs.FileSystem:
    get = os.environ.get
    endpoint = get("AWS_ENDPOINT_URL_S3") or get("AWS_ENDPOINT_URL") or ""
    region = get("AWS_REGION") or get("AWS_DEFAULT_REGION") or "us-east-1"
    return _client(name, endpoint, region, _unsigned(name))


def _unsigned(name: str) -> bool:
    return os.environ.get(_UNSIGNED[name], "").lower() in ("1", "yes", "true", "on")


@lru_cache(maxsize=16)
def _client(name: str, endpoint: str, region: str, unsigned: bool) -> fs.FileSystem:
    if name == "gs":
        return fs.GcsFileSystem(anonymous=unsigned)
    retry = fs.AwsStandardS3RetryStrategy(max_attempts=_OWN_TRIES)
    if not endpoint:
        return fs.S3FileSystem(
            region=region, retry_strategy=retry, anonymous=unsigned, allow_delayed_open=True
        )
    # With an endpoint of its own a bucket is the first part of the path, not of the host.
    parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    if "@" in parts.netloc:
        raise InputError(
            "AWS_ENDPOINT_URL holds a user or a password; AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY are for that"
        )
    return fs.S3FileSystem(
        region=region,
        endpoint_override=parts.netloc + parts.path,
        scheme=parts.scheme,
        retry_strategy=retry,
        anonymous=unsigned,
        allow_delayed_open=True,  # so that a small file is one PUT
    )


def filesystem(path: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of `path` and the path as that file system writes it."""
    name = scheme(path)
    if name:
        return _remote(name), path.split("://", 1)[1]
    return _local(), os.path.abspath(local_path(path))


def _patiently(path: str, act: Callable[[], T]) -> T:
    """Return what `act` does, tried again where an object store fails for a while.

    Raises StorageError for whatever storage refuses, but FileNotFoundError for what is not there.
    """
    begun = time.monotonic()
    for pause in [*(_PAUSE * 2**n for n in range(_TRIES - 1)), None]:
        try:
            return act()
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, FileNotFoundError):
                raise
            if not is_remote(path):
                if is_shortage(error):
                    raise told(error, path) from error
                raise
            if _FINAL.search(str(error)):
                raise StorageError(f"{path}: {_refused(path, str(error))}") from error
            if pause is None:
                raise StorageError(
                    f"{path}: the object store failed {_TRIES} times: {_plain(error)}; the same "
                    "command continues"
                ) from error
            _tell_waiting(path, time.monotonic() - begun + pause, error)
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


_told_last = -_TOLD  # when this process last said that it waits


def _tell_waiting(path: str, seconds: float, error: BaseException) -> None:
    """Say that an object store keeps this process waiting, once it is worth a word."""
    global _told_last
    if seconds < _UNTOLD or time.monotonic() - _told_last < _TOLD:
        return
    _told_last = time.monotonic()
    waiting.say(f"{path}: the object store fails, and is asked again: {_plain(error)}")


def _refused(path: str, said: str) -> str:
    """Say what an object store refuses, and what may mend it."""
    name = scheme(path)
    if "NO_SUCH_BUCKET" in said:
        bucket = path.split("://", 1)[1].split("/", 1)[0]
        return f"there is no bucket {bucket} there; name another, or make it"
    hint = "" if _unsigned(name) else f" (a public bucket is read with {_UNSIGNED[name]}=1)"
    refusal = said.strip().split("\n", 1)[0].removesuffix(".")
    return f"the object store refuses: {refusal}; mend that, and the same command continues{hint}"


class _Patient:
    """A file on an object store whose reads are tried again from where they failed.

    A parser above it meets the bytes of the object or StorageError, so what it cannot parse is bad
    data and not a bad connection. A small object comes by one request, however it is read.
    """

    closed = False

    def __init__(self, path: str) -> None:
        system, plain = filesystem(path)
        self.path = path
        self._file = _patiently(path, lambda: system.open_input_file(plain))
        self._size = self._file.size()
        self._at = 0
        self._whole: bytes | None = None

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        want = left if size < 0 else min(size, left)
        data = _patiently(self.path, lambda: self._exactly(want)) if want else b""
        self._at += want
        return data

    def _exactly(self, want: int) -> bytes:
        if self._size > _SMALL:
            return self._request(want, self._at)
        if self._whole is None:
            self._whole = self._request(self._size, 0)
        return self._whole[self._at : self._at + want]

    def _request(self, want: int, at: int) -> bytes:
        try:
            data = self._file.read_at(want, at)
        except FileNotFoundError as error:
            raise told(error, self.path) from error
        if len(data) != want:
            raise OSError(f"{len(data):,} of {want:,} bytes came")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def flush(self) -> None:
        """Do nothing: this file is only read."""

    def close(self) -> None:
        self.closed = True
        self._file.close()


@lru_cache(maxsize=1)
def _local() -> fs.FileSystem:
    return fs.LocalFileSystem()


def join(folder: str, *names: str) -> str:
    """Return the path of `names` below `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def same(one: str, other: str) -> bool:
    """Return whether two paths name one place."""
    places = [filesystem(path)[1].rstrip("/") for path in (one, other)]
    return scheme(one) == scheme(other) and places[0] == places[1]


def find(pattern: str) -> list[Found]:
    """Return the files that a glob matches (`globs`), sorted by path, each once.

    A path without wild cards is that file, or nothing when it does not exist; a folder is nothing.
    """
    return match(pattern).files


def match(pattern: str) -> Matched:
    """Return what a glob matches: files, folders, and what of it could not be looked at.

    `~` is the home of a user, `{a,b}` one or the other; a path that exists as written is meant.
    """
    made = _match(pattern)
    if made.files or made.folders:
        return made
    several = braced(pattern)
    if len(several) == 1:
        return made
    each = [_match(one) for one in several]
    return Matched(
        once([file for made in each for file in made.files]),
        *(
            sorted({path for made in each for path in getattr(made, name)})
            for name in ("folders", "unreadable", "unnamed")
        ),
    )


def _match(pattern: str) -> Matched:
    try:
        if scheme(pattern):
            head, _, rest = pattern.partition("://")
            if "//" in rest:
                raise InputError(
                    f"{pattern}: has an empty name between two slashes, which the client of object "
                    "stores cannot read; copy such objects to other names"
                )
            top = Entry("", f"{head}://", "", True, False, _gone)
            return matched(_Remote(pattern), top, rest.strip("/").split("/"))
        path = os.path.normpath(local_path(pattern))
        top = Entry("", "/" if path.startswith("/") else "", "", True, False, _gone)
        return matched(Local(), top, path.strip("/").split("/"))
    except (OSError, pa.ArrowInvalid) as error:
        if is_shortage(error):
            raise told(error, shown(filename(error) or pattern)) from error
        raise InputError(f"{pattern}: cannot be listed: {_plain(error)}") from error


def directly_in(folder: str) -> list[Found]:
    """Return the files directly in a folder whose names are text, sorted by path."""
    at = Entry(
        "", os.path.normpath(folder) if not is_remote(folder) else folder, "", True, False, _gone
    )
    place = _Remote(folder) if is_remote(folder) else Local()
    if at.path == ".":
        at = replace(at, path="")
    return matched(place, at, ["*"]).files


def _gone() -> None:
    return None


def local_path(path: str) -> str:
    """Return a local path as the system takes it, without `file://` and with the home for `~`."""
    if path.startswith("file://"):
        path = path.removeprefix("file://localhost").removeprefix("file://")
        plain = unquote(path)
        return plain if "%" in path and not os.path.exists(path) else path
    return os.path.expanduser(path)


class _Remote:
    """An object store."""

    remote = True

    def __init__(self, pattern: str) -> None:
        self.pattern, self.name = pattern, scheme(pattern)
        self.system = _remote(self.name)

    def entries(self, folder: Entry) -> list[Entry]:
        return self._select(folder, recursive=False)

    def below(self, folder: Entry) -> list[Entry]:
        return self._select(folder, recursive=True)

    def look(self, paths: Sequence[str]) -> list[Entry]:
        plain = [path.split("://", 1)[1] for path in paths]
        infos = _patiently(self.pattern, lambda: self.system.get_file_info(plain))
        return [self._entry(info) for info in infos if info.type != fs.FileType.NotFound]

    def _select(self, folder: Entry, recursive: bool) -> list[Entry]:
        plain = folder.path.split("://", 1)[1]
        selector = fs.FileSelector(plain, recursive=recursive, allow_not_found=True)
        infos = _patiently(self.pattern, lambda: self.system.get_file_info(selector))
        return [self._entry(info) for info in infos]

    def _entry(self, info: fs.FileInfo) -> Entry:
        path = f"{self.name}://{info.path}"
        file = Found(path, info.size or 0, _etag(info), path)
        folder = info.type == fs.FileType.Directory
        return Entry(info.base_name, path, path, folder, False, lambda: file)


def open_input(path: str) -> pa.NativeFile:
    """Open a file for seeking reads; InputError when it is not there, or is no file.

    Neither that nor StorageError is a verdict on what it holds.
    """
    system, plain = filesystem(path)
    try:
        if is_remote(path):
            return pa.PythonFile(_Patient(path), mode="r")
        return _patiently(path, lambda: system.open_input_file(plain))
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be opened: {_plain(error)}") from error


def read_bytes(path: str) -> bytes:
    """Return the whole file."""
    with open_input(path) as file:
        return file.read()


def exists(path: str) -> bool:
    """Return whether a file is there."""
    system, plain = filesystem(path)
    return _patiently(path, lambda: system.get_file_info(plain)).type == fs.FileType.File


def etag(path: str) -> str | None:
    """Return the tag of a file as `find` gives it; None when there is no file."""
    system, plain = filesystem(path)
    info = _patiently(path, lambda: system.get_file_info(plain))
    return _etag(info) if info.type == fs.FileType.File else None


def _etag(info: fs.FileInfo) -> str:
    return f"{info.size}-{info.mtime_ns}"


def names(folder: str) -> list[str]:
    """Return the names of the files directly in a folder, sorted; empty when there is none."""
    system, plain = filesystem(folder)
    selector = fs.FileSelector(plain, allow_not_found=True)
    infos = _patiently(folder, lambda: system.get_file_info(selector))
    return sorted(
        info.base_name
        for info in infos
        if info.type == fs.FileType.File and not info.base_name.startswith(".tmp-")
    )


def folders(folder: str) -> list[str]:
    """Return the names of the folders directly in a folder, sorted; empty when there is none."""
    system, plain = filesystem(folder)
    selector = fs.FileSelector(plain, allow_not_found=True)
    infos = _patiently(folder, lambda: system.get_file_info(selector))
    return sorted(info.base_name for info in infos if info.type == fs.FileType.Directory)


def below(folder: str, deep: bool = False) -> list[Below]:
    """Return the files directly in a folder, or at any depth; empty when there is none.

    At depth a link is a file: what lies behind it is elsewhere, and nobody's to move or delete.
    """
    system, plain = filesystem(folder)
    plain = plain.rstrip("/")
    if deep and not is_remote(folder):
        return _patiently(folder, lambda: list(_all_below(plain)))
    selector = fs.FileSelector(plain, recursive=deep, allow_not_found=True)
    infos = _patiently(folder, lambda: system.get_file_info(selector))
    return [
        Below(info.path[len(plain) + 1 :], info.size, (info.mtime_ns or 0) / 1e9)
        for info in infos
        if info.type == fs.FileType.File
    ]


def _all_below(folder: str) -> Iterator[Below]:
    for place, folders, files in os.walk(folder, onerror=_unless_gone):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for path in (os.path.join(place, name) for name in [*links, *files]):
            with suppress(FileNotFoundError):
                said = os.lstat(path)
                yield Below(os.path.relpath(path, folder), said.st_size, said.st_mtime)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def is_link(path: str) -> bool:
    """Return whether a path is a link to elsewhere."""
    return not is_remote(path) and os.path.islink(filesystem(path)[1].rstrip("/"))


def within(path: str, folder: str) -> bool:
    """Return whether a file or pattern lies at or below a folder, links followed."""
    if scheme(path) != scheme(folder):
        return False
    inner, outer = (_real(filesystem(one)[1].rstrip("/"), is_remote(one)) for one in (path, folder))
    return inner == outer or inner.startswith(f"{outer}/")


def _real(path: str, remote: bool) -> str:
    if remote:
        return path
    if os.path.islink(path):
        return os.path.realpath(path)
    head, tail = os.path.split(path)
    return os.path.join(_real_folder(head), tail)


@lru_cache(maxsize=1024)
def _real_folder(path: str) -> str:
    return os.path.realpath(path)


def write_whole(path: str, *data: bytes | pa.Buffer) -> None:
    """Write a file of some pieces so that it appears whole, replacing an older one."""
    if is_remote(path):
        whole = data[0] if len(data) == 1 else b"".join(data)
        _patiently(path, lambda: _upload(path, pa.BufferReader(whole)))
        return
    with open_output(path) as sink:
        sink.writelines(data)


def put_if_absent(path: str, data: bytes) -> bool:
    """Write a small file unless it exists; return whether this call wrote it.

    An object store is asked first and then written to: two callers at the same moment may both
    write, and the last one stands. Markers bear that, for both name data that is there.
    """
    if is_remote(path):
        if exists(path):
            return False
        write_whole(path, data)
        return True
    target = Path(filesystem(path)[1])
    with naming(path):
        target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".tmp-{secrets.token_hex(6)}")
    try:
        with naming(path):
            _write_durably(beside, data)
            try:
                os.link(beside, target)  # fails when the name is taken, in one step
            except FileExistsError:
                return False
    finally:
        beside.unlink(missing_ok=True)
    return True


@contextmanager
def open_output(
    path: str, scratch: str | None = None, wanted: Callable[[Any], bool] = lambda _: True
) -> Iterator[Any]:
    """Open a file for writing that appears under its name only when the block ends well.

    Until then it lies beside its name, or in the folder `scratch` of the same file system, where
    what a killed process leaves is in nobody's way. `wanted` meets the whole file and may refuse
    it.
    """
    if is_remote(path):
        # Held here until it is whole: closing an upload completes it, even one that was given up.
        with naming(path), tempfile.SpooledTemporaryFile(_HELD) as held:
            yield held
            if wanted(held):
                _patiently(path, lambda: _upload(path, held))
        return
    target = Path(filesystem(path)[1])
    folder = target.parent if scratch is None else Path(filesystem(scratch)[1])
    with naming(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".tmp-{secrets.token_hex(6)}"
    try:
        with naming(path):
            with open(beside, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                accepted = wanted(file)
            if accepted:
                os.replace(beside, target)
            else:
                beside.unlink()
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def free_bytes(folder: str) -> int | None:
    """Return the bytes that are free where `folder` is or will be; None on an object store."""
    if is_remote(folder):
        return None
    place = Path(filesystem(folder)[1])
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _upload(path: str, source: Any) -> None:
    system, plain = filesystem(path)
    source.seek(0)
    with system.open_output_stream(plain) as sink:
        shutil.copyfileobj(source, sink, 8 << 20)


def _write_durably(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def delete(path: str) -> None:
    """Remove a file; it is no error when it is gone already."""
    system, plain = filesystem(path)
    try:
        _patiently(path, lambda: system.delete_file(plain))
    except FileNotFoundError:
        return


def move(source: str, target: str) -> bool:
    """Give a file another name, replacing what has it; return whether the file was there.

    On an object store, where nothing renames, it is copied there and then deleted.
    """
    system, plain = filesystem(source)
    _, aim = filesystem(target)
    if is_remote(source):
        if not exists(source):
            return False
        _patiently(source, lambda: system.copy_file(plain, aim))
        delete(source)
        return True
    Path(aim).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(plain, aim)
    except FileNotFoundError:
        return False
    return True


def delete_folder(path: str) -> None:
    """Remove a folder and all below it; it is no error when it is gone already."""
    system, plain = filesystem(path)
    if _patiently(path, lambda: system.get_file_info(plain)).type == fs.FileType.Directory:
        _patiently(path, lambda: system.delete_dir(plain))


def folder_bytes(path: str) -> int:
    """Return the bytes of all files below a folder."""
    system, plain = filesystem(path)
    selector = fs.FileSelector(plain, recursive=True, allow_not_found=True)
    infos = _patiently(path, lambda: system.get_file_info(selector))
    return sum(info.size for info in infos if info.type == fs.FileType.File)


def sha256(path: str) -> str:
    """Return the SHA-256 of a file as hex."""
    digest = hashlib.sha256()
    with open_input(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _plain(error: BaseException) -> str:
    """Return an error's first line without C++ detail."""
    return str(error).strip().split("\n", 1)[0].removesuffix(".")
