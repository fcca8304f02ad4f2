"""The language model of py3langid over UTF-8 bytes: an automaton, counts, sums of integers.

The automaton reads a byte at a time; some of its states stand for a feature. A text's score for a
label is the sum over its features of log(1 + count) times the label's weight. The weights are
whole multiples of 1/512, so the rows of features that occur equally often are summed as integers,
and every machine gets the same sums.

Memory decides the speed: a state's row of steps and a feature's row of weights are seldom in the
cache. So four parts of a text are walked at a time, and a row of weights is asked for early.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types, uint64
from numba.core import cgutils
from numba.extending import intrinsic

from cleaner.kernels import jit, leaf

SCALE = 512  # what makes whole numbers of the model's weights
FEW = 64  # features that occur more often are summed one by one
PARTS = 4
SHORT = 100  # bytes; cutting a shorter text into parts does not pay
LINE = 64  # bytes that the cache loads at a time


@intrinsic
def fetch(context: Any, table: Any, row: Any) -> Any:
    """Ask for a row of a two-dimensional table, to have it in the cache soon."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        step, _ = cgutils.unpack_tuple(builder, array.strides)
        word, byte = ir.IntType(64), ir.IntType(8).as_pointer()
        start = builder.add(
            builder.ptrtoint(array.data, word), builder.mul(step, builder.zext(arguments[1], word))
        )
        number = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
            "llvm.prefetch.p0",
        )
        for at in range(0, 288, LINE):
            place = builder.inttoptr(builder.add(start, word(at)), byte)
            builder.call(function, [place, number(0), number(2), number(1)])  # read, keep, data
        return context.get_dummy_value()

    return types.void(table, types.uint32), code


@leaf
def enter(place, counts, touched, found):  # type: ignore[no-untyped-def]
    """Count one visit of `place`; return how many places have been visited."""
    touched[found] = place  # overwritten unless the place is new: no branch to mispredict
    before = counts[place]
    counts[place] = before + 1
    return found + uint64(before == 0)


