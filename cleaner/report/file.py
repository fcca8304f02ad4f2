"""The report of a run, written."""

from cleaner.report.gather import gather
from cleaner.report.page import render
from cleaner.results.finished import Run
from cleaner.storage import store
from cleaner.storage.run_folder import REPORT, RunFolder


def write_report(run: Run, path: str | None = None, texts: bool = True) -> str:
    """Write the report of a finished run, whole or not at all; return where.

    `path`: another file than `report.html` in the run folder. Without `texts` no word of any page
    is in it.
    """
    where = path or RunFolder(run.path).at(REPORT)
    store.write_whole(where, render(gather(run, texts=texts)).encode())
    return where
