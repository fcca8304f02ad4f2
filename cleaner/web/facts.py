"""What only the page knows about itself: title, dates, language, licence, opt-out signs, kind."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

if TYPE_CHECKING:
    from cleaner.web.signs import PageSigns


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one page; None where it does not say."""

    title: str | None = None
    published: str | None = None  # YYYY-MM-DD
    canonical_url: str | None = None
    declared_lang: str | None = None
    page_licence: str | None = None
    optout_noai: bool = False
    optout_tdm: bool = False
    noindex: bool = False
    page_kind: str = "article"


KINDS = ("article", "forum", "list", "product", "code", "error")

_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-/.年](0?[1-9]|1[0-2])[-/.月](0?[1-9]|[12]\d|3[01])(?!\d)"
)
_PUBLISHED_META = (  # in the order of trust
    "article:published_time", "og:published_time", "datepublished", "publishdate", "pubdate",
    "publish_date", "publish-date", "dc.date", "dc.date.issued", "dcterms.created",
    "dc.date.created", "sailthru.date", "parsely-pub-date", "citation_publication_date",
    "citation_date", "weibo:article:create_at", "originalpublicationdate", "og:release_date",
    "bytedance:published_time", "published_time", "article.published",
)  # fmt: skip
_JSON_DATE = re.compile(
    r"\"(?:datePublished|pubDate|publishedAt|publish_date)\"\s*:\s*\"([^\"]{8,40})\""
)
_JSON_TYPE = re.compile(r"\"@type\"\s*:\s*\[?\s*\"(\w+)\"")
_JSON_SAID = re.compile(  # the start of what a page says of its subject, or of its text
    r"\"(?:description|articleBody|text)\"\s*:\s*\"((?:[^\"\\]|\\.){24,300})"
)
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_MARKUP = re.compile(r"<[^>]*>")
_MOST = 20  # strings of JSON-LD
_URL_DATE = re.compile(
    r"/((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?:[/_.-]|$)"
)
_CC = re.compile(
    r"href=\"((?:https?:)?//(?:www\.)?creativecommons\.org/(?:licen[sc]es|publicdomain)/[\w./-]+)",
    re.I,
)
_REL_LICENCE = re.compile(r"rel=\"(?:[^\"]*\s)?licen[sc]e[\s\"]")
_HREF = re.compile(r"\bhref=\"([^\"]+)\"")
_TIME = re.compile(r"<time\b[^>]*\bdatetime=\"([^\"]{8,40})\"")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+/[A-Za-z0-9._~/-]*")  # no base changes it
_LANG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")
_NO_AI = {"noai", "noimageai", "noml", "nollm"}
_NO_INDEX = {"noindex", "none"}

_TYPES = {
    "article": "article", "newsarticle": "article", "blogposting": "article", "report": "article",
    "scholarlyarticle": "article", "techarticle": "article", "reportagenewsarticle": "article",
    "qapage": "forum", "discussionforumposting": "forum", "question": "forum",
    "product": "product", "productgroup": "product", "offer": "product",
    "itemlist": "list", "collectionpage": "list", "searchresultspage": "list",
    "softwaresourcecode": "code",
}  # fmt: skip
_ONE_PRODUCT = 'schema.org/Product"'  # of microdata; a list of products has many
_FORUM_URL = re.compile(
    r"viewtopic|showthread|forumdisplay|/forums?/|/threads?/|/topics?/|/questions?/\d|thread-\d+-"
    r"|/t/[\w-]+/\d|//(?:bbs|forum|forums|ask|zhidao|answers|discuss|community)\.|/bbs/",
    re.I,
)
_FORUM_MAKER = re.compile(
    r"phpbb|discuz|vbulletin|xenforo|mybb|smf|discourse|flarum|invision|punbb", re.I
)
_ERROR_NUMBER = r"[#(\[（]?(?:40[0134]|410|429|50[0234])[)\]）]?"
_ERROR = (  # what a part of a title says, and nothing else
    r"(?:page |file |server |document )?not found|(?:access|permission) (?:is |was )?denied"
    r"|forbidden|unauthorized|bad gateway|(?:internal )?server error|service unavailable"
    r"|too many requests|(?:an )?error(?: page| occurred| has occurred)?|page error"
    r"|(?:page|site) (?:unavailable|doesn't exist|does not exist|no longer exists)"
    r"|(?:页面|网页|頁面|网站|文章|您(?:要)?(?:访问|查看)的页面)(?:不存在|未找到|找不到|已删除|出错)+(?:了|啦)?"
    r"|找不到(?:页面|网页|頁面|該頁|该页|网站)|出错(?:了|啦)|访问(?:受限|被拒绝)|系统提示|提示信息"
    r"|just a moment\.*|attention required!?|security check"
)
_ERROR_PART = re.compile(
    rf"(?:oops|sorry|whoops|error|http|status|code|抱歉|对不起|很抱歉|错误|{_ERROR_NUMBER}|[\s,!.…:：，！。-])*"
    rf"(?:{_ERROR})(?:error|code|错误|{_ERROR_NUMBER}|[\s!.…:：，！。-])*"
    rf"|(?:(?:http|status|error|code|错误)[\s:：-]*)+{_ERROR_NUMBER}"
    rf"|{_ERROR_NUMBER}[\s:：-]*(?:error|错误|页面)",
    re.I,
)
_ERROR_SIGNS = (  # without one of them a title says nothing of an error
    "40", "41", "42", "50", "not found", "denied", "forbidden", "unauthorized", "gateway", "error",
    "unavailable", "many requests", "exist", "不存在", "未找到", "找不到", "已删除", "出错",
    "访问受限", "访问被拒绝", "提示", "a moment", "required", "security", "错误",
)  # fmt: skip
_ERROR_ALONE = re.compile(rf"\W*{_ERROR_NUMBER}\W*")
_ERROR_SAID = re.compile(
    r"not (?:be )?found|no longer|does(?:n't| not) exist|denied|forbidden|error|unavailable"
    r"|不存在|找不到|未找到|已删除|出错|错误|拒绝",
    re.I,
)
_TITLE_PARTS = re.compile(r"\s+[-–—|·•«»:/]+\s+|[|_–—]|:\s+")


