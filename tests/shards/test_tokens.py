"""Formats of tokens: each file read as its trainer does, by the published layout."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from support.corpus_maker import job
from support.tokenizers_made import byte_bpe, widened
from support.trainer_readers import READERS, megatron_documents
from tokenizers import Tokenizer as Library

from cleaner.api import run
from cleaner.errors import JobError
from cleaner.results.finished import explain, open_run, verify
from cleaner.results.source_texts import texts_of
from cleaner.shards import FORMATS, Expected
from cleaner.shards.tokenizer import Tokenizer

TEXTS = [
    "The river Aare leaves its lake below the old town.",
    "河水流过城市,孩子们在桥上看船。",
    "A page may show <|endoftext|> and mean the characters.",
    "Let $x^2 + y^2 = z^2$; then z > x.",
    "naïve café — “quotes”",
]
FORMS = [name for name, form in FORMATS.items() if not form.holds_text]
every_form = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(scope="module")
def bpe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return byte_bpe(tmp_path_factory.mktemp("bpe") / "tokenizer.json", TEXTS * 3)


def told(path: Path, texts: list[str], form: str, tokenizer: str, **more: Any) -> dict[str, Any]:
    """Return a job over texts that writes them in a format."""
    docs = {"text": texts, "id": [f"d{n}" for n in range(len(texts))], "source": "s"}
    docs["url"] = [f"https://a.example/{n}" for n in range(len(texts))]
    pl.DataFrame(docs).write_parquet(path)
    plain = job([path])
    plain["output"] = {"format": form, "tokenizer": tokenizer, **more}
    return plain


def plain_tokens(tokenizer: str, text: str) -> list[int]:
    """Return a text's tokens as the library has them, control tokens taken for characters."""
    library = Library.from_file(tokenizer)
    library.encode_special_tokens = True
    return library.encode(text, add_special_tokens=False).ids


@every_form
def test_a_trainer_reads_the_tokens_of_every_document(form: str, bpe: str, tmp_path: Path) -> None:
    plain = told(tmp_path / "a.parquet", TEXTS * 4, form, bpe, shards={"at_least": 3})
    made = run(plain, str(tmp_path / "run"), engine="inline")
    names = {path.name for path in (tmp_path / "run/shards").iterdir()}
    suffixes = FORMATS[form].suffixes
    assert names == {f"part-0000{n}-of-00003.{one}" for n in range(3) for one in suffixes}
    end = Library.from_file(bpe).token_to_id("<|endoftext|>")
    ledger = made.ledger().sort("shard", "shard_row")
    expected = [[*plain_tokens(bpe, (TEXTS * 4)[row]), end] for row in ledger["row"].to_list()]
    found = [
        tokens
        for number in range(3)
        for tokens in READERS[form](tmp_path / "run/shards", f"part-0000{number}-of-00003")
    ]
    assert found == expected
    outputs = made.manifest["outputs"]
    assert sum(one["tokens"] for one in outputs) == sum(map(len, expected))
    assert sum(one["words"] for one in outputs) != sum(one["tokens"] for one in outputs)
    assert made.kept().collect()["tokens"].to_list() == expected
    assert made.kept().head(4).collect()["tokens"].to_list() == expected[:4]
    assert verify(made) == []


@every_form
def test_texts_come_from_the_input_where_shards_hold_tokens(
    form: str, bpe: str, tmp_path: Path
) -> None:
    plain = told(tmp_path / "a.parquet", TEXTS, form, bpe)
    plain["stages"] = [{"exact_dedup": {}}, {"near_dedup": {}}]
    made = run(plain, str(tmp_path / "run"), engine="inline")
    assert texts_of(made, made.ledger()) == TEXTS
    (one,) = explain(made, "d3")
    assert one.verdict.startswith(f"kept: shards/part-00000-of-00001.{FORMATS[form].suffix} row ")
    again = job([tmp_path / "a.parquet"], {"near_dedup": {"against": str(tmp_path / "run")}})
    with pytest.raises(JobError, match="which hold tokens"):
        run(again, str(tmp_path / "again"), engine="inline")
    # Keys need no texts.
    again["stages"] = [{"exact_dedup": {"against": str(tmp_path / "run")}}]
    assert run(again, str(tmp_path / "again"), engine="inline").manifest["rows"]["kept"] == 0


