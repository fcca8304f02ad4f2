"""Letters with <sub> and <sup> in running text, where the text around them is mathematics."""

import re
from collections.abc import Iterator

from cleaner.web.formulas.marks import (
    EM,
    EM_END,
    ITALIC,
    ITALIC_END,
    SUB,
    SUB_END,
    SUP,
    SUP_END,
)
from cleaner.web.formulas.markup import text_tex

_OPEN, _CLOSE = f"[{EM}{ITALIC}]", f"[{EM_END}{ITALIC_END}]"
_GREEK = "\u0391-\u03c9"
_SCRIPT = (
    f"(?:{SUB}[^{SUB}{SUB_END}{SUP}]{{1,24}}{SUB_END}|{SUP}[^{SUP}{SUP_END}{SUB}]{{1,24}}{SUP_END})"
)
_LETTER = rf"{_OPEN}?(?<![A-Za-z\u00c0-\u024f])[A-Za-z{_GREEK}]{_CLOSE}?(?![a-z\u00c0-\u024f])"
_PRODUCT = (  # mc in E = mc²: two letters that carry a script
    rf"(?:{_OPEN}[a-z]{{2}}{_CLOSE}|(?:(?<=[=+(/×·−-])|(?<=[=+/×·−-] ))[a-z]{{2}})(?=[{SUB}{SUP}])"
)
_MULTIPLE = r"(?<=[0-9])[abcxyz]{2,3}(?![A-Za-z])"  # 2ab; no unit is of these letters
_OPERAND = rf"(?:{_LETTER}|{_PRODUCT}|{_MULTIPLE}|\d+(?:[.,]\d+)*|[()\[\]|√∑∏∫∂∞π!%°′])"
_OPERATOR = r"[-+=<>≤≥≠≈±×÷·⋅*/∈∉⊂⊆∪∩→⇒⇔∼≡−–∝∣|]"
_DENSE = re.compile(
    rf"(?:{_OPERAND}|{_SCRIPT}|{_OPERATOR}|[,…'\s]|{_OPEN}|{_CLOSE}|\.\.\."
    r"|(?:sin|cos|tan|log|ln|lim|max|min|exp)(?![a-z]))+"
)
_BREAK = re.compile(r"[A-Za-z]{4,}|[\u3040-\u30ff\u3400-\u9fff]")  # no run goes on beyond it
_RAISED = re.compile(f"[{SUB}{SUP}]")
_LONGEST = 25  # characters of a script, with its mark
_NEAR = 100  # characters: so far back a break is looked for first
_CORE = re.compile(rf"[A-Za-z{_GREEK})\]0-9]{_CLOSE}?{_SCRIPT}")
_RELATION = re.compile(r"[-+=<>≤≥≠≈±×÷·⋅∈∉→⇒≡−–]")
# A variable alone, by its italics or its alphabet, and powers of ten.
_ALONE = re.compile(
    rf"(?:{_OPEN}[A-Za-z{_GREEK}]{_CLOSE}|(?<![A-Za-z{_GREEK}])[{_GREEK}])"
    rf"(?:[{SUB}{SUP}][A-Za-z{_GREEK}0-9,+−*'′ -]{{1,8}}[{SUB_END}{SUP_END}]){{1,2}}"
    rf"|(?<![\w.,])10{SUP}[-−–]?\d{{1,2}}{SUP_END}"
)
_NOTE = re.compile(
    rf"{SUP}\s*(?:st|nd|rd|th|er|re|e|ème|o|a|TM|SM|®|™|©|\[.*|\(\w\)|\*+|†|‡"
    rf"|\d{{1,3}}(?:,\s*\d+)*){SUP_END}"
)
_UNIT = re.compile(rf"(?<![A-Za-z])(?:[kcdmµμn]?m|ft|in|km|s|cm){SUP}[-−]?[123]{SUP_END}")
_LEADING = f",…. \n\t\r\u00a0=<>+*/)]'!%–|·{EM_END}{ITALIC_END}{SUB_END}{SUP_END}"
_TRAILING = f",…. \n\t\r\u00a0=<>+*/([–-−·|{EM}{ITALIC}"
_MARK = {SUB: "_{", SUB_END: "}", SUP: "^{", SUP_END: "}"}
_SCRIPTS = re.compile(_SCRIPT)
_IN_WORD = re.compile(r"[A-Za-z0-9_]")
_EMPHASIS = re.compile(f"{_OPEN}|{_CLOSE}")


