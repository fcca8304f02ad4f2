"""Language identification measured: accuracy, budget, calibration, speed.

    python tests/benchmarks/language.py [--accuracy] [--curve] [--calibrate] [--speed] [--mixed]

All of them without an option. Reads the open and bench corpora (`CLEANER_CORPORA`); `--model` is a
fastText model to set beside the default one.
"""

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from cleaner.kernels.language import langid
from cleaner.models.language import backends as backends
from cleaner.models.language import language as lang
from cleaner.models.language.codes import UNDETERMINED, Code
from cleaner.models.scoring import fasttext

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import CORPORA

MODEL = CORPORA.parent / "models" / "lid.176.ftz"
LENGTHS = (12, 20, 35, 60, 100, 180, 350)  # characters that texts are cut to for the calibration
BUDGETS = (30, 50, 100, 150, 200, 300, 400, 600, 1000, 3000)  # bytes of a window


def multilingual() -> pl.DataFrame:
    """The labelled texts; Bokmål and Nynorsk are Norwegian."""
    texts = pl.read_parquet(CORPORA / "open" / "multilingual.parquet")
    return texts.with_columns(gold=pl.col("gold_lang").replace({"nb": "no", "nn": "no"}))


def is_dev() -> pl.Expr:
    """Texts of the one source that scores are fitted on; the two others are for the test."""
    return pl.col("source") == "pemistahl/lingua-py"


