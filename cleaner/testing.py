"""What every stage, format of shards and language model owes, for tests of your own ones.

Each check raises AssertionError, which says what is owed and what was found instead.
"""

import io
import json
from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.ledger import COLUMNS
from cleaner.models.language.base import Backend, Proposal
from cleaner.shards import Expected, Format
from cleaner.stages.base import Judging, Stage

TEXTS: tuple[str | None, ...] = (
    "The river was high in spring, and nobody could cross the old bridge. " * 4,
    "short",
    None,
    "",
    "Let $x^2 + y_1$ be the sum.\n\nLet it be, and let it stay.",
    "数学是研究数量、结构、变化、空间以及信息等概念的一门学科。",
    "One line that stands twice.\n\nOne line that stands twice.",
    "\x00\ufffd\u200b \r\n\u2028 e\u0301",
)
# What a stage may add beside what `adds` names: what the ledger has for it.
_VERDICT = (
    "broken", "error", "characters_cut", "duplicate_of", "duplicate_file", "duplicate_row",
    "jaccard", "cluster_size",
)  # fmt: skip


def documents(texts: Sequence[str | None] = TEXTS) -> pl.DataFrame:
    """Return a frame of documents as a stage meets it: pages, texts, addresses, keys."""
    count = len(texts)
    pages = [None if t is None else f"<html><body><p>{t}</p></body></html>".encode() for t in texts]
    return pl.DataFrame({
        "file": pl.Series([0] * count, dtype=pl.UInt32),
        "row": pl.Series(range(count), dtype=pl.UInt64),
        "id": [f"d{n}" for n in range(count)],
        "html": pl.Series(pages, dtype=pl.Binary),
        "text": pl.Series(texts, dtype=pl.String),
        "url": [f"http://a.example/{n // 2}" if n % 3 else None for n in range(count)],
        "lang": ["en" if n % 3 else None for n in range(count)],
        "source": ["a" if n % 2 else "b" for n in range(count)],
        "cluster_size": pl.Series([1] * count, dtype=pl.UInt32),
    })  # fmt: skip


def check_stage(stage: Stage, docs: pl.DataFrame | None = None) -> None:
    """Hold a stage to what the engine relies on; `docs` has further columns that it needs."""
    docs = documents() if docs is None else docs
    made = stage(docs)
    free = {*stage.adds(), *_VERDICT, *(("text",) if stage.changes_text else ())}
    same = [name for name in docs.columns if name not in free]
    _owed(len(made) == len(docs), f"as many rows as it is given: {len(docs)}, not {len(made)}")
    for name in same:
        unchanged = name in made.columns and made[name].equals(docs[name], null_equal=True)
        _owed(unchanged, f"the rows in their order, and the column {name!r} as it is")
    told = pl.DataFrame(schema=dict(stage.adds())).schema
    for name, kind in told.items():
        found = made.schema.get(name)
        _owed(found == kind, f"the column {name!r} of {kind}, as adds() says; not {found}")
    more = set(made.columns) - set(docs.columns) - set(told) - set(_VERDICT)
    _owed(not more, f"only the columns that adds() names; not {sorted(more)}")
    _verdicts(stage, made)
    if stage.global_stage() is None:
        for at in range(1, len(docs)):
            parted = pl.concat([stage(docs[:at]), stage(docs[at:])])
            _owed(
                parted.equals(made), f"the same wherever frames are cut; other if cut at row {at}"
            )
    empty = stage(docs.clear())
    _owed(empty.schema == made.schema, "the same columns for a frame without rows")
    again = type(stage).model_validate(json.loads(json.dumps(stage.plain())))
    _owed(again == stage, "to be the same after plain() was written as JSON and read")
    _owed(again(docs).equals(made), "the same verdicts every time")


def _verdicts(stage: Stage, made: pl.DataFrame) -> None:
    for name in set(_VERDICT) & set(made.columns):
        kind = made.schema[name]
        _owed(kind == COLUMNS[name], f"{name!r} of {COLUMNS[name]}, not {kind}")
    if isinstance(stage, Judging):
        _owed("broken" in made.columns, "the column 'broken'; an empty list means keep")
    if "broken" in made.columns:
        _owed(made["broken"].null_count() == 0, "a list in 'broken' for every row, never null")


