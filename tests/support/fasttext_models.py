"""Small models trained on the spot, once a test run."""

import random
from pathlib import Path

from cleaner.models.scoring import fasttext

MATH = "let 设 proof theorem 证 明 integral <tex:frac> prime 函 数 group <num>"
WEB = "buy 今 天 click news 价 格 photo login <num> share 新 闻"
CODE = "def return import lambda class 变 量 <num> self print"
WORDS = {"math": MATH.split(), "web": WEB.split(), "code": CODE.split()}


def lines(count: int, labels: int = 2, seed: int = 0) -> list[tuple[str, str]]:
    """Return `(label, text)` of texts that a word or two give away, most of the time."""
    chance = random.Random(seed)
    every = [word for words in WORDS.values() for word in words]
    names = list(WORDS)[:labels]
    out = []
    for at in range(count):
        label = names[at % labels]
        own = chance.choices(WORDS[label], k=6)
        rest = chance.choices(every, k=chance.randint(0, 30))
        words = own + rest
        chance.shuffle(words)
        out.append((label, " ".join(words)))
    return out


def train(path: Path, labels: int = 2, **settings: object) -> fasttext.Model:
    """Train a small model to `path` and load it."""
    chosen = {"dim": 16, "bucket": 5000, "ngrams": 2, "lr": 0.5, **settings}
    fasttext.train(lines(1500, labels), path, fasttext.Settings(**chosen))
    return fasttext.load(path)
