"""Renderings without their source -> MathML: spans of KaTeX and MathJax keep the structure."""

import re
from html import escape

from selectolax.lexbor import LexborNode

from cleaner.web.budget import OverBudget
from cleaner.web.formulas.runs import TEXT
from cleaner.web.mathml.symbols import SYMBOLS

_DEEPEST = 200  # elements; renderers need three to five for one level of a formula
_CODE = re.compile(r"mjx-c([0-9A-F]{2,6})\b")
_TOP = re.compile(r"top:\s*(-?\d{1,6}(?:\.\d{1,9})?)em")
_SHIFT = re.compile(r"translate\(\s*-?[\d.]+[ ,]+(-?\d{1,9}(?:\.\d{1,9})?)")
_LEAVES = frozenset(["mi", "mn", "mo", "mtext", "ms"])
_NOTHING = frozenset(
    str.split(
        "mjx-surd mjx-nstrut mjx-dstrut mjx-tstrut mjx-rstrut mjx-line mjx-spacer mjx-mspace "
        "mjx-mstrut mjx-speech mjx-assistive-mml mjx-strut mjx-lbox rect defs title desc style "
        "mjx-labels"
    )
)
_FENCES = frozenset(["mopen", "mclose", "minner", "delimsizing"])


def rendered_tex(node: LexborNode) -> str:
    """Return MathML for what KaTeX or MathJax drew, or "" where nothing can be told."""
    names = (node.attributes.get("class") or "").split()
    if "katex-html" in names:
        inside = "".join(_katex(child, 0) for child in _elements(node))
    elif (math := node.css_first("mjx-math")) is not None:
        inside = "".join(_mathjax(child, 0) for child in _elements(math))
    elif (math := node.css_first("[data-mml-node=math]")) is not None:
        inside = "".join(_drawn(child, 0) for child in _elements(math))
    else:
        return ""
    return f"<math>{inside}</math>" if inside else ""


def _elements(node: LexborNode) -> list[LexborNode]:
    return list(node.iter())


def _deeper(depth: int) -> int:
    if depth > _DEEPEST:
        raise OverBudget(f"over budget: a rendering nested deeper than {_DEEPEST}")
    return depth + 1


def _row(parts: list[str]) -> str:
    parts = [part for part in parts if part]
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


# ---- MathJax 3 and 4, CHTML: mjx-<element>, characters in the names of classes


def _mathjax(node: LexborNode, depth: int) -> str:
    depth = _deeper(depth)
    tag = node.tag or ""
    if tag in _NOTHING:
        return ""
    name = tag.removeprefix("mjx-")
    if name in _LEAVES:
        return f"<{name}>{escape(_characters(node), quote=False)}</{name}>"
    children = _elements(node)
    if name in ("msup", "msub", "msubsup", "munder", "mover", "munderover"):
        return _mathjax_scripts(node, name, children, depth)
    if name == "mfrac":
        parts = [_part(node, f"mjx-{which}", depth) for which in ("num", "den")]
        line = "" if node.css_first("mjx-line") is not None else ' linethickness="0"'
        return f"<mfrac{line}>{parts[0]}{parts[1]}</mfrac>"
    if name in ("msqrt", "mroot"):
        inside = _part(node, "mjx-box", depth)
        root = _part(node, "mjx-root", depth) if name == "mroot" else ""
        return f"<{name}>{inside}{root}</{name}>"
    body = "".join(_mathjax(child, depth) for child in children)
    if name in ("mtable", "mtr", "mtd", "mrow", "menclose", "mphantom"):
        return f"<{name}>{body}</{name}>"
    return f"<mrow>{body}</mrow>" if len(children) > 1 and name not in ("itable", "table") else body


def _mathjax_scripts(node: LexborNode, name: str, children: list[LexborNode], depth: int) -> str:
    script = next((child for child in children if child.tag == "mjx-script"), None)
    if script is not None:
        base = _row([_mathjax(child, depth) for child in children if child.tag != "mjx-script"])
        scripts = [made for child in _elements(script) if (made := _mathjax(child, depth))]
        if len(scripts) == 2:  # the upper one comes first
            return f"<msubsup>{base}{scripts[1]}{scripts[0]}</msubsup>"
        tag = {"munder": "msub", "mover": "msup"}.get(name, name)
        return f"<{tag}>{base}{''.join(scripts)}</{tag}>"
    base, under, over = (_part(node, f"mjx-{which}", depth) for which in ("base", "under", "over"))
    if not base:
        return _row([_mathjax(child, depth) for child in children])
    if under and over:
        return f"<munderover>{base}{under}{over}</munderover>"
    return f"<munder>{base}{under}</munder>" if under else f"<mover>{base}{over}</mover>"


def _part(node: LexborNode, tag: str, depth: int) -> str:
    found = node.css_first(tag)
    return (
        _row([_mathjax(child, depth) for child in _elements(found)])
        if found is not None
        else "<mrow></mrow>"
    )


