"""Commands that make a run: run, plan, status, stop, gc, submit, doctor."""

from __future__ import annotations

import functools
import os
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from cleaner.cli.app import (
    FreshOption,
    JobArgument,
    JsonOption,
    NoPluginsOption,
    ReplaceOption,
    ReuseOption,
    RunArgument,
    SetOption,
    app,
)
from cleaner.cli.output import emit, say, say_json, show, tell, tell_shards, tell_wrapped
from cleaner.cli.stats import funnel
from cleaner.config.display import size_text, time_text
from cleaner.errors import JobError

if TYPE_CHECKING:
    from cleaner.job.plan import Plan
    from cleaner.runs.engine import Engine

P = ParamSpec("P")


def stoppable(command: Callable[P, None]) -> Callable[P, None]:
    """Make a command end in order on SIGTERM and Ctrl-C, whenever they come, and say how to go on.

    Once it has begun to end, nothing that comes later changes its exit code.
    """

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        from cleaner.runs.interrupts import Listener, Stopped

        listener = Listener(_how_to_continue)
        try:
            command(*args, **kwargs)
        except (KeyboardInterrupt, Stopped):
            listener.over()
            listener.end()
        except Exception:
            # Ray's processes may have been told to end before we were.
            if listener.heard is None:
                raise
            listener.over()
            listener.end()
        finally:
            listener.over()

    return wrapper


def _how_to_continue() -> None:
    again = shlex.join(["cleaner", *sys.argv[1:]])
    say(f"stopped; everything committed is kept. To continue: {again}")


def known_engine(name: str) -> Engine:
    """Return an engine by its name; JobError for one that is none."""
    engines: dict[str, Engine] = {"ray": "ray", "inline": "inline"}
    if name not in engines:
        raise JobError(f"--engine {name}: unknown engine; available: {', '.join(engines)}")
    return engines[name]


@app.command()
@stoppable
def run(
    job: JobArgument,
    out: Annotated[str | None, typer.Option(help="the run folder; default runs/NAME")] = None,
    settings: SetOption = None,
    no_plugins: NoPluginsOption = False,
    address: Annotated[str | None, typer.Option(help="a Ray cluster to join")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="tasks at once")] = None,
    engine: Annotated[str, typer.Option(help="ray, or inline: in this process")] = "ray",
    sample: Annotated[
        int | None, typer.Option(min=1, help="only N documents, in a folder of their own")
    ] = None,
    replace: ReplaceOption = False,
    fresh: FreshOption = False,
    accept_alarm: Annotated[
        list[str] | None, typer.Option(help="go on although this alarm was raised")
    ] = None,
    reuse: ReuseOption = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="messages, and OUT/_work/run.log, as JSON lines")
    ] = False,
    metrics: Annotated[
        str | None, typer.Option(metavar="FILE", help="where the run stands, for Prometheus")
    ] = None,
    notify: Annotated[
        str | None, typer.Option(metavar="CMD", help="called at the end, an alarm or a failure")
    ] = None,
) -> None:
    """Run a job, or continue it after any interruption."""
    from cleaner.cli.listeners import watched
    from cleaner.cli.progress import shown
    from cleaner.job.job_file import load_job, run_of
    from cleaner.job.plan import make_plan
    from cleaner.runs.driver import run_plan
    from cleaner.runs.forecast import forecast, sampled

    say_json(log_json)
    chosen = known_engine(engine)
    loaded = load_job(job, settings or [], other_stages=not no_plugins)
    usual = f"runs/{loaded.name}{f'-sample-{sample}' if sample else ''}"
    folder = out or run_of(job) or usual
    whole = plan = make_plan(loaded, out=folder, reuse=reuse or [])
    if sample:
        plan = sampled(whole, sample)
    if chosen == "ray" and workers is None and not (address or "RAY_ADDRESS" in os.environ):
        workers = _workers(plan)
    with (
        shown(sys.stderr, log_json) as progress,
        watched(progress, folder, metrics, notify) as watching,
    ):
        manifest = run_plan(
            plan,
            folder,
            engine=chosen,
            address=address,
            workers=workers,
            report=watching.report,
            warn=watching.warn,
            note=progress.note,
            accept_alarms=accept_alarm or [],
            replace=replace,
            fresh=fresh,
            reuse=reuse or [],
            log_json=log_json,
        )
        watching.finished(manifest)
    from cleaner.results.finished import open_run

    funnel(open_run(folder))
    rows = manifest["rows"]
    tell(
        f"\nin {rows['in']:,} = kept {rows['kept']:,} + dropped {rows['dropped']:,} "
        f"+ failed {rows['failed']:,}"
    )
    tell_shards(folder, manifest["outputs"])
    if sample:
        tell()
        show(forecast(whole, manifest))


