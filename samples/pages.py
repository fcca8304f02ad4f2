"""Documents dressed as web pages: eight kinds of site with all that surrounds a text.

A kind of site is a file of `skins/` with places in double braces. What belongs to the site is
filled in once; the few places that belong to the page stay open in its `Skin`.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from random import Random

from . import library
from .documents import Block, Document
from .encodings import CLOSE, ENCODINGS, PLACE
from .grammar import mix, name_number, pick
from .han import to_traditional
from .mathml import escape

FOLDER = Path(__file__).parent / "skins"
SKINS = ("blog", "portal", "forum", "wiki", "manual", "old_tables", "bare", "shop")
_TAGS = {
    "p": ("<p>", "</p>"),
    "h2": ("<h2>", "</h2>"),
    "code": ("<pre><code>", "</code></pre>"),
    "li": ("<li>", "</li>"),
}
_ANSWER = '</div></div><div class="answer"><div class="votes">3</div><div class="post-text"><h3>'
_HIGHLIGHT = '<div class="highlight-default notranslate"><div class="highlight"><pre>'
_OWN_TAGS: dict[str, dict[str, tuple[str, str]]] = {
    "portal": {
        "p": ('<p style="text-indent:2em">', "</p>"),
        "h2": ("<p><strong>", "</strong></p>"),
    },
    "forum": {"h2": (_ANSWER, "</h3>")},
    "wiki": {
        "h2": (
            '<h2><span class="mw-headline">',
            '</span><span class="mw-editsection">{{small}}</span></h2>',
        )
    },
    "manual": {"code": (_HIGHLIGHT, "</pre></div></div>")},
    "old_tables": {
        "p": ("\u3000\u3000", "<br><br>"),
        "h2": ("<b>", "</b><br>"),
        "code": ("<pre>", "</pre>"),
        "li": ("<li>", ""),
    },
}
_LANG = {"zh": "zh-CN", "zh-Hant": "zh-TW", "pt": "pt-BR"}


@dataclass(frozen=True)
class Skin:
    """One site in one language: the parts of its pages, and the places between them."""

    parts: list[str]  # text and names of open places in turn
    tags: dict[str, tuple[str, str]]


def _filled(text: str, values: dict[str, str]) -> str:
    """Return a text with the places filled that have a value."""
    return PLACE.sub(lambda found: values.get(found[1], found[0]), text)


@cache
def _file(name: str) -> str:
    return (FOLDER / f"{name}.html").read_text(encoding="utf-8")


def _words(lang: str, key: str) -> list[str]:
    if lang == "zh-Hant":
        return [to_traditional(word) for word in library.page_words("zh")[key]]
    return library.page_words(lang)[key]


def _links(labels: list[str], css: str = "") -> str:
    how = f' class="{css}"' if css else ""
    return "".join(
        f'<li{how}><a href="/{mix(name_number(label)) % 9973}/">{escape(label)}</a></li>'
        for label in labels
    )


@lru_cache(maxsize=4096)
def skin(kind: str, site: str, lang: str) -> Skin:
    """Return one site's skin in one language."""
    rng = Random(mix(name_number(kind), name_number(site), name_number(lang)))
    number = str(10 + int(rng.random() * 80))
    menu = _words(lang, "menu")
    start = int(rng.random() * len(menu))
    turned = menu[start:] + menu[:start]
    values = {
        key: pick(rng, _words(lang, key)).replace("{n}", number)
        for key in ("cookie", "accept", "related", "comment", "offer", "small", "by", "crumb")
    }
    values.update(zip(("name", "mail", "web", "text", "send"), _words(lang, "fields"), strict=True))
    values.update(
        site=site,
        number=number,
        menu=_links(turned[:9]),
        more=_links(turned[:4:-1], "side-item"),
        share="".join(
            f'<a class="share" href="#">{word.replace("{n}", number)}</a>'
            for word in _words(lang, "share")[:4]
        ),
        footer=f"© 20{number} {site.replace('-', ' ').title()}. "
        + pick(rng, _words(lang, "footer")).replace("{n}", number),
    )
    for part in ("scripts", "style", "form", "banner"):
        values[part] = _filled(_file(f"parts/{part}"), values)
    whole = _filled(_file(kind), values)
    tags = {**_TAGS, **_OWN_TAGS.get(kind, {})}
    return Skin(
        PLACE.split(whole),
        {block: (_filled(a, values), _filled(b, values)) for block, (a, b) in tags.items()},
    )


def _body(blocks: list[Block], tags: dict[str, tuple[str, str]]) -> str:
    out: list[str] = []
    listing = False
    texts = escape("\x00".join([text for _, text in blocks])).split("\x00")
    for (kind, _), text in zip(blocks, texts, strict=True):
        if (kind == "li") != listing:
            listing = not listing
            out.append("<ul>" if listing else "</ul>")
        opening, closing = tags[kind]
        out.append(f"{opening}{text}{closing}")
    if listing:
        out.append("</ul>")
    return "\n".join(out)


def page(
    document: Document,
    *,
    dress: int,
    site: str,
    url: str,
    date: str,
    charset: str = "utf-8",
    encoding: str = "paren",
    related: list[str] | None = None,
    lang: str = "",
) -> str:
    """Return the whole page as text; `dress` chooses the kind of site."""
    lang = lang or document.lang
    shown = skin(SKINS[dress % len(SKINS)], site, lang)
    title = escape(document.title)
    body = _body(document.blocks, shown.tags)
    extra = ""
    if CLOSE in body:
        extra = ENCODINGS[encoding].head
        body = ENCODINGS[encoding](body)
    values = {
        "lang": _LANG.get(lang, lang),
        "charset": f'<meta charset="{charset}">' if charset else "",
        "title": title,
        "url": escape(url),
        "date": date,
        "extra": extra,
        "body": body,
        "links": _links(related or []),
    }
    parts = shown.parts.copy()
    parts[1::2] = [values[name] for name in parts[1::2]]
    return "".join(parts)
