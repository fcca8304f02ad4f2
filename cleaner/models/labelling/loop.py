"""`cleaner loop LOOP.yaml`: train, score the corpus, confirm what was found, learn from it, again.

The recall loop of DeepSeekMath (Shao et al. 2024, section 2.1): what scores high enough is
recalled; a host of which over a tenth is recalled is a candidate; the pages of confirmed hosts and
the best documents join the next round's positives, until a round brings little that is new.
"""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cleaner.config.shipped import shipped_path
from cleaner.config.spec import read_spec
from cleaner.dedup.urls import hosts
from cleaner.errors import InputError, JobError
from cleaner.models.labelling.ask import Budget, Endpoint
from cleaner.models.labelling.label import LabelSpec, label
from cleaner.models.labelling.rubrics import read_rubric
from cleaner.models.scoring import score
from cleaner.models.scoring.card import Card, read_card
from cleaner.models.scoring.prepare import prepare
from cleaner.models.training.examples import Examples
from cleaner.models.training.model_spec import ModelSpec
from cleaner.models.training.train import train_model
from cleaner.storage import store

BATCH = 16_384  # documents in memory at a time, for each thread
SCORES = pa.schema(
    [
        ("file", pa.uint32()),
        ("row", pa.uint64()),
        ("score", pa.float64()),
        ("host", pa.string()),
        ("path", pa.string()),
    ]
)
ORDER, FALLING = ["score", "file", "row"], [True, False, False]  # best first; ties by place
TAKEN = {
    "file": pl.UInt32,
    "row": pl.UInt64,
    "text": pl.String,
    "url": pl.String,
    "lang": pl.String,
    "source": pl.String,
}
UNDECIDED = "?"


class Part(BaseModel):
    """A part of LOOP.yaml: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Corpus(Part):
    """What is scored in every round: Parquet files with a text and a url."""

    paths: tuple[str, ...] = Field(min_length=1)
    text: str = "text"
    url: str = "url"
    lang: str = "lang"


class Judge(Part):
    """A large model that confirms: hosts by a sample of recalled pages, best documents singly."""

    rubric: str
    good: tuple[int, ...] | tuple[str, ...] = Field(min_length=1)  # labels that confirm
    share: float = Field(0.5, gt=0, le=1)  # of a host's sample that must be good
    sample: int = Field(5, ge=1)  # pages of each host
    endpoint: Endpoint
    budget: Budget  # for all rounds together


class Stop(Part):
    """When the loop ends."""

    new: float = Field(0.02, ge=0, le=1)  # of what is recalled, the share that must be new
    rounds: int = Field(4, ge=1, le=50)


class LoopSpec(Part):
    """LOOP.yaml."""

    out: str
    model: dict[str, Any]  # as MODEL.yaml, without `model`
    corpus: Corpus
    top: int = Field(0, ge=0)  # best documents that join each round, hosts aside
    host_share: float = Field(0.1, gt=0, le=1)
    host_pages: int = Field(10, ge=1)  # a host with fewer pages is never a candidate
    confirm: Literal["list", "all"] | Judge = "list"
    add: int | None = Field(None, gt=0)  # at most so many pages of each host join
    stop: Stop = Stop()
    threads: int = Field(0, ge=0)  # 0: as many as there are cores

    @model_validator(mode="after")
    def _whole_model(self) -> "LoopSpec":
        self.round_model(1, ())
        return self

    def round_model(self, number: int, added: Sequence[str]) -> ModelSpec:
        """Return what round `number` trains, with the files of pages that earlier rounds added."""
        spec = ModelSpec.model_validate({**self.model, "model": f"{self.folder(number)}/model.bin"})
        if not spec.positives:
            raise ValueError("model: needs positives and negatives")
        joined = tuple(Examples(paths=(path,)) for path in added)
        return spec.model_copy(update={"positives": (*spec.positives, *joined)})

    def folder(self, number: int) -> str:
        """Return the folder of a round."""
        return f"{self.out.rstrip('/')}/round-{number}"


@dataclass(frozen=True)
class Looped:
    """The rounds so far."""

    out: str
    rounds: tuple[dict[str, Any], ...]
    ended: str

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a round."""
        return list(self.rounds)

    def text(self) -> str:
        """Return why the loop ended, and what to do."""
        return self.ended


