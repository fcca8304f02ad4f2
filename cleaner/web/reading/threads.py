"""Threads of forums: who said what, in each post one line apart from its words.

Makers of forums write posts in few kinds of markup. A post becomes a container of the class `POST`
with a line that names its author and date, and its words; `content.py` takes such posts for the
text where they are most of it, and panels of users, votes and signatures fall.
"""

import html
import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.web.boilerplate import POST_CLASS


class Kind(NamedTuple):
    """Literals that such a thread has, selectors of a post, of its parts, and of the title."""

    signs: bytes
    post: str
    body: str
    author: str
    date: str
    title: str = "no-title"


KINDS = {
    "phpBB": Kind(
        b"postbody",
        "div.post", ".postbody .content", ".author .username, .author .username-coloured, "
        ".author strong", ".author time, .author", "h2.topic-title, h3.topic-title",
    ),
    "vBulletin": Kind(
        b"post_message_",
        "li.postcontainer, li.postbitlegacy, li.postbit, table[id^=post]", "[id^=post_message_]",
        ".username, .bigusername", ".posthead .date, .postdate, td.thead", ".threadtitle",
    ),
    "vBulletin 5": Kind(
        b"post__content",
        ".b-post", ".js-post__content-text", ".author", "time", "h1.main-title",
    ),
    "XenForo": Kind(
        b"bbwrapper",
        "article.message", ".message-body .bbWrapper", ".message-name", ".message-attribution time",
        ".p-title-value",
    ),
    "XenForo 1": Kind(
        b"messagetext",
        "li.message", ".messageText", ".username", ".DateTime", ".titleBar h1",
    ),
    "SMF": Kind(
        b"post_wrapper",
        ".post_wrapper", ".post .inner", ".poster h4", ".keyinfo .smalltext, .postinfo .smalltext",
    ),
    "Stack Exchange": Kind(
        b"js-post-body post-text",
        ".question, .answer", ".js-post-body, .post-text",
        ".post-signature:last-child .user-details a", ".post-signature:last-child .relativetime",
        "#question-header h1",
    ),
    "Reddit": Kind(
        b"usertext-body",
        ".thing .entry", ".usertext-body", ".tagline .author", ".tagline time", "a.title",
    ),
    "Hacker News": Kind(
        b"commtext",
        ".comtr, .fatitem", ".commtext, .toptext", ".hnuser", ".age", ".fatitem .titleline > a",
    ),
    "Discuz": Kind(
        b"t_f\x01",
        "[id^=post_], [id^=pid]", ".t_f", ".authi a", "[id^=authorposton]", "#thread_subject",
    ),
    "Tieba": Kind(
        b"d_post_content",
        ".l_post", ".d_post_content", ".p_author_name", ".tail-info:last-child",
        ".core_title_txt",
    ),
    "Discourse": Kind(
        b"crawler-post",
        ".crawler-post", ".post", ".creator", ".post-time, time", "#topic-title h1",
    ),
    "FluxBB": Kind(
        b"postmsg",
        ".blockpost", ".postmsg", ".postleft dt", "h2 a",
    ),
    "Invision": Kind(
        b"commentcontent",
        "article.ipsComment", "[data-role=commentContent]",
        ".ipsComment_author h3, .cAuthorPane_author", "time", "h1.ipsType_pageTitle",
    ),
    "Vanilla": Kind(
        b"itemcomment",
        ".ItemComment, .ItemDiscussion", ".Message", ".Author .Username", "time",
        ".PageTitle h1",
    ),
    "NodeBB": Kind(
        b"component=\x01post/content",
        "[component=post]", "[component='post/content']", "[itemprop=author], [data-username]",
        ".timeago", "[component='topic/title']",
    ),
    "Lemmy": Kind(
        b"comment-node",
        ".comment-node, .post-listing", ".comment-content .md-div, #postContent .md-div",
        ".person-listing", ".moment-time", ".post-title h1",
    ),
    "schema.org": Kind(
        b"discussionforumposting qapage",
        "[itemtype$=DiscussionForumPosting], [itemtype$='/Question'], [itemtype$='/Answer']",
        "[itemprop=text], [itemprop=articleBody]", "[itemprop=author] [itemprop=name]",
        "[itemprop=dateCreated], [itemprop=datePublished]",
    ),
}  # fmt: skip
_AROUND = re.compile(
    r"^.*»(?=.*\d)|^[\W_]*(?:reply\s*#?\d+\s*)?(?:on|posted|发表于|發表於)?[\s:：]*|[\s«»|#,;·]+$",
    re.I | re.S,
)
_LONGEST = 60  # characters of a name or a date