def tokens_of(value: str) -> set[str]:
    """Return the directives of a robots value, `none, noai` or `googlebot: noindex`."""
    return {part.strip() for part in re.split(r"[,;\s:]+", value.lower())}


@dataclass(slots=True)
class Head:
    """What stands in the head of a page, and the language of its root."""

    title: str | None = None
    meta: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)  # rel -> href
    robots: set[str] = field(default_factory=set)
    structured: str = ""  # JSON-LD, as text
    lang: str | None = None


class Told(NamedTuple):
    """What the head of a page says of its text: its kind, its titles, how it begins."""

    kind: str = ""
    title: str = ""
    said: tuple[str, ...] = ()


def told(head: Head, kind: str) -> Told:
    """Return what the head of a page says of its text."""
    meta = head.meta
    title = f"{head.title or ''} {meta.get('og:title', '')}"
    said = [meta[name] for name in ("description", "og:description") if name in meta]
    said += (_unescaped(one) for one in _JSON_SAID.findall(head.structured)[:_MOST])
    return Told(kind, _plain(title), tuple(dict.fromkeys(map(_plain, said))))


def _unescaped(text: str) -> str:
    """Return the start of a string of JSON."""
    return _ESCAPED.sub(lambda found: _meant(found[1]), text)


def _meant(escape: str) -> str:
    if len(escape) == 5:
        return chr(int(escape[1:], 16))
    return escape if escape in '"/\\' else " "


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub(" ", html.unescape(text)).split())


def read_head(tree: LexborHTMLParser, structured: bool = False) -> Head:
    """Return the head of a parsed page; to be called before the tree is changed.

    `structured` says that there may be JSON-LD in the page; many shops have it in the body.
    """
    head = Head()
    json_ld = []
    for node in _children(tree.head):
        tag = node.tag
        if tag == "meta":
            given = node.attributes
            name = given.get("property") or given.get("name") or given.get("itemprop")
            name = (name or given.get("http-equiv") or "").strip().lower()
            value = (given.get("content") or "").strip()
            if name in ("robots", "googlebot", "bingbot", "gptbot", "ccbot"):
                head.robots |= _directives(value)
            elif name and value:
                head.meta.setdefault(name, value)
        elif tag == "link":
            given = node.attributes
            for rel in (given.get("rel") or "").lower().split():
                head.links.setdefault(rel, (given.get("href") or "").strip())
        elif tag == "title" and head.title is None:
            head.title = node.text()
        elif tag == "script" and "ld+json" in (node.attributes.get("type") or ""):
            json_ld.append(node.text())
    if structured and not json_ld:
        json_ld = [node.text() for node in tree.css("script[type*='ld+json']")]
    head.structured = "\n".join(json_ld)
    if tree.root is not None:
        given = tree.root.attributes
        head.lang = given.get("lang") or given.get("xml:lang")
    return head


def facts(
    head: Head,
    body: str,
    signs: PageSigns,
    heading: str | None,
    url: str | None,
    headers: Mapping[str, str] | None,
) -> Facts:
    """Return the facts of a page from its head, its serialised body and its first heading.

    `signs` say what is not worth looking for.
    """
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    robots = head.robots | _directives(sent.get("x-robots-tag", ""))
    return Facts(
        title=_title(head, heading),
        published=_published(head, body if signs.time else "", url),
        canonical_url=_canonical(head.links.get("canonical") or head.meta.get("og:url"), url),
        declared_lang=_language(head, sent),
        page_licence=_licence(head, body if signs.licence else ""),
        optout_noai=not robots.isdisjoint(_NO_AI),
        optout_tdm="1"
        in (head.meta.get("tdm-reservation"), sent.get("tdm-reservation", "").strip()),
        noindex=not robots.isdisjoint(_NO_INDEX),
        page_kind=_declared_kind(head, body if signs.product else "", url),
    )


def _children(node: LexborNode | None) -> Iterator[LexborNode]:
    node = node.child if node is not None else None
    while node is not None:
        yield node
        node = node.next


