"""The command `new`: a first job for files that somebody has."""

from __future__ import annotations

import os
import re
from typing import Annotated

import typer

from cleaner.cli.app import app
from cleaner.cli.output import say, tell
from cleaner.errors import JobError


@app.command()
def new(
    files: Annotated[list[str], typer.Argument(help="paths or globs, as in a job's input")],
    out: Annotated[str, typer.Option(help="the job file to write")] = "job.yaml",
    name: Annotated[str | None, typer.Option(help="of the run; default: of the job file")] = None,
    text: Annotated[str | None, typer.Option(help="the column with the text")] = None,
    html: Annotated[str | None, typer.Option(help="the column with the page")] = None,
    languages: Annotated[
        str | None, typer.Option(help="to keep, as zh,en; default: those that are found")
    ] = None,
    math: Annotated[bool, typer.Option("--math", help="keep pages with mathematics")] = False,
) -> None:
    """Look at files, and write a first job for them."""
    from cleaner.config.display import share_text
    from cleaner.job.guess_columns import entry_for
    from cleaner.job.job_file import load_job
    from cleaner.job.proposed import kept_languages, languages_in, written

    if os.path.exists(out):
        raise JobError(f"--out {out}: is there already; name another")
    entry = entry_for(files, html, text)
    say("reads " + ", ".join(f"{key}: {value}" for key, value in entry.items() if key != "paths"))
    if languages is None:
        shares = languages_in(entry)
        told = ", ".join(f"{lang} {share_text(share, 1)}" for lang, share in shares.items())
        say(f"languages of the first documents: {told or 'none'}")
        keep = kept_languages(shares)
    else:
        keep = [one.strip() for one in languages.split(",") if one.strip()]
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", os.path.splitext(os.path.basename(out))[0])
    page = written(name or stem.lstrip("._-") or "job", entry, keep, math)
    with open(out, "x", encoding="utf-8") as file:
        file.write(page)
    try:
        load_job(out)
    except JobError:
        os.remove(out)
        raise
    tell(page, end="")
    say(f"written to {out}; next: cleaner plan {out}")
