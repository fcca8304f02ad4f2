"""Good files of every kind that the readers know, and what random damage makes of them."""

import gzip
import random
import struct

import pyarrow as pa

from support.broken_files import ROWS, TEXTS, answer, archive, good_lines, parquet, record, zstd

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def seeds() -> dict[str, list[bytes]]:
    """Return good files by suffix, each kind in the shapes that writers make."""
    ids = [f"d{i}" for i in range(ROWS)]
    repeated = pa.table({"id": ids, "text": [TEXTS[i % 3] for i in range(ROWS)]})
    nested = pa.table({"id": ids, "text": TEXTS, "more": [{"a": [{"b": text}]} for text in TEXTS]})
    nulls = pa.table({"id": ids, "text": [text if i % 4 else None for i, text in enumerate(TEXTS)]})
    files = [parquet(compression=c) for c in ("none", "snappy", "zstd", "gzip", "lz4", "brotli")]
    files += [parquet(table) for table in (repeated, nested, nulls)]
    files += [parquet(use_dictionary=False, data_page_version="2.0", write_page_index=True)]
    files += [parquet(use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY")]
    packed = gzip.compress(answer().split(b"\r\n\r\n", 1)[1])
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    other = record(head + packed) + record(chunked) + record(b"text", "conversion")
    return {
        ".parquet": files,
        ".jsonl": [good_lines()],
        ".jsonl.gz": [gzip.compress(good_lines())],
        ".jsonl.zst": [zstd(good_lines())],
        ".warc": [archive(), other + archive()],
        ".warc.gz": [b"".join(gzip.compress(record(answer(text))) for text in TEXTS)],
    }


def damaged(suffix: str, data: bytes, chance: random.Random) -> bytes:
    """Return a file after some damage, of a compressed one also to what it holds."""
    if suffix.endswith(".gz") and chance.random() < 0.5:
        return gzip.compress(mutated(gzip.decompress(data), chance), 1)
    if suffix.endswith(".zst") and chance.random() < 0.5:
        return zstd(mutated(good_lines(), chance))
    return mutated(data, chance)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return bytes after a few flips, cuts, doublings, insertions and extreme numbers."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(max(1, len(changed)))
        if chance.random() < 0.3:  # where footers and trailers lie
            at = max(0, len(changed) - 1 - chance.randrange(400))
        size = chance.choice((1, 2, 4, 8, 64, 500))
        match chance.randrange(7):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1 if changed:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = changed[at : at + size]
            case 4:
                changed[at:at] = chance.randbytes(size)
            case 5:
                kind = chance.choice(("<B", "<H", "<I", ">I", "<Q"))
                number = chance.choice(EXTREMES) & (1 << 8 * struct.calcsize(kind)) - 1
                changed[at : at + struct.calcsize(kind)] = struct.pack(kind, number)
            case 6 if chance.random() < 0.3:
                del changed[at:]
    return bytes(changed)
