"""Items in texts again, in plain Python over lists of words."""

from collections import Counter
from collections.abc import Sequence

from cleaner.kernels.leakage.search import MISSES, NEARLY, SLACK, WINDOWS

Found = tuple[int, int, int, int, tuple[int, ...]]


def grams(words: Sequence[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(words[k : k + size]) for k in range(len(words) - size + 1)]


def search(
    texts: Sequence[Sequence[int]],
    groups: Sequence[int],
    items: Sequence[Sequence[int]],
    weights: Sequence[Sequence[float]],
    sizes: Sequence[int],
    need: Sequence[int],
    least: float,
) -> tuple[Counter[tuple[int, ...]], set[Found]]:
    """Return how many groups hold each gram, and (text, item, start, end, held) of each window."""
    counts: Counter[tuple[int, ...]] = Counter()
    known = {gram for item, size in zip(items, sizes, strict=True) for gram in grams(item, size)}
    for group in dict.fromkeys(groups):
        there = {
            gram
            for text, of in zip(texts, groups, strict=True)
            for size in set(sizes)
            for gram in grams(text, size)
            if of == group
        }
        counts.update(there & known)
    found = set()
    for t, text in enumerate(texts):
        for i, item in enumerate(items):
            mine = grams(item, sizes[i])
            hits = [
                (at, pos)
                for at, gram in enumerate(grams(text, sizes[i]))
                for pos, other in enumerate(mine)
                if gram == other
            ]
            if len({mine[pos] for _, pos in hits}) == 0:
                continue
            if sum(gram in set(grams(text, sizes[i])) for gram in mine) < need[i]:
                continue
            for window in windows(text, item, sizes[i], hits, need[i]):
                held = window[2]
                share = sum(w for w, there in zip(weights[i], held, strict=True) if there)
                if share >= least * sum(weights[i]):
                    found.add((t, i, window[0], window[1], tuple(held)))
    return counts, found


def windows(
    text: Sequence[int], item: Sequence[int], size: int, hits: list[tuple[int, int]], need: int
) -> list[tuple[int, int, list[int]]]:
    out = []
    reach = len(item) + len(item) // 2 + SLACK
    for _ in range(WINDOWS):
        inside = [
            [hit for hit in hits[k:] if hit[0] < hits[k][0] + reach] for k in range(len(hits))
        ]
        if not inside or max(map(len, inside)) < need:
            break
        best = max(range(len(inside)), key=lambda k: len(inside[k]))
        some = inside[best]
        low = max(0, some[0][0] - reach)
        high = min(len(text), some[-1][0] + size + reach)
        out.append(held_by(text, item, size, some, low, high))
        hits = hits[:best] + hits[best + len(some) :]
    return out


def held_by(
    text: Sequence[int], item: Sequence[int], size: int, hits: list[tuple[int, int]], low: int,
    high: int,
) -> tuple[int, int, list[int]]:  # fmt: skip
    shifts = list(dict.fromkeys(at - pos for at, pos in hits))
    equal = [
        sum(low <= s + n < high and text[s + n] == word for n, word in enumerate(item))
        for s in shifts
    ]
    shift = shifts[equal.index(max(equal))]
    if max(equal) >= NEARLY * len(item):
        start, end = max(low, shift), min(high, shift + len(item))
        held = [
            int(start <= shift + n < end and text[shift + n] == word) for n, word in enumerate(item)
        ]
        return start, end, held
    held = [0] * len(item)
    places = []
    for at, pos in hits:
        held[pos : pos + size] = [1] * size
        places += [at, at + size - 1]
    for at, pos in hits:
        for step, place in ((1, size), (-1, -1)):
            a, p, misses = at + place, pos + place, 0
            while 0 <= p < len(item) and low <= a < high and not held[p] and misses <= MISSES:
                if text[a] == item[p]:
                    held[p], misses = 1, 0
                    places.append(a)
                else:
                    misses += 1
                a, p = a + step, p + step
    return min(places), max(places) + 1, held
