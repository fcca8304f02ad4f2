"""What the text of a page lacks of what its case expects."""

import re

from cleaner.web.compare import contains_formula

_SPAN = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\$)(.+?)(?<!\\)\$", re.S)


def spans(text: str) -> list[tuple[str, str]]:
    r"""Return the formulas of a text with escaped dollars: TeX and `inline` or `block`.

    >>> spans(r"costs \$5, $x$ and $$y$$")
    [('x', 'inline'), ('y', 'block')]
    """
    found = _SPAN.finditer(text)
    return [(one[1] or one[2], "block" if one[1] else "inline") for one in found]


def failures(case: dict, text: str) -> list[str]:
    """Return what a page's text lacks of what its case expects."""
    found = spans(text)
    wrong: list[str] = []
    for expected in case["expect"]:
        ways = expected if isinstance(expected, list) else [expected]
        hits = [shown for tex, shown in found if any(contains_formula(tex, way) for way in ways)]
        if not hits:
            wrong.append(f"missing {ways[0]}")
        elif len(case["expect"]) == 1 and case["display"] not in hits:
            wrong.append(f"not {case['display']}: {ways[0]}")
    plain = _SPAN.sub(" ", text).replace("\\$", "$")
    wrong += [f"lost text {part}" for part in case.get("keep", []) if part not in plain]
    wrong += [f"kept {part}" for part in case.get("absent", []) if part in text]
    for part in case.get("absent_math", []):
        if any(contains_formula(tex, part) for tex, _ in found):
            wrong.append(f"made a formula of {part}")
    for part in case.get("once", []):
        if sum(contains_formula(tex, part) for tex, _ in found) > 1:
            wrong.append(f"twice {part}")
    return wrong
