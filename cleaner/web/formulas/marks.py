r"""Marks in a text for the inline elements that were in it, and TeX that Markdown has damaged.

Markdown makes <em> of the underscores in a_1 and b_2; <sub> and <sup> are _ and ^ in TeX.
"""

import re

EM, EM_END, SUB, SUB_END, SUP, SUP_END = "\ue002\ue003\ue004\ue005\ue006\ue007"
ITALIC, ITALIC_END = "\ue008\ue009"
_ANY = re.compile("[\ue002-\ue009]")
_ITALICS = re.compile("[\ue008\ue009]")
_EMPHASIS = re.compile("[\ue002\ue003]")
_TWICE = re.compile(r"(?<=[A-Za-z0-9})])_([A-Za-z0-9]|\{[^{}]*\})_(?=[A-Za-z0-9({\\])")


def undamaged(body: str) -> str:
    r"""Return TeX with the marks of elements inside it as the signs they were made of.

    >>> print(undamaged(f"a{EM}1 + b{EM_END}2"), undamaged(f"{EM}x{EM_END}{SUP}2{SUP_END}"))
    a_1 + b_2 x^{2}
    """
    if not _ANY.search(body):
        return body
    body = _ITALICS.sub("", body)
    body = _paired(_paired(body, SUB, SUB_END, "_"), SUP, SUP_END, "^")
    body = _EMPHASIS.sub(_underscore, body)
    return _TWICE.sub(r"*\1*", body)


def _underscore(match: re.Match[str]) -> str:
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    fits = (before.isalnum() or before in ")}]|'") and (after.isalnum() or after in "{\\(*")
    return "_" if before and after and fits else ""


def _paired(body: str, opening: str, closing: str, sign: str) -> str:
    body = re.sub(
        f"{opening}([^{opening}{closing}]*){closing}",
        lambda match: sign + "{" + match.group(1) + "}",
        body,
    )
    return body.replace(opening, sign).replace(closing, sign)
