r"""LaTeX -> the signs it sets and where each stands, in one order, whatever the way of writing."""

import re
from typing import NamedTuple

from cleaner.web.compare.chemistry import chemical
from cleaner.web.compare.signs import (
    ACCENTS,
    FONTS,
    INLINE,
    MATRICES,
    NEGATED,
    NOTHING,
    SAME,
    SWITCHES,
    WITH_ARGUMENT,
    WORDS,
)
from cleaner.web.mathml.symbols import ALPHABET, SYMBOLS
from cleaner.web.tex import clean


class Sign(NamedTuple):
    """One sign of a formula: what it is, in which font, and in which parts of what it stands."""

    name: str
    font: str
    place: tuple[str, ...]


_TOKEN = re.compile(r"\\(?:operatorname|[hv]space|tag)\*|\\[A-Za-z]+|\\.|\s+|.", re.S)
_BARE_DOLLAR = re.compile(r"(?<!\\)\$")
_INFIX = {"\\over": "frac", "\\choose": "binom", "\\atop": "table"}
_SCRIPTS = ("_", "^")
_DEEPEST = 60  # items within items; what is deeper is read token by token
_ARROW = re.compile(r"x(?:long)?((?:left|right|Left|Right|hook|maps|two|mapsto|tofrom)[a-zA-Z]*)")
_EQUATIONS = re.compile(r"[\s@{}!]*r[\s@{}!]*c?[\s@{}!]*l[\s@{}!]*")
_ACCENTS_SET = {"to": "vec", "-": "bar", "wedge": "hat"}  # signs that people set over letters
_ENDS = (".", ",", ";", "newrow", "&")


def signs_of(tex: str) -> tuple[Sign, ...]:
    r"""Return the signs of a formula in one canonical order.

    >>> [sign.name for sign in signs_of(r"\left( x^2_{i} \leq \dfrac{1}{2} \right)")]
    ['(', 'x', 'i', '2', 'le', 'frac', '1', '2', ')']
    >>> signs_of(r"{\mathrm{d}x \over y}") == signs_of(r"\frac{dx}{y}.")
    True
    """
    found = _Reader(clean(_BARE_DOLLAR.sub(" ", tex))[0]).row(())
    while found and found[-1].name in _ENDS and not found[-1].place:
        found.pop()
    while found and found[0].name in ("newrow", "&") and not found[0].place:
        found.pop(0)
    return tuple(found)


def _within(part: str, signs: list[Sign]) -> list[Sign]:
    return [Sign(sign.name, sign.font, (part, *sign.place)) for sign in signs]


def _in_font(font: str, signs: list[Sign]) -> list[Sign]:
    return [sign if sign.font else sign._replace(font=font) for sign in signs]


