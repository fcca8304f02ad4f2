"""Every published rule against its plain reimplementation, on the open corpora: the table of docs.

    PYTHONPATH=.:tests python tests/benchmarks/filters.py ../shared/corpora [--documents 600]
        [--read 10] [--datatrove PYTHON] [--tfds PYTHON] [--dolma PYTHON]

"its text": `tests/support/published.py`, ours, from the papers and the tools' own text. A tool
itself runs in an interpreter of its own (docs/filters.md says how to make them), a rule at a time.
All are given our words (and our sentences), formulas off; marks that end a sentence are datatrove's
where it is there. A row: how many texts each of the two drops, on how many they say the same.
`--read N` prints disagreements, a rule at a time.
"""

import argparse
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from support import published

from cleaner.kernels.arrow import utf8
from cleaner.kernels.signals.c4 import sentences
from cleaner.kernels.text.segment import OFF
from cleaner.kernels.unicode import classes
from cleaner.signals.splitters import tokens
from cleaner.stages.judge import judge
from cleaner.text.segment import words


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


# The sets that each tool has; C4's two differ in numbers only, and each is one tool's.
TOOLS: dict[str, tuple[str, ...]] = {
    "datatrove": (
        *("gopher_quality", "gopher_repetition", "c4_datatrove", "fineweb_quality"),
        *("fineweb_quality_datatrove", "mc4_paragraphs", "fineweb2_zh"),
    ),
    "tfds": ("c4", "mc4_paragraphs"),
    "dolma": ("gopher_quality",),
}
CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")


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
    texts = pl.concat(both).str.head(20_000).str.replace_all("\r\n?", "\n")
    return texts.str.replace_all(r"[ \t]+\n", "\n")  # of `end. ` datatrove sees no mark


def asked_of(name: str, text: pl.Series) -> dict[str, Any]:
    """Return what a tool is given for a set: texts, our words, our sentences in C4's lines."""
    lang, _ = THEIRS[name]
    words_of = jieba if lang == "zh" else split
    lines = {CITATION.sub("", line.strip()) for one in text for line in one.splitlines()}
    return {
        "texts": text.to_list(),
        "words": [words_of(one) for one in text],
        "sentences": {line: count_sentences(line) for line in lines} if "c4" in name else {},
    }


def tool_says(python: str, tool: str, texts: dict[str, pl.Series]) -> dict[str, Any]:
    """Return by set and rule what a tool says of each text, asked in its own interpreter."""
    given = {name: asked_of(name, texts[THEIRS[name][0]]) for name in TOOLS[tool]}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.json"), Path(folder, "out.json")
        source.write_text(json.dumps(given))
        script = Path(__file__).with_name("peers_rules.py")
        subprocess.run([python, script, tool, source, target], check=True, capture_output=True)
        found: dict[str, Any] = json.loads(target.read_text())
    return found


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpora", type=Path)
    options.add_argument("--documents", type=int, default=600)
    options.add_argument("--read", type=int, default=0)
    options.add_argument("--only", nargs="*", default=list(THEIRS))
    for tool in TOOLS:
        options.add_argument(f"--{tool}", metavar="PYTHON", help=f"an interpreter that has {tool}")
    asked = options.parse_args()
    texts = {lang: corpus(asked.corpora, lang, asked.documents) for lang in ("en", "zh")}
    tools = {tool: vars(asked)[tool] for tool in TOOLS if vars(asked)[tool]}
    says = {tool: tool_says(python, tool, texts) for tool, python in tools.items()}
    if marks := says.get("datatrove", {}).get("marks"):
        published.marks = set(marks)
    print("| set | rule | held against | texts | dropped here | dropped there | agreement |")
    print("|---|---|---|---|---|---|---|")
    for name in asked.only:
        lang, theirs = THEIRS[name]
        text = texts[lang]
        broken = judge(pl.DataFrame({"text": text}), name, formulas=False)["broken"].to_list()
        verdicts = [theirs(one) for one in text]
        for rule in verdicts[0]:
            here = [rule in rules for rules in broken]
            tell(name, rule, "its text", text, here, [v[rule] for v in verdicts], asked.read)
            for tool, said in says.items():
                if kept := said.get(name, {}).get(rule):
                    tell(name, rule, tool, text, here, kept, asked.read)


def tell(
    name: str,
    rule: str,
    who: str,
    text: pl.Series,
    here: list[bool],
    kept: Sequence[bool | None],
    read: int,
) -> None:
    """Print one row: what a rule drops here and there, of the texts that both judge."""
    judged = [(one, a, not b) for one, a, b in zip(text, here, kept, strict=True) if b is not None]
    same = sum(a == b for _, a, b in judged)
    counts = (len(judged), sum(a for _, a, _ in judged), sum(b for _, _, b in judged))
    print(f"| `{name}` | `{rule}` | {who} |", *(f"{n} |" for n in counts), end="")
    print(f" {same / len(judged):.4f} |", flush=True)
    for one in [one for one, a, b in judged if a != b][:read]:
        print(f"    {one[:160]!r}")


if __name__ == "__main__":
    main()
