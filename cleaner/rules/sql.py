"""The grammar of a condition: what a line of SQL over one row may say, as a tree.

What is not in this grammar is refused, so a filter file can read signals and nothing else: no
files, no tables, no subqueries, no aggregates.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from cleaner.config.mistakes import guess

Kind = Literal["number", "text", "truth"]

NUMBER: tuple[Kind, ...] = ("number",)
# name -> kinds of its arguments, kind of its value, how; a number arrives as a float
FUNCTIONS: dict[str, tuple[tuple[Kind, ...], Kind, Callable[..., pl.Expr]]] = {
    "abs": (NUMBER, "number", pl.Expr.abs),
    "floor": (NUMBER, "number", pl.Expr.floor),
    "ceil": (NUMBER, "number", pl.Expr.ceil),
    "ln": (NUMBER, "number", pl.Expr.log),
    "log10": (NUMBER, "number", pl.Expr.log10),
    "sqrt": (NUMBER, "number", pl.Expr.sqrt),
    "least": (NUMBER * 2, "number", pl.min_horizontal),
    "greatest": (NUMBER * 2, "number", pl.max_horizontal),
    "length": (("text",), "number", lambda text: text.str.len_chars()),
    "lower": (("text",), "text", lambda text: text.str.to_lowercase()),
    "upper": (("text",), "text", lambda text: text.str.to_uppercase()),
    "starts_with": (("text", "text"), "truth", lambda text, head: text.str.starts_with(head)),
    "ends_with": (("text", "text"), "truth", lambda text, tail: text.str.ends_with(tail)),
}
# fmt: off
KEYWORDS = frozenset({
    "and", "or", "not", "between", "in", "like", "ilike", "is", "null", "true", "false",
    "case", "when", "then", "else", "end",
})
# Words of SQL that ask for more than the row at hand.
REFUSED = frozenset({
    "select", "from", "where", "union", "with", "over", "group", "order", "having", "limit",
    "join", "exists", "cast", "distinct", "filter", "table", "values",
})
# fmt: on
LONGEST = 10_000  # characters; a condition is a line that a person reads
DEEPEST = 200  # nodes from the root down; what walks the tree calls itself once a node

_COMPARISONS = ("=", "==", "<>", "!=", "<", "<=", ">", ">=")
# What other languages write, and how it is written here.
_ELSEWHERE = {"&": "AND", "|": "OR", "!": "NOT", "`": "the bare name", "’": "'", "“": "'"}

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![A-Za-z_0-9]))
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"[^"]+")
  | (?P<word>[A-Za-z_][A-Za-z_0-9]*(?:[:@][A-Za-z_0-9]+)?)
  | (?P<sign><>|!=|<=|>=|==|[-+*/%()<>=,])
  )""",
    re.VERBOSE,
)


class ConditionError(ValueError):
    """A condition cannot be read, or does not fit the signals there are."""


@dataclass(frozen=True)
class Node:
    """One step of a condition: what is done, to which parts; `value` for a leaf."""

    do: str
    parts: tuple["Node", ...] = ()
    value: str | float | int | bool | None = None


def read(text: str, *, ask_unknown: bool = False) -> Node:
    """Return the tree of a condition; `ask_unknown` allows IS NULL."""
    if len(text) > LONGEST:
        raise ConditionError(f"is longer than {LONGEST:,} characters")
    try:
        root = _Parser(text, ask_unknown).whole()
    except RecursionError:
        raise ConditionError("is nested too deep to read") from None
    level, depth = [root], 0
    while level:
        level, depth = [part for node in level for part in node.parts], depth + 1
    if depth > DEEPEST:
        raise ConditionError("is nested too deep to read")
    return root


