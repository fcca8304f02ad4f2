"""Texts as vectors from an embedding model in a folder, and a linear head over them.

The folder holds `model.onnx` and `tokenizer.json` (run by onnxruntime), or a sentence-transformers
model (run by torch). A long text is read in windows spread from its start to its end; a head scores
each window, and the text's score is their mean or maximum. Extra `[embed]`.
"""

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from cleaner.errors import JobError
from cleaner.storage import store

FORMAT = 1
LONGEST_TOKEN = 6  # characters; a window's slice of the text is cut generously by it
CPU_TOKENS = 16_384  # tokens of a batch; small batches waste little on a CPU
GPU_TOKENS_PER_GB = 8_192


class Encoder(BaseModel):
    """An embedding model by path, and how a text becomes windows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    max_tokens: int = Field(512, ge=8, le=8192)
    windows: int = Field(4, ge=1, le=64)
    combine: Literal["mean", "max"] = "mean"
    pooling: Literal["mean", "cls"] = "mean"  # of an ONNX model that gives a vector per token
    prefix: str = ""  # as "query: " for e5


@dataclass(frozen=True)
class Embedder:
    """A loaded model: `run` takes padded token ids and their mask and gives a vector a row."""

    tokenizer: Any
    run: Callable[[np.ndarray, np.ndarray], np.ndarray]
    tokens: int  # of one batch, padding included


def files(path: str) -> list[str]:
    """Return the files of an encoder whose bytes decide its vectors, sorted."""
    kinds = (".onnx", ".onnx_data", ".safetensors", ".bin", ".json", ".txt", ".model")
    folder = Path(path)
    if not folder.is_dir():
        raise JobError(f"{path}: no such folder; it must hold model.onnx or modules.json")
    found = (p for p in folder.rglob("*") if p.is_file() and p.name.endswith(kinds))
    return sorted(map(str, found))


def digest(path: str) -> str:
    """Return a hash over all files of an encoder."""
    state = hashlib.sha256()
    for file in files(path):
        state.update(f"{os.path.relpath(file, path)} {store.sha256(file)}\n".encode())
    return state.hexdigest()


@functools.lru_cache(maxsize=2)
def load(path: str) -> Embedder:
    """Return the encoder in the folder `path`, loaded once a process, on a GPU if there is one."""
    names = {os.path.relpath(file, path) for file in files(path)}
    try:
        if "model.onnx" in names or "onnx/model.onnx" in names:
            return _onnx(path, "model.onnx" if "model.onnx" in names else "onnx/model.onnx")
        if "modules.json" in names:
            return _sentence_transformer(path)
    except ImportError as error:
        raise JobError(
            f"{path}: needs the extra [embed] ({error.name} is not installed); run: "
            "pip install 'corpus-distiller[embed]'"
        ) from None
    except (OSError, ValueError, RuntimeError) as error:
        said = str(error).strip().split("\n")[0]
        raise JobError(f"{path}: this encoder cannot be loaded: {said}") from None
    raise JobError(f"{path}: neither model.onnx nor modules.json is in this folder")


def _tokenizer(path: str) -> Any:
    from tokenizers import Tokenizer

    for name in ("tokenizer.json", "0_Transformer/tokenizer.json"):
        if (file := Path(path) / name).exists():
            return Tokenizer.from_file(str(file))
    raise ValueError("there is no tokenizer.json")


def _onnx(path: str, name: str) -> Embedder:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
    there = onnxruntime.get_available_providers()
    wanted = [p for p in ("CUDAExecutionProvider", "CPUExecutionProvider") if p in there]
    try:
        session = onnxruntime.InferenceSession(f"{path}/{name}", options, providers=wanted)
    except Exception as error:  # onnxruntime's own errors share no base but Exception
        raise ValueError(str(error)) from None
    takes = {node.name for node in session.get_inputs()}

    def run(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return session.run(None, {key: feed[key] for key in feed if key in takes})[0]

    gpu = "CUDAExecutionProvider" in session.get_providers()
    return Embedder(_tokenizer(path), run, _gpu_tokens() if gpu else CPU_TOKENS)


def _sentence_transformer(path: str) -> Embedder:
    import torch
    from sentence_transformers import SentenceTransformer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(path, device=device, local_files_only=True).eval()

    def run(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            features = {
                "input_ids": torch.from_numpy(ids).to(device),
                "attention_mask": torch.from_numpy(mask).to(device),
            }
            return model(features)["sentence_embedding"].float().cpu().numpy()

    return Embedder(_tokenizer(path), run, _gpu_tokens() if device == "cuda" else CPU_TOKENS)


def _gpu_tokens() -> int:
    """Return how many tokens a batch may have by the GPU memory that is free now."""
    try:
        import torch

        free = torch.cuda.mem_get_info()[0]
    except (ImportError, RuntimeError):
        return 8 * GPU_TOKENS_PER_GB
    return max(CPU_TOKENS, int(free / 2**30 / 2) * GPU_TOKENS_PER_GB)


def windows(texts: list[str], encoder: Encoder, embedder: Embedder) -> tuple[list[Any], np.ndarray]:
    """Return the tokens of every window and the text that each belongs to.

    A text without a token has one window all the same, so that every text has a vector.
    """
    span = encoder.max_tokens * LONGEST_TOKEN
    pieces: list[str] = []
    owners: list[int] = []
    whole: list[bool] = []
    for owner, text in enumerate(texts):
        if len(text) <= span * encoder.windows:
            parts, complete = [text], True
        else:  # too long to be worth cutting into tokens as a whole
            starts = np.linspace(0, len(text) - span, encoder.windows).astype(int)
            parts, complete = [text[at : at + span] for at in starts], False
        pieces += [encoder.prefix + part for part in parts]
        owners += [owner] * len(parts)
        whole += [complete] * len(parts)
    embedder.tokenizer.enable_truncation(encoder.max_tokens)
    embedder.tokenizer.no_padding()
    found: list[Any] = []
    belong: list[int] = []
    for owner, complete, encoded in zip(
        owners, whole, embedder.tokenizer.encode_batch(pieces), strict=True
    ):
        every = [encoded, *encoded.overflowing] if complete else [encoded]
        if len(every) > encoder.windows:
            chosen = np.linspace(0, len(every) - 1, encoder.windows).astype(int)
            every = [every[at] for at in chosen]
        found += [window.ids for window in every]
        belong += [owner] * len(every)
    return found, np.array(belong, np.int64)


def vectors(texts: list[str], encoder: Encoder) -> tuple[np.ndarray, np.ndarray]:
    """Return a vector of length one for every window, and the text that each belongs to."""
    embedder = load(encoder.path)
    found, belong = windows(texts, encoder, embedder)
    order = sorted(range(len(found)), key=lambda at: (len(found[at]), at))  # little padding
    out: np.ndarray | None = None
    for batch in _batches(order, found, embedder.tokens):
        rows = _run(embedder, [found[at] for at in batch], encoder)
        if out is None:
            out = np.zeros((len(found), rows.shape[1]), np.float32)
        out[batch] = rows
    return (np.zeros((0, 1), np.float32) if out is None else out), belong


def _batches(order: list[int], found: list[Any], tokens: int) -> Iterator[list[int]]:
    batch: list[int] = []
    for at in order:
        if batch and (len(batch) + 1) * max(1, len(found[at])) > tokens:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _run(embedder: Embedder, rows: list[Any], encoder: Encoder) -> np.ndarray:
    """Return the vectors of one batch; one that does not fit into memory is halved."""
    width = max(1, *map(len, rows))
    ids = np.zeros((len(rows), width), np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)], mask[at, : len(row)] = row, 1
    try:
        found = embedder.run(ids, mask)
    except (RuntimeError, MemoryError) as error:
        if "memory" not in str(error).lower():
            raise
        if len(rows) == 1:  # no verdict on the text, which is cut to so many tokens
            raise MemoryError(str(error).strip().split("\n", 1)[0]) from error
        half = len(rows) // 2
        parts = (rows[:half], rows[half:])
        return np.concatenate([_run(embedder, part, encoder) for part in parts])
    if found.ndim == 3:  # a vector per token
        if encoder.pooling == "cls":
            found = found[:, 0]
        else:
            weight = mask[:, :, None].astype(found.dtype)
            found = (found * weight).sum(1) / np.maximum(weight.sum(1), 1)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.maximum(length, 1e-12)).astype(np.float32)


class Head(BaseModel):
    """A trained head: a file of its own, small enough to read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = FORMAT
    encoder: Encoder
    encoder_sha256: str
    kind: Literal["classes", "regression"]
    labels: tuple[str, ...]
    top: float = 1.0  # the highest grade: a regression's scores are shares of it
    weights: tuple[tuple[float, ...], ...]  # a row per label; one row for a regression
    bias: tuple[float, ...]

    def scores(self, texts: list[str]) -> np.ndarray:
        """Return a row per text and a column per label, between 0 and 1."""
        return self.from_vectors(*vectors(texts, self.encoder), len(texts))

    def from_vectors(self, found: np.ndarray, belong: np.ndarray, texts: int) -> np.ndarray:
        """Return the same from the vectors of windows and the texts that they belong to."""
        raw = found.astype(np.float64) @ np.array(self.weights).T + np.array(self.bias)
        if self.kind == "regression":
            chance = np.clip(raw / self.top, 0, 1)
        else:
            chance = 1 / (1 + np.exp(-raw))
            chance /= chance.sum(axis=1, keepdims=True)
        return combined(chance, belong, texts, self.encoder.combine)


