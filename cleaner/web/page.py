"""One page in, its text with LaTeX and its facts out: the sequence of all that `web` does."""

import codecs
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from cleaner.kernels.web.markup import cost
from cleaner.web.blocks import H1, Blocks
from cleaner.web.budget import OverBudget
from cleaner.web.content import main_content as pick
from cleaner.web.content import menu_texts, text_without_boilerplate, whole_text
from cleaner.web.cues import Cues
from cleaner.web.decode import Binary, Undecodable, decode
from cleaner.web.facts import Facts, facts, read_head, settled_kind, told
from cleaner.web.formulas import Formulas, replace_formulas
from cleaner.web.formulas.word import as_html
from cleaner.web.reading import make_readable
from cleaner.web.signs import signs
from cleaner.web.tokens import OPEN, Tokens, literal_dollars
from cleaner.web.tree import described, open_shadows, serialised, unseen

# What one page may cost, counted in work: beyond it the page fails with the number and the budget.
MAX_BYTES = 10_000_000
MAX_TAGS = 300_000
MAX_DEPTH = 2_000
MAX_ATTRIBUTES = 5_000  # of one element
MAX_COPIES = 200_000  # of formatting elements that are never closed: parsers repeat them
_THIN = 200  # characters: a page that says less may keep its text where scripts find it
_UNSEEN = re.compile("<(?:script|textarea|xmp|template)", re.I)  # where that may be
_HARMLESS = 8_000  # bytes, too few to cost much whatever they are


@dataclass(frozen=True, slots=True)
class Page:
    """A page as text. `broken` or `error` say why there is none; then `text` is empty."""

    text: str = ""
    broken: str | None = None  # empty, not_html, binary, http_error
    error: str | None = None  # why the page could not be judged
    formulas_marked: bool = False  # `$` only delimits formulas, a literal dollar is `\\$`
    formulas_found: int = 0  # those of menus, and second renderings of one, do not count
    formulas_lost: int = 0  # of those found, how many the text leaves out
    formula_images_lost: int = 0  # images of formulas that nobody wrote down as TeX
    link_density: float = 0.0
    charset: str | None = None
    charset_repaired: bool = False
    facts: Facts = field(default_factory=Facts)

    def __repr__(self) -> str:
        said = self.error or self.broken or f"{self.formulas_found} formulas"
        return f"<page of {len(self.text):,} characters, {said}: {self.text[:60]!r}>"


def extract_html(
    page: bytes | str,
    url: str | None = None,
    *,
    math: bool = True,
    main_content: bool = True,
    min_formula_survival: float = 0.8,
    headers: Mapping[str, str] | None = None,
    charset: str | None = None,
    cues: Cues | None = None,
) -> Page:
    r"""Return the text of a page, its formulas as `$...$` and `$$...$$`, and what it tells.

    `charset` is the one of the HTTP header when `headers` are not at hand. If the main content
    holds under `min_formula_survival` of the formulas, all text less navigation is taken. Without
    `math`, dollars and formulas stay as they are. `cues` are the lines that stand around the text
    of Chinese pages; without them, those that ship.

    >>> extract_html("<p>For $5: <math><msup><mi>a</mi><mn>3</mn></msup></math>").text
    'For \\$5: $a^{3}$'
    """
    size = len(page)
    if size > MAX_BYTES:
        return Page(error=f"over budget: {size:,} bytes, more than {MAX_BYTES:,}")
    encoding, repaired = None, False
    if isinstance(page, bytes):
        try:
            source, encoding, repaired = decode(page, charset or _charset(headers))
        except Binary:
            return Page(broken="binary")
        except Undecodable as wrong:
            return Page(error=f"undecodable: {wrong}")
    else:
        source = page
    try:
        data = _same_bytes(page, encoding, repaired) or source.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: no text
        data = source.encode("utf-8", "replace")
        source = data.decode()
    if b"\0" in data:
        data, source = data.replace(b"\0", b""), source.replace("\0", "")
    if broken := _not_a_page(source):
        return Page(broken=broken, charset=encoding, charset_repaired=repaired)
    try:
        given = (url, math, main_content, min_formula_survival, headers, encoding, repaired, cues)
        found = _extract(source, data, *given)
        if len(found.text) < _THIN and found.broken in (None, "empty"):
            shown = _with_unseen(source, 3 * len(found.text))
            if shown and len((more := _extract(shown, shown.encode(), *given)).text) >= _THIN:
                return more
        return found
    except OverBudget as over:
        return Page(error=str(over), charset=encoding, charset_repaired=repaired)
    except (SelectolaxError, RecursionError) as wrong:
        return Page(error=type(wrong).__name__, charset=encoding, charset_repaired=repaired)


def _same_bytes(page: bytes | str, encoding: str | None, repaired: bool) -> bytes | None:
    """Return the page itself where its text, as UTF-8, is the same bytes."""
    if repaired or not isinstance(page, bytes) or encoding not in ("utf-8", "ascii"):
        return None
    return None if page.startswith(codecs.BOM_UTF8) or b"\0" in page else page