class _Parser:
    """Recursive descent, one method per level of precedence."""

    def __init__(self, text: str, ask_unknown: bool) -> None:
        self.ask_unknown = ask_unknown
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                here = _ELSEWHERE.get(text[at])
                raise ConditionError(
                    f"cannot read {text[at : at + 12]!r} at character {at + 1}"
                    + (f"; write {here}" if here else "")
                )
            kind = group = str(found.lastgroup)
            token = found[kind]
            if kind == "word" and token.lower() in KEYWORDS:
                kind, token = "keyword", token.lower()
            self.tokens.append((kind, token, found.start(group) + 1))
            at = found.end()
        self.tokens.append(("end", "the end", len(text) + 1))
        self.at = 0

    def whole(self) -> Node:
        node = self.either()
        if self.tokens[self.at][0] != "end":
            self.unexpected("AND, OR or the end")
        return node

    def unexpected(self, wanted: str) -> None:
        kind, token, at = self.tokens[self.at]
        shown = "it ends" if kind == "end" else f"found {token!r} at character {at}"
        raise ConditionError(f"{shown} where {wanted} should stand")

    def take(self, *wanted: str) -> str | None:
        kind, token, _ = self.tokens[self.at]
        if kind in ("keyword", "sign") and token in wanted:
            self.at += 1
            return token
        return None

    def need(self, wanted: str) -> None:
        if self.take(wanted) is None:
            self.unexpected(wanted.upper())

    def either(self) -> Node:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Node("or", tuple(parts))

    def both(self) -> Node:
        parts = [self.negated()]
        while self.take("and"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else Node("and", tuple(parts))

    def negated(self) -> Node:
        if self.take("not"):
            return Node("not", (self.negated(),))
        return self.compared()

    def compared(self) -> Node:
        left = self.sum()
        if sign := self.take(*_COMPARISONS):
            name = {"==": "=", "<>": "!="}.get(sign, sign)
            right = self.sum()
            if (again := self.tokens[self.at])[0] == "sign" and again[1] in _COMPARISONS:
                raise ConditionError(
                    f"compares twice in a row at character {again[2]}; write BETWEEN a AND b, or "
                    "two comparisons joined by AND"
                )
            return Node(name, (left, right))
        if self.take("is"):
            turned = self.take("not") is not None
            self.need("null")
            if not self.ask_unknown:
                raise ConditionError(
                    "asks for NULL; an unknown is never a yes here, so compare the value itself"
                )
            node = Node("null", (left,))
            return Node("not", (node,)) if turned else node
        turned = self.take("not") is not None
        if self.take("between"):
            low = self.sum()
            self.need("and")
            node = Node("and", (Node(">=", (left, low)), Node("<=", (left, self.sum()))))
        elif self.take("in"):
            self.need("(")
            choices = [self.sum()]
            while self.take(","):
                choices.append(self.sum())
            self.need(")")
            node = Node("or", tuple(Node("=", (left, choice)) for choice in choices))
        elif how := self.take("like", "ilike"):
            kind, token, _ = self.tokens[self.at]
            if kind != "text":
                self.unexpected("a pattern in quotes")
            self.at += 1
            node = Node(how, (left,), token[1:-1].replace("''", "'"))
        elif turned:
            self.unexpected("BETWEEN, IN, LIKE or ILIKE")
            raise AssertionError
        else:
            return left
        return Node("not", (node,)) if turned else node

    def sum(self) -> Node:
        left = self.product()
        while sign := self.take("+", "-"):
            left = Node(sign, (left, self.product()))
        return left

    def product(self) -> Node:
        left = self.signed()
        while sign := self.take("*", "/", "%"):
            right = self.signed()
            if sign != "*" and right.do == "number" and not right.value:
                raise ConditionError(f"'{sign} 0' is unknown for every document")
            left = Node(sign, (left, right))
        return left

    def signed(self) -> Node:
        if self.take("-"):
            inner = self.signed()
            if inner.do == "number":
                return Node("number", value=-inner.value)  # type: ignore[operator]
            return Node("-", (Node("number", value=0), inner))
        if self.take("+"):
            return self.signed()
        return self.leaf()

    def leaf(self) -> Node:
        kind, token, at = self.tokens[self.at]
        if self.take("("):
            node = self.either()
            self.need(")")
            return node
        if self.take("case"):
            return self.case()
        if word := self.take("true", "false"):
            return Node("truth", value=word == "true")
        self.at += 1
        if kind == "number":
            plain = token.replace("_", "")
            whole = plain.isdigit() and len(plain) < 19  # longer ones do not fit 64 bits
            return Node("number", value=int(plain) if whole else float(plain))
        if kind == "text":
            return Node("text", value=token[1:-1].replace("''", "'"))
        if kind == "quoted":
            return Node("column", value=token[1:-1])
        if kind == "word" and token.lower() in REFUSED:
            raise ConditionError(f"{token!r} at character {at}: a condition only reads its own row")
        if kind == "word" and self.take("("):
            return self.call(token.lower(), at)
        if kind == "word":
            return Node("column", value=token)
        self.at -= 1
        self.unexpected("a signal, a number or a text in 'quotes'")
        raise AssertionError

    def call(self, name: str, at: int) -> Node:
        if name not in FUNCTIONS:
            there = ", ".join(FUNCTIONS)
            near = guess(name, FUNCTIONS)
            raise ConditionError(
                f"unknown function {name!r} at character {at}{near}; available: {there}"
            )
        arguments = [self.either()]
        while self.take(","):
            arguments.append(self.either())
        self.need(")")
        wanted = len(FUNCTIONS[name][0])
        if len(arguments) != wanted:
            raise ConditionError(f"{name} takes {wanted} arguments, not {len(arguments)}")
        return Node("call", tuple(arguments), name)

    def case(self) -> Node:
        parts: list[Node] = []
        while self.take("when"):
            parts.append(self.either())
            self.need("then")
            parts.append(self.either())
        if not parts:
            self.unexpected("WHEN")
        self.need("else")
        parts.append(self.either())
        self.need("end")
        return Node("case", tuple(parts))
