"""Measures the bars of the classifiers: `python tests/benchmarks/models.py NAME...`.

    auc      pooled AUC in English and Chinese with sources held out, over preparations and seeds
    learns   the words that weigh most with formulas as commands and with formulas left out
    speed    the table's kernel beside fastText's own predict, and preparation, on one core
    equal    the largest distance from fastText's own probabilities on 10,000 documents
    memory   what a worker holds for a standard model, beside fastText's own
    cuts     a share-based cut of 1 M documents: seconds, and how far from the share

Every figure is CPU seconds (user and system) of one process. Each prints one JSON line.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # one process is one core

import numpy as np
import polars as pl

from cleaner.models.scoring import fasttext, score
from cleaner.models.scoring.prepare import RAW, Preparation, prepare
from cleaner.models.training.model_spec import ModelSpec
from cleaner.models.training.train import train_model
from cleaner.stages.classify import Classify
from cleaner.stages.cuts import below_cut, cut_rows, decide_cut

CORPORA = Path(os.environ.get("CLEANER_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
PAGES = CORPORA / "open" / "math_vs_web.parquet"
OURS = {"dim": 16, "lr": 0.1, "epoch": 20, "ngrams": 2, "bucket": 200_000}
DCLM = {"dim": 100, "lr": 0.1, "epoch": 5, "ngrams": 2, "bucket": 2_000_000}
STANDARD = {"dim": 100, "ngrams": 2, "bucket": 2_000_000}


def say(**figures: Any) -> None:
    print(json.dumps(figures, ensure_ascii=False), flush=True)


def spec(folder: str, how: Preparation, settings: dict[str, Any], seed: int = 0) -> ModelSpec:
    """Return a training on the labelled pages, each fold without some of the sources."""
    both = "lang IN ('en', 'zh')"
    return ModelSpec.model_validate(
        {
            "model": f"{folder}/math.bin",
            "label": "math",
            "other": "web",
            "positives": {"paths": str(PAGES), "where": f"label = 'math' AND {both}"},
            "negatives": {"paths": str(PAGES), "where": f"label = 'web' AND {both}"},
            "prepare": how,
            "fasttext": settings,
            "balance": "none",
            "held_out": {"by": "source", "folds": 3},
            "seed": seed,
        }
    )


def auc() -> None:
    ways = {
        "ours": (Preparation(), OURS, range(3)),
        "ours, formulas left out": (Preparation(formulas="none"), OURS, range(1)),
        "ours, formulas as text": (Preparation(formulas="text"), OURS, range(1)),
        "ours, fastText's defaults": (Preparation(), DCLM, range(1)),
        "jieba": (Preparation(unit="jieba"), OURS, range(1)),
        "DCLM: its text, its settings": (RAW, DCLM, range(1)),
        "DCLM's text, our settings": (RAW, OURS, range(1)),
    }
    shown = False
    for name, (how, settings, seeds) in ways.items():
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                card = train_model(spec(folder, how, settings, seed)).card
            folds = card.training["held_out"]["folds"]
            if not shown:
                shown = bool(not say(folds=folds))
            by = card.metrics["by_lang"]
            say(way=name, seed=seed, **{lang: round(by[lang]["auc"], 4) for lang in ("en", "zh")})


def learns() -> None:
    for name in ("commands", "none"):
        with tempfile.TemporaryDirectory() as folder:
            asked = spec(folder, Preparation(formulas=name), {**OURS, "min_count": 30, "ngrams": 1})
            train_model(asked)
            header = fasttext.read_header(asked.model)
            table = score.fold(header)
        words = [
            table.words[a:b].tobytes().decode()
            for a, b in zip(table.bounds[:-1], table.bounds[1:], strict=True)
        ]
        sign = 1 if header.labels[0] == "web" else -1
        order = np.argsort(-sign * table.logits[: header.words, 0])
        say(
            formulas=name,
            math=[words[i] for i in order[:30]],
            web=[words[i] for i in order[:-31:-1]],
        )


def standard(folder: str) -> str:
    """Train the standard model: two labels, word bigrams, 2 M buckets, dim 100."""
    pages = pl.read_parquet(PAGES)
    texts = prepare(pages["text"], Preparation()).to_pylist()
    path = f"{folder}/standard.bin"
    fasttext.train(
        zip(pages["label"].to_list(), texts, strict=True), path, fasttext.Settings(**STANDARD)
    )
    return path


def documents(count: int) -> pl.Series:
    """Return real English and Chinese documents."""
    files = sorted((CORPORA / "bench").glob("*-0*.parquet"))
    parts = [pl.read_parquet(file, columns=["text"])["text"] for file in files]
    texts = pl.concat(parts)
    return texts.gather(np.sort(np.random.default_rng(0).permutation(len(texts))[:count]))


def timed(work: Any, repeat: int = 3) -> float:
    work()
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def speed() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = standard(folder)
        raw = documents(3000)
        prepared = prepare(raw, Preparation())
        lines = prepared.to_pylist()
        model = fasttext.load(path)
        _, table = score.load(path)
        millions = sum(len(line.encode()) for line in lines) / 1e6
        ours = millions / timed(lambda: table.probabilities(prepared))
        native = model.native.f
        cut = [line + "\n" for line in lines]
        theirs = millions / timed(lambda: native.multilinePredict(cut, -1, 0.0, "strict"), 1)
        of_raw = raw.str.len_bytes().sum() / 1e6
        making = of_raw / timed(lambda: prepare(raw, Preparation()))
        stage = Classify.model_validate({"model": path, "label": "math", "min_score": 0.5})
        docs = pl.DataFrame({"text": raw})
        whole = of_raw / timed(lambda: stage(docs))
        start = time.process_time()
        score.fold(fasttext.read_header(path))
        say(
            megabytes=round(millions, 1),
            kernel=round(ours, 1),
            fasttext=round(theirs, 1),
            times=round(ours / theirs, 2),
            prepare=round(making, 1),
            stage_without_card=round(whole, 1),
            load_seconds=round(time.process_time() - start, 2),
        )


def equal() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = standard(folder)
        header, table = score.load(path)
        prepared = prepare(documents(10_000), Preparation())
        names, chances = fasttext.predict(fasttext.load(path), prepared.to_pylist(), k=-1)
        own = [dict(zip(*row, strict=True))["math"] for row in zip(names, chances, strict=True)]
        found = table.probabilities(prepared)[:, score.column(header, "math")]
        say(documents=len(own), largest_distance=float(np.abs(found - own).max()))


HOLD = """
import sys
import polars as pl
from cleaner.models.scoring import fasttext, score
import cleaner.kernels.models.fasttext, cleaner.kernels.arrow
def now(key="VmRSS"):
    status = open("/proc/self/status").read().split(key + ":")[1]
    return int(status.split()[0]) / 1024
