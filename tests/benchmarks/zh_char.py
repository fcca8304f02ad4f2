"""Fit `fineweb2_zh_char` on one half of Chinese texts, and say what it does on the other.

    python tests/benchmarks/zh_char.py ../shared/corpora

Texts: pages and documents of the open corpora, and the shipped samples with their junk. Halves go
by source: a document's repository, a page or a sample by itself. Texts with code or formulas are
left out; Markdown's signs, links and addresses are taken out, for a sign is a word of jieba and
none of ours, and limits fitted on such text cost good pages. A limit is fitted so that its rule
drops the share of the first half that the published one drops in words of jieba; where that is too
few texts to say, it stays. Needs the extra `[zh]`.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl
import xxhash

from cleaner.config.shipped import shipped
from cleaner.rules.rule_set import load_rules
from cleaner.signals import measure
from cleaner.stages.judge import judge
from cleaner.web.page import extract_html

CHARACTERS, WORDS = "fineweb2_zh_char", "fineweb2_zh_words"
PAGES = "opendatalab/magic-html"  # each a site of its own
# Rules that stand in for one of words, under the length that they have in characters.
FOR = {
    "top_3gram": "top_2gram",
    "duplicate_8grams": "duplicate_5grams",
    "duplicate_9grams": "duplicate_6grams",
    "duplicate_10grams": "duplicate_7grams",
    "duplicate_13grams": "duplicate_10grams",
}
LEAST = 5  # texts of the first half that a published rule must drop for its limit to be fitted
_CODE = r"(?m)^(?: {4}|\t|```|~~~)|[{};]\s*$|</?[a-z][^>]*>"
_MARKUP = (
    (r"!?\[([^\]\n]*)\]\([^)\n]*\)", "$1"),
    (r"https?://[\w./?=&%#~+:@!-]*", ""),
    (r"(?m)^[ \t]*[^\w\n]+$", ""),
    (r"(?m)^[ \t]*(?:[#>*+-]+[ \t]+|\[\d+\]:.*$)", ""),
    (r"[*`]", ""),
)


def corpus(root: Path) -> pl.DataFrame:
    """Return texts with `kind` (web, document, sample), whether they are `good`, and `half`."""
    pages = pl.read_parquet(root / "open" / "raw_html.parquet").filter(
        (pl.col("gold_lang") == "zh") & ~pl.col("gold_has_math")
    )
    texts = pl.read_parquet(root / "open" / "math_vs_web.parquet").filter(pl.col("lang") == "zh")
    bench = pl.read_parquet(root / "bench" / "zh-00000.parquet")
    labels = pl.read_parquet(shipped("samples") / "gold.parquet")
    samples = pl.read_parquet(shipped("samples") / "texts.parquet").join(
        labels.filter(lang="zh").unique("id"), on="id", maintain_order="left"
    )
    web = pages.select(
        text=pl.Series([extract_html(page).text for page in pages["html"]], dtype=pl.String),
        source="source",
    )
    found = pl.concat(
        [
            *(
                part.select("text", "source", kind=pl.lit(kind), good=pl.lit(True))
                for part, kind in (
                    (web.filter(source=PAGES), "web"),
                    (texts.filter(source=PAGES), "web"),
                    (web.filter(pl.col("source") != PAGES), "document"),
                    (texts.filter(pl.col("source") != PAGES), "document"),
                    (bench.with_columns(pl.col("text").str.head(20_000)), "document"),
                )
            ),
            samples.select(
                "text", source="id", kind=pl.lit("sample"), good=pl.col("junk_kind").is_null()
            ),
        ]
    ).unique("text", keep="first", maintain_order=True)
    code = found["text"].str.count_matches(_CODE) > 1
    found = found.filter(~code & (measure(found["text"], ["formulas"])["formulas"] == 0))
    text = found["text"]
    for pattern, left in _MARKUP:
        text = text.str.replace_all(pattern, left)
    found = found.with_columns(text=text).filter(pl.col("text").str.len_chars() >= 200)
    parted = [
        xxhash.xxh32_intdigest((text if source == PAGES else source).encode(), 15) % 2
        for text, source in found.select("text", "source").iter_rows()
    ]
    return found.with_columns(half=pl.Series(parted))


def main() -> None:
    """Print the limits, and how far the two sets agree on the second half."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpora", type=Path)
    texts = corpus(options.parse_args().corpora)
    ours, theirs = load_rules(CHARACTERS), load_rules(WORDS)
    values = measure(texts["text"], [limit.signal for rule in ours.rules for limit in rule.limits])
    published, broken = (judge(texts.select("text"), rules)["broken"] for rules in (theirs, ours))
    first = (texts["half"] == 0).to_numpy()
    print(f"{first.sum()} texts in the first half, {(~first).sum()} in the second")
    print("| rule | as it is | fitted | dropped, published | dropped, as it is | agreement |")
    print("|---|---|---|---|---|---|")
    for rule in ours.rules:
        there = published.list.contains(FOR.get(rule.name, rule.name)).to_numpy()
        here = broken.list.contains(rule.name).to_numpy()
        (limit,) = rule.limits
        value = values[limit.signal].to_numpy().astype(float)[first]
        share = there[first].mean()
        fitted = np.quantile(value, share if limit.high is None else 1 - share)
        told = f"{fitted:.3g}" if there[first].sum() >= LEAST else "too few"
        second = (there[~first].sum(), here[~first].sum(), (there == here)[~first].mean())
        print(f"| `{rule.name}` | `{rule.keep}` | {told} |", end="")
        print(f" {second[0]} | {second[1]} | {second[2]:.3f} |")
    there, here = ((part.list.len() > 0).to_numpy() for part in (published, broken))
    kind, good = texts["kind"], texts["good"].to_numpy()
    for name in ("web", "document", "sample"):
        for which, of in (("good", good), ("junk", ~good)):
            some = (kind == name).to_numpy() & of & ~first
            if some.any():
                agree = (there == here)[some].mean()
                kept = (1 - there[some].mean(), 1 - here[some].mean())
                print(f"{name}, {which}: n = {some.sum()}, kept {kept[0]:.3f} there", end="")
                print(f" and {kept[1]:.3f} here, agreement {agree:.3f}")


if __name__ == "__main__":
    main()