def loop(spec: LoopSpec | str) -> Looped:
    """Run rounds until little is new, or until a person must confirm; finished rounds are kept."""
    if isinstance(spec, str):
        spec = read_spec(spec, LoopSpec)
    files = _files(spec.corpus)
    if isinstance(spec.confirm, Judge):
        _check_judge(spec.confirm)
    _same_loop(spec, files)
    done: list[dict[str, Any]] = []
    added: list[str] = []
    for number in range(1, spec.stop.rounds + 1):
        folder = Path(spec.folder(number))
        finished = folder / "round.json"
        if not finished.exists():
            folder.mkdir(parents=True, exist_ok=True)
            waiting = _round(spec, number, files, added, finished)
            if waiting is not None:
                return Looped(spec.out, tuple(done), waiting)
        facts = json.loads(finished.read_bytes())
        done.append(facts)
        store.write_whole(f"{spec.out}/rounds.json", json.dumps(done, indent=1).encode())
        if number > 1 and facts["new_share"] < spec.stop.new:
            ended = f"round {number} recalled {facts['new_share']:.2%} that is new"
            return Looped(spec.out, tuple(done), f"{ended}: under {spec.stop.new:.2%}, ended")
        if not facts["added"]:
            ended = f"round {number} added no page to learn from: ended"
            return Looped(spec.out, tuple(done), ended)
        added = [str(folder / "added.parquet")]  # each round's holds those of the rounds before
    return Looped(spec.out, tuple(done), f"ended after {spec.stop.rounds} rounds")


def _same_loop(spec: LoopSpec, files: list[str]) -> None:
    """Refuse a folder whose rounds were made from another model or corpus."""
    facts = {"model": spec.model, "corpus": spec.corpus.model_dump(mode="json"), "files": files}
    path = f"{spec.out.rstrip('/')}/loop.json"
    Path(spec.out).mkdir(parents=True, exist_ok=True)
    if not os.path.exists(path):
        store.write_whole(path, json.dumps(facts, indent=1).encode())
    elif json.loads(store.read_bytes(path)) != json.loads(json.dumps(facts)):
        raise JobError(f"{spec.out}: was begun with another model or corpus; choose another out")


def _files(corpus: Corpus) -> list[str]:
    patterns = [shipped_path(path) for path in corpus.paths]
    found = sorted({hit.path for pattern in patterns for hit in store.find(pattern)})
    if not found:
        raise InputError(f"{', '.join(corpus.paths)}: no such file")
    for path in found:
        names = pl.read_parquet_schema(path)
        for column in (corpus.text, corpus.url):
            if column not in names:
                raise JobError(f"{path}: no column {column!r}; available: {', '.join(names)}")
    return found


def _check_judge(judge: Judge) -> None:
    rubric = read_rubric(judge.rubric)
    if strange := [answer for answer in judge.good if answer not in rubric.answers]:
        there = ", ".join(map(str, rubric.answers))
        raise JobError(f"{judge.rubric}: no answer {strange[0]!r} to call good; available: {there}")


def _round(
    spec: LoopSpec, number: int, files: list[str], added: list[str], finished: Path
) -> str | None:
    """Do one round and write `finished`; or return what a person must do before it can end."""
    folder = spec.folder(number)
    model = spec.round_model(number, added)
    card = read_card(model.model) if os.path.exists(model.model) else None
    if card is None:
        card = train_model(model).card
    if card.cut is None:
        raise JobError(f"{folder}: no score reaches the cut that was asked for; see its card")
    scores = _scored(spec, files, model.model, card, folder)
    recalled = scores.filter(pl.col("score") >= card.cut.score)
    found = _candidates(spec, scores, card.cut.score)
    best = recalled.sort(ORDER, descending=FALLING).head(spec.top).collect()
    confirmed = _confirm(spec, number, files, found, recalled, best)
    if confirmed is None:
        return (
            f"round {number}: decide the hosts marked {UNDECIDED} in {_decisions(spec)} (yes, no, "
            "or path prefixes such as /questions), then run the same command again"
        )
    joined = _take(spec, files, _pages(spec, scores, confirmed), f"{folder}/new.parquet")
    whole = pl.concat([pl.read_parquet(path) for path in [*added, f"{folder}/new.parquet"]])
    whole = whole.unique(["file", "row"], keep="first", maintain_order=True)
    whole.write_parquet(f"{folder}/added.parquet")
    known = recalled.select("file", "row").collect()
    known.write_parquet(f"{folder}/recalled.parquet")
    fresh = (
        known.lazy().join(_collected(spec, number - 1), on=["file", "row"], how="anti").collect()
    )
    facts = {
        "round": number,
        "documents": scores.select(pl.len()).collect().item(),
        **{f"learned_{name}": count for name, count in card.training["documents"].items()},
        "auc": card.metrics["all"].get("auc"),
        "cut": card.cut.score,
        "recalled": len(known),
        "new": len(fresh),
        "new_share": len(fresh) / len(known) if len(known) else 0.0,
        "candidates": len(found),
        "confirmed": confirmed.hosts["host"].n_unique(),
        "joined": joined,
        "added": len(whole),
    }
    store.write_whole(str(finished), json.dumps(facts, indent=1).encode())
    return None


