"""Signals that the input has already, measured on its very texts: what a checkpoint wrote.

The files say so in the metadata of each field: which signal it is, and of which version. Where all
files of the input agree, nothing is measured again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cleaner.corpus.columns import inside
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import InputFile
from cleaner.job.input_columns import Carried
from cleaner.signals import SIGNALS
from cleaner.signals import VERSION as OF_SIGNALS

# Field metadata: a signal's name; or the stage that made a column, and a hash of its options and
# models; and the version of either.
SIGNAL, STAGE, MADE, VERSION = "cleaner.signal", "cleaner.stage", "cleaner.made", "cleaner.version"
TEXT = "text"  # the column that the signals of a checkpoint are of


@dataclass(frozen=True)
class Trusted:
    """Signals of the input's texts: name -> the carried column; and what is worth a note."""

    columns: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def trusted(entries: Sequence[Columns], files: Sequence[InputFile], carried: Carried) -> Trusted:
    """Return which signals need not be measured on the texts as they are read."""
    named = [name for name, kind in carried.types.items() if _is_signal(name, kind)]
    of_texts = all(entry.text == TEXT and entry.html is None for entry in entries)
    if not named or not of_texts:
        return Trusted()
    found, stale = {}, {}
    for name in named:
        versions = {_version(file, name) for file in files}
        if versions == {str(OF_SIGNALS)}:
            found[name] = inside(name)
        elif None not in versions:
            stale[name] = versions
    notes = []
    if stale:
        old = ", ".join(sorted({str(one) for said in stale.values() for one in said}))
        notes.append(
            f"input: {', '.join(sorted(stale))} measured anew: of version {old} in the files, "
            f"and signals are of version {OF_SIGNALS} here"
        )
    if found:
        notes.append(f"input: taken as the files have them: {', '.join(sorted(found))}")
    return Trusted(found, tuple(notes))


def _is_signal(name: str, kind: object) -> bool:
    return name in SIGNALS and ":" not in name and kind == SIGNALS[name][0]


def _version(file: InputFile, name: str) -> str | None:
    """Return of which version a file says that a column is the signal of its name."""
    if file.schema is None or (at := file.schema.get_field_index(name)) < 0:
        return None
    said = file.schema.field(at).metadata or {}
    if said.get(SIGNAL.encode()) != name.encode():
        return None
    return str(said.get(VERSION.encode(), b""), "utf-8", "replace")
