"""TeX as pages write it -> TeX as we write it: one line, balanced, without delimiters."""

import re
from html import unescape

from cleaner.web.budget import TEX_LENGTH, OverBudget

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF]
)
_ODD = {
    **_INVISIBLE,
    **dict.fromkeys([0xA0, 0x2002, 0x2003, 0x2004, 0x2005, 0x2009, 0x200A, 0x202F, 0x3000], " "),
    0x2028: "\n",
    0x2029: "\n",
    0x2018: "`",
    0x2019: "'",
    0x2032: "'",
    0x2212: "-",
    0x2010: "-",
    0x2011: "-",
    0x0000: None,
    0xFFFC: None,
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CDATA = re.compile(r"%?\s*<!\[CDATA\[|%?\s*\]\]>")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*\n[ \t]*")
_BARE_PERCENT = re.compile(r"(?<!\\)((?:\\\\)*)%")
_BARE_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*)\$")
_LABEL = re.compile(
    r"\\(?:begingroup|endgroup)(?![a-zA-Z])|\\require\s*\{[^{}]*\}|\\label\s*\{[^{}]*\}"
    r"|\\(?:nonumber|notag)(?![a-zA-Z])"
)
_COUNTER = re.compile(r"\\PageIndex(?![A-Za-z])\s*\{?\s*([\w.]*)\s*\}?")  # of LibreTexts
_SPACES = re.compile(r"\s{2,}|[^\S ]")
_NEEDS = re.compile(
    r"[&%$<\x00-\x08\x0e-\x1f]|\\(?:begin|endgroup|require|label|nonumber|notag|PageIndex|\(|\[)|^\s*(?:\{"
    r"|\\(?:dis|te|scr))"
)
_LAYERS = 20  # delimiters within delimiters
_STYLE = re.compile(r"\\(?:displaystyle|textstyle|scriptstyle|scriptscriptstyle)(?![a-zA-Z])\s*")
_WRAPPED_ENV = re.compile(
    r"\\begin\s*\{(equation|displaymath|math|equationarray)(\*?)\}(.*)\\end\s*\{\1\2\}", re.S
)
_SHELL_ENV = re.compile(
    r"\\begin\s*\{(align|gather|flalign|alignat)(\*?)\}(.*)\\end\s*\{\1\2\}", re.S
)
_INNER_ENV = {
    "align": "aligned",
    "gather": "gathered",
    "flalign": "aligned",
    "alignat": "alignedat",
}
_TEXT_GROUP = re.compile(r"\\(text(?:rm|it|bf|sf|tt|normal)?|mbox|hbox)\s*\{")
_BRACE = re.compile(r"\\.|[{}]", re.S)
_BARE_BRACE = re.compile(r"[{}]")
_SIDE = re.compile(r"\\(left|right)(?![a-zA-Z])\s*(\\[a-zA-Z]+|\\.|[^\s\\])?", re.S)
_ENV = re.compile(r"\\(begin|end)\s*\{([^{}]*)\}")


def clean(tex: str) -> tuple[str, bool | None]:
    r"""Return the TeX inside all wrappings, and whether a wrapping says display; "" is no formula.

    >>> clean(r"\[ a &amp;lt; b \]")
    ('a < b', True)
    >>> clean(r"{\displaystyle x}")
    ('x', None)
    >>> clean(r"\begin{align} x &= 1 \label{a} \end{align}")
    ('\\begin{aligned} x &= 1 \\end{aligned}', True)
    """
    if len(tex) > TEX_LENGTH:
        raise OverBudget(f"over budget: a formula of more than {TEX_LENGTH:,} characters of TeX")
    if not tex.isascii():
        tex = tex.translate(_ODD)
    if not _NEEDS.search(tex):
        return _strip(balanced(_SPACES.sub(" ", tex))), None
    tex = entities(tex)
    if not tex.isascii():
        tex = tex.translate(_ODD)
    if "\\begin{document}" in tex:  # publishers write whole documents around a formula
        tex = tex.split("\\begin{document}", 1)[1].split("\\end{document}", 1)[0]
    tex = _CONTROL.sub("", tex)
    if "CDATA" in tex or "]]>" in tex:
        tex = _CDATA.sub("", tex)
    display: bool | None = None
    for _ in range(_LAYERS):
        tex = _strip(tex)
        inner, shown = _unwrapped(tex)
        if shown is not None:
            display = shown
        if inner == tex:
            break
        tex = inner
    if "%" in tex:
        tex = _BARE_PERCENT.sub(r"\1\\%", _COMMENT.sub(r"\1", tex))
    tex = _LABEL.sub("", tex)
    if "\\PageIndex" in tex:
        tex = _COUNTER.sub(r"\1", tex)
    if "$" in tex or r"\(" in tex:
        tex = _no_nested_math(tex)
        tex = _BARE_DOLLAR.sub(r"\1\\$", tex)
    return _strip(balanced(_SPACES.sub(" ", tex))), display


