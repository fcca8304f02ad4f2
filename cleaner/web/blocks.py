"""The blocks of text of a page and the containers they stand in, each with what it says of itself.

The page has been through an HTML parser, so its tags are balanced, and `<` and `>` occur in no
text and no attribute: a scan for the tags of blocks (`kernels/web/pages.py`) sees all of it.
No tree is walked, nothing recurses, and text is made only of the blocks that are kept.
"""

import re
from typing import Any

import numpy as np

from cleaner.kernels.web.pages import (
    APART,
    BREAK,
    CELL,
    CODE,
    CONTAINER,
    HEADING,
    IMAGE,
    ITEM,
    LEAF,
    LINE,
    LINK,
    LIST,
    NUMBERED,
    ROW,
    Scan,
    Tags,
    gathered,
)
from cleaner.web.boilerplate import (
    ARTICLE,
    BOILERPLATE,
    BOX,
    CONTENT,
    HIDDEN,
    NAMED,
    NEUTRAL,
    SEEN,
    judge,
    parted,
    remember,
)

# Removed from the tree before it is serialised: no text of the page, or text that is not escaped.
NO_TEXT = (
    "script", "style", "template", "svg", "iframe", "canvas", "object", "video", "audio", "select",
    "textarea", "button", "head", "map", "datalist", "xmp", "plaintext", "noframes", "noembed",
)  # fmt: skip
_CONTAINERS = """html body main article section div table tbody thead tfoot blockquote figure center
    details dl dd fieldset form header hgroup nav footer aside dialog menu"""
_LEAVES = "p dt caption figcaption summary legend address option optgroup"
_BITS: dict[str, int] = {
    **dict.fromkeys(_CONTAINERS.split(), CONTAINER),
    **dict.fromkeys(_LEAVES.split(), LEAF),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), LEAF | HEADING),
    **dict.fromkeys(("pre", "listing"), LEAF | CODE),
    "hr": LEAF | LINE, "ul": CONTAINER | LIST, "ol": CONTAINER | LIST | NUMBERED,
    "li": CONTAINER | ITEM, "tr": CONTAINER | ROW, "td": CONTAINER | CELL, "th": CONTAINER | CELL,
    "a": LINK, "br": BREAK, "label": APART, "img": IMAGE,
}  # fmt: skip
_TAGS = Tags(_BITS)
_PAGE, _AWAY, _ARTICLE, _BESIDE = 1, 2, 3, 4
_ROLES = np.array(
    [
        _PAGE if tag in ("html", "body")
        else _AWAY if tag in ("nav", "footer", "dialog", "menu")
        else _BESIDE if tag == "aside"
        else _ARTICLE if tag in ("article", "main")
        else 0
        for tag in _TAGS.names
    ]
)  # fmt: skip
_IS_LEAF = (_TAGS.bits & LEAF) != 0
_IS_NAVIGATION = np.array([tag in ("nav", "footer", "menu", "dialog") for tag in _TAGS.names])
_IS_PIECE = _IS_LEAF | ((_TAGS.bits & (ITEM | ROW)) != 0)
_IS_SECTION = np.array([tag in ("section", "article", "figure", "dl") for tag in _TAGS.names])
_IS_PART = np.array(
    [
        bool(bits & (ITEM | ROW | LIST))
        or tag in ("blockquote", "table", "form", "fieldset", "details", "dl", "figure", "pre")
        for tag, bits in zip(_TAGS.names, _TAGS.bits.tolist(), strict=True)
    ]
)
H1 = _TAGS.names.index("h1")
MAIN = _TAGS.names.index("main")
DT = _TAGS.names.index("dt")
_NAV = _TAGS.names.index("nav")
_PROSE = 80  # characters of a block that is no word of a menu
FORMS, TABLES, LISTS, QUOTES = (
    np.array([tag in names.split() for tag in _TAGS.names])
    for names in ("form fieldset", "table", "ul ol dl", "blockquote")
)
ARTICLES = np.array([tag in ("article", "main") for tag in _TAGS.names])

PARAGRAPH_KIND, HEADING_KIND, ITEM_KIND, CODE_KIND = range(4)

