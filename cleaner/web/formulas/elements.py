"""Elements that hold one formula: which they are, and where in them its TeX is."""

import json
import re
from typing import NamedTuple
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from cleaner.web.asciimath import asciimath_to_latex
from cleaner.web.budget import Work
from cleaner.web.formulas.after import after_rendering
from cleaner.web.formulas.delimited import TEX_SIGN
from cleaner.web.formulas.images import image_tex, plain_xml
from cleaner.web.formulas.marks import undamaged
from cleaner.web.formulas.markup import markup_tex
from cleaner.web.formulas.names import (
    BLOCK_TAGS,
    DELIMITED,
    DISPLAY_NAMES,
    FRAME_DISPLAYS,
    INLINE_NAMES,
    JSON_ATTRIBUTES,
    RENDERED_OR_WRAPPED,
    SURE,
    TEX_ATTRIBUTES,
    WEAK,
)
from cleaner.web.formulas.rendered import Unreadable, drawing
from cleaner.web.formulas.runs import TAG, UNKNOWN_TAG, runs
from cleaner.web.mathml import mathml_to_latex, tree_to_latex
from cleaner.web.mathml.symbols import SYMBOLS
from cleaner.web.tex import clean
from cleaner.web.tex_macros import Macro, undefined


class Found(NamedTuple):
    """One formula of an element; "" is one that stands for nothing, `LOST` one nobody can read."""

    tex: str
    display: bool
    source: str


LOST = "\ue00e"
_STRUCTURE = frozenset(
    TAG[name]
    for name in str.split(
        "math script img table pre ul ol li h1 h2 h3 h4 h5 h6 iframe video noscript"
    )
)
_NUMBERS = (
    ".eqno, .headerlink, .equation-number, .eq-number, .eqn-number, .equationNumber, .anchor"
    ", button"
)
_WIKI_DISPLAYS = ("image-display", "mathml-display", 'display="block"', "mwe-math-element-block")
_YES = frozenset(["true", "block"])
_CODE = re.compile(  # spreadsheets and scripts have formulas and expressions, too
    r"^\s*=|[A-Z]+\$?\d+:\$?[A-Z]+\$?\d|==|&&|\|\||;|['\"]\w|=>|->|\b[a-z]{2,}\.[a-z]{2,}|\{\{"
)
_DATA = re.compile(r'\s*(?:$|[\[{<].*".*[\]}>]\s*$)', re.S)  # JSON or markup: no TeX
_PROSE = re.compile(r"(?:[A-Za-z]{3,}[,.;:]?\s+){3}[A-Za-z]{3,}|[\u4e00-\u9fff]{4}")
_DELIMITERS = re.compile(r"\\\(|\\\[|(?<!\\)\$|\[/?(?:tex|latex|math)\]")
_WHOLE = re.compile(
    r"\\\((?:(?!\\\)).)*\\\)|\\\[(?:(?!\\\]).)*\\\]|\$\$(?:(?!\$\$).)*\$\$|\$(?:[^$\\]|\\."
    r"|\{[^{}]*\})*\$|\\begin\{(\w+\*?)\}.*\\end\{\1\}",
    re.S,
)
_TEX_SCRIPT = re.compile(r"\s*(?:math|text)/(?:x-)?(?:la)?tex\b|\s*math/latex", re.I)
_DISPLAY_MODE = re.compile(r"mode\s*=\s*[\"']?display", re.I)


# Where MathJax 4 keeps the TeX of a whole formula; elements below them have that of their part.
_ROOTS = "mjx-math[data-latex], svg[data-latex], [data-mml-node=math][data-latex], math[data-latex]"