def combined(chance: np.ndarray, belong: np.ndarray, texts: int, how: str) -> np.ndarray:
    """Return a row per text from a row per window: their mean or maximum."""
    out = np.zeros((texts, chance.shape[1]))
    if how == "max":
        np.maximum.at(out, belong, chance)
        return out
    np.add.at(out, belong, chance)
    return out / np.maximum(np.bincount(belong, minlength=texts), 1)[:, None]


@functools.lru_cache(maxsize=4)
def _read(path: str, size: int, changed: int) -> Head:
    try:
        data = json.loads(store.read_bytes(path))
        if data["format"] > FORMAT:
            raise JobError(
                f"{path}: a head of format {data['format']}; this cleaner reads {FORMAT}"
            )
        return Head.model_validate(data)
    except (ValueError, KeyError, TypeError):
        raise JobError(f"{path}: not the head of an embedding model") from None


def read_head(path: str) -> Head:
    """Return the head in the file `path`; a wrong file is one clear `JobError`."""
    try:
        facts = os.stat(path)
    except OSError:
        raise JobError(f"{path}: no such model file") from None
    return _read(path, facts.st_size, facts.st_mtime_ns)


def check(path: str, label: str) -> Head:
    """Return the head at `path` after checking its encoder's bytes and that it knows `label`."""
    head = read_head(path)
    if label not in head.labels:
        raise JobError(f"{path}: no label {label!r}; available: {', '.join(head.labels)}")
    if digest(head.encoder.path) != head.encoder_sha256:
        raise JobError(
            f"{path}: {head.encoder.path} is not the encoder this head was trained on; train again"
        )
    return head


