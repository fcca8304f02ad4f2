"""Which files a path with wild cards names: as a shell finds them, one component after another.

`*`, `?` and `[a-z]` match within a component, `**` any number of folders, and none of them what
begins with a dot. A component that exists as it is written, brackets and all, is meant as written.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

_WILD = re.compile(r"[*?\[]")
_AT_ONCE = 16  # folders of an object store that are listed side by side


@dataclass(frozen=True, slots=True)
class Found:
    """A file on storage: its path as matched, bytes, and a tag that changes when its bytes do."""

    path: str
    size: int
    etag: str
    real: str = ""  # its path without symbolic links; one file has one


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder that is listed, or looked at."""

    name: str
    path: str
    real: str
    is_folder: bool
    is_link: bool
    found: Callable[[], Found | None]  # None when it is gone meanwhile


@dataclass
class Matched:
    """What a pattern names."""

    files: list[Found] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)  # folders that may not be listed
    unnamed: list[str] = field(default_factory=list)  # files whose names are not UTF-8, as shown


class Place(Protocol):
    """A file system as this module needs it."""

    remote: bool

    def entries(self, folder: Entry) -> list[Entry]:
        """Return what lies directly in a folder, in any order; nothing where there is none.

        Raises PermissionError.
        """

    def below(self, folder: Entry) -> list[Entry]:
        """Return all that lies in a folder and its folders; asked of object stores only."""

    def look(self, paths: Sequence[str]) -> list[Entry]:
        """Return those of some paths that exist."""


def matched(place: Place, start: Entry, parts: Sequence[str]) -> Matched:
    """Return what the components `parts` name below the folder `start`, sorted by path."""
    made = Matched()
    ends = _Walk(place, made).ends(start, _parted(parts))
    for entry in ends:
        if entry.is_folder:
            made.folders.append(entry.path)
        elif not _is_utf8(entry.path):
            made.unnamed.append(shown(entry.path))
        elif (file := entry.found()) is not None:
            made.files.append(file)
    made.files = once(made.files)
    for names in (made.folders, made.unreadable, made.unnamed):
        names[:] = sorted(set(names))
    return made


def once(files: Sequence[Found]) -> list[Found]:
    """Return each file once, by its path without links where it was met so, sorted by path."""
    best: dict[str, Found] = {}
    for file in sorted(files, key=lambda file: (not _is_real(file), file.path)):
        best.setdefault(file.real or file.path, file)
    return sorted(best.values(), key=lambda file: file.path)


def _is_real(file: Found) -> bool:
    return not file.real or os.path.abspath(file.path) == file.real


