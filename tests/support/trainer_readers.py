"""Readers of shards by what each trainer publishes of its own, written apart from our writers."""

import csv
import functools
import gzip
import io
import itertools
import operator
import re
import struct
from pathlib import Path

import numpy as np


def megatron_documents(folder: Path, stem: str) -> list[list[int]]:
    """Read a pair of files by the layout that Megatron-Core publishes, and assert what it does."""
    index = (folder / f"{stem}.idx").read_bytes()
    assert index[:9] == b"MMIDIDX\x00\x00"
    assert struct.unpack_from("<Q", index, 9) == (1,)
    (code,) = struct.unpack_from("<B", index, 17)
    kind = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f8", 7: "<f4", 8: "<u2"}[code]
    count, documents = struct.unpack_from("<QQ", index, 18)
    lengths = np.frombuffer(index, "<i4", count, 34)
    pointers = np.frombuffer(index, "<i8", count, 34 + 4 * count)
    document_indices = np.frombuffer(index, "<i8", documents, 34 + 12 * count)
    assert len(index) == 34 + 12 * count + 8 * documents
    assert lengths.shape[0] == len(lengths) == count
    assert lengths.shape[0] == document_indices[-1]
    data = (folder / f"{stem}.bin").read_bytes()
    assert data  # an empty file cannot be mapped
    found = []
    for low, high in itertools.pairwise(document_indices):
        tokens = [
            np.frombuffer(data, kind, lengths[n], pointers[n]).tolist() for n in range(low, high)
        ]
        found.append(functools.reduce(operator.iadd, tokens, []))
    return found


def olmo_documents(folder: Path, stem: str) -> list[list[int]]:
    """Map the bare numbers, and read the table beside them."""
    numbers = np.memmap(folder / f"{stem}.npy", dtype=np.uint16, mode="r")
    table = gzip.decompress((folder / f"{stem}.csv.gz").read_bytes()).decode()
    lines = list(csv.reader(io.StringIO(table)))
    assert int(lines[-1][1]) == len(numbers)
    assert all(line[2].startswith("d") and line[3] == "s" for line in lines)
    return [numbers[int(start) : int(end)].tolist() for start, end, *_ in lines]


def torchtitan_documents(folder: Path, stem: str) -> list[list[int]]:
    """Map the tokens and take one document by its number, as the example of the loader does."""
    tokens = np.memmap(folder / f"{stem}.tokens.bin", dtype=np.uint32, mode="r")
    offsets = np.load(folder / f"{stem}.document_offsets.npy")
    assert offsets[-1] == len(tokens)
    return [tokens[offsets[n] : offsets[n + 1]].tolist() for n in range(len(offsets) - 1)]


READERS = {
    "megatron": megatron_documents,
    "olmo": olmo_documents,
    "torchtitan": torchtitan_documents,
}


def samples_of(path: Path) -> list[str]:
    """Return the documents that the published script reads from a file."""
    found = []
    with open(path, encoding="utf-8", errors="ignore") as lines:
        for line in lines:
            if line == "\n":
                continue
            rest = line[3:] if line[:3] == "<n>" else line
            text = rest.strip().replace("\r", "").replace("\n", "")
            text = text.replace("<n>", "\n").replace("\u2583", "").replace("[SEP]", "<sep>")
            if re.sub(r"(\n)+", "", text) != "":
                found.append(text)
    return found
