"""fastText models: what a .bin file holds, prediction, training; the only importer of `fasttext`.

Several distributions install that module, each with faults of its own (`reference/ecosystem.md`
section 1.1), so the file is checked here before any of them reads it: a truncated one would
otherwise loop for ever. Prediction takes the one call that every build and every NumPy allows.
"""

import functools
import mmap
import os
import struct
import tempfile
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cleaner.errors import JobError
from cleaner.storage.shortages import is_shortage, told

MAGIC = 793712314  # first four bytes of every fastText .bin
PREFIX = "__label__"  # not stored in the file: fastText assumes it when it loads one
END = "</s>"  # fastText's end of line; it counts as a word and ends the reading
LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
SUPERVISED = 3
_ARGS = struct.Struct("<iiiiiiiiiiiid")
_DICTIONARY = struct.Struct("<iiiqq")
_ENTRY = 9  # after a word's NUL: int64 count, int8 type


@dataclass(frozen=True)
class Header:
    """What a model file says about itself; offsets are bytes from its start."""

    path: str
    bytes: int
    dim: int
    ngrams: int
    loss: str
    minn: int
    maxn: int
    bucket: int
    words: int
    labels: tuple[str, ...]  # without the prefix
    pruned: bool
    quantised: bool
    entries: array  # where each dictionary entry starts, words first, then labels; then their end
    input_at: int  # the floats of the input matrix; unset when quantised
    output_at: int
    rows: int


@dataclass(frozen=True)
class Model:
    """A checked file and the loaded fastText object."""

    header: Header
    native: Any


class _Cursor:
    """Reads a file from front to back and refuses to pass its end."""

    def __init__(self, path: str, view: mmap.mmap) -> None:
        self.path, self.view, self.at = path, view, 0

    def cut_short(self) -> JobError:
        return JobError(
            f"{self.path}: fastText model cut short: its header asks for more than the "
            f"{len(self.view)} bytes that are there; copy or train it again"
        )

    def skip(self, length: int) -> int:
        """Pass over `length` bytes and return where they began."""
        start = self.at
        if length < 0 or start + length > len(self.view):
            raise self.cut_short()
        self.at += length
        return start

    def take(self, form: struct.Struct) -> tuple[Any, ...]:
        return form.unpack_from(self.view, self.skip(form.size))

    def number(self, form: str) -> int:
        return int(self.take(struct.Struct("<" + form))[0])

    def entry(self) -> int:
        """Pass over one dictionary entry and return where it began."""
        end = self.view.find(b"\0", self.at)
        if end < 0:
            raise self.cut_short()
        return self.skip(end - self.at + 1 + _ENTRY)

    def quantiser(self) -> None:
        dim = self.number("i")
        self.skip(12)
        self.skip(dim * 256 * 4)

    def quantised_matrix(self) -> int:
        """Pass over a quantised matrix and return its rows."""
        norms = self.number("?")
        rows, _ = self.number("q"), self.number("q")
        self.skip(self.number("i"))
        self.quantiser()
        if norms:
            self.skip(rows)
            self.quantiser()
        return rows

    def dense_matrix(self, dim: int) -> tuple[int, int]:
        """Pass over a matrix of floats and return its rows and where they begin."""
        rows, columns = self.number("q"), self.number("q")
        if columns != dim:
            raise self.cut_short()
        return rows, self.skip(rows * columns * 4)


def read_header(path: str | os.PathLike[str]) -> Header:
    """Return what the model file at `path` says about itself, having walked to its last byte."""
    path = os.fspath(path)
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return _walk(_Cursor(path, view))
    except FileNotFoundError:
        raise JobError(f"{path}: no such model file") from None
    except (OSError, ValueError) as error:  # a folder; mmap refuses an empty file
        if is_shortage(error) and not isinstance(error, IsADirectoryError):
            raise told(error, path) from error
        raise JobError(f"{path}: not a readable model file ({error})") from None