class Reader:
    """Reads the TeX out of the elements of one page."""

    def __init__(self, work: Work, macros: dict[str, Macro] | None = None) -> None:
        self.work = work
        self.macros = {} if macros is None else macros
        self._converted: dict[str, str] = {}
        self._rendering: dict[tuple[str, ...], str] = {}

    def mathml(self, markup: str, annotated: bool = True) -> str:
        """Return the LaTeX of MathML; what a page has twice is converted once."""
        tex = self._converted.get(markup)
        if tex is None or not annotated:
            tex = mathml_to_latex(markup, annotated, self.work)
            if annotated:
                self._converted[markup] = tex
        return tex

    def math(self, node: LexborNode, attributes: dict[str, str | None]) -> Found | None:
        """Read a `math` element."""
        display = (attributes.get("display") or "").lower() == "block" or (
            attributes.get("mode") or ""
        ) == "display"
        if not display and "tml-display" in (attributes.get("class") or ""):
            display = True
        tex = self.mathml(node.html or "")
        return Found(tex or (LOST if node.text().strip() else ""), display, "mathml")

    def script(self, node: LexborNode, kind: str) -> Found | None:
        """Read a script of MathJax 2 or KaTeX; None if it is any other script."""
        kind_lower = kind.lower()
        display = _DISPLAY_MODE.search(kind) is not None
        if _TEX_SCRIPT.match(kind):
            tex, shown = clean(node.text() or "")
            return Found(tex, display or bool(shown), "mathjax")
        if "asciimath" in kind_lower:
            return Found(asciimath_to_latex(node.text() or ""), display, "asciimath")
        if kind_lower.startswith(("math/mml", "math/mathml", "application/mathml")):
            text = node.text() or ""
            display = (
                display or re.search(r"<math[^>]*display\s*=\s*[\"']?block", text, re.I) is not None
            )
            return Found(self.mathml(text), display, "mathjax")
        return None

    def katex(
        self, node: LexborNode, names: list[str], attributes: dict[str, str | None]
    ) -> Found | None:
        """Read what KaTeX rendered, with MathML, without, or with the MathML's text only."""
        display = not DISPLAY_NAMES.isdisjoint(names)
        if not display and "katex" not in names:
            display = node.css_first(".katex-display") is not None
        if len(attributes) > 1:
            for name in TEX_ATTRIBUTES:
                if value := attributes.get(name):
                    return Found(clean(value)[0], display, "katex")
        if "katex-error" in names:
            return Found(clean(node.text())[0], display, "katex")
        shown = _lone(node)
        if shown is not None and shown.attributes.get("class") == "katex":
            shown = _lone(shown)
        if shown is not None and shown.attributes.get("class") == "katex-html":  # no MathML beside
            return Found(self._rendered(shown) or LOST, display, "katex")
        if (annotation := node.css_first("annotation")) is not None and (
            tex := clean(annotation.text())[0]
        ):
            math = node.css_first("math")
            if math is not None and undefined(tex, self.macros):  # the MathML has them written out
                markup = _ANNOTATION.sub("", math.html or "")
                tex = self.mathml(markup, annotated=False) or tex
            return Found(tex, display or _is_block(math), "katex")
        if (math := node.css_first("math")) is not None and (tex := self.mathml(math.html or "")):
            return Found(tex, display or _is_block(math), "katex")
        if (holder := node.css_first(".katex-mathml")) is not None and (
            text := holder.text().strip()
        ):
            return Found(clean(after_rendering(text))[0], display, "katex")
        if (shown := node.css_first(".katex-html")) is not None:
            return Found(self._rendered(shown) or LOST, display, "katex")
        if node.css_first("img, script") is not None:
            return None
        tex, shown_as = clean(node.text())
        return Found(tex, display or bool(shown_as), "katex")

    def _rendered(self, node: LexborNode) -> str | None:
        """Return the LaTeX of a rendering, `LOST` if it cannot be read, None if there is none."""
        drawn = drawing(node)
        if drawn is None:
            return None
        if drawn.parts in self._rendering:  # pages draw their letters again and again
            return self._rendering[drawn.parts]
        try:
            tex = tree_to_latex(drawn.tree(), self.work)
        except Unreadable:
            tex = LOST
        self._rendering[drawn.parts] = tex
        return tex

    def container(self, node: LexborNode, attributes: dict[str, str | None]) -> Found | None:
        """Read what MathJax 3 or 4 rendered."""
        display = (attributes.get("display") or "").lower() in ("true", "block")
        for name in ("data-latex", "data-tex", "data-original-tex"):
            if value := attributes.get(name):
                return Found(clean(value)[0], display, "mathjax")
        math, inner = None, _lone(node)
        if inner is None or inner.tag != "mjx-math":  # else no MathML is beside it
            math, inner = node.css_first("math"), node.css_first(_ROOTS)
        display = display or _is_block(math)
        if inner is not None and (value := inner.attributes.get("data-latex")):
            return Found(clean(value)[0], display, "mathjax")
        if math is not None and (tex := self.mathml(math.html or "")):
            return Found(tex, display, "mathjax")
        if drawn := self._rendered(node):
            return Found(drawn, display, "mathjax")
        if _WHOLE.fullmatch(text := node.text().strip()):
            tex, shown = clean(text)
            return Found(tex, display or bool(shown), "wrapper")
        return None

    def frame(
        self, node: LexborNode, names: list[str], attributes: dict[str, str | None]
    ) -> Found | None:
        """Read what MathJax 2 rendered, where its script is missing."""
        display = not FRAME_DISPLAYS.isdisjoint(names)
        holder: LexborNode | None = node
        markup = attributes.get("data-mathml")
        if not markup and (holder := node.css_first("[data-mathml]")) is not None:
            markup = holder.attributes.get("data-mathml")
        if markup and (tex := self.mathml(markup)):
            display = (
                display
                or re.search(r"<math[^>]*display\s*=\s*[\"']?block", markup, re.I) is not None
            )
            return Found(tex, display, "mathjax")
        if (math := node.css_first("math")) is not None:
            return Found(self.mathml(math.html or ""), display or _is_block(math), "mathjax")
        for name in TEX_ATTRIBUTES:
            if value := attributes.get(name):
                return Found(clean(value)[0], display, "mathjax")
        text = node.text().strip()
        if _WHOLE.fullmatch(text):  # a class of the page's own, with TeX in it
            tex, shown = clean(text)
            return Found(tex, display or bool(shown), "wrapper")
        if spoken := self._labelled(node):
            return Found(
                spoken, display or _PAGE_DISPLAY.search(_above(node)) is not None, "mathjax"
            )
        if drawn := self._rendered(node):
            return Found(drawn, display, "mathjax")
        if node.css_first(_DRAWN) is not None:
            return Found(LOST, display, "mathjax")
        return None

    @staticmethod
    def _labelled(node: LexborNode) -> str:
        """Return the TeX that mathjax-node 2 puts into a label or title; speech is none."""
        for holder in node.css(".mjx-math[aria-label], svg > title"):
            told = holder.attributes.get("aria-label") if holder.tag != "title" else holder.text()
            if told and told.strip() and not _SPEECH.search(told):
                return clean(told)[0]
        return ""

    def drawing(self, node: LexborNode, attributes: dict[str, str | None]) -> Found | None:
        """Read an `svg` that a renderer of formulas left without a container of its own."""
        for name in ("data-latex", "data-tex", "data-formula"):
            if value := attributes.get(name):
                return Found(clean(value)[0], False, "mathjax")
        labelled = (attributes.get("aria-labelledby") or "").startswith("MathJax-SVG")
        if labelled and (title := node.css_first("title")) is not None:
            told = title.text()
            if told.strip() and not _SPEECH.search(told):
                return Found(clean(told)[0], False, "mathjax")
        if (root := node.css_first("[data-mml-node=math]")) is None:
            return Found(self._rendered(node) or LOST, False, "mathjax") if labelled else None
        if value := root.attributes.get("data-latex"):
            return Found(clean(value)[0], False, "mathjax")
        return Found(self._rendered(node) or LOST, False, "mathjax")

    def described(
        self, node: LexborNode, names: list[str], attributes: dict[str, str | None]
    ) -> Found | None:
        """Read the JSON in which editors keep what a component shows."""
        for name in JSON_ATTRIBUTES:
            value = attributes.get(name)
            if not value or len(value) > 20_000:
                continue
            about = f"{' '.join(names)} {attributes.get('data-component')} {attributes}"[:400]
            if not _COMPONENT.search(about):
                continue
            try:
                told = json.loads(value)
            except (ValueError, RecursionError):
                continue
            for key in _JSON_KEYS:
                if isinstance(told, dict) and isinstance(tex := told.get(key), str):
                    display = node.tag_id != TAG["span"] and told.get("inline") is not True
                    written, shown = clean(tex)
                    return Found(written, display if shown is None else shown, "attribute")
        return None

    def pictured(self, node: LexborNode, display: bool) -> Found | None:
        """Read a wrapper that holds one image and nothing else but its number."""
        images = node.css("img")
        if len(images) != 1:
            return None
        words = node.text()
        for number in node.css(_NUMBERS):
            words = words.replace(number.text(), "", 1)
        if words.strip():
            return None
        attributes = dict(images[0].attributes)
        attributes["class"] = f"math {attributes.get('class') or ''}"
        made = image_tex(attributes)
        return Found(made[0], display or made[1], "image") if made else None

    def wiki(self, node: LexborNode) -> Found | None:
        """Read a formula of MediaWiki."""
        markup = node.html or ""
        display = any([sign in markup for sign in _WIKI_DISPLAYS])
        if (math := node.css_first("math")) is not None and (tex := self.mathml(math.html or "")):
            return Found(tex, display, "wiki")
        for image in node.css("img, [data-alt]"):
            attributes = image.attributes
            if (alt := attributes.get("alt") or attributes.get("data-alt")) and (
                tex := clean(alt)[0]
            ):
                return Found(tex, display, "wiki")
        tex, shown = clean(node.text())
        return Found(tex, display or bool(shown), "wiki") if tex else None

    def attribute(
        self, node: LexborNode, names: list[str], attributes: dict[str, str | None]
    ) -> Found | None:
        """Read TeX, AsciiMath or MathML that an attribute holds; the content is its rendering."""
        display = not DISPLAY_NAMES.isdisjoint(names) or attributes.get("data-eeimg") == "2"
        if not {attributes.get("data-display"), attributes.get("display")}.isdisjoint(_YES):
            display = True
        if "data-displaymode" in attributes or "data-display-mode" in attributes:
            display = (
                attributes.get("data-displaymode") or attributes.get("data-display-mode") or "true"
            ) != "false"
        for name in TEX_ATTRIBUTES:
            value = attributes.get(name)
            if not value or _DATA.match(value):
                continue
            tex, shown = clean(value)
            if name in _VAGUE and (_CODE.search(value) or not _formula_like(tex, names)):
                continue
            while tex.endswith("\\\\"):
                tex, shown = tex[:-2].rstrip(), True
            if tex:
                return Found(tex, display or bool(shown), "attribute")
        if (value := attributes.get("data-value")) and not {
            "ql-formula",
            "math",
            "formula",
            "latex",
            "tex",
        }.isdisjoint(names):
            tex, shown = clean(value)
            return Found(tex, display or bool(shown), "attribute") if tex else None
        if (value := attributes.get("data-mathml")) and (tex := self.mathml(plain_xml(value))):
            return Found(tex, display or 'display="block"' in value, "attribute")
        if (value := attributes.get("data-asciimath")) and (tex := asciimath_to_latex(value)):
            return Found(tex, display, "asciimath")
        if (value := attributes.get("data-alt")) and "lazy-image-placeholder" in names:
            kind = f"{attributes.get('data-class')} {attributes.get('data-src')}"
            if "math" in kind:
                return Found(clean(value)[0], "image-display" in kind, "wiki")
        return None

    def wrapper(
        self,
        node: LexborNode,
        sure: int,
        names: list[str],
        attributes: dict[str, str | None],
        tag: str,
    ) -> Found | None:
        """Read an element whose class says that its text is TeX; None if the text does not."""
        if names and not _MATHQUILL.isdisjoint(names):
            written = node.css_first(".mq-selectable, .selectable")
            if written is not None and (tex := clean(written.text())[0]):
                return Found(tex, False, "wrapper")
        holds = _elements_in(node)
        if holds is None:
            return self.pictured(node, self._displayed(node, names, attributes, tag))
        if holds:
            for number in node.css(_NUMBERS):
                number.remove()
        text = text_of(node)
        stripped = undamaged(text).strip()
        if not stripped or len(stripped) > 20_000:
            return None
        display = self._displayed(node, names, attributes, tag)
        if "\\begin{document}" in stripped:
            tex, shown = clean(stripped)
            return Found(tex, display or bool(shown), "wrapper")
        if (tag == "mathjax" or "mathjax" in names) and (hashed := _HASHED.fullmatch(stripped)):
            return Found(asciimath_to_latex(hashed[1]), display, "asciimath")
        if _WHOLE.fullmatch(stripped):
            tex, shown = clean(stripped)
            if not tex:
                return None
            return Found(tex, shown if shown is not None else display, "wrapper")
        if sure == DELIMITED or _DELIMITERS.search(
            stripped.replace("\\\\[", "").replace("\\\\(", "")
        ):
            return None
        if "asciimath" in names and "\\" not in stripped:
            return Found(asciimath_to_latex(stripped.strip("`")), display, "asciimath")
        if holds and "\\" not in stripped and node.css_first("sub, sup") is not None:
            return (
                Found(markup_tex(node), display, "html")
                if sure == SURE or _short(stripped)
                else None
            )
        tex, shown = clean(stripped)
        if not _formula_like(tex, names) and sure == WEAK:
            return None
        if _PROSE.search(tex) and not re.search(r"\\[a-zA-Z]", tex):
            return None
        if "\\" not in tex and not tex.isascii():
            tex = "".join(SYMBOLS.get(char, char) for char in tex)
            tex = re.sub(r"(\\[A-Za-z]+)(?=[A-Za-z])", r"\1 ", tex)
        return Found(tex, display or bool(shown), "wrapper") if tex else None

    def _displayed(
        self, node: LexborNode, names: list[str], attributes: dict[str, str | None], tag: str
    ) -> bool:
        style = (
            attributes.get("data-math-style")
            or attributes.get("mode")
            or attributes.get("data-mode")
            or ""
        )
        if style:
            return style == "display"
        if (shown := attributes.get("data-display") or attributes.get("display")) is not None:
            return shown.lower() in ("true", "block", "1", "display")
        if "block" in attributes or tag in BLOCK_TAGS:
            return (attributes.get("block") or "") != "false"
        if not DISPLAY_NAMES.isdisjoint(names):
            return True
        if not INLINE_NAMES.isdisjoint(names) or "inline" in attributes:
            return False
        if tag == "code" and node.parent is not None and node.parent.tag_id == TAG["pre"]:
            return True
        return tag in ("div", "pre", "section", "figure", "p") or (
            tag == "amp-mathml" and "inline" not in attributes
        )