def _characters(node: LexborNode) -> str:
    out: list[str] = []
    for inner in node.traverse(include_text=True):
        if inner.tag_id == TEXT:
            out.append(inner.text_content or "")
        elif (
            (names := inner.attributes.get("class"))
            and inner.tag != "mjx-mi"
            and (match := _CODE.search(names))
        ):
            if inner.tag not in ("mjx-c", "mjx-stretchy-v", "mjx-stretchy-h") or inner.text():
                continue
            out.append(chr(min(int(match.group(1), 16), 0x10FFFF)))
            if inner.tag != "mjx-c":
                break  # the parts of a long bracket
    return "".join(out).replace("\u2223", "|")  # the fonts have one bar for all uses


# ---- MathJax 3 and 4, SVG: data-mml-node, characters in data-c


def _drawn(node: LexborNode, depth: int) -> str:
    depth = _deeper(depth)
    attributes = node.attributes
    name = attributes.get("data-mml-node") or ""
    if node.tag in _NOTHING or name == "mspace":
        return ""
    if code := attributes.get("data-c"):
        return (
            escape(chr(min(int(code, 16), 0x10FFFF)), quote=False)
            if re.fullmatch(r"[0-9A-Fa-f]{1,6}", code)
            else ""
        )
    if node.tag == "text":
        return escape(node.text(), quote=False)
    children = _elements(node)
    if name in _LEAVES:
        return f"<{name}>{''.join(_drawn(child, depth) for child in children)}</{name}>"
    if name in ("msup", "msub", "msubsup", "munder", "mover", "munderover") and len(children) > 1:
        base, *scripts = children
        made = [(_height(script), _drawn(script, depth)) for script in scripts]
        lower = (
            _row([tex for height, tex in made if height < 0])
            if any(height < 0 for height, _ in made)
            else ""
        )
        upper = (
            _row([tex for height, tex in made if height >= 0])
            if any(height >= 0 for height, _ in made)
            else ""
        )
        under = name.startswith("mu") or name == "mover"
        tag = ("munderover" if lower and upper else "munder" if lower else "mover") if under else (
            "msubsup" if lower and upper else "msub" if lower else "msup")  # fmt: skip
        return f"<{tag}>{_drawn(base, depth)}{lower}{upper}</{tag}>"
    if name == "msqrt" or name == "mroot":
        inner = [child for child in children if child.tag == "g"]
        surd = next((at for at, child in enumerate(inner) if _surd(child)), len(inner))
        body = _row([_drawn(child, depth) for child in inner[:surd]])
        index = (
            _row([_drawn(child, depth) for child in inner[surd + 1 :]]) if name == "mroot" else ""
        )
        return f"<{name}>{body}{index}</{name}>"
    parts = [_drawn(child, depth) for child in children]
    if name == "mfrac":
        made_parts = [part for part in parts if part]
        return (
            f"<mfrac>{''.join(made_parts[:2])}</mfrac>"
            if len(made_parts) >= 2
            else _row(made_parts)
        )
    if name in ("mtable", "mtr", "mtd", "mrow"):
        return f"<{name}>{''.join(parts)}</{name}>"
    return _row(parts) if any(parts) else ""


def _surd(node: LexborNode) -> bool:
    return (
        node.attributes.get("data-mml-node") == "mo"
        and node.css_first("[data-c='221A']") is not None
    )


def _height(node: LexborNode) -> float:
    match = _SHIFT.search(node.attributes.get("transform") or "")
    return float(match.group(1)) if match else 0.0


# ---- KaTeX, HTML: classes say what is an operand, heights say what is above what


