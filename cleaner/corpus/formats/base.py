"""What a format of the input is: its suffixes, a look at its columns, its rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleaner.corpus.batch import Batch
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import InputFile, Piece
from cleaner.corpus.types import Unfits

if TYPE_CHECKING:
    from cleaner.corpus.file_columns import Look


@dataclass(frozen=True)
class InputFormat:
    """One format; `read` gives the rows of a piece, `look` tells a look what its files hold.

    `read(piece, columns, unfit, longest)` yields (number of the first row in its file, batch), in
    the order of the file, documents of at most `longest` bytes; what does not fit a carried type is
    counted in `unfit`. It raises UnreadableFile or OSError where the file cannot be read on; what
    came before stays.
    """

    name: str
    suffixes: tuple[str, ...]  # in lower case
    read: Callable[[Piece, Columns, Unfits, int], Iterator[tuple[int, Batch]]]
    look: Callable[[Look, Sequence[InputFile]], None]
