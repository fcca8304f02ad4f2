"""`cleaner train MODEL.yaml`: learn from labelled documents, measure on held-out sites, cut."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from cleaner.config.spec import read_spec
from cleaner.dedup.urls import hosts
from cleaner.errors import JobError
from cleaner.models.scoring import card as cards
from cleaner.models.scoring import fasttext, score
from cleaner.models.scoring.prepare import prepare
from cleaner.models.training import metrics, splits
from cleaner.models.training.examples import read
from cleaner.models.training.model_spec import ModelSpec
from cleaner.storage import store


@dataclass(frozen=True)
class Trained:
    """What `cleaner train` made, and what a person should know of it."""

    path: str
    card: cards.Card
    notes: tuple[str, ...] = ()
    quantised: str | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Return the held-out figures: all documents, then each language."""
        by = {"all": self.card.metrics["all"], **self.card.metrics["by_lang"]}
        return [{"group": name, **figures} for name, figures in by.items()]

    def text(self) -> str:
        """Return the card as a person reads it."""
        return cards.readable(self.card)


class Learner(Protocol):
    """A way to learn from documents: fastText, or a head over vectors."""

    def fit(self, docs: pl.DataFrame, chosen: np.ndarray, path: str) -> None:
        """Write to `path` what was learned from the chosen documents, in that order."""

    def chance(self, path: str, docs: pl.DataFrame) -> np.ndarray:
        """Return the score of every document by the model at `path`."""

    def best(self, path: str, docs: pl.DataFrame) -> np.ndarray:
        """Return the likeliest label of every document by the model at `path`."""

    def facts(self, path: str) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Return the model's labels, and what the card says of its training."""


@dataclass(frozen=True)
class FastText:
    """Learns fastText models."""

    spec: ModelSpec

    def fit(self, docs: pl.DataFrame, chosen: np.ndarray, path: str) -> None:
        """Train on the chosen lines."""
        labels, texts = docs["label"].to_list(), docs["prepared"].to_list()
        lines = ((labels[at], texts[at]) for at in chosen)
        try:
            fasttext.train(lines, path, self.spec.settings, self.spec.seed)
        except JobError as error:  # what is learned first lies in a folder of ours
            raise JobError(f"{self.spec.model}: {error}") from None

    def chance(self, path: str, docs: pl.DataFrame) -> np.ndarray:
        """Return the probability of the label."""
        return score.score(path, docs["prepared"], self.spec.label)

    def best(self, path: str, docs: pl.DataFrame) -> np.ndarray:
        """Return the likeliest label."""
        return score.best(path, docs["prepared"])[0]

    def facts(self, path: str) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Return labels, settings, and who trained."""
        header = fasttext.read_header(path)
        trainer = [" ".join(found) for found in fasttext.installed()]
        settings = self.spec.settings.model_dump()
        return header.labels, {"settings": settings, "words": header.words, "trainer": trainer}


def train_model(spec: ModelSpec | str) -> Trained:
    """Train what a MODEL.yaml, or its value, describes; write model and card, and return both."""
    if isinstance(spec, str):
        spec = read_spec(spec, ModelSpec)
    docs, doubled = _without_doubles(gather(spec))
    learner: Learner
    if spec.kind == "embedding":
        from cleaner.models.training.heads import Heads

        learner = Heads(spec, docs)
    else:
        fasttext.refuse_broken_trainers()
        spec.prepare.check(spec.model)
        learner = FastText(spec)
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="cleaner-train-") as folder:
        path = f"{folder}/model"
        chance, said, held, folds = _measure(docs, spec, learner, path)
        if folds:
            learner.fit(docs, _drawn(docs, np.ones(len(docs), bool), spec), path)
        Path(spec.model).parent.mkdir(parents=True, exist_ok=True)
        _move(path, spec.model)
    measured = docs.filter(held)
    truth, chance = (docs["label"] == spec.label).to_numpy()[held], chance[held]
    cut = choose_cut(truth, chance, spec, measured["prepared"], notes)
    at = cut.score if cut else 0.5
    labels, facts = learner.facts(spec.model)
    card = cards.Card(
        model=Path(spec.model).name,
        sha256=store.sha256(spec.model),
        bytes=Path(spec.model).stat().st_size,
        label=spec.label,
        labels=labels,
        kind=spec.kind,
        preparation=spec.prepare,
        cut=cut,
        training={
            "documents": dict(sorted(Counter(docs["label"]).items())),
            "doubled_texts_left_out": doubled,
            **facts,
            "seed": spec.seed,
            "balance": spec.balance,
            "held_out": _held_facts(spec, docs, held, folds),
        },
        metrics={
            **figures(measured, truth, chance, at, spec.prevalence),
            **(_of_categories(measured, said[held]) if len(spec.classes) > 2 else {}),
        },
        curve=tuple(metrics.curve(truth, chance, spec.prevalence)) if spec.prevalence else (),
    )
    quantised = None
    if spec.quantise is not None and isinstance(learner, FastText):
        quantised = _quantise(spec, card, learner, measured, truth, at)
    cards.write_card(spec.model, card)  # last: where it is, nothing is missing
    return Trained(spec.model, card, tuple(notes), quantised)


def gather(spec: ModelSpec) -> pl.DataFrame:
    """Return all examples: `label, text, lang, source, url, host, prepared`, and any `grade`."""
    good = pl.col("grade") >= spec.good_from
    named = pl.when(good).then(pl.lit(spec.label)).otherwise(pl.lit(spec.other))
    reading = [
        (entry, spec.seed + 1000 * number + index, pl.lit(label))
        for number, (label, entries) in enumerate(spec.by_label().items())
        for index, entry in enumerate(entries)
    ]
    for index, entry in enumerate(spec.graded):
        if entry.grade is None:
            entry = entry.model_copy(update={"grade": "label"})  # as `cleaner label` writes it
        reading.append((entry, spec.seed + index, named))
    parts, wrong = [], []
    for entry, seed, label in reading:
        try:
            parts.append(read(entry, seed).with_columns(label=label))
        except JobError as error:  # those of all entries are told at once
            wrong.append(str(error))
    if wrong:
        raise JobError("\n".join(wrong))
    docs = pl.concat(parts)
    prepared = pl.Series("prepared", prepare(docs["text"], spec.prepare), pl.String)
    return docs.with_columns(
        pl.col("lang").fill_null("und"),
        prepared,
        host=hosts(docs["url"]),
    ).filter(pl.col("prepared") != "")


def _without_doubles(docs: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the documents, each prepared text once: a copy must not stand on both sides.

    A text that has two labels says nothing and goes altogether.
    """
    labels = pl.col("label").n_unique().over("prepared")
    once = docs.filter(labels == 1).unique("prepared", keep="first", maintain_order=True)
    return once, len(docs) - len(once)


