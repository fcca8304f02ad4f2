"""What a run asks of the storage under it, tried one after another in a folder of its own."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from cleaner.errors import CleanerError, StorageError
from cleaner.storage import store

_LARGE = 20 << 20  # bytes; an object store takes them in parts
_AT_ONCE = 8


def probe(folder: str) -> Iterator[tuple[str, str | None]]:
    """Yield what is tried, each with what is wrong with it, or None."""
    place = store.join(folder, f".cleaner-probe-{secrets.token_hex(4)}")
    tries: dict[str, Callable[[str], None]] = {
        "write and read": _write_and_read,
        "put if absent": _put_if_absent,
        "list after write": _list_after_write,
        "read a range": _read_a_range,
        "write in parts": _write_in_parts,
        "move": _move,
        "delete": _delete,
    }
    try:
        for name, act in tries.items():
            yield name, _fault(act, place)
    finally:
        _fault(store.delete_folder, place)


def _fault(act: Callable[[str], None], place: str) -> str | None:
    try:
        act(place)
    except (CleanerError, OSError) as error:
        return str(error).split("\n", 1)[0]
    return None


def _must(good: bool, wrong: str) -> None:
    if not good:
        raise StorageError(wrong)


def _write_and_read(place: str) -> None:
    path = store.join(place, "a b/ü%")
    for data in (b"first", b"second"):
        store.write_whole(path, data)
        _must(store.read_bytes(path) == data, "what was written is not what is read")


def _put_if_absent(place: str) -> None:
    path = store.join(place, "marker")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        won = list(pool.map(lambda n: store.put_if_absent(path, b"%d" % n), range(_AT_ONCE)))
    _must(
        won.count(True) == 1,
        f"{won.count(True)} of {_AT_ONCE} at the same moment are told that they were the first",
    )
    _must(store.read_bytes(path) == b"%d" % won.index(True), "the first was written over")
    _must(not store.put_if_absent(path, b"late"), "what is there is written over")


def _list_after_write(place: str) -> None:
    names = [f"{n}" for n in range(3)]
    for name in names:
        store.write_whole(store.join(place, "list", name), b"")
    _must(store.names(store.join(place, "list")) == names, "what was written is not listed")
    _must("list" in store.folders(place), "a folder is not listed")


def _read_a_range(place: str) -> None:
    path = store.join(place, "range")
    data = bytes(range(256)) * 4096
    store.write_whole(path, data)
    with store.open_input(path) as file:
        _must(file.size() == len(data), "a file has another size than was written")
        _must(file.read_at(1000, 70_001) == data[70_001:71_001], "a range has other bytes")


def _write_in_parts(place: str) -> None:
    path = store.join(place, "large")
    data = secrets.token_bytes(_LARGE)
    with store.open_output(path) as sink:
        sink.write(data)
    _must(store.read_bytes(path) == data, "a large file has other bytes than were written")


def _move(place: str) -> None:
    one, other = store.join(place, "one"), store.join(place, "other")
    store.write_whole(one, b"moved")
    _must(store.move(one, other), "a file that was written is not there")
    _must(store.read_bytes(other) == b"moved", "a file that was moved has other bytes")
    _must(not store.exists(one), "a file that was moved is still there")


def _delete(place: str) -> None:
    path = store.join(place, "gone")
    store.write_whole(path, b"")
    store.delete(path)
    _must(not store.exists(path), "a file that was deleted is still there")
    store.delete_folder(place)
    _must(not store.below(place, deep=True), "a folder that was deleted is still there")
