r"""Formulas of chemistry as the package mhchem writes them -> LaTeX."""

import re

_ARROWS = {
    "->": r"\to ", "<-": r"\gets ", "<->": r"\leftrightarrow ", "<=>": r"\rightleftharpoons ",
    "<-->": r"\leftrightarrow ", "=": "=", "+": "+",
}  # fmt: skip
_PIECE = re.compile(
    r"<=>|<-->|<->|->|<-|\\[A-Za-z]+|\$[^$]*\$|(?P<up>\^(?:\{[^{}]*\}|[0-9]*[+-]?))"
    r"|(?P<down>_(?:\{[^{}]*\}|.))|(?P<count>\d+)|.",
    re.S,
)


def chemical(text: str) -> str:
    r"""Return the LaTeX of what stands in \ce{...}.

    >>> chemical("2 H2 + SO4^2- -> X")
    '2 H_{2} + SO_{4}^{2-} \\to  X'
    """
    out: list[str] = []
    after_letter = False
    for found in _PIECE.finditer(text):
        piece = found.group()
        if piece in _ARROWS and len(piece) > 1:
            out.append(_ARROWS[piece])
            after_letter = False
        elif found["up"] is not None:
            body = piece[1:].strip("{}")
            out.append(f"^{{{body}}}")
        elif found["down"] is not None:
            out.append(f"_{{{piece[1:].strip('{}')}}}")
        elif found["count"] is not None:
            out.append(f"_{{{piece}}}" if after_letter else piece)
            after_letter = False
        elif piece in "+-" and after_letter and _ends_word(text, found.end()):
            out.append(f"^{{{piece}}}")
        elif piece[0] == "$":
            out.append(piece[1:-1])
            after_letter = False
        else:
            out.append(piece)
            after_letter = piece.isalpha() or piece in ")]"
    return "".join(out)


def _ends_word(text: str, at: int) -> bool:
    return at == len(text) or text[at].isspace()