_BREAK = "\x02"  # a line break inside a block; no white space to str.split
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_CLASS = re.compile(rb"class=\"([^\"]*)\"")
_INLINE = re.compile(r"<[^>]*>")
_IMAGE = re.compile(r"<img ([^>]*)>")
_ELEMENT = re.compile(r"<(/?)([a-zA-Z][^ >]*)(?: ([^>]*))?>")
_VOID = frozenset(
    ("img", "br", "input", "wbr", "embed", "area", "link", "meta", "source", "track", "param")
)
_LINE_BREAK = re.compile(r"<br(?: [^>]*)?>")
_CONTROLS = dict.fromkeys(set(range(32)) - {ord(_BREAK)}, " ")
_NEW_LINE = re.compile(r"</(?:p|div|li|tr|h\d|dd|dt|td)>(?!\n)|<br[^>]*>")
_LANGUAGE = re.compile(r"\b(?:language|lang|brush:|highlight-source)[-\s]?([a-zA-Z+#]{1,20})\b")
_ICON = re.compile(
    r"icon|reputation|emoji|emotion|smil|avatar|logo|spacer|pixel|blank|arrow|star|btn|button|flag|face|badge"
    r"|rating|thumb|loading|counter|beacon",
    re.I,
)
_FORMULA_IMAGE = re.compile(  # in the path of its address, not in the name of its host
    r"src=\"(?:(?:https?:)?//[^/\"]*)?[^\"]*(?:formula|equation|latex|mathtype|gongshi|/tex/|/eq\d)",
    re.I,
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_SIZED = re.compile(r"\bheight(?:=\"|\s*:\s*)(\d{1,3})(?:px|pt)?\b|vertical-align", re.I)


class Blocks:
    """The blocks of a page in order, and its containers, parents before their children."""

    def __init__(self, html: str) -> None:
        """Cut a serialised page."""
        self.data = html.encode()
        self.scan: Scan = _TAGS.scan(self.data)
        written = int(self.scan.last[-1]) if len(self.scan.last) else 0
        self.plain = self.scan.text[:written].tobytes()
        self.parent = self.scan.parent
        self.size = self.scan.size
        self.link = self.scan.link
        self.container = self.scan.container
        self.kind = self.scan.kind
        self.tag = self.scan.container_tag
        self.is_leaf = _IS_LEAF[self.tag]
        self.is_navigation = _IS_NAVIGATION[self.tag] & ~self._drawers()
        self.says = self._verdicts()
        # A paragraph, an item, a list, a table or a quotation is never the whole main content.
        self.may_be_all = ~(self.is_leaf | _IS_PART[self.tag])
        self.may_be_all[self.container[self.scan.row > 0]] = False
        self._headings: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.size)

    def _drawers(self) -> np.ndarray:
        """Return which `<nav>` hold prose and no link: what a script folds out, no navigation."""
        drawers = self.tag == _NAV
        if drawers.any():
            count = len(self.parent)
            link = gathered(np.bincount(self.container, self.link, count), self.parent)
            prose = np.bincount(self.container, self.size >= _PROSE, count)
            drawers &= (link == 0) & (gathered(prose, self.parent) > 0)
        return drawers

    def _verdicts(self) -> np.ndarray:
        scan, known = self.scan, SEEN.get
        says = np.zeros(len(self.parent), np.int64)
        self.names = np.zeros(len(self.parent), np.int64)
        read = np.flatnonzero(scan.attributes_hash)
        keys = scan.attributes_hash[read].tolist()
        said: list[Any] = [known(key) for key in keys]
        if None in said:
            for at, (here, one) in enumerate(zip(read.tolist(), said, strict=True)):
                if one is None and (one := known(keys[at])) is None:
                    start, end = scan.attributes_start[here], scan.attributes_end[here]
                    one = remember(keys[at], self.data[start:end])
                said[at] = one
        says[read], self.names[read] = parted(np.array(said, np.int64))
        # A paragraph, a heading, an item or a row is not judged by what it is called.
        said_away = (says == BOILERPLATE) | (says == NAMED)
        says[_IS_PIECE[self.tag] & said_away] = NEUTRAL
        says[self.is_leaf & (says > HIDDEN)] = NEUTRAL
        says[says == NAMED] = np.where(_IS_SECTION[self.tag[says == NAMED]], NEUTRAL, BOILERPLATE)
        role = _ROLES[self.tag]
        says[role == _PAGE] = NEUTRAL
        away = (role == _AWAY) & (self.is_navigation | (self.tag != _NAV))
        says[away] = np.minimum(says[away], BOILERPLATE)
        beside = role == _BESIDE
        says[beside] = np.minimum(says[beside], BOX)
        says[(role == _ARTICLE) & (says > HIDDEN) & (says < CONTENT)] = ARTICLE
        return says

    def line(self, block: int) -> str:
        """Return the text of a block as the scan read it, what may be hidden included."""
        return self.plain[self.scan.first[block] : self.scan.last[block]].decode()

    def holder(self, block: int) -> int:
        """Return the container a block stands in, the one around its own if it is a leaf."""
        here = int(self.container[block])
        return int(self.parent[here]) if self.is_leaf[here] else here

    def label(self, here: int) -> bytes:
        """Return the tag and class of a container: posts of one thread have the same."""
        start, end = int(self.scan.attributes_start[here]), int(self.scan.attributes_end[here])
        named = _CLASS.search(self.data, start, end)
        return b"%d.%s" % (self.tag[here], named[1] if named else b"")

    def headings(self, tag: int) -> np.ndarray:
        """Return the numbers of the blocks that are headings of one tag."""
        found = self._headings.get(tag)
        if found is None:
            found = np.flatnonzero((self.kind == HEADING_KIND) & (self.scan.tag == tag))
            self._headings[tag] = found
        return found

    def text(self, block: int) -> tuple[str, int]:
        """Return the text of a block, and how many images in it look like formulas."""
        scan = self.scan
        kind = self.kind[block]
        if not scan.special[block]:
            text = self.plain[scan.first[block] : scan.last[block]].decode()
            return _heading(text) if kind == HEADING_KIND else text, 0
        text = self.data[scan.start[block] : scan.end[block]].decode()
        if kind == CODE_KIND:
            return _code(text), 0
        text, images = _inline(text)
        return _heading(text) if kind == HEADING_KIND else text, images

    def language(self, block: int) -> str:
        """Return the programming language that `<pre>` or the `<code>` in it names, or ''."""
        start = int(self.scan.start[block])
        above = int(self.scan.attributes_start[self.container[block]])
        first = self.data.find(b">", start, start + 300)
        text = self.data[above : max(start, first)].decode("utf-8", "replace")
        named = _LANGUAGE.search(text)
        return named[1].lower() if named else ""


