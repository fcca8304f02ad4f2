"""Lists of domains, hosts and paths, and which addresses are on them.

A list is a text file, one entry a line, `#` begins a comment: `example.org` is the domain and all
below it, `example.org/path` what begins with that path. A folder is read the way the University of
Toulouse (UT1) lays out its lists: files `domains`, `urls` and `expressions` (regular expressions),
in the folder or one folder below it per category.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import polars as pl

from cleaner.config.regex import is_pattern
from cleaner.errors import JobError

UT1 = ("domains", "urls", "expressions")
_PUNYCODE = re.compile("xn--([A-Za-z0-9-]+)", re.I)
DEEPEST_HOST, DEEPEST_PATH = 8, 12  # labels of a host and parts of a path that are looked up


@dataclass(frozen=True)
class AddressList:
    """Entries as sorted 64-bit hashes, for lists of millions of domains; patterns as they are."""

    entries: np.ndarray  # uint64, sorted
    has_paths: bool
    patterns: tuple[str, ...]

    def __contains__(self, url: str) -> bool:
        return bool(on_list(pl.Series([url]), self)[0])


def list_files(paths: tuple[str, ...]) -> list[str]:
    """Return the files that these lists consist of, sorted within a folder."""
    found: list[str] = []
    for path in paths:
        place = Path(path)
        if place.is_dir():
            inside = [p for name in UT1 for p in (*place.glob(name), *place.glob(f"*/{name}"))]
            if not inside:
                raise JobError(f"{path}: a folder without files named {', '.join(UT1)}")
            found += sorted(str(p) for p in inside if p.is_file())
        elif place.is_file():
            found.append(path)
        else:
            raise JobError(f"{path}: no such list")
    return found


@lru_cache(maxsize=8)
def load_lists(paths: tuple[str, ...]) -> AddressList:
    """Return the entries of all files of these lists, read once per process."""
    hashes, patterns, has_paths = [], [], False
    for path in list_files(paths):
        lines = _lines(path)
        if Path(path).name == "expressions" and any(Path(p).is_dir() for p in paths):
            patterns += [_pattern(line, path) for line in lines]
            continue
        entries = address(lines)
        entries = entries.filter(entries != "").str.strip_chars_end("/")
        has_paths |= bool(entries.str.contains("/", literal=True).any())
        hashes.append(entries.hash().to_numpy())
    joined = np.unique(np.concatenate(hashes)) if hashes else np.zeros(0, np.uint64)
    return AddressList(joined, has_paths, tuple(patterns))


def _lines(path: str) -> pl.Series:
    try:
        text = Path(path).read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise JobError(f"{path}: cannot be read: {error.strerror}") from None
    lines = pl.Series(text.splitlines(), dtype=pl.String).str.strip_chars()
    return lines.filter((lines != "") & ~lines.str.starts_with("#"))


def _pattern(line: str, path: str) -> str:
    if not is_pattern(line):
        raise JobError(f"{path}: {line[:60]!r} is not a regular expression (RE2)")
    return f"(?i){line}"


def address(url: pl.Series) -> pl.Series:
    """Return addresses as lists are written: host in lower case and path, nothing else.

    >>> address(pl.Series(["HTTPS://user@www.Example.org:443/a/b?q#x", "example.org"])).to_list()
    ['example.org/a/b', 'example.org']
    """
    bare = (
        url.str.strip_chars()
        .str.replace(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//", "")
        .str.replace(r"[?#].*$", "")
        .str.replace(r"^[^/@]*@", "")
        .str.replace(r"^\*\.", "")
    )
    host = bare.str.extract(r"^([^/]*)").str.to_lowercase()
    host = host.str.replace(r":\d*$", "").str.strip_chars_end(".").str.replace(r"^www\d?\.", "")
    path = bare.str.extract(r"^[^/]*(/.*)$").fill_null("")
    return host + path


def on_list(url: pl.Series, chosen: AddressList) -> pl.Series:
    """Return which addresses lie under an entry of a list; a null lies under none."""
    frame = pl.DataFrame({"row": np.arange(len(url)), "at": address(url)}).drop_nulls()
    frame = frame.with_columns(
        host=pl.col("at").str.extract(r"^([^/]*)"), path=pl.col("at").str.extract(r"(/.*)$")
    )
    labels = pl.col("host").str.split(".")
    hosts = frame.select(
        "row",
        "path",
        host=pl.concat_list(
            labels.list.tail(depth).list.join(".") for depth in range(1, DEEPEST_HOST + 1)
        ).list.unique(),
    ).explode("host")
    found = hosts.filter(_among(hosts["host"], chosen.entries))["row"]
    if chosen.has_paths:
        parts = pl.col("path").str.strip_chars("/").str.split("/")
        paths = hosts.filter(pl.col("path").fill_null("/").str.len_chars() > 1).select(
            "row",
            "host",
            path=pl.concat_list(
                parts.list.head(depth).list.join("/") for depth in range(1, DEEPEST_PATH + 1)
            ).list.unique(),
        )
        paths = paths.explode("path").select("row", at=pl.col("host") + "/" + pl.col("path"))
        found = found.append(paths.filter(_among(paths["at"], chosen.entries))["row"])
    listed = np.zeros(len(url), bool)
    listed[found.to_numpy()] = True
    for pattern in chosen.patterns:
        listed |= url.str.contains(pattern).fill_null(False).to_numpy()
    return pl.Series(listed)


def _among(values: pl.Series, entries: np.ndarray) -> pl.Series:
    if not len(entries):
        return pl.repeat(False, len(values), eager=True)
    hashes = values.hash().to_numpy()
    place = np.minimum(np.searchsorted(entries, hashes), len(entries) - 1)
    return pl.Series(entries[place] == hashes)


def words_in(url: pl.Series, words: tuple[str, ...]) -> pl.Series:
    """Return which addresses hold one of the words, case aside, however they are encoded.

    A word stands between characters that are no letters or digits; `*` at its beginning or end
    lets it go on there.

    >>> words_in(pl.Series(["//a.org/a-casino", "//a.org/casinos"]), ("casino",)).to_list()
    [True, False]
    """
    parts = []
    for word in words:
        before = "" if word.startswith("*") else r"(?:^|[^a-z0-9])"
        after = "" if word.endswith("*") else r"(?:$|[^a-z0-9])"
        parts.append(before + re.escape(word.strip("*").lower()) + after)
    pattern = "|".join(parts)
    held = url.str.to_lowercase().str.contains(pattern).fill_null(False)
    coded = (url.str.contains("%[0-9A-Fa-f]{2}|xn--") & ~held).fill_null(False)
    if coded.any():
        read = url.filter(coded).map_elements(_readings, return_dtype=pl.String)
        held = held.scatter(coded.arg_true(), read.str.to_lowercase().str.contains(pattern))
    return held


def _readings(url: str) -> str:
    """Return an address as people read it: percent codes as UTF-8 and as GBK, punycode as words.

    >>> _readings("//xn--fiq228c.cn/%D6%D0")
    '//中文.cn/中'
    """
    data = unquote_to_bytes(url)
    try:
        plain = data.decode()
    except UnicodeDecodeError:
        plain = data.decode("gb18030", "replace")
    return _PUNYCODE.sub(_label, plain)  # last: a host of other letters is no GBK


def _label(found: re.Match[str]) -> str:
    try:
        return found[1].encode("ascii").decode("punycode")
    except UnicodeError:
        return found[0]
