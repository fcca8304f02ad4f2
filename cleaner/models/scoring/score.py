"""From prepared text to the probability of a label, by the fast table or by fastText itself."""

import functools
import os
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.errors import JobError
from cleaner.models.scoring import fasttext

MOST_LABELS = 16  # beyond, the table of a model with 2 M buckets outgrows 120 MB
MOST_NGRAMS = 8  # what the kernel keeps of the words before
CHUNK = 8 << 20  # bytes of the input matrix in memory at a time
OFFSET = 1e-5  # fastText adds it to every probability; both ways agree only if both do


@dataclass(frozen=True)
class Table:
    """A model as the kernel wants it; 8 MB for two labels and 2 M buckets, instead of 800."""

    words: np.ndarray
    bounds: np.ndarray
    slots: np.ndarray
    logits: np.ndarray
    ngrams: int
    bucket: int

    def probabilities(self, texts: pl.Series | pa.Array) -> np.ndarray:
        """Return a row per text with the probability of every label."""
        from cleaner.kernels.arrow import utf8
        from cleaner.kernels.models.fasttext import probabilities

        known = probabilities(
            *utf8(texts), self.words, self.bounds, self.slots, self.logits, self.ngrams, self.bucket
        )
        # A text of which the model knows nothing has zeros throughout: never a yes.
        return np.where(known > 0, np.minimum(known + OFFSET, 1.0), 0.0)


@dataclass(frozen=True)
class Whole:
    """A model that only fastText itself can run."""

    model: fasttext.Model

    def probabilities(self, texts: pl.Series | pa.Array) -> np.ndarray:
        """Return a row per text with the probability of every label."""
        labels = self.model.header.labels
        column = {label: at for at, label in enumerate(labels)}
        out = np.zeros((len(texts), len(labels)))
        names, scores = fasttext.predict(
            self.model, texts.to_list() if isinstance(texts, pl.Series) else texts.to_pylist(), k=-1
        )
        for row, (given, chances) in enumerate(zip(names, scores, strict=True)):
            for label, chance in zip(given, chances, strict=True):
                out[row, column[label]] = chance
        return out


def needs_fasttext(header: fasttext.Header) -> str | None:
    """Return why the table cannot stand for this model, or None."""
    reasons = {
        "hierarchical softmax": header.loss == "hs",
        f"the loss {header.loss}": header.loss in ("ns", "ova"),
        "quantised": header.quantised or header.pruned,
        "subwords": header.maxn > 0,
        f"{len(header.labels)} labels": not 2 <= len(header.labels) <= MOST_LABELS,
        f"n-grams of {header.ngrams} words": header.ngrams > MOST_NGRAMS,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def fold(header: fasttext.Header) -> Table:
    """Return the table of a model, read from its file a chunk at a time."""
    from cleaner.kernels.models import fasttext as kernel

    entries = np.frombuffer(header.entries, np.int64)[: header.words + 1]
    with open(header.path, "rb") as file:
        file.seek(int(entries[0]))
        block = np.frombuffer(file.read(int(entries[-1] - entries[0])), np.uint8)
        # an entry is the word, NUL, and nine bytes; `bounds` are those of the words alone
        lengths = np.diff(entries) - 10
        bounds = np.concatenate(([0], np.cumsum(lengths)))
        keep = np.repeat(entries[:-1] - entries[0] - bounds[:-1], lengths)
        words = block[keep + np.arange(bounds[-1])]
        slots = np.zeros(1 << max(4, (2 * header.words).bit_length()), np.uint64)
        kernel.fill_slots(words, bounds, slots)

    labels, dim = len(header.labels), header.dim
    output = np.fromfile(header.path, np.float32, labels * dim, offset=header.output_at)
    logits = np.empty((header.rows, labels - 1), np.float32)
    step = max(1, CHUNK // (4 * dim))
    for start in range(0, header.rows, step):
        count = min(step, header.rows - start)
        at = header.input_at + 4 * dim * start
        rows = np.fromfile(header.path, np.float32, count * dim, offset=at)
        kernel.fold(rows.reshape(count, dim), output.reshape(labels, dim), logits[start:][:count])
    return Table(words, bounds, slots, logits, header.ngrams, header.bucket)


@functools.lru_cache(maxsize=4)
def _load(path: str, size: int, changed: int) -> tuple[fasttext.Header, Table | Whole]:
    header = fasttext.read_header(path)
    if needs_fasttext(header):
        return header, Whole(fasttext.load(path))
    return header, fold(header)


def load(path: str | os.PathLike[str]) -> tuple[fasttext.Header, Table | Whole]:
    """Return what the model at `path` is and its scorer, loaded once a process."""
    try:
        facts = os.stat(path)
    except OSError:
        raise JobError(f"{os.fspath(path)}: no such model file") from None
    return _load(os.fspath(path), facts.st_size, facts.st_mtime_ns)


def score(path: str | os.PathLike[str], prepared: pl.Series | pa.Array, label: str) -> np.ndarray:
    """Return the probability of `label` for every prepared text, rounded to 6 decimals."""
    header, scorer = load(path)
    return np.round(scorer.probabilities(prepared)[:, column(header, label)], 6)


def best(
    path: str | os.PathLike[str], prepared: pl.Series | pa.Array
) -> tuple[np.ndarray, np.ndarray]:
    """Return the likeliest label of every prepared text, and its probability to 6 decimals.

    Of equally likely ones the first by name.
    """
    header, scorer = load(path)
    order = np.argsort(np.array(header.labels))
    chances = np.round(scorer.probabilities(prepared)[:, order], 6)
    at = chances.argmax(axis=1)
    return np.array(header.labels)[order][at], chances[np.arange(len(at)), at]


def column(header: fasttext.Header, label: str) -> int:
    """Return where `label` stands among the model's labels."""
    name = label.removeprefix(fasttext.PREFIX)
    if name not in header.labels:
        shown = ", ".join(header.labels[:20]) + (", …" if len(header.labels) > 20 else "")
        raise JobError(f"{header.path}: no label {label!r}; available: {shown}")
    return header.labels.index(name)