def _katex(node: LexborNode, depth: int) -> str:
    depth = _deeper(depth)
    names = (node.attributes.get("class") or "").split()
    if {
        "strut",
        "pstrut",
        "vlist-s",
        "nulldelimiter",
        "mspace",
        "hide-tail",
        "frac-line",
        "overline-line",
        "tag",
    } & set(names):
        return ""
    if node.tag in ("svg", "path"):
        return ""
    children = _elements(node)
    if "mfrac" in names:
        levels = _levels(node, depth)
        return f"<mfrac>{levels[0]}{levels[-1]}</mfrac>" if len(levels) >= 2 else "".join(levels)
    if "sqrt" in names:
        body = _row(_levels(node, depth))
        root = next(
            (
                child
                for child in children
                if "root" in (child.attributes.get("class") or "").split()
            ),
            None,
        )
        if root is not None:
            body = _row(_levels(children[-1], depth))
            return (
                f"<mroot>{body}{_row([_katex(child, depth) for child in _elements(root)])}</mroot>"
            )
        return f"<msqrt>{body}</msqrt>"
    if "op-limits" in names:
        levels = _levels(node, depth)
        if len(levels) == 3:
            return f"<munderover>{levels[1]}{levels[2]}{levels[0]}</munderover>"
        if len(levels) == 2:
            first_is_base = re.match(r"<mo>(?:[∑∏∫⋃⋂⨁⨂]|lim|max|min|sup|inf)", levels[0])
            return (
                f"<munder>{levels[0]}{levels[1]}</munder>"
                if first_is_base
                else f"<mover>{levels[1]}{levels[0]}</mover>"
            )
    if "accent" in names:
        levels = _levels(node, depth)
        if len(levels) == 2:
            return f"<mover>{levels[1]}{levels[0]}</mover>"
    if "mtable" in names:
        return _katex_table(children, depth)
    supsub = next(
        (child for child in children if "msupsub" in (child.attributes.get("class") or "").split()),
        None,
    )
    if supsub is not None:
        base = _row([_katex(child, depth) for child in children if child.mem_id != supsub.mem_id])
        return _katex_scripts(base, supsub, depth)
    if "text" in names:
        return f"<mtext>{escape(node.text(), quote=False)}</mtext>"
    if not children:
        return _katex_leaf(node, names)
    parts: list[str] = []
    child = node.first_child
    while child is not None:
        if child.tag_id == TEXT:
            text = (child.text_content or "").replace("\u200b", "")
            if text.strip():
                parts.append(_leaf(text, names))
        elif child.is_element_node:
            parts.append(_katex(child, depth))
        child = child.next
    return _row(parts) if any(parts) else ""


def _katex_scripts(base: str, supsub: LexborNode, depth: int) -> str:
    tops: list[float] = []
    levels = _levels(supsub, depth, tops)
    if len(levels) == 2:
        return f"<msubsup>{base}{levels[1]}{levels[0]}</msubsup>"
    if not levels:
        return base
    lower = (
        bool(tops) and tops[0] > -2.8
    )  # KaTeX sets powers at -3.063em and above, subscripts at -2.55em
    return f"<msub>{base}{levels[0]}</msub>" if lower else f"<msup>{base}{levels[0]}</msup>"


def _levels(node: LexborNode, depth: int, tops: list[float] | None = None) -> list[str]:
    """Return what lies one above the other, the highest first."""
    stack = node.css_first(".vlist")
    if stack is None:
        return [_row([_katex(child, depth) for child in _elements(node)])]
    found: list[tuple[float, str]] = []
    for level in _elements(stack):
        made = _row([_katex(child, depth) for child in _elements(level)])
        if made and made != "<mrow></mrow>":
            match = _TOP.search(level.attributes.get("style") or "")
            found.append((float(match.group(1)) if match else 0.0, made))
    found.sort(key=lambda level: level[0])
    if tops is not None:
        tops.extend(top for top, _ in found)
    return [made for _, made in found]


def _katex_table(columns: list[LexborNode], depth: int) -> str:
    cells = [_levels(column, depth) for column in columns
             if re.search(r"col-align", column.attributes.get("class") or "")]  # fmt: skip
    rows = max((len(column) for column in cells), default=0)
    body = "".join(
        "<mtr>"
        + "".join(f"<mtd>{column[at] if at < len(column) else ''}</mtd>" for column in cells)
        + "</mtr>"
        for at in range(rows)
    )
    return f"<mtable>{body}</mtable>"


def _katex_leaf(node: LexborNode, names: list[str]) -> str:
    text = node.text().replace("\u200b", "")
    return _leaf(text, names) if text else ""


def _leaf(text: str, names: list[str]) -> str:
    body = escape(text, quote=False)
    if "text" in names or "cjk_fallback" in names:
        return f"<mtext>{body}</mtext>"
    if {
        "mbin",
        "mrel",
        "mop",
        "mpunct",
        "mopen",
        "mclose",
        "op-symbol",
        "delimsizing",
        "accent-body",
    } & set(names):
        if "mrel" not in names:
            body = body.replace("\u2223", "|")
        return f"<mo>{body.strip()}</mo>"
    if text.strip().replace(".", "").isdigit():
        return f"<mn>{body.strip()}</mn>"
    variant = next(
        (
            f' mathvariant="{value}"'
            for name, value in (("mathbf", "bold"), ("mathbb", "double-struck"), ("mathcal",
            "script"),
                                ("mathfrak", "fraktur"), ("mathsf", "sans-serif"), ("mathtt",
                                "monospace"),
                                ("mathrm", "normal"), ("boldsymbol", "bold-italic"))
            if name in names
        ),
        "",
    )  # fmt: skip
    if not variant and "mathnormal" in names and text.isalpha():  # neighbours share one span
        return "".join(f"<mi>{char}</mi>" for char in text)
    if "mathnormal" not in names and not variant and len(text) == 1 and not text.isalnum():
        return f"<mo>{'|' if text == chr(0x2223) else body}</mo>"
    return f"<mi{variant}>{body.strip()}</mi>" if text.strip() else ""


# ---- the text of a rendering, with its TeX behind it

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
