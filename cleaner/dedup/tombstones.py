"""What was removed from runs, known again by salted hashes that tell nobody what it was.

A document is known by its url, its host where a whole host was removed, its own id, or its text as
`exact_dedup` compares texts, so that another width, script or spacing is no other text.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

import numpy as np
import polars as pl

from cleaner.dedup.keys import column_keys, has_word, hashed
from cleaner.dedup.urls import host, normalised
from cleaner.errors import InputError
from cleaner.storage import store

By = Literal["url", "host", "id", "text"]
KINDS: tuple[By, ...] = ("url", "host", "id", "text")
STAGE = "removed"  # that obeys them, and where what was removed is accounted for
_FORMAT = 1
_SIZE = 16  # bytes of a hash


@dataclass(frozen=True)
class Tombstones:
    """Hashes of what was removed, by kind, under one salt."""

    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    marks: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> Self:
        """Return those of a file; InputError for what is none."""
        try:
            said = json.loads(store.read_bytes(path))
            if said["format"] != _FORMAT:
                raise InputError(f"{path}: is of format {said['format']}, and not {_FORMAT}")
            marks = {str(kind): frozenset(said["marks"].get(kind, ())) for kind in KINDS}
            return cls(bytes.fromhex(said["salt"]), marks)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(f"{path}: is no list of what was removed") from None

    def plain(self) -> bytes:
        """Return the bytes of their file."""
        marks = {kind: sorted(self.marks.get(kind, ())) for kind in KINDS}
        said = {"format": _FORMAT, "salt": self.salt.hex(), "marks": marks}
        return (json.dumps(said, indent=1) + "\n").encode()

    def mark(self, kind: By, value: str) -> str:
        """Return the hash of one value."""
        data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self.salt, digest_size=_SIZE).hexdigest()

    def having(self, kind: By, values: Iterable[str | None]) -> Self:
        """Return these with some more; null is none."""
        more = {self.mark(kind, value) for value in values if value is not None}
        return type(self)(self.salt, {**self.marks, kind: self.marks.get(kind, frozenset()) | more})

    def know(self, docs: pl.DataFrame) -> pl.Series:
        """Return which documents were removed; of the columns url, id and text those there are."""
        found = np.zeros(docs.height, bool)
        for kind in KINDS:
            marks = self.marks.get(kind)
            if marks:
                values = values_of(docs, kind)
                found |= np.array(
                    [any(self.mark(kind, one) in marks for one in of) for of in values]
                )
        return pl.Series(found)


def values_of(docs: pl.DataFrame, kind: By) -> Sequence[Sequence[str]]:
    """Return by what each document may be known, none or several."""
    if kind == "text":
        return [() if key is None else (key,) for key in text_keys(docs)]
    if kind == "id":
        return [() if name is None else (name,) for name in own_ids(docs)]
    if "url" not in docs.columns:
        return [()] * docs.height
    urls = docs["url"].to_list()
    if kind == "host":
        return [hosts_above(host(url)) for url in urls]
    return [() if (one := normalised(url)) is None else (one,) for url in urls]


def own_ids(docs: pl.DataFrame) -> list[str | None]:
    """Return the ids that the input gives; null for one that is only the place of a row."""
    if "id" not in docs.columns:
        return [None] * docs.height
    places = pl.format("{}#{}", "file", "row")
    return docs.select(pl.when(pl.col("id") != places).then("id")).to_series().to_list()


def hosts_above(name: str | None) -> tuple[str, ...]:
    """Return a host and the domains above it, the last label alone left out.

    >>> hosts_above("a.b.example.org")
    ('a.b.example.org', 'b.example.org', 'example.org')
    """
    if name is None:
        return ()
    labels = name.split(".")
    above = (".".join(labels[place:]) for place in range(max(1, len(labels) - 1)))
    return tuple(above)


def text_keys(docs: pl.DataFrame) -> list[str | None]:
    """Return the key of each text, as `exact_dedup` compares it; null for one without a word."""
    if "text" not in docs.columns:
        return [None] * docs.height
    offsets, data = column_keys(docs, "text")
    high, low = hashed(offsets, data, np.zeros(docs.height, np.uint64))
    keys = zip(high.tolist(), low.tolist(), has_word(docs), strict=True)
    return [f"{a:016x}{b:016x}" if word else None for a, b, word in keys]
