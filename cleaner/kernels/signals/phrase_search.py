"""Which of many short strings occur in a text: one pass over its bytes, however many there are."""

from collections import deque
from collections.abc import Mapping

import numpy as np

from cleaner.kernels import jit


class Literals:
    """An Aho-Corasick automaton without regard to ASCII case.

    `bits` gives each literal its bits, at most 62 of them; where a literal without bits occurs, no
    shorter one that ends there counts. A byte of `joker` stands for any byte of `jokers`.

    >>> found = Literals({b"tex": 1, b"mjx": 2, b"translatex": 0})
    >>> found.search(b"LaTeX"), found.search(b"text and mjx"), found.search(b"translateX(1px)")
    (1, 3, 0)
    """

    def __init__(self, bits: Mapping[bytes, int], joker: bytes = b"", jokers: bytes = b"") -> None:
        self.classes = np.zeros(256, np.uint8)  # 0: a byte of no literal
        if joker:
            self.classes[list(jokers + joker)] = 1
        for byte in sorted({byte for literal in bits for byte in literal.lower()}):
            if self.classes[byte] == 0:
                self.classes[byte] = self.classes.max() + 1
        for byte in range(65, 91):
            self.classes[byte] = self.classes[byte + 32]
        width = int(self.classes.max()) + 1
        rows: list[list[int]] = [[-1] * width]
        outputs = [0]
        mute = set()
        for literal, bit in bits.items():
            state = 0
            for byte in literal.lower():
                letter = int(self.classes[byte])
                if rows[state][letter] < 0:
                    rows[state][letter] = len(rows)
                    rows.append([-1] * width)
                    outputs.append(0)
                state = rows[state][letter]
            outputs[state] |= bit
            if not bit:
                mute.add(state)
        fails = [0] * len(rows)
        queue = deque([0])
        while queue:
            state = queue.popleft()
            for letter, after in enumerate(rows[state]):
                fallen = rows[fails[state]][letter] if state else 0
                if after < 0:
                    rows[state][letter] = fallen
                else:
                    fails[after] = fallen
                    if after not in mute:
                        outputs[after] |= outputs[fallen]
                    queue.append(after)
        # States that report something are numbered last, so that one comparison tells them; a state
        # is written as the offset of its row.
        order = sorted(range(len(rows)), key=lambda state: outputs[state] != 0)
        place = {state: number for number, state in enumerate(order)}
        self.table = np.array(
            [[place[after] * width for after in rows[state]] for state in order], np.uint32
        )
        self.table = self.table.ravel()
        self.outputs = np.array([outputs[state] for state in order], np.int64)
        self.width = width
        self.reports = sum(not output for output in outputs) * width
        self.all = int(np.bitwise_or.reduce(self.outputs))
        self.longest = max(map(len, bits), default=0)

    def search(self, text: bytes, spans: np.ndarray | None = None) -> int:
        """Return the bits of all literals that occur in `text`, or within parts of it."""
        data = np.frombuffer(text, np.uint8)
        return int(
            _search_in(
                data,
                np.array([[0, len(data)]]) if spans is None else spans,
                self.classes,
                self.table,
                self.outputs,
                self.width,
                self.reports,
                self.all,
                self.longest,
            )
        )


@jit
def _search_in(
    data: np.ndarray,
    spans: np.ndarray,
    classes: np.ndarray,
    table: np.ndarray,
    outputs: np.ndarray,
    width: int,
    reports: int,
    everything: int,
    longest: int,
) -> int:
    found = 0
    for start, end in spans:
        part = data[start:end]
        found |= _search(part, classes, table, outputs, width, reports, everything, longest)
        if found == everything:
            break
    return found


@jit
def _search(
    data: np.ndarray,
    classes: np.ndarray,
    table: np.ndarray,
    outputs: np.ndarray,
    width: int,
    reports: int,
    everything: int,
    longest: int,
) -> int:
    # A step waits for the one before it: four readers side by side take hardly longer than one.
    # Each begins early enough to see whole what ends in its part.
    part = len(data) // 4 if len(data) >= 8 * longest else 0
    one = two = three = four = np.int64(0)
    second, third, fourth = part - longest, 2 * part - longest, 3 * part - longest
    found = 0
    for at in range(part + longest if part else 0):
        one = np.int64(table[one + classes[data[at]]])
        two = np.int64(table[two + classes[data[second + at]]])
        three = np.int64(table[three + classes[data[third + at]]])
        four = np.int64(table[four + classes[data[fourth + at]]])
        if one >= reports or two >= reports or three >= reports or four >= reports:
            for state in (one, two, three, four):
                if state >= reports:
                    found |= outputs[state // width]
            if found == everything:
                return found
    for at in range(4 * part, len(data)):
        four = np.int64(table[four + classes[data[at]]])
        if four >= reports:
            found |= outputs[four // width]
    return found