def score(path: str, texts: pl.Series, label: str) -> np.ndarray:
    """Return the score of `label` for every text, rounded to 6 decimals; an empty text has 0."""
    head = read_head(path)
    given = texts.fill_null("").to_list()
    if not given:
        return np.zeros(0)
    found = np.round(head.scores(given)[:, head.labels.index(label)], 6)
    found[[not text.strip() for text in given]] = 0.0
    return found


def fit_classes(rows: np.ndarray, yes: np.ndarray, ridge: float) -> tuple[np.ndarray, float]:
    """Return weights and bias of a logistic regression, by Newton's method."""
    with_one = np.hstack([rows.astype(np.float64), np.ones((len(rows), 1))])
    penalty = np.full(with_one.shape[1], ridge)
    penalty[-1] = 1e-6
    beta = np.zeros(with_one.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(with_one @ beta, -30, 30)))
        slope = with_one.T @ (yes - chance) - penalty * beta
        bend = (with_one * (chance * (1 - chance) + 1e-9)[:, None]).T @ with_one + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return beta[:-1], float(beta[-1])


def fit_grades(rows: np.ndarray, grades: np.ndarray, ridge: float) -> tuple[np.ndarray, float]:
    """Return weights and bias of a ridge regression."""
    rows = rows.astype(np.float64)
    middle, mean = rows.mean(0), float(grades.mean())
    apart = rows - middle
    bend = apart.T @ apart + ridge * np.eye(rows.shape[1])
    weights = np.linalg.solve(bend, apart.T @ (grades - mean))
    return weights, mean - float(middle @ weights)
