"""Two ways to write one formula compare equal: what TeX does not see is taken out of both."""

import re

_SPACES = re.compile(r"\\[,;:! ]|\\(?:quad|qquad|thinspace)(?![a-zA-Z])|~|\s+")
_STYLE = re.compile(r"\\(?:left|right|limits|displaystyle|textstyle)(?![a-zA-Z])")
_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|.", re.S)
_ALIASES = {
    r"\leq": r"\le", r"\geq": r"\ge", r"\neq": r"\ne", r"\rightarrow": r"\to", r"\lbrace": r"\{",
    r"\rbrace": r"\}", r"\lvert": "|", r"\rvert": "|", r"\vert": "|", r"\prime": "'",
    r"\operatorname": r"\mathrm", r"\ast": "*", r"\lt": "<", r"\gt": ">", "−": "-",
}  # fmt: skip
_SPAN = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\$)(.+?)(?<!\\)\$", re.S)


def norm(tex: str) -> tuple[str, ...]:
    r"""Return the tokens that carry meaning; braces around one token carry none.

    >>> norm(r"x_{1} \leq \left( y\right)") == norm(r"x_1\le(y)")
    True
    """
    tex = _STYLE.sub("", tex.replace("\\\\", "\x00"))
    tokens = [_ALIASES.get(token, token) for token in _TOKEN.findall(_SPACES.sub(" ", tex))]
    tokens = [token for token in tokens if not token.isspace()]
    before = -1
    while before != len(tokens):
        before = len(tokens)
        out: list[str] = []
        at = 0
        while at < len(tokens):
            if tokens[at : at + 2] == ["{", "}"]:
                at += 2
            elif tokens[at] == "{" and tokens[at + 2 : at + 3] == ["}"]:
                out.append(tokens[at + 1])
                at += 3
            else:
                out.append(tokens[at])
                at += 1
        tokens = out
    return tuple(token for token in tokens if token != ".")


def spans(text: str) -> list[tuple[str, str]]:
    r"""Return the formulas of a text with escaped dollars: TeX and `inline` or `block`.

    >>> spans(r"costs \$5, $x$ and $$y$$")
    [('x', 'inline'), ('y', 'block')]
    """
    found = _SPAN.finditer(text)
    return [(one[1] or one[2], "block" if one[1] else "inline") for one in found]


def within(part: str, whole: str) -> bool:
    """Say whether the tokens of `part` stand in a row in `whole`."""
    few, all_ = norm(part), norm(whole)
    return any(all_[at : at + len(few)] == few for at in range(len(all_) - len(few) + 1))


def failures(case: dict, text: str) -> list[str]:
    """Return what a page's text lacks of what its case expects."""
    found = spans(text)
    wrong: list[str] = []
    for expected in case["expect"]:
        ways = expected if isinstance(expected, list) else [expected]
        hits = [shown for tex, shown in found if any(within(way, tex) for way in ways)]
        if not hits:
            wrong.append(f"missing {ways[0]}")
        elif len(case["expect"]) == 1 and case["display"] not in hits:
            wrong.append(f"not {case['display']}: {ways[0]}")
    plain = _SPAN.sub(" ", text).replace("\\$", "$")
    wrong += [f"lost text {part}" for part in case.get("keep", []) if part not in plain]
    wrong += [f"kept {part}" for part in case.get("absent", []) if part in text]
    for part in case.get("absent_math", []):
        if any(within(part, tex) for tex, _ in found):
            wrong.append(f"made a formula of {part}")
    for part in case.get("once", []):
        if sum(within(part, tex) for tex, _ in found) > 1:
            wrong.append(f"twice {part}")
    return wrong