@leaf
def visit(data, lo, hi, automaton, counts, touched):  # type: ignore[no-untyped-def]
    """Walk over `data[lo:hi]`, count the places that are visited, return how many there are.

    A part but the first is entered `depth` bytes early: no state remembers more than these.
    """
    step, base, _, start, depth = automaton
    eight, sixteen, low = uint64(8), uint64(16), uint64(0xFFFF)
    length = hi - lo
    part = uint64(length // PARTS if length >= SHORT else 0)
    a = uint64(lo)
    b, c, d = a + part, a + uint64(2) * part, a + uint64(3) * part
    row_a = row_b = row_c = row_d = uint64(start)
    found = uint64(0)
    if part > uint64(0):
        for k in range(uint64(1), uint64(depth) + uint64(1)):
            back = uint64(depth) + uint64(1) - k
            row_b = uint64(step[row_b << eight | uint64(data[b - back])]) >> sixteen
            row_c = uint64(step[row_c << eight | uint64(data[c - back])]) >> sixteen
            row_d = uint64(step[row_d << eight | uint64(data[d - back])]) >> sixteen
    for k in range(part):
        next_a = uint64(step[row_a << eight | uint64(data[a + k])])
        next_b = uint64(step[row_b << eight | uint64(data[b + k])])
        next_c = uint64(step[row_c << eight | uint64(data[c + k])])
        next_d = uint64(step[row_d << eight | uint64(data[d + k])])
        row_a, row_b = next_a >> sixteen, next_b >> sixteen
        row_c, row_d = next_c >> sixteen, next_d >> sixteen
        found = enter(uint64(base[row_a]) + (next_a & low), counts, touched, found)
        found = enter(uint64(base[row_b]) + (next_b & low), counts, touched, found)
        found = enter(uint64(base[row_c]) + (next_c & low), counts, touched, found)
        found = enter(uint64(base[row_d]) + (next_d & low), counts, touched, found)
    for at in range(d + part, uint64(hi)):
        next_d = uint64(step[row_d << eight | uint64(data[at])])
        row_d = next_d >> sixteen
        found = enter(uint64(base[row_d]) + (next_d & low), counts, touched, found)
    return np.int64(found)


@leaf
def add_rows(touched, found, counts, shared_counts, automaton, model, room, scores):  # type: ignore[no-untyped-def]
    """Add to `scores` what the visited places say; their counts are zero again afterwards."""
    features = automaton[2]
    weights, shared, logs = model
    seen, times, order, bucket, small, wide = room
    width = len(small)
    bucket[:] = 0
    n = 0
    several = 0
    for k in range(found):
        place = touched[k]
        count = counts[place]
        counts[place] = 0
        feature = features[place]
        if feature >= 0:
            fetch(weights, np.uint32(feature))  # type: ignore[call-arg]
            seen[n] = feature
            times[n] = count
            bucket[min(count, FEW)] += 1
            n += 1
        else:  # one of several states that stand for the same feature: first add up their counts
            if shared_counts[~feature] == 0:
                touched[several] = ~feature
                several += 1
            shared_counts[~feature] += count
    for k in range(several):
        count = shared_counts[touched[k]]
        shared_counts[touched[k]] = 0
        seen[n] = shared[touched[k]]
        times[n] = count
        bucket[min(count, FEW)] += 1
        n += 1
    # Sort by count. Each bucket is filled up to fours by the row of zeros, the last of `weights`.
    at = 0
    for count in range(1, FEW + 1):
        size = bucket[count]
        bucket[count] = at
        at += size
        while at & 3:
            order[at] = len(weights) - 1 if count < FEW else -1
            at += 1
    for k in range(n):
        count = min(times[k], FEW)
        order[bucket[count]] = seen[k] if count < FEW else k
        bucket[count] += 1
    k = 0
    for count in range(1, FEW):
        if k >= bucket[count]:
            continue
        wide[:] = 0
        while k < bucket[count]:
            one, two = weights[order[k]], weights[order[k + 1]]
            three, four = weights[order[k + 2]], weights[order[k + 3]]
            for j in range(width):
                small[j] = one[j] + two[j] + three[j] + four[j]
            for j in range(width):
                wide[j] += small[j]
            k += 4
        for j in range(width):
            scores[j] += logs[count] * np.float64(wide[j])
    for i in range(k, bucket[FEW]):
        row = weights[seen[order[i]]]
        factor = np.log1p(np.float64(times[order[i]])) / SCALE
        for j in range(width):
            scores[j] += factor * np.float64(row[j])


@jit
def propose(offsets, data, automaton, model, prior, groups):  # type: ignore[no-untyped-def]
    """Return `(label, share, second, second_share)`, a row per text.

    `label` is the model's best; the softmax of scores / sqrt(bytes), as py3langid normalises them,
    is summed over the labels of one group: `share` is that of `label`'s group, `second` the best
    label of another group. A text without any feature has label -1.
    """
    weights, shared, _ = model
    width = weights.shape[1]
    labels = len(prior)
    n = len(offsets) - 1
    most = np.int64(0)
    for d in range(n):
        most = max(most, offsets[d + 1] - offsets[d])
    counts = np.zeros(len(automaton[2]), np.int32)
    for place in range(len(counts)):
        counts[place] = automaton[2][place] == len(weights) - 1  # never new, so never touched
    shared_counts = np.zeros(len(shared), np.int32)
    touched = np.empty(most + 1, np.int32)
    room = (
        np.empty(most + 1, np.int32),
        np.empty(most + 1, np.int32),
        np.empty(most + 4 * FEW, np.int32),
        np.zeros(FEW + 1, np.int64),
        np.zeros(width, np.uint16),
        np.zeros(width, np.int32),
    )
    scores = np.empty(width, np.float64)
    best = np.full(n, -1, np.int32)
    share = np.zeros(n, np.float64)
    second = np.full(n, -1, np.int32)
    second_share = np.zeros(n, np.float64)
    in_group = np.zeros(groups.max() + 1, np.float64)
    for d in range(n):
        found = visit(data, offsets[d], offsets[d + 1], automaton, counts, touched)
        if found == 0:
            continue
        scores[:labels] = prior
        scores[labels:] = 0.0
        add_rows(touched, found, counts, shared_counts, automaton, model, room, scores)
        top = 0
        for j in range(1, labels):
            if scores[j] > scores[top]:
                top = j
        heat = 1.0 / np.sqrt(np.float64(offsets[d + 1] - offsets[d]))
        least = scores[top] - 30.0 / heat  # all below are less than 1e-11 together
        group = groups[top]
        whole = 0.0
        other = -1
        highest = -np.inf
        in_group[:] = 0.0
        for j in range(labels):
            if scores[j] > least:
                part = np.exp((scores[j] - scores[top]) * heat)
                whole += part
                in_group[groups[j]] += part
            if scores[j] > highest and groups[j] != group:
                highest = scores[j]
                other = j
        best[d] = top
        share[d] = in_group[group] / whole
        second[d] = other
        second_share[d] = in_group[groups[other]] / whole
    return best, share, second, second_share


@jit
def pieces(offsets, data, which, least):  # type: ignore[no-untyped-def]
    """Cut the texts `which` at zeros, and at newlines into runs of at least `least` bytes.

    Returns `(owner, offsets, data)` of the pieces, owners in the order of `which`. What is left
    over after the last cut at a newline joins the piece before it.
    """
    size, room = 0, 0
    for k in range(len(which)):
        length = offsets[which[k] + 1] - offsets[which[k]]
        size += length
        room += length // least + 2
        for at in range(offsets[which[k]], offsets[which[k] + 1]):
            room += data[at] == 0
    owner = np.empty(room, np.int64)
    bounds = np.zeros(room + 1, np.int64)
    out = np.empty(size, np.uint8)
    found = 0
    o = 0
    for k in range(len(which)):
        d = which[k]
        first = found
        start = o
        for at in range(offsets[d], offsets[d + 1] + 1):
            last = at == offsets[d + 1] or data[at] == 0
            if not last:
                out[o] = data[at]
                o += 1
            if o > start and (last or (data[at] == 10 and o - start >= least)):
                if last and found > first and o - start < least:
                    bounds[found] = o
                else:
                    owner[found] = d
                    found += 1
                    bounds[found] = o
                start = o
            if last:
                first = found
    return owner[:found], bounds[: found + 1], out[:o]


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = np.array([0, 2], np.int64), np.zeros(2, np.uint8)
    automaton = (np.zeros(256, np.uint32), np.zeros(1, np.uint32), np.ones(1, np.int32), 0, 1)
    model = (np.zeros((2, 16), np.uint16), np.zeros(1, np.int32), np.zeros(FEW))
    propose(offsets, data, automaton, model, np.zeros(2), np.zeros(2, np.int32))
    pieces(offsets, data, np.zeros(1, np.int64), 8)
