"""Content MathML -> presentation MathML: the subset that pages and algebra systems write."""

from copy import deepcopy
from typing import Any

from lxml import etree

from cleaner.web.budget import CONTENT_DEPTH, OverBudget

_INFIX = {
    "plus": ("+", 4), "minus": ("−", 4), "eq": ("=", 1), "neq": ("≠", 1), "lt": ("<", 1),
    "gt": (">", 1), "leq": ("≤", 1), "geq": ("≥", 1), "equivalent": ("≡", 1), "approx": ("≈", 1),
    "in": ("∈", 1), "notin": ("∉", 1), "subset": ("⊆", 1), "prsubset": ("⊂", 1),
    "notsubset": ("⊈", 1), "notprsubset": ("⊄", 1), "union": ("∪", 3), "intersect": ("∩", 3),
    "setdiff": ("∖", 3), "and": ("∧", 2), "or": ("∨", 2), "xor": ("⊻", 2), "implies": ("⇒", 0),
    "tendsto": ("→", 1), "cartesianproduct": ("×", 5), "vectorproduct": ("×", 5),
    "scalarproduct": ("⋅", 5), "outerproduct": ("⊗", 5), "compose": ("∘", 5),
    "factorof": ("∣", 1), "rem": ("mod", 5),
}  # fmt: skip
_FUNCTIONS = str.split(
    "sin cos tan sec csc cot sinh cosh tanh sech csch coth arcsin arccos arctan arccot arccsc "
    "arcsec arccosh arcsinh arctanh ln exp gcd lcm max min arg det dim ker"
)
_NAMES = {
    "real": "Re", "imaginary": "Im", "determinant": "det", "grad": "grad", "divergence": "div",
    "curl": "curl", "variance": "Var", "sdev": "σ", "image": "im", "domain": "dom",
    "codomain": "cod",
}  # fmt: skip
_CONSTANTS = {
    "pi": "π", "exponentiale": "e", "imaginaryi": "i", "infinity": "∞", "emptyset": "∅",
    "reals": "ℝ", "integers": "ℤ", "rationals": "ℚ", "naturalnumbers": "ℕ", "complexes": "ℂ",
    "primes": "ℙ", "eulergamma": "γ", "true": "true", "false": "false", "notanumber": "NaN",
    "laplacian": "∇²",
}  # fmt: skip
_BIG = {"sum": "∑", "product": "∏", "int": "∫", "limit": "lim", "forall": "∀", "exists": "∃"}
_OPERATORS = frozenset(
    [
        *_INFIX, *_FUNCTIONS, *_NAMES, *_BIG, "times", "divide", "power", "root", "abs", "floor",
        "ceiling", "factorial", "not", "diff", "partialdiff", "log", "conjugate", "transpose",
        "selector", "card", "inverse", "mean", "moment", "quotient", "median", "mode", "ident",
    ]
)  # fmt: skip
CONTENT = frozenset(
    [
        *_OPERATORS, *_CONSTANTS, "apply", "reln", "bind", "ci", "cn", "csymbol", "set", "list",
        "vector", "matrix", "matrixrow", "interval", "piecewise", "piece", "otherwise", "lambda",
        "bvar", "condition", "fn", "cs", "cerror", "declare", "degree", "lowlimit", "uplimit",
        "domainofapplication", "momentabout", "logbase", "share",
    ]
)  # fmt: skip
_QUALIFIERS = frozenset(
    str.split("bvar degree lowlimit uplimit condition logbase domainofapplication")
)
# Names in OpenMath's dictionaries of what has an element of its own.
_SYMBOLS = {
    name: name
    for name in str.split(
        "plus minus times divide power root eq lt gt leq geq neq abs sin cos tan ln exp log and or "
        "not"
    )
} | {"unary_minus": "minus"}


