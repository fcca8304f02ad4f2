"""The text of a rendering, with its TeX behind it: where the TeX begins."""

import re

from cleaner.web.mathml.symbols import SYMBOLS

_COMMAND = re.compile(r"\\([A-Za-z]+)|\\(.)")
_NAMES = {tex[1:]: char for char, tex in SYMBOLS.items() if re.fullmatch(r"\\[A-Za-z]+", tex)}


def after_rendering(text: str) -> str:
    r"""Return the TeX at the end of a text that holds the rendering, then the TeX.

    >>> after_rendering("L ( θ ) L(\\theta)"), after_rendering("a + b a+b")
    ('L(\\theta)', 'a+b')
    """
    sign = re.search(r"[\\_^{}]", text)
    limit = sign.start() if sign else len(text)
    starts = [match.end() for match in re.finditer(r"\s+", text) if match.end() <= limit]
    best, best_score = text, 0.0
    for start in [0, *starts][-400:]:
        score = _likeness(text[:start], text[start:])
        if score >= best_score and start:
            best, best_score = text[start:], score
    return best if best_score > 0.5 else text.splitlines()[-1]


def _likeness(rendering: str, tex: str) -> float:
    shown = re.sub(r"[\s\u200b\u2061-\u2064]", "", rendering)
    written = _COMMAND.sub(
        lambda match: _NAMES.get(match.group(1) or "", match.group(2) or ""), tex
    )
    written = re.sub(r"[\s{}_^&~]", "", written)
    if shown == written:
        return 2.0
    if not shown or not written:
        return 0.0
    common = sum(min(shown.count(char), written.count(char)) for char in set(shown))
    return 2 * common / (len(shown) + len(written))
