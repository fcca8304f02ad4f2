"""Learns linear heads over the vectors of an embedding model: classes, or a grade."""

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cleaner.models.scoring import embed
from cleaner.models.scoring.embed import Head
from cleaner.models.training.model_spec import ModelSpec
from cleaner.storage import store


class Heads:
    """Fits and scores heads; every document is turned into vectors once, whatever the folds."""

    def __init__(self, spec: ModelSpec, docs: pl.DataFrame) -> None:
        assert spec.encoder is not None
        self.spec, self.docs, self.encoder = spec, docs, spec.encoder
        self.sha256 = embed.digest(self.encoder.path)
        self.place = {text: at for at, text in enumerate(docs["text"])}

    @cached_property
    def windows(self) -> tuple[np.ndarray, np.ndarray]:
        """The vector of every window, and the document that each belongs to."""
        return embed.vectors(self.docs["text"].to_list(), self.encoder)

    @cached_property
    def vectors(self) -> np.ndarray:
        """One vector a document: the mean of its windows."""
        found, belong = self.windows
        return embed.combined(found.astype(np.float64), belong, len(self.docs), "mean")

    def fit(self, docs: pl.DataFrame, chosen: np.ndarray, path: str) -> None:
        """Write the head that the chosen documents give."""
        rows = self.vectors[chosen]
        if self.spec.graded:
            grades = docs["grade"].to_numpy()
            weights, bias = embed.fit_grades(rows, grades[chosen], self.spec.ridge)
            labels, top = (self.spec.label,), float(grades.max())
            fitted = [(weights, bias)]
        else:
            names = docs["label"].to_numpy()[chosen]
            labels, top = tuple(sorted(set(names))), 1.0
            fitted = [embed.fit_classes(rows, names == name, self.spec.ridge) for name in labels]
        head = Head(
            encoder=self.encoder,
            encoder_sha256=self.sha256,
            kind="regression" if self.spec.graded else "classes",
            labels=labels,
            top=top,
            weights=tuple(tuple(weights.tolist()) for weights, _ in fitted),
            bias=tuple(bias for _, bias in fitted),
        )
        store.write_whole(path, head.model_dump_json().encode())

    def chance(self, path: str, docs: pl.DataFrame) -> np.ndarray:
        """Return the scores by the head at `path`, from the vectors that are there."""
        head = embed.read_head(path)
        wanted = [self.place[text] for text in docs["text"]]
        found, belong = self.windows
        scores = head.from_vectors(found, belong, len(self.docs))
        return np.round(scores[wanted, head.labels.index(self.spec.label)], 6)

    def best(self, path: str, docs: pl.DataFrame) -> np.ndarray:
        """Return the likeliest label by the head at `path`."""
        head = embed.read_head(path)
        wanted = [self.place[text] for text in docs["text"]]
        found, belong = self.windows
        scores = head.from_vectors(found, belong, len(self.docs))[wanted]
        return np.array(head.labels)[scores.argmax(axis=1)]

    def facts(self, path: str) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Return labels, the encoder, and how its vectors are used."""
        head = embed.read_head(path)
        facts: dict[str, Any] = {
            "encoder": self.encoder.model_dump(),
            "encoder_sha256": self.sha256,
            "ridge": self.spec.ridge,
        }
        if self.spec.graded:
            grades = self.docs["grade"]
            chance = self.chance(path, self.docs) * head.top
            facts["grades"] = (
                f"a score of 1 is grade {head.top:g}; good from {self.spec.good_from:g}"
            )
            facts["mean_error_when_learned"] = float(np.abs(chance - grades.to_numpy()).mean())
        return head.labels, facts
