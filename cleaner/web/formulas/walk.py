"""One walk over a page's tree finds its formulas; then each is replaced by its token."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.web.asciimath import asciimath_to_latex
from cleaner.web.budget import FORMULAS, PAGE_MACRO_STEPS, PAGE_MATHML_NODES, Work
from cleaner.web.formulas.config import Config, read_config
from cleaner.web.formulas.delimited import Finder
from cleaner.web.formulas.dense import dense_runs
from cleaner.web.formulas.elements import LOST, Found, Reader, card, is_frame, text_of
from cleaner.web.formulas.images import image_tex, looks_lost, may_be_formula
from cleaner.web.formulas.marks import undamaged
from cleaner.web.formulas.markup import markup_tex
from cleaner.web.formulas.names import (
    ATTRIBUTES,
    DISPLAYS,
    FRAMES,
    IGNORED,
    IN_HTML,
    KATEX,
    KNOWN,
    MATH_TAGS,
    PREVIEWS,
    PROCESSED,
    SURE,
    WRAPPERS,
)
from cleaner.web.formulas.runs import TAG, TEXT, UNKNOWN_TAG, Run, container, runs
from cleaner.web.formulas.signs import Signs
from cleaner.web.formulas.word import word_mathml
from cleaner.web.tex import clean
from cleaner.web.tex_common import common
from cleaner.web.tex_macros import expand, take_definitions
from cleaner.web.tokens import ESCAPE, OPEN, Formula, Tokens

_DULL = frozenset(
    TAG[name]
    for name in str.split(
        "html head meta link br wbr hr tr tbody thead b strong em u ul ol a option input"
    )
)
_EXCLUDED = frozenset(
    TAG[name] for name in str.split("pre code style textarea kbd samp select button title")
)
_RAISED = frozenset([TAG["sub"], TAG["sup"]])
_CODE, _PRE = TAG["code"], TAG["pre"]
_INLINE = frozenset(TAG[name] for name in str.split("span noscript a i em b strong"))
_NESTED = 16  # elements named after mathematics within each other, none of them a formula
_RENDERINGS = "math, img, script, .katex, [class*=ath], mjx-container, [class*=tex]"
_MATH, _IMG, _SCRIPT = TAG["math"], TAG["img"], TAG["script"]
_SVG, _VAR = TAG["svg"], TAG["var"]
_SPECIAL = frozenset([*_EXCLUDED, *_RAISED, _IMG, _SCRIPT])
_BY_ITSELF = frozenset([*_SPECIAL, _MATH, _SVG, _VAR])  # whatever class or attributes they have
_PRIVATE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_HIDING = re.compile(
    r"\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\s*(?:!important\s*)?;?", re.I
)


class Formulas(list[Formula]):
    """The formulas of a page, in the order of their tokens."""

    images_lost = 0  # images and renderings that look like formulas, with no TeX anywhere


class Walk:
    """One walk over a page, then the replacements: the tree changes only when the walk is over."""

    def __init__(self, tree: LexborHTMLParser, source: str, tokens: Tokens, signs: Signs) -> None:
        self.source, self.tokens, self.signs = source, tokens, signs
        self.config: Config = read_config(tree) if signs.renderer else Config()
        self.reader = Reader(Work("elements of MathML", PAGE_MATHML_NODES), self.config.macros)
        self.work = Work("formulas", FORMULAS)
        self.finder = Finder(
            self.config,
            source,
            self.reader.mathml,
            asciimath_to_latex,
            signs.codes,
        )
        self.formulas = Formulas()
        self.captured: list[tuple[LexborNode, Found | None]] = []
        self.frames: list[tuple[LexborNode, list[str], dict[str, str | None]]] = []
        self.previews: list[LexborNode] = []
        self.images: list[tuple[LexborNode, dict[str, str | None]]] = []
        self.hot: list[LexborNode] = []
        self.ignored: set[int] = set()
        self.raised: list[LexborNode] = []  # <sub> and <sup>
        self.blocks: dict[int, LexborNode | None] = {}  # inline element -> the block it is in
        self.shown: set[int] = set()  # elements known to be visible
        self.scripts: set[str] = set()  # ids of elements that MathJax 2 scripts name
        self.body = tree.body
        self.body_start = self.body.first_child if self.body is not None else None

    def run(self, root: LexborNode) -> Formulas:
        if self.signs.walked:
            self._walk(root)
            self._settle_frames()
        else:
            self.raised = [node for node in root.css("sub, sup") if not _in_code(node)]
        for node, found in self.captured:
            self._put(node, found)
        for node, attributes in self.images:
            self._image(node, attributes)
        if self.hot:
            self._texts()
        if self.raised:
            self._raised()
        if self.config.macros:
            self._expand()
        read: dict[str, str] = {}  # pages write their formulas again and again
        for at, formula in enumerate(self.formulas):
            tex = read.get(formula.tex)
            if tex is None:
                tex = read[formula.tex] = common(formula.tex)
            if tex != formula.tex:
                self.formulas[at] = Formula(tex, formula.display, formula.source)
        return self.formulas

    def _expand(self) -> None:
        """Write the page's macros out, wherever they were defined."""
        work = Work("expansions of macros", PAGE_MACRO_STEPS)
        for at, formula in enumerate(self.formulas):
            tex = expand(formula.tex, self.config.macros, work)
            if tex != formula.tex and (tex := clean(tex)[0]):
                self.formulas[at] = Formula(tex, formula.display, formula.source)

    # ---- the walk

    def _walk(self, root: LexborNode) -> None:
        """Visit every node once; what is cheap to tell comes first."""
        skip = quiet = display = loud = saved = 0  # where such a subtree ends
        watch = 0  # nonzero while any of them, or one of `tried`, is open
        config = self.config
        if config.ignores_all:
            quiet = watch = -1
        tried: list[int] = []  # where elements end that were looked into and held no formula
        hot = self.finder.hot
        interesting = KNOWN | config.ignored | config.processed
        drawn = self.signs.drawn
        seen: dict[str, bool] = {}
        markup = self.signs.markup or bool(config.ignored or config.processed)
        named = self.signs.named or bool(config.ignored or config.processed)
        texts = self.signs.codes or (
            (self.signs.text or self.signs.renderer) and (self.signs.delimiters or hot is not None)
        )
        for node in root.traverse(include_text=texts, skip_empty=True):
            if watch:
                here = node.mem_id
                if skip:
                    if here != skip:
                        continue
                    skip = 0
                if here == loud:
                    loud, quiet, saved = 0, saved, 0
                if here == quiet:
                    quiet = 0
                if here == display:
                    display = 0
                while tried and here == tried[-1]:
                    tried.pop()
                watch = quiet or display or loud or len(tried)
            tag = node.tag_id
            if tag == TEXT:
                if not quiet:
                    text = node.text_content or ""
                    if "$" in text or "\\" in text or (hot is not None and hot(text)):
                        self.hot.append(node)
                continue
            if tag in _DULL or not (markup or tag in _SPECIAL):
                continue
            if not named and tag < UNKNOWN_TAG and tag not in _BY_ITSELF:
                continue
            if tag == _SVG:
                if drawn and (found := self.reader.drawing(node, node.attributes)):
                    self.captured.append((node, found))
                    node.inner_html = ""
                elif drawn and _says_math(node) and not node.text().strip():
                    self.captured.append((node, Found(LOST, False, "svg")))
                continue
            if tag == _VAR and config.variables and not quiet:
                tex, shown = clean(undamaged(text_of(node)))
                self.captured.append((node, Found(tex, bool(shown), "wrapper")))
                node.inner_html = ""
                continue
            attributes = node.attributes
            names = attributes.get("class")
            known = False
            if names:
                told = seen.get(names)  # pages repeat few strings of classes
                if told is None:
                    told = seen[names] = not interesting.isdisjoint(names.split())
                known = told
            if tag in _SPECIAL:
                if tag in _RAISED:
                    if not quiet:
                        self.raised.append(node)
                    continue
                if tag == _IMG:
                    if may_be_formula(attributes):
                        self.images.append((node, attributes))
                    continue
                if tag == _SCRIPT:
                    self._script(node, attributes)
                    skip = watch = _after(node, texts)
                    continue
                if tag == _PRE and attributes.get("lang") == "math":
                    self.captured.append((node, Found(clean(node.text())[0], True, "wrapper")))
                    node.inner_html = ""
                    continue
                if tag in _EXCLUDED and not quiet:
                    quiet = watch = _after(node, texts)
                    if tag != _CODE and not known and not _has_rendering(node):
                        skip, quiet = quiet, 0
                        continue
            plain = not known and tag < UNKNOWN_TAG and tag != _MATH
            if plain and (not attributes or ATTRIBUTES.isdisjoint(attributes)):
                continue
            if len(tried) > _NESTED:
                continue
            classes = names.split() if names else []
            verdict = self._element(node, tag, attributes, classes, known)
            if isinstance(verdict, Found):
                if display and verdict.tex:
                    verdict = verdict._replace(display=True)
                self.captured.append((node, verdict))
                node.inner_html = ""  # what is read is not walked: renderings have many nodes
                continue
            end = watch = _after(node, texts)
            if verdict is None:
                tried.append(end)
                if display == 0 and known and _shows(classes):
                    display = end
            elif verdict is _SKIP:
                skip = end
            elif verdict is _QUIET:
                self.ignored.add(node.mem_id)
                quiet = quiet or end
            elif quiet and not loud:
                loud, saved, quiet = end, quiet, 0
                self.blocks[node.mem_id] = node

    def _script(self, node: LexborNode, attributes: dict[str, str | None]) -> None:
        kind = attributes.get("type")
        if kind and (found := self.reader.script(node, kind)):
            self.captured.append((node, found))
            self.scripts.add(attributes.get("id") or "")

    def _element(
        self,
        node: LexborNode,
        tag: int,
        attributes: dict[str, str | None],
        names: list[str],
        known: bool,
    ) -> "Found | _Verdict | None":
        if tag == _MATH:
            return self.reader.math(node, attributes)
        name = ""
        if tag >= UNKNOWN_TAG:
            name = node.tag or ""
            if name == "amp-img":
                self.images.append((node, attributes))
                return None
            if name == "m:omath":
                tex = self.reader.mathml(word_mathml(node)) or LOST
                return Found(tex, (node.parent or node).tag == "m:omathpara", "mathml")
            if name == "mjx-container":
                found = self.reader.container(node, attributes)
                if (found is None or found.tex == LOST) and self._is_read(node):
                    return Found("", False, "mathjax")
                self._missed(node, found)
                return found
        if known:
            if "mwe-math-element" in names:
                return self.reader.wiki(node)
            if not KATEX.isdisjoint(names) and (
                found := self.reader.katex(node, names, attributes)
            ):
                return found
            if not FRAMES.isdisjoint(names) and is_frame(node, attributes):
                self.frames.append((node, names, attributes))
                return _SKIP
            if not IN_HTML.isdisjoint(names) and (tex := markup_tex(node)):
                return Found(clean(tex)[0], False, "html")
            if "MathJax_Preview" in names:
                self.previews.append(node)
                return _SKIP
        if not ATTRIBUTES.isdisjoint(attributes) and (
            found := self.reader.attribute(node, names, attributes)
            or self.reader.described(node, names, attributes)
        ):
            return found
        if name == "card" and attributes.get("name") == "math":
            return card(attributes.get("value") or "")
        if known:
            sure = max((WRAPPERS[each] for each in names if each in WRAPPERS), default=-1)
            if sure >= 0 and not (sure < SURE and tag in _EXCLUDED and "math" not in names):
                if "inline" in names or "display" in names or "data-math-style" in attributes:
                    sure = max(sure, SURE) if "math" in names else sure
                if found := self.reader.wrapper(node, sure, names, attributes, node.tag or ""):
                    return found
        if name in MATH_TAGS:
            if (value := attributes.get("data-formula")) or (value := attributes.get("value")):
                tex, shown = clean(value)
                return Found(
                    tex,
                    bool(shown) or ("inline" not in attributes and name == "amp-mathml"),
                    "attribute",
                )
            if found := self.reader.wrapper(node, SURE, names, attributes, name):
                return found
        if known:
            if not (PROCESSED.isdisjoint(names) and self.config.processed.isdisjoint(names)):
                return _LOUD
            if not (IGNORED.isdisjoint(names) and self.config.ignored.isdisjoint(names)):
                return _QUIET
        return None

    def _missed(self, node: LexborNode, found: Found | None) -> None:
        """Count a rendering that nobody can read: it leaves a hole in the text."""
        if found is None and not node.text().strip():
            self.formulas.images_lost += 1

    def _is_read(self, node: LexborNode) -> bool:
        """Say whether the formula of a rendering was read beside it, in an element of its name."""
        holder = node.parent
        if holder is None or not self.captured or not self.captured[-1][1]:
            return False
        if WRAPPERS.keys().isdisjoint((holder.attributes.get("class") or "").split()):
            return False
        above = self.captured[-1][0].parent
        for _ in range(3):
            if above is None or above.mem_id == holder.mem_id:
                break
            above = above.parent
        return above is not None and above.mem_id == holder.mem_id

    # ---- MathJax 2: frames and previews stand beside scripts

    def _settle_frames(self) -> None:
        for node, names, attributes in self.frames:
            inner = node.css_first("[id$='-Frame']")
            ids = {attributes.get("id"), inner.attributes.get("id") if inner is not None else None}
            named = {(each or "").removesuffix("-Frame") for each in ids} - {""}
            if not named.isdisjoint(self.scripts) or self._has_script(node):
                self.captured.append((node, None))
                continue
            scripts = [script for script in node.css("script") if _is_math(script)]
            found = (
                self.reader.script(scripts[0], scripts[0].attributes.get("type") or "")
                if scripts
                else self.reader.frame(node, names, attributes)
            )
            self._missed(node, found)
            if found:
                self.captured.append((node, found))
        frames = {node.mem_id for node, _, _ in self.frames}
        for node in self.previews:
            following = node.next
            if self._has_script(node) or (following is not None and following.mem_id in frames):
                self.captured.append((node, None))

    @staticmethod
    def _has_script(node: LexborNode) -> bool:
        """Say whether a script of mathematics follows, with nothing but renderings before it."""
        following = node.next
        for _ in range(6):
            if following is None:
                return False
            if following.is_element_node:
                if following.tag_id == TAG["script"]:
                    return _is_math(following)
                names = (following.attributes.get("class") or "").split()
                if FRAMES.isdisjoint(names) and PREVIEWS.isdisjoint(names):
                    return False
            elif following.is_text_node and (following.text_content or "").strip():
                return False
            following = following.next
        return False

    # ---- replacing

    def _put(self, node: LexborNode, found: Found | None) -> None:
        if found is None:
            node.remove()
            return
        token = self._token(found)
        above = node.parent
        if above is not None and above.tag_id == _PRE and node.next is None and node.prev is None:
            node, above = above, above.parent  # <pre><code class="language-math">: no code
        if above is not None and above.tag_id == TAG["head"]:  # a page that begins with its formula
            self._before_body(token)
            node.remove()
            return
        self._show(above)
        if above is not None and above.tag_id == TAG["noscript"]:
            above.insert_before(token)  # what readers without scripts see is not shown to others
            node.remove()
            return
        node.replace_with(token)

    def _show(self, above: LexborNode | None) -> None:
        """Make what surrounds a formula visible: hidden mathematics is for readers of screens."""
        while above is not None and above.mem_id not in self.shown:
            self.shown.add(above.mem_id)
            attributes = above.attributes
            if attributes:
                if (style := attributes.get("style")) and _HIDING.search(style):
                    above.attrs["style"] = _HIDING.sub("", style)
                for name in ("hidden", "aria-hidden"):
                    if name in attributes:
                        del above.attrs[name]
            above = above.parent

    def _before_body(self, token: str) -> None:
        if self.body_start is not None:
            self.body_start.insert_before(token)
        elif self.body is not None:
            self.body.insert_child(token)

    def _token(self, found: Found) -> str:
        if found.tex == LOST:
            self.formulas.images_lost += 1
            return ""
        tex = self.tokens.unescape(found.tex) if ESCAPE in found.tex else found.tex
        if "\\" in tex:
            defined = take_definitions(tex, self.config.macros)
            if defined != tex:
                tex = clean(defined)[0]
        if not tex.isascii():  # icons of a page's own font among its TeX
            tex = _PRIVATE.sub("", tex).strip()
        if not tex:
            return ""
        self.work.spend()
        self.formulas.append(Formula(tex, found.display, found.source))
        return self.tokens.token(len(self.formulas) - 1)

    def _image(self, node: LexborNode, attributes: dict[str, str | None]) -> None:
        if not _attached(node):
            return
        made = image_tex(attributes)
        if made is None:
            if looks_lost(attributes) and not _beside_formula(node):
                self.formulas.images_lost += 1
            return
        holder, last = node.parent, self.formulas[-1] if self.formulas else None
        unscripted = holder is not None and holder.tag_id == TAG["noscript"]
        if unscripted and last and (last.tex, last.source) == (made[0], "image"):
            node.remove()  # the same image, for readers without scripts
            return
        self._put(node, Found(*made))

    def _texts(self) -> None:
        if not self.finder.trusted or not self.finder.dollar:
            self._trust_dollars()
        done: set[int] = set()
        for node in self.hot:
            if not _attached(node):
                continue
            block = container(node, self.blocks)
            if block is None or block.mem_id in done:
                continue
            done.add(block.mem_id)
            for run in runs(block, self.ignored):
                self._run(run)

    def _run(self, run: Run) -> None:
        text = "".join(run.texts)
        found = [
            (span.start, span.end, self._token(Found(span.tex, span.display, span.source)))
            for span in self.finder.spans(text)
        ]
        if "\\$" in text and (self.config.escapes or self.finder.dollar):
            found += [(at, at + 2, "$") for at in self.finder.escaped_dollars(text, found)]
            found.sort()
        if found:
            run.replace(found)

    def _raised(self) -> None:
        """Take letters with subscripts and powers, where they stand in a row of mathematics."""
        done: set[int] = set()
        for node in self.raised:
            block = container(node, self.blocks) if _attached(node) else None
            if block is None or block.mem_id in done:
                continue
            done.add(block.mem_id)
            for run in runs(block, self.ignored):
                found = dense_runs("".join(run.texts))
                if found:
                    run.replace(
                        [
                            (start, end, self._token(Found(tex, False, "html")))
                            for start, end, tex in found
                        ]
                    )

    def _trust_dollars(self) -> None:
        """Take `$` for a delimiter where the page uses it so: twice around a command of TeX."""
        count = 0
        for node in self.hot:
            if _attached(node) and "$" in (text := node.text_content or ""):
                count += self.finder.strict_dollar(text)
                if count >= 2:
                    self.finder.dollar = self.finder.trusted = True
                    return