def _code(text: str) -> str:
    if "<!--" in text:
        text = _COMMENT.sub("", text)
    if "<" in text:
        text = _INLINE.sub("", _NEW_LINE.sub("\n", text))
    return unescape(text).strip("\n").rstrip()


def _inline(text: str) -> tuple[str, int]:
    """Return the text of inline markup, and how many images in it look like formulas.

    >>> _inline('one<br>two <a href="x">three</a>&nbsp;<span hidden="">four</span>')
    ('one\\ntwo three', 0)
    """
    images = 0
    text = text.replace(_BREAK, " ")
    if "<!--" in text:
        text = _COMMENT.sub("", text)
    if "<" in text:
        if "hidden" in text or "none" in text or "editsection" in text:
            text = _without_hidden(text)
        pictures = _IMAGE.findall(text) if "<img " in text else ()
        if "<br" in text:
            text = _LINE_BREAK.sub(_BREAK, text)
        if "label>" in text:
            text = text.replace("</label>", " ")
        text = _INLINE.sub("", text)
        if pictures and not text.isspace():
            images = sum(_is_formula_image(picture, text) for picture in pictures)
    if not text.isprintable():
        text = text.translate(_CONTROLS)
    if _BREAK in text:
        text = "\n".join(" ".join(line.split()) for line in text.split(_BREAK)).strip()
    else:
        text = " ".join(text.split())
    if "&" in text:
        text = unescape(text)
        if "\xa0" in text:
            text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
    return text, images


def unescape(text: str) -> str:
    """Return text of a serialised page with its four references resolved."""
    return (
        text.replace("&nbsp;", "\xa0")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
    )


def _is_formula_image(attributes: str, text: str) -> bool:
    """Return whether an image inside a sentence stands for a formula: named so, or small.

    Examination sites in Chinese set formulas as small images without a name.
    """
    if len(attributes) > 600:  # the picture itself, or a list of its sizes
        attributes = attributes[:300] + attributes[-300:]
    if _ICON.search(attributes):
        return False
    if _FORMULA_IMAGE.search(attributes):
        return True
    sized = _SIZED.search(attributes)
    if sized is None or not _HAN.search(text):
        return False
    return sized[1] is None or 6 <= int(sized[1]) <= 64


def _without_hidden(text: str) -> str:
    """Return inline markup without the elements that are hidden or for editors."""
    pieces: list[str] = []
    start, skipped, depth = 0, "", 0
    for found in _ELEMENT.finditer(text):
        closes, tag, attributes = found.groups()
        if skipped:
            if tag == skipped:
                depth += -1 if closes else 1
                if not depth:
                    start, skipped = found.end(), ""
        elif (
            attributes
            and tag not in _VOID
            and ("editsection" in attributes or judge(attributes) <= HIDDEN)
        ):
            pieces.append(text[start : found.start()])
            skipped, depth = tag, 1
    if not skipped:
        pieces.append(text[start:])
    return "".join(pieces)


def _heading(text: str) -> str:
    """Return a heading without the sign that links to it and without the links of editors.

    >>> _heading("Limits 🔗"), _heading("Series[edit]"), _heading("C#")
    ('Limits', 'Series', 'C#')
    """
    text = text.rstrip("¶§🔗⚓\ufe0e\u200b ").removesuffix(" #")
    for mark in ("[edit]", "[编辑]", "[編輯]", "[edit source]", "[编辑源代码]", "[編輯原始碼]"):
        text = text.removesuffix(mark)
    return text.rstrip()
