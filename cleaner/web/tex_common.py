r"""TeX that only some renderers read -> TeX that all of them read, where it means the same."""

import re
from collections.abc import Callable
from itertools import islice

from cleaner.web.tex import balanced, closing_brace

_NEEDS = re.compile(
    r"[_^]\s*\\|\\(?:eqnarray|matrix|pmatrix|cases|eqalign|displaylines|mbox|textsc|textsl|textmd"
    r"|bbox|cssId|class|style|texttip|mathtip|tooltip|href|toggle|unicode|root|buildrel|mathds"
    r"|mathbbm|hfill?|noalign|vspace|cline|hdotsfor)(?![A-Za-z])|\{(?:eqnarray|multline)\*?\}"
    r"|\\(?:text[a-z]*|hbox)\s*\{"
)
_LONGEST, _MOST = 10_000, 200  # characters, and changes of one kind: nobody writes more
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|.", re.S)
_BARE = re.compile(r"([_^])\s*\\([A-Za-z]+)(?![A-Za-z])")
# Commands that take what follows them, with how many arguments: a script of one needs its braces.
_TAKING = {
    **dict.fromkeys(
        str.split(
            "hat vec tilde bar dot ddot dddot check breve acute grave mathring widehat widetilde "
            "overline underline overrightarrow overleftarrow overleftrightarrow underbrace "
            "overbrace boldsymbol bm pmb sqrt operatorname mathop mathrel mathbin mathord phantom "
            "cancel bcancel xcancel boxed fbox hbox mbox textsc substack big Big bigg Bigg"
        ),
        1,
    ),
    **dict.fromkeys(str.split("overset underset stackrel textcolor"), 2),
}
_ALONE = frozenset(
    str.split(
        "max min sup inf lim limsup liminf log ln lg exp sin cos tan cot sec csc sinh cosh tanh "
        "coth arcsin arccos arctan det dim ker gcd arg hom deg Pr sum prod int iint iiint oint "
        "bigcup bigcap bigoplus bigotimes bigvee bigwedge coprod"
    )
)
_TEXT = re.compile(r"\\(?:text(?:rm|it|bf|sf|tt|normal|up|md|sc|sl)?|[mh]box)\s*\{")
_MATHEMATICS = re.compile(r"\$|\\\(|\\(?:ensuremath|begin)(?![A-Za-z])")
_PLAIN = re.compile(r"(\\.)|([_^#&])", re.S)
_BOXES = re.compile(r"\\(mbox|textsc|textsl|textmd)(?![A-Za-z])")
_BEGIN = re.compile(r"\\(begin|end)\{(eqnarray|multline)\*?\}")
_ENVIRONMENTS = {
    ("begin", "eqnarray"): r"\begin{array}{rcl}", ("end", "eqnarray"): r"\end{array}",
    ("begin", "multline"): r"\begin{gathered}", ("end", "multline"): r"\end{gathered}",
}  # fmt: skip
_OLD = {  # environments as plain TeX writes them
    "matrix": "matrix", "pmatrix": "pmatrix", "cases": "cases", "eqalign": "aligned",
    "displaylines": "gathered",
}  # fmt: skip
_OLD_TABLE = re.compile(r"\\(matrix|pmatrix|cases|eqalign|displaylines)\s*\{")
_CR = re.compile(r"\\cr(?![A-Za-z])\s*")
_LAST_ROW = re.compile(r"\s*(?:\\\\\s*)+$")
_ROOT = re.compile(r"\\root\s*(\{[^{}]*\}|[^{}\\]{1,5}?|\\[A-Za-z]+\s?)\s*\\of(?![A-Za-z])\s*")
_BUILDREL = re.compile(r"\\buildrel\s*(\{[^{}]*\}|[^{}]{1,20}?)\s*\\over(?![A-Za-z])\s*")
_UNICODE = re.compile(
    r"\\unicode\s*(?:\[[^\]]*\])?\s*\{\s*(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))\s*\}"
)
_SHOWN = {  # what a reader sees of a command: which of its arguments
    "cssId": (2, 1), "class": (2, 1), "style": (2, 1), "texttip": (2, 0), "mathtip": (2, 0),
    "tooltip": (2, 0), "href": (2, 1), "toggle": (1, 0),
}  # fmt: skip
_SHOWING = re.compile(r"\\(" + "|".join(_SHOWN) + r"|bbox)(?![A-Za-z])\s*")
_NOTHING = re.compile(
    r"\\(?:hfill?|hdotsfor)(?![A-Za-z])|\\(?:noalign|vspace\*?|cline)\s*\{[^{}]*\}"
)