def _workers(plan: Any) -> int | None:
    """Return fewer workers than cores where the memory does not bear more, and say so."""
    from cleaner.runs.resources import machine_memory, workers_that_fit

    cores, memory = os.cpu_count() or 1, machine_memory()
    if (fitting := workers_that_fit(plan, memory, cores)) == cores:
        return None
    say(
        f"using {fitting} of {cores} cores: a task takes about "
        f"{size_text(plan.task_memory)}, and there are {size_text(memory)} (--workers overrides)"
    )
    return fitting


@app.command()
def plan(
    job: JobArgument,
    settings: SetOption = None,
    no_plugins: NoPluginsOption = False,
    out: Annotated[str | None, typer.Option(help="the run folder; default runs/NAME")] = None,
    reuse: ReuseOption = None,
    as_json: JsonOption = False,
    documents: Annotated[
        int, typer.Option("--forecast", min=0, help="documents the forecast tries; 0: none")
    ] = 500,
    price: Annotated[
        list[str] | None,
        typer.Option(help="default, or NAME=MONEY: core_hour, thousand_puts, …; repeatable"),
    ] = None,
) -> None:
    """Show the job, its phases and a forecast; change nothing."""
    from cleaner.job.job_file import load_job, run_of
    from cleaner.job.plan import make_plan
    from cleaner.runs.driver import describe
    from cleaner.runs.forecast import try_out
    from cleaner.runs.prices import prices
    from cleaner.runs.resources import needs

    loaded = load_job(job, settings or [], other_stages=not no_plugins)
    folder = out or run_of(job) or f"runs/{loaded.name}"
    made = make_plan(loaded, out=folder, reuse=reuse or [])
    about = {**describe(made), **needs(made, folder)}
    about["resolved"] = made.job.resolved()
    about["reuse"] = _foreseen(made, folder, reuse or [])
    asked = prices(price) if price else None
    tried = try_out(made, documents, asked) if documents else None
    if tried is not None:
        about["needs"] = tried.needs
        about |= {"forecast": tried.rows, "funnel": tried.stats["stages"], "advice": tried.notes}
    if as_json:
        emit(about)
        return
    rows = f"about {about['rows']:,}"
    tell(f"{made.job.name}: {about['files']:,} files, {size_text(made.bytes)}, {rows} rows")
    for bad in made.failed:
        tell(f"not readable: {bad.error}")
    tell(f"{about['units']:,} units of at most {size_text(made.unit_bytes)} uncompressed")
    free = about["disk_free"]
    beside = "" if free is None else f"; {size_text(free)} are free there"
    tell(f"disk: up to about {size_text(about['disk_needed'])} in {folder}{beside}")
    if about["disk_replaced"]:
        tell(
            f"disk: with --replace, beside the {size_text(about['disk_replaced'])} of the finished "
            "run, which stays until the new one is complete"
        )
    tell(
        f"memory: about {size_text(about['task_memory'])} a worker; {about['workers']} at once on "
        f"a machine like this, of {size_text(about['memory'])}\n"
    )
    for number, phase in enumerate(about["phases"]):
        tell(f"phase {number}: " + (" -> ".join(phase["map"]) or "apply verdicts"))
        for signals in phase["measures"]:
            tell(f"  measures {', '.join(signals)}")
        tell(f"  then {phase['then']}{_policy(made, number)}")
    if about["reuse"]:
        tell()
        show(about["reuse"], spare=("why not the rest",))
    tell(f"\nshards: {', '.join(about['shard_columns'])}")
    for note in made.notes:
        tell(f"note: {note}")
    if tried is not None:
        tell()
        show(tried.rows)
        tell(f"\nof a sample of {tried.stats['rows']['in']:,} documents:")
        funnel(tried)
        for advice in tried.notes:
            tell_wrapped(f"warning: {advice}")


