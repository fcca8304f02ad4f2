"""Signals and the four published English sets, side by side with datatrove and dolma.

    python tests/benchmarks/signals.py ../shared/corpora/bench --datatrove PYTHON --dolma PYTHON

PYTHON is an interpreter that has the peer: the two do not live in one environment. Times are CPU
seconds of one core, imports and the first compilation apart; ours include reading the Parquet. Most
of datatrove's time is its tokenizer, and its words are not ours: the agreement says what that does.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.rules.rule_set import broken_rules, load_rules
from cleaner.signals import SIGNALS, measure
from cleaner.text.segment import segment

SETS = ("gopher_quality", "gopher_repetition", "c4_datatrove", "fineweb_quality_datatrove")
RULES = {name: load_rules(name) for name in SETS}
HERE = Path(__file__).parent
MB, TB = 1e6, 1e12


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the CPU seconds of the best of several runs, after one that warms up."""
    work()
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def read(path: Path) -> pa.ChunkedArray:
    """Return the texts of a Parquet file."""
    return pq.read_table(path, columns=["text"], use_threads=False)["text"]


def signals_of(*names: str) -> list[str]:
    """Return the signals that these sets read."""
    return list(dict.fromkeys(name for chosen in names for name in RULES[chosen].columns))


def judge(path: Path) -> None:
    """Read a file, measure it and judge it by all four sets: what a run does with it."""
    frame = measure(read(path), signals_of(*SETS))
    for rules in RULES.values():
        broken_rules(frame, rules)


def speeds(files: list[Path]) -> dict[str, float]:
    """Print the speed of signals on whole files; return bytes per second of everything."""
    print(f"{'file':<18}{'what':<44}{'MB/s':>8}{'core-h/TB':>11}")
    found = {}
    for path in files:
        size = sum(len(text.as_buffer()) for text in read(path) if text.is_valid)
        texts = read(path)
        for what, work in {
            "read alone": lambda path=path: read(path),
            "characters, words": lambda texts=texts: measure(texts, ["characters", "words"]),
            **{
                f"signals of {name}": lambda texts=texts, name=name: measure(
                    texts, signals_of(name)
                )
                for name in SETS
            },
            "signals of all four": lambda texts=texts: measure(texts, signals_of(*SETS)),
            "read, signals and verdicts of all four": lambda path=path: judge(path),
            f"all {len(SIGNALS)} signals": lambda texts=texts: measure(texts),
        }.items():
            rate = size / seconds(work)
            found[f"{path.name} {what}"] = rate
            print(
                f"{path.name:<18}{what:<44}{rate / MB:>8.1f}{TB / rate / 3600:>11.2f}", flush=True
            )
    return found


def peer(python: str, script: str, table: Path) -> dict:
    """Return what a peer's script found."""
    out = table.with_suffix(f".{script}.json")
    subprocess.run([python, HERE / script, table, out], check=True, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text())


def agreement(text: pl.Series, verdicts: dict[str, list[str]], title: str) -> None:
    """Print the share of documents on which a set decides as datatrove does."""
    print(f"\nagreement with datatrove, {title}, {len(text)} documents, formulas: false")
    frame = measure(text, signals_of(*SETS), formulas=False)
    for name in SETS:
        broken = broken_rules(frame, RULES[name]).to_list()
        kept = [not rules for rules in broken]
        theirs = [verdict == "" for verdict in verdicts[name]]
        same = sum(a == b for a, b in zip(kept, theirs, strict=True)) / len(kept)
        differ = Counter(
            f"they: {verdict or 'keep'}, we: {','.join(rules) or 'keep'}"
            for verdict, rules in zip(verdicts[name], broken, strict=True)
            if (verdict == "") != (not rules)
        )
        ours = f"we keep {sum(kept) / len(kept):6.1%}, they {sum(theirs) / len(theirs):6.1%}"
        print(f"{name:<20}{same:8.2%}   {ours}")
        for what, count in differ.most_common(6):
            print(f"    {count:5}  {what}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("corpora", type=Path, help="the folder bench/ of the corpora")
    options.add_argument("--datatrove", metavar="PYTHON")
    options.add_argument("--dolma", metavar="PYTHON")
    options.add_argument("--documents", type=int, default=1500, help="that the peers see")
    chosen = options.parse_args()
    files = [chosen.corpora / "en-00000.parquet", chosen.corpora / "zh-00000.parquet"]
    speeds([path for path in files if path.is_file()])
    if not (chosen.datatrove or chosen.dolma):
        return
    every = pl.concat(
        [pl.read_parquet(path) for path in sorted(chosen.corpora.glob("en-*.parquet"))]
    )
    text = every["text"].sample(chosen.documents, seed=0)
    size = text.str.len_bytes().sum()
    found = segment(text, formulas=False)
    words = [
        [
            found.data[start:end].tobytes().decode()
            for start, end in zip(found.starts[a:b], found.ends[a:b], strict=True)
        ]
        for a, b in zip(found.first[:-1], found.first[1:], strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "sample.parquet"
        pl.DataFrame({"text": text, "words": words}).write_parquet(table)
        ours = size / seconds(lambda: judge(table), times=5)
        print(f"\nthe same {len(text)} documents, {size / MB:.2f} MB")
        print(f"{'cleaner: read, signals and verdicts of all four':<52}{ours / MB:>9.2f} MB/s")
        if chosen.datatrove:
            theirs = peer(chosen.datatrove, "peers_datatrove.py", table)
            for what, key in {
                "each filter over every document": "alone",
                "the same, tokens cached between filters": "every",
                "chain with early exit": "chain",
            }.items():
                rate = size / theirs[key]
                line = f"datatrove: {what}"
                print(f"{line:<52}{rate / MB:>9.3f} MB/s, {ours / rate:>6.0f} times slower")
        if chosen.dolma:
            rate = size / peer(chosen.dolma, "peers_dolma.py", table)["every"]
            line = "dolma: GopherTagger and FasterC4Tagger"
            print(f"{line:<52}{rate / MB:>9.3f} MB/s, {ours / rate:>6.0f} times slower")
        if chosen.datatrove:
            agreement(text, theirs["ours"], "its word splitter replaced by ours")
            agreement(text, theirs["own"], "its own tokenizer")


if __name__ == "__main__":
    main()