def dense_runs(text: str) -> list[tuple[int, int, str]]:
    """Return the formulas in a text with marks of <sub> and <sup>: start, end, TeX.

    In a run of mathematics a letter or bracket carries a script, and a sign relates or joins. Alone
    stand only italic or Greek letters with short scripts, and powers of ten.

    >>> [tex for _, _, tex in dense_runs(f"is {EM}x{EM_END}{SUB}1{SUB_END} + 1 = 0 then")]
    ['x_{1} + 1 = 0']
    >>> dense_runs(f"20 m{SUP}2{SUP_END}, 1{SUP}st{SUP_END} place, H{SUB}2{SUB_END}O")
    []
    """
    found: list[tuple[int, int, str]] = []
    for match in _near_scripts(text):
        body = match.group()
        stripped = body.lstrip(_LEADING)
        start = match.start() + len(body) - len(stripped)
        if start and stripped[:1] in ("(", "[") and _IN_WORD.match(text[start - 1]):
            _, _, after = stripped.partition(" ")  # what stands in brackets after a word is its own
            after = after.lstrip(_LEADING)
            start += len(stripped) - len(after)
            stripped = after
        stripped = stripped.rstrip(_TRAILING)
        if _is_dense(stripped):
            found.append((start, start + len(stripped), _tex(stripped)))
            continue
        for alone in _ALONE.finditer(body):
            if _balanced(alone.group()):
                low, high = (match.start() + at for at in alone.span())
                found.append((low, high, _tex(alone.group())))
    return found


def _near_scripts(text: str) -> Iterator[re.Match[str]]:
    """Yield the runs that hold a script; what stands far from any is not looked at."""
    done = 0
    while script := _RAISED.search(text, done):
        at, back, start = script.start(), _NEAR, done
        while start < at - back:  # the last break before the script
            if breaks := list(_breaks(text, at - back, at)):
                start = breaks[-1].start()
                break
            back *= 4
        after = next(_breaks(text, at, len(text)), None)
        for match in _DENSE.finditer(text, start, after.end() if after else len(text)):
            if _RAISED.search(match.group()):
                yield match
        done = after.start() if after else len(text)


def _breaks(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield what no run goes on beyond, outside scripts: these may hold words."""
    for found in _BREAK.finditer(text, start, end):
        if not _RAISED.search(text, max(found.start() - _LONGEST, 0), found.start()):
            yield found


def _is_dense(body: str) -> bool:
    core = _CORE.search(body)
    bare = _SCRIPTS.sub("", body)
    if core is None or not _RELATION.search(bare) or not _balanced(body):
        return False
    equation = re.search(r"[=<>≤≥≠]", bare) is not None
    if _NOTE.fullmatch(core.group()[1:]) and not equation:
        return False
    if not re.search(rf"[A-Za-z{_GREEK}]", bare) and not re.search(r"[=×·⋅≈]", bare):
        return False
    return not (_UNIT.search(body) and not re.search(r"[≈<>≤≥].*[=≈+\-−×]|=", bare))


def _balanced(body: str) -> bool:
    return all(
        body.count(one) == body.count(other)
        for one, other in ((SUB, SUB_END), (SUP, SUP_END), ("(", ")"), ("[", "]"))
    )


def _tex(body: str) -> str:
    parts = re.split(f"([{SUB}{SUB_END}{SUP}{SUP_END}])", _EMPHASIS.sub("", body))
    tex = "".join(_MARK[part] if part in _MARK else text_tex(part, italic=True) for part in parts)
    return " ".join(re.sub(r"\^\{('+)\}", r"\1", tex).split())
