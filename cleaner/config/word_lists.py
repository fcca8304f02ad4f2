"""Lists of words and phrases: a text file, one a line, `#` begins a comment line."""

from pathlib import Path

from cleaner.config.mistakes import guess
from cleaner.config.shipped import shipped, shipped_path
from cleaner.errors import RuleError


def load_phrases(name_or_path: str) -> tuple[str, ...]:
    """Return the phrases of a list by its name in `filters/lists/`, or by the path of a file.

    >>> load_phrases("c4_policy")[0]
    'terms of use'
    """
    if "/" in name_or_path or name_or_path.endswith(".txt"):
        path = Path(shipped_path(name_or_path))
        if not path.is_file():
            raise RuleError(f"{name_or_path}: no such list")
    else:
        path = shipped("filters") / "lists" / f"{name_or_path}.txt"
        if not path.is_file():
            known = list_names()
            near, there = guess(name_or_path, known), ", ".join(known)
            raise RuleError(f"unknown list {name_or_path!r}{near}; available: {there}")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{name_or_path}: cannot be read: {error}") from None
    phrases = (line.strip() for line in lines if not line.startswith("#"))
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))


def list_names() -> list[str]:
    """Return the names of the lists that ship with this installation."""
    return sorted(path.stem for path in (shipped("filters") / "lists").glob("*.txt"))