texts = pl.Series(["let proof"])
cleaner.kernels.models.fasttext.warm()
before = now()
if sys.argv[2] == "table":
    score.score(sys.argv[1], texts, "math")
else:
    fasttext.predict(fasttext.load(sys.argv[1]), texts.to_list())
peak = now("VmHWM")
print(round(now() - before, 1), round(peak - before, 1), round(peak, 1))
"""


def memory() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = standard(folder)
        for way in ("table", "fasttext"):
            out = subprocess.run(
                [sys.executable, "-c", HOLD, path, way], capture_output=True, text=True, check=True
            ).stdout
            held, most, whole = map(float, out.split())
            say(way=way, model_mb=held, model_peak_mb=most, process_peak_mb=whole)


def cuts() -> None:
    chance = np.random.default_rng(0)
    rows = 1_000_000
    docs = pl.DataFrame(
        {
            "file": chance.integers(0, 99, rows).astype(np.uint32),
            "row": np.arange(rows, dtype=np.uint64),
            "lang": chance.choice(["en", "zh"], rows),
            "math_score": np.round(chance.beta(0.1, 0.4, rows), 6),
        }
    )
    stage = Classify.model_validate(
        {"model": "m", "label": "math", "keep_share": 0.1, "per": "lang"}
    )
    start = time.process_time()
    cut = decide_cut(cut_rows(docs, stage), share=0.1)
    kept = docs.filter(~below_cut(docs, stage, cut))
    seconds = time.process_time() - start
    shares = {
        lang: len(kept.filter(lang=lang)) / len(docs.filter(lang=lang)) for lang in ("en", "zh")
    }
    say(documents=rows, seconds=round(seconds, 2), **shares)


BENCHMARKS = {f.__name__: f for f in (auc, learns, speed, equal, memory, cuts)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="default: all")
    for chosen in parser.parse_args().names or BENCHMARKS:
        BENCHMARKS[chosen]()
    say(peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