def _foreseen(made: Plan, folder: str, reuse: list[str]) -> list[dict[str, Any]]:
    """Return what is taken from earlier runs, phase by phase; nothing where there is none."""
    from cleaner.runs.reuse import check_earlier, holds_work
    from cleaner.runs.reuse_forecast import BEFORE, foresee

    for said in check_earlier(reuse, folder):
        say(f"warning: {said}")
    if not any(map(holds_work, (folder, *reuse))):
        return []
    return [
        {
            "phase": one.title,
            "units": one.units,
            "taken": one.taken,
            "judged again": one.again,
            "why not the rest": "; ".join(one.why),
        }
        for one in foresee(made, [folder, *reuse])
        if one.why != (BEFORE,)
    ]


def _policy(made: Plan, number: int) -> str:
    then, across = made.maps[number].then, made.maps[number].across
    if then is None or across is None:
        return ""
    stays = across.stays()
    told = [stays] if stays else []
    told += [
        f"against {index.run}, {index.rows:,} rows of {index.stage}"
        for index in made.indexes.get(then.index, ())
    ]
    return f" ({'; '.join(told)})" if told else ""


@app.command()
def status(path: RunArgument, as_json: JsonOption = False) -> None:
    """Say where a run stands."""
    from cleaner.runs.status import in_words, read_progress
    from cleaner.storage.run_folder import RunFolder

    if not RunFolder(path).is_ours():
        raise JobError(f"{path}: not a run folder: no run was begun in it")
    done, said = RunFolder(path).manifest(), read_progress(path)
    about = {"finished": done is not None, **(said or {})}
    if done is not None:
        about["rows"] = done["rows"]
    if as_json:
        emit(about)
        return
    if done is not None:
        rows = done["rows"]
        tell("finished: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()))
    if said is not None and (done is None or said["identity"] != done["identity"]):
        tell_wrapped(f"{'' if done is None else 'a replacement, '}{in_words(said)}")
        if said["phase"]:
            _where(said)
    elif done is None:
        tell("not started")


def _where(said: dict[str, Any]) -> None:
    """Print the phase under way, the time left, and the units that have gone on for longest."""
    from cleaner.runs.run_log import left_text

    tell_wrapped(
        f"phase {said['number'] + 1} of {said['phases']} ({said['title']}), "
        f"{said['units_done']:,} of {said['units']:,} units, "
        f"{said['documents']:,} documents"
    )
    if said["state"] != "running":
        return
    if (left := said.get("seconds_left")) is not None:
        whole = said.get("run_seconds_left")
        run = "" if whole is None else f", the run about {left_text(whole)}"
        tell(f"left: this phase {left_text(left)}{run}")
    if retries := {cause: n for cause, n in said.get("retries", {}).items() if n}:
        told = ", ".join(f"{cause} {count:,}" for cause, count in retries.items())
        tell(f"attempts that died: {told}; {said['lost_seconds'] / 3600:.2f} worker-hours lost")
    units = said.get("under_way", [])
    if units:
        tell()
        show(
            [
                {"oldest units": u["unit"], "for": time_text(u["seconds"]), "node": u["node"],
                 "file": u["file"]}
                for u in units
            ],
            spare=("file",),
        )  # fmt: skip


@app.command()
def stop(path: RunArgument) -> None:
    """End a run in order; the same command continues it."""
    from cleaner.runs.status import read_progress
    from cleaner.runs.stop import STOP_FILE
    from cleaner.storage import store
    from cleaner.storage.run_folder import RunFolder

    if not RunFolder(path).is_ours():
        raise JobError(f"{path}: not a run folder: no run was begun in it")
    done, said = RunFolder(path).manifest(), read_progress(path)
    if done is not None and (said is None or said["identity"] == done["identity"]):
        tell("finished already")
        return
    store.write_whole(store.join(path, STOP_FILE), b"stop\n")
    tell("asked to stop; it ends within seconds")


@app.command()
def gc(
    path: RunArgument,
    keep_reuse: Annotated[
        bool, typer.Option("--keep-reuse", help="leave what a later run may take")
    ] = False,
) -> None:
    """Remove the intermediate results of a finished run.

    A replacement that was given up goes too. A later run can then take nothing from this one with
    --reuse, unless --keep-reuse leaves what that needs: what the finished job computed, and nothing
    of jobs before it. Its shards, ledger and index stay.
    """
    from cleaner.results.finished import open_run
    from cleaner.runs.release import read_released
    from cleaner.runs.reuse import holds_work, needed
    from cleaner.runs.status import read_progress
    from cleaner.storage.run_folder import RunFolder

    done = open_run(path).manifest  # an unfinished run needs them
    said = read_progress(path)
    if said is not None and said["state"] == "running" and said["identity"] != done["identity"]:
        raise JobError(f"{path}: it is being replaced; end that first: cleaner stop {path}")
    folder = RunFolder(path)
    reusable = holds_work(path)
    keep = needed(path, done) if keep_reuse else set()
    size = folder.remove_work(keep) + sum(one.remove() for one in folder.replacements())
    tell(f"removed {size_text(size)} of intermediate results")
    left = size_text(folder.work_bytes())
    if keep and read_released(path):
        tell_wrapped(
            f"left {left}, by which --replace does less in this folder; texts went with "
            f"keep_text: false, so --reuse {path} finds little to take"
        )
    elif keep:
        tell(f"left {left}, by which a later run with --reuse {path} measures nothing twice")
    elif reusable:
        tell_wrapped(
            f"a later run with --reuse {path} can take nothing from it now: it reads, measures and "
            "scores every document again (gc --keep-reuse leaves what it needs)"
        )


@app.command()
def submit(
    job: JobArgument,
    address: Annotated[str, typer.Option(help="the dashboard of a Ray head, http://head:8265")],
    settings: SetOption = None,
    out: Annotated[str | None, typer.Option(help="the run folder, on shared storage")] = None,
    replace: ReplaceOption = False,
    fresh: FreshOption = False,
    wait: Annotated[bool, typer.Option(help="follow it to its end")] = True,
) -> None:
    """Run a job on a cluster through the Ray Jobs API.

    Submitting it again continues it.
    """
    from cleaner.runs import submit as jobs

    args = [word for setting in settings or [] for word in ("--set", setting)]
    args += ["--out", out] if out else []
    args += ["--replace"] * replace + ["--fresh"] * fresh
    started = jobs.submit(job, address, args)
    say(f"submitted as {started.submission}")
    if not wait:
        return
    ended = jobs.wait(address, started.submission, lambda text: tell(text, end=""))
    say(f"{ended.state}: {ended.message}")
    if ended.state != "SUCCEEDED":
        raise typer.Exit(3)


@app.command()
def doctor(
    path: Annotated[
        str | None, typer.Argument(help="a folder to try as storage, local or s3://…")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check this installation; exit 3 when something is wrong."""
    from cleaner.runs.doctor import examine

    found = examine(path)
    rows = [
        {"check": one.name, "": "ok" if one.good else "WRONG", "found": one.found} for one in found
    ]
    emit(rows) if as_json else show(rows)
    if not all(one.good for one in found):
        raise typer.Exit(3)