def entities(tex: str) -> str:
    """Return `tex` with character references resolved, doubly escaped ones too.

    >>> entities("a &amp;lt; b & c")
    'a < b & c'
    """
    for _ in range(2):
        if "&" not in tex:
            break
        tex = _ENTITY.sub(lambda match: unescape(match.group()), tex)
    return tex


def _strip(tex: str) -> str:
    r"""Strip white space, but leave the space of a final "\ "."""
    stripped = tex.strip()
    if stripped.endswith("\\") and (len(stripped) - len(stripped.rstrip("\\"))) % 2:
        stripped += " "
    return stripped


def _unwrapped(tex: str) -> tuple[str, bool | None]:
    r"""Return `tex` less one layer of delimiters, style or environment, and if it is a display."""
    if tex.startswith("$$") and tex.endswith("$$") and len(tex) > 4 and "$$" not in tex[2:-2]:
        return tex[2:-2], True
    if tex.startswith("$") and tex.endswith("$") and len(tex) > 2 and _lone(tex[1:-1], "$"):
        return tex[1:-1], False
    if tex.startswith(r"\(") and tex.endswith(r"\)") and r"\)" not in tex[2:-2]:
        return tex[2:-2], False
    if tex.startswith(r"\[") and tex.endswith(r"\]") and r"\]" not in tex[2:-2].replace("\\\\", ""):
        return tex[2:-2], True
    if tex.startswith("{") and tex.endswith("}") and _STYLE.match(tex, 1) and _one_group(tex):
        return _STYLE.sub("", tex[1:-1], count=1), None
    if tex.startswith("\\") and (style := _STYLE.match(tex)):
        return tex[style.end() :], None
    if tex.startswith(r"\begin"):
        if (
            match := _WRAPPED_ENV.fullmatch(tex)
        ) and rf"\begin{{{match.group(1)}" not in match.group(3):
            return match.group(3), match.group(1) != "math"
        if (match := _SHELL_ENV.fullmatch(tex)) and rf"\begin{{{match.group(1)}" not in match.group(
            3
        ):
            inner = _INNER_ENV[match.group(1)]
            return rf"\begin{{{inner}}}{match.group(3)}\end{{{inner}}}", True
        if tex.startswith((r"\begin{eqnarray", r"\begin{multline")):
            return tex.replace("*}", "}"), True
    return tex, None


def _lone(body: str, sign: str) -> bool:
    """Say whether `body` holds no unescaped `sign` outside braces."""
    depth, index = 0, 0
    while index < len(body):
        char = body[index]
        if char == "\\":
            index += 2
            continue
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        elif char == sign and depth <= 0:
            return False
        index += 1
    return True


def _one_group(tex: str) -> bool:
    """Say whether the first brace of `tex` closes with its last character."""
    depth = 0
    for match in _BRACE.finditer(tex):
        if match.group() == "{":
            depth += 1
        elif match.group() == "}":
            depth -= 1
            if depth == 0:
                return match.end() == len(tex)
    return False


