"""The language models: py3langid's own, walked by a kernel, or any fastText model by path."""

import functools
import hashlib
import importlib.util
import io
import lzma
import mmap
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.errors import JobError
from cleaner.kernels.language import langid
from cleaner.kernels.text import nfc
from cleaner.models.language.base import Backend, Proposal
from cleaner.models.language.codes import Code, label_code
from cleaner.models.scoring import fasttext

LID_176 = 176  # labels of the model whose scores were held against what was right
HASH = 16  # hexadecimal digits of a model's hash that its name shows


def _groups(codes: list[Code]) -> np.ndarray:
    """Return for each label the number of its language."""
    number = {lang: i for i, lang in enumerate(dict.fromkeys(code.lang for code in codes))}
    return np.array([number[code.lang] for code in codes], np.int32)


class Py3langid:
    """The model inside the package py3langid, walked by a kernel."""

    name = "py3langid"
    calibration = (1.461, 0.992)
    min_score = 0.5

    def __init__(self) -> None:
        packed = _py3langid_file().read_bytes()
        self.identity = hashlib.sha256(packed).hexdigest()
        with np.load(io.BytesIO(lzma.decompress(packed)), allow_pickle=False) as arrays:
            row, feature = arrays["nextmove_row"], arrays["out_feat"]
            self.labels: list[str] = arrays["classes"].tolist()
            self._prior = arrays["pc"].astype(np.float64)
            self._automaton = _automaton(arrays["nextmove"].reshape(-1, 256), row, feature)
            self._model = _whole(arrays["ptc"], feature)
        self.codes = [label_code(label) for label in self.labels]
        self._groups = _groups(self.codes)

    def propose(self, offsets: np.ndarray, data: np.ndarray) -> Proposal:
        """Return the proposal for each text, normalised as py3langid does."""
        offsets, data = folded(offsets, data)
        return Proposal(
            *langid.propose(offsets, data, self._automaton, self._model, self._prior, self._groups)
        )


def _py3langid_file() -> Path:
    spec = importlib.util.find_spec("py3langid")
    path = Path(spec.origin or "").parent / "data" / "model.npz.xz" if spec else None
    if path is None or not path.is_file():
        raise JobError("the language model of py3langid 0.4 is missing; run: pip install py3langid")
    return path


def _automaton(step: np.ndarray, row: np.ndarray, feature: np.ndarray) -> tuple[Any, ...]:
    """Return `(step, base, features, start, depth)` for `langid.propose`.

    States share rows of 256 steps. An entry of `step` is the row of the next state above 16 bits
    that, added to the row's `base`, give the place of that state's feature in `features`; 0 there
    is the place of no feature, and ~i the i-th of those that several states stand for.
    """
    speaking = np.flatnonzero(feature >= 0)
    speaking = speaking[np.argsort(row[speaking], kind="stable")]
    per_row = np.bincount(row[speaking], minlength=len(step))
    base = np.concatenate([[0], np.cumsum(per_row + 1)[:-1]])
    place = np.arange(len(speaking)) - (np.cumsum(per_row) - per_row)[row[speaking]] + 1
    entry = row.astype(np.uint32) << np.uint32(16)
    entry[speaking] |= place.astype(np.uint32)
    number = np.arange(feature.max() + 1, dtype=np.int32)
    shared = _shared(feature)
    number[shared] = ~np.arange(len(shared), dtype=np.int32)
    features = np.full(len(step) + len(speaking), len(number), np.int32)
    features[base[row[speaking]] + place] = number[feature[speaking]]
    steps = _table(step.shape, np.uint32)
    np.take(entry, step, out=steps)
    return steps.ravel(), base.astype(np.uint32), features, int(row[0]), _depth(step, row)


