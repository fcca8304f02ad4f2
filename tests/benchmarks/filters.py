"""Every published rule against its plain reimplementation, on the open corpora: the table of docs.

    python tests/benchmarks/filters.py ../shared/corpora [--documents 600] [--read 10]

The implementation is `tests/published.py`, from the papers and the tools' own text, given our words
(and our sentences), formulas off. A row: how many texts each of the two drops, on how many they say
the same. `--read N` prints the largest disagreements, a rule at a time.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from cleaner.kernels.arrow import utf8
from cleaner.kernels.signals.c4 import sentences
from cleaner.kernels.text.segment import OFF
from cleaner.kernels.unicode import classes
from cleaner.signals.splitters import tokens
from cleaner.stages.judge import judge
from cleaner.text.segment import words
from tests import published


def split(text: str) -> list[str]:
    """Return our words of a text, formulas off."""
    return words(text, formulas=False)


def jieba(text: str) -> list[str]:
    """Return the tokens of unit jieba, white space left out."""
    offsets, data = utf8(pl.Series([text]))
    _, starts, ends = tokens("jieba", offsets, data, np.full(1, OFF, np.uint8))
    made = [data[a:b].tobytes().decode() for a, b in zip(starts, ends, strict=True)]
    return [word for word in made if word.strip()]


def count_sentences(line: str) -> int:
    """Return our sentences of a line."""
    data = np.frombuffer(line.strip().encode(), np.uint8)
    return int(sentences(data, 0, len(data), classes()))


THEIRS: dict[str, tuple[str, Callable[[str], published.Verdicts]]] = {
    "gopher_quality": ("en", lambda t: published.gopher_quality(t, split(t))),
    "gopher_repetition": ("en", lambda t: published.gopher_repetition(t, split(t))),
    "c4": ("en", lambda t: published.c4(t, count_sentences)),
    "c4_datatrove": ("en", lambda t: published.c4(t, count_sentences, 3, 5)),
    "fineweb_quality": ("en", lambda t: published.fineweb_quality(t, split(t))),
    "fineweb_quality_datatrove": ("en", lambda t: published.fineweb_quality(t, split(t), True)),
    "refinedweb_lines": (
        "en",
        lambda t: published.refinedweb_lines(t, lambda line: len(split(line))),
    ),
    "mc4_paragraphs": ("en", published.mc4_paragraphs),
    "fineweb2_zh": ("zh", lambda t: published.fineweb2_zh(t, jieba(t))),
    "chinese_web_text": ("zh", published.chinese_web_text),
}


def corpus(root: Path, lang: str, documents: int) -> pl.Series:
    """Return texts of the open corpora in one language, the same ones each time."""
    open_texts = pl.read_parquet(root / "open" / "math_vs_web.parquet").filter(
        pl.col("lang") == lang
    )["text"]
    bench = pl.concat(
        pl.read_parquet(path, columns=["text"])["text"]
        for path in sorted((root / "bench").glob(f"{lang}-*.parquet"))
    )
    half = documents // 2
    both = [texts.sample(min(half, len(texts)), seed=15) for texts in (open_texts, bench)]
    return pl.concat(both).str.head(20_000).str.replace_all("\r\n?", "\n")


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpora", type=Path)
    options.add_argument("--documents", type=int, default=600)
    options.add_argument("--read", type=int, default=0)
    options.add_argument("--only", nargs="*", default=list(THEIRS))
    asked = options.parse_args()
    try:
        from datatrove.utils.text import TERMINAL_PUNCTUATION

        published.marks = set(TERMINAL_PUNCTUATION)
    except ImportError:
        print("datatrove is not installed: its list of terminal marks is ours")
    texts = {lang: corpus(asked.corpora, lang, asked.documents) for lang in ("en", "zh")}
    print("| set | rule | texts | dropped here | dropped there | agreement |")
    print("|---|---|---|---|---|---|")
    for name in asked.only:
        lang, theirs = THEIRS[name]
        text = texts[lang]
        broken = judge(pl.DataFrame({"text": text}), name, formulas=False)["broken"].to_list()
        verdicts = [theirs(one) for one in text]
        for rule in verdicts[0]:
            here = [rule in rules for rules in broken]
            there = [not kept[rule] for kept in verdicts]
            same = sum(a == b for a, b in zip(here, there, strict=True))
            print(
                f"| `{name}` | `{rule}` | {len(text)} | {sum(here)} | {sum(there)} |"
                f" {same / len(text):.4f} |",
                flush=True,
            )
            apart = [one for one, a, b in zip(text, here, there, strict=True) if a != b]
            for one in apart[: asked.read]:
                print(f"    {one[:160]!r}")


if __name__ == "__main__":
    main()