class _Reader:
    """Reads tokens one after the other; a row is what stands in a group, a cell or the whole."""

    def __init__(self, tex: str, depth: int = 0) -> None:
        self.tokens = _TOKEN.findall(tex)
        self.at = 0
        self.depth = depth  # items within items
        self.open = 0  # braces

    def peek(self) -> str:
        """Return the next token that is no space; "" at the end."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def row(self, stops: tuple[str, ...]) -> list[Sign]:
        """Read up to a token of `stops`, which stays unread."""
        out: list[Sign] = []
        above: list[Sign] = []
        infix, start_of_font = "", (-1, "")
        while (token := self.peek()) and token not in stops:
            if token == "}" and self.open == 0:
                self.at += 1
            elif token in _INFIX:
                self.at += 1
                infix, above, out = infix or token, above + out, []  # a second one is none
            elif token[1:] in SWITCHES and token[0] == "\\":
                self.at += 1
                start_of_font = (len(out), SWITCHES[token[1:]])
            else:
                out += self.item()
        start, font = start_of_font
        if font:
            out = out[:start] + _in_font(font, out[start:])
        return _lower_first(_two(_INFIX[infix], above, out) if infix else out)

    def group(self) -> list[Sign]:
        """Read an argument: a group in braces, or one token with what it takes along."""
        if self.peek() == "{":
            self.at += 1
            self.open += 1
            found = self.row(("}",))
            self.at += self.peek() == "}"
            self.open -= 1
            return found
        return self.item() if self.peek() not in ("", "}") else []

    def optional(self) -> list[Sign] | None:
        """Read an argument in brackets if there is one."""
        if self.peek() != "[":
            return None
        self.at += 1
        found = self.row(("]", "}"))
        self.at += self.peek() == "]"
        return found

    def name(self) -> str:
        """Read `{name}` as it is written."""
        if self.peek() != "{":
            return self.next()
        self.at += 1
        out = ""
        while self.at < len(self.tokens) and self.tokens[self.at] != "}":
            out += self.tokens[self.at]
            self.at += 1
        self.at += 1
        return out.strip()

    def item(self) -> list[Sign]:
        """Read one token and its arguments; nothing of what is nested too deep."""
        if self.depth >= _DEEPEST:
            return _sign(self.next())
        self.depth += 1
        found = self.read() if self.peek() else []
        self.depth -= 1
        return found

    def read(self) -> list[Sign]:
        token = self.peek()
        if token == "{":
            return self.group()
        self.at += 1
        if token in _SCRIPTS:
            return _within(token, self.group())
        if token == "'":
            return [Sign("'", "", ("^",))]
        if token in ("~", "$", "}"):
            return []
        if token == "&":
            return []  # where lines are set under each other
        if token[0] != "\\":
            return self.character(token)
        return self.command(token[1:])

    def character(self, char: str) -> list[Sign]:
        """Return what one character stands for."""
        font = ""
        if char in ALPHABET:
            char, variant = ALPHABET[char]
            font = {"double-struck": "open"}.get(variant, variant.split("-")[0])
            font = font if font in ("bold", "open", "script", "fraktur") else ""
        if not char.isascii():
            tex = SYMBOLS.get(char)
            if tex and not tex.startswith(r"\text") and tex != char:
                return _in_font(font, _Reader(tex, self.depth).row(()))
        return _sign("mid" if char == "|" else char, font)

    def command(self, name: str) -> list[Sign]:
        """Return what a command and its arguments stand for."""
        if name == "\\":
            self.optional_length()
            return [Sign("newrow", "", ())]
        if not name.strip():
            return []
        if name in NOTHING:
            for _ in range(NOTHING[name]):
                self.name()
            if name in ("left", "right", "middle") or name.startswith(("big", "Big")):
                return self.delimiter()
            return []
        if name in INLINE:
            for _ in range(INLINE[name]):
                self.name()
            return self.group()
        if name in FONTS:
            return _in_font(FONTS[name], self.group())
        if name in WORDS or name in ("pmod", "pod"):
            return self.word(name)
        known = SAME.get(name, name)
        if known in ACCENTS:
            return _accented(known, self.group())
        if known == "frac" or name == "sfrac":
            return _two("frac", self.group(), self.group())
        if name in ("binom", "dbinom", "tbinom"):
            return _two("binom", self.group(), self.group())
        if name == "genfrac":
            return self.genfrac()
        if name == "sqrt":
            index = self.optional() or []
            return [
                Sign("sqrt", "", ()),
                *_within("index", index),
                *_within("root", self.group()),
            ]
        if name in ("overset", "stackrel", "underset"):
            return _stacked(name, self.group(), self.group())
        if arrow := _ARROW.fullmatch(name):
            below = self.optional() or []
            return [*_sign(arrow[1]), *_within("_", below), *_within("^", self.group())]
        if name == "not":
            return _negated(self.item())
        if name == "begin":
            return self.environment()
        if name == "end":
            self.name()
            return []
        if name in ("ce", "cee"):
            return _Reader(chemical(self.name_of_group()), self.depth).row(())
        return _sign("parallel" if name == "|" else name)

    def word(self, name: str) -> list[Sign]:
        if name in ("pmod", "pod"):
            word = "mod" if name == "pmod" else ""
            return [*_sign("("), *_letters(word), *self.group(), *_sign(")")]
        return _letters("mod" if name == "bmod" else name)

    def delimiter(self) -> list[Sign]:
        token = self.peek()
        if token in ("", "{", "}"):
            return []
        if token == ".":
            self.at += 1
            return []
        if token in ("<", ">"):
            self.at += 1
            return _sign("langle" if token == "<" else "rangle")
        return self.item()

    def genfrac(self) -> list[Sign]:
        left, right = self.group(), self.group()
        thickness = self.name()
        self.name()
        kind = "table" if thickness[:1] == "0" else "frac"
        return [*left, *_two(kind, self.group(), self.group()), *right]

    def optional_length(self) -> None:
        """Skip the length that may stand after a line break."""
        after = "".join(self.tokens[self.at : self.at + 12])
        if length := re.match(r"\s*\[-?[\d.]+\s*[a-z]{2}\]", after):
            seen = 0
            while seen < length.end():
                seen += len(self.tokens[self.at])
                self.at += 1

    def name_of_group(self) -> str:
        """Read a group in braces as it is written, with the groups in it."""
        if self.peek() != "{":
            return self.next()
        self.at += 1
        depth, out = 1, ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "{") - (token == "}")
            if not depth:
                break
            out += token
        return out

    def environment(self) -> list[Sign]:
        """Read an environment whose name comes next."""
        name = self.name().rstrip("*")
        self.optional()
        spec = self.name_of_group() if name in WITH_ARGUMENT else ""
        # equations set at their signs, in the way before there were environments for them
        matrix = name in MATRICES and not _EQUATIONS.fullmatch(spec)
        rows: list[list[list[Sign]]] = [[]]
        while True:
            rows[-1].append(self.row(("&", "\\\\", "\\cr", "\\end")))
            token = self.next()
            if token in ("\\\\", "\\cr"):
                self.optional_length()
                rows.append([])
            elif token != "&":
                break
        self.name()
        return _table(name, rows) if matrix else _lines(rows)


def _sign(name: str, font: str = "") -> list[Sign]:
    name = SAME.get(name, name)
    if name == "parallel":
        return [Sign("mid", font, ()), Sign("mid", font, ())]
    return [Sign(name, font, ())]


def _letters(word: str) -> list[Sign]:
    return [Sign(char, "", ()) for char in word]


def _accented(name: str, signs: list[Sign]) -> list[Sign]:
    """Return signs under an accent; where it ends is said, unless it is over one sign."""
    return [Sign(name, "", ()), *signs, *([] if len(signs) == 1 else [Sign("end", "", ())])]


def _stacked(name: str, script: list[Sign], body: list[Sign]) -> list[Sign]:
    """Return signs with others above or below; an arrow, bar or hat over letters is an accent."""
    accent = _ACCENTS_SET.get(script[0].name) if len(script) == 1 and not script[0].place else None
    letters = all(len(sign.name) == 1 and sign.name.isalnum() for sign in body)
    if accent and name != "underset" and body and letters:
        return _accented(accent, body)
    return [*body, *_within("_" if name == "underset" else "^", script)]


def _two(kind: str, above: list[Sign], below: list[Sign]) -> list[Sign]:
    if kind == "frac":
        return [Sign("frac", "", ()), *_within("above", above), *_within("below", below)]
    column = _table("matrix" if kind == "table" else "pmatrix", [[above], [below]])
    return column


def _table(name: str, rows: list[list[list[Sign]]]) -> list[Sign]:
    rows = [row for row in rows if any(row)]
    out: list[Sign] = []
    for at, row in enumerate(rows):
        while row and not row[-1]:
            row.pop()
        if at:
            out.append(Sign("newrow", "", ()))
        for column, cell in enumerate(row):
            out += [Sign("&", "", ())] * bool(column) + cell
    opening, closing = MATRICES[name]
    if len(rows) == 1 and len(rows[0]) == 1 and not opening and not closing:
        return out
    inner = [Sign("table", "", ()), *_within("cell", out)]
    return [*(_sign(opening) if opening else []), *inner, *(_sign(closing) if closing else [])]


def _lines(rows: list[list[list[Sign]]]) -> list[Sign]:
    """Return lines that are set under each other; where in them is no part of what they say."""
    out: list[Sign] = []
    for row in rows:
        line = [sign for cell in row for sign in cell]
        if line:
            out += ([Sign("newrow", "", ())] if out else []) + line
    return out


def _negated(signs: list[Sign]) -> list[Sign]:
    if not signs:
        return []
    first = signs[0]
    return [first._replace(name=NEGATED.get(first.name, "not " + first.name)), *signs[1:]]


def _lower_first(signs: list[Sign]) -> list[Sign]:
    """Return the signs with what hangs below a sign before what stands above it."""
    out: list[Sign] = []
    at = 0
    while at < len(signs):
        end = at
        while end < len(signs) and signs[end].place and signs[end].place[0] in _SCRIPTS:
            end += 1
        if end > at:
            scripts = signs[at:end]
            out += [sign for sign in scripts if sign.place[0] == "_"]
            out += [sign for sign in scripts if sign.place[0] == "^"]
            at = end
        else:
            out.append(signs[at])
            at += 1
    return out
