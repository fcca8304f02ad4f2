"""Text in, numbers out: signals of a document, measured once, in a family per module.

`SIGNALS` says what there is, with type and definition; beside those there are five signals for
every list of words or phrases, `list_hits:NAME` to `list_line_density:NAME` (`lists.KINDS`).
Every signal is total: a number for every text, "" and null included, never null and never NaN;
what is divided by nothing is 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

import polars as pl

from cleaner.errors import JobError
from cleaner.signals import (
    addresses,
    c4,
    characters,
    damage,
    information,
    lines,
    mathematics,
    repetition,
    scripts,
    stop_words,
    words,
)
from cleaner.signals import lists as listed
from cleaner.signals.counts import Formulas, Texts, Value, column, columns_of, count, table
from cleaner.signals.splitters import Unit

# Raised whenever a signal may give another value for the same text.
VERSION = 5  # addresses of small numbers are personal data

FAMILIES: dict[str, ModuleType] = {
    "characters": characters,
    "scripts": scripts,
    "damage": damage,
    "words": words,
    "stop_words": stop_words,
    "lines": lines,
    "c4": c4,
    "repetition": repetition,
    "mathematics": mathematics,
    "addresses": addresses,
    "information": information,
}


class _Signals(dict[str, tuple[type[pl.DataType], str]]):
    """Signals by name; those of lists are found by their kind, whatever the list."""

    def __missing__(self, name: str) -> tuple[type[pl.DataType], str]:
        kind, _, chosen = name.partition(":")
        if chosen and kind in listed.KINDS:
            return listed.KINDS[kind]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and ":" in name and name.partition(":")[0] in listed.KINDS
        )


SIGNALS = _Signals(
    {name: about for family in FAMILIES.values() for name, about in family.SIGNALS.items()}
)
_VALUES: dict[str, Value] = {
    name: value for family in FAMILIES.values() for name, value in family.VALUES.items()
}


def measure(
    text: Texts,
    signals: Iterable[str] | None = None,
    *,
    formulas: Formulas = True,
    unit: Unit = "word",
    lists: Mapping[str, Sequence[str]] | None = None,
) -> pl.DataFrame:
    """Return the signals asked for, one row per text, in the order asked; all without `signals`.

    `formulas`: see `cleaner.text.segment.modes`. `lists`: phrases by name, for `list_density:NAME`.

    >>> measure(["to be or not", ""], ["words", "mean_word_length"]).rows()
    [(4, 2.25), (0, 0.0)]
    """
    wanted = list(dict.fromkeys(SIGNALS if signals is None else signals))
    unknown = [name for name in wanted if name not in SIGNALS]
    if unknown:
        raise JobError(f"unknown signals {', '.join(unknown)}; available: {', '.join(SIGNALS)}")
    texts = column(text)
    plain = {name: _VALUES[name] for name in wanted if name in _VALUES}
    of_lists = [name for name in wanted if name not in _VALUES]
    columns = columns_of(plain.values()) | listed.columns(of_lists)
    counts = count(texts, columns, formulas, unit)
    frame = table(counts, SIGNALS, plain)
    if of_lists:
        more = listed.measure(texts, of_lists, lists or {}, counts, formulas)
        frame = more.hstack(frame) if frame.width else more
    return frame.select(wanted)
