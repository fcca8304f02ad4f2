"""Whether a window of a text holds an item: by covered share, what is asked, and what is beside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.leakage.index import Known

# Fitted on one half of the texts named in docs/decontamination.md, stated there on the other.
COVERED = 0.75  # of a question's weight
WITH_ANSWER = 0.65  # of it, where the answer follows
ANSWERED = 0.8  # of the answer's words
ASKED = 0.5  # of each sentence that asks
ASIDE = 0.2  # of the weight: sentences that are missing together
LONGEST = 5.0  # words in a row, or 8 characters of Chinese
NEARLY = 0.85  # of a short question of at least so many words, of which one may differ
LONG_ENOUGH = 8.0
LEFT = 3.0  # words that must be left of an item where frequent grams carry no weight

# What stands beside a short question, bits of one number.
LINE, ANSWER, CHOICES, LABEL, SENTENCE = 1, 2, 4, 8, 16
BESIDE = LINE | ANSWER | CHOICES | LABEL


@dataclass(frozen=True)
class Judged:
    """What is said of one window."""

    matched: bool
    share: float  # of the question's weight
    longest: float  # weight of the longest run of its words


def judge(
    known: Known, held: np.ndarray, words: int, answer: float, beside: int,
    left: np.ndarray | None = None,
) -> Judged:  # fmt: skip
    """Return whether a window of so many words matches.

    `held` says which words of the question it holds, `answer` which share of the answer follows,
    `beside` what stands next to a short one, `left` the weights that words still have.
    """
    weights = known.weights if left is None else left
    whole = float(weights.sum())
    share = float(weights @ held) / whole if whole > 0 else 0.0
    longest = _longest(weights, held)
    if whole < least_left(known):
        return Judged(False, share, longest)
    if known.short:
        matched = _short(known, held, words, share, beside)
    else:
        matched = _long(known, held, weights, share, longest, answer)
    return Judged(matched, share, longest)


def least_left(known: Known) -> float:
    """Return the weight that must be left of an item: three words, or half of a shorter one."""
    return min(LEFT, known.size / 2)


def _longest(weights: np.ndarray, held: np.ndarray) -> float:
    best = run = 0.0
    for weight, there in zip(weights.tolist(), held.tolist(), strict=True):
        run = run + weight if there else 0.0
        best = max(best, run)
    return best


def _long(
    known: Known, held: np.ndarray, weights: np.ndarray, share: float, longest: float,
    answer: float,
) -> bool:  # fmt: skip
    enough = WITH_ANSWER if answer >= ANSWERED else COVERED
    if share < enough or longest < min(LONGEST, float(weights.sum()) / 2):
        return False
    # What is asked must be there, however often it is asked elsewhere.
    of_sentence = np.bincount(known.sentence, known.weights)
    missing = np.bincount(known.sentence, known.weights * held) < ASKED * of_sentence
    if any(missing[one] for one in known.asks):
        return False
    left = np.bincount(known.sentence, weights)
    return float(left[missing].sum()) <= ASIDE * float(weights.sum())


def _short(known: Known, held: np.ndarray, words: int, share: float, beside: int) -> bool:
    if held.all() and words == len(held):
        whole_sentence = beside & SENTENCE and known.size >= LONG_ENOUGH
        return bool(beside & BESIDE or whole_sentence)
    nearly = known.size >= LONG_ENOUGH and share >= NEARLY and abs(words - len(held)) <= 1
    return bool(nearly and beside & BESIDE)


def may_match_short(known: Known, held: np.ndarray, words: int) -> bool:
    """Return whether a short question stands there so that it matters what is beside it."""
    whole = bool(held.all()) and words == len(held)
    share = float(known.weights @ held) / known.size
    return whole or (known.size >= LONG_ENOUGH and share >= NEARLY and abs(words - len(held)) <= 1)


def covered_by(text: np.ndarray, answer: np.ndarray) -> float:
    """Return the share of an answer's words that a text has, in runs of three (or all of fewer)."""
    held = held_by(answer, text, min(3, len(answer)))
    return float(held.mean()) if len(held) else 0.0


def held_by(words: np.ndarray, others: np.ndarray, size: int) -> np.ndarray:
    """Return which words stand in a run of so many that is among others, too."""
    runs = {others[k : k + size].tobytes() for k in range(len(others) - size + 1)} if size else ()
    held = np.zeros(len(words), bool)
    for k in range(len(words) - size + 1):
        if words[k : k + size].tobytes() in runs:
            held[k : k + size] = True
    return held


def weight_left(known: Known, size: int, stopped: Sequence[int]) -> np.ndarray:
    """Return the weights of a question's words where the grams that begin at `stopped` have none.

    A word keeps the share of its weight that its grams keep.
    """
    count = len(known.words) - size + 1
    alive = np.ones(count)
    alive[list(stopped)] = 0
    ones = np.ones(size)
    return known.weights * np.convolve(alive, ones) / np.convolve(np.ones(count), ones)