def posts_apart(tree: LexborHTMLParser, there: int = -1) -> None:
    """Put each post of a thread into a container of its own, its author and date before it.

    `there` has the bits of those of `KINDS` that the page may be.

    >>> tree = LexborHTMLParser(
    ...     "<div class=comtr><a class=hnuser>ann</a> <i class=age>1 May</i>"
    ...     "<p class=commtext>Yes.</p></div>"
    ... )
    >>> posts_apart(tree)
    >>> tree.css_first("p").parent.html
    '<div class="cleaner-post"><p>ann, 1 May</p><p class="commtext">Yes.</p></div>'
    """
    for at, kind in enumerate(KINDS.values()):
        if not there >> at & 1:
            continue
        seen: set[int] = set()  # a post that two selectors of a list match comes twice
        found = False
        for post in tree.css(kind.post):
            body = None if post.mem_id in seen else post.css_first(kind.body)
            seen.add(post.mem_id)
            if body is None or body.mem_id in seen or _is_said(body):
                continue
            seen.add(body.mem_id)
            who = (_said(post, kind.author), _said(post, kind.date))
            line = html.escape(", ".join(dict.fromkeys(filter(None, who))), quote=False)
            told = f"<p>{line}</p>" if line else ""
            _replace(tree, body, f"{told}{_shown(body)}")
            if not found:  # what leads to the first post may be of the thread; its head is not
                for heading in post.css("h2, h3, h4, h5"):
                    if not _is_said(heading):
                        heading.remove()
            found = True
        if found:
            _show_title(tree, kind.title)
            return


def _show_title(tree: LexborHTMLParser, selector: str) -> None:
    """Write the title of a thread before all else."""
    title, body = tree.css_first(selector), tree.body
    if title is not None and body is not None and body.child is not None:
        post = tree.create_node("div")
        post.attrs["class"] = POST_CLASS
        post.inner_html = f"<h1>{html.escape(title.text().strip(), quote=False)}</h1>"
        body.child.insert_before(post)
        title.remove()


def _shown(body: LexborNode) -> str:
    """Return the markup of what a post says; a cell leaves its row."""
    if body.tag in ("td", "blockquote"):
        return f"<div>{body.inner_html}</div>"
    return body.html or ""


def _is_said(node: LexborNode) -> bool:
    """Return whether a node stands in words that are set apart already."""
    above = node.parent
    while above is not None and above.attributes.get("class") != POST_CLASS:
        above = above.parent
    return above is not None


def _replace(tree: LexborHTMLParser, body: LexborNode, markup: str) -> None:
    """Put the container of a post where its words stood."""
    post = tree.create_node("div")
    post.attrs["class"] = POST_CLASS
    post.inner_html = markup
    if body.tag == "td":
        body.inner_html = ""
        body.insert_child(post)
    else:
        body.insert_before(post)
        body.remove()


def _said(post: LexborNode, selector: str) -> str:
    """Return a name or a date of a post, without the words around it, or ''."""
    for node in post.css(selector):
        text = _AROUND.sub("", " ".join(node.text(separator=" ").split()))
        if text and len(text) <= _LONGEST:
            return text
    return ""
