"""The formats that can be read, each a module: suffixes, a look at the columns, the rows."""

from cleaner.corpus.formats import json_lines, parquet, warc
from cleaner.corpus.formats.base import InputFormat

FORMATS: dict[str, InputFormat] = {
    one.name: one for one in (parquet.FORMAT, json_lines.FORMAT, warc.WARC, warc.WET)
}
_SUFFIXES = {suffix: one.name for one in FORMATS.values() for suffix in one.suffixes}
# What people bring and nobody reads, and what to make of it.
_ELSEWHERE = {
    (".csv", ".tsv", ".arrow", ".feather", ".ipc", ".orc"): "write it as Parquet or JSON Lines",
    (".txt", ".html", ".htm", ".xml", ".md"): "write one JSON object per document, as JSON Lines",
    (".wat", ".wat.gz"): "take the .warc.gz or .wet.gz of the same crawl",
    (".tar", ".zip", ".tgz", ".tar.gz", ".7z"): "unpack it",
    (".bz2", ".xz", ".lz4", ".br"): "pack it as .gz or .zst",
}


def kind_of(path: str) -> str | None:
    """Return the format of a file by its suffix, or None.

    >>> kind_of("a/b.JSONL.zst"), kind_of("a/b.csv")
    ('jsonl', None)
    """
    for suffix, kind in _SUFFIXES.items():
        if path.lower().endswith(suffix):
            return kind
    return None


def unknown_suffix(path: str) -> str:
    """Say which suffixes are read, and what to do with a file of another."""
    hints = [told for ends, told in _ELSEWHERE.items() if path.lower().endswith(ends)]
    hint = f"; {hints[0]}, or narrow the pattern" if hints else "; or narrow the pattern"
    return f"unknown suffix; available: {', '.join(_SUFFIXES)}{hint}"