def shown(path: str) -> str:
    """Return a path whose bytes may be no UTF-8 as text that can be printed."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parted(parts: Sequence[str]) -> list[str]:
    """Return components of which `**` is one of its own: `**.gz` is `**/*.gz`."""
    found: list[str] = []
    for part in parts:
        if part.startswith("**") and part != "**":
            found += ["**", "*" + part.lstrip("*")]
        elif part != "**" or found[-1:] != ["**"]:
            found.append(part)
    return [*found, "*"] if found[-1:] == ["**"] else found


class _Walk:
    """Goes down a pattern, all folders of one depth at a time."""

    def __init__(self, place: Place, made: Matched) -> None:
        self.place, self.made = place, made

    def ends(self, start: Entry, parts: Sequence[str]) -> list[Entry]:
        """Return the files and folders that the last component names."""
        reached = [start]
        chosen = False  # whether a wild card led here
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            if part == "**" and self.place.remote:
                return self._deep(reached, parts[number:])
            if part == "**":
                reached = self._all_below(reached, chosen)
            elif _WILD.search(part):
                listed = self._listed(reached, chosen)
                found = [one for entries in listed for one in _chosen(entries, part)]
                reached = [one for one in found if last or one.is_folder]
            elif last or chosen:
                found = self._looked([_join(one.path, part) for one in reached], chosen)
                reached = [one for one in found if last or one.is_folder]
            else:
                reached = [_below(one, part) for one in reached]
            chosen = chosen or _WILD.search(part) is not None
        return reached

    def _listed(self, folders: Sequence[Entry], chosen: bool) -> Iterator[list[Entry]]:
        """Yield what lies in each folder; one that may not be listed is named, not a reason to end.

        Unless it is written in the pattern itself: then PermissionError is raised.
        """

        def entries(folder: Entry) -> list[Entry]:
            try:
                return self.place.entries(folder)
            except PermissionError:
                if not chosen:
                    raise
                self.made.unreadable.append(shown(folder.path))
                return []

        if not self.place.remote or len(folders) < 2:
            yield from map(entries, folders)
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from pool.map(entries, folders)

    def _looked(self, paths: Sequence[str], chosen: bool) -> list[Entry]:
        """Return those of some paths that exist, with the same care."""
        try:
            return self.place.look(paths)
        except PermissionError:
            if not chosen:
                raise
        found = []
        for path in paths:
            try:
                found += self.place.look([path])
            except PermissionError:
                self.made.unreadable.append(shown(os.path.dirname(path)))
        return found

    def _all_below(self, folders: Sequence[Entry], chosen: bool) -> list[Entry]:
        """Return folders and all visible ones below them; each place once, whatever links say."""
        reached = list(folders)
        seen = {one.real for one in folders}
        level, links = list(folders), list[Entry]()
        while level:
            found = [one for entries in self._listed(level, chosen) for one in entries]
            chosen = True
            below = [one for one in found if one.is_folder and not one.name.startswith(".")]
            links += [one for one in below if one.is_link]
            level = [one for one in below if not one.is_link and one.real not in seen]
            if not level:  # the places that links lead to come last: most have a path of their own
                level = [one for one in links if one.real not in seen][:1]
            seen |= {one.real for one in level}
            reached += level
        return reached

    def _deep(self, folders: Sequence[Entry], parts: Sequence[str]) -> list[Entry]:
        """Return what components that begin with `**` name, from listings of all that is below."""
        regex = re.compile("/".join(_component(part) for part in parts).replace("\0/", ""), re.S)
        found = []
        for folder in folders:
            skip = len(_join(folder.path, ""))
            found += [
                one
                for one in self.place.below(folder)
                if not one.is_folder and regex.fullmatch(one.path[skip:])
            ]
        return found


def _component(part: str) -> str:
    if part == "**":
        return r"(?:(?!\.)[^/]*/)*" "\0"
    visible = r"(?!\.)" if _WILD.search(part) and not part.startswith(".") else ""
    return visible + _regex(part)


def _regex(part: str) -> str:
    """Return a regular expression for the names that a component matches."""
    found = []
    at = 0
    while at < len(part):
        sign = part[at]
        at += 1
        end = part.find("]", at + 2 if part[at : at + 1] in ("!", "^") else at + 1)
        if sign == "[" and end > 0:
            found.append(_choice(part[at:end]))
            at = end + 1
        else:
            found.append({"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign)))
    return "".join(found)


def _choice(inner: str) -> str:
    """Return a regular expression for one character of `a-z`, or, of `!a-z`, for any other."""
    none_of = inner[0] in "!^"
    signs = re.sub(r"([\\\[&~|^])", r"\\\1", inner[1:] if none_of else inner)
    choice = f"[{'^/' if none_of else ''}{signs}]"
    try:
        re.compile(choice)
    except re.error:  # as z-a is none
        return "(?!)"
    return choice


def _chosen(entries: Sequence[Entry], part: str) -> list[Entry]:
    """Return the entries that a component with wild cards names."""
    if "[" in part:
        literal = [one for one in entries if one.name == part]
        if literal:
            return literal
    regex = re.compile(_regex(part), re.S)
    hidden = part.startswith(".")
    return [
        one
        for one in entries
        if regex.fullmatch(one.name) and (hidden or not one.name.startswith("."))
    ]


def _join(folder: str, name: str) -> str:
    """Return a path below a folder; what lies in one without a name has two slashes before it."""
    top = folder in ("", "/") or folder.endswith("://")
    return f"{folder}{'' if top else '/'}{name}"


def _below(folder: Entry, name: str) -> Entry:
    """Return a folder that nobody has looked at yet."""
    path = _join(folder.path, name)
    return Entry(name, path, "", True, False, lambda: None)


class Local:
    """The file systems of this machine."""

    remote = False

    def entries(self, folder: Entry) -> list[Entry]:
        real = folder.real or os.path.realpath(folder.path or ".")
        try:
            with os.scandir(folder.path or ".") as listed:
                return [_of(one, folder.path, real) for one in listed]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def below(self, folder: Entry) -> list[Entry]:
        raise NotImplementedError("a disk is walked")

    def look(self, paths: Sequence[str]) -> list[Entry]:
        found = []
        for path in paths:
            try:
                os.stat(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            name = os.path.basename(path)
            found.append(_entry(name, path, os.path.realpath(path), os.path.isdir(path), False))
        return [one for one in found if one.is_folder or os.path.isfile(one.path)]


def _of(listed: "os.DirEntry[str]", folder: str, real: str) -> Entry:
    path = _join(folder, listed.name)
    link = listed.is_symlink()
    real = os.path.realpath(path) if link else _join(real, listed.name)
    return _entry(listed.name, path, real, listed.is_dir(), link)


def _entry(name: str, path: str, real: str, is_folder: bool, is_link: bool) -> Entry:
    def found() -> Found | None:
        if not os.path.isfile(path):
            return None
        about = os.stat(path)
        return Found(path, about.st_size, f"{about.st_size}-{about.st_mtime_ns}", real)

    return Entry(name, path, real, is_folder, is_link, found)


def braced(pattern: str) -> list[str]:
    """Return the patterns that the braces of one stand for.

    >>> braced("a/{b,c{1,2}}.gz"), braced("a{b}")
    (['a/b.gz', 'a/c1.gz', 'a/c2.gz'], ['a{b}'])
    """
    for begin, mark in enumerate(pattern):
        if mark != "{":
            continue
        depth, cuts = 0, [begin]
        for at in range(begin, len(pattern)):
            depth += {"{": 1, "}": -1}.get(pattern[at], 0)
            if pattern[at] == "," and depth == 1:
                cuts.append(at)
            if not depth:
                if len(cuts) < 2:
                    break
                spans = zip(cuts, [*cuts[1:], at], strict=True)
                each = [pattern[a + 1 : b] for a, b in spans]
                whole = [f"{pattern[:begin]}{one}{pattern[at + 1 :]}" for one in each]
                return list(dict.fromkeys(more for one in whole for more in braced(one)))
    return [pattern]
