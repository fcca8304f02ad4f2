"""The report of a run, written."""

from cleaner.report.gather import gather
from cleaner.report.page import render
from cleaner.report.running import so_far
from cleaner.results.finished import Run
from cleaner.results.unfinished import unfinished
from cleaner.storage import store
from cleaner.storage.run_folder import REPORT, RunFolder


def write_report(run: Run, path: str | None = None, texts: bool = True) -> str:
    """Write the report of a run, whole or not at all; return where.

    Of one that has not finished it tells what its phases have done so far.
    `path`: another file than `report.html` in the run folder. Without `texts` no word of any page
    is in it.
    """
    where = path or RunFolder(run.path).at(REPORT)
    said = unfinished(run.path)
    contents = gather(run, texts=texts) if said is None else so_far(run.path, said)
    store.write_whole(where, render(contents).encode())
    return where
