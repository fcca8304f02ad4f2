r"""MathML -> LaTeX, presentation markup whole; content markup goes through `mathml_content`."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from lxml import etree

from cleaner.web.budget import MATHML_DEPTH, MATHML_NODES, OverBudget, Work
from cleaner.web.mathml_content import CONTENT, presentation
from cleaner.web.mathml_symbols import (
    ALPHABET,
    ENTITIES,
    FUNCTIONS,
    LIMIT_NAMES,
    LIMITS,
    NAMED,
    OVER,
    SYMBOLS,
    UNDER,
    VARIANTS,
)
from cleaner.web.tex import clean

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{0,40});?|&(?!#)")
_PREAMBLE = re.compile(r"<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>|<!--.*?-->", re.S | re.I)
_UNFINISHED = re.compile(r"<!--.*|<!DOCTYPE.*", re.S | re.I)
_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*:)?([A-Za-z][\w.-]*)")
_NAMESPACE = re.compile(
    r"""\s(?:xmlns(?::[\w.-]+)?\s*=\s*(?:"[^"]*"|'[^']*')|[\w.-]+:[\w.-]+(?=\s*=))"""
)
_TEX_ENCODING = re.compile(r"(?:^|[/x-])(?:la)?tex(?:$|[;\s])", re.I)
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_LETTER_COMMAND = re.compile(r"\\[A-Za-z]+\Z")
_ATOM = re.compile(
    r"(?:[A-Za-z]|\\[A-Za-z]+|\\[^A-Za-z]|\d+(?:\.\d+)?|[^\W\d_]|['|!()\[\]])"
    r"|\\(?:mathrm|mathbf|mathit|mathcal|mathbb|mathfrak|mathsf|mathtt|boldsymbol|text"
    r"|operatorname\*?|hat|bar|vec"
    r"|tilde|dot|ddot|overline|underline|widehat|widetilde|overrightarrow|mathring|check|breve)"
    r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_PRIMES = re.compile(r"'+|(?:\\prime)+")
_RM_ROW = re.compile(r"\\mathrm\{([A-Za-z])\}(?:\\mathrm\{([A-Za-z])\})+")
# U+2329 and U+3008 are older angle brackets than U+27E8.
_PAIRS = dict(zip("([{⟨⌈⌊\u2329\u3008⟦", ")]}⟩⌉⌋\u232a\u3009⟧", strict=True))
_CLOSING = {close: opening for opening, close in _PAIRS.items()}
_BARS = ("|", "‖", "∥", "∣")
_FENCE = dict(
    zip(
        str.split(
            "( ) [ ] { } | ∣ ‖ ∥ || ⟨ ⟩ \u2329 \u232a \u3008 \u3009 < > ⌈ ⌉ ⌊ ⌋ / \\ ⟦ ⟧ ↑ ↓"
        ),
        str.split(
            r"( ) [ ] \{ \} | | \| \| \|"
            + 4 * r" \langle \rangle"
            + r" \lceil \rceil \lfloor \rfloor / \backslash"
            + r" \llbracket \rrbracket \uparrow \downarrow"
        ),
        strict=True,
    )
) | {"": "."}
_MATRIX = {
    ("(", ")"): "pmatrix",
    ("[", "]"): "bmatrix",
    ("{", "}"): "Bmatrix",
    **{(bar, bar): "vmatrix" for bar in "|∣"},
    **{(bar, bar): "Vmatrix" for bar in ("‖", "∥", "||")},
}
_TALL = re.compile(
    r"\\(?:frac|dfrac|sum|prod|int|oint|iint|bigcup|bigcap|begin|binom|sqrt|underbrace|overbrace"
    r"|left|underset"
    r"|overset|genfrac|coprod|bigoplus)(?![A-Za-z])"
)
_ARROWS = {
    **dict.fromkeys("→⟶", "xrightarrow"),
    **dict.fromkeys("←⟵", "xleftarrow"),
    **dict.fromkeys("↔⟷", "xleftrightarrow"),
    **dict.fromkeys("⇒⟹", "xRightarrow"),
    "⇌": "xrightleftharpoons",
}
_TEXT_ESCAPES = str.maketrans(
    {
        **{char: "\\" + char for char in "{}$%#_&"},
        "\\": r"\textbackslash{}",
        "^": r"\^{}",
        "~": r"\~{}",
        **dict.fromkeys("\u00a0\n\t\r", " "),
        **dict.fromkeys("\u200b\u2061\u2062\u2063"),
    }
)
_STYLES = frozenset(
    str.split("mrow mstyle mpadded merror maction semantics math mtd mtr mlabeledtr")
)


def mathml_to_latex(markup: str, annotated: bool = True, work: Work | None = None) -> str:
    r"""Return LaTeX for one formula in MathML, given as XML or as HTML has it; "" if there is none.

    A TeX annotation or alternative text is taken before the markup is converted, unless `annotated`
    is false. No entity is expanded but those with names of characters, nothing is fetched.

    >>> mathml_to_latex("<math><msup><mi>x</mi><mn>2</mn></msup><mo>&le;</mo><mi>&pi;</mi></math>")
    'x^{2}\\le\\pi'
    """
    root = _parse(markup)
    if root is None:
        return ""
    count = 0
    for count, _ in enumerate(root.iter(), 1):
        if count > MATHML_NODES:
            raise OverBudget(f"over budget: a formula of more than {MATHML_NODES} MathML elements")
    if work is not None:
        work.spend(count)
    if annotated and (tex := _annotation(root)):
        return tex
    return _Converter().formula(root)


def tex_alternative(text: str | None) -> str:
    """Return the alternative text of a formula if it is TeX, not words; else "".

    >>> tex_alternative("x_1"), tex_alternative("x sub one")
    ('x_1', '')
    """
    if not text or not text.strip():
        return ""
    text = text.strip()
    if re.search(r"\\[A-Za-z]+|\\[{}|,;]|[_^]", text):
        return clean(text)[0]
    if re.search(r"[A-Za-z]{2,}\s+[A-Za-z]{2,}|[A-Za-z]{4,}", text) or _WIDE.search(text):
        return ""
    return clean(text)[0]


def _parse(markup: str) -> Any:
    markup = _PREAMBLE.sub("", markup)
    if "<!" in markup:
        markup = _UNFINISHED.sub("", markup.replace("<![CDATA[", "").replace("]]>", ""))
    start = markup.find("<")
    if start < 0:
        return None
    if "&" in markup:
        markup = _ENTITY.sub(_character, markup)
    markup = _NAMESPACE.sub(lambda match: "" if "=" in match.group() else " x", markup[start:])
    markup = _TAG.sub(lambda match: "<" + match.group(1) + match.group(3).lower(), markup)
    if not markup.startswith("<math"):
        markup = f"<math>{markup}</math>"
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(_sendable(markup), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _sendable(markup: str) -> bytes:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", markup).encode("utf-8", "ignore")


def _character(match: re.Match[str]) -> str:
    name = match.group(1)
    if name is None:
        return "&amp;"
    if name in ("lt", "gt", "amp", "quot", "apos"):
        return f"&{name};"
    value = ENTITIES.get(name)
    if value is None:
        return "" if match.group().endswith(";") else "&amp;" + name
    return value.replace("&", "&amp;").replace("<", "&lt;")


def _annotation(root: Any) -> str:
    for node in root.iter("annotation"):
        if _TEX_ENCODING.search(node.get("encoding") or "") and (
            tex := clean("".join(node.itertext()))[0]
        ):
            return tex
    for name in ("alttext", "data-latex", "data-tex", "latex"):
        if (value := root.get(name)) and (
            tex := tex_alternative(value) if name == "alttext" else clean(value)[0]
        ):
            return tex
    return ""


def joined(parts: Sequence[str]) -> str:
    r"""Join pieces of TeX, with a space where a command would run into a letter.

    >>> joined([r"\alpha", "x", r"\beta", "1"])
    '\\alpha x\\beta1'
    """
    out: list[str] = []
    last = ""
    for part in parts:
        if not part:
            continue
        if (
            last
            and part[0].isalpha()
            and part[0].isascii()
            and last[-1].isalpha()
            and _LETTER_COMMAND.search(last)
        ):
            out.append(" ")
        elif last and part[0] == " " and last[-1] == " ":
            part = part[1:]
            if not part:
                continue
        out.append(part)
        last = part
    return "".join(out)


class _Converter:
    """Converts one formula; each method `_<element>` gives the TeX of one kind of element."""

    def __init__(self) -> None:
        self.depth = 0

    def formula(self, root: Any) -> str:
        if len(root) == 0:  # <math>\frac{a}{b}</math>: TeX in a MathML element
            text = (root.text or "").strip()
            return clean(text)[0] if "\\" in text or re.search("[_^]", text) else self._raw(text)
        tex = self.row(list(root)) if root.tag == "math" else self.tex(root)
        texts = [root.text, *(child.tail for child in root)]
        if any(text and text.strip() for text in texts):
            tex = joined([self._raw(root.text or ""), *(self._with_tail(child) for child in root)])
        tex = _RM_ROW.sub(_merged, tex)
        return clean(tex)[0]

    def _with_tail(self, node: Any) -> str:
        return joined([self.tex(node), self._raw(node.tail or "")])

    def _raw(self, text: str) -> str:
        text = text.strip()
        return clean(text)[0] if "\\" in text else "".join(self._chars(text)) if text else ""

    def tex(self, node: Any) -> str:
        """Return the TeX of one element."""
        tag = node.tag
        if not isinstance(tag, str):
            return ""
        self.depth += 1
        if self.depth > MATHML_DEPTH:
            raise OverBudget(f"over budget: MathML nested deeper than {MATHML_DEPTH}")
        try:
            handler = _HANDLERS.get(tag)
            if handler is not None:
                return handler(self, node)
            if tag in CONTENT:
                return self._content(node)
            return self.row(list(node)) if len(node) else self._chars_of(node)
        finally:
            self.depth -= 1

    def _content(self, node: Any) -> str:
        made = presentation(node)
        return self.tex(made) if made is not None else ""

    # ---- rows: fences, tables within them, primes, functions

    def row(self, nodes: Sequence[Any]) -> str:
        """Return the TeX of elements in a row."""
        nodes = [node for node in nodes if isinstance(node.tag, str)]
        if len(nodes) == 1:
            return self.tex(nodes[0])
        nodes = _flat(nodes)
        partner = _partners(nodes)
        out: list[str] = []
        index, end = 0, len(nodes)
        while index < end:
            node = nodes[index]
            if index in partner:
                text, index = self._fenced_at(nodes, index, partner[index])
                out.append(text)
                continue
            sign = _sign(node)
            if sign == "{" and index + 1 < end and _core(nodes[index + 1]).tag == "mtable":
                out.append(self._cases(_core(nodes[index + 1]), "{", ""))
                index += 2
                continue
            if node.tag == "mtable" and index + 1 < end and _sign(nodes[index + 1]) == "}":
                out.append(self._cases(node, "", "}"))
                index += 2
                continue
            following = nodes[index + 1] if index + 1 < end else None
            out.append(self._followed(node, following))
            index += 1
        return joined(out)

    def _followed(self, node: Any, following: Any) -> str:
        r"""Return the TeX of `node`; a word before U+2061 is an operator's name."""
        if node.tag == "mi" and following is not None and following.tag == "mo":
            word = _words(node)
            if (
                (following.text or "").strip() == "\u2061"
                and len(word) > 1
                and word.isalpha()
                and word.isascii()
            ):
                return NAMED.get(word) or rf"\operatorname{{{word}}}"
        return self.tex(node)

    def _fenced_at(self, nodes: list[Any], start: int, end: int) -> tuple[str, int]:
        opening, closing = _sign(nodes[start]), _sign(nodes[end])
        inner = nodes[start + 1 : end]
        if len(inner) == 1:
            core = _core(inner[0])
            if core.tag == "mtable":
                return self._fenced_table(core, opening, closing), end + 1
            if core.tag == "mfrac" and _no_line(core) and (opening, closing) == ("(", ")"):
                return self._binomial(core), end + 1
        body = self.row(inner)
        return self._fence(opening, body, closing), end + 1

    def _fence(self, opening: str, body: str, closing: str) -> str:
        left, right = _FENCE.get(opening, opening), _FENCE.get(closing, closing)
        if opening and closing and not _TALL.search(body):
            return joined([left, body, right])
        return joined([r"\left" + left, body, r"\right" + right])

    def _fenced_table(self, table: Any, opening: str, closing: str) -> str:
        name = _MATRIX.get((opening, closing))
        if name and not _lines(table):
            return self._environment(name, table)
        if opening == "{" and not closing:
            return self._cases(table, "{", "")
        left, right = _FENCE.get(opening, opening), _FENCE.get(closing, closing)
        return joined([r"\left" + left, self._array(table), r"\right" + right])

    def _cases(self, table: Any, opening: str, closing: str) -> str:
        rows = self._rows(table)
        if opening == "{" and max((len(row) for row in rows), default=0) <= 2:
            return r"\begin{cases}" + _table_body(rows) + r"\end{cases}"
        left, right = _FENCE.get(opening, "."), _FENCE.get(closing, ".")
        return joined([r"\left" + left, self._array(table), r"\right" + right])

    # ---- leaves

    def _chars_of(self, node: Any) -> str:
        return "".join(self._chars("".join(node.itertext()).strip()))

    def _chars(self, text: str, variant: str = "") -> list[str]:
        """Return the TeX of each character; runs of Chinese and the like become one \\text."""
        text = unicodedata.normalize("NFC", text)
        out: list[str] = []
        words = ""
        for char in text:
            code = ord(char)
            if 0xFF01 <= code <= 0xFF5E:
                char = chr(code - 0xFEE0)
            tex = self._char(char, variant)
            if tex is None:
                words += char
                continue
            if words:
                out.append(rf"\text{{{words}}}")
                words = ""
            out.append(tex)
        if words:
            out.append(rf"\text{{{words}}}")
        return [joined(out)]

    def _char(self, char: str, variant: str) -> str | None:
        if char in ALPHABET:
            char, variant = ALPHABET[char]
            if variant == "italic":
                variant = ""
        if char.isascii():
            tex = char if char.isalnum() else SYMBOLS.get(char, char)
        else:
            found = SYMBOLS.get(char)
            if found is None:
                if unicodedata.combining(char):
                    return ""
                return None if char.isalpha() or code_is_text(char) else char
            tex = found
        return _styled(tex, variant, char) if variant else tex

    def _mi(self, node: Any) -> str:
        if len(node):
            return self._mixed(node)
        word = _words(node)
        variant = _variant(node)
        if len(word) <= 1:
            return "".join(self._chars(word, "" if variant == "italic" else variant))
        if "\\" in word:
            return clean(word)[0]
        if word in NAMED and variant in ("", "normal"):
            return NAMED[word]
        if word.isascii() and re.fullmatch(r"[A-Za-z][A-Za-z0-9 .'-]*", word):
            if variant in ("", "normal"):
                return rf"\mathrm{{{word.replace(' ', '~')}}}"
            return _styled(word, variant, word)
        return "".join(self._chars(word, "" if variant in ("normal", "italic") else variant))

    def _mn(self, node: Any) -> str:
        if len(node):
            return self._mixed(node)
        word = _words(node)
        variant = _variant(node)
        if word.isdigit() and word.isascii():
            return word if variant in ("", "normal") else _styled(word, variant, word)
        return "".join(self._chars(word, "" if variant in ("normal", "italic") else variant))

    def _mo(self, node: Any) -> str:
        if len(node):
            return self._mixed(node)
        word = _words(node)
        if len(word) <= 1:
            variant = _variant(node)
            if word == "∣" and (node.get("stretchy") == "false" or node.get("fence") == "true"):
                return "|"  # a bar around something, not between two
            if not word and (node.text or "").strip(" \n\t\r"):
                return r"\ " if "\u00a0" in (node.text or "") else ""
            return "".join(self._chars(word, "bold-italic" if "bold" in variant else ""))
        if word in NAMED:
            return (
                rf"\operatorname{{{word}}}" if word == "mod" and node.get("form") else NAMED[word]
            )
        if re.fullmatch(r"[A-Za-z][A-Za-z .-]*", word):
            name = word.replace(" ", "~")
            return rf"\operatorname{{{name}}}" if len(word) > 1 else word
        if "\\" in word and re.search(r"\\[A-Za-z]", word):
            return clean(word)[0]
        return "".join(self._chars(word))

    def _mixed(self, node: Any) -> str:
        """Return the TeX of a leaf that has elements within it, as broken markup does."""
        parts = [self._raw(node.text or "")]
        parts += [self._with_tail(child) for child in node]
        return joined(parts)

    def _mtext(self, node: Any) -> str:
        if any(isinstance(child.tag, str) and child.tag in _HANDLERS for child in node):
            return self._mixed(node)
        text = "".join(node.itertext())
        stripped = text.strip(" \n\t\r\u00a0\u200b")
        if not stripped:
            return r"\ " if "\u00a0" in text or " " in text or "\u2003" in text else ""
        if re.fullmatch(r"\\[A-Za-z]+(?:\{[^{}]*\})*", stripped):
            return stripped  # a command that the renderer did not know
        if re.fullmatch(r"[-+*/=<>≤≥,;:.()\[\]|0-9\u2190-\u22ff\s]+", stripped):
            return "".join(self._chars(stripped))
        text = unicodedata.normalize("NFC", re.sub(r"[\s\u00a0]+", " ", text))
        parts: list[str] = []
        for index, piece in enumerate(re.split(r"([\u0370-\u03ff\u2100-\u22ff]+)", text)):
            if index % 2 and all(char in SYMBOLS for char in piece):
                parts.append("".join(self._chars(piece)))  # a Greek letter or sign is mathematics
            elif piece:
                parts.append(self._words_in_text(piece, _variant(node)))
        return joined(parts)

    def _words_in_text(self, text: str, variant: str) -> str:
        plain = "".join(ALPHABET.get(char, (char, ""))[0] for char in text)
        name = {
            "bold": "textbf",
            "italic": "textit",
            "monospace": "texttt",
            "sans-serif": "textsf",
        }.get(variant, "text")
        return rf"\{name}{{{plain.translate(_TEXT_ESCAPES)}}}"

    def _ms(self, node: Any) -> str:
        quote = node.get("lquote", '"'), node.get("rquote", '"')
        body = "".join(node.itertext()).translate(_TEXT_ESCAPES)
        return rf"\text{{{quote[0]}{body}{quote[1]}}}"

    def _mspace(self, node: Any) -> str:
        if (node.get("linebreak") or "") == "newline":
            return " "
        em = _ems(node.get("width") or "")
        for limit, tex in (
            (-0.01, r"\!"),
            (0.1, ""),
            (0.195, r"\,"),
            (0.25, r"\:"),
            (0.5, r"\;"),
            (1.5, r"\quad "),
        ):
            if em < limit:
                return tex
        return r"\qquad "

    # ---- fractions, roots, fences

    def _two(self, node: Any) -> list[str]:
        parts = [self.tex(child) for child in node if isinstance(child.tag, str)]
        return parts + [""] * (2 - len(parts))

    def _mfrac(self, node: Any) -> str:
        parts = self._two(node)
        if _no_line(node):
            return rf"{{{parts[0]}\atop {parts[1]}}}"
        if (node.get("bevelled") or "").lower() == "true":
            return f"{_braced(parts[0])}/{_braced(parts[1])}"
        return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"

    def _binomial(self, node: Any) -> str:
        parts = self._two(node)
        return rf"\binom{{{parts[0]}}}{{{parts[1]}}}"

    def _msqrt(self, node: Any) -> str:
        return rf"\sqrt{{{self.row(list(node)) if len(node) else self._raw(node.text or '')}}}"

    def _mroot(self, node: Any) -> str:
        base, index = self._two(node)[:2]
        if not index:
            return rf"\sqrt{{{base}}}"
        index = f"{{{index}}}" if "]" in index else index
        return rf"\sqrt[{index}]{{{base}}}"

    def _mfenced(self, node: Any) -> str:
        opening, closing = node.get("open", "(").strip(), node.get("close", ")").strip()
        signs = re.sub(r"\s+", "", node.get("separators", ","))
        children = [child for child in node if isinstance(child.tag, str)]
        if len(children) == 1:
            core = _core(children[0])
            if core.tag == "mtable":
                return self._fenced_table(core, opening, closing)
            if core.tag == "mfrac" and _no_line(core) and (opening, closing) == ("(", ")"):
                return self._binomial(core)
        parts: list[str] = []
        for index, child in enumerate(children):
            if index and signs:
                parts.extend(self._chars(signs[min(index - 1, len(signs) - 1)]))
            parts.append(self.tex(child))
        body = joined(parts)
        if not opening and not closing:
            return body
        if opening not in _FENCE or closing not in _FENCE:
            return joined([*self._chars(opening), body, *self._chars(closing)])
        return self._fence(opening, body, closing)

    def _menclose(self, node: Any) -> str:
        body = self.row(list(node)) if len(node) else self._raw(node.text or "")
        notation = (node.get("notation") or "longdiv").split()
        strikes = {"updiagonalstrike", "downdiagonalstrike"} & set(notation)
        if len(strikes) == 2:
            return rf"\xcancel{{{body}}}"
        for name in notation:
            if name in _ENCLOSURES:
                body = _ENCLOSURES[name].replace("#", body)
            elif name in ("left", "right"):
                body = joined(
                    [r"\left|", body, r"\right."]
                    if name == "left"
                    else [r"\left.", body, r"\right|"]
                )
            elif name not in ("none", ""):
                body = rf"\enclose{{{re.sub(r'[^a-z]', '', name)}}}{{{body}}}"
        return body

    # ---- scripts

    def _scripts(self, base: str, under: str, over: str) -> str:
        """Return a base with subscript and superscript; primes stand before both."""
        out = _based(base)
        if under:
            out += f"_{{{under}}}"
        if over:
            prime = _PRIMES.match(over)
            if prime and (len(over) == prime.end() or over[prime.end()] != "{"):
                out += "'" * (prime.group().count("'") + prime.group().count("prime"))
                over = over[prime.end() :].strip()
                if over and under:  # the prime and the power are one superscript
                    out = f"{_based(base)}_{{{under}}}^{{\\prime {over}}}"
                    over = ""
            if over:
                out += f"^{{{over}}}"
        return out

    def _script_tex(self, node: Any) -> str:
        if node is None or node.tag == "none":
            return ""
        tex = self.tex(node).strip()
        if tex == r"^{\circ}":
            return r"\circ"
        if tex.startswith("^{") and tex.endswith("}"):  # ² as a superscript
            return tex[2:-1] if tex.count("{") == 1 else tex
        return (
            r"\circ" if tex in ("0", "o") and (node.text or "").strip() in ("°", "º", "˚") else tex
        )

    def _children(self, node: Any, count: int) -> list[Any]:
        children = [child for child in node if isinstance(child.tag, str)]
        if extra := children[: len(children) - count + 1][
            1:
        ]:  # broken markup: a row lacks its mrow
            row = etree.Element("mrow")
            row.extend(deepcopy(child) for child in [children[0], *extra])
            return [row, *children[len(children) - count + 1 :]]
        return children + [None] * (count - len(children))

    def _base(self, node: Any) -> str:
        return self.tex(node) if node is not None else ""

    def _msub(self, node: Any) -> str:
        base, under = self._children(node, 2)
        return self._scripts(self._base(base), self._script_tex(under), "")

    def _msup(self, node: Any) -> str:
        base, over = self._children(node, 2)
        return self._scripts(self._base(base), "", self._script_tex(over))

    def _msubsup(self, node: Any) -> str:
        base, under, over = self._children(node, 3)
        return self._scripts(self._base(base), self._script_tex(under), self._script_tex(over))

    def _munder(self, node: Any) -> str:
        base, under = self._children(node, 2)
        return self._limits(base, under, None)

    def _mover(self, node: Any) -> str:
        base, over = self._children(node, 2)
        return self._limits(base, None, over)

    def _munderover(self, node: Any) -> str:
        return self._limits(*self._children(node, 3))

    def _limits(self, base: Any, under: Any, over: Any) -> str:
        if base is None:
            return ""
        tex = self.tex(base)
        below, above = self._script_tex(under), self._script_tex(over)
        if _is_limit(base, tex):
            if base.tag == "mtext" or tex.startswith((r"\mathrm", r"\text", r"\operatorname{")):
                word = _word_of(base)
                tex = NAMED.get(word) or rf"\operatorname*{{{word}}}" if word.isascii() else tex
            return self._scripts(tex, below, above)
        core = _core(base)
        arrow = _ARROWS.get(_sign(core))
        if arrow and (below or above):
            return rf"\{arrow}" + (f"[{below}]" if below else "") + f"{{{above}}}"
        if over is not None:
            tex = self._over(tex, core, over, above)
        if under is not None:
            tex = self._under(tex, core, under, below)
        return tex

    def _over(self, tex: str, core: Any, over: Any, above: str) -> str:
        if tex.startswith((r"\overbrace{", r"\overbracket{")):
            return f"{tex}^{{{above}}}"
        sign = _word_of(over)
        pair = OVER.get(sign)
        if pair and not (sign in ("→", "←") and _sign(core) in ("=", "<", ">")):
            one = re.fullmatch(
                r"[A-Za-z]|\\[A-Za-z]+|\\(?:mathbf|mathrm|mathcal|mathbb|boldsymbol)\{[^{}]+\}|\d",
                tex,
            )
            return rf"\{pair[0] if one else pair[1]}{{{tex}}}"
        if sign in ("⌢", "⏜", "︵", "\u0311"):
            return rf"\overset{{\frown}}{{{tex}}}"
        return rf"\overset{{{above}}}{{{tex}}}" if above else tex

    def _under(self, tex: str, core: Any, under: Any, below: str) -> str:
        if tex.startswith((r"\underbrace{", r"\underbracket{")):
            return f"{tex}_{{{below}}}"
        name = UNDER.get(_word_of(under))
        if name:
            return rf"\{name}{{{tex}}}"
        return rf"\underset{{{below}}}{{{tex}}}" if below else tex

    def _mmultiscripts(self, node: Any) -> str:
        children = [child for child in node if isinstance(child.tag, str)]
        if not children:
            return ""
        base, scripts = children[0], children[1:]
        split = next(
            (at for at, child in enumerate(scripts) if child.tag == "mprescripts"), len(scripts)
        )
        after, before = scripts[:split], scripts[split + 1 :]
        out = "".join(
            "{}" + self._scripts("", *self._pair(before, at))[2:] for at in range(0, len(before), 2)
        )
        first = self._pair(after, 0)
        out = joined([out, self._scripts(self.tex(base), *first)])
        for at in range(2, len(after), 2):
            out += "{}" + self._scripts("", *self._pair(after, at))[2:]
        return out

    def _pair(self, scripts: list[Any], at: int) -> tuple[str, str]:
        pair = [*scripts[at : at + 2], None, None][:2]
        return self._script_tex(pair[0]), self._script_tex(pair[1])

    # ---- tables

    def _rows(self, table: Any) -> list[list[str]]:
        rows: list[list[str]] = []
        for row in table:
            if not isinstance(row.tag, str):
                continue
            cells = (
                [cell for cell in row if isinstance(cell.tag, str)]
                if row.tag in ("mtr", "mlabeledtr")
                else [row]
            )
            if row.tag == "mlabeledtr":
                cells = cells[1:]
            rows.append([self._cell(cell) for cell in cells])
        return rows

    def _cell(self, cell: Any) -> str:
        if cell.tag != "mtd":
            return self.tex(cell)
        tex = self.row(list(cell)) if len(cell) else self._raw(cell.text or "")
        span = cell.get("columnspan") or ""
        return (
            tex + "&" * (min(int(span), 50) - 1)
            if span.isdecimal() and len(span) < 4 and int(span) > 1
            else tex
        )

    def _mtable(self, table: Any) -> str:
        rows = self._rows(table)
        rows = [row for row in rows if any(cell.strip() for cell in row)] or rows[:1]
        if not rows:
            return ""
        label = _label(table)
        if len(rows) == 1 and len(rows[0]) == 1:
            return rows[0][0] + label
        if _lines(table):
            return self._array(table)
        align = (table.get("columnalign") or "").split()
        columns = max(len(row) for row in rows)
        if columns == 2 and len(align) < 2:  # alignment may stand at the cells
            align = [
                _cell_align(table, column) or (align[0] if align else "") for column in range(2)
            ]
        if align[:2] == ["right", "left"] and all(
            a == ("right", "left")[i % 2] for i, a in enumerate(align)
        ):
            return self._aligned(rows) + (label if len(rows) == 1 else "")
        if columns == 3 and align[:3] == ["right", "center", "left"]:
            return r"\begin{array}{rcl}" + _table_body(rows) + r"\end{array}"
        displayed = (table.get("displaystyle") or "").lower() == "true"
        if columns == 1:
            if set(align) <= {"left", "right"} and align:
                return rf"\begin{{array}}{{{align[0][0]}}}" + _table_body(rows) + r"\end{array}"
            name = "gathered" if displayed else "matrix"
            return rf"\begin{{{name}}}" + _table_body(rows) + rf"\end{{{name}}}"
        if displayed and columns % 2 == 0:
            return self._aligned(rows)
        if set(align) - {"center", ""}:
            return self._array(table)
        if _equations(rows):
            return self._aligned(rows)
        return r"\begin{matrix}" + _table_body(rows) + r"\end{matrix}"

    def _aligned(self, rows: list[list[str]]) -> str:
        return r"\begin{aligned}" + _table_body(rows) + r"\end{aligned}"

    def _environment(self, name: str, table: Any) -> str:
        return rf"\begin{{{name}}}" + _table_body(self._rows(table)) + rf"\end{{{name}}}"

    def _array(self, table: Any) -> str:
        rows = self._rows(table)
        columns = max((len(row) for row in rows), default=0) or 1
        align = (table.get("columnalign") or "").split()
        lines = (table.get("columnlines") or "").split()
        letters = [(align[min(at, len(align) - 1)][:1] if align else "c") for at in range(columns)]
        letters = [letter if letter in "lcr" else "c" for letter in letters]
        spec = letters[0]
        for at in range(1, columns):
            line = lines[min(at - 1, len(lines) - 1)] if lines else "none"
            spec += ("|" if line in ("solid", "dashed") else "") + letters[at]
        framed = (table.get("frame") or "none") != "none"
        spec = f"|{spec}|" if framed else spec
        horizontal = (table.get("rowlines") or "").split()
        body: list[str] = [r"\hline "] if framed else []
        for at, row in enumerate(rows):
            if at:
                line = horizontal[min(at - 1, len(horizontal) - 1)] if horizontal else "none"
                body.append(r"\\" + (r"\hline " if line in ("solid", "dashed") else ""))
            body.append(_guarded("&".join(row)) if at else "&".join(row))
        body.append(r"\\\hline" if framed else "")
        return rf"\begin{{array}}{{{spec}}}" + "".join(body) + r"\end{array}"

    # ---- the rest

    def _row_of(self, node: Any) -> str:
        if not len(node):
            return self._raw(node.text or "")
        tex = self.row(list(node))
        variant = node.get("mathvariant") or ("bold" if node.get("fontweight") == "bold" else "")
        if node.tag == "mstyle" and variant in ("bold", "bold-italic") and tex:
            return rf"\boldsymbol{{{tex}}}"
        return tex

    def _mphantom(self, node: Any) -> str:
        body = self.row(list(node))
        return rf"\phantom{{{body}}}" if body.strip() else ""

    def _semantics(self, node: Any) -> str:
        for child in node:
            if (
                child.tag == "annotation"
                and _TEX_ENCODING.search(child.get("encoding") or "")
                and (tex := clean("".join(child.itertext()))[0])
            ):
                return tex
        shown = [child for child in node if isinstance(child.tag, str)]
        if not shown:
            return ""
        if shown[0].tag in CONTENT:
            for child in shown[1:]:
                if (
                    child.tag == "annotation-xml"
                    and "presentation" in (child.get("encoding") or "").lower()
                ):
                    return self.row(list(child))
        return self.tex(shown[0])

    def _maction(self, node: Any) -> str:
        children = [child for child in node if isinstance(child.tag, str)]
        choice = node.get("selection") or "1"
        at = int(choice) - 1 if choice.isdecimal() and len(choice) < 4 else 0
        return self.tex(children[at if 0 <= at < len(children) else 0]) if children else ""

    def _mglyph(self, node: Any) -> str:
        alt = node.get("alt") or ""
        return rf"\text{{{alt.translate(_TEXT_ESCAPES)}}}" if alt else ""

    def _nothing(self, node: Any) -> str:
        return ""


_ENCLOSURES = {
    "box": r"\boxed{#}", "roundedbox": r"\boxed{#}", "circle": r"\enclose{circle}{#}",
    "updiagonalstrike": r"\cancel{#}", "downdiagonalstrike": r"\bcancel{#}",
    "horizontalstrike": r"\enclose{horizontalstrike}{#}",
    "verticalstrike": r"\enclose{verticalstrike}{#}",
    "radical": r"\sqrt{#}", "top": r"\overline{#}", "bottom": r"\underline{#}",
    "actuarial": r"\left.\overline{#}\right|", "longdiv": r"\enclose{longdiv}{#}",
    "madruwb": r"\underline{#}",
}  # fmt: skip
_HANDLERS: dict[str, Callable[[_Converter, Any], str]] = {
    "mi": _Converter._mi, "mn": _Converter._mn, "mo": _Converter._mo, "mtext": _Converter._mtext,
    "ms": _Converter._ms, "mspace": _Converter._mspace, "mfrac": _Converter._mfrac,
    "msqrt": _Converter._msqrt, "mroot": _Converter._mroot, "mfenced": _Converter._mfenced,
    "menclose": _Converter._menclose, "msub": _Converter._msub, "msup": _Converter._msup,
    "msubsup": _Converter._msubsup, "munder": _Converter._munder, "mover": _Converter._mover,
    "munderover": _Converter._munderover, "mmultiscripts": _Converter._mmultiscripts,
    "mtable": _Converter._mtable, "mrow": _Converter._row_of, "mstyle": _Converter._row_of,
    "mpadded": _Converter._row_of, "merror": _Converter._row_of, "math": _Converter._row_of,
    "mtd": _Converter._row_of, "mphantom": _Converter._mphantom,
    "semantics": _Converter._semantics, "maction": _Converter._maction,
    "mglyph": _Converter._mglyph, "annotation": _Converter._nothing,
    "annotation-xml": _Converter._nothing, "maligngroup": _Converter._nothing,
    "malignmark": _Converter._nothing, "none": _Converter._nothing,
    "mprescripts": _Converter._nothing, "mlongdiv": _Converter._row_of,
}  # fmt: skip


def code_is_text(char: str) -> bool:
    """Say whether `char` belongs into words: marks and signs of scripts other than mathematics'."""
    return (
        bool(_WIDE.search(char)) or 0x3000 <= ord(char) <= 0x303F or 0x0590 <= ord(char) <= 0x1FFF
    )


def _words(node: Any) -> str:
    text: str = node.text or ""
    if len(text) == 1 and not text.isspace():
        return text
    return " ".join(
        text.replace("\u00a0", " ").replace("\u200b", "").replace("\u2009", " ").split()
    )


def _word_of(node: Any) -> str:
    return " ".join(
        "".join(node.itertext()).replace("\u00a0", " ").replace("\u2009", " ").split()
    ).strip("\u2061")


def _sign(node: Any) -> str:
    return _words(node) if node.tag == "mo" and not len(node) else ""


def _core(node: Any) -> Any:
    """Return the only element within rows and styles around it."""
    for _ in range(20):
        if node.tag not in _STYLES or len(node) != 1 or not isinstance(node[0].tag, str):
            return node
        node = node[0]
    return node


def _flat(nodes: list[Any]) -> list[Any]:
    """Return a row with those of its rows opened that hold a lone fence or half of a pair."""
    out: list[Any] = []
    for node in nodes:
        if node.tag == "mrow" and len(node) and not node.attrib:
            inner = [child for child in node if isinstance(child.tag, str)]
            signs = [_sign(child) for child in inner]
            opened = sum(sign in _PAIRS for sign in signs)
            closed = sum(sign in _CLOSING for sign in signs)
            if len(inner) == 1 or opened != closed:
                out.extend(inner)
                continue
        elif (
            node.tag in ("mrow", "mstyle", "mpadded")
            and len(node) == 1
            and _sign(_core(node)) in _FENCE
        ):
            out.append(_core(node))
            continue
        out.append(node)
    return out


def _partners(nodes: list[Any]) -> dict[int, int]:
    """Return the places of opening fences and of what closes them, outermost pairs only."""
    found: dict[int, int] = {}
    stack: list[int] = []
    bars: list[int] = []
    for at, node in enumerate(nodes):
        sign = _sign(node)
        if not sign:
            continue
        if sign in _PAIRS:
            stack.append(at)
        elif sign in _CLOSING:
            if stack and (
                _PAIRS[_sign(nodes[stack[-1]])] == sign
                or {sign, _sign(nodes[stack[-1]])} <= set("()[]")
            ):
                found[stack.pop()] = at
        elif sign in _BARS:
            bars.append(at)
    if len(bars) == 2 and not any(
        (low < bars[0] < high) != (low < bars[1] < high) for low, high in found.items()
    ):
        inner = nodes[bars[0] + 1 : bars[1]]
        if inner and _sign(nodes[bars[0]]) == _sign(nodes[bars[1]]) and (
            (len(inner) == 1 and _core(inner[0]).tag == "mtable")
            or any(child.tag in ("mfrac", "munderover", "munder", "mtable") for child in inner)
        ):  # fmt: skip
            found[bars[0]] = bars[1]
    return found


def _is_limit(base: Any, tex: str) -> bool:
    core = _core(base)
    word = _word_of(core) if core.tag in ("mo", "mi", "mtext", "mrow", "mn") else ""
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


def _no_line(node: Any) -> bool:
    return (
        re.fullmatch(r"0+(?:\.0*)?\s*[a-z%]*", (node.get("linethickness") or "").strip())
        is not None
    )


def _variant(node: Any) -> str:
    variant: str = node.get("data-mjx-variant") or node.get("mathvariant") or ""
    if not variant and (node.get("fontweight") or "") == "bold":
        return "bold"
    return variant.lower() if variant.lower() in VARIANTS else ""


def _styled(tex: str, variant: str, char: str) -> str:
    names = VARIANTS.get(variant, "")
    if not names or not tex.strip():
        return tex
    if not (char.isalnum() or tex.startswith("\\")):
        return tex
    if variant in ("normal", "italic") and not (char.isascii() and char.isalpha()):
        return tex  # upright digits and signs are what TeX does anyway
    if tex.startswith("\\") and names != "mathrm":
        names = "boldsymbol" if "bold" in variant else ""
    for name in reversed(names.split()):
        tex = rf"\{name}{{{tex}}}"
    return tex


def _based(base: str) -> str:
    r"""Return a base that can carry scripts: one atom, a fenced row, or a group.

    >>> _based("x"), _based("x+1"), _based("(a+b)"), _based("")
    ('x', '{x+1}', '(a+b)', '{}')
    """
    base = base.strip()
    if not base:
        return "{}"
    if _ATOM.fullmatch(base) or _enclosed(base):
        return base
    return f"{{{base}}}"


def _enclosed(tex: str) -> bool:
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


def _braced(tex: str) -> str:
    return tex if _ATOM.fullmatch(tex) else f"{{{tex}}}"


def _merged(match: re.Match[str]) -> str:
    word = re.sub(r"\\mathrm|[{}]", "", match.group())
    return "\\" + word + " " if word in FUNCTIONS else rf"\mathrm{{{word}}}"


def _ems(width: str) -> float:
    match = re.fullmatch(r"\s*([-+]?\d*\.?\d+)\s*([a-z%]*)\s*", width)
    if match is None:
        named = {"thinmathspace": 0.167, "mediummathspace": 0.222, "thickmathspace": 0.278,
                 "verythickmathspace": 0.333, "veryverythickmathspace": 0.389}  # fmt: skip
        return named.get(width, -0.1 if width.startswith("negative") else 0.0)
    unit = {
        "em": 1.0,
        "ex": 0.43,
        "px": 1 / 16,
        "pt": 1 / 12,
        "cm": 2.4,
        "mm": 0.24,
        "in": 6.0,
        "mu": 1 / 18,
    }
    return float(match.group(1)) * unit.get(match.group(2), 0.0)


def _lines(table: Any) -> bool:
    values = (
        f"{table.get('columnlines') or ''} {table.get('rowlines') or ''} {table.get('frame') or ''}"
    )
    return "solid" in values or "dashed" in values


def _label(table: Any) -> str:
    for row in table:
        if row.tag == "mlabeledtr" and len(row):
            text = _word_of(row[0]).strip("() ")
            if re.fullmatch(r"[\w.\-*']{1,20}", text):
                return rf"\tag{{{text}}}"
    return ""


def _cell_align(table: Any, column: int) -> str:
    for row in table:
        if row.tag == "mtr" and len(row) > column and isinstance(row[column].tag, str):
            value: str = row[column].get("columnalign") or ""
            if not value:
                style = (row[column].get("style") or "").replace(" ", "")
                value = (
                    "right"
                    if "text-align:right" in style
                    else "left"
                    if "text-align:left" in style
                    else ""
                )
            return value
    return ""


def _equations(rows: list[list[str]]) -> bool:
    """Say whether a table without alignment is equations, one under the other at their signs."""
    return all(len(row) == 2 for row in rows) and all(
        re.match(r"[=<>]|\\(?:le|ge|ne|approx|equiv|Rightarrow|sim)(?![A-Za-z])", row[1].strip())
        for row in rows
    )


def _table_body(rows: list[list[str]]) -> str:
    return r"\\".join(
        _guarded("&".join(row)) if at else "&".join(row) for at, row in enumerate(rows)
    )


def _guarded(row: str) -> str:
    """Return a row that the line break before it cannot take for its optional argument."""
    return "{}" + row if row.lstrip().startswith(("[", "*")) else row