def long_texts() -> pl.DataFrame:
    """Texts of about 6,000 characters, joined from texts of one language and source."""
    return (
        multilingual()
        .filter(pl.col("kind") != "sentence")
        .with_columns(part=pl.col("text").str.len_chars().cum_sum().over("gold", "source") // 6000)
        .group_by("gold", "source", "part", maintain_order=True)
        .agg(pl.col("text").str.join("\n\n"))
        .filter(pl.col("text").str.len_chars() > 3000)
    )


def accuracy(models: list[backends.Backend]) -> None:
    """Right answers per language, over texts of 50 characters and more."""
    texts = multilingual().filter(pl.col("text").str.len_chars() >= 50)
    table = texts.select("gold", "script", dev=is_dev())
    for model in models:
        found = lang.identify(texts["text"], model)
        table = table.with_columns(
            (found["lang"] == table["gold"]).alias(model.name),
            found["script"].alias(f"{model.name}_script"),
        )
    names = [model.name for model in models]
    means = [pl.col(name).mean().round(4) for name in names]
    with pl.Config(tbl_rows=100, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        print(table.group_by("gold").agg(pl.len(), *means).sort("gold"))
        print(table.filter(gold="zh").group_by("script").agg(pl.len(), *means))
        print(table.group_by("dev").agg(pl.len(), *means))
        print(table.select(pl.len(), *means))
        scripts = table.filter(pl.col("script").is_in(["Hans", "Hant"]))
        print(
            "script of zh right:",
            *(f"{n} {(scripts['script'] == scripts[f'{n}_script']).mean():.4f}" for n in names),
        )
    mathematics()


def mathematics() -> None:
    """The share of Chinese and English mathematics that the default loses."""
    from cleaner.stages.language import Language

    texts = pl.read_parquet(CORPORA / "open" / "math_vs_web.parquet").filter(label="math")
    for keep in (None, ["zh", "en"]):
        found = Language(keep=keep)(texts.rename({"lang": "gold"}))
        lost = found.with_columns(lost=pl.col("broken").list.len() > 0)
        parts = lost.group_by("gold", maintain_order=True).agg(pl.len(), pl.col("lost").sum())
        print(
            f"mathematics lost, keep={keep}:",
            *(f"{g} {k} of {n} ({k / n:.2%})" for g, n, k in parts.iter_rows()),
        )


def curve(models: list[backends.Backend]) -> None:
    """Accuracy by the budget of a window, for the multilingual texts and for long ones."""
    short = multilingual().filter(pl.col("text").str.len_chars() >= 50)
    long = long_texts()
    print(f"{len(long)} long texts, {long['text'].str.len_bytes().mean():.0f} bytes on average")
    print("bytes a window", *(f"{m.name} short, long, bytes read" for m in models), sep="  ")
    for budget in BUDGETS:
        cells = []
        for model in models:
            right = [
                (lang.identify(texts["text"], model, budget)["lang"] == texts["gold"]).mean()
                for texts in (short, long)
            ]
            read = len(lang.windows(long["text"], budget).data) / len(long)
            cells.append(f"{right[0]:.4f} {right[1]:.4f} {read:.0f}")
        print(f"{budget:6d}", *cells, sep="  |  ")


def proposals(texts: pl.DataFrame, model: backends.Backend) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of the model's proposals, and which are right; no rule decided on them."""
    read = lang.windows(texts["text"])
    proposal = model.propose(read.offsets, read.data)
    codes = [*model.codes, Code(UNDETERMINED)]
    right = np.array([codes[i].lang for i in proposal.best]) == texts["gold"].to_numpy()
    free = (lang.junk(read.facts) == "") & ~lang.han_rule(read.facts)
    return proposal.share[free], right[free]


def lengths_of(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `texts`, and pieces of them of all `LENGTHS`: only short texts have low scores."""
    size = pl.col("text").str.len_chars()
    pieces = [
        texts.filter(size >= length).with_columns(pl.col("text").str.slice(size // 3, length))
        for length in LENGTHS
    ]
    return pl.concat([texts, *pieces])


def calibrate(models: list[backends.Backend]) -> None:
    """Fit score = 1 / (1 + exp(-a) (1 / share - 1) ** b), by likelihood, on the dev source."""
    everything = lengths_of(multilingual())
    dev, test = everything.filter(is_dev()), everything.filter(~is_dev())
    for model in models:
        share, right = proposals(dev, model)
        share = np.clip(share, 1e-9, 1 - 1e-9)
        x = np.stack([np.ones(len(share)), np.log(share / (1 - share))], 1)
        w = np.zeros(2)
        for _ in range(30):  # Newton's method
            p = 1 / (1 + np.exp(-x @ w))
            w += np.linalg.solve((x.T * (p * (1 - p))) @ x, x.T @ (right - p))
        a, b = model.calibration
        print(f"{model.name}: fitted a={w[0]:.3f} b={w[1]:.3f} on {len(x)}; in use a={a} b={b}")
        for name, texts in (("dev", dev), ("test", test)):
            share, right = proposals(texts, model)
            score = lang.calibrated(model, share)
            edges = [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]
            error = 0.0
            for low, high in itertools.pairwise(edges):
                inside = (score >= low) & (score < high)
                said, was = score[inside].mean(), right[inside].mean()
                error += inside.mean() * abs(said - was)
                print(
                    f"  {name} {low:4}..{high:4}: {inside.sum():6d} said {said:.3f} was {was:.3f}"
                )
            print(f"  {name}: calibration error {error:.4f}")
    for name, texts in (("dev", dev), ("test", test)):
        read = lang.windows(texts["text"])
        ruled = lang.han_rule(read.facts) & (lang.junk(read.facts) == "")
        was = (texts["gold"] == "zh").to_numpy()[ruled]
        print(f"rule of Han, {name}: {was.sum()} of {len(was)} right ({was.mean():.4f})")


def seconds(calls: dict[str, Callable[[], object]], rounds: int = 8) -> dict[str, float]:
    """Return the least CPU time of each call; in turn, so that other work disturbs all alike."""
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            call()
            least[name] = min(least[name], time.process_time() - start)
    return least


def speed_sets() -> Iterator[tuple[str, pl.Series]]:
    """English, Chinese and multilingual texts."""
    yield "en", pl.read_parquet(CORPORA / "bench" / "en-00000.parquet")["text"]
    yield "zh", pl.read_parquet(CORPORA / "bench" / "zh-00000.parquet")["text"]
    yield "many", multilingual()["text"]


def speed(models: list[backends.Backend]) -> None:
    """MB/s on the very same masked and cut texts, one core; and on whole texts, all included."""
    from py3langid.langid import LanguageIdentifier

    ours = models[0]
    theirs = LanguageIdentifier.from_model_file("data/model.npz.xz")
    native = fasttext.load(MODEL).native.f
    for name, text in speed_sets():
        read = lang.windows(text)
        strings = backends.strings(read.offsets, read.data).to_list()
        lines = [s.replace("\n", " ") + "\n" for s in strings]
        calls: dict[str, Callable[[], object]] = {
            "ours": lambda r=read: ours.propose(r.offsets, r.data),
            "py3langid": lambda t=strings: [theirs.classify(s) for s in t],
            "fastText": lambda t=lines: native.multilinePredict(t, 1, 0.0, "replace"),
            "masking": lambda t=text: lang.windows(t),
            "identify": lambda t=text: lang.identify(t, ours),
        }
        spent = seconds(calls)
        cut, whole = len(read.data) / 1e6, text.str.len_bytes().sum() / 1e6
        print(
            f"{name}: {len(text)} texts of {whole:.1f} MB, cut to {cut:.1f} MB. On these:",
            ", ".join(f"{k} {cut / spent[k]:.1f} MB/s" for k in ("ours", "py3langid", "fastText")),
            f"({spent['py3langid'] / spent['ours']:.1f} and {spent['fastText'] / spent['ours']:.1f}"
            f" times); label of py3langid on {agreement(ours, theirs, read, strings):.3%}.",
            ", ".join(f"{k} {whole / spent[k]:.0f} MB/s" for k in ("masking", "identify")),
            "of whole texts",
        )


def agreement(
    ours: backends.Backend, theirs: object, read: lang.Prose, strings: list[str]
) -> float:
    """The share of texts on which both give the same raw label."""
    best = ours.propose(read.offsets, read.data).best.tolist()
    labels = [theirs.classify(text)[0] for text in strings]
    same = [
        label == ours.labels[number] if number >= 0 else not text.strip() or label == "af"
        for number, label, text in zip(best, labels, strings, strict=True)
    ]
    return sum(same) / len(same)


def mixed(models: list[backends.Backend]) -> None:
    """How many texts made of two languages are seen to be mixed, by the share of the second."""
    texts = multilingual().filter(pl.col("text").str.len_bytes() >= 300, ~is_dev())
    pool = {k[0]: g["text"].to_list() for k, g in texts.group_by("gold", maintain_order=True)}
    pool = {name: texts for name, texts in pool.items() if len(texts) >= 20}
    draw = random.Random(1)

    def paragraph(name: str, size: int) -> str:
        return "\n".join(draw.choices(pool[name], k=3)).encode()[:size].decode("utf-8", "ignore")

    for paragraphs, size in ((4, 300), (10, 300), (20, 500)):
        for share in (0, 0.1, 0.2, 0.3, 0.4, 0.5):
            made = []
            for _ in range(300):
                one, other = draw.sample(sorted(pool), 2)
                names = [other] * round(paragraphs * share)
                names += [one] * (paragraphs - len(names))
                draw.shuffle(names)
                made.append("\n\n".join(paragraph(name, size) for name in names))
            seen = [(lang.identify(pl.Series(made), m)["lang"] == "mixed").mean() for m in models]
            print(f"{paragraphs} paragraphs of {size} bytes, second {share:.0%}: seen", *seen)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    modes = (accuracy, curve, calibrate, speed, mixed)
    for mode in modes:
        parser.add_argument(f"--{mode.__name__}", action="store_true", help=mode.__doc__)
    parser.add_argument("--model", default=str(MODEL))
    asked = parser.parse_args()
    langid.warm()
    models = [backends.backend(), backends.backend(asked.model)]
    chosen = [mode for mode in modes if getattr(asked, mode.__name__)]
    for mode in chosen or modes:
        print(f"== {mode.__name__}: {mode.__doc__}")
        mode(models)


if __name__ == "__main__":
    main()