def _table(shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    """Return zeros on huge pages where there are some: looking up here and there costs less."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype).reshape(shape)


def _shared(feature: np.ndarray) -> np.ndarray:
    """Return the features that more than one state stands for."""
    return np.flatnonzero(np.bincount(feature[feature >= 0]) > 1)


def _depth(step: np.ndarray, row: np.ndarray) -> int:
    """Return the most bytes that a state remembers: the longest of the shortest ways to it."""
    reached = np.zeros(len(row), np.bool_)
    reached[0] = True
    newest, depth = np.zeros(1, np.int64), -1
    while len(newest):
        depth += 1
        following = np.zeros(len(row), np.bool_)
        following[step[np.unique(row[newest])]] = True
        newest = np.flatnonzero(following & ~reached)
        reached |= following
    return depth


def _whole(weights: np.ndarray, feature: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return `(weights, shared, logs)` for `langid.propose`.

    The float16 `weights` become whole 512ths above each row's least, which no label gains by; a row
    of zeros comes last.
    """
    rows, labels = weights.shape
    out = _table((rows + 1, -(-labels // 16) * 16), np.uint16)
    for start in range(0, rows, 4096):
        exact = weights[start : start + 4096].astype(np.float32) * langid.SCALE
        out[start : start + len(exact), :labels] = exact - exact.min(axis=1, keepdims=True)
    logs = np.log1p(np.arange(langid.FEW, dtype=np.float64)) / langid.SCALE
    return out, _shared(feature).astype(np.int32), logs


def folded(offsets: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the texts as py3langid reads them: NFC, and in lower case if all is in capitals."""
    doubtful = np.flatnonzero(nfc.needs_folding(offsets, data, nfc.forms(), nfc.LEADS))
    changed: dict[int, bytes] = {}
    for i in doubtful.tolist():
        text = data[offsets[i] : offsets[i + 1]].tobytes().decode("utf-8", "replace")
        new = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
        if new is not text and new != text:
            changed[i] = new.encode()
    if not changed:
        return offsets, data
    parts: list[bytes] = []
    at = 0
    for i, new_bytes in changed.items():
        parts += [data[offsets[at] : offsets[i]].tobytes(), new_bytes]
        at = i + 1
    parts.append(data[offsets[at] : offsets[-1]].tobytes())
    lengths = np.diff(offsets)
    lengths[list(changed)] = [len(new) for new in changed.values()]
    bounds = np.zeros(len(offsets), np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return bounds, np.frombuffer(bytearray().join(parts), np.uint8)


class FastText:
    """Any fastText language model by path: labels as of lid.176, GlotLID or OpenLID."""

    name = "fasttext"
    calibration = (0.0, 1.0)  # the model's own score: published cuts on GlotLID's are of that
    min_score = 0.5

    def __init__(self, path: str) -> None:
        self._model = fasttext.load(path)
        self.identity = identity(path)
        self.labels = list(self._model.header.labels)
        self.codes = [label_code(label) for label in self.labels]
        if len(self.labels) == LID_176:
            self.calibration = (0.258, 1.1)
        self._number = {label: i for i, label in enumerate(self.labels)}

    def propose(self, offsets: np.ndarray, data: np.ndarray) -> Proposal:
        """Return the proposal for each text; labels of one language are summed over the best 5."""
        n = len(offsets) - 1
        out = Proposal(*(np.full(n, -1, np.int32) if k % 2 == 0 else np.zeros(n) for k in range(4)))
        texts = strings(offsets, data).to_list()
        for i, (labels, scores) in enumerate(
            zip(*fasttext.predict(self._model, texts, k=5), strict=True)
        ):
            share: dict[str, float] = {}
            first: dict[str, int] = {}
            for label, score in zip(labels, scores, strict=True):
                number = self._number[label]
                lang = self.codes[number].lang
                share[lang] = share.get(lang, 0.0) + score
                first.setdefault(lang, number)
            for (lang, number), best, part in zip(
                first.items(), (out.best, out.second), (out.share, out.second_share), strict=False
            ):
                best[i], part[i] = number, min(share[lang], 1.0)
        return out


def strings(offsets: np.ndarray, data: np.ndarray) -> pl.Series:
    """Return texts of `(offsets, data)` as a series."""
    bodies = [pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(np.ascontiguousarray(data))]
    array = pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, [None, *bodies])
    return pl.Series("text", array)


@functools.lru_cache(maxsize=2)
def _fasttext(path: str, size: int, changed: int) -> FastText:
    return FastText(path)


@dataclass(frozen=True)
class Packaged:
    """A backend whose model comes inside a package: how it is made, and the file of its model."""

    make: Callable[[], Backend]
    file: Callable[[], Path]


# By the names that a job gives as `model`; a path means a fastText model.
PACKAGED: dict[str, Packaged] = {"py3langid": Packaged(Py3langid, _py3langid_file)}
DEFAULT = "py3langid"


@functools.cache
def _packaged(name: str) -> Backend:
    return PACKAGED[name].make()


def backend(name: str | None = None) -> Backend:
    """Return the model of that name, loaded once a process: a path, or one of PACKAGED.

    `py3langid:<hash>` asks for the very model that this hash is of.
    """
    name = name or DEFAULT
    if is_packaged(name):
        kind, _, wanted = name.partition(":")
        model = _packaged(kind)
        if not model.identity.startswith(wanted):
            raise JobError(
                f"{name}: this machine's {kind} holds another model "
                f"({model.identity[:HASH]}); install the same version everywhere"
            )
        return model
    try:
        facts = Path(name).stat()
    except OSError:
        raise JobError(f"{name}: no such model file") from None
    return _fasttext(name, facts.st_size, facts.st_mtime_ns)


def is_packaged(name: str) -> bool:
    """Return whether `name` is that of a model inside a package, with or without a hash."""
    return name.partition(":")[0] in PACKAGED


def identity(name: str | None = None) -> str:
    """Return the SHA-256 of the model's file; the model itself is not loaded."""
    name = name or DEFAULT
    path = PACKAGED[name.partition(":")[0]].file() if is_packaged(name) else Path(name)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise JobError(f"{path}: cannot read the model file ({error.strerror})") from None


def full_name(name: str | None) -> str:
    """Return `py3langid:<hash>` for a model inside a package, any path unchanged."""
    name = name or DEFAULT
    return f"{name.partition(':')[0]}:{identity(name)[:HASH]}" if is_packaged(name) else name