def check_shard_format(form: Format) -> None:
    """Hold a format of shards that takes any column to giving back what was written."""
    docs = documents().with_columns(
        large=pl.Series([2**63 - 1, -(2**63), None, 0] * 2),
        score=pl.Series([0.1, 1e300, 5e-324, None] * 2),
        list=pl.Series([["a", None, ""], [], None, ["\n"]] * 2),
        **{"a.b": pl.Series(range(8))},
    )
    if form.columns is not None:
        docs = docs.select(name for name in docs.columns if name in form.columns)
    schema = docs.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    whole = _written(form, [docs], schema)
    parted = _written(form, [docs[:1], docs[1:1], docs[1:]], schema)
    _owed(whole == parted, "the same bytes however frames are cut")
    _owed(whole == _written(form, [docs], schema), "the same bytes every time")
    sources = [pa.BufferReader(data) for data in whole]
    starts, frames = zip(*form.chunks(sources, schema, None, None), strict=True)
    counted = np.cumsum([0, *(len(frame) for frame in frames[:-1])]).tolist()
    _owed(list(starts) == counted, f"the number of the first row of each frame; not {starts}")
    read = pl.concat(frames)
    for name in docs.columns:
        back = name in read.columns and read[name].equals(docs[name], null_equal=True)
        _owed(back, f"the column {name!r} back as it was written")
    sources = [pa.BufferReader(data) for data in whole]
    (few, *_) = (frame for _, frame in form.chunks(sources, schema, docs.columns[:1], None))
    _owed(few.columns == docs.columns[:1], "only the columns that are asked for")
    sources = [pa.BufferReader(data) for data in _written(form, [], schema)]
    left = sum(len(frame) for _, frame in form.chunks(sources, schema, None, None))
    _owed(left == 0, f"no rows from a shard without any; not {left}")


def _written(form: Format, frames: Sequence[pl.DataFrame], schema: pa.Schema) -> list[bytes]:
    sinks = [pa.BufferOutputStream() for _ in form.suffixes]
    form.write(iter(frames), schema, sinks, Expected())
    return [sink.getvalue().to_pybytes() for sink in sinks]


def check_language_model(model: Backend) -> None:
    """Hold a language model to one proposal for each text, whatever stands beside it."""
    texts = [(text or "").encode() for text in TEXTS]
    whole = _proposed(model, texts)
    for what in ("best", "second"):
        labels = getattr(whole, what)
        known = (labels >= -1) & (labels < len(model.codes))
        _owed(bool(known.all()), f"{what}: numbers into `codes`, or -1; not {labels.tolist()}")
    for what in ("share", "second_share"):
        shares = getattr(whole, what)
        inside = bool(((shares >= 0) & (shares <= 1)).all())  # false for NaN, too
        _owed(inside, f"{what}: from 0 to 1, never NaN; not {shares.tolist()}")
    for place, text in enumerate(texts):
        alone = _proposed(model, [text])
        for what in ("best", "share", "second", "second_share"):
            one, among = getattr(alone, what)[0], getattr(whole, what)[place]
            _owed(
                bool(one == among), f"{what}: the same for text {place} alone: {among}, not {one}"
            )
    _owed(len(_proposed(model, []).best) == 0, "nothing for no text")
    _owed(bool(model.identity), "an `identity`: a hash of the model, which the keys of a run hold")


def _proposed(model: Backend, texts: Sequence[bytes]) -> Proposal:
    data = io.BytesIO(b"".join(texts)).getvalue()
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    made = model.propose(offsets, np.frombuffer(data, np.uint8))
    for what in ("best", "share", "second", "second_share"):
        count = len(getattr(made, what))
        _owed(count == len(texts), f"{what}: one for each of {len(texts)} texts; not {count}")
    return made


def _owed(held: bool, what: str) -> None:
    if not held:
        raise AssertionError(f"owes {what}")