def common(tex: str) -> str:
    r"""Return TeX that KaTeX reads, too, of TeX that MathJax or LaTeX reads.

    >>> print(common(r"t_\max^\vec{x}+\mbox{a_b}"))
    t_{\max}^{\vec{x}}+\text{a\_b}
    >>> print(common(r"\begin{eqnarray}a&=&b\end{eqnarray}"), common(r"\matrix{a&b\cr c}"))
    \begin{array}{rcl}a&=&b\end{array} \begin{matrix}a&b\\c\end{matrix}
    """
    if len(tex) > _LONGEST or not _NEEDS.search(tex):
        return tex
    for step in _STEPS:
        tex = step(tex)
    return balanced(tex)


def _environments(tex: str) -> str:
    return _BEGIN.sub(lambda found: _ENVIRONMENTS[found[1], found[2]], tex)


def _old_tables(tex: str) -> str:
    at = 0
    for _ in range(_MOST):
        found = _OLD_TABLE.search(tex, at)
        if found is None:
            break
        end = closing_brace(tex, found.end() - 1)
        if end < 0:
            break
        body = _LAST_ROW.sub("", _CR.sub(r"\\\\", tex[found.end() : end]))
        name = _OLD[found[1]]
        at = found.start() + len(rf"\begin{{{name}}}")
        tex = rf"{tex[: found.start()]}\begin{{{name}}}{body}\end{{{name}}}{tex[end + 1 :]}"
    return tex


def _words(tex: str) -> str:
    r"""Return TeX with \text for other boxes, and in their words no sign that stands for itself."""
    out: list[str] = []
    at = 0
    while found := _TEXT.search(tex, at):
        end = closing_brace(tex, found.end() - 1)
        if end < 0:
            break
        body = tex[found.end() : end]
        if not _MATHEMATICS.search(body):
            body = _PLAIN.sub(_plain, body)
        out += [tex[at : found.end()], body, "}"]
        at = end + 1
    out.append(tex[at:])
    return _BOXES.sub(r"\\text", "".join(out))


def _plain(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return r"\textasciicircum " if found[2] == "^" else "\\" + found[2]


def _scripts(tex: str) -> str:
    braces: list[tuple[int, int, str]] = []  # where, in which order, which
    for found in islice(_BARE.finditer(tex), _MOST):
        name, end = found[2], found.end()
        if name in _TAKING:
            end = _argument(tex, end, _TAKING[name])
        elif name not in _ALONE:
            continue
        braces += [(found.end(1), 1, "{"), (end, 0, "}")]
    out: list[str] = []
    at = 0
    for place, _, brace in sorted(braces):
        out += [tex[at:place], brace]
        at = place
    out.append(tex[at:])
    return "".join(out)


def _argument(tex: str, at: int, count: int) -> int:
    """Return where some arguments end, with an optional one before them."""
    if tex.startswith("[", at):
        at = max(tex.find("]", at) + 1, at)
    for _ in range(count):
        while tex[at : at + 1].isspace():
            at += 1
        if tex.startswith("{", at):
            at = max(closing_brace(tex, at) + 1, at)
        elif (token := _TOKEN.match(tex, at)) and token.group() not in "}&":
            at = token.end()
    return at


def _shown(tex: str) -> str:
    at = 0
    for _ in range(_MOST):
        found = _SHOWING.search(tex, at)
        if found is None:
            break
        start, end = found.span()
        arguments: list[str] = []
        box = ""
        if found[1] == "bbox" and tex.startswith("[", end):
            box = tex[end : tex.find("]", end) + 1]
            end += len(box)
        count, shown = _SHOWN.get(found[1], (1, 0))
        for _ in range(count):
            while tex[end : end + 1].isspace():
                end += 1
            close = closing_brace(tex, end) if tex.startswith("{", end) else -1
            if close < 0:
                break
            arguments.append(tex[end + 1 : close])
            end = close + 1
        at = found.end()
        if len(arguments) < count:
            continue
        if found[1] == "toggle":
            end = max(tex.find(r"\endtoggle", end) + len(r"\endtoggle"), end)
        command = r"\boxed" if "border" in box else ""
        tex = f"{tex[:start]}{command}{{{arguments[shown]}}}{tex[end:]}"
        at = start
    return tex


def _signs(tex: str) -> str:
    tex = _UNICODE.sub(_character, tex)
    tex = _ROOT.sub(lambda found: rf"\sqrt[{found[1].strip('{} ')}]", tex)
    tex = _BUILDREL.sub(lambda found: rf"\overset{{{found[1].strip('{}')}}}", tex)
    tex = re.sub(r"\\(?:mathds|mathbbm)(?![A-Za-z])", r"\\mathbb", tex)
    return _NOTHING.sub(" ", tex)


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    char = chr(code) if code < 0x110000 else ""
    return rf"\text{{{char}}}" if char.isprintable() and char not in "\\{}$%&#_^~ " else found[0]


_STEPS: tuple[Callable[[str], str], ...] = (
    _signs, _shown, _old_tables, _environments, _words, _scripts,
)  # fmt: skip
