"""Measures `decontaminate`: `PYTHONPATH=. python tests/benchmarks/decontamination.py NAME...`.

    negatives  false matches among hard negatives, of either half of them
    planted    the share found of planted items: GSM8K, HumanEval, TAL-SCQ5K, ours
    clean      matches in real pages, each of them printed
    speed      CPU seconds with 1 M n-grams, beside reading and writing the same Parquet
    peers      datatrove's n-gram decontamination on the same texts: --peers PYTHON

The rule was fitted on the even half of items and negatives; every figure names its half. Each
prints one JSON line.
"""

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # one process is one core

import polars as pl
import pyarrow.parquet as pq

from cleaner.config.intervals import wilson
from cleaner.config.yaml12 import load_own
from cleaner.leakage.index import Index, make_index
from cleaner.leakage.items import Columns, Item, read_items
from cleaner.leakage.matching import judged
from cleaner.leakage.planting import KINDS
from cleaner.leakage.search import search

CORPORA = Path(os.environ.get("CLEANER_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
HERE = Path(__file__).parent
TESTS = HERE.parent / "leakage"
HALVES = {"fitted": 0, "held out": 1}


def say(**figures: Any) -> None:
    print(json.dumps(figures, ensure_ascii=False), flush=True)


def item_of(name: str, said: dict[str, Any]) -> Item:
    choices = tuple(map(str, said.get("choices", ())))
    return Item(name, said["question"], str(said.get("answer", "")), choices)


def negatives() -> list[tuple[Item, str]]:
    said = load_own((TESTS / "negatives.yaml").read_text())
    return [(item_of(one["name"], one["item"]), one["page"]) for one in said]


def sets() -> dict[str, list[Item]]:
    """Return the items of each set."""
    public = read_items([str(CORPORA / "open/benchmarks.parquet")], Columns())
    math = pl.read_parquet(CORPORA / "open/math_vs_web.parquet")
    of_tal = math.filter(pl.col("source").str.contains("TAL-SCQ5K"))
    tal = [
        (lang, Item(f"tal-{n}", *text.split("\n\n", 1)))
        for n, (text, lang) in enumerate(of_tal.select("text", "lang").iter_rows())
    ]
    ours = [item_of(one["id"], one) for one in load_own((TESTS / "items.yaml").read_text())]
    short = [item for item in ours if item.name.startswith("short")]
    return {
        "gsm8k": [item for item in public if item.name.startswith("gsm8k")],
        "humaneval": [item for item in public if not item.name.startswith("gsm8k")],
        "tal en": [item for lang, item in tal if lang == "en"],
        "tal zh": [item for lang, item in tal if lang == "zh"],
        "ours, long": [item for item in ours if item not in short],
        "ours, short": short,
    }


def matched(texts: list[str], index: Index) -> list[set[str]]:
    """Return the items that each text matches."""
    out: list[set[str]] = [set() for _ in texts]
    said = judged(search(pl.Series(texts, dtype=pl.String), index).found, index)
    for doc, known in said.filter("matched").select("doc", "known").iter_rows():
        out[doc].add(index.known[known].item.name)
    return out


def measure_negatives(args: argparse.Namespace) -> None:
    pairs = negatives()
    index = make_index([item for item, _ in pairs])
    found = matched([page for _, page in pairs], index)
    for half, at in HALVES.items():
        wrong = [item.name for item, _ in pairs[at::2] if found[pairs.index((item, _))]]
        say(bar="negatives", half=half, n=len(pairs[at::2]), matched=len(wrong), names=wrong)


def hosts() -> dict[bool, list[str]]:
    """Return real pages to plant items in, Chinese ones and English ones."""
    files = {True: "zh-00000", False: "en-00000"}
    return {
        chinese: [
            text
            for text in pl.read_parquet(CORPORA / f"bench/{name}.parquet")["text"].head(500)
            if 1_000 < len(text) < 20_000
        ]
        for chinese, name in files.items()
    }


def in_real_page(pages: dict[bool, list[str]]) -> Callable[[Item, int], str]:
    """Return how to plant an item between two paragraphs of a real page."""

    def planted(item: Item, seed: int) -> str:
        draw = random.Random(seed)
        chinese = any("\u4e00" <= sign <= "\u9fff" for sign in item.question)
        parts = draw.choice(pages[chinese]).split("\n\n")
        at = draw.randrange(len(parts) + 1)
        return "\n\n".join([*parts[:at], item.plain(), *parts[at:]])

    return planted


def plants(items: list[Item], at: int) -> Iterator[tuple[str, list[Item], list[str]]]:
    """Yield for each kind the items planted of one half, and the texts."""
    kinds = KINDS | {"in a real page": in_real_page(hosts())}
    half = list(enumerate(items))[at::2]
    for kind, plant in kinds.items():
        chosen = half
        if kind == "one word in ten":
            chosen = [(n, item) for n, item in half if len(item.question) > 20]
            chosen = [(n, item) for n, item in chosen if plant(item, n) != item.plain()]
        yield kind, [item for _, item in chosen], [plant(item, n) for n, item in chosen]


def measure_planted(args: argparse.Namespace) -> None:
    known = sets()
    index = make_index([item for items in known.values() for item in items])
    for name, items in known.items():
        for form in ("question and answer", "question"):
            asked = items
            if form == "question":
                asked = [replace(item, answer="", choices=()) for item in items]
            for half, at in HALVES.items():
                shares = {}
                for kind, planted, texts in plants(asked, at):
                    found = matched(texts, index)
                    hits = sum(item.name in some for item, some in zip(planted, found, strict=True))
                    low, high = wilson(hits, len(planted))
                    shares[kind] = [hits, len(planted), round(low, 3), round(high, 3)]
                say(bar="planted", set=name, form=form, half=half, found=shares)


def clean_pages() -> Iterator[tuple[str, pl.Series]]:
    """Yield real pages that leak nothing: the rows of GSM8K and TAL are items themselves."""
    for path in sorted((CORPORA / "bench").glob("[ez]*.parquet")):
        yield path.stem, pl.read_parquet(path)["text"]
    for name, column in (
        ("math_vs_web", "text"), ("multilingual", "text"), ("neardup_docs", "text"),
        ("extraction_gold", "gold_text"),
    ):  # fmt: skip
        docs = pl.read_parquet(CORPORA / f"open/{name}.parquet")
        others = ~pl.col("source").str.contains("grade-school|TAL-SCQ5K")
        yield name, docs.filter(others)[column].fill_null("")


def measure_clean(args: argparse.Namespace) -> None:
    items = [item for some in sets().values() for item in some]
    index = make_index([*items, *(item for item, _ in negatives())])
    pages = 0
    flagged: list[list[Any]] = []
    for name, texts in clean_pages():
        pages += len(texts)
        for number, some in enumerate(matched(texts.to_list(), index)):
            flagged += [[name, number, item] for item in sorted(some)]
    documents = len({(name, number) for name, number, _ in flagged})
    high = round(wilson(documents, pages)[1], 6)
    say(bar="clean", items=len(index.items), pages=pages, flagged=documents, at_most=high)
    for one in flagged:
        say(flagged=one)
    # The rows of GSM8K are of its other half: as items of their own they must be found.
    math = pl.read_parquet(CORPORA / "open/math_vs_web.parquet")
    rows = math.filter(pl.col("source").str.contains("grade-school"))["text"].to_list()
    train = make_index([Item(f"row {n}", *text.split("\n\n", 1)) for n, text in enumerate(rows)])
    hits = sum(f"row {n}" in some for n, some in enumerate(matched(rows, train)))
    say(bar="gsm8k rows of math_vs_web", n=len(rows), found=hits)


def a_million() -> list[Item]:
    """Return items of a million n-grams: those of the sets, and words of real texts, shuffled."""
    found = [item for some in sets().values() for item in some]
    draw = random.Random(7)
    words: list[str] = []
    for text in pl.read_parquet(CORPORA / "open/extraction_gold.parquet")["gold_text"]:
        words += (text or "").split(" ")
    for number in range(16_500):
        found.append(Item(f"made-{number}", " ".join(draw.choices(words, k=60))))
    return found


def measure_speed(args: argparse.Namespace) -> None:
    index = make_index(a_million())
    for name in ("en-00000", "zh-00000"):
        path = CORPORA / f"bench/{name}.parquet"
        texts = pl.read_parquet(path)["text"]
        copied: list[float] = []
        searched: list[float] = []
        for _ in range(args.repeat):
            start = time.process_time()
            table = pq.read_table(path, use_threads=False)
            pq.write_table(table, io.BytesIO(), compression="zstd")
            copied.append(time.process_time() - start)
            start = time.process_time()
            judged(search(texts, index).found, index)
            searched.append(time.process_time() - start)
        size = texts.str.len_bytes().sum() / 1e6
        floor, ours = min(copied), min(searched)
        say(
            bar="speed", file=name, grams=len(index.grams.first) - 1, mb=round(size, 1),
            floor_mb_s=round(size / floor, 1), ours_mb_s=round(size / ours, 1),
            of_floor=round(floor / ours, 3),
        )  # fmt: skip


def measure_peers(args: argparse.Namespace) -> None:
    known = sets()
    items = [item for some in known.values() for item in some]
    index = make_index(items)
    texts: list[str] = []
    groups: list[str] = []
    for name, some in known.items():
        for kind, _, made in plants(some, 1):
            texts += made
            groups += [f"{name}: {kind}"] * len(made)
    for name, pages in clean_pages():
        if not name.startswith("en-0000") or name == "en-00000":
            pages = pages.head(500)
            texts += pages.to_list()
            groups += ["clean pages"] * len(pages)
    with tempfile.TemporaryDirectory() as folder:
        given, made_file = Path(folder, "in.json"), Path(folder, "out.json")
        pairs = [[item.question, item.answer] for item in items]
        given.write_text(json.dumps({"items": pairs, "texts": texts}))
        script = str(HERE / "peers_decontamination.py")
        subprocess.run([args.peers, script, str(given), str(made_file)], check=True)
        theirs = json.loads(made_file.read_text())
    start = time.process_time()
    ours = [bool(some) for some in matched(texts, index)]
    seconds = time.process_time() - start
    for name, found in {"ours": {"flags": ours, "seconds": seconds}, **theirs}.items():
        counts: dict[str, list[int]] = {}
        for group, flag in zip(groups, found["flags"], strict=True):
            both = counts.setdefault(group, [0, 0])
            both[0] += flag
            both[1] += 1
        say(bar="peers", tool=name, seconds=round(found["seconds"], 1), flagged=counts)


MEASURES = {
    "negatives": measure_negatives, "planted": measure_planted, "clean": measure_clean,
    "speed": measure_speed, "peers": measure_peers,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="+", choices=MEASURES)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable)
    args = parser.parse_args()
    for name in args.names:
        MEASURES[name](args)


if __name__ == "__main__":
    main()
