"""What the files of one entry show of their columns, before any is read: which, and of which type.

Of Parquet every footer that the plan has read; of JSON Lines the beginning of several files, for
any line may lack a key. What comes later and does not fit is counted by whoever reads it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from cleaner.corpus.files import FailedFile, InputFile
from cleaner.corpus.formats import FORMATS
from cleaner.errors import UnreadableFile
from cleaner.storage.shortages import naming


@dataclass
class Found:
    """The columns, or nested paths, that an entry can read: path -> the type it is carried in."""

    types: dict[str, pa.DataType] = field(default_factory=dict)
    as_json: list[str] = field(default_factory=list)  # carried as JSON text
    notes: list[str] = field(default_factory=list)


class Look:
    """A look at the files of one entry, which maps some columns and reads others, or all.

    The first of those it maps is the page or the text.
    """

    def __init__(self, mapped: Sequence[str], read: Sequence[str] | Literal["all"]) -> None:
        self.mapped, self.read = mapped, read
        self.found = Found()
        self.failed: list[FailedFile] = []
        self.usable = 0
        self.first: dict[str, str] = {}  # a column -> the file that showed its type
        self.schemas: list[pa.Schema] = []

    def at(self, files: Sequence[InputFile]) -> Found:
        """Return what files show; those that cannot be used are in `failed`."""
        for name, format in FORMATS.items():
            if mine := [file for file in files if file.kind == name]:
                format.look(self, mine)
        return self.found

    def attempt(self, look: Callable[[InputFile], None], file: InputFile) -> None:
        """Look at one file; one that cannot be read is told in `failed`."""
        try:
            with naming(file.path):
                look(file)
            self.usable += 1
        except UnreadableFile as error:
            self.failed.append(FailedFile(file.path, None, str(error)))

    def is_carried(self, path: str) -> bool:
        """Return whether a path is carried: what is mapped only where `read` names it, too."""
        return path not in self.mapped or (self.read != "all" and path in self.read)

    def note(self, said: str) -> None:
        """Tell the user something of the columns, once."""
        if said not in self.found.notes:
            self.found.notes.append(said)