def _batches(path: str, columns: list[str]) -> Iterator[pl.DataFrame]:
    with store.open_input(path) as file:
        for batch in pq.ParquetFile(file).iter_batches(BATCH, columns=columns):
            yield pl.DataFrame(batch)


def _scored(spec: LoopSpec, files: list[str], model: str, card: Card, folder: str) -> pl.LazyFrame:
    """Return `file, row, score, host, path` of every document; a file at a time, kept on disk."""
    Path(f"{folder}/scores").mkdir(exist_ok=True)
    score.load(model)

    def one(number: int) -> None:
        out = f"{folder}/scores/{number:06d}.parquet"
        if os.path.exists(out):
            return
        row = 0
        with store.open_output(out) as sink, pq.ParquetWriter(sink, SCORES) as writer:
            for batch in _batches(files[number], [spec.corpus.text, spec.corpus.url]):
                prepared = prepare(batch[spec.corpus.text].cast(pl.String), card.preparation)
                urls = batch[spec.corpus.url].cast(pl.String).to_list()
                columns = [
                    [number] * len(batch),
                    range(row, row + len(batch)),
                    score.score(model, prepared, card.label),
                    hosts(urls).to_list(),
                    [(url or "").split("://", 1)[-1].partition("/")[2] for url in urls],
                ]
                writer.write_table(pa.table(columns, schema=SCORES))
                row += len(batch)

    with ThreadPoolExecutor(spec.threads or os.cpu_count() or 1) as pool:  # kernels free the GIL
        list(pool.map(one, range(len(files))))
    return pl.scan_parquet(f"{folder}/scores/*.parquet")


def _candidates(spec: LoopSpec, scores: pl.LazyFrame, cut: float) -> pl.DataFrame:
    """Return the hosts of which over `host_share` is recalled, the largest first."""
    return (
        scores.filter(pl.col("host").is_not_null())
        .group_by("host")
        .agg(pages=pl.len(), recalled=(pl.col("score") >= cut).sum(), example=pl.col("path").min())
        .with_columns(share=pl.col("recalled") / pl.col("pages"))
        .filter((pl.col("share") > spec.host_share) & (pl.col("pages") >= spec.host_pages))
        .sort(["recalled", "host"], descending=[True, False])
        .collect()
    )


def _decisions(spec: LoopSpec) -> str:
    return f"{spec.out.rstrip('/')}/hosts.tsv"


@dataclass(frozen=True)
class Confirmed:
    """`hosts`: host and prefix of the pages that join; `best`: file and row of single documents."""

    hosts: pl.DataFrame
    best: pl.DataFrame


def _confirm(
    spec: LoopSpec,
    number: int,
    files: list[str],
    found: pl.DataFrame,
    recalled: pl.LazyFrame,
    best: pl.DataFrame,
) -> Confirmed | None:
    """Return what is confirmed; None while a person has not decided."""
    if spec.confirm == "all":
        return Confirmed(found.select("host", prefix=pl.lit("")), best)
    if isinstance(spec.confirm, Judge):
        return _judged(spec, spec.confirm, number, files, found, recalled, best)
    decisions = _read_decisions(_decisions(spec))
    if any(decisions.get(host, UNDECIDED) == UNDECIDED for host in found["host"]):
        _write_decisions(_decisions(spec), decisions, found)
        return None
    rows = [
        (host, prefix.strip().removeprefix("/"))
        for host in found["host"]
        if decisions[host] != "no"
        for prefix in ("" if decisions[host] == "yes" else decisions[host]).split(",")
    ]
    refused = [host for host, decision in decisions.items() if decision == "no"]
    hosts = pl.DataFrame(rows, schema={"host": pl.String, "prefix": pl.String}, orient="row")
    return Confirmed(hosts, best.filter(~pl.col("host").is_in(refused).fill_null(False)))


