"""Drop, cut or tag the documents that hold items of benchmarks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from cleaner.config.word_lists import load_phrases
from cleaner.dedup.keys import has_word
from cleaner.kernels.hashing import mixed
from cleaner.leakage.index import Index
from cleaner.leakage.index_cache import files_of, index_of
from cleaner.leakage.items import Columns
from cleaner.leakage.matching import (
    STOPPED,
    by_known,
    checkable,
    given_stops,
    judged,
    limit,
    stops,
)
from cleaner.leakage.offsets import Window, spans_of, without
from cleaner.leakage.search import FOUND, search
from cleaner.leakage.testing import self_test
from cleaner.ledger import tagged
from cleaner.stages.base import Judging
from cleaner.stages.duplicates import KEY, keyed
from cleaner.stages.global_stage import (
    VERDICTS,
    ByRow,
    Facts,
    GlobalStage,
    Role,
    Step,
    Tables,
    Whole,
    Work,
    partitions,
)
from cleaner.stages.marked import cut_so_far
from cleaner.stages.options.decontaminate import DecontaminateOptions
from cleaner.text.segment import formulas_of

ALL = 2**32 - 1  # in place of a gram: how many documents there are
_KEYS: dict[str, Any] = {"file": pl.UInt32, "row": pl.UInt64}
WINDOWS = pl.Schema(_KEYS | {name: kind for name, kind in FOUND.items() if name != "doc"})
GRAMS = pl.Schema({"gram": pl.UInt32, "documents": pl.UInt64})
MATCHED = pl.Schema({
    "file": pl.UInt32, "row": pl.UInt64, "known": pl.UInt32, "mode": pl.UInt8,
    "start": pl.UInt32, "end": pl.UInt32, "share": pl.Float64, "longest": pl.Float64,
    "answer": pl.Float64, "checked": pl.Boolean,
})  # fmt: skip
TOLD = {
    "benchmark_item": pl.String, "benchmark_share": pl.Float64, "benchmark_answer": pl.Float64,
    "benchmark_longest": pl.Float64, "benchmark_span": pl.String, "benchmark_text": pl.String,
    "benchmark_also": pl.String,
}  # fmt: skip
_SHOWN = 2_000  # characters of an item, and of what a text has of it
_ALSO = 20  # further items of a document that are named
_NAMED = 1_000  # items that one part of a step names
_GRAMS = 4  # different grams that a document sends, about, with those of its neighbours
_EVERY = 50  # of so many documents one has a window, about


class Decontaminate(DecontaminateOptions, Judging, GlobalStage):
    """The stage at work; its options say what it does."""

    reason: ClassVar[str] = "benchmark"

    @property
    def changes_text(self) -> bool:  # type: ignore[override]
        """Whether texts are cut."""
        return self.action == "cut"

    def global_stage(self) -> GlobalStage:
        """Return this stage: it sees all rows."""
        return self

    def compares_text(self) -> bool:
        """Return that texts are compared: one without a word falls before."""
        return True

    def resolve(self) -> Self:
        """Return these options with the files of items; they are read, on the driver."""
        named = self.model_copy(update={"against": files_of(self.against)})
        named.stopped()
        return named

    def files(self) -> list[str]:
        """Return the files of items, and that of stops."""
        return [*self.against, *([self.stops] if self.stops else [])]

    def told(self) -> Mapping[str, Any]:
        """Return what the ledger says of a match."""
        return TOLD

    def index(self) -> Index:
        """Return the index of the items."""
        columns = self.column
        if isinstance(columns, str):
            return index_of(files_of(self.against), Columns(question=columns), self.ngram)
        return index_of(files_of(self.against), Columns(**columns.model_dump()), self.ngram)

    def stopped(self) -> pl.DataFrame:
        """Return the grams of the file `stops`, rows of `STOPPED`."""
        index = self.index()
        phrases = load_phrases(self.stops) if self.stops else ()
        return given_stops(index, phrases)

    def key_rows(self, rows: int) -> int:
        """Return about how many grams so many documents send."""
        return _GRAMS * rows

    def roles(self, rows: int, size: int) -> tuple[Role, ...]:
        """Return grams with their documents, and windows that may hold an item."""
        return (*super().roles(rows, size), Role("windows", partitions(rows // _EVERY)))

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return how many documents of a frame hold each gram, and their windows by item."""
        grams, windows = self.searched(docs)
        items = np.array([one.number for one in self.index().known], np.uint64)
        by_item = mixed(items[windows["known"].to_numpy()], 0)
        return {
            "keys": grams.with_columns(
                slot=pl.Series(mixed(grams["gram"].cast(pl.UInt64).to_numpy(), 0))
            ),
            "windows": windows.with_columns(slot=pl.Series(by_item, dtype=pl.UInt64)),
        }

    def searched(self, docs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return rows of `GRAMS`, and of `WINDOWS`, of the documents that are judged."""
        docs = docs.filter(self.judged(docs))
        found = search(docs["text"], self.index(), formulas_of(docs))
        which = np.flatnonzero(found.docs_with)
        grams = pl.DataFrame(
            {
                "gram": np.append(which, ALL).astype(np.uint32),
                "documents": np.append(found.docs_with[which], len(docs)).astype(np.uint64),
            },
            GRAMS,
        )
        keys = docs.select(KEY)[found.found["doc"]]
        return grams, keys.hstack(found.found.drop("doc")).cast(WINDOWS)

    def steps(self) -> tuple[Step, ...]:
        """Return the steps: count grams, stop some, test itself, judge windows."""
        return STEPS

    def matches(self, windows: pl.DataFrame, stopped: pl.DataFrame) -> pl.DataFrame:
        """Return the windows that match, rows of `MATCHED`; the grams of `stopped` weigh nothing.

        An item that is left without evidence is matched as if none were stopped, unchecked.
        """
        index, no_weight = self.index(), by_known(stopped)
        said = judged(windows, index, no_weight).with_columns(checked=True)
        lost = [known for known in no_weight if not checkable(index, known, no_weight)]
        if lost:
            unsure = windows.filter(pl.col("known").is_in(lost))
            said = pl.concat(
                [
                    said.filter(~pl.col("known").is_in(lost)),
                    judged(unsure, index).with_columns(checked=False),
                ]
            )
        found = said.filter("matched").select(list(MATCHED)).cast(MATCHED)
        return found.sort(*KEY, "known", "start")

    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with what they match; `broken`, or cut; a tag where it is unsure."""
        told = pl.DataFrame(schema=_KEYS | {"sure": pl.Boolean} | TOLD)
        if len(verdicts):
            told = _told(docs, verdicts, self.index())
        docs = docs.drop(TOLD, strict=False).join(told, on=KEY, how="left", maintain_order="left")
        sure = docs["sure"].fill_null(False)
        unsure = ~docs["sure"].fill_null(True)
        docs = docs.drop("sure")
        if "tagged" in docs.columns:
            docs = tagged(docs, pl.lit(unsure), pl.lit("decontaminate:not_checkable"))
        broken = sure
        if self.action == "cut":
            docs = _cut(docs, verdicts.filter("checked"), self.index())
            broken = sure & ~has_word(docs.drop("words", strict=False))
        reason = pl.lit([self.reason], pl.List(pl.String))
        nothing = pl.lit([], pl.List(pl.String))
        return docs.with_columns(broken=pl.when(pl.lit(broken)).then(reason).otherwise(nothing))

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, the whole corpus in one frame, with what they match."""
        ours = keyed(docs)
        grams, windows = self.searched(ours)
        often = dict(grams.filter(pl.col("gram") != ALL).iter_rows())
        most = limit(int(grams.filter(pl.col("gram") == ALL)["documents"].item()))
        stopped = self.stopped() if self.stops else stops(windows, self.index(), often, most)
        done = self.applied(ours, self.matches(windows, stopped)).drop(TOLD)
        return done if set(KEY) <= set(docs.columns) else done.drop(KEY)

    def found(self, facts: Mapping[str, Sequence[Facts]]) -> dict[str, Any] | None:
        """Return what was found of each set, what could not be checked, and the self-test."""
        index = self.index()
        items: Counter[int] = Counter()
        for fact in facts["judge"]:
            items.update(dict(fact["items"]))
        lost = {number for fact in facts["judge"] for number in fact["unchecked"]}
        lost |= set(index.unchecked())
        sets: dict[str, list[int]] = {}
        for number, item in enumerate(index.items):
            row = sets.setdefault(item.source, [0, 0, 0])
            row[0] += 1
            row[1] += number in items
            row[2] += items.get(number, 0)
        most = sorted(items, key=lambda number: (-items[number], number))[:_ALSO]
        return {
            "items": len(index.items),
            "grams": len(index.grams.first) - 1,
            "stopped": sum(fact["stopped"] for fact in facts["stop"]),
            "sets": [[name, *row] for name, row in sorted(sets.items())],
            "most": [[index.items[number].name, items[number]] for number in most],
            "unchecked": [index.items[number].name for number in sorted(lost)][:_NAMED],
            "self_test": [
                [kind, *counts] for fact in facts["test"] for kind, counts in fact["planted"]
            ],
        }

    def tables(self, title: str, found: Mapping[str, Any]) -> Tables:
        """Yield the sets, the items of most documents, and what the self-test found."""
        there = sum(row[2] for row in found["sets"])
        yield (
            f"{title}: {there:,} of {found['items']:,} items are in the corpus",
            [
                {"benchmark": name, "items": items, "found": some, "documents": documents}
                for name, items, some, documents in found["sets"]
            ],
        )
        if found["most"]:
            rows = [{"item": name, "documents": count} for name, count in found["most"]]
            yield f"{title}: the items that most documents hold", rows
        if found["unchecked"]:
            some = ", ".join(found["unchecked"][:_ALSO])
            more = len(found["unchecked"]) - _ALSO
            told = f" and {more:,} more" if more > 0 else ""
            yield f"{title}: items that cannot be checked: {some}{told}", []
        yield (
            f"{title}: what it finds of items planted by itself",
            [
                {"planted": kind, "texts": texts, "found": some, "share": round(some / texts, 3)}
                for kind, texts, some in found["self_test"]
            ],
        )


def _told(docs: pl.DataFrame, verdicts: pl.DataFrame, index: Index) -> pl.DataFrame:
    """Return, for each document with a match, whether it is sure, and what `TOLD` says of it."""
    by = ("checked", "share", "longest", "known")
    ordered = verdicts.sort(by, descending=[True, True, True, False], maintain_order=True)
    of_doc = ordered.partition_by(KEY, as_dict=True, maintain_order=True)
    texts = docs.select(*KEY, "text").join(verdicts.select(KEY).unique(), on=KEY, how="semi")
    rows = []
    for file, row, text in texts.iter_rows():
        best = of_doc[file, row]
        one = best.row(0, named=True)
        item = index.known[one["known"]].item
        [(start, end)] = spans_of(text, [Window(one["mode"], one["start"], one["end"])])
        others = dict.fromkeys(index.known[known].item.name for known in best["known"])
        others.pop(item.name)
        more = f" and {len(others) - _ALSO:,} more" if len(others) > _ALSO else ""
        also = ", ".join(list(others)[:_ALSO]) + more
        rows.append(
            (
                file, row, one["checked"], item.name, one["share"], round(one["answer"], 6),
                one["longest"], text[start:end][:_SHOWN], item.question[:_SHOWN], also or None,
            )
        )  # fmt: skip
    return pl.DataFrame(rows, _KEYS | {"sure": pl.Boolean} | TOLD, orient="row")


def _cut(docs: pl.DataFrame, verdicts: pl.DataFrame, index: Index) -> pl.DataFrame:
    """Return `docs` without the questions of items, and the choices and answers behind them."""
    places = pl.struct("mode", "start", "end", "known")
    windows = verdicts.group_by(KEY, maintain_order=True).agg(places=places)
    both = docs.select(*KEY, "text").join(windows, on=KEY, how="left", maintain_order="left")
    text = pl.Series(
        "text",
        [
            said if places is None else _without(said, places, index)
            for said, places in both.select("text", "places").iter_rows()
        ],
        pl.String,
    )
    cut = docs["text"].str.len_chars().fill_null(0) - text.str.len_chars().fill_null(0)
    return docs.with_columns(text=text, characters_cut=cut_so_far(docs, cut))


def _without(text: str, places: Iterable[Mapping[str, int]], index: Index) -> str:
    windows = [
        Window(one["mode"], one["start"], one["end"], index.known[one["known"]]) for one in places
    ]
    return without(text, spans_of(text, windows))


def _count(stage: Decontaminate, work: Work) -> None:
    """Add up the documents of each gram of one range, and send those that many documents hold."""
    for piece in work.pieces("keys"):
        sums = piece.rows.group_by("gram").agg(pl.col("documents").sum()).sort("gram")
        often = sums.filter((pl.col("documents") > limit(0)) | (pl.col("gram") == ALL))
        facts = {"grams": len(sums)}
        work.commit(piece.number, piece.last, {"often": Whole(often.cast(GRAMS))}, facts)


def _stop(stage: Decontaminate, work: Work) -> None:
    """Say which grams of the items of one range carry no weight."""
    often: dict[int, int] = {}
    for frame in work.frames("often"):
        often |= dict(frame.iter_rows())
    most = limit(often.pop(ALL, 0))
    for piece in work.pieces("windows"):
        if stage.stops:
            found = stage.stopped() if piece.number == 0 else pl.DataFrame(schema=STOPPED)
        else:
            found = stops(piece.rows, stage.index(), often, most)
        facts = {"stopped": len(found)}
        work.commit(piece.number, piece.last, {"stopped": Whole(found)}, facts)


def _stopped(stage: Decontaminate, work: Work) -> pl.DataFrame:
    if stage.stops:
        return stage.stopped()
    return pl.concat([pl.DataFrame(schema=STOPPED), *work.frames("stopped")])


def _test(stage: Decontaminate, work: Work) -> None:
    """Plant some items, and say how many of them are found."""
    planted = self_test(stage.index(), by_known(_stopped(stage, work)))
    work.commit(0, True, {}, {"planted": [[kind, both] for kind, both in planted.items()]})


def _judge(stage: Decontaminate, work: Work) -> None:
    """Judge the windows of the items of one range."""
    stopped, index = _stopped(stage, work), stage.index()
    no_weight = by_known(stopped)
    for piece in work.pieces("windows"):
        matched = stage.matches(piece.rows, stopped)
        numbers = [index.known[known].number for known in matched["known"]]
        pairs = matched.select(*KEY, pl.Series("number", numbers, pl.UInt32)).unique()
        counts = pairs["number"].value_counts().sort("number")
        lost = {
            index.known[known].number
            for known in piece.rows["known"].unique()
            if not checkable(index, known, no_weight)
        }
        facts = {
            "items": [list(row) for row in counts.rows()],
            "unchecked": sorted(lost)[:_NAMED],
        }
        work.commit(piece.number, piece.last, {VERDICTS: ByRow(matched)}, facts)


STEPS = (
    Step("count", _count, over="ranges", makes={"often": "whole"}),
    Step("stop", _stop, over="ranges", of="windows", reads=("often",), makes={"stopped": "whole"}),
    Step("test", _test, over="all", reads=("stopped",)),
    Step(
        "judge", _judge, over="ranges", of="windows", reads=("stopped",), makes={VERDICTS: "by row"}
    ),
)
