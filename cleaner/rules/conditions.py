"""A condition over signals: typed against the columns there are, compiled to a Polars expression.

Unknowns follow SQL's three values, and a NaN is an unknown: a comparison with one is neither true
nor false.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import polars as pl
from polars import selectors

from cleaner.config.mistakes import guess
from cleaner.rules.sql import FUNCTIONS, ConditionError, Kind, Node, read

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

COMPARISONS: dict[str, Callable[..., pl.Expr]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: dict[str, Callable[..., pl.Expr]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / _unless_zero(right),
    "%": lambda left, right: left % _unless_zero(right),
}


@dataclass(frozen=True)
class Limit:
    """The range of one signal that a rule keeps; an open end excludes its number."""

    signal: str
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True)
class Condition:
    """A parsed condition and the text it came from."""

    text: str
    root: Node

    @property
    def columns(self) -> tuple[str, ...]:
        """The signals and columns this condition reads, in the order of first use."""
        return tuple(dict.fromkeys(_columns(self.root)))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """A limit per signal when this is a conjunction of `<signal> <op> <number>`; else ().

        >>> parse("words BETWEEN 50 AND 100000").limits
        (Limit(signal='words', low=50, high=100000, low_open=False, high_open=False),)
        >>> parse("words > 50 OR digits = 0").limits
        ()
        """
        return _limits(self.root)

    def reading(self, columns: Mapping[str, str]) -> "Condition":
        """Return this condition over other columns: name in the text -> name to read.

        >>> parse("words > 5").reading({"words": "words@2"}).columns
        ('words@2',)
        """
        return Condition(self.text, _reading(self.root, columns))

    def check(self, schema: Schema) -> None:
        """Raise ConditionError unless this is a yes-or-no question over these columns."""
        kind = _kind(self.root, schema)
        if kind != "truth":
            raise ConditionError(f"is a {kind}, not a condition; compare it with something")

    def expression(self, schema: Schema) -> pl.Expr:
        """Return the condition over columns of this schema: true, false, or null for unknown."""
        self.check(schema)
        return _compile(self.root, schema)


@lru_cache(maxsize=4096)
def parse(text: str, *, ask_unknown: bool = False) -> Condition:
    """Return the condition that `text` states.

    `ask_unknown` allows IS NULL. A rule must not ask that: an unknown is never a yes.

    >>> parse("words >= 50 AND NOT (lang = 'en' OR upper_ratio > 0.5)").columns
    ('words', 'lang', 'upper_ratio')
    """
    return Condition(text, read(text, ask_unknown=ask_unknown))


def checked(text: str | None) -> str | None:
    """Return a condition of a job file; ValueError where it cannot be read."""
    if text is not None:
        try:
            parse(text, ask_unknown=True)
        except ConditionError as error:
            raise ValueError(str(error)) from None
    return text


def _columns(node: Node) -> Iterable[str]:
    if node.do == "column":
        yield str(node.value)
    for part in node.parts:
        yield from _columns(part)


def _reading(node: Node, columns: Mapping[str, str]) -> Node:
    if node.do == "column":
        return replace(node, value=columns.get(str(node.value), str(node.value)))
    return replace(node, parts=tuple(_reading(part, columns) for part in node.parts))


def _limits(root: Node) -> tuple[Limit, ...]:
    limits: dict[str, Limit] = {}
    turn = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop(0)
        if node.do == "and":
            open_nodes[:0] = node.parts
            continue
        if node.do not in turn:
            return ()
        left, right = node.parts
        sign = node.do
        if left.do == "number" and right.do == "column":
            left, right, sign = right, left, turn[sign]
        if left.do != "column" or right.do != "number":
            return ()
        number = right.value
        assert isinstance(number, int | float)
        old = limits.get(str(left.value), Limit(str(left.value)))
        low, low_open, high, high_open = old.low, old.low_open, old.high, old.high_open
        strict = sign in "<>"
        if sign in (">", ">=", "=") and (low is None or (number, strict) > (low, low_open)):
            low, low_open = number, strict
        if sign in ("<", "<=", "=") and (
            high is None or (number, not strict) < (high, not high_open)
        ):
            high, high_open = number, strict
        limits[old.signal] = Limit(old.signal, low, high, low_open, high_open)
    return tuple(limits.values())


def kind_of(dtype: pl.DataType | type[pl.DataType]) -> Kind | None:
    """Return what values of a column are to a condition, or None where it cannot read them."""
    if dtype.is_numeric():
        return "number"
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    return "truth" if dtype == pl.Boolean else None


def _kind(node: Node, schema: Schema) -> Kind:
    if node.do in ("number", "text", "truth"):
        return node.do  # type: ignore[return-value]
    if node.do == "column":
        name = str(node.value)
        if name not in schema:
            there = ", ".join(sorted(schema))
            raise ConditionError(
                f"unable to find {name!r}{guess(name, schema)}; available: {there}"
            )
        kind = kind_of(schema[name])
        if kind is None:
            raise ConditionError(
                f"{name!r} is {schema[name]}, neither number, text nor true or false"
            )
        return kind
    if node.do in ("and", "or", "not"):
        for part in node.parts:
            _want(part, "truth", schema, f"a side of {node.do.upper()}")
        return "truth"
    if node.do in COMPARISONS:
        left, right = (_kind(part, schema) for part in node.parts)
        if left != right:
            shown = [_show(part) for part in node.parts]
            raise ConditionError(f"compares a {left} ({shown[0]}) with a {right} ({shown[1]})")
        if left == "truth" and node.do not in ("=", "!="):
            raise ConditionError(f"{node.do} cannot order true and false")
        return "truth"
    if node.do in ("like", "ilike"):
        _want(node.parts[0], "text", schema, f"the left of {node.do.upper()}")
        return "truth"
    if node.do == "null":
        _kind(node.parts[0], schema)
        return "truth"
    if node.do == "call":
        wanted, gives, _ = FUNCTIONS[str(node.value)]
        for kind, part in zip(wanted, node.parts, strict=True):
            _want(part, kind, schema, f"an argument of {node.value}")
        return gives
    if node.do == "case":
        for part in node.parts[0:-1:2]:
            _want(part, "truth", schema, "what follows WHEN")
        kinds = {_kind(part, schema) for part in (*node.parts[1::2], node.parts[-1])}
        if len(kinds) > 1:
            raise ConditionError(f"the branches of CASE are {' and '.join(sorted(kinds))}")
        return kinds.pop()
    for part in node.parts:
        _want(part, "number", schema, f"a side of {node.do}")
    return "number"


def _want(node: Node, wanted: Kind, schema: Schema, what: str) -> None:
    kind = _kind(node, schema)
    if kind != wanted:
        raise ConditionError(f"{what} must be a {wanted}; {_show(node)} is a {kind}")


def _show(node: Node) -> str:
    return repr(node.value) if node.value is not None else f"... {node.do} ..."


def _compile(node: Node, schema: Schema) -> pl.Expr:
    if node.do == "column":
        name = str(node.value)
        # By the very name: `pl.col` takes `*` and `^x$` for patterns.
        column, dtype = selectors.by_name(name).as_expr(), schema[name]
        if dtype.is_float():
            return column.fill_nan(None)  # a NaN is an unknown; Polars would call it the greatest
        return column.cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else column
    if node.do in ("number", "text", "truth"):
        return pl.lit(node.value)
    parts = [_compile(part, schema) for part in node.parts]
    if node.do == "and":
        return pl.all_horizontal(parts)
    if node.do == "or":
        return pl.any_horizontal(parts)
    if node.do == "not":
        return ~parts[0]
    if node.do == "null":
        return parts[0].is_null()
    if node.do in ("like", "ilike"):
        pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in str(node.value))
        flags = "(?si)" if node.do == "ilike" else "(?s)"
        return parts[0].str.contains(f"{flags}^{pattern}$")
    if node.do == "case":
        return _case(parts)
    if node.do == "call":
        return _call(str(node.value), parts)
    if node.do in COMPARISONS:
        return COMPARISONS[node.do](*parts)
    # Arithmetic in floats: a difference of counts may be negative, and counts are unsigned.
    return ARITHMETIC[node.do](*(part.cast(pl.Float64) for part in parts))


def _unless_zero(divisor: pl.Expr) -> pl.Expr:
    return pl.when(divisor != 0).then(divisor)


def _case(parts: list[pl.Expr]) -> pl.Expr:
    result = parts[-1]
    for asked, answer in reversed(list(zip(parts[0:-1:2], parts[1::2], strict=True))):
        # An unknown question has an unknown answer; plain SQL would fall through to ELSE.
        result = pl.when(asked.is_null()).then(None).when(asked).then(answer).otherwise(result)
    return result


def _call(name: str, parts: list[pl.Expr]) -> pl.Expr:
    wanted, gives, how = FUNCTIONS[name]
    if wanted[0] == "number":
        parts = [part.cast(pl.Float64) for part in parts]
    result = how(*parts)
    if gives == "number" and wanted[0] == "number":
        result = result.fill_nan(None)  # the root of -1 is an unknown
    # The horizontal minimum passes over a null; the least of an unknown is unknown.
    return pl.when(~pl.any_horizontal([part.is_null() for part in parts])).then(result)