def _no_nested_math(tex: str) -> str:
    r"""Return `tex` with mathematics inside \text{...} moved out of it.

    >>> print(_no_nested_math(r"\text{if $x>0$ then}"))
    \text{if }x>0\text{ then}
    """
    out: list[str] = []
    at = 0
    while match := _TEXT_GROUP.search(tex, at):
        end = closing_brace(tex, match.end() - 1)
        if end < 0:
            break
        body = tex[match.end() : end]
        pieces = re.split(r"(?<!\\)\$((?:[^$\\]|\\.)+)\$|\\\((.+?)\\\)", body, flags=re.S)
        out.append(tex[at : match.start()])
        for index in range(0, len(pieces), 3):
            if pieces[index] or len(pieces) == 1:
                out.append(f"\\{match.group(1)}{{{pieces[index]}}}")
            if index + 1 < len(pieces):
                out.append(pieces[index + 1] or pieces[index + 2] or "")
        at = end + 1
    out.append(tex[at:])
    return "".join(out)


def closing_brace(tex: str, start: int) -> int:
    """Return where the brace at `start` closes, or -1.

    >>> closing_brace("{a{b}}", 0)
    5
    """
    depth = 0
    for match in _BRACE.finditer(tex, start):
        sign = match.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return match.start()
    return -1


def balanced(tex: str) -> str:
    r"""Return `tex` with braces, \left and \right, and environments in pairs.

    >>> balanced("x^{2"), balanced("a}+b"), balanced(r"\left( x")
    ('x^{2}', 'a+b', '( x')
    """
    if tex.endswith("\\") and (len(tex) - len(tex.rstrip("\\"))) % 2:
        tex += " "  # or it would escape what is added
    if "{" in tex or "}" in tex:
        tex = _braces(tex)
    if "\\left" in tex or "\\right" in tex:
        tex = _sides(tex)
    if "\\begin" in tex or "\\end" in tex:
        tex = _environments(tex)
    return tex


def _braces(tex: str) -> str:
    escaped = "\\{" in tex or "\\}" in tex
    if not escaped and _in_pairs(tex):
        return tex
    depth, extra = 0, []
    for match in (_BRACE if escaped else _BARE_BRACE).finditer(tex):
        sign = match.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            if depth:
                depth -= 1
            else:
                extra.append(match.start())
    for at in reversed(extra):
        tex = tex[:at] + tex[at + 1 :]
    return tex + "}" * depth


def _in_pairs(tex: str) -> bool:
    """Say whether all braces of a formula pair, none of them escaped."""
    depth = 0
    *groups, rest = tex.split("}")
    for group in groups:
        depth += group.count("{") - 1
        if depth < 0:
            return False
    return depth + rest.count("{") == 0


def _sides(tex: str) -> str:
    r"""Drop every \left and \right unless each pairs with the other in the same group."""
    groups: list[int] = [0]
    for match in re.finditer(r"\\(?:left|right)(?![a-zA-Z])|\\.|[{}&]", tex, re.S):
        sign = match.group()
        if sign == "{":
            groups.append(0)
        elif sign == "}":
            if len(groups) < 2 or groups.pop():
                break
        elif sign == "\\left":
            groups[-1] += 1
        elif sign == "\\right":
            groups[-1] -= 1
            if groups[-1] < 0:
                break
    else:
        if not any(groups):
            return tex
    return _SIDE.sub(lambda match: (match.group(2) or "") if match.group(2) != "." else "", tex)


def _environments(tex: str) -> str:
    open_: list[str] = []
    out: list[str] = []
    at = 0
    for match in _ENV.finditer(tex):
        which, name = match.groups()
        out.append(tex[at : match.start()])
        at = match.end()
        if which == "begin":
            open_.append(name)
        elif name in open_:
            while open_[-1] != name:
                out.append(rf"\end{{{open_.pop()}}}")
            open_.pop()
        else:
            continue  # an \end without a \begin
        out.append(match.group())
    out.append(tex[at:])
    out.extend(rf"\end{{{name}}}" for name in reversed(open_))
    return "".join(out)