def _groups(docs: pl.DataFrame, by: str) -> list[str]:
    number = pl.int_range(pl.len()).cast(pl.String)
    own = pl.concat_str(pl.lit("document "), number)
    order = {"host": ["host", "source"], "source": ["source", "host"], "document": []}[by]
    return docs.select(pl.coalesce(*order, own)).to_series().to_list()


def _measure(
    docs: pl.DataFrame, spec: ModelSpec, learner: Learner, path: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[list[str]]]:
    """Return held-out documents' scores and likeliest labels, who was held out, and the folds."""
    groups = _groups(docs, spec.held_out.by)
    strata = list(zip(docs["label"].to_list(), docs["lang"].to_list(), strict=True))
    folds: list[frozenset[str]] = []
    if spec.held_out.folds is None:
        parts = [splits.held_out(groups, strata, spec.held_out.share, spec.seed)]
        if set(docs.filter(parts[0])["label"]) < set(docs["label"]):
            raise JobError(
                f"{spec.model}: nothing can be held out of every label by {spec.held_out.by}: each "
                "needs documents of at least two; name a url or source column, or held_out: "
                "{by: document}"
            )
    else:
        folds = splits.folds(groups, strata, spec.held_out.folds, spec.seed)
        parts = [np.array([group in fold for group in groups]) for fold in folds]
    chance, said = np.full(len(docs), np.nan), np.full(len(docs), "", object)
    for held in parts:
        learner.fit(docs, _drawn(docs, ~held, spec), path)
        chance[held] = learner.chance(path, docs.filter(held))
        if len(spec.classes) > 2:
            said[held] = learner.best(path, docs.filter(held))
    return chance, said, np.any(parts, axis=0), [sorted(fold) for fold in folds]


