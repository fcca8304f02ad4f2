"""Small corpora with hosts, made on the spot."""

import random
from pathlib import Path

import polars as pl

from support.fasttext_models import WEB

FIRST = "let proof theorem integral prime lemma 设 证 明 函 数 极 限"
SECOND = "matrix eigenvalue manifold topology 矩 阵 拓 扑 流 形 kernel"
COMMON = "the of and is 的 是 了 we page <num>"


def page(kind: str, chance: random.Random) -> str:
    words = {"first": FIRST, "second": SECOND, "web": WEB}[kind].split()
    said = chance.choices(words, k=15) + chance.choices(COMMON.split(), k=15)
    chance.shuffle(said)
    return " ".join(said)


def corpus(seed: int = 0) -> pl.DataFrame:
    """Return pages of 6 mathematical hosts (both vocabularies, and some web) and 24 others."""
    chance = random.Random(seed)
    rows = []
    for number in range(30):
        for at in range(40):
            kind = "web"
            if number < 6 and at % 10:
                kind = "first" if at % 2 else "second"
            host = f"{'math' if number < 6 else 'web'}{number}.example"
            rows.append((page(kind, chance), f"https://{host}/{at % 4}/{at}", "en", kind))
    chance.shuffle(rows)
    return pl.DataFrame(rows, schema=["text", "url", "lang", "kind"], orient="row")


def seeds(folder: Path, seed: int = 1) -> tuple[str, str]:
    """Write seed positives of the first vocabulary and negatives; return their paths."""
    chance = random.Random(seed)
    paths = []
    for kind in ("first", "web"):
        rows = [
            (page(kind, chance), f"https://{kind}-seed{n % 12}.example/{n}", ("en", "zh")[n % 2])
            for n in range(300)
        ]
        path = folder / f"{kind}.parquet"
        pl.DataFrame(rows, schema=["text", "url", "lang"], orient="row").write_parquet(path)
        paths.append(str(path))
    return paths[0], paths[1]
