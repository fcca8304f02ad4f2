"""Which documents are held out for measuring: whole sites, never a page of one that trained."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import xxhash

from cleaner.errors import JobError


def _order(group: str, seed: int) -> int:
    return xxhash.xxh3_64_intdigest(group.encode(), seed=seed)


def held_out(
    groups: Sequence[str], strata: Sequence[tuple[str, ...]], share: float, seed: int = 0
) -> np.ndarray:
    """Return which documents are held out: about `share` of every stratum, in whole groups.

    A group (a host, a source) is on one side only. Of a stratum (a label in a language) with one
    group nothing is held out, because nothing would be left to learn from.
    """
    total = Counter(strata)
    inside: dict[tuple[str, ...], Counter[str]] = {stratum: Counter() for stratum in total}
    for group, stratum in zip(groups, strata, strict=True):
        inside[stratum][group] += 1
    held: set[str] = set()
    for stratum in sorted(inside):
        wanted = share * total[stratum]
        out = sum(count for group, count in inside[stratum].items() if group in held)
        # one group of ten pages comes as near a tenth as ten of one: the order is the seed's alone
        for group in sorted(inside[stratum], key=lambda name: (_order(name, seed), name)):
            if group in held or out >= wanted:
                continue
            if any(set(inside[s]) <= held | {group} for s in inside if group in inside[s]):
                continue  # it is the last one to learn from
            held.add(group)
            out += inside[stratum][group]
    return np.array([group in held for group in groups], bool)


def folds(
    groups: Sequence[str], strata: Sequence[tuple[str, ...]], count: int, seed: int = 0
) -> list[frozenset[str]]:
    """Return `count` sets of groups, each with a group of every stratum, about equal in size.

    Strata with fewer groups than folds cannot be held out in each: that is a `JobError`.
    """
    inside: dict[tuple[str, ...], set[str]] = {}
    sizes: Counter[str] = Counter(groups)
    for group, stratum in zip(groups, strata, strict=True):
        inside.setdefault(stratum, set()).add(group)
    poor = {stratum: len(there) for stratum, there in inside.items() if len(there) < count}
    if poor:
        shown = ", ".join(f"{' '.join(stratum)} has {n}" for stratum, n in sorted(poor.items()))
        raise JobError(f"{count} folds need {count} groups of every label and language; {shown}")
    of = {group: [s for s in inside if group in inside[s]] for group in sizes}
    out: list[set[str]] = [set() for _ in range(count)]
    have: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(count)]
    weight = [0] * count
    # rare strata first, then groups that serve several, then large ones
    rarity = {group: min(len(inside[s]) for s in of[group]) for group in of}
    for group in sorted(of, key=lambda g: (rarity[g], -len(of[g]), -sizes[g], _order(g, seed), g)):
        fold = min(
            range(count),
            key=lambda k: (-sum(have[k][s] == 0 for s in of[group]), weight[k], k),
        )
        out[fold].add(group)
        have[fold].update(of[group])
        weight[fold] += sizes[group]
    lacking = [
        f"fold {k + 1} lacks {' '.join(stratum)}"
        for k in range(count)
        for stratum in sorted(inside)
        if not have[k][stratum]
    ]
    if lacking:
        raise JobError(f"no {count} folds with every label and language: {'; '.join(lacking)}")
    return [frozenset(fold) for fold in out]
