"""Texts as the tokens of a `tokenizers` file, and which of them ends a document.

What a text says is never a control token: a page that shows `<|endoftext|>` is encoded as the
characters that it shows. A length to cut or fill up to, if the file has one, is not obeyed.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Self

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.config.plain import Plain
from cleaner.errors import JobError
from cleaner.storage import store

# Names under which tokenizers have the token that ends a document.
_ENDS = (
    "<|endoftext|>", "<|end_of_text|>", "<|end▁of▁sentence|>", "<eod>", "<|eod|>", "</s>", "<eos>",
    "[EOS]", "<|eos|>", "[EOD]",
)  # fmt: skip
_AT_ONCE = 4 << 20  # bytes of text encoded at a time
TOKENS, TOKEN_COUNT = "#tokens", "#token_count"  # of a text, on its way to the shards


@dataclass(frozen=True)
class Tokenizer(Plain):
    """A tokenizer, by its file."""

    path: str
    sha256: str
    vocabulary: int  # one more than the largest number of a token
    end_token: str = ""
    end: int = -1  # the number of that token; -1: none is known

    @classmethod
    def of(cls, path: str, end_token: str | None = None, asked: str = "") -> Self:
        """Return the tokenizer of a file, with the token that ends a document.

        That is the one named, or the one that a `tokenizer_config.json` beside it names, or the
        one of its tokens that usually does. Raises JobError for what is no such file, and where
        none is known that must be: `asked` says what to write then.
        """
        if not store.exists(path):
            raise JobError(f"{path}: no such file")
        sha256 = store.sha256(path)
        numbers = _loaded(path, sha256).get_vocab(with_added_tokens=True)
        if end_token is not None and end_token not in numbers:
            raise JobError(f"{path}: has no token {end_token!r}")
        name = end_token or _configured(path)
        if name not in numbers:
            usual = [one for one in _ENDS if one in numbers]
            name = usual[0] if len(usual) == 1 else ""
        if asked and not name:
            raise JobError(f"{path}: which of its tokens ends a document? {asked}")
        return cls(path, sha256, max(numbers.values()) + 1, name, numbers.get(name, -1))

    def encoded(self, texts: pl.Series, ended: bool) -> pl.Series:
        """Return the tokens of each text, as lists of UInt32, with the end token if `ended`."""
        numbers: list[np.ndarray] = []
        lengths: list[int] = []
        more = [self.end] if ended else []
        for some in _batches(texts.to_list()):
            found = [[*one.ids, *more] for one in self._loaded.encode_batch_fast(
                some, add_special_tokens=False
            )]  # fmt: skip
            sizes = [len(one) for one in found]
            flat = chain.from_iterable(found)
            numbers.append(np.fromiter(flat, np.uint32, count=sum(sizes)))
            lengths += sizes
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
        values = pa.array(np.concatenate([np.zeros(0, np.uint32), *numbers]))
        return pl.Series("tokens", pa.LargeListArray.from_arrays(offsets, values))

    def counted(self, texts: pl.Series) -> pl.Series:
        """Return how many tokens each text has."""
        found: list[int] = []
        for some in _batches(texts.to_list()):
            encoded = self._loaded.encode_batch_fast(some, add_special_tokens=False)
            found += [len(one) for one in encoded]
        return pl.Series("tokens", found, pl.UInt32)

    def added(self, docs: pl.DataFrame, as_tokens: bool) -> pl.DataFrame:
        """Return documents with how many tokens they have, and with these where shards hold them.

        Shards that hold tokens hold the one that ends a document, too, and it is counted.
        """
        if not as_tokens:
            return docs.with_columns(self.counted(docs["text"]).alias(TOKEN_COUNT))
        tokens = self.encoded(docs["text"], ended=True)
        count = tokens.list.len().cast(pl.UInt32)
        return docs.with_columns(tokens.alias(TOKENS), count.alias(TOKEN_COUNT))

    @property
    def _loaded(self) -> Any:
        return _loaded(self.path, self.sha256)


def _batches(texts: list[str]) -> list[list[str]]:
    """Return texts in runs of about _AT_ONCE bytes."""
    found: list[list[str]] = []
    size = _AT_ONCE
    for text in texts:
        if size >= _AT_ONCE:
            found.append([])
            size = 0
        found[-1].append(text)
        size += len(text)
    return found


@lru_cache(maxsize=4)
def _loaded(path: str, sha256: str) -> Any:
    """Return a tokenizer as its library has it, once in a process."""
    try:
        from tokenizers import Tokenizer as Library
    except ImportError:
        raise JobError(
            "tokenizer: needs the package tokenizers; pip install 'corpus-distiller[tokenize]'"
        ) from None
    data = store.read_bytes(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise JobError(f"{path}: has other bytes than when the job was planned")
    try:
        made = Library.from_str(data.decode())
    except Exception as error:  # the library raises no narrower one
        raise JobError(f"{path}: no file of the tokenizers library: {error}") from None
    made.no_truncation()
    made.no_padding()
    made.encode_special_tokens = True
    return made


def _configured(path: str) -> str:
    """Return the end token that the configuration beside a tokenizer names; "" for none."""
    folder = path.rpartition("/")[0]
    place = store.join(folder, "tokenizer_config.json") if folder else "tokenizer_config.json"
    try:
        said = json.loads(store.read_bytes(place)) if store.exists(place) else {}
    except ValueError:
        return ""
    named = said.get("eos_token") if isinstance(said, dict) else None
    named = named.get("content") if isinstance(named, dict) else named
    return named if isinstance(named, str) else ""