class _Verdict:
    pass


def _shows(names: list[str]) -> bool:
    """Say whether the classes of an element make the formula within it a display."""
    return ("display" in names and "math" in names) or not DISPLAYS.isdisjoint(names)


_SKIP, _QUIET, _LOUD = _Verdict(), _Verdict(), _Verdict()


def _after(node: LexborNode, texts: bool) -> int:
    """Return the identity of the node that the walk visits after a whole subtree."""
    place: LexborNode | None = node
    while place is not None:
        following = place.next
        while following is not None and (  # the walk leaves them out
            following.is_empty_text_node if texts else not following.is_element_node
        ):
            following = following.next
        if following is not None:
            return following.mem_id
        place = place.parent
    return -1


def _beside_formula(image: LexborNode) -> bool:
    """Say whether the token of a formula follows an image at once: two renderings of one."""
    place: LexborNode | None = image
    for _ in range(_NESTED):
        if place is None:
            return False
        following = place.next
        while following is None:
            place = place.parent
            if place is None or place.tag_id not in _INLINE:
                return False
            following = place.next
        place = following
        while place.is_element_node and (inner := place.first_child) is not None:
            place = inner  # what it holds comes first
        if place.is_text_node and (text := place.text_content or ""):
            return text.startswith(OPEN)
    return False


def _says_math(drawing: LexborNode) -> bool:
    """Say whether a drawing, or the element that it is in, has the role of a formula."""
    holder = drawing.parent
    return "math" in (
        drawing.attributes.get("role"),
        holder.attributes.get("role") if holder is not None else None,
    )


def _attached(node: LexborNode) -> bool:
    return node.parent is not None


def _in_code(node: LexborNode) -> bool:
    above = node.parent
    while above is not None and above.tag_id not in _EXCLUDED:
        above = above.parent
    return above is not None


def _has_rendering(node: LexborNode) -> bool:
    """Say whether an element whose text is no mathematics holds some that is rendered."""
    inner = node.first_child
    if inner is None or (inner.tag_id == TEXT and inner.next is None):
        return False
    return node.css_first(_RENDERINGS) is not None


def _is_math(script: LexborNode) -> bool:
    return (script.attributes.get("type") or "").strip().lower().startswith("math/")