def _elements_in(node: LexborNode) -> bool | None:
    """Say whether a wrapper has elements in it; None if one is a rendering or a structure."""
    some = False
    paragraphs = 0
    for inner in node.traverse():
        if not some:  # the walk starts with the wrapper itself
            some = inner.mem_id != node.mem_id
            if not some:
                continue
        tag = inner.tag_id
        paragraphs += tag == TAG["p"]
        if (
            tag in _STRUCTURE
            or paragraphs > 1
            or (tag >= UNKNOWN_TAG and inner.tag == "mjx-container")
        ):
            return None
        attributes = inner.attributes
        if attributes and (
            not RENDERED_OR_WRAPPED.isdisjoint((attributes.get("class") or "").split())
            or "data-tex" in attributes
            or "data-mathml" in attributes
        ):
            return None
    return some


def is_frame(node: LexborNode, attributes: dict[str, str | None]) -> bool:
    """Say whether an element of MathJax's classes is its output, not a page's own wrapper."""
    if "data-mathml" in attributes or (attributes.get("id") or "").startswith("MathJax"):
        return True
    return node.css_first(_OUTPUT) is not None or (
        node.next is not None and node.next.tag_id == TAG["script"]
    )


_ANNOTATION = re.compile(r"<annotation\b.*?</annotation>", re.S)
_PAGE_DISPLAY = re.compile(r"mjpage__block|MJXc-display|MathJax_SVG_Display")
_DRAWN = ".mjx-char, .mjx-math, .MathJax_SVG svg, svg"
_SPEECH = re.compile(  # what a screen reader says
    r"(?<!\\)\b(?:equals|plus|minus|over|squared|cubed|sub|Start\w+|End\w+|fraction|root|times|upper)\b",
    re.I,
)
_HASHED = re.compile(r"#([^#]+)#", re.S)
_MATHQUILL = frozenset(
    str.split("mathquill-rendered-math mathquill-embedded-latex mq-math-mode mathquill-editable")
)
_JSON_KEYS = ("persistentExpression", "tex", "latex", "expression", "formula", "math", "equation")
_COMPONENT = re.compile(r"katex|latex|math|equation|formula", re.I)
_OUTPUT = "math, nobr, svg, script, .mjx-math, [data-mathml], .MJXp-math, [id^=MathJax], .MJXp-mi"
_VAGUE = frozenset(["data-expr", "data-formula", "data-math", "latex", "data-equation", "data-eqn"])


