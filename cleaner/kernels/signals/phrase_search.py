"""Which of many short strings occur in a text: one pass over its bytes, however many there are."""

from collections import deque
from collections.abc import Mapping

import numpy as np

from cleaner.kernels import jit


class Literals:
    """An Aho-Corasick automaton without regard to ASCII case.

    `bits` gives each literal its bits, at most 62 of them. A byte of `joker` in a literal stands
    for any byte of `jokers`.

    >>> found = Literals({b"tex": 1, b"mjx": 2})
    >>> found.search(b"LaTeX"), found.search(b"text and mjx"), found.search(b"")
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

    def search(self, text: bytes) -> int:
        """Return the bits of all literals that occur in `text`."""
        data = np.frombuffer(text, np.uint8)
        return int(
            _search(
                data, self.classes, self.table, self.outputs, self.width, self.reports, self.all
            )
        )


@jit
def _search(
    data: np.ndarray,
    classes: np.ndarray,
    table: np.ndarray,
    outputs: np.ndarray,
    width: int,
    reports: int,
    everything: int,
) -> int:
    state = np.int64(0)
    found = 0
    for byte in data:
        state = np.int64(table[state + classes[byte]])
        if state >= reports:
            found |= outputs[state // width]
            if found == everything:
                break
    return found