def _walk(cursor: _Cursor) -> Header:
    path, view = cursor.path, cursor.view
    if len(view) < 8 or cursor.number("i") != MAGIC:
        raise JobError(f"{path}: not a fastText model (.bin or .ftz)")
    version = cursor.number("i")
    dim, _, _, _, _, ngrams, loss, kind, bucket, minn, maxn, _, _ = cursor.take(_ARGS)
    if version > 12 or loss not in LOSSES or dim <= 0:
        raise JobError(f"{path}: a fastText model of an unknown kind (version {version})")
    if kind != SUPERVISED:
        raise JobError(f"{path}: word vectors, not a classifier: a supervised model is needed")
    size, words, n_labels, _, pruned = cursor.take(_DICTIONARY)
    if words < 0 or n_labels < 1 or size != words + n_labels:
        raise JobError(f"{path}: fastText model with a damaged dictionary")
    entries = array("q", (cursor.entry() for _ in range(size)))
    entries.append(cursor.at)
    labels = tuple(
        view[at : view.find(b"\0", at)].decode("utf-8", "replace").removeprefix(PREFIX)
        for at in entries[words:size]
    )
    cursor.skip(8 * max(pruned, 0))
    quantised = bool(cursor.number("?"))
    rows, input_at = (cursor.quantised_matrix(), 0) if quantised else cursor.dense_matrix(dim)
    if cursor.number("?") and quantised:
        cursor.quantised_matrix()
        output_at = 0
    else:
        targets, output_at = cursor.dense_matrix(dim)
        if targets != n_labels:
            raise cursor.cut_short()
    return Header(
        path=path,
        bytes=len(view),
        dim=dim,
        ngrams=ngrams,
        loss=LOSSES[loss],
        minn=minn,
        maxn=0 if version == 11 else maxn,  # as fastText does for its oldest classifiers
        bucket=bucket,
        words=words,
        labels=labels,
        pruned=pruned >= 0,
        quantised=quantised,
        entries=entries,
        input_at=input_at,
        output_at=output_at,
        rows=rows,
    )


@functools.lru_cache(maxsize=2)
def _load(path: str, size: int, changed: int) -> Model:
    import fasttext

    try:
        return Model(read_header(path), fasttext.load_model(path))
    except (ValueError, RuntimeError) as error:
        raise JobError(f"{path}: fastText cannot load this model: {error}") from None


def load(path: str | os.PathLike[str]) -> Model:
    """Return the model at `path`, loaded once a process; a wrong file is one clear `JobError`."""
    try:
        facts = os.stat(path)
    except OSError:
        raise JobError(f"{os.fspath(path)}: no such model file") from None
    return _load(os.fspath(path), facts.st_size, facts.st_mtime_ns)


def predict(
    model: Model, texts: Iterable[str | None], k: int = 1, threshold: float = 0.0
) -> tuple[list[list[str]], list[list[float]]]:
    """Return the `k` best labels of every text (-1: all), without prefix, and their probabilities.

    They are fastText's own figures: the probability plus 1e-5, here never above 1. A text in which
    the model knows nothing at all has no label.
    """
    labels: list[list[str]] = []
    scores: list[list[float]] = []
    for text in texts:
        line = (text or "").replace("\n", " ") + "\n"
        # (probability, label) pairs from the C++ itself: every wrapper around it differs.
        pairs = model.native.f.predict(line, k, threshold, "replace")
        labels.append([label.removeprefix(PREFIX) for _, label in pairs])
        scores.append([min(float(score), 1.0) for score, _ in pairs])
    return labels, scores


