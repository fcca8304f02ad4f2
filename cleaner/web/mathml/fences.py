"""Elements in a row: brackets that belong together, tables and fractions between them."""

import re
from collections.abc import Iterable
from typing import Any

from cleaner.web.mathml.layout import binomial
from cleaner.web.mathml.leaves import chars
from cleaner.web.mathml.nodes import Converter, core_of, joined, no_line, sign_of, words_of
from cleaner.web.mathml.symbols import NAMED
from cleaner.web.mathml.tables import array, environment, has_lines, lined_up, rows_of

_PAIRS = dict(zip("([{⟨⌈⌊\u2329\u3008⟦", ")]}⟩⌉⌋\u232a\u3009⟧", strict=True))
_CLOSING = {close: opening for opening, close in _PAIRS.items()}
_BARS = ("|", "‖", "∥", "∣")
_FENCE = dict(
    zip(
        str.split(
            "( ) [ ] { } | ∣ ‖ ∥ || ⟨ ⟩ \u2329 \u232a \u3008 \u3009 < > ⌈ ⌉ ⌊ ⌋ / \\ ⟦ ⟧ ↑ ↓"
        ),
        str.split(
            r"( ) [ ] \{ \} | | \| \| \|"
            + 4 * r" \langle \rangle"
            + r" \lceil \rceil \lfloor \rfloor / \backslash"
            + r" \llbracket \rrbracket \uparrow \downarrow"
        ),
        strict=True,
    )
) | {"": "."}
_MATRIX = {
    ("(", ")"): "pmatrix",
    ("[", "]"): "bmatrix",
    ("{", "}"): "Bmatrix",
    **{(bar, bar): "vmatrix" for bar in "|∣"},
    **{(bar, bar): "Vmatrix" for bar in ("‖", "∥", "||")},
}
_OPENED = frozenset(["mrow", "mstyle", "mpadded"])  # they may hold half of a pair
_TELLING = frozenset([*_PAIRS, *_CLOSING, *"".join(_BARS), "\u2061"])
_TALL = re.compile(
    r"\\(?:frac|dfrac|sum|prod|int|oint|iint|bigcup|bigcap|begin|binom|sqrt|underbrace|overbrace"
    r"|left|underset"
    r"|overset|genfrac|coprod|bigoplus)(?![A-Za-z])"
)


def row_tex(to: Converter, nodes: Iterable[Any]) -> str:
    """Return the TeX of elements in a row."""
    nodes = [node for node in nodes if isinstance(node.tag, str)]
    if len(nodes) == 1:
        return to.tex(nodes[0])
    if _is_plain(nodes):
        return joined([to.tex(node) for node in nodes])
    nodes = flat(nodes)
    signs = [sign_of(node) for node in nodes]
    _norms(nodes, signs)
    partner = partners(nodes, signs)
    out: list[str] = []
    index, end = 0, len(nodes)
    while index < end:
        node = nodes[index]
        if index in partner:
            text, index = fenced_at(to, nodes, index, partner[index])
            out.append(text)
            continue
        if signs[index] == "{" and index + 1 < end and core_of(nodes[index + 1]).tag == "mtable":
            out.append(fenced_table(to, core_of(nodes[index + 1]), "{", ""))
            index += 2
            continue
        if index + 1 < end and signs[index + 1] == "}" and node.tag == "mtable":
            out.append(fenced_table(to, node, "", "}"))
            index += 2
            continue
        applied = index + 1 < end and signs[index + 1] == "\u2061"
        out.append(_name(node) or to.tex(node) if applied else to.tex(node))
        index += 1
    return joined(out)


def _is_plain(nodes: list[Any]) -> bool:
    """Say whether elements in a row depend on nothing beside them: most rows have no fence."""
    for node in nodes:
        tag = node.tag
        if tag == "mo":
            if len(node) or not _TELLING.isdisjoint(node.text or ""):
                return False
        elif tag in _SCRIPTED:
            if len(node) and "∥" in (node[0].text or ""):
                return False
        elif tag in _OPENED:
            return False
    return True


def _name(node: Any) -> str:
    """Return the name of an operator, which is what a word before U+2061 is, or ''."""
    word = words_of(node) if node.tag == "mi" else ""
    if len(word) > 1 and word.isalpha() and word.isascii():
        return NAMED.get(word) or rf"\operatorname{{{word}}}"
    return ""


def fenced_at(to: Converter, nodes: list[Any], start: int, end: int) -> tuple[str, int]:
    opening, closing = sign_of(nodes[start]), sign_of(nodes[end])
    inner = nodes[start + 1 : end]
    if len(inner) == 1:
        core = core_of(inner[0])
        if core.tag == "mtable":
            return fenced_table(to, core, opening, closing), end + 1
        if core.tag == "mfrac" and no_line(core) and (opening, closing) == ("(", ")"):
            return binomial(to, core), end + 1
    body = to.row(inner)
    return fence(to, opening, body, closing), end + 1