@every_form
def test_what_is_wrong_with_a_file_is_seen(form: str, bpe: str, tmp_path: Path) -> None:
    plain = told(tmp_path / "a.parquet", TEXTS, form, bpe)
    run(plain, str(tmp_path / "run"), engine="inline")
    for file in sorted((tmp_path / "run/shards").iterdir()):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1])
        wrong = verify(open_run(str(tmp_path / "run")))
        assert [line.split(":")[0] for line in wrong] == [f"shards/{file.name}"]
        file.unlink()
        assert verify(open_run(str(tmp_path / "run"))) == [f"shards/{file.name}: missing"]
        file.write_bytes(whole)
    assert verify(open_run(str(tmp_path / "run"))) == []


@every_form
def test_the_bytes_do_not_depend_on_frames_and_only_what_is_wanted_is_read(form: str) -> None:
    made = FORMATS[form]
    assert made.token_type is not None
    assert made.columns is not None
    kind = made.token_type(70_000)
    count = 3_000
    lists = [[n % 70_000, 1, 65_999] * (1 + n % 3 + 2_000 * (n < 3)) for n in range(count)]
    docs = {"tokens": pl.Series(lists, dtype=pl.List(kind))}
    docs |= {name: [f"{name} {n}" for n in range(count)] for name in ("id", "source", "url")}
    docs |= {"file": pl.Series([0] * count, dtype=pl.UInt32)}
    docs |= {"row": pl.Series(range(count), dtype=pl.UInt64)}
    frame = pl.DataFrame(docs).select(made.columns)
    schema = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).schema

    def written(frames: list[pl.DataFrame]) -> list[bytes]:
        sinks = [pa.BufferOutputStream() for _ in made.suffixes]
        made.write(iter(frames), schema, sinks, Expected())
        return [sink.getvalue().to_pybytes() for sink in sinks]

    whole = written([frame])
    assert written([frame[:1], frame[1:1], frame[1:7], frame[7:]]) == whole
    sources = [pa.BufferReader(data) for data in whole]
    found = list(made.chunks(sources, schema, None, None))
    assert pl.concat([some for _, some in found]).equals(frame)
    sources = [pa.BufferReader(data) for data in whole]
    (one,) = [
        some["tokens"].to_list()[2_999 - start]
        for start, some in made.chunks(sources, schema, ["tokens"], np.array([2_999]))
        if start <= 2_999 < start + len(some)
    ]
    assert one == lists[2_999]
    for part, data in enumerate(whole):
        for cut in (data[: len(data) // 2], b"\x00" * 7):
            broken = [pa.BufferReader(cut if n == part else d) for n, d in enumerate(whole)]
            with pytest.raises(OSError):
                list(made.chunks(broken, schema, None, None))


@pytest.mark.parametrize(("largest", "code"), [(65_498, 8), (65_499, 4), (150_000, 4)])
def test_megatron_takes_sixteen_bits_below_its_limit(
    largest: int, code: int, bpe: str, tmp_path: Path
) -> None:
    wide = widened(bpe, tmp_path / "wide.json", largest)
    assert Tokenizer.of(wide).vocabulary == largest + 1
    plain = told(tmp_path / "a.parquet", TEXTS, "megatron", wide)
    run(plain, str(tmp_path / "run"), engine="inline")
    index = (tmp_path / "run/shards/part-00000-of-00001.idx").read_bytes()
    assert index[17] == code
    tokens = megatron_documents(tmp_path / "run/shards", "part-00000-of-00001")
    assert sorted(map(len, tokens)) == sorted(len(plain_tokens(bpe, t)) + 1 for t in TEXTS)


def test_more_tokens_than_thirty_two_bits_count_are_placed_rightly() -> None:
    """The pointers of an index are bytes in 64 bits: no file of 8 GB is written for that."""
    from cleaner.shards import megatron

    lengths = [2**30, 2**30, 2**30, 5]
    written = pa.BufferOutputStream()
    megatron.write_index(np.array(lengths, np.int64), np.dtype("<i4"), written)
    index = written.getvalue().to_pybytes()
    pointers = np.frombuffer(index, "<i8", 4, 34 + 16)
    assert pointers.tolist() == [0, 2**32, 2**33, 3 * 2**32]
    assert megatron.lengths_in(index, np.dtype("<i4")).tolist() == lengths


def test_a_job_says_which_token_ends_a_document(bpe: str, tmp_path: Path) -> None:
    odd = byte_bpe(tmp_path / "odd.json", TEXTS, special=("<stop>",))
    plain = told(tmp_path / "a.parquet", TEXTS, "megatron", odd)
    with pytest.raises(JobError, match="which of its tokens ends a document"):
        run(plain, str(tmp_path / "run"), engine="inline")
    plain["output"]["end_token"] = "<halt>"
    with pytest.raises(JobError, match="has no token '<halt>'"):
        run(plain, str(tmp_path / "run"), engine="inline")
    plain["output"]["end_token"] = "<stop>"
    run(plain, str(tmp_path / "run"), engine="inline")
    end = Library.from_file(odd).token_to_id("<stop>")
    documents = megatron_documents(tmp_path / "run/shards", "part-00000-of-00001")
    assert {tokens[-1] for tokens in documents} == {end}
    (tmp_path / "hf").mkdir()
    both = byte_bpe(tmp_path / "hf/tokenizer.json", TEXTS, special=("</s>", "<eos>", "<stop>"))
    assert Tokenizer.of(both).end == -1
    for said in ("<stop>", {"content": "<stop>"}):
        config = json.dumps({"eos_token": said})
        (tmp_path / "hf/tokenizer_config.json").write_text(config)
        assert Tokenizer.of(both).end_token == "<stop>"


def test_a_length_that_a_tokenizer_cuts_or_fills_to_is_not_obeyed(bpe: str, tmp_path: Path) -> None:
    short = Library.from_file(bpe)
    short.enable_truncation(4)
    short.enable_padding(length=64)
    short.save(str(tmp_path / "short.json"))
    texts = pl.Series(["One sentence of more than four tokens, surely.", ""])
    found = Tokenizer.of(str(tmp_path / "short.json")).encoded(texts, ended=False)
    assert found.to_list() == [plain_tokens(bpe, text) for text in texts]


def test_texts_are_counted_in_tokens_and_shards_cut_by_them(bpe: str, tmp_path: Path) -> None:
    texts = [f"{n} {TEXTS[n % 5]}" for n in range(200)]
    plain = told(tmp_path / "a.parquet", texts, "parquet", bpe, shard_tokens="1k")
    made = run(plain, str(tmp_path / "run"), engine="inline")
    whole = sum(len(plain_tokens(bpe, text)) for text in texts)
    tokens = [one["tokens"] for one in made.manifest["outputs"]]
    assert sum(tokens) == whole
    assert len(tokens) == -(-whole // 1_000)
    assert made.manifest["shards"]["tokenizer"]["vocabulary"] == Tokenizer.of(bpe).vocabulary
    assert "tokens" not in made.kept().collect_schema().names()


def test_without_a_tokenizer_words_are_called_words(bpe: str, tmp_path: Path) -> None:
    plain = told(tmp_path / "a.parquet", TEXTS, "parquet", bpe)
    del plain["output"]["tokenizer"]
    made = run(plain, str(tmp_path / "run"), engine="inline")
    (one,) = made.manifest["outputs"]
    assert "tokens" not in one
    assert one["words"] > 0
    assert made.manifest["shards"]["tokenizer"] is None


def test_a_file_that_is_no_tokenizer_is_refused(bpe: str, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"model": 3}')
    for path, said in (
        (tmp_path / "gone.json", "no such file"),
        (tmp_path / "none.json", "no file"),
    ):
        plain = told(tmp_path / "a.parquet", TEXTS, "megatron", str(path))
        with pytest.raises(JobError, match=said):
            run(plain, str(tmp_path / "run"), engine="inline")
