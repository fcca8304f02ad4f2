"""Subscripts, powers, limits, accents; a function for each element, of its name."""

import re
from copy import deepcopy
from typing import Any

from lxml import etree

from cleaner.web.mathml.nodes import Converter, core_of, joined, sign_of, text_of
from cleaner.web.mathml.symbols import FUNCTIONS, LIMIT_NAMES, LIMITS, NAMED, OVER, UNDER

_ATOM = re.compile(
    r"(?:[A-Za-z]|\\[A-Za-z]+|\\[^A-Za-z]|\d+(?:\.\d+)?|[^\W\d_]|['|!()\[\]])"
    r"|\\(?:mathrm|mathbf|mathit|mathcal|mathbb|mathfrak|mathsf|mathtt|boldsymbol|text"
    r"|operatorname\*?|hat|bar|vec"
    r"|tilde|dot|ddot|overline|underline|widehat|widetilde|overrightarrow|mathring|check|breve)"
    r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_PRIMES = re.compile(r"'+|(?:\\prime)+")
_LINES = re.compile(r"\\begin\{(matrix|gathered)\}(.*)\\end\{\1\}", re.S)
_ARROWS = {
    **dict.fromkeys("→⟶", "xrightarrow"),
    **dict.fromkeys("←⟵", "xleftarrow"),
    **dict.fromkeys("↔⟷", "xleftrightarrow"),
    **dict.fromkeys("⇒⟹", "xRightarrow"),
    "⇌": "xrightleftharpoons",
}


def msub(to: Converter, node: Any) -> str:
    base, under = parts(to, node, 2)
    return with_scripts(to, base_tex(to, base), script_tex(to, under), "")


def msup(to: Converter, node: Any) -> str:
    base, over = parts(to, node, 2)
    return with_scripts(to, base_tex(to, base), "", script_tex(to, over))


def msubsup(to: Converter, node: Any) -> str:
    base, under, over = parts(to, node, 3)
    return with_scripts(to, base_tex(to, base), script_tex(to, under), script_tex(to, over))


def munder(to: Converter, node: Any) -> str:
    base, under = parts(to, node, 2)
    return limits(to, base, under, None)


def mover(to: Converter, node: Any) -> str:
    base, over = parts(to, node, 2)
    return limits(to, base, None, over)


def munderover(to: Converter, node: Any) -> str:
    return limits(to, *parts(to, node, 3))


def mmultiscripts(to: Converter, node: Any) -> str:
    children = [child for child in node if isinstance(child.tag, str)]
    if not children:
        return ""
    base, scripts = children[0], children[1:]
    split = next(
        (at for at, child in enumerate(scripts) if child.tag == "mprescripts"), len(scripts)
    )
    after, before = scripts[:split], scripts[split + 1 :]
    out = "".join(
        "{}" + with_scripts(to, "", *pair(to, before, at))[2:] for at in range(0, len(before), 2)
    )
    first = pair(to, after, 0)
    out = joined([out, with_scripts(to, to.tex(base), *first)])
    for at in range(2, len(after), 2):
        out += "{}" + with_scripts(to, "", *pair(to, after, at))[2:]
    return out


def pair(to: Converter, scripts: list[Any], at: int) -> tuple[str, str]:
    pair = [*scripts[at : at + 2], None, None][:2]
    return script_tex(to, pair[0]), script_tex(to, pair[1])


def with_scripts(to: Converter, base: str, under: str, over: str) -> str:
    """Return a base with subscript and superscript; primes stand before both."""
    out = based(base)
    below = f"_{{{under}}}" if under else ""
    prime = _PRIMES.match(over) if over else None
    if prime and (len(over) == prime.end() or over[prime.end()] != "{"):
        rest = over[prime.end() :].strip()
        if rest and under:  # the prime and the power are one superscript
            return f"{out}{below}^{{\\prime {rest}}}"
        out += "'" * (prime.group().count("'") + prime.group().count("prime"))
        over = rest
    return out + below + (f"^{{{over}}}" if over else "")


def script_tex(to: Converter, node: Any) -> str:
    if node is None or node.tag == "none":
        return ""
    tex = to.tex(node).strip()
    if tex == r"^{\circ}":
        return r"\circ"
    if (lines := _LINES.fullmatch(tex)) and r"\begin" not in lines[2] and "&" not in lines[2]:
        return rf"\substack{{{lines[2]}}}"
    if tex.startswith("^{") and tex.endswith("}"):  # ² as a superscript
        return tex[2:-1] if tex.count("{") == 1 else tex
    return r"\circ" if tex in ("0", "o") and (node.text or "").strip() in ("°", "º", "˚") else tex


def parts(to: Converter, node: Any, count: int) -> list[Any]:
    children = [child for child in node if isinstance(child.tag, str)]
    if len(children) > count:  # KaTeX says within scripts, too, that a name is applied
        children = [child for child in children if child.tag != "mo" or text_of(child)]
    if extra := children[: len(children) - count + 1][1:]:  # broken markup: a row lacks its mrow
        row = etree.Element("mrow")
        row.extend(deepcopy(child) for child in [children[0], *extra])
        return [row, *children[len(children) - count + 1 :]]
    return children + [None] * (count - len(children))


def base_tex(to: Converter, node: Any) -> str:
    return to.tex(node) if node is not None else ""


def limits(to: Converter, base: Any, under: Any, over: Any) -> str:
    if base is None:
        return ""
    tex = to.tex(base)
    below, above = script_tex(to, under), script_tex(to, over)
    if is_limit(base, tex) and not is_accented(base, over):
        if base.tag == "mtext" or tex.startswith((r"\mathrm", r"\text", r"\operatorname{")):
            word = text_of(base)
            tex = NAMED.get(word) or rf"\operatorname*{{{word}}}" if word.isascii() else tex
        return with_scripts(to, tex, below, above)
    core = core_of(base)
    arrow = _ARROWS.get(sign_of(core))
    if arrow and (below or above):
        return rf"\{arrow}" + (f"[{below}]" if below else "") + f"{{{above}}}"
    if over is not None and core_of(over).tag != "mspace":  # a space above keeps lines apart
        tex = over_tex(to, tex, core, over, above)
    if under is not None:
        tex = under_tex(to, tex, core, under, below)
    return tex


def is_accented(base: Any, over: Any) -> bool:
    """Say whether what stands over a name or a word is an accent, not a limit."""
    if over is None or text_of(over) not in OVER or core_of(over).tag != "mo":
        return False
    return text_of(core_of(base)) not in LIMITS


def over_tex(to: Converter, tex: str, core: Any, over: Any, above: str) -> str:
    if tex.startswith((r"\overbrace{", r"\overbracket{")):
        return f"{tex}^{{{above}}}"
    sign = text_of(over)
    pair = OVER.get(sign)
    if pair and not (sign in ("→", "←") and sign_of(core) in ("=", "<", ">")):
        one = re.fullmatch(
            r"[A-Za-z]|\\[A-Za-z]+|\\(?:mathbf|mathrm|mathcal|mathbb|boldsymbol)\{[^{}]+\}|\d",
            tex,
        )
        return rf"\{pair[0] if one else pair[1]}{{{tex}}}"
    if sign in ("⌢", "⏜", "︵", "\u0311"):
        return rf"\overset{{\frown}}{{{tex}}}"
    return rf"\overset{{{above}}}{{{tex}}}" if above else tex


def under_tex(to: Converter, tex: str, core: Any, under: Any, below: str) -> str:
    if tex.startswith((r"\underbrace{", r"\underbracket{")):
        return f"{tex}_{{{below}}}"
    name = UNDER.get(text_of(under))
    if name:
        return rf"\{name}{{{tex}}}"
    return rf"\underset{{{below}}}{{{tex}}}" if below else tex


def is_limit(base: Any, tex: str) -> bool:
    core = core_of(base)
    word = text_of(core) if core.tag in ("mo", "mi", "mtext", "mrow", "mn") else ""
    if word in LIMITS or word in LIMIT_NAMES:
        return True
    if core.tag in ("msub", "msup", "msubsup"):
        return False
    if core.tag in ("mo", "mi") and (core.get("movablelimits") or "").lower() == "true":
        return True
    if tex.startswith(r"\operatorname") or (tex.startswith("\\") and tex[1:] in FUNCTIONS):
        return True
    return (
        core.tag in ("mo", "mi", "mtext")
        and len(word) > 2
        and word.isascii()
        and word.replace(" ", "").isalpha()
    )


def based(base: str) -> str:
    r"""Return a base that can carry scripts: one atom, a fenced row, or a group.

    >>> based("x"), based("x+1"), based("(a+b)"), based("")
    ('x', '{x+1}', '(a+b)', '{}')
    """
    base = base.strip()
    if not base:
        return "{}"
    if _ATOM.fullmatch(base) or enclosed(base):
        return base
    return f"{{{base}}}"


def enclosed(tex: str) -> bool:
    for opening, closing in (
        ("(", ")"),
        ("[", "]"),
        (r"\left(", r"\right)"),
        (r"\left[", r"\right]"),
    ):
        if tex.startswith(opening) and tex.endswith(closing):
            body = tex[len(opening) : -len(closing)]
            if closing[-1] not in body and opening[-1] not in body:
                return True
    if tex.startswith(r"\left") and tex.endswith((r"\right|", r"\right)", r"\right]", r"\right\}")):
        return tex.count(r"\left") == 1
    return (
        tex.startswith(r"\begin{")
        and tex.count(r"\begin{") == 1
        and re.fullmatch(r".*\\end\{\w+\}", tex, re.S) is not None
    )
