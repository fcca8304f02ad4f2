"""What an element's attributes say of it: content, navigation, comments, hidden, or nothing."""

import re

import numpy as np

# An id alone is `NAMED`: sections, headings and rows have ids made of their own words.
# A `BOX` stands beside the text, or is a note in it; `VEILED` is content that is hidden, as if a
# script were to show it, `FOLDED` what its reader folds out, a tab or a part of an accordion;
# `reading/threads.py` has set a `POST` apart.
POST, CONTENT, ARTICLE, NEUTRAL, NAMED, BOX, BOILERPLATE, COMMENTS, HIDDEN, VEILED, FOLDED = range(
    3, -8, -1
)
POST_CLASS = "cleaner-post"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words of class names and ids, after those of trafilatura, readability and resiliparse; a name is
# cut at hyphens, underscores and capitals, so `nav` is not found in `navy`.
_BOILERPLATE = _words(
    """nav navbar navigation topnav subnav menus submenu sidenav footer breadcrumb
    breadcrumbs crumb crumbs pagination pager share sharing sharebar social related recommend
    recommended recommendation recommendations ads adv advert advertisement adsense sponsor
    sponsored cookie cookies gdpr consent popup lightbox subscribe subscription
    signup copyright masthead noprint outbrain taboola popular tagcloud menu modal
    trending signin login lineno linenos linenodiv editsection
    headerlink noexcerpt byline bio flair badges attribution signature disclaimer"""
)
# Words that name a box only where a name begins or ends with them: `body-ad-wrapper` is none.
_AT_THE_EDGE = _words(
    """ad gutter toc sidebar overlay tooltip dropdown banner newsletter promo toolbar"""
)
_MODIFIERS = _words("has with no without not non hide is js member method")  # of what follows
_SECTIONS = re.compile(  # what generators of documents call a section, whose id is of its words
    r"(?:sub)*section\d*|sect\d*|level\d+|chapter|appendix|ltx_\w+|tex2jax_ignore|theorem|lemma"
    r"|corollary|proposition|definition|example|exercise|remark|proof|problem|solution|algorithm"
    r"|axiom|claim|figure|equation",
    re.I,
)
_COMMENTS = _words("comment comments respond disqus commentlist")
_ARTICLE = _words(
    """article post entry story news blog topic rich markdown thread question answer message detail
    details"""
)
_BODY = _words("content contents body text detail details media cont con inner txt")
_CONTENT_NAMES = _words(  # names of well-known makers of pages, whole
    """articlebody postbody markdown-body mw-parser-output js_content cnblogs_post_body storybody
    articletext articlecontent postcontent richtext t_f zw artibody endtext main-content
    main_content maincontent post_text content-article js-post-body s-prose"""
)
_ROLES = _words(
    "navigation banner contentinfo search dialog alertdialog menu menubar toolbar tooltip"
)
_BOX_ROLES = _words("complementary alert")
_FOLDS = re.compile(  # what a reader opens: a tab, a part of an accordion, the rest of a text
    r"accordion|collaps|tab-?(?:panel|pane|content)|panel|\bfaq|answer|toggle|expand|disclos"
    r"|read-?more|show-?more|full-?text|description",
    re.I,
)
_WORD = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|\d+")
_HASHED = re.compile(r"__(?=[a-z]*[A-Z\d])[A-Za-z\d]{4,6}$")  # of a style sheet's module
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)

# Words of names as evidence among other evidence, by group; the judge of blocks weighs them.
GROUPS = tuple(
    _words(group)
    for group in (
        "nav navbar navigation menu menus submenu breadcrumb breadcrumbs pagination pager toc tabs",
        "footer foot copyright bottom colophon",
        "header head masthead top banner hero",
        "sidebar side aside rail widget widgets secondary",
        "ad ads adv advert advertisement adsense sponsor sponsored promo promotion outbrain"
        " taboola",
        "share sharing social follow like likes",
        "related recommend recommended recommendations more popular trending similar also latest"
        " recent",
        "comment comments reply replies respond disqus discussion",
        "author byline bio avatar profile user member signature",
        "meta date time tag tags category categories posted info",
        "newsletter paywall regwall subscribe subscription signup login signin form search register"
        " contact",
        "modal popup overlay dialog lightbox cookie cookies consent gdpr tooltip dropdown",
        "product products price cart shop sku buy offer offers",
        "review reviews rating ratings stars",
        "content contents body text main article post entry story prose markdown richtext",
        "card cards grid item items list teaser tile feed results",
        "caption figure image img gallery video slider carousel credit",
        "note notice disclaimer legal terms alert warning",
        "thread topic message forum question answer",
        "summary excerpt description intro lead abstract desc",
        "accordion collapse collapsible tabpanel panel pane tab faq answer toggle expand expandable"
        " disclosure fold unfold",
        "spec specs specification specifications feature features attribute attributes detail"
        " details dimensions measurements ingredients",
        "stock availability shipping delivery returns qty quantity variant variants swatch wishlist"
        " bundle compare financing",
    )
)
PRICES, REVIEWS = 1 << 12, 1 << 13  # the bits of those groups
_GROUP = {word: 1 << at for at, group in enumerate(GROUPS) for word in group}
_VERDICTS = 16  # a verdict and the groups of a name's words are kept as one number

