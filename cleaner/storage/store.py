"""Local paths and object stores: list, read, write whole, then commit.

A path is a string: `data/a.parquet`, `/data/a.parquet`, `s3://bucket/a.parquet`, `gs://bucket/a`.
A file appears whole or not at all: locally it is written beside and renamed, on an object store
one request makes it visible. Credentials and endpoints come from the environment (`clients`). What
an object store fails to do is tried again; StorageError says that it went on failing, or what a
disk refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from cleaner.errors import InputError, StorageError
from cleaner.storage import clients, waiting
from cleaner.storage.clients import SCHEMES, UNSIGNED
from cleaner.storage.globs import Entry, Found, Local, Matched, braced, matched, once, shown
from cleaner.storage.ranges import TAIL, RangedFile
from cleaner.storage.shortages import filename, is_shortage, naming, told

if TYPE_CHECKING:  # `cleaner status` does without what a run needs
    import pyarrow as pa

_AT_ONCE = 16  # objects that are looked at side by side
_TRIES = 7  # of one request, beside those of the client itself; with the pauses about half a minute
_PAUSE = 0.4  # seconds before the second try, then twice as long each time
_UNTOLD = 3.0  # seconds that nobody hears of who waits
_TOLD = 30.0  # seconds between two words on it
_HELD = 64 << 20  # bytes of an output that wait in memory; more wait in a temporary file

OVERWRITES = (
    "the object store overwrites what it is asked to write only if it is absent, so that two "
    "attempts at one unit would not be told apart; `cleaner doctor FOLDER` tries what it can do"
)
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
            f"{head}://{shown}: unknown scheme {head}://; available: {', '.join(SCHEMES)}, or a "
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


def place(path: str) -> str:
    """Return where a path lies as its file system writes it: absolute, or bucket and key."""
    if scheme(path):
        return path.split("://", 1)[1]
    return os.path.abspath(local_path(path))


def _patiently(path: str, act: Callable[[], T]) -> T:
    """Return what `act` does, tried again where an object store fails for a while.

    Raises StorageError for whatever storage refuses, but FileNotFoundError for what is not there.
    """
    begun = time.monotonic()
    for pause in [*(_PAUSE * 2**n for n in range(_TRIES - 1)), None]:
        try:
            return act()
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                raise
            if not is_remote(path):
                if is_shortage(error):
                    raise told(error, path) from error
                raise
            if isinstance(error, clients.Refused):
                raise StorageError(f"{path}: {_refused(path, error)}") from error
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
    waiting.say(f"{path}: the object store fails; trying again: {_plain(error)}")


def _refused(path: str, error: clients.Refused) -> str:
    """Say what an object store refuses, and what may mend it."""
    if isinstance(error, clients.MissingBucket):
        return f"{error} there; name another, or make it"
    name = scheme(path)
    signed = isinstance(error, clients.Denied) and not clients.unsigned(name)
    hint = f" (a public bucket is read with {UNSIGNED[name]}=1)" if signed else ""
    return (
        f"the object store refuses: {_plain(error)}; mend that, and the same command "
        f"continues{hint}"
    )


def join(folder: str, *names: str) -> str:
    """Return the path of `names` below `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def same(one: str, other: str) -> bool:
    """Return whether two paths name one place."""
    places = [place(path).rstrip("/") for path in (one, other)]
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
            bucket = rest.split("/", 1)[0]
            if "{" in bucket:
                return Matched()  # `match` tries what the braces stand for
            if not bucket or any(sign in bucket for sign in "*?["):
                raise InputError(
                    f"{pattern}: begin with the name of a bucket; wild cards come after it"
                )
            top = Entry("", f"{head}://", "", True, False, _gone)
            return matched(_Remote(pattern), top, rest.rstrip("/").split("/"))
        path = os.path.normpath(local_path(pattern))
        top = Entry("", "/" if path.startswith("/") else "", "", True, False, _gone)
        return matched(Local(), top, path.strip("/").split("/"))
    except OSError as error:
        if is_shortage(error):
            raise told(error, shown(filename(error) or pattern)) from error
        raise InputError(f"{pattern}: cannot be listed: {_plain(error)}") from error


def directly_in(folder: str) -> list[Found]:
    """Return the files directly in a folder whose names are text, sorted by path."""
    at = Entry(
        "", os.path.normpath(folder) if not is_remote(folder) else folder, "", True, False, _gone
    )
    if at.path == ".":
        at = replace(at, path="")
    return matched(_Remote(folder) if is_remote(folder) else Local(), at, ["*"]).files


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
        self.pattern = pattern

    def entries(self, folder: Entry) -> list[Entry]:
        found = _listing(_slashed(folder.path), False)
        return [*map(_file, found.objects), *map(_folder, found.folders)]

    def below(self, folder: Entry) -> list[Entry]:
        return [_file(one) for one in _listing(_slashed(folder.path), True).objects]

    def look(self, paths: Sequence[str]) -> list[Entry]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [one for one in pool.map(_looked_at, paths) if one is not None]


def _slashed(path: str) -> str:
    """Return the path of a folder, or of a bucket, as the beginning of what lies in it."""
    return path if path.count("/") == 2 else f"{path}/"


def _looked_at(path: str) -> Entry | None:
    found = _head(path) if clients.parted(path)[2] else None
    if found is not None:
        return _file(found)
    made = _patiently(path, lambda: clients.page(_slashed(path), True, most=1))
    return _folder(path) if made.objects or made.folders else None


def _name(path: str) -> str:
    return path.rsplit("/", 1)[1]


def _file(found: clients.Object) -> Entry:
    path = found.path
    file = Found(path, found.size, found.etag, path)
    return Entry(_name(path), path, path, False, False, lambda: file)


def _folder(path: str) -> Entry:
    return Entry(_name(path), path, path, True, False, _gone)


def _listing(start: str, deep: bool) -> clients.Page:
    """Return all that lies below the beginning of a path; a page that fails is asked for again."""
    objects, folders = list[clients.Object](), list[str]()
    following: str | None = None
    while True:
        made = _patiently(start, partial(clients.page, start, deep, following))
        objects += made.objects
        folders += made.folders
        following = made.following
        if following is None:
            return clients.Page(objects, folders, None)


def _remote_listing(folder: str, deep: bool = False) -> clients.Page:
    return _listing(_slashed(folder.rstrip("/")), deep)


def _head(path: str) -> clients.Object | None:
    """Return an object of a store without its bytes; None when there is none."""
    try:
        return _patiently(path, lambda: clients.head(path))
    except FileNotFoundError:
        return None


def open_input(path: str, ahead: bool = True) -> pa.NativeFile:
    """Open a file for seeking reads; InputError when it is not there, or is no file.

    Neither that nor StorageError is a verdict on what it holds. An object of a store is read ahead
    of who reads it in order, unless `ahead` says that nobody does.
    """
    import pyarrow as pa
    from pyarrow import fs

    try:
        if is_remote(path):
            return pa.PythonFile(_ranged(path, ahead), mode="r")
        return _patiently(path, lambda: fs.LocalFileSystem().open_input_file(place(path)))
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be opened: {_plain(error)}") from error


def _ranged(path: str, ahead: bool) -> RangedFile:
    """Open an object: what parses it meets its bytes or StorageError, never a bad connection."""
    found, tail = _patiently(path, lambda: clients.tail(path, TAIL))

    def request(start: int, end: int) -> bytes:
        data = clients.get(path, start, end)
        if len(data) != end - start:
            raise OSError(f"{len(data):,} of {end - start:,} bytes came")
        return data

    def fetch(start: int, end: int) -> bytes:
        try:
            return _patiently(path, lambda: request(start, end))
        except FileNotFoundError as error:
            raise StorageError(
                f"{path}: is gone; bring it back, or name another path, and the same command "
                "continues"
            ) from error

    return RangedFile(fetch, found.size, tail, ahead)


def read_bytes(path: str) -> bytes:
    """Return the whole file; raises what `open_input` raises."""
    try:
        if is_remote(path):
            return _ranged(path, False).read()
        return _patiently(path, Path(place(path)).read_bytes)
    except (OSError, ValueError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or _plain(error)
        raise InputError(f"{path}: cannot be opened: {said}") from error


def exists(path: str) -> bool:
    """Return whether a file is there."""
    return etag(path) is not None


def etag(path: str) -> str | None:
    """Return the tag of a file as `find` gives it; None when there is no file."""
    if is_remote(path):
        found = _head(path)
        return None if found is None else found.etag
    said = _patiently(path, lambda: _stat(place(path)))
    if said is None or not stat.S_ISREG(said.st_mode):
        return None
    return f"{said.st_size}-{said.st_mtime_ns}"


def _stat(path: str) -> os.stat_result | None:
    """Return what a local file system says of a path; None where nothing can have that name."""
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def names(folder: str) -> list[str]:
    """Return the names of the files directly in a folder, sorted; empty when there is none."""
    return sorted(name for name in _directly(folder)[0] if not name.startswith(".tmp-"))


def folders(folder: str) -> list[str]:
    """Return the names of the folders directly in a folder, sorted; empty when there is none."""
    return sorted(_directly(folder)[1])


def _directly(folder: str) -> tuple[list[str], list[str]]:
    """Return the names of the files and of the folders directly in a folder."""
    if is_remote(folder):
        made = _remote_listing(folder)
        return [_name(one.path) for one in made.objects], [_name(path) for path in made.folders]
    entries = _entries(folder)
    files = [entry.name for entry in entries if entry.is_file()]
    return files, [entry.name for entry in entries if entry.is_dir()]


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what lies directly in a local folder; nothing where there is none."""
    if not os.path.isdir(place(folder)):
        return []
    try:
        return _patiently(folder, lambda: list(os.scandir(place(folder))))
    except FileNotFoundError:
        return []


def below(folder: str, deep: bool = False) -> list[Below]:
    """Return the files directly in a folder, or at any depth; empty when there is none.

    At depth a link is a file: what lies behind it is elsewhere, and nobody's to move or delete.
    """
    if is_remote(folder):
        skip = len(_slashed(folder.rstrip("/")))
        found = _remote_listing(folder, deep).objects
        return [Below(one.path[skip:], one.size, one.written) for one in found]
    if deep:
        return _patiently(folder, lambda: list(_all_below(place(folder).rstrip("/"))))
    return _patiently(folder, lambda: list(_directly_below(folder)))


def _directly_below(folder: str) -> Iterator[Below]:
    for entry in _entries(folder):
        with suppress(FileNotFoundError):
            if entry.is_file():
                said = entry.stat()
                yield Below(entry.name, said.st_size, said.st_mtime)


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


def _unless_gone_of(_: Any, path: str, about: Any) -> None:
    _unless_gone(about[1])


def is_link(path: str) -> bool:
    """Return whether a path is a link to elsewhere."""
    return not is_remote(path) and os.path.islink(place(path).rstrip("/"))


def within(path: str, folder: str) -> bool:
    """Return whether a file or pattern lies at or below a folder, links followed."""
    if scheme(path) != scheme(folder):
        return False
    inner, outer = (_real(place(one).rstrip("/"), is_remote(one)) for one in (path, folder))
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
        _patiently(path, lambda: clients.put(path, memoryview(whole).cast("B")))
        return
    with open_output(path) as sink:
        sink.writelines(data)


def put_if_absent(path: str, data: bytes) -> bool:
    """Write a small file unless it exists; return whether this call wrote it.

    Of two callers at the same moment one has written it and the other has not. Where an answer was
    lost, what is there tells who: bytes that differ from caller to caller are of use.
    """
    if is_remote(path):
        return _create(path, data)
    target = Path(place(path))
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
        # Held here until it is whole, so that one that is given up leaves nothing there.
        with naming(path), tempfile.SpooledTemporaryFile(_HELD) as held:
            yield held
            if wanted(held):
                _patiently(path, lambda: _upload(path, held))
        return
    target = Path(place(path))
    folder = target.parent if scratch is None else Path(place(scratch))
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
    at = Path(place(folder))
    while not at.exists():
        at = at.parent
    return shutil.disk_usage(at).free


def _upload(path: str, source: Any) -> None:
    source.seek(0)
    clients.put(path, source)


def _create(path: str, data: bytes) -> bool:
    tried = False

    def act() -> bool:
        nonlocal tried
        before, tried = tried, True
        try:
            clients.create(path, data)
        except clients.Taken:
            return before and read_bytes(path) == data
        return True

    return _patiently(path, act)


def _write_durably(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def delete(path: str) -> None:
    """Remove a file; it is no error when it is gone already."""
    if is_remote(path):
        _patiently(path, lambda: clients.delete(path))
        return
    with suppress(FileNotFoundError):
        _patiently(path, lambda: os.remove(place(path)))


def move(source: str, target: str) -> bool:
    """Give a file another name, replacing what has it; return whether the file was there.

    On an object store, where nothing renames, it is copied there and then deleted.
    """
    if is_remote(source):
        try:
            _patiently(source, lambda: clients.copy(source, target))
        except FileNotFoundError:
            return False
        delete(source)
        return True
    Path(place(target)).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(place(source), place(target))
    except FileNotFoundError:
        return False
    return True


def link(source: str, target: str) -> int:
    """Give a file a second name, or a copy where that cannot be; return its bytes.

    Neither may be changed in place afterwards: every file here is written whole under its name.
    Raises FileNotFoundError when there is no such file.
    """
    if is_remote(source) or is_remote(target):
        return _copied(source, target)
    there, here = place(source), Path(place(target))
    with naming(target):
        here.parent.mkdir(parents=True, exist_ok=True)
        beside = here.with_name(f".tmp-{secrets.token_hex(6)}")
        try:
            try:
                os.link(there, beside)
            except FileNotFoundError:
                raise
            except OSError:  # another file system, or one that knows no links
                shutil.copyfile(there, beside)
            size = beside.stat().st_size
            os.replace(beside, here)
        finally:
            beside.unlink(missing_ok=True)  # of two names of one file `replace` leaves both
    return size


def _copied(source: str, target: str) -> int:
    if not exists(source):
        raise FileNotFoundError(source)
    size = 0
    with open_input(source) as file, open_output(target) as sink:
        while block := file.read(1 << 22):
            sink.write(block)
            size += len(block)
    return size


def delete_folder(path: str) -> None:
    """Remove a folder and all below it; it is no error when it is gone already."""
    if is_remote(path):
        found = [one.path for one in _remote_listing(path, deep=True).objects]
        if found:
            _patiently(path, lambda: clients.delete_all(found))
        return
    if is_link(path):  # what lies behind it is not ours
        delete(path.rstrip("/"))
    elif os.path.isdir(place(path)):
        _patiently(path, lambda: shutil.rmtree(place(path), onerror=_unless_gone_of))


def folder_bytes(path: str) -> int:
    """Return the bytes of all files below a folder."""
    return sum(one.size for one in below(path, deep=True))


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
