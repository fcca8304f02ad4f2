r"""Replies: the text that a model meant, without what models put around it."""

import re
from typing import NamedTuple

from cleaner.models.asking.send import Reply
from cleaner.text.segment import Formulas, formula_spans

_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.S)
_FENCED = re.compile(r"```[a-zA-Z]*\n(.*?)\n?```", re.S)
_DELIMITED = re.compile(
    r"\\\((?P<inline>.+?)\\\)|\\\[(?P<display>.+?)\\\]"
    r"|(?P<environment>\\begin\{(?P<name>(?:equation|align|gather|multline|eqnarray)\*?)\}"
    r".+?\\end\{(?P=name)\})",
    re.S,
)


class Said(NamedTuple):
    """The text of a reply, and whether it came to its end."""

    text: str
    whole: bool


def said(reply: Reply | Said, text: str, formulas: Formulas = True) -> Said:
    r"""Return the text of a reply: no thoughts, no code fence around it, formulas in dollars.

    >>> said(Said("<think>well</think>\n```\nSo \\(x\\) is.\n```", True), "So x is.").text
    'So $x$ is.'
    """
    found = _THOUGHT.sub("", reply.text, count=1).strip()
    around = _FENCED.fullmatch(found)
    if around is not None and not text.lstrip().startswith("```"):
        found = around[1].strip()
    found = found.replace("\r\n", "\n")
    return Said(in_dollars(found, formulas), reply.whole)


def in_dollars(text: str, formulas: Formulas = True) -> str:
    r"""Return a text whose formulas stand between dollars, as everywhere here.

    >>> in_dollars(r"\[a\] and \(b\), not $\text{\(c\)}$")
    '$$a$$ and $b$, not $\\text{\\(c\\)}$'
    """
    if "\\" not in text:
        return text
    parts, at = [], 0
    for start, end in [*formula_spans(text, formulas), (len(text), len(text))]:
        parts += [_DELIMITED.sub(_dollars, text[at:start]), text[start:end]]
        at = end
    return "".join(parts)


def _dollars(match: re.Match[str]) -> str:
    if match["inline"] is not None:
        return f"${match['inline'].strip()}$"
    if match["display"] is not None:
        return f"$${match['display'].strip()}$$"
    return f"$${match['environment']}$$"
