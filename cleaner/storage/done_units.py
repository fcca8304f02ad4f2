"""What stands of the units of a phase: committed under their keys, and there."""

from collections.abc import Callable, Collection, Iterable, Mapping

from cleaner.storage import store
from cleaner.storage.commits import Marker, committed, drop_marker, read_markers
from cleaner.storage.run_folder import missing
from cleaner.storage.segments import Segments, read_segments

Found = dict[str, dict[int, Marker]]  # unit -> part -> marker


def valid_markers(
    folder: str,
    phase: str,
    keys: Mapping[str, str],
    place: str,
    warn: Callable[[str], None],
    released: Collection[str] = (),
) -> Found:
    """Return what is committed of units under their keys and is there.

    A marker that is torn, or names what is not there with its size, is dropped, with a word; but
    files of roles that were released need not be there.
    """
    good, bad, single = _looked_through(folder, phase, keys, place, released)
    for name, wrong in bad:
        warn(f"{phase}: {wrong} is missing or truncated; its unit runs again")
        drop_marker(folder, phase, name)
    found: Found = {unit: {} for unit in keys}
    with Segments(folder, phase) as segments:
        for marker in good:
            found[marker.unit][marker.part] = marker
            if marker.name() in single:
                segments.add([marker])
    return found


def markers_of(
    folder: str, phase: str, keys: Mapping[str, str], released: Collection[str] = ()
) -> Found:
    """Return the same of another run, in which nothing is changed."""
    good, _, _ = _looked_through(folder, phase, keys, "", released)
    found: Found = {}
    for marker in good:
        found.setdefault(marker.unit, {})[marker.part] = marker
    return found


def _looked_through(
    folder: str, phase: str, keys: Mapping[str, str], place: str, released: Collection[str] = ()
) -> tuple[list[Marker], list[tuple[str, str]], set[str]]:
    """Return the markers of some units that are valid; those that are not, each with what is wrong.

    Last the names of those that stand in no segment.
    """
    have = committed(folder, phase)
    names = [name for unit, key in keys.items() for name, _ in have.get((unit, key), {}).values()]
    copied = read_segments(folder, phase, set(names), place)
    alone = [name for name in names if name not in copied]
    read: dict[str, Marker | None] = dict(
        zip(alone, read_markers(folder, phase, alone, place), strict=True)
    )
    # Listed after the markers were: whoever commits writes what a marker names before it.
    known = [marker for marker in (*copied.values(), *read.values()) if marker is not None]
    there = _there(folder, phase, known)
    # A copy may be of a marker that has been made again since.
    again = [name for name, marker in copied.items() if _gone(marker, there, released)]
    read |= zip(again, read_markers(folder, phase, again, place), strict=True)
    good, bad = [], []
    for name in names:
        marker = read[name] if name in read else copied[name]
        wrong = [name] if marker is None else _gone(marker, there, released)
        if marker is None or wrong:
            bad.append((name, wrong[0]))
        else:
            good.append(marker)
    return good, bad, set(read)


def _gone(marker: Marker, there: Mapping[str, int], released: Collection[str]) -> list[str]:
    """Return what a marker names and is not there with its size, though it should be."""
    files = [file for role, file in marker.files.items() if role not in released]
    return missing([*files, *marker.products], there)


def _there(folder: str, phase: str, markers: Iterable[Marker]) -> dict[str, int]:
    """Return the files of a phase, path below `folder` -> bytes, with the products it wrote."""
    places = {file["path"].rpartition("/")[0] for one in markers for file in one.products}
    found = {}
    for place in (f"_work/{phase}/data", *sorted(places)):
        for file in store.below(store.join(folder, place)):
            found[f"{place}/{file.path}"] = file.size
    return found
