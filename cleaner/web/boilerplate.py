"""What an element's attributes say of it: content, navigation, comments, hidden, or nothing."""

import re

CONTENT, ARTICLE, NEUTRAL, BOILERPLATE, COMMENTS, HIDDEN = 2, 1, 0, -1, -2, -3


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words of class names and ids, after those of trafilatura, readability and resiliparse; a name is
# cut at hyphens, underscores and capitals, so `nav` is not found in `navy`. Words that also name
# whole wrappers (`menu` in `menu-open`) do no harm: what is too much of a page to be boilerplate is
# taken back in `content.py`.
_BOILERPLATE = _words(
    """nav navbar navigation topnav subnav menus submenu sidebar sidenav footer breadcrumb
    breadcrumbs crumb crumbs pagination pager share sharing sharebar social related recommend
    recommended recommendation recommendations ads adv advert advertisement adsense sponsor
    sponsored promo cookie cookies gdpr consent popup lightbox newsletter subscribe subscription
    signup toolbar copyright masthead noprint outbrain taboola popular tagcloud widget menu modal
    overlay ad
    tooltip dropdown trending banner toc signin login gutter lineno linenos linenodiv editsection
    headerlink noexcerpt"""
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
    """navigation banner contentinfo complementary search dialog alert alertdialog menu menubar
    toolbar tooltip"""
)
_WORD = re.compile(r"[A-Z]*[a-z]+|[A-Z]+")
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)

SEEN: dict[int, int] = {}  # by hash; attributes repeat in a page and across the pages of a site
_names: dict[str, int] = {}  # class names even more so
_DIGITS = b"0123456789"


def remember(key: int, attributes: bytes) -> int:
    """Return what the attributes of an element say, and keep it under their hash."""
    if len(SEEN) >= 200_000:
        SEEN.clear()
    said = judge(attributes.translate(None, _DIGITS).decode("utf-8", "replace"))
    SEEN[key] = said
    return said


def judge(attributes: str) -> int:
    """Return what the serialised attributes of one element say.

    >>> judge('class="site-footer"') == BOILERPLATE, judge('class="entry-content"') == CONTENT
    (True, True)
    """
    says = NEUTRAL
    for attribute in attributes.split('" '):  # a quote within a value is written &quot;
        name, _, value = attribute.partition('="')
        if name == "class" or name == "id":
            for one in value.rstrip('"').split():
                named = _names.get(one)
                if named is None:
                    if len(_names) >= 200_000:
                        _names.clear()
                    named = _names[one] = _judge_name(one)
                if named == BOILERPLATE:
                    says = BOILERPLATE if says != COMMENTS else says
                elif named == COMMENTS:
                    says = COMMENTS if says == NEUTRAL else says
                elif named == CONTENT and says >= NEUTRAL:
                    says = CONTENT
        elif name == "style":
            if ("none" in value or "hidden" in value) and _INVISIBLE.search(value):
                return HIDDEN
        elif name == "role":
            if value.rstrip('"') in _ROLES:
                says = BOILERPLATE
            elif value.startswith(("main", "article")):
                says = max(says, ARTICLE)
        elif name == "itemprop":
            if value.startswith(("articleBody", "text")) and says >= NEUTRAL:
                says = CONTENT
        elif name == "hidden" or (name == "aria-hidden" and value.startswith("true")):
            return HIDDEN
    return says


def _judge_name(name: str) -> int:
    words = {word.lower() for word in _WORD.findall(name)}
    if not words.isdisjoint(_BOILERPLATE):
        return BOILERPLATE
    if not words.isdisjoint(_COMMENTS):
        return COMMENTS
    if name.lower() in _CONTENT_NAMES:
        return CONTENT
    told = len(words) <= 3 and not words.isdisjoint(_ARTICLE) and not words.isdisjoint(_BODY)
    return CONTENT if told else NEUTRAL
