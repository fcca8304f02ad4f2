"""A tiny embedding model made on the spot: a table of word vectors, as ONNX, and its tokenizer."""

import json
from pathlib import Path

import numpy as np

FLOAT, INT64 = 1, 7


def _varint(number: int) -> bytes:
    out = bytearray()
    while True:
        out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(out)


def _field(number: int, value: int | bytes | str) -> bytes:
    """Return one field of a protocol buffer."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor_info(name: str, kind: int, dims: tuple[str | int, ...]) -> bytes:
    shape = b"".join(
        _field(1, _field(1, dim) if isinstance(dim, int) else _field(2, dim)) for dim in dims
    )
    tensor = _field(1, kind) + _field(2, shape)
    return _field(1, name) + _field(2, _field(1, tensor))


def onnx(table: np.ndarray) -> bytes:
    """Return an ONNX model that looks up a row of `table` for each of `input_ids`."""
    weights = (
        b"".join(_field(1, size) for size in table.shape)
        + _field(2, FLOAT)
        + _field(8, "table")
        + _field(9, table.astype("<f4").tobytes())
    )
    node = _field(1, "table") + _field(1, "input_ids") + _field(2, "vectors") + _field(4, "Gather")
    graph = (
        _field(1, node)
        + _field(2, "tiny")
        + _field(5, weights)
        + _field(11, _tensor_info("input_ids", INT64, ("batch", "tokens")))
        + _field(12, _tensor_info("vectors", FLOAT, ("batch", "tokens", table.shape[1])))
    )
    opset = _field(1, "") + _field(2, 13)
    return _field(1, 8) + _field(7, graph) + _field(8, opset)


def make(folder: Path, words: dict[str, int], size: int = 8) -> Path:
    """Write an encoder in which the words of a group (0, 1, ...) point the same way."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(0)
    vocabulary = {"[UNK]": 0, **{word: at for at, word in enumerate(words, 1)}}
    table = chance.normal(0, 0.2, (len(vocabulary), size)).astype(np.float32)
    for word, group in words.items():
        table[vocabulary[word], group] += 2
    (folder / "model.onnx").write_bytes(onnx(table))
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder
