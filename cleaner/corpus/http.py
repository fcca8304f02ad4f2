"""HTTP answers as crawlers store them: head, body, and the encodings that the head tells of.

Read as browsers and other readers of archives do: what a head says of its body is often wrong, for
many crawlers undo chunks and compression and keep the fields.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cleaner.corpus.files import first_line
from cleaner.storage.shortages import is_shortage

_HEAD_END = re.compile(rb"\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_STATUS = re.compile(rb"HTTP/[\d.]+[ \t]+(\d{3})", re.IGNORECASE)
# A size may be padded with blanks and have extensions; lines may end in a bare LF.
_CHUNK = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
# What no page in any charset holds, and half of all compressed runs of eight bytes do.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 has zeros
_LOOK = 1024  # bytes that tell a page from what is compressed
_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # of gzip, of zstd
_STEPS = (1 << 16, 1 << 8, 1)  # bytes asked for at once, to come close to where a stream breaks


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: its status, its fields as written, and all that follows the head."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def codings(self, name: str) -> list[str]:
        """Return what the fields of one name list, in lower case."""
        told = ",".join(value for key, value in self.fields if key.lower() == name)
        return [one.strip() for one in told.lower().split(",")]


def parse_answer(block: bytes) -> Answer | None:
    """Return a block as an HTTP answer, or None when it does not begin like one."""
    block = block.lstrip(b"\r\n")
    status = _STATUS.match(block)
    if status is None:
        return None
    end = _HEAD_END.search(block)
    head, body = (block, b"") if end is None else (block[: end.start()], block[end.end() :])
    return Answer(int(status[1]), tuple(parse_fields(_LINE_END.split(head)[1:])), body)


def parse_fields(lines: list[bytes]) -> list[tuple[str, str]]:
    """Return the fields of a head; a line that begins with a blank continues the one before."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        text = _text(line)
        name, colon, value = text.partition(":")
        if text[:1] in (" ", "\t") and fields:
            name, before = fields.pop()
            fields.append((name, f"{before} {text.strip()}".strip()))
        elif colon:
            fields.append((name.strip(), value.strip()))
    return fields


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def body_of(answer: Answer, most: int) -> bytes:
    """Return the body with its encodings undone, at most `most` bytes of it.

    A body that is cut ends where it is cut, an encoding that nobody knows says nothing, and one
    that was undone already is left alone. Raises OSError for bytes that are neither the one nor
    the other.
    """
    transfer = answer.codings("transfer-encoding")
    body = unchunked(answer.body) if "chunked" in transfer else answer.body
    for name in reversed([*answer.codings("content-encoding"), *transfer]):
        if name in _DECODERS:
            body = _decoded(body, name, most)
    return body


def unchunked(body: bytes) -> bytes:
    """Return what the chunks hold; the body itself when it is not in chunks.

    >>> unchunked(b"3;name=x\\r\\nabc\\r\\n2\\nde\\n"), unchunked(b"<p>no chunks")
    (b'abcde', b'<p>no chunks')
    """
    out = bytearray()
    at = 0
    while size := _CHUNK.match(body, at):
        start, length = size.end(), int(size[1], 16)
        if not length:
            ends = out or not body[start:].strip()
            return bytes(out) if ends else body
        at = start + length
        end = _LINE_END.match(body, at)
        if end is None and at < len(body) - 1 and not out:
            return body  # a page that begins with a number
        out += body[start:at]
        if end is None:
            break
        at = end.end()
    return bytes(out) if at else body


def _decoded(data: bytes, name: str, most: int) -> bytes:
    """Return data with one encoding undone, or as it is when it never was in that encoding."""
    out, whole, wrong = _DECODERS[name](data, most)
    if whole or (out and not _is_page(data)):
        return out
    if not data.startswith(_MAGIC):
        return data
    if wrong is not None:
        raise OSError(f"{name}: {wrong}")
    return b""  # cut before anything comes out


def _is_page(data: bytes) -> bool:
    return data.startswith(_WIDE) or _CONTROL.search(data, 0, _LOOK) is None


# What came of the data, whether it came to an end, and what is wrong with it.
_Outcome = tuple[bytes, bool, str | None]


def _gzip(data: bytes, most: int) -> _Outcome:
    """Decode gzip, of many members, or zlib: servers take one for the other."""
    return _members(data, most, 47)


def _deflate(data: bytes, most: int) -> _Outcome:
    """Decode zlib, or what some servers send: deflate without a head."""
    found = _members(data, most, 47)
    return found if found[0] or found[1] else _members(data, most, -15)


def _members(data: bytes, most: int, bits: int) -> _Outcome:
    out = bytearray()
    whole = False
    while data and len(out) < most:
        member = zlib.decompressobj(wbits=bits)
        try:
            out += member.decompress(data, most - len(out))
        except zlib.error as error:
            if is_shortage(error):
                raise
            # What follows a whole member is passed over.
            return bytes(out), whole, str(error)
        whole = member.eof or len(out) >= most
        data = member.unused_data
        if bits < 0:
            whole = whole and not data.strip(b"\r\n\0")  # it has no sign of its own
            break
    return bytes(out), whole, None


def _brotli(data: bytes, most: int) -> _Outcome:
    return _streamed(data, most, "brotli")


def _zstd(data: bytes, most: int) -> _Outcome:
    return _streamed(data, most, "zstd")


def _streamed(data: bytes, most: int, codec: str) -> _Outcome:
    """Decode a stream, and, where it breaks, all that comes before."""
    out = bytearray()
    wrong = None
    for step in _STEPS:
        with pa.CompressedInputStream(pa.BufferReader(data), codec) as stream:
            try:
                skipped = 0
                while skipped < len(out):
                    skipped += len(stream.read(len(out) - skipped))
                while len(out) < most and (block := stream.read(min(step, most - len(out)))):
                    out += block
                return bytes(out), bool(data), None
            except OSError as error:
                if is_shortage(error):
                    raise
                wrong = first_line(error)
    return bytes(out), False, wrong


_DECODERS: dict[str, Any] = {
    "gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd,
}  # fmt: skip