def fence(to: Converter, opening: str, body: str, closing: str) -> str:
    left, right = _FENCE.get(opening, opening), _FENCE.get(closing, closing)
    if opening and closing and not _TALL.search(body):
        return joined([left, body, right])
    return joined([r"\left" + left, body, r"\right" + right])


def fenced_table(to: Converter, table: Any, opening: str, closing: str) -> str:
    """Return a table between brackets: a matrix, cases, or an array between any two signs."""
    left, right = _FENCE.get(opening, opening), _FENCE.get(closing, closing)
    name = _MATRIX.get((opening, closing))
    rows = rows_of(to, table)
    if name and lined_up(table, rows):  # equations, not a matrix
        return joined([r"\left" + left, environment("aligned", rows), r"\right" + right])
    if name and not has_lines(table):
        return environment(name, rows)
    if opening == "{" and not closing and max((len(row) for row in rows), default=0) <= 2:
        return environment("cases", rows)
    return joined([r"\left" + left, array(table, rows), r"\right" + right])


def mfenced(to: Converter, node: Any) -> str:
    opening, closing = node.get("open", "(").strip(), node.get("close", ")").strip()
    signs = re.sub(r"\s+", "", node.get("separators", ","))
    children = [child for child in node if isinstance(child.tag, str)]
    if len(children) == 1:
        core = core_of(children[0])
        if core.tag == "mtable":
            return fenced_table(to, core, opening, closing)
        if core.tag == "mfrac" and no_line(core) and (opening, closing) == ("(", ")"):
            return binomial(to, core)
    parts: list[str] = []
    for index, child in enumerate(children):
        if index and signs:
            parts.extend(chars(to, signs[min(index - 1, len(signs) - 1)]))
        parts.append(to.tex(child))
    body = joined(parts)
    if not opening and not closing:
        return body
    if opening not in _FENCE or closing not in _FENCE:
        return joined([*chars(to, opening), body, *chars(to, closing)])
    return fence(to, opening, body, closing)


def flat(nodes: list[Any]) -> list[Any]:
    """Return a row with those of its rows opened that hold a lone fence or half of a pair."""
    out: list[Any] = []
    for node in nodes:
        if node.tag == "mrow" and len(node) and not node.attrib:
            inner = [child for child in node if isinstance(child.tag, str)]
            signs = [sign_of(child) for child in inner]
            opened = sum(sign in _PAIRS for sign in signs)
            closed = sum(sign in _CLOSING for sign in signs)
            if len(inner) == 1 or opened != closed:
                out.extend(inner)
                continue
        elif (
            node.tag in ("mrow", "mstyle", "mpadded")
            and len(node) == 1
            and (sign := sign_of(core_of(node)))
            and sign in _FENCE
        ):
            out.append(core_of(node))
            continue
        out.append(node)
    return out


def _norms(nodes: list[Any], signs: list[str]) -> None:
    """Mark double bars as fences where they come in pairs: a norm, not parallels."""
    bars: list[Any] = []
    for node, sign in zip(nodes, signs, strict=True):
        if sign == "∥":
            bars.append(node)
        elif not sign and node.tag in _SCRIPTED and len(node) and sign_of(node[0]) == "∥":
            bars.append(node[0])
    if len(bars) % 2 == 0:
        for bar in bars:
            bar.set("fence", "true")


_SCRIPTED = frozenset(["msub", "msup", "msubsup"])


def partners(nodes: list[Any], signs: list[str]) -> dict[int, int]:
    """Return the places of opening fences and of what closes them, outermost pairs only."""
    found: dict[int, int] = {}
    stack: list[int] = []
    bars: list[int] = []
    for at, sign in enumerate(signs):
        if not sign:
            continue
        if sign in _PAIRS:
            stack.append(at)
        elif sign in _CLOSING:
            if stack and (
                _PAIRS[signs[stack[-1]]] == sign or {sign, signs[stack[-1]]} <= set("()[]")
            ):
                found[stack.pop()] = at
        elif sign in _BARS:
            bars.append(at)
    if len(bars) == 2 and not any(
        (low < bars[0] < high) != (low < bars[1] < high) for low, high in found.items()
    ):
        inner = nodes[bars[0] + 1 : bars[1]]
        if inner and signs[bars[0]] == signs[bars[1]] and (
            (len(inner) == 1 and core_of(inner[0]).tag == "mtable")
            or any(child.tag in ("mfrac", "munderover", "munder", "mtable") for child in inner)
        ):  # fmt: skip
            found[bars[0]] = bars[1]
    return found
