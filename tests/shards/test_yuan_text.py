"""Yuan's text: what its published script makes of our lines, on texts meant to break it."""

import io
import random
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.corpus_maker import job
from support.trainer_readers import samples_of
from tokenizers import AddedToken, Tokenizer, models, trainers

from cleaner.api import run
from cleaner.results.finished import verify
from cleaner.shards import FORMATS, Expected
from cleaner.shards.yuan_text import CONTROLS, escaped, unescaped

FORM = FORMATS["yuan_text"]
GUARD = "\u200b"
# The tokens that the script adds to its tokenizer, beside the one that ends a document.
ADDED = [
    "<sep>", "<pad>", "<mask>", "<predict>", "<FIM_SUFFIX>", "<FIM_PREFIX>", "<FIM_MIDDLE>",
    "<commit_before>", "<commit_msg>", "<commit_after>", "<jupyter_start>", "<jupyter_text>",
    "<jupyter_code>", "<jupyter_output>", "<empty_output>",
]  # fmt: skip
HOSTILE = [
    "plain words on one line",
    "two\nlines",
    "a line break written <n> in the text",
    "an answer <sep> after it, and <eod> and <mask> and </s>",
    "a mark [SEP] of another model",
    "bars \u2582\u2583\u2584\u2583\u200b\u200b and \u2584\u200b",
    "old\rMac\rlines",
    "\r\nWindows\r\nlines\r\n",
    "<n>in front",
    "\nand a newline",
    "  edges\u3000",
    "\u3000全角空格在前",
    "\n\n\n",
    "",
    " ",
    "\u200b",
    "<\u200bn> was written by someone else <\u200b\u200beod>",
    "<<n>n><sep<sep>>[[SEP]SEP]",
    "<\u2583n>[\u2583SEP]<\rn><\nn>",
    "中文,数学 $x<n$ 与 $n>0$",
    "line\u2028separator\x85and\x0bothers\x0c",
    "ends with a newline\n",
    "ends with a newline and a blank\n ",
    "<jupyter_start><jupyter_code>print(1)<jupyter_output>1<empty_output>",
]


def yuans(texts: list[str]) -> Tokenizer:
    """Train a BPE that has Yuan's added tokens."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<unk>", "<s>", "</s>", "<eod>"],
        initial_alphabet=sorted({sign for text in texts for sign in text} | {GUARD}),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    made.add_special_tokens([AddedToken(one, special=True) for one in ADDED])
    return made


def seen(text: str) -> str:
    """Return what a model is to see of a text: its breaks as newlines, its bars one lower."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2583", "\u2584")
    return plain.replace(GUARD, "")


@pytest.mark.parametrize("seed", [0, 1])
def test_the_script_reads_every_document_and_no_control_token(seed: int, tmp_path: Path) -> None:
    texts = random.Random(seed).sample(HOSTILE, len(HOSTILE))
    docs = {"text": texts, "id": [f"d{n}" for n in range(len(texts))], "source": "s", "url": "u"}
    pl.DataFrame(docs).write_parquet(tmp_path / "a.parquet")
    plain = job([tmp_path / "a.parquet"])
    plain["output"] = {"format": "yuan_text", "shuffle_seed": seed, "shards": {"at_least": 3}}
    made = run(plain, str(tmp_path / "run"), engine="inline")
    files = sorted((tmp_path / "run/shards").iterdir())
    assert [file.name for file in files] == [f"part-0000{n}-of-00003.txt" for n in range(3)]
    ledger = made.ledger().filter(pl.col("fate") == "kept").sort("shard", "shard_row")
    kept = [texts[row] for row in ledger["row"].to_list()]
    found = [text for file in files for text in samples_of(file)]
    assert [text.replace(GUARD, "") for text in found] == [seen(text) for text in kept]
    assert made.kept().collect()["text"].to_list() == kept
    assert verify(made) == []

    tokenizer = yuans(HOSTILE)
    controls = {tokenizer.token_to_id(one) for one in [*ADDED, "<s>", "</s>", "<eod>", "<unk>"]}
    for text, document in zip(found, kept, strict=True):
        tokens = tokenizer.encode(text, add_special_tokens=False)
        assert not controls & set(tokens.ids), text
        # Token for token: they spell the line, and the line without its guards is the document.
        assert "".join(tokens.tokens) == text
        assert "".join(tokens.tokens).replace(GUARD, "") == seen(document)


def test_the_same_texts_unescaped_would_be_spoilt(tmp_path: Path) -> None:
    """The test above can fail: written as they are, most of these texts come to harm."""
    lines = [text.replace("\n", "<n>") for text in HOSTILE]
    (tmp_path / "bare.txt").write_text("".join(f"{line}\n" for line in lines), newline="")
    found = samples_of(tmp_path / "bare.txt")
    assert len(found) != len(HOSTILE)
    tokenizer = yuans(HOSTILE)
    controls = {tokenizer.token_to_id(one) for one in ADDED}
    assert any(controls & set(tokenizer.encode(text).ids) for text in found)


@given(
    st.lists(
        st.sampled_from(
            ["<", "n>", "<n>", "[", "SEP]", "eod>", GUARD, "\r", "\n", " ", "\u3000", "\u2583",
             "\u2584", "a", "\x85", "\u2028", "\x1c", "数"]
        ),
        max_size=9,
    )
)  # fmt: skip
def test_whatever_is_escaped_comes_back(parts: list[str]) -> None:
    text = "".join(parts)
    line, counts = escaped(text)
    assert unescaped(line) == text
    assert "\n" not in line
    assert "\r" not in line
    if not any(counts.values()) and GUARD not in text:
        assert line == text.replace("\n", "<n>")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("no change, 中文 too; a < b, x[1], <b>bold</b>", None),
        ("a\nb", "a<n>b"),
        ("\u2584 alone", None),
        ("x <sep> y", f"x <{GUARD}sep> y"),
        ("a\r\nb", f"a<n>{GUARD}{GUARD}b"),
        ("end ", f"end {GUARD}"),
        ("\nfront", f"{GUARD}<n>front"),
    ],
)
def test_what_needs_no_escape_stays_as_it_is(text: str, line: str | None) -> None:
    assert escaped(text)[0] == (text if line is None else line)


def test_what_is_escaped_is_counted(tmp_path: Path) -> None:
    texts = ["a <sep> b <n>", "fine", "c\rd\r\ne", "\u2583", " edge "]
    sink = pa.BufferOutputStream()
    schema = pa.schema([("text", pa.large_string())])
    changed = FORM.write([pl.DataFrame({"text": texts})], schema, [sink], Expected())
    assert changed == {
        "documents": 4, "control_tokens": 2, "carriage_returns": 2, "block_signs": 1, "edges": 2,
    }  # fmt: skip
    data = sink.getvalue().to_pybytes()
    frames = list(FORM.chunks([pa.BufferReader(data)], schema, None, None))
    assert frames[0][1]["text"].to_list() == texts
    with pytest.raises(OSError, match="cut"):
        list(FORM.chunks([pa.BufferReader(data[:-1])], schema, None, None))


def test_every_token_of_the_script_is_known() -> None:
    assert set(ADDED) | {"<eod>", "[SEP]", "<n>"} <= set(CONTROLS)
    assert io.StringIO("a\u2028b\x85c").readlines() == ["a\u2028b\x85c"]  # what ends no line there
