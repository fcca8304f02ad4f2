"""The command line: the only module that prints or exits.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done, 1 a defect of ours,
2 the job or command is wrong, 3 the input or storage failed, 4 an alarm or the account stopped,
130 and 143 a run was stopped by Ctrl-C (or `cleaner stop`) and by SIGTERM: it can be continued.
"""

from __future__ import annotations

import functools
import io
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from cleaner.config.display import escaped, size_text, visible
from cleaner.errors import CleanerError, JobError, StorageError
from cleaner.storage.shortages import filename, is_shortage, told

if TYPE_CHECKING:
    from cleaner.results.finished import Explanation, Limit, Run

P = ParamSpec("P")

app = typer.Typer(
    name="cleaner",
    help="Distil a raw web corpus into a training subset, with every row accounted for.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

JobArgument = Annotated[str, typer.Argument(help="the job file, or shipped:jobs/NAME.yaml")]
RunArgument = Annotated[str, typer.Argument(help="a run folder")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="K=V", help="override a key, as in language.min_score=0.6"),
]
ReplaceOption = Annotated[
    bool,
    typer.Option("--replace", help="put this run in the place of a finished one, once it is whole"),
]
FreshOption = Annotated[
    bool,
    typer.Option("--fresh", help="as --replace, and use nothing of what was computed before"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]


def say(message: str) -> None:
    """Print a message for a person on stderr."""
    print(visible(message), file=sys.stderr, flush=True)


def tell(text: str = "", end: str = "\n") -> None:
    """Print a line of a result on stdout; what a corpus holds does not command the terminal."""
    print(visible(text), end=end, flush=True)


def show(rows: list[dict[str, Any]], columns: list[str] | None = None) -> None:
    """Print rows as a plain table on stdout: numbers right, words left."""
    if not rows:
        return
    names = columns or list(rows[0])
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    right = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    widths = [max(_width(line[i]) for line in [names, *cells]) for i in range(len(names))]
    for line in [names, *cells]:
        padded = [
            " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        tell("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("\n", " ")


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _emit(value: Any) -> None:
    text = escaped(json.dumps(value, ensure_ascii=False, indent=1, default=str))
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # in JSON only its own escapes will do
        text = json.dumps(value, indent=1, default=str)
    print(text)


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


@app.command()
@stoppable
def run(
    job: JobArgument,
    out: Annotated[str | None, typer.Option(help="the run folder; default runs/NAME")] = None,
    settings: SetOption = None,
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
    reuse: Annotated[list[str] | None, typer.Option(help="not built yet")] = None,
) -> None:
    """Run a job, or continue it; the same command after any interruption."""
    from cleaner.cli.progress import shown
    from cleaner.job.job_file import load_job
    from cleaner.job.plan import make_plan
    from cleaner.runs.driver import run_plan
    from cleaner.runs.forecast import forecast, sampled
    from cleaner.storage import store

    if engine not in ("ray", "inline"):
        raise JobError(f"--engine {engine}: unknown engine; there are: ray, inline")
    if reuse:
        raise JobError("--reuse is not built yet")
    loaded = load_job(job, settings or [])
    folder = out or f"runs/{loaded.name}{f'-sample-{sample}' if sample else ''}"
    whole = plan = make_plan(loaded, out=folder)
    if sample:
        plan = sampled(whole, sample)
    for note in plan.notes:
        say(note)
    if engine == "ray" and workers is None and not (address or "RAY_ADDRESS" in os.environ):
        workers = _workers(plan)
    with shown(sys.stderr) as progress:
        manifest = run_plan(
            plan,
            folder,
            engine=engine,  # type: ignore[arg-type]
            address=address,
            workers=workers,
            report=progress.report,
            warn=progress.warn,
            note=progress.note,
            accept_alarms=accept_alarm or [],
            replace=replace,
            fresh=fresh,
        )
    from cleaner.results.finished import open_run

    _funnel(open_run(folder))
    rows = manifest["rows"]
    tell(
        f"\nin {rows['in']:,} = kept {rows['kept']:,} + dropped {rows['dropped']:,} "
        f"+ failed {rows['failed']:,}"
    )
    tell(f"{len(manifest['outputs'])} shards in {store.join(folder, 'shards')}")
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
        f"{fitting} of {cores} cores work at once: a task takes about "
        f"{size_text(plan.task_memory)}, and there are {size_text(memory)} (--workers overrides)"
    )
    return fitting


@app.command()
def plan(
    job: JobArgument,
    settings: SetOption = None,
    out: Annotated[str | None, typer.Option(help="the run folder; default runs/NAME")] = None,
    as_json: JsonOption = False,
    documents: Annotated[
        int, typer.Option("--forecast", min=0, help="documents the forecast tries; 0: none")
    ] = 500,
    price: Annotated[float | None, typer.Option(help="money per core-hour")] = None,
) -> None:
    """Show the resolved job, its phases and units, and a forecast; touches nothing."""
    from cleaner.job.job_file import load_job
    from cleaner.job.plan import make_plan
    from cleaner.runs.driver import describe
    from cleaner.runs.forecast import try_out
    from cleaner.runs.resources import needs

    loaded = load_job(job, settings or [])
    folder = out or f"runs/{loaded.name}"
    made = make_plan(loaded, out=folder)
    about = {**describe(made), **needs(made, folder)}
    about["resolved"] = made.job.resolved()
    if documents:
        about["forecast"] = try_out(made, documents, price)
    if as_json:
        _emit(about)
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
            f"disk: with --replace beside the {size_text(about['disk_replaced'])} of the finished "
            "run there, which stays until this one is whole"
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
    tell(f"\nshards: {', '.join(about['shard_columns'])}")
    for note in made.notes:
        tell(f"note: {note}")
    if documents:
        tell()
        show(about["forecast"])


def _policy(made: Any, number: int) -> str:
    then = made.maps[number].then
    if then is None:
        return ""
    keep, best = (getattr(then.stage, name, None) for name in ("keep", "best_by"))
    told = [f"keeps the {keep}{f' by {best}' if best else ''}"] if keep else []
    told += [
        f"against {index.run}, {index.rows:,} rows of {index.stage}"
        for index in made.indexes.get(then.index, ())
    ]
    return f" ({'; '.join(told)})" if told else ""


@app.command()
def status(path: RunArgument, as_json: JsonOption = False) -> None:
    """Say where a run stands."""
    from cleaner.runs.driver import finished
    from cleaner.runs.status import read_progress
    from cleaner.storage.run_folder import RunFolder

    if not RunFolder(path).is_ours():
        raise JobError(f"{path}: not a run folder: no run was begun in it")
    done = finished(path)
    about = {"finished": done is not None, **(read_progress(path) or {})}
    if done is not None:
        about["rows"] = done["rows"]
    if as_json:
        _emit(about)
    elif done is not None:
        rows = done["rows"]
        tell("finished: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()))
    if about.get("identity") not in (None, done and done["identity"]):
        beside = "" if done is None else "a replacement, "
        tell(
            f"{beside}{about['state']}: phase {about['number'] + 1} of {about['phases']} "
            f"({about['title']}), {about['units_done']:,} of {about['units']:,} units, "
            f"{about['documents']:,} documents"
        )
    elif done is None:
        tell("not started")


@app.command()
def stop(path: RunArgument) -> None:
    """End a run so that the same command continues it."""
    from cleaner.runs.driver import finished
    from cleaner.runs.status import read_progress
    from cleaner.runs.stop import STOP_FILE
    from cleaner.storage import store
    from cleaner.storage.run_folder import RunFolder

    if not RunFolder(path).is_ours():
        raise JobError(f"{path}: not a run folder: no run was begun in it")
    done, said = finished(path), read_progress(path)
    if done is not None and (said is None or said["identity"] == done["identity"]):
        tell("finished already")
        return
    store.write_whole(store.join(path, STOP_FILE), b"stop\n")
    tell("asked to stop; it ends within seconds")


@app.command()
def stats(path: RunArgument, as_json: JsonOption = False) -> None:
    """Print the funnel, the per-rule table, and what the search for duplicates found."""
    from cleaner.results.finished import open_run, tables

    opened = open_run(path)
    if as_json:
        _emit(opened.stats)
        return
    _funnel(opened)
    if opened.stats["rules"]:
        tell()
        show(opened.rules().to_dicts())
    for label in ("sources", "languages"):
        rows = [{label[:-1]: name or "(none)", **row} for name, row in opened.stats[label].items()]
        if len(rows) > 1:
            tell()
            show(rows[:30])
    for heading, rows in tables(opened):
        tell(f"\n{heading}")
        show(rows)
    for bad in opened.stats["failed_files"]:
        say(f"not readable: {bad}")


def _funnel(opened: Run) -> None:
    rows = []
    for row in opened.stats["stages"]:
        if row["stage"] == "read" and not row["failed"]:
            continue
        reasons = sorted(row["reasons"].items(), key=lambda item: -item[1])
        rows.append(
            {
                "stage": row["stage"],
                "in": row["in"],
                "dropped": row["dropped"],
                "failed": row["failed"],
                "kept": row["kept"],
                "kept %": round(100 * row["kept"] / row["in"], 1) if row["in"] else None,
                "kept tokens": row["kept_tokens"],
                "why": ", ".join(f"{name} {count:,}" for name, count in reasons[:4]),
            }
        )
    show(rows or [{"stage": "(no stage)", "in": opened.stats["rows"]["in"]}])
    changed = [_cuts(row) for row in opened.stats["stages"] if _changes_texts(row)]
    if changed:
        tell()
        empty = {name for name in changed[0] if not any(row[name] for row in changed)}
        show(changed, [name for name in changed[0] if name not in empty])


def _changes_texts(row: Mapping[str, Any]) -> bool:
    return any(row.get(f"{what}_characters") for what in ("cut", "added"))


def _cuts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a stage cut from the documents that went on from it, and what it left."""
    told: dict[str, Any] = {"texts changed by": row["stage"], "documents cut": row["shortened"]}
    for unit, name in (("tokens", "words"), ("characters", "characters")):
        out, cut, added = (row[f"{what}_{unit}"] for what in ("kept", "cut", "added"))
        before = out + cut - added
        told |= {
            f"{name} in": before,
            f"{name} cut": cut,
            f"{name} added": added,
            f"{name} out": out,
            f"{name} cut %": round(100 * cut / before, 1) if before else None,
        }
    return told


@app.command()
def explain(
    path: RunArgument,
    document: Annotated[str, typer.Argument(help="an id, a url, PATH#ROW or FILE#ROW")],
    as_json: JsonOption = False,
) -> None:
    """Say what became of one document: its fate, every limit, its duplicate and Jaccard."""
    from dataclasses import asdict

    from cleaner.results.finished import explain as explained
    from cleaner.results.finished import open_run

    found = explained(open_run(path), document)
    if as_json:
        _emit([asdict(item) for item in found])
        return
    for number, item in enumerate(found):
        if number:
            tell()
        _explanation(item)


def _mark(limit: Limit) -> str:
    if limit.broken:
        return "BROKEN"
    # A stage with `on`, or one that the document never reached, judged nothing.
    return "not judged" if limit.margin is not None and limit.margin < 0 else ""


def _explanation(item: Explanation) -> None:
    from cleaner.results.finished import signals_of

    row = item.row
    tell(f"{row['id'] or ''} ({row['file']}#{row['row']}): {item.verdict}")
    for step in item.chain:
        tell(f"  its partner {step}")
    if item.limits:
        show(
            [
                {
                    "stage": limit.stage, "rule": limit.rule, "value": limit.value,
                    "kept if": limit.condition, "margin": limit.margin,
                    "": _mark(limit),
                }
                for limit in item.limits
            ]
        )  # fmt: skip
    judged = {limit.signal for limit in item.limits}
    rest = {k: v for k, v in signals_of(row).items() if k not in judged}
    if rest:
        tell("  ".join(f"{name}={_cell(value)}" for name, value in rest.items()))


@app.command()
def sample(
    path: RunArgument,
    stage: Annotated[
        str | None, typer.Option(help="dropped at this stage (index, name or both)")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="that broke this rule")] = None,
    near: Annotated[bool, typer.Option(help="nearest to the rule's limit")] = False,
    count: Annotated[int, typer.Option("-n", min=1)] = 10,
    seed: int = 0,
    diff: Annotated[
        bool, typer.Option("--diff", help="changed by this stage: what it cut of each text")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show documents kept, dropped, or near a threshold, with the beginning of their text.

    With --diff: documents that a stage changed, their lines before it and after it.
    """
    from cleaner.results.finished import open_run, sample_documents, verdict
    from cleaner.results.source_texts import texts_of

    opened = open_run(path)
    if diff:
        if stage is None or rule is not None or near:
            raise JobError("--diff: needs --stage, a stage that changes texts, and no --rule")
        _diffs(opened, stage, count, seed, as_json)
        return
    rows = sample_documents(opened, stage, rule, near, count, seed)
    texts = texts_of(opened, rows)
    if as_json:
        _emit([{**row, "text": text} for row, text in zip(rows.to_dicts(), texts, strict=True)])
        return
    for row, text in zip(rows.iter_rows(named=True), texts, strict=True):
        tell(f"{row['id'] or ''} ({row['file']}#{row['row']}): {verdict(opened, row)}")
        shown = " ".join((text or "(its input cannot be read any more)").split())
        tell(f"    {shown[:400]}{'…' if len(shown) > 400 else ''}")


def _diffs(opened: Run, stage: str, count: int, seed: int, as_json: bool) -> None:
    from cleaner.results.before_after import changed
    from cleaner.results.finished import verdict

    found = list(changed(opened, stage, count, seed))
    if as_json:
        _emit([{**one.row, "before": one.before, "after": one.after} for one in found])
        return
    if not found:
        say(f"{stage}: no document whose text it changed is there")
    for one in found:
        row = one.row
        tell(f"{row['id'] or ''} ({row['file']}#{row['row']}): {verdict(opened, row)}")
        for line in one.shown:
            tell(f"    {line}")
        tell()


@app.command()
def filters(
    name: Annotated[str | None, typer.Argument(help="a filter, or a path")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the filters, or print one as a table with its sources."""
    from cleaner.rules.rule_set import filter_names, load_rules

    if name is None:
        found = [load_rules(one) for one in filter_names()]
        rows = [
            {"filter": one.name, "rules": len(one.rules) + len(one.lines), "title": one.title}
            for one in found
        ]
        _emit(rows) if as_json else show(rows)
        return
    rules = load_rules(name)
    if as_json:
        _emit(rules.model_dump(mode="json"))
        return
    tell(rules.title)
    for source in rules.source:
        tell(f"source: {source.cite}{f' <{source.url}>' if source.url else ''}")
    if rules.unit != "word":
        tell(f"unit: {rules.unit}")
    tell()
    show(
        [
            {"rule": one.name, "kept if": one.keep, "note": one.note}
            for one in (*rules.rules, *rules.lines)
        ]
    )
    if rules.note:
        tell(f"\n{rules.note.strip()}")


@app.command()
def signals(as_json: JsonOption = False) -> None:
    """List every name that a rule may read, with its type and definition."""
    from cleaner.stages.marked import nameable

    rows = [
        {"signal": name, "type": str(kind()), "definition": about}
        for name, (kind, about) in nameable().items()
    ]
    _emit(rows) if as_json else show(rows)


@app.command()
def stages(as_json: JsonOption = False) -> None:
    """List every stage with its options."""
    from cleaner.stages import NOT_BUILT, STAGES

    rows = []
    for name, kind in STAGES.items():
        options = [field.alias or key for key, field in kind.model_fields.items()]
        about = (kind.__doc__ or "").strip().split("\n", 1)[0]
        rows.append({"stage": name, "does": about, "options": ", ".join(options)})
    if as_json:
        _emit(rows)
        return
    show(rows)
    tell(f"\nnot built yet: {', '.join(NOT_BUILT)}")


@app.command()
def doctor(
    path: Annotated[str | None, typer.Argument(help="a folder to try as storage")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong with this installation; exit 3 when something is."""
    from cleaner.runs.doctor import examine

    found = examine(path)
    rows = [
        {"check": one.name, "": "ok" if one.good else "WRONG", "found": one.found} for one in found
    ]
    _emit(rows) if as_json else show(rows)
    if not all(one.good for one in found):
        raise typer.Exit(3)


@app.command()
def gc(path: RunArgument) -> None:
    """Remove the intermediate results of a finished run, and a replacement that was given up."""
    from cleaner.results.finished import open_run
    from cleaner.runs.status import read_progress
    from cleaner.storage.run_folder import RunFolder

    done = open_run(path).manifest  # an unfinished run needs them
    said = read_progress(path)
    if said is not None and said["state"] == "running" and said["identity"] != done["identity"]:
        raise JobError(f"{path}: a replacement is being made there; end it: cleaner stop {path}")
    folder = RunFolder(path)
    size = folder.remove_work() + sum(one.remove() for one in folder.replacements())
    tell(f"removed {size_text(size)} of intermediate results")


@app.command()
def verify(path: RunArgument) -> None:
    """Re-read every shard and ledger file against the manifest."""
    from cleaner.results.finished import open_run
    from cleaner.results.finished import verify as verified

    opened = open_run(path)
    wrong = verified(opened)
    for line in wrong:
        tell(line)
    if wrong:
        raise typer.Exit(3)
    outputs = opened.manifest["outputs"]
    tell(f"{len(outputs)} shards, {sum(o['rows'] for o in outputs):,} rows: all as in the manifest")


@app.command()
def train(
    model: Annotated[str, typer.Argument(help="MODEL.yaml, as shipped:jobs/models/….yaml")],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train and evaluate a classifier; writes the model and its card."""
    from cleaner.models.training.model_spec import ModelSpec
    from cleaner.models.training.spec import read_spec
    from cleaner.models.training.train import train_model

    made = train_model(read_spec(model, ModelSpec, _top(settings)))
    for note in made.notes:
        say(note)
    _outcome(made, as_json)


@app.command()
def label(
    spec: Annotated[str, typer.Argument(help="LABEL.yaml: documents, rubric, endpoint, budget")],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Label documents through an OpenAI-compatible endpoint; the same command continues."""
    from cleaner.cli.progress import counted
    from cleaner.models.labelling.label import LabelSpec
    from cleaner.models.labelling.label import label as labelled
    from cleaner.models.training.spec import read_spec

    with counted(sys.stderr, "asked") as moved:
        made = labelled(
            read_spec(spec, LabelSpec, _top(settings)),
            lambda done, count, spent: moved(
                done, count, f"{spent.requests:,} requests, {spent.tokens:,} tokens spent"
            ),
        )
    _outcome(made, as_json)


@app.command()
def loop(
    spec: Annotated[str, typer.Argument(help="LOOP.yaml, as shipped:jobs/recall_loop.yaml")],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the recall loop: train, score, confirm hosts, next seed; the same command continues."""
    from cleaner.models.labelling.loop import LoopSpec
    from cleaner.models.labelling.loop import loop as looped
    from cleaner.models.training.spec import read_spec

    _outcome(looped(read_spec(spec, LoopSpec, _top(settings))), as_json)


def _top(settings: list[str] | None) -> dict[str, Any]:
    """Return `K=V` overrides of top-level keys."""
    from cleaner.config import yaml12

    found = {}
    for setting in settings or []:
        key, mark, value = setting.partition("=")
        if not mark:
            raise JobError(f"--set {setting}: write KEY=VALUE")
        found[key], _ = yaml12.load(value, f"--set {key}")
    return found


def _outcome(made: Any, as_json: bool) -> None:
    if as_json:
        _emit(made.rows())
        return
    show(made.rows())
    tell(f"\n{made.text()}")


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
    """Run a job on a cluster through the Ray Jobs API; submitting it again continues it."""
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
def extract(
    page: Annotated[str, typer.Argument(help="an HTML file, or - for stdin")],
    url: Annotated[str | None, typer.Option(help="the page's url")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print one page as text with its mathematics as LaTeX."""
    from dataclasses import asdict

    from cleaner.storage import store
    from cleaner.web.page import extract_html

    raw = sys.stdin.buffer.read() if page == "-" else store.read_bytes(page)
    found = extract_html(raw, url)
    if as_json:
        _emit(asdict(found))
        return
    if found.error or found.broken:
        say(f"{page}: {found.error or found.broken}")
        raise typer.Exit(3)
    print(visible(found.text) if sys.stdout.isatty() else found.text)


@app.command(context_settings={"ignore_unknown_options": True})  # a formula may begin with "-"
def compare_formulas(
    one: Annotated[str, typer.Argument(metavar="A", help="a formula in LaTeX")],
    other: Annotated[str, typer.Argument(metavar="B", help="the other one")],
    as_json: JsonOption = False,
) -> None:
    """Print how alike two formulas are: 1 the same, under 0.5 when one says something else."""
    from cleaner.web.budget import OverBudget
    from cleaner.web.compare import compare_formulas as compared

    try:
        score = compared(one, other)
    except OverBudget as error:
        raise JobError(str(error)) from error
    _emit({"score": score}) if as_json else tell(f"{score:.4f}")


def main() -> None:
    """Run the command line; every error of ours becomes one message and its exit code."""
    _speak_utf8()
    code: Any = 0
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what this locale cannot show is escaped
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except CleanerError as error:
        say(f"cleaner: {error}")
        code = error.exit_code
    except KeyboardInterrupt:
        say("cleaner: interrupted")
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except Exception as error:
        code = _unexpected(error)
    sys.exit(code if isinstance(code, int) else 0)


def _speak_utf8() -> None:
    """Begin again in UTF-8 mode where the locale is another, as on clusters of zh_CN.GBK.

    Job files, corpora and pyarrow's paths are UTF-8 everywhere; only the terminal stays as it is.
    """
    if sys.flags.utf8_mode or sys.getfilesystemencoding() == "utf-8":
        return
    env = {"PYTHONIOENCODING": sys.stdout.encoding, **os.environ, "PYTHONUTF8": "1"}
    words = [word.encode("utf-8", "surrogateescape") for word in sys.orig_argv]
    os.execve(sys.executable, words, env)


def _unexpected(error: Exception) -> int:
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        say(f"cleaner: {error.format_message()}; see: cleaner --help")  # a wrong command line
        return 2
    if is_shortage(error):
        say(f"cleaner: {told(error, filename(error) or 'this machine')}")
        return StorageError.exit_code
    import traceback

    say(f"cleaner: a defect of ours: {type(error).__name__}: {error}")
    traceback.print_exception(error)
    return 1