def _formula_like(tex: str, names: list[str]) -> bool:
    if TEX_SIGN.search(tex) or re.search(r"[=<>+≤≥≠±×÷∈∑∫√]", tex):
        return (
            not (_PROSE.search(tex) and not re.search(r"\\[a-zA-Z]{2}", tex)) and "://" not in tex
        )
    return (
        len(tex) <= 12 and re.search(r"[A-Za-z]{4,}|\s[A-Za-z]{2,}\s|[\u4e00-\u9fff]", tex) is None
    )


def _short(text: str) -> bool:
    return len(text) <= 300 and _PROSE.search(text) is None


def card(value: str) -> Found | None:
    """Read the card of a formula in a document of Yuque: JSON in an address."""
    try:
        told = json.loads(unquote(value.removeprefix("data:")))
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(tex := told.get("code"), str):
        return None
    written, shown = clean(tex)
    return Found(written, bool(shown), "attribute")


def _above(node: LexborNode) -> str:
    """Return the classes of an element and the two around it."""
    names = []
    place: LexborNode | None = node
    for _ in range(3):
        if place is None or not place.is_element_node:
            break
        names.append(place.attributes.get("class") or "")
        place = place.parent
    return " ".join(names)


def _lone(node: LexborNode) -> LexborNode | None:
    """Return the only child of an element."""
    first = node.first_child
    return first if first is not None and first.is_element_node and first.next is None else None


def _is_block(math: LexborNode | None) -> bool:
    if math is None:
        return False
    return (
        "block" in (math.attributes.get("display") or "").lower()
        or math.attributes.get("mode") == "display"
    )


def text_of(node: LexborNode) -> str:
    """Return the text of an element with marks for the inline elements in it."""
    if node.tag_id in (TAG["pre"], TAG["code"]) or node.tag == "math-field":
        return node.text()
    found = runs(node)
    return "\n".join("".join(run.texts) for run in found)