SEEN: dict[int, int] = {}  # by hash; attributes repeat in a page and across the pages of a site
_names: dict[str, int] = {}  # class names even more so
_name_groups: dict[str, int] = {}
_DIGITS = re.compile(rb"\d+")
_UTILITY = frozenset("[(:/")


def remember(key: int, attributes: bytes) -> int:
    """Return what the attributes of an element say, and keep it under their hash."""
    if len(SEEN) >= 200_000:
        SEEN.clear()
    plain = _DIGITS.sub(b"0", attributes).decode("utf-8", "replace")
    SEEN[key] = said = judge(plain) - FOLDED + _VERDICTS * groups(plain)
    return said


def parted(said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the verdicts, and the groups of words in names, of what was remembered."""
    return said % _VERDICTS + FOLDED, said // _VERDICTS


def groups(attributes: str) -> int:
    """Return the groups that the words of an element's class and id belong to, as bits.

    >>> groups('class="site-footer copyright"'), groups('id="main"') == 1 << 14
    (2, True)
    """
    found = 0
    for attribute in attributes.split('" '):
        name, _, value = attribute.partition('="')
        if name in ("class", "id"):
            for one in value.rstrip('"').split():
                said = _name_groups.get(one)
                if said is None:
                    if len(_name_groups) >= 200_000:
                        _name_groups.clear()
                    said = 0
                    for word in _words_of(one):
                        said |= _GROUP.get(word, 0)
                    _name_groups[one] = said
                found |= said
    return found


def judge(attributes: str) -> int:
    """Return what the serialised attributes of one element say.

    >>> judge('class="site-footer"') == BOILERPLATE, judge('class="entry-content"') == CONTENT
    (True, True)
    """
    says = called = NEUTRAL
    section = told = hidden = folds = False
    for attribute in attributes.split('" '):  # a quote within a value is written &quot;
        name, _, value = attribute.partition('="')
        if name == "class":
            for one in value.rstrip('"').split():
                says = _both(says, _named(one))
                section = section or _SECTIONS.fullmatch(one) is not None
                folds = folds or _FOLDS.search(one) is not None
        elif name == "id":
            for one in value.rstrip('"').split():
                called = _both(called, _named(one))
                folds = folds or _FOLDS.search(one) is not None
        elif name == "style":
            if ("none" in value or "hidden" in value) and _INVISIBLE.search(value):
                hidden = True
        elif name == "role":
            folds = folds or value.startswith("tabpanel")
            if value.rstrip('"') in _ROLES:
                says = BOILERPLATE
            elif value.rstrip('"') in _BOX_ROLES:
                says = BOX if says == NEUTRAL else says
            elif value.startswith(("main", "article")):
                says = max(says, ARTICLE)
        elif name == "itemprop":
            told = value.startswith(("articleBody", "text"))
        elif name == "hidden":
            hidden = hidden or not value.startswith("until-found")
        elif name == "aria-hidden" and value.startswith("true"):
            hidden = True
    if hidden:
        if CONTENT in (says, called):
            return VEILED
        return FOLDED if folds and says > BOILERPLATE and called > BOILERPLATE else HIDDEN
    if told and says >= NEUTRAL:
        says = CONTENT
    if called < NEUTRAL:
        return says if section or says != NEUTRAL else NAMED if called == BOILERPLATE else called
    return _both(says, called)


def _both(one: int, other: int) -> int:
    """Return what two names of one element say together."""
    if other == NEUTRAL or one == COMMENTS:
        return one
    if other == CONTENT:
        return CONTENT if one >= NEUTRAL else one
    return other if other == BOILERPLATE or one == NEUTRAL else one


def _named(name: str) -> int:
    said = _names.get(name)
    if said is None:
        if len(_names) >= 200_000:
            _names.clear()
        said = _names[name] = _judge_name(name)
    return said


def _words_of(name: str) -> list[str]:
    if not _UTILITY.isdisjoint(name):  # a utility of styles with its value or its state
        return []
    plain, _, _ = _HASHED.sub("", name).partition("--")
    return [word.lower() for word in _WORD.findall(plain)]


def _judge_name(name: str) -> int:
    """Return what one class or id says.

    >>> _judge_name("nav-menu") == BOILERPLATE, _judge_name("mr-[--sidebar-width]") == NEUTRAL
    (True, True)
    >>> [_judge_name(one) for one in ("has-sidebar", "content--with-gutter", "table_root__adKqa")]
    [0, 0, 0]
    """
    if name == POST_CLASS:
        return POST
    words = _words_of(name)
    heads = [word for at, word in enumerate(words) if not at or words[at - 1] not in _MODIFIERS]
    if not _BOILERPLATE.isdisjoint(heads):
        return BOILERPLATE
    if not _AT_THE_EDGE.isdisjoint((*heads[:1], *heads[-1:])):
        return BOILERPLATE
    told = set(words)
    if not told.isdisjoint(_COMMENTS):
        return COMMENTS
    if name.lower() in _CONTENT_NAMES:
        return CONTENT
    body = len(told) <= 3 and not told.isdisjoint(_ARTICLE) and not told.isdisjoint(_BODY)
    body = body and len(told & (_ARTICLE | _BODY)) > 1  # `detail` is both, and alone neither
    return CONTENT if body else NEUTRAL
