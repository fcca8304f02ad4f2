"""Local paths and object stores: list, read, write whole, then commit.

A path is a string: `data/a.parquet`, `/data/a.parquet`, `s3://bucket/a.parquet`, `gs://bucket/a`.
A file appears whole or not at all: locally it is written beside and renamed, on an object store
one PUT makes it visible. Credentials and endpoints come from the environment.
"""

import fnmatch
import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from cleaner.errors import InputError

SCHEMES = ("s3", "gs")
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Found:
    """A file on storage: its path as matched, bytes, and a tag that changes when its bytes do."""

    path: str
    size: int
    etag: str


def scheme(path: str) -> str:
    """Return `s3`, `gs`, or `` for a local path; refuses any other scheme."""
    head, mark, _ = path.partition("://")
    if not mark:
        return ""
    if head == "file":
        return ""
    if head not in SCHEMES:
        raise InputError(
            f"{path}: unknown scheme {head}://; there are: {', '.join(SCHEMES)}, or a local path"
        )
    return head


def is_remote(path: str) -> bool:
    """Return whether `path` lies on an object store."""
    return scheme(path) != ""


@lru_cache(maxsize=16)
def _remote(name: str) -> fs.FileSystem:
    if name == "gs":
        return fs.GcsFileSystem()
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if not endpoint:
        return fs.S3FileSystem(region=region)
    parts = urlsplit(endpoint)
    return fs.S3FileSystem(
        region=region, endpoint_override=parts.netloc + parts.path, scheme=parts.scheme or "https"
    )


def filesystem(path: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of `path` and the path as that file system writes it."""
    name = scheme(path)
    if name:
        return _remote(name), path.split("://", 1)[1]
    return _local(), os.path.abspath(path.removeprefix("file://"))


@lru_cache(maxsize=1)
def _local() -> fs.FileSystem:
    return fs.LocalFileSystem()


def join(folder: str, *names: str) -> str:
    """Return the path of `names` below `folder`."""
    return "/".join([folder.rstrip("/"), *names])


def find(pattern: str) -> list[Found]:
    """Return the files that a glob matches (`*`, `?`, `[a-z]`, `**` for any depth), sorted by path.

    A path without wild cards is that file, or nothing when it does not exist; a folder is nothing.
    """
    system, plain = filesystem(pattern)
    prefix = f"{scheme(pattern)}://" if is_remote(pattern) else ""
    try:
        if not _WILD.search(plain):
            infos = [system.get_file_info(plain)]
        else:
            parts = plain.split("/")
            first = next(i for i, part in enumerate(parts) if _WILD.search(part))
            base = "/".join(parts[:first])
            deep = first < len(parts) - 1
            match = re.compile(_glob_regex(plain))
            selector = fs.FileSelector(base or "/", recursive=deep, allow_not_found=True)
            infos = [info for info in system.get_file_info(selector) if match.fullmatch(info.path)]
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{pattern}: cannot be listed: {_plain(error)}") from error
    relative = not prefix and not os.path.isabs(pattern.removeprefix("file://"))
    found = [
        Found(
            prefix + (os.path.relpath(info.path) if relative else info.path),
            info.size,
            f"{info.size}-{info.mtime_ns}",
        )
        for info in infos
        if info.type == fs.FileType.File
    ]
    return sorted(found, key=lambda file: file.path)


def _glob_regex(pattern: str) -> str:
    # fnmatch lets * cross a slash; here only ** does.
    pieces = re.split(r"(\*\*/?)", pattern)
    return "".join(
        "(?:.*/)?"
        if piece == "**/"
        else ".*"
        if piece == "**"
        else fnmatch.translate(piece)
        .removeprefix("(?s:")
        .removesuffix(r")\Z")
        .removesuffix(r")\z")
        .replace(".*", "[^/]*")
        for piece in pieces
    )


def open_input(path: str) -> pa.NativeFile:
    """Open a file for seeking reads; InputError when it cannot be opened."""
    system, plain = filesystem(path)
    try:
        return system.open_input_file(plain)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be opened: {_plain(error)}") from error


def read_bytes(path: str) -> bytes:
    """Return the whole file."""
    with open_input(path) as file:
        return file.read()


def exists(path: str) -> bool:
    """Return whether a file is there."""
    system, plain = filesystem(path)
    return system.get_file_info(plain).type == fs.FileType.File


def names(folder: str) -> list[str]:
    """Return the names of the files directly in a folder, sorted; empty when there is none."""
    system, plain = filesystem(folder)
    infos = system.get_file_info(fs.FileSelector(plain, allow_not_found=True))
    return sorted(
        info.base_name
        for info in infos
        if info.type == fs.FileType.File and not info.base_name.startswith(".tmp-")
    )


def write_whole(path: str, data: bytes | pa.Buffer) -> None:
    """Write a file so that it appears whole, replacing an older one."""
    with open_output(path) as sink:
        sink.write(data)


def put_if_absent(path: str, data: bytes) -> bool:
    """Write a small file unless it exists; return whether this call wrote it."""
    system, plain = filesystem(path)
    if is_remote(path):
        if system.get_file_info(plain).type == fs.FileType.File:
            return False
        with system.open_output_stream(plain) as sink:
            sink.write(data)
        return True
    target = Path(plain)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".tmp-{secrets.token_hex(6)}")
    _write_durably(beside, data)
    try:
        os.link(beside, target)  # fails when the name is taken, in one step
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    return True


@contextmanager
def open_output(path: str) -> Iterator[io.RawIOBase | pa.NativeFile]:
    """Open a file for writing that appears under its name only when the block ends well."""
    system, plain = filesystem(path)
    if is_remote(path):
        sink = system.open_output_stream(plain)
        try:
            yield sink
        except BaseException:
            # Closing would complete the upload; an aborted one leaves nothing visible.
            if hasattr(sink, "abort"):
                sink.abort()
            raise
        sink.close()
        return
    target = Path(plain)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".tmp-{secrets.token_hex(6)}")
    try:
        with open(beside, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _write_durably(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def delete(path: str) -> None:
    """Remove a file; it is no error when it is gone already."""
    system, plain = filesystem(path)
    try:
        system.delete_file(plain)
    except FileNotFoundError:
        return


def delete_folder(path: str) -> None:
    """Remove a folder and all below it; it is no error when it is gone already."""
    system, plain = filesystem(path)
    if system.get_file_info(plain).type == fs.FileType.Directory:
        system.delete_dir(plain)


def folder_bytes(path: str) -> int:
    """Return the bytes of all files below a folder."""
    system, plain = filesystem(path)
    infos = system.get_file_info(fs.FileSelector(plain, recursive=True, allow_not_found=True))
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