def _drawn(docs: pl.DataFrame, learn: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """Return the documents to learn from of those that `learn` marks: balanced and shuffled."""
    chosen = np.flatnonzero(learn)
    chance = np.random.default_rng(spec.seed)
    if spec.balance != "none":
        columns = ["label", "lang"] if spec.balance == "label_lang" else ["label"]
        kinds = docs.select(pl.concat_str(columns, separator=" ")).to_series().to_numpy()[chosen]
        least = min(Counter(kinds).values())
        order = chance.permutation(len(chosen))
        parts = [order[kinds[order] == kind][:least] for kind in sorted(set(kinds))]
        chosen = chosen[np.concatenate(parts)]
    return chosen[chance.permutation(len(chosen))]


def _move(path: str, target: str) -> None:
    with open(path, "rb") as source, store.open_output(target) as sink:
        while block := source.read(1 << 24):
            sink.write(block)


def choose_cut(
    truth: np.ndarray,
    chance: np.ndarray,
    spec: ModelSpec,
    prepared: pl.Series,
    notes: list[str],
) -> cards.Cut | None:
    """Return the cut that was asked for, or None with a note when none can be."""
    asked, prevalence = spec.cut, spec.prevalence or 0.0
    if asked.score is not None:
        return cards.Cut(by="score", value=asked.score, score=asked.score)
    if asked.precision is not None:
        found = metrics.cut_for_precision(truth, chance, prevalence, asked.precision)
        by, value = "precision", asked.precision
    elif asked.share is not None:
        found = metrics.cut_for_share(truth, chance, prevalence, asked.share)
        by, value = "share", asked.share
    else:
        assert asked.tokens is not None
        assert asked.of is not None
        weight = prepared.str.count_matches(" ").to_numpy().astype(np.int64) + 1
        share = asked.tokens / asked.of
        found = metrics.cut_for_share(truth, chance, prevalence, share, weight)
        by, value = "tokens", float(asked.tokens)
    if found is None:
        best = max(metrics.points(truth, chance, prevalence), key=lambda p: p.precision)
        notes.append(
            f"no score cuts at {by} {value:g} with a prevalence of {prevalence:g}; the card has no "
            f"cut. The best precision is {best.precision:.4f}, at a score of {best.threshold:.6f}"
        )
        return None
    if found.precision_at_least < found.precision / 2:
        notes.append(
            f"of {int((~truth).sum()):,} held-out documents without the label too few score near "
            f"the cut to know its precision at a prevalence of {prevalence:g}: it may be "
            f"{found.precision_at_least:.3f} as well as {found.precision:.3f}; hold out more"
        )
    note = (
        f"at a prevalence of {prevalence:g}: keeps {found.kept_share:.3%} of the corpus with a "
        f"precision of {found.precision:.3f} (95 % sure of {found.precision_at_least:.3f}) and "
        f"{found.recall:.1%} of what has the label"
    )
    return cards.Cut(by=by, value=value, score=round(found.threshold, 6), note=note)


def figures(
    docs: pl.DataFrame,
    truth: np.ndarray,
    chance: np.ndarray,
    cut: float,
    prevalence: float | None,
) -> dict[str, Any]:
    """Return what the model is worth on held-out documents: all, by language, by source."""
    found: dict[str, Any] = {
        "cut": cut,
        "all": metrics.summary(truth, chance, cut),
    }
    calibration = metrics.calibration(truth, chance)
    found["calibration"] = {name: calibration[name] for name in ("brier", "expected_error")}
    found["score"] = calibration["bins"]
    if prevalence is not None:
        found["prevalence"] = prevalence
    for column in ("lang", "source"):
        names = docs[column].fill_null("(none)").to_numpy()
        found[f"by_{column}"] = {
            str(name): metrics.summary(truth[names == name], chance[names == name], cut)
            for name in sorted(set(names))
        }
    return found


def _of_categories(docs: pl.DataFrame, said: np.ndarray) -> dict[str, Any]:
    """Return what the likeliest label of held-out documents is worth, by category."""
    truth = docs["label"].to_numpy()
    found = metrics.categories(truth, said)
    return {
        "macro_f1": sum(one["f1"] for one in found.values()) / len(found),
        "accuracy": float((truth == said).mean()),
        "by_category": found,
    }


def _held_facts(
    spec: ModelSpec, docs: pl.DataFrame, held: np.ndarray, folds: list[list[str]]
) -> dict[str, Any]:
    groups = np.array(_groups(docs, spec.held_out.by))
    facts: dict[str, Any] = {"by": spec.held_out.by, "documents": int(held.sum())}
    if folds:
        return {**facts, "folds": folds, "final_model": "trained on all documents"}
    return {**facts, "groups": len(set(groups[held])), "of": len(set(groups))}


def _quantise(
    spec: ModelSpec,
    card: cards.Card,
    learner: Learner,
    measured: pl.DataFrame,
    truth: np.ndarray,
    cut: float,
) -> str:
    """Write a compressed copy with a card of its own, which says what the compression cost."""
    out = str(Path(spec.model).with_suffix(".ftz"))
    size = fasttext.quantise(spec.model, out, spec.quantise or 0).bytes
    whole, small = (learner.chance(path, measured) for path in (spec.model, out))
    before, after = metrics.summary(truth, whole, cut), metrics.summary(truth, small, cut)
    loss = {
        "bytes_before": card.bytes,
        "most_a_score_moved": float(np.abs(whole - small).max()),
        "other_side_of_the_cut": float(((whole >= cut) != (small >= cut)).mean()),
        **{f"{name}_before": before[name] for name in ("auc", "average_precision", "f1")},
        **{f"{name}_after": after[name] for name in ("auc", "average_precision", "f1")},
    }
    facts = {
        "model": Path(out).name,
        "sha256": store.sha256(out),
        "bytes": size,
        "metrics": {**card.metrics, "quantisation": loss},
    }
    cards.write_card(out, card.model_copy(update=facts))
    return out