def _with_unseen(source: str, least: int) -> str:
    """Return a page with the text that it holds only for its scripts, or ''.

    One that says nothing at all is what its description says.
    """
    if least and not _UNSEEN.search(source):
        return ""
    tree = LexborHTMLParser(source)
    found = unseen(tree) or ("" if least else described(tree))
    if len(found) <= least or tree.head is None or tree.root is None:
        return ""
    lang = html.escape(tree.root.attributes.get("lang") or "")
    return f'<html lang="{lang}">{tree.head.html}<body><article>{found}</article></body></html>'


def _charset(headers: Mapping[str, str] | None) -> str | None:
    for name, value in (headers or {}).items():
        if name.lower() == "content-type" and (
            found := re.search(r"charset\s*=\s*([^\s;,]+)", value, re.I)
        ):
            return found[1]
    return None


_TAG = re.compile(r"<[a-zA-Z!/?]")
_XML_ROOT = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*|<\?[^>]*>\s*)*<([\w:.-]+)", re.S
)
_OTHER_ROOTS = {
    "rss", "feed", "rdf:rdf", "urlset", "sitemapindex", "opml", "wml", "svg", "kml",
    "soap:envelope", "error",
}  # fmt: skip


def _not_a_page(source: str) -> str | None:
    if not source.strip("\ufeff \t\r\n\x0b\x0c"):
        return "empty"
    start = source.lstrip("\ufeff \t\r\n")[:1]
    if start in "{[" and not re.search(r"<(?:html|body|p|div)\b", source, re.I):
        return "not_html"
    if start == "<" and (root := _XML_ROOT.match(source)) and root[1].lower() in _OTHER_ROOTS:
        return "not_html"
    return None if _TAG.search(source) else "not_html"


def _extract(
    source: str,
    data: bytes,
    url: str | None,
    math: bool,
    main: bool,
    min_survival: float,
    headers: Mapping[str, str] | None,
    encoding: str | None,
    repaired: bool,
    cues: Cues | None,
) -> Page:
    _check_budget(data)
    tokens = Tokens()
    sign = signs(data)
    escaped = tokens.escape(as_html(source)) if math and sign.escape else source
    tree = LexborHTMLParser(data if escaped is source else escaped)
    if sign.shadow:
        open_shadows(tree)
    head = read_head(tree, sign.structured)
    formulas = Formulas()
    if math and sign.formulas.hopeful:
        formulas = replace_formulas(tree, source, tokens, sign.formulas)
    if any(sign.reading):
        make_readable(tree, sign.reading._replace(equations=bool(formulas)))
    body = serialised(tree)
    blocks = Blocks(body)
    known = facts(head, body, sign, _first_heading(blocks), url, headers)
    content = pick(blocks, told(head, known.page_kind), cues) if main else whole_text(blocks)
    if main and formulas:
        kept = len(set(tokens.numbers(content.text)))
        for widen in (text_without_boilerplate, whole_text):
            if kept >= min_survival * len(formulas):
                break
            wider = widen(blocks)
            if (more := len(set(tokens.numbers(wider.text)))) > kept:  # else they are in menus
                content, kept = wider, more
    text, written, lost = content.text.strip(), 0, 0
    if math and (formulas or sign.escape):
        shown = set(tokens.numbers(text))
        text, written, lost = tokens.restore(text, formulas)
        if len(shown) < len(formulas):
            menus = set(range(len(formulas))).difference(tokens.numbers(body))
            found = (tokens.numbers(menu) for menu in menu_texts(blocks, OPEN.encode()))
            menus.update(number for numbers in found for number in numbers)
            lost -= len(menus - shown)
    elif math:
        text = literal_dollars(text)
    kind = settled_kind(
        known.page_kind, content.link_density, content.code_share, content.posts, text
    )
    title = tokens.unescape(known.title) if known.title else None
    known = replace(known, page_kind=kind, title=title)
    broken = None
    if not any(map(str.isalnum, text)):
        broken = "empty"
    elif kind == "error" and len(text) < 400 and not formulas:
        broken = "http_error"
    return Page(
        text=text,
        broken=broken,
        formulas_marked=math,
        formulas_found=written + lost,
        formulas_lost=lost,
        formula_images_lost=max(content.images_lost, formulas.images_lost),
        link_density=content.link_density,
        facts=known,
        charset=encoding,
        charset_repaired=repaired,
    )


def _first_heading(blocks: Blocks) -> str | None:
    found = blocks.headings(H1)
    return blocks.text(int(found[0]))[0] if len(found) else None


def _check_budget(data: bytes) -> None:
    if len(data) <= _HARMLESS:
        return
    depth, attributes, copies = cost(data)
    for what, amount, limit in (
        ("tags", data.count(b"<") if len(data) > MAX_TAGS else 0, MAX_TAGS),
        ("nested elements", depth, MAX_DEPTH),
        ("attributes of one element", attributes, MAX_ATTRIBUTES),
        ("copies of elements that are not closed", copies, MAX_COPIES),
    ):
        if amount > limit:
            raise OverBudget(f"over budget: {amount:,} {what}, more than {limit:,}")
