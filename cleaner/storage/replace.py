"""A replacement of a finished run: made beside it, and swapped in once it is whole.

It lies in `OUT/_next/<identity>` and is whole with its own manifest. From then on it is swapped in:
the old manifest goes, its files move, the new manifest comes, `_next` goes. Each step may be done
twice, so that whoever comes after a kill begins again with the first.
"""

from cleaner.storage import store
from cleaner.storage.commits import drop_untrue, failpoint
from cleaner.storage.run_folder import (
    CARD,
    FRESH,
    MANIFEST,
    NEXT,
    RECORDS,
    WORK,
    RunFolder,
    named_by,
)


def next_place(identity: str) -> str:
    """Return where the replacement by a run of this identity is made, below the run folder."""
    return f"{NEXT}/{identity}"


def swapping(folder: RunFolder) -> str | None:
    """Say so when a replacement is whole and not yet swapped in; None otherwise."""
    if not folder.whole():
        return None
    return f"{folder.path}: a replacement is being swapped in; any cleaner run here completes it"


def complete_swap(folder: RunFolder) -> str | None:
    """Swap in what is whole; return the identity of the run that is now here, if one was."""
    for made in folder.whole():
        swap(folder, made)
        return folder.identity()
    return None


def swap(folder: RunFolder, made: RunFolder) -> None:
    """Put a whole replacement in the place of what is in a run folder."""
    manifest = made.manifest()
    if manifest is None:
        return  # another process was faster
    files = [file["path"] for file in named_by(manifest)]
    _step(MANIFEST)
    store.delete(folder.at(MANIFEST))
    for path in files:
        if path not in RECORDS:
            _step(path)
            store.move(made.at(path), folder.at(path))
    _step("stale")
    folder.remove_products(files)
    _step(WORK)
    _move_work(folder, made)
    for path in (*RECORDS, CARD):
        _step(path)
        store.move(made.at(path), folder.at(path))
    _step("whole")
    store.move(made.at(MANIFEST), folder.at(MANIFEST))
    _step(NEXT)
    for one in folder.replacements():
        one.remove()
    if not store.below(folder.at(NEXT), deep=True):
        store.delete_folder(folder.at(NEXT))


def _move_work(folder: RunFolder, made: RunFolder) -> None:
    """Move intermediate results to where a later run takes them from, the markers last.

    What the old run committed goes as far as its products went; all of it, when begun afresh.
    """
    moving = [file.path for file in store.below(made.at(WORK), deep=True) if "/" in file.path]
    if moving and store.exists(made.at(FRESH)):
        folder.remove_work()
    else:
        drop_untrue(folder.path)
    for path in sorted(moving, key=lambda path: ("/_commits/" in path, path)):
        if not path.rsplit("/", 1)[-1].startswith(".tmp-"):
            store.move(made.at(WORK, path), folder.at(WORK, path))


def _step(name: str) -> None:
    failpoint("swap", name, "data")