def _directives(value: str) -> set[str]:
    """Return the directives of a robots value.

    >>> sorted(_directives("googlebot: noindex, NoAI"))
    ['googlebot', 'noai', 'noindex']
    """
    return set(re.split(r"[,;\s:]+", value.lower()))


def _title(head: Head, heading: str | None) -> str | None:
    for candidate in (
        head.title,
        head.meta.get("og:title"),
        head.meta.get("twitter:title"),
        heading,
    ):
        if candidate and (text := " ".join(candidate.split())):
            return text[:500]
    return None


def _day(value: str | None) -> str | None:
    """Return the first plausible calendar day in `value` as YYYY-MM-DD.

    >>> _day("发布于 2019年3月5日 10:00"), _day("20190305"), _day("soon")
    ('2019-03-05', '2019-03-05', None)
    """
    if not value:
        return None
    found = _DATE.search(value) or re.search(
        r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)", value
    )
    return "{}-{:0>2}-{:0>2}".format(*found.groups()) if found else None


def _published(head: Head, body: str, url: str | None) -> str | None:
    for name in _PUBLISHED_META:
        if name in head.meta and (day := _day(head.meta[name])):
            return day
    if (
        head.structured
        and (found := _JSON_DATE.search(head.structured))
        and (day := _day(found[1]))
    ):
        return day
    if day := _day(head.meta.get("date")):
        return day
    if "<time" in body and (found := _TIME.search(body)) and (day := _day(found[1])):
        return day
    if url and (found := _URL_DATE.search(url)):
        return "-".join(found.groups())
    return None


def _canonical(href: str | None, url: str | None) -> str | None:
    if not href or href.startswith(("#", "javascript:", "data:")):
        return None
    if _PLAIN_URL.fullmatch(href):
        return href
    try:
        whole = urljoin(url, href) if url else href
        parts = urlsplit(whole)
    except ValueError:
        return None
    return whole if parts.scheme in ("http", "https") and parts.netloc else None


def _language(head: Head, sent: Mapping[str, str]) -> str | None:
    for value in (
        head.lang,
        head.meta.get("content-language"),
        head.meta.get("og:locale"),
        head.meta.get("dc.language"),
        sent.get("content-language"),
    ):
        if value and (found := _LANG.fullmatch(value.split(",")[0].strip())):
            return found[0].replace("_", "-")
    return None


def _licence(head: Head, body: str) -> str | None:
    for rel in ("license", "licence"):
        if head.links.get(rel):
            return head.links[rel][:300]
    for name in ("dcterms.license", "dc.rights", "dcterms.rights", "license"):
        if name in head.meta:
            return head.meta[name][:300]
    if found := _REL_LICENCE.search(body):
        tag = body[body.rfind("<", 0, found.start()) : body.find(">", found.end())]
        if href := _HREF.search(tag):
            return html.unescape(href[1])[:300]
    # A licence that is only talked about stands in a link, too; the page's own is the last one.
    marks = _CC.findall(body) if "creativecommons.org/" in body else []
    return html.unescape(marks[-1])[:300] if marks else None


def _error(title: str) -> str:
    """Return `error` where a part of a title says that and no more, `number` for a bare one.

    >>> _error("404 Not Found - Example"), _error("404 | Example"), _error("Problem 404 - Example")
    ('error', 'number', '')
    """
    plain = title.casefold()
    if not any([sign in plain for sign in _ERROR_SIGNS]):
        return ""
    parts = [part.strip() for part in _TITLE_PARTS.split(title)]
    if any(_ERROR_PART.fullmatch(part) for part in (title.strip(), *parts)):
        return "error"
    return "number" if any(_ERROR_ALONE.fullmatch(part) for part in parts) else ""


def _declared_kind(head: Head, body: str, url: str | None) -> str:
    if head.title and len(head.title) < 80 and (kind := _error(head.title)):
        return kind
    if (url and _FORUM_URL.search(url)) or _FORUM_MAKER.search(head.meta.get("generator", "")):
        return "forum"
    named = {found.lower() for found in _JSON_TYPE.findall(head.structured)}
    if "faqpage" in named:  # its questions are the page's own
        named.discard("question")
    types = {_TYPES.get(name) for name in named}
    if body.count(_ONE_PRODUCT) == 1:
        types.add("product")
    for kind in ("forum", "product", "article", "code", "list"):
        if kind in types:
            return kind
    og = head.meta.get("og:type", "").lower()
    return "product" if "product" in og else "article" if "article" in og else ""


def settled_kind(
    declared: str, link_density: float, code_share: float, posts: int, text: str
) -> str:
    """Return the page's kind from what it declares and what its main content looks like."""
    if len(text) < 1_000 and (
        declared == "error" or (declared == "number" and _ERROR_SAID.search(text))
    ):
        return "error"
    if declared in ("forum", "product"):
        return declared
    if link_density > 0.6:
        return "list"
    if code_share > 0.5:
        return "code"
    if declared in ("article", "code", "list"):
        return declared
    return "forum" if posts >= 4 else "article"