def _read_decisions(path: str) -> dict[str, str]:
    if not os.path.exists(path):
        return {}
    out = {}
    for number, line in enumerate(Path(path).read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        decision, _, rest = line.partition("\t")
        host = rest.split("\t")[0].strip()
        decision = decision.strip()
        if not host or not (decision in ("yes", "no", UNDECIDED) or decision.startswith("/")):
            raise JobError(
                f"{path}:{number}: a line is yes, no, {UNDECIDED} or path prefixes such as "
                f"/questions, then a tab and the host; not {line!r}"
            )
        out[host] = decision
    return out


def _write_decisions(path: str, decisions: dict[str, str], found: pl.DataFrame) -> None:
    lines = ["# decision\thost\tpages\trecalled\tan example"]
    facts = {row["host"]: row for row in found.iter_rows(named=True)}
    for host in dict.fromkeys([*facts, *decisions]):
        row = facts.get(host, {"pages": "", "recalled": "", "example": ""})
        decision = decisions.get(host, UNDECIDED)
        lines.append(f"{decision}\t{host}\t{row['pages']}\t{row['recalled']}\t/{row['example']}")
    store.write_whole(path, ("\n".join(lines) + "\n").encode())


def _judged(
    spec: LoopSpec,
    judge: Judge,
    number: int,
    files: list[str],
    found: pl.DataFrame,
    recalled: pl.LazyFrame,
    best: pl.DataFrame,
) -> Confirmed:
    """Return the hosts of whose sampled pages enough are good, and the best documents that are."""
    folder = spec.folder(number)
    pages = recalled.join(found.lazy().select("host"), on="host").sort("file", "row").collect()
    drawn = np.random.default_rng(number).permutation(len(pages))
    sampled = pages[drawn].filter(pl.int_range(pl.len()).over("host") < judge.sample)
    columns = ["file", "row", "host"]
    asked = pl.concat([sampled.select(columns), best.select(columns)]).unique(["file", "row"])
    if not _take(spec, files, asked.sort("file", "row"), f"{folder}/asked.parquet"):
        return Confirmed(pl.DataFrame(schema={"host": pl.String, "prefix": pl.String}), best)
    labelled = label(
        LabelSpec(
            rubric=judge.rubric,
            documents=Examples(paths=(f"{folder}/asked.parquet",)),
            out=f"{folder}/labels.parquet",
            journal=f"{spec.out.rstrip('/')}/labels.journal",
            endpoint=judge.endpoint,
            budget=judge.budget,
        )
    )
    if labelled.stopped:
        raise JobError(f"round {number}: {labelled.stopped}")
    good = pl.col("label").is_in(list(judge.good))
    labels = pl.read_parquet(labelled.out).select("text", good=good)
    answered = pl.read_parquet(f"{folder}/asked.parquet").join(labels, on="text")
    of_hosts = answered.join(sampled, on=["file", "row"], how="semi")
    hosts = (
        of_hosts.group_by(host="source")
        .agg(pl.col("good").mean())
        .filter(pl.col("good") >= judge.share)
        .select("host", prefix=pl.lit(""))
        .sort("host")
    )
    return Confirmed(hosts, best.join(answered.filter("good"), on=["file", "row"], how="semi"))


def _pages(spec: LoopSpec, scores: pl.LazyFrame, confirmed: Confirmed) -> pl.DataFrame:
    """Return `file, row, host` of what joins the positives."""
    pages = (
        scores.join(confirmed.hosts.lazy(), on="host")
        .filter(pl.col("path").str.starts_with(pl.col("prefix")))
        .sort(ORDER, descending=FALLING)
    )
    if spec.add is not None:
        pages = pages.filter(pl.int_range(pl.len()).over("host") < spec.add)
    columns = ["file", "row", "host"]
    both = pl.concat([pages.select(columns).collect(), confirmed.best.select(columns)])
    return both.unique(["file", "row"]).sort("file", "row")


def _take(spec: LoopSpec, files: list[str], chosen: pl.DataFrame, out: str) -> int:
    """Write the chosen rows as examples, their host as source; return how many."""
    corpus = spec.corpus
    parts = [pl.DataFrame(schema=TAKEN)]
    for number in chosen["file"].unique(maintain_order=True):
        there = pl.read_parquet_schema(files[number])
        lang = pl.col(corpus.lang) if corpus.lang in there else pl.lit(None)
        rows = chosen.filter(pl.col("file") == number).select("file", "row", source="host")
        parts.append(
            pl.scan_parquet(files[number])
            .select(
                text=pl.col(corpus.text).cast(pl.String),
                url=pl.col(corpus.url).cast(pl.String),
                lang=lang.cast(pl.String),
            )
            .with_row_index("row")
            .with_columns(pl.col("row").cast(pl.UInt64))
            .join(rows.lazy(), on="row", maintain_order="left")
            .select(*TAKEN)
            .collect()
        )
    whole = pl.concat(parts)
    whole.write_parquet(out)
    return len(whole)


def _collected(spec: LoopSpec, until: int) -> pl.LazyFrame:
    """Return `file, row` of all that the rounds up to `until` recalled."""
    if until < 1:
        return pl.LazyFrame(schema={"file": pl.UInt32, "row": pl.UInt64})
    parts = [pl.scan_parquet(f"{spec.folder(n)}/recalled.parquet") for n in range(1, until + 1)]
    return pl.concat(parts).unique()
