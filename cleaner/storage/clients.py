"""Clients of object stores: one request each, to the address that the environment names.

A path is `s3://bucket/key` or `gs://bucket/key`. Whatever goes wrong is an OSError with one plain
line: FileNotFoundError for what is not there, Refused for what trying again does not mend.
"""

import http.client
import os
import re
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote, unquote, urlencode, urlsplit

from cleaner.errors import CleanerError, InputError
from cleaner.storage import requests
from cleaner.storage.profiles import Profile, profile

SCHEMES = ("s3", "gs")
# Set to 1 they read public buckets without credentials; GDAL and others know the same names.
UNSIGNED = {"s3": "AWS_NO_SIGN_REQUEST", "gs": "GS_NO_SIGN_REQUEST"}
# `name: value` of the header by which a store that knows no If-None-Match refuses to overwrite.
CREATE_HEADER = "CLEANER_CREATE_HEADER"
_PART = 8 << 20  # bytes of one request of a large upload
_PARTS = 4  # on their way at once
_BULK = 1000  # objects that one request deletes
_OWN_TRIES = 2  # of the client itself, which tries without a word
_TIMES = {"timeout": "120s", "connect_timeout": "5s"}
# Until something is heard; whoever writes is not answered before all is sent, over a slow line.
_SILENCE = {"plain": "20s", "bulk": "20s", "write": "60s", "create": "60s"}
_SIGNED = timedelta(minutes=5)
_XML = "{http://s3.amazonaws.com/doc/2006-03-01/}"
# Answers that another try may change: it took too long, too many at once, two at the same moment,
# credentials that somebody renews.
_PASSING = re.compile(
    r"\b(408|409|425|429|5(?!01|05)\d\d)\b|ExpiredToken|InvalidToken|RequestTimeout|SlowDown"
)
_STATUS = re.compile(r"status code: (\d{3}) ?([^:\n]*)")
_SAID = re.compile(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?")
_NO_RANGE = re.compile(r"status code: 416|NotPartial")  # so of an empty object
# Where the role of a machine is asked for, when nothing else gives credentials.
_ROLE = re.compile(r"/latest/(api/token|meta-data)|computeMetadata|169\.254\.\d+\.\d+")
_HOST = re.compile(r"Error performing [A-Z]+ (\w+://[^/\s]+)")
_KIND = re.compile(r"HttpError \{\s*kind: (\w+)")
_SILENT = {"Connect": "no connection", "Timeout": "no answer in time"}
_INNER = re.compile(r"HTTP error: ([^\n]*)")

Kind = Literal["plain", "bulk", "write", "create"]


class Refused(OSError):
    """What an object store refuses, however often it is asked."""


class MissingBucket(Refused):
    """There is no bucket of that name."""


class Denied(Refused):
    """These credentials, or none, give no right to it."""


class Taken(OSError):
    """An object of that name is there."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object: its path, bytes, a tag that changes when its bytes do, and when it was written."""

    path: str
    size: int
    etag: str
    written: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what lies below a path: objects, the paths of folders, and where the next begins."""

    objects: list[Object]
    folders: list[str]
    following: str | None


def unsigned(scheme: str) -> bool:
    """Return whether requests bear no credentials."""
    return _flag(UNSIGNED[scheme])


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "yes", "true", "on", "requester")


def parted(path: str) -> tuple[str, str, str]:
    """Return scheme, bucket and key of a path.

    >>> parted("s3://b/x//y"), parted("gs://b")
    (('s3', 'b', 'x//y'), ('gs', 'b', ''))
    """
    scheme, _, rest = path.partition("://")
    bucket, _, key = rest.partition("/")
    return scheme, bucket, key


def head(path: str) -> Object:
    """Return an object without its bytes."""
    import obstore

    requests.count("head")
    with _told(path):
        client, key = _client(path)
        return _object(path, obstore.head(client, key))


def get(path: str, start: int, end: int) -> bytes:
    """Return the bytes of an object from `start` to `end`."""
    import obstore

    requests.count("get")
    with _told(path):
        client, key = _client(path)
        return bytes(obstore.get_range(client, key, start=start, end=end))


def tail(path: str, size: int) -> tuple[Object, bytes]:
    """Return an object with its last bytes, by one request; with none where it is empty."""
    import obstore

    requests.count("get")
    with _told(path):
        client, key = _client(path)
        try:
            got = obstore.get(client, key, options={"range": {"suffix": size}})
            return _object(path, got.meta), bytes(got.bytes())
        except obstore.exceptions.GenericError as error:
            if not _NO_RANGE.search(str(error)):
                raise
            return _object(path, obstore.head(client, key)), b""


def put(path: str, source: Any) -> None:
    """Write an object whole, from bytes or from an open file; a large one goes up in parts."""
    import obstore

    size = source.seek(0, 2) if hasattr(source, "seek") else len(source)
    if hasattr(source, "seek"):
        source.seek(0)
    requests.count("put", 1 if size <= _PART else -(-size // _PART) + 2)
    with _told(path, written=True):
        client, key = _client(path, "write")
        obstore.put(client, key, source, chunk_size=_PART, max_concurrency=_PARTS)


def create(path: str, data: bytes) -> None:
    """Write an object in one request unless there is one, for which Taken is raised."""
    import obstore

    requests.count("put")
    with _told(path):
        client, key = _client(path, "create")
        mode: Literal["create", "overwrite"]
        mode = "overwrite" if os.environ.get(CREATE_HEADER) else "create"
        obstore.put(client, key, data, mode=mode, use_multipart=False)


def copy(source: str, target: str) -> None:
    """Copy an object within its bucket."""
    import obstore

    requests.count("copy")
    with _told(source):
        client, key = _client(source)
        obstore.copy(client, key, _client(target)[1])


def delete(path: str) -> None:
    """Delete an object; it is no error when there is none."""
    import obstore

    requests.count("delete")
    with _told(path), suppress(FileNotFoundError):
        client, key = _client(path)
        obstore.delete(client, key)


def delete_all(paths: list[str]) -> None:
    """Delete objects of one bucket, many by one request."""
    import obstore

    odd = [path for path in paths if _head_of(parted(path)[2])]
    for path in odd:
        delete(path)
    keys = [parted(path)[2] for path in set(paths) - set(odd)]
    if keys:
        requests.count("delete", -(-len(keys) // _BULK))
        with _told(paths[0]):
            obstore.delete(_client("/".join(paths[0].split("/")[:3]), "bulk")[0], sorted(keys))


def page(path: str, deep: bool, following: str | None = None, most: int = 1000) -> Page:
    """Return some of what lies below a path that ends with a slash, or whose bucket ends it.

    Not `deep`, what lies in folders there is left out and the folders are named.
    """
    requests.count("list")
    with _told(path):
        if parted(path)[0] == "s3":
            return _page_of_s3(path, deep, following, most)
        return _page_of_gs(path, deep)


def _page_of_gs(path: str, deep: bool) -> Page:
    import obstore

    scheme, bucket, key = parted(path)
    client, _ = _client(f"{scheme}://{bucket}")
    root = f"{scheme}://{bucket}/"
    objects: Any = ()
    folders: Any = ()
    if deep:
        objects = obstore.list(client, key or None).collect()
    else:
        made = obstore.list_with_delimiter(client, key or None)
        objects, folders = made["objects"], made["common_prefixes"]
    found = [_object(root + one["path"], one) for one in objects if f"{one['path']}/" != key]
    return Page(found, [root + name for name in folders], None)


def _page_of_s3(path: str, deep: bool, following: str | None, most: int) -> Page:
    """Ask by a signed address, whose answer holds keys as they are.

    The client's own list fails as a whole at a key with an empty name between two slashes, and
    takes the empty object that marks a folder for a file.
    """
    scheme, bucket, prefix = parted(path)
    asked = {"list-type": "2", "encoding-type": "url", "prefix": prefix, "max-keys": str(most)}
    if not deep:
        asked["delimiter"] = "/"
    if following:
        asked["continuation-token"] = following
    if _flag("AWS_REQUEST_PAYER"):
        asked["x-amz-request-payer"] = "requester"
    root = f"{scheme}://{bucket}/"
    request = urllib.request.Request(_signed(bucket, urlencode(asked, quote_via=quote)))
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = ET.fromstring(answer.read())
    objects = [
        Object(
            root + unquote(_text(one, "Key")),
            int(_text(one, "Size")),
            _tag(int(_text(one, "Size")), _text(one, "ETag")),
            datetime.fromisoformat(_text(one, "LastModified")).timestamp(),
        )
        for one in _all(said, "Contents")
        if not _text(one, "Key").endswith("/")  # it marks a folder
    ]
    folders = [
        root + unquote(_text(one, "Prefix")).removesuffix("/")
        for one in _all(said, "CommonPrefixes")
    ]
    more = _text(said, "IsTruncated") == "true"
    return Page(objects, folders, _text(said, "NextContinuationToken") if more else None)


def _all(said: ET.Element, name: str) -> list[ET.Element]:
    return said.findall(f"{_XML}{name}") or said.findall(name)


def _text(said: ET.Element, name: str) -> str:
    found = _all(said, name)
    return (found[0].text or "") if found else ""


def _signed(bucket: str, query: str) -> str:
    """Return the address at which a bucket answers a query.

    The client signs addresses of objects only: the key stands in a parameter that nobody reads.
    """
    import obstore

    if unsigned("s3"):
        return f"{_base(bucket, profile())}?{query}"
    client = _s3(bucket, f"?{query}&x-key=", "plain", _settings())
    return str(obstore.sign(client, "GET", "list", _SIGNED))


def _object(path: str, said: Mapping[str, Any]) -> Object:
    tag = said["e_tag"] or str(said["last_modified"].timestamp())
    return Object(path, said["size"], _tag(said["size"], tag), said["last_modified"].timestamp())


def _tag(size: int, etag: str) -> str:
    return f"{size}-{etag.strip(chr(34))}"


def _client(path: str, kind: Kind = "plain") -> tuple[Any, str]:
    """Return the client for a path, and the key as it takes it."""
    scheme, bucket, key = parted(path)
    if scheme == "gs":
        return _gs(bucket, kind, _settings()), key
    head = _head_of(key)
    return _s3(bucket, f"/{quote(head)}"[:-1], kind, _settings()), key[len(head) :]


def _head_of(key: str) -> str:
    """Return the part of a key that its client would not take, as it ends with an empty name.

    It becomes part of the address.

    >>> _head_of("a//b/c"), _head_of("/a"), _head_of("a/b")
    ('a//', '/', '')
    """
    if key.startswith("/") and "//" not in key:
        return "/"
    at = key.rfind("//")
    return key[: at + 2] if at >= 0 else ""


def _settings() -> tuple[tuple[str, str], ...]:
    """Return what the environment says to clients, which are made anew when it changes."""
    ours = ("AWS_", "GOOGLE_", "GS_", "HOME", CREATE_HEADER)
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith(ours)))


def _options(kind: Kind) -> dict[str, Any]:
    header, _, value = os.environ.get(CREATE_HEADER, "").partition(":")
    own = {"default_headers": {header.strip(): value.strip()}} if kind == "create" and value else {}
    # Whoever creates must know of each try: an answer that is lost may hide that one succeeded.
    return {
        "client_options": {**_TIMES, "read_timeout": _SILENCE[kind], **own},
        "retry_config": {
            "max_retries": 0 if kind == "create" else _OWN_TRIES,
            "retry_timeout": timedelta(seconds=3),
            "backoff": {"max_backoff": timedelta(seconds=1)},
        },
    }


@lru_cache(maxsize=16)
def _gs(bucket: str, kind: Kind, settings: object) -> Any:
    from obstore.store import GCSStore

    options = _options(kind)
    base = os.environ.get("GOOGLE_BASE_URL", "")
    options["client_options"]["allow_http"] = base.startswith("http://")
    if unsigned("gs"):
        options["skip_signature"] = True
    return GCSStore(bucket, **options)


@lru_cache(maxsize=64)
def _s3(bucket: str, below: str, kind: Kind, settings: object) -> Any:
    from obstore.store import S3Store

    found = profile()
    base = _base(bucket, found)
    options = _options(kind)
    options["credential_provider"] = None if unsigned("s3") else found.provider()
    options["client_options"]["allow_http"] = base.startswith("http://")
    return S3Store(
        bucket,
        region=_region(found),
        endpoint=base + below,
        aws_endpoint_url_s3=base + below,
        virtual_hosted_style_request=True,  # the address holds the bucket already
        skip_signature=unsigned("s3"),
        disable_bulk_delete=kind != "bulk" or _flag("AWS_DISABLE_BULK_DELETE"),
        **options,
    )


def _region(found: Profile) -> str:
    get = os.environ.get
    named = get("AWS_REGION") or get("AWS_DEFAULT_REGION") or found.setting("region")
    return named or "us-east-1"


def _base(bucket: str, found: Profile) -> str:
    """Return the address of a bucket: its name before the host, or behind it."""
    get = os.environ.get
    endpoint = (
        get("AWS_ENDPOINT_URL_S3") or get("AWS_ENDPOINT_URL") or found.setting("endpoint_url")
    )
    virtual = found.setting("addressing_style") == "virtual"
    if get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST"):
        virtual = _flag("AWS_VIRTUAL_HOSTED_STYLE_REQUEST")
    elif not endpoint and found.setting("addressing_style") != "path":
        virtual = "." not in bucket  # else no certificate fits
    if not endpoint:
        region = _region(found)
        endpoint = f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    if "@" in parts.netloc:
        raise InputError(
            "AWS_ENDPOINT_URL holds a user or a password; AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY are for that"
        )
    host, path = parts.netloc, parts.path.rstrip("/")
    if virtual:
        named = host.startswith(f"{bucket}.")
        return f"{parts.scheme}://{host if named else f'{bucket}.{host}'}{path}"
    return f"{parts.scheme}://{host}{path}/{bucket}"


@contextmanager
def _told(path: str, written: bool = False) -> Iterator[None]:
    """Turn what a client raises into an OSError of one line.

    Of what is `written` nothing can be missing, but for the parts of an upload that others removed.
    """
    try:
        yield
    except CleanerError:
        raise
    except urllib.error.HTTPError as error:
        body = error.read().decode("utf-8", "replace")
        raise _error(path, f"status code: {error.code} {error.reason}: {body}") from None
    except FileNotFoundError as error:
        made = _error(path, str(error))
        raise (
            OSError(str(made)) if written and type(made) is FileNotFoundError else made
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise OSError(f"{getattr(error, 'reason', error)}") from None
    except ET.ParseError as error:
        raise OSError(f"the answer is no list of objects: {error}") from None
    except ValueError as error:
        raise Refused(f"{error}") from None
    except Exception as error:
        if not type(error).__module__.startswith("obstore"):
            raise
        name = type(error).__name__
        if name in ("AlreadyExistsError", "PreconditionError") and "RequestConflict" not in str(
            error
        ):
            raise Taken(f"{path}: is there") from None
        raise _error(path, str(error)) from None


def _error(path: str, said: str) -> OSError:
    """Return the error for what a store answered, or for no answer."""
    if "External AWS credential provider" in said:
        return Refused(said.split("Error: ", 1)[-1].split("\n", 1)[0])
    if _ROLE.search(said):
        files = "~/.aws" if parted(path)[0] == "s3" else "the files of gcloud"
        return Denied(f"there are no credentials in the environment, {files} or of this machine")
    status, inner, told = _STATUS.search(said), _INNER.search(said), _SAID.search(said)
    if status is None:
        line = (inner[1] if inner else said.split("\n", 1)[0]).strip()
        if (kind := _KIND.search(said)) and (host := _HOST.search(said)):
            line = f"{_SILENT.get(kind[1], line)} ({host[1]})"
        return Refused(line) if "credential error" in line else OSError(line)
    code = told[1] if told else status[2].strip()
    line = f"{code} ({status[1]})" + (f": {told[2]}" if told and told[2] else "")
    if code == "NoSuchBucket":
        return MissingBucket(f"there is no bucket {parted(path)[1]}")
    if status[1] == "404":
        return FileNotFoundError(line)
    if status[1] == "501":
        return Refused(
            f"{line}; a store that knows no If-None-Match may have a header of its own for it, "
            f"which {CREATE_HEADER} names"
        )
    if "without LOCATION" in said or status[1].startswith("3"):
        return Refused(f"{line}; the bucket is in another region than AWS_REGION says")
    if _PASSING.search(f"{status[1]} {code}"):
        if "Token" in code:
            _s3.cache_clear()  # so that files with credentials are read again
        return OSError(line)
    return Denied(line) if status[1] in ("401", "403") else Refused(line)