def presentation(node: Any) -> Any:
    """Return presentation markup that shows what `node` means."""
    depth = 0
    for event, _ in etree.iterwalk(node, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > CONTENT_DEPTH:
            raise OverBudget(f"over budget: content MathML nested deeper than {CONTENT_DEPTH}")
    return _made(node, 0)


def _made(node: Any, binding: int) -> Any:
    tag = node.tag
    children = [child for child in node if isinstance(child.tag, str)]
    if tag not in CONTENT:
        return node  # presentation markup within content markup
    if tag in ("apply", "reln", "bind", "fn"):
        return _apply(children, binding)
    if tag == "cn":
        return _number(node)
    if tag in ("ci", "csymbol"):
        return _row(*children) if children else _leaf("mi", (node.text or "").strip())
    if tag == "cs":
        return _leaf("mtext", node.text or "")
    if tag in _CONSTANTS:
        return _leaf("mi", _CONSTANTS[tag])
    if tag in ("set", "list", "vector", "interval"):
        return _sequence(node, tag, children)
    if tag in ("matrix", "matrixrow"):
        return _matrix(tag, children)
    if tag == "piecewise":
        return _piecewise(children)
    if tag == "lambda":
        variables = [_made(child[0], 0) for child in children if child.tag == "bvar" and len(child)]
        return _row(
            *_separated(variables), _leaf("mo", "↦"), *[_made(child, 0) for child in children[-1:]]
        )
    if tag in _INFIX:
        return _leaf("mo", _INFIX[tag][0])
    if tag in ("times", "divide"):
        return _leaf("mo", "×" if tag == "times" else "/")
    if tag in _BIG:
        return _leaf("mo", _BIG[tag])
    if tag in _FUNCTIONS or tag in _NAMES or tag == "log":
        return _leaf("mi", _NAMES.get(tag, tag))
    if children:
        return _row(*[_made(child, 0) for child in children])
    return _leaf("mtext", tag)


def _apply(children: list[Any], binding: int) -> Any:
    if not children:
        return _row()
    head, rest = children[0], children[1:]
    name = head.tag
    if name == "csymbol":
        name = _SYMBOLS.get((head.text or "").strip(), name)
    bounded = name in ("int", "sum", "product")
    qualifiers = {
        child.tag: child
        for child in rest
        if child.tag in _QUALIFIERS or (child.tag == "interval" and bounded)
    }
    variables = [child for child in rest if child.tag == "bvar"]
    arguments = [
        child for child in rest if child not in qualifiers.values() and child.tag != "bvar"
    ]
    if name in _INFIX:
        return _infix(name, arguments, binding)
    maker = _MAKERS.get(name)
    if maker is not None:
        return maker(arguments, qualifiers, variables, binding)
    function = _made(head, 9)
    if name == "inverse" and arguments:
        return _script("msup", _made(arguments[0], 9), _row(_leaf("mo", "−"), _leaf("mn", "1")))
    inner = [_made(argument, 0) for argument in arguments]
    if name in _FUNCTIONS and len(arguments) == 1 and arguments[0].tag in ("ci", "cn", "pi"):
        return _row(function, _leaf("mo", "\u2061"), *inner)
    return _row(function, _leaf("mo", "\u2061"), _parens(*_separated(inner)))


def _infix(name: str, arguments: list[Any], binding: int) -> Any:
    sign, own = _INFIX[name]
    if name == "minus" and len(arguments) == 1:
        made = _row(_leaf("mo", "−"), _made(arguments[0], own + 1))
        return _parens(made) if binding > own else made
    parts: list[Any] = []
    for at, argument in enumerate(arguments):
        negative = name == "plus" and at and _is_minus(argument)
        if negative:
            parts += [_leaf("mo", "−"), _made(argument[1], own + 1)]
            continue
        if at:
            parts.append(_leaf("mo", sign))
        parts.append(_made(argument, own + (1 if name == "minus" and at else 0)))
    made = _row(*parts)
    return _parens(made) if binding > own else made


def _is_minus(node: Any) -> bool:
    return node.tag == "apply" and len(node) == 2 and node[0].tag == "minus"


def _times(
    arguments: list[Any], qualifiers: dict[str, Any], variables: list[Any], binding: int
) -> Any:
    parts: list[Any] = []
    for at, argument in enumerate(arguments):
        if at and argument.tag == "cn":
            parts.append(_leaf("mo", "×"))
        elif (
            at and arguments[at - 1].tag != "cn" and _multi(argument) and _multi(arguments[at - 1])
        ):
            parts.append(_leaf("mo", "⋅"))
        parts.append(_made(argument, 5))
    made = _row(*parts)
    return _parens(made) if binding > 5 else made


def _multi(node: Any) -> bool:
    return node.tag == "ci" and len((node.text or "").strip()) > 1


def _divide(arguments: list[Any], *_: Any) -> Any:
    return _script("mfrac", *[_made(argument, 0) for argument in arguments[:2]])


def _power(arguments: list[Any], *_: Any) -> Any:
    return _script(
        "msup", *[_made(argument, 9 if not at else 0) for at, argument in enumerate(arguments[:2])]
    )


def _root(arguments: list[Any], qualifiers: dict[str, Any], *_: Any) -> Any:
    base = [_made(argument, 0) for argument in arguments[:1]]
    if (degree := qualifiers.get("degree")) is not None and len(degree):
        index = _made(degree[0], 0)
        if (index.text or "").strip() != "2":
            return _script("mroot", *base, index)
    return _script("msqrt", *base)


def _fence(opening: str, closing: str) -> Any:
    def made(arguments: list[Any], *_: Any) -> Any:
        return _row(
            _leaf("mo", opening),
            *[_made(argument, 0) for argument in arguments],
            _leaf("mo", closing),
        )

    return made


def _postfix(sign: str) -> Any:
    def made(arguments: list[Any], *_: Any) -> Any:
        return _row(*[_made(argument, 9) for argument in arguments[:1]], _leaf("mo", sign))

    return made


def _raised(sign: str) -> Any:
    def made(arguments: list[Any], *_: Any) -> Any:
        return _script(
            "msup", *[_made(argument, 9) for argument in arguments[:1]], _leaf("mi", sign)
        )

    return made


def _over(sign: str) -> Any:
    def made(arguments: list[Any], *_: Any) -> Any:
        return _script(
            "mover", *[_made(argument, 0) for argument in arguments[:1]], _leaf("mo", sign)
        )

    return made


def _not(arguments: list[Any], *_: Any) -> Any:
    return _row(_leaf("mo", "¬"), *[_made(argument, 9) for argument in arguments[:1]])


def _log(arguments: list[Any], qualifiers: dict[str, Any], *_: Any) -> Any:
    name = _leaf("mi", "log")
    if (base := qualifiers.get("logbase")) is not None and len(base):
        name = _script("msub", name, _made(base[0], 0))
    return _row(name, *[_made(argument, 9) for argument in arguments])


def _selector(arguments: list[Any], *_: Any) -> Any:
    made = [_made(argument, 9 if not at else 0) for at, argument in enumerate(arguments)]
    return _script("msub", made[0], _row(*_separated(made[1:]))) if len(made) > 1 else _row(*made)


def _derivative(sign: str) -> Any:
    def made(
        arguments: list[Any], qualifiers: dict[str, Any], variables: list[Any], binding: int
    ) -> Any:
        below: list[Any] = []
        degrees: list[Any] = []
        for variable in variables:
            inner = [child for child in variable if isinstance(child.tag, str)]
            degree = next((child for child in inner if child.tag == "degree"), None)
            name = _made(inner[0], 9) if inner else _row()
            below.append(_leaf("mo", sign))
            if degree is not None and len(degree):
                degrees.append(_made(degree[0], 0))
                name = _script("msup", name, _made(degree[0], 0))
            else:
                degrees.append(_leaf("mn", "1"))
            below.append(name)
        top: Any = _leaf("mo", sign)
        if (whole := qualifiers.get("degree")) is not None and len(whole):
            top = _script("msup", top, _made(whole[0], 0))
        elif len(degrees) == 1 and degrees[0].text != "1":
            top = _script("msup", top, _copy(degrees[0]))
        elif len(degrees) > 1:
            total = sum(
                int(one.text)
                for one in degrees
                if (one.text or "").isdecimal() and len(one.text) < 10
            )
            top = _script("msup", top, _leaf("mn", str(total)))
        body = [_made(argument, 4) for argument in arguments[:1]]
        if not variables:
            return _row(_leaf("mo", sign), *body)
        return _row(_script("mfrac", top, _row(*below)), *body)

    return made


def _big(sign: str) -> Any:
    def made(
        arguments: list[Any], qualifiers: dict[str, Any], variables: list[Any], binding: int
    ) -> Any:
        names = [_made(variable[0], 0) for variable in variables if len(variable)]
        low = (
            [_made(child, 0) for child in qualifiers["lowlimit"]]
            if "lowlimit" in qualifiers
            else []
        )
        high = (
            [_made(child, 0) for child in qualifiers["uplimit"]] if "uplimit" in qualifiers else []
        )
        if (interval := qualifiers.get("interval")) is not None and len(interval) == 2:
            low, high = [_made(interval[0], 0)], [_made(interval[1], 0)]
        for name in ("condition", "domainofapplication"):
            if name in qualifiers and not low:
                low = [_made(child, 0) for child in qualifiers[name]]
                names = names if sign == "∫" else []
        under = low
        if names and low and sign in ("∑", "∏"):
            under = [*names, _leaf("mo", "="), *low]
        elif names and sign == "lim" and low:
            under = [*names, _leaf("mo", "→"), *low]
        elif names and not low and sign != "∫":
            under = _separated(names)
        operator = _leaf("mo", sign)
        if sign in ("∀", "∃"):
            operator = _row(
                operator, *_separated(names), *([_leaf("mo", ":")] if arguments else [])
            )
        elif under and high:
            operator = _script("munderover", operator, _row(*under), _row(*high))
        elif under:
            operator = _script("munder", operator, _row(*under))
        body = [_made(argument, 0 if sign in ("∀", "∃") else 4) for argument in arguments[:1]]
        ending = [
            part
            for name in names
            for part in (_leaf("mspace", "", width="0.167em"), _leaf("mi", "d"), _copy(name))
        ]
        made = _row(operator, *body, *(ending if sign == "∫" else []))
        return _parens(made) if binding > 4 else made

    return made


_MAKERS: dict[str, Any] = {
    "times": _times, "divide": _divide, "power": _power, "root": _root, "abs": _fence("|", "|"),
    "card": _fence("|", "|"), "floor": _fence("⌊", "⌋"), "ceiling": _fence("⌈", "⌉"),
    "mean": _fence("⟨", "⟩"), "factorial": _postfix("!"), "not": _not, "conjugate": _over("¯"),
    "transpose": _raised("T"), "log": _log, "selector": _selector, "diff": _derivative("d"),
    "partialdiff": _derivative("∂"), "quotient": _fence("⌊", "⌋"),
    **{name: _big(sign) for name, sign in _BIG.items()},
}  # fmt: skip


def _number(node: Any) -> Any:
    kind = node.get("type") or ""
    parts = [
        " ".join(part.split()) for part in [node.text or "", *(child.tail or "" for child in node)]
    ]
    if len(parts) < 2 or not parts[1]:
        base = node.get("base") or "10"
        number = _signed(parts[0])
        return number if base == "10" else _script("msub", number, _leaf("mn", base))
    first, second = _signed(parts[0]), _signed(parts[1])
    if kind == "rational":
        return _script("mfrac", first, second)
    if kind == "e-notation":
        return _row(first, _leaf("mo", "×"), _script("msup", _leaf("mn", "10"), second))
    if kind == "complex-cartesian":
        sign = [] if parts[1].startswith("-") else [_leaf("mo", "+")]
        return _row(first, *sign, second, _leaf("mi", "i"))
    if kind == "complex-polar":
        return _row(first, _script("msup", _leaf("mi", "e"), _row(_leaf("mi", "i"), second)))
    return _row(first, second)


def _signed(number: str) -> Any:
    if number.startswith("-"):
        return _row(_leaf("mo", "−"), _leaf("mn", number[1:].strip()))
    return _leaf("mn", number)


def _sequence(node: Any, tag: str, children: list[Any]) -> Any:
    opening, closing = {"set": ("{", "}"), "interval": ("[", "]")}.get(tag, ("(", ")"))
    if tag == "interval":
        closure = node.get("closure") or "closed"
        opening = "(" if closure in ("open", "open-closed") else "["
        closing = ")" if closure in ("open", "closed-open") else "]"
    variables = [_made(child[0], 0) for child in children if child.tag == "bvar" and len(child)]
    conditions = [
        _made(inner, 0) for child in children if child.tag == "condition" for inner in child
    ]
    items = [_made(child, 0) for child in children if child.tag not in ("bvar", "condition")]
    inside = _separated(items or variables)
    if conditions:
        inside += [_leaf("mo", "|"), *conditions]
    return _row(_leaf("mo", opening), *inside, _leaf("mo", closing))


def _matrix(tag: str, children: list[Any]) -> Any:
    table = etree.Element("mtable")
    for row in children if tag == "matrix" else [None]:
        line = etree.SubElement(table, "mtr")
        for cell in row if row is not None else children:
            if isinstance(cell.tag, str):
                etree.SubElement(line, "mtd").append(_copy(_made(cell, 0)))
    return _row(_leaf("mo", "("), table, _leaf("mo", ")"))


def _piecewise(children: list[Any]) -> Any:
    table = etree.Element("mtable")
    for child in children:
        line = etree.SubElement(table, "mtr")
        inner = [_made(part, 0) for part in child if isinstance(part.tag, str)]
        if child.tag == "otherwise":
            inner.append(_leaf("mtext", "otherwise"))
        for part in inner[:2]:
            etree.SubElement(line, "mtd").append(_copy(part))
    return _row(_leaf("mo", "{"), table)


def _leaf(tag: str, text: str, **attributes: str) -> Any:
    element = etree.Element(tag, attributes)
    element.text = text
    return element


def _copy(node: Any) -> Any:
    """Return a copy: an element of lxml has one parent, and moving it tears the source apart."""
    made = deepcopy(node)
    made.tail = None
    return made


def _row(*parts: Any) -> Any:
    return _script("mrow", *parts)


def _script(tag: str, *parts: Any) -> Any:
    element = etree.Element(tag)
    for part in parts:
        element.append(part if part.getparent() is None else _copy(part))
    return element


def _parens(*parts: Any) -> Any:
    return _row(_leaf("mo", "("), *parts, _leaf("mo", ")"))


def _separated(parts: list[Any]) -> list[Any]:
    out: list[Any] = []
    for part in parts:
        if out:
            out.append(_leaf("mo", ","))
        out.append(part)
    return out
