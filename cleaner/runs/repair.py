"""Committed files that are damaged or gone: their markers go, and their units are made again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from cleaner.errors import Damaged, StorageError
from cleaner.runs.alarms import Warn
from cleaner.runs.phases.base import DataFile, Phase, State
from cleaner.runs.release import WAS_RELEASED
from cleaner.storage import store
from cleaner.storage.commits import Marker, drop_marker

_TIMES = 3  # a part that is damaged more often lies on storage that keeps nothing


@dataclass
class Mending:
    """What was found damaged in one run, and how often each part was."""

    phases: Sequence[Phase]
    state: State
    warn: Warn
    _times: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def void(self, damaged: Sequence[Damaged]) -> int:
        """Drop the markers that name damaged files; return the first phase to go back to.

        What is done there again has the same bytes, so all that was made from it still stands.
        """
        owners = {
            path: (number, marker)
            for number, phase in enumerate(self.phases)
            for marker in self.state.markers.get(phase.name, ())
            for path in _paths(marker)
        }
        back: dict[tuple[int, str, int], Marker] = {}
        released: Counter[str] = Counter()
        for error in damaged:
            if error.path not in owners:
                raise StorageError(
                    f"{store.join(self.state.folder, str(error))}; no unit is known to have "
                    "written it"
                )
            number, marker = owners[error.path]
            back[number, marker.unit, marker.part] = marker
            if error.said == WAS_RELEASED:
                released[self.phases[number].title] += 1
                continue
            self._times[self.phases[number].name, marker.unit, marker.part] += 1
            if self._times[self.phases[number].name, marker.unit, marker.part] > _TIMES:
                raise StorageError(
                    f"{store.join(self.state.folder, str(error))}, again and again; does this "
                    "storage keep what it is given? The same command continues"
                )
            self.warn(f"{error}; its unit runs again")
        for title, files in released.items():
            self.warn(f"{title}: done again as far as needed, {files:,} files of it were released")
        for (number, _, _), marker in back.items():
            phase = self.phases[number]
            if not released:
                self.state.spoiled.add((phase.name, marker.unit))
            self.state.let_go -= {(phase.name, role) for role in marker.files}
            drop_marker(self.state.home_of(phase), phase.name, marker.name())
            for path in _paths(marker):
                store.delete(store.join(self.state.folder, path))
        return min(number for number, _, _ in back)


def _paths(marker: Marker) -> list[str]:
    return [DataFile.of(marker, role).path for role in marker.files]