class Settings(BaseModel):
    """fastText's own settings, under its names; the defaults are its own but for the buckets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(100, ge=1, le=1024)
    lr: float = Field(0.1, gt=0, le=10)
    epoch: int = Field(5, ge=1, le=1000)
    ngrams: int = Field(1, ge=1, le=8)
    min_count: int = Field(1, ge=1)
    bucket: int = Field(2_000_000, ge=1, le=2**31 - 1)
    minn: int = Field(0, ge=0, le=10)
    maxn: int = Field(0, ge=0, le=20)
    loss: str = Field("softmax", pattern="^(softmax|hs|ns|ova)$")


def train(
    lines: Iterable[tuple[str, str]], out: str | os.PathLike[str], settings: Settings, seed: int = 0
) -> Header:
    """Train on `(label, prepared text)` lines in their order and write the model to `out`.

    One thread and one seed: the same lines give the same bytes.
    """
    refuse_broken_trainers()
    import fasttext

    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cleaner-train-") as folder:
        path = Path(folder) / "lines.txt"
        labels = set()
        with path.open("w", encoding="utf-8") as file:
            for label, text in lines:
                labels.add(label)
                file.write(f"{PREFIX}{label} {one_line(text)}\n")
        if len(labels) < 2:
            raise JobError(f"training needs texts of two labels; got {sorted(labels)}")
        try:
            native = fasttext.train_supervised(
                input=str(path),
                dim=settings.dim,
                lr=settings.lr,
                epoch=settings.epoch,
                wordNgrams=settings.ngrams,
                minCount=settings.min_count,
                bucket=settings.bucket,
                minn=settings.minn,
                maxn=settings.maxn,
                loss=settings.loss,
                thread=1,
                seed=seed,
                verbose=0,
            )
        except (ValueError, RuntimeError) as error:  # "Encountered NaN", an empty vocabulary
            raise JobError(f"training failed: {error}; lower lr or min_count") from None
    if not set(native.get_words()) - {END} and not settings.maxn:
        raise JobError(
            f"training failed: no word occurs {settings.min_count} times in these texts; lower "
            "min_count"
        )
    if not (_finite(native.f.getOutputMatrix()) and _finite(native.f.getInputMatrix())):
        raise JobError("training gave numbers that are not finite; lower lr")
    _save(native, out)
    return read_header(out)


def quantise(path: str | os.PathLike[str], out: str | os.PathLike[str], cutoff: int = 0) -> Header:
    """Write a compressed copy of a model to `out` (features cut to the `cutoff` strongest)."""
    import fasttext

    native = fasttext.load_model(read_header(path).path)
    try:
        native.quantize(qnorm=True, cutoff=cutoff)
    except (ValueError, RuntimeError) as error:
        raise JobError(f"{os.fspath(path)}: cannot be quantised: {error}") from None
    _save(native, Path(out))
    return read_header(out)


def one_line(text: str) -> str:
    """Return `text` without newlines and without the words that steer fastText.

    >>> one_line("a </s> __label__math\\nb")
    'a s label math b'
    """
    return text.replace("\n", " ").replace(PREFIX, "label ").replace(END, "s")


def _finite(matrix: Any) -> bool:
    return bool(np.isfinite(np.asarray(matrix).sum(dtype=np.float64)))  # a view, no copy


def _save(native: Any, out: Path) -> None:
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        native.save_model(str(beside))
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)


# Trained 27 of 27 models in the trials of reference/ecosystem.md; `fasttext` 0.9.3 and
# fasttext-numpy2-wheel leave part of the matrix unset, fasttext-predict cannot train at all.
TRAINERS = ("fasttext-community", "fasttext-wheel")


def installed(
    distributions: Callable[[], Any] = metadata.packages_distributions,
) -> Sequence[tuple[str, str]]:
    """Return `(distribution, version)` of everything that claims the module `fasttext`."""
    names = sorted(set(distributions().get("fasttext", ())))
    return [(name, metadata.version(name)) for name in names]


def fault(found: Sequence[tuple[str, str]]) -> str | None:
    """Return what is wrong with the installed `fasttext` in one line, or None.

    >>> fault([("fasttext-community", "0.11.9")])
    >>> fault([("fasttext", "0.9.3")])
    'fasttext 0.9.3 trains broken models; run: pip uninstall -y fasttext && pip install \
--force-reinstall fasttext-community'
    """
    if not found:
        return "no fasttext is installed; run: pip install fasttext-community"
    names = " ".join(name for name, _ in found)
    shown = ", ".join(f"{name} {version}" for name, version in found)
    repair = f"run: pip uninstall -y {names} && pip install --force-reinstall fasttext-community"
    if len(found) > 1:
        return f"{shown} install the same module and overwrite each other; {repair}"
    if found[0][0] not in TRAINERS:
        return f"{shown} trains broken models; {repair}"
    return None


@functools.cache
def refuse_broken_trainers() -> None:
    """Raise `JobError` unless the installed `fasttext` is one that trains sound models."""
    if problem := fault(installed()):
        raise JobError(problem)
