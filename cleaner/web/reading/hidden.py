"""Words that are no part of the sentence they stand in: for readers of screens, or deleted."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.web.tokens import OPEN

_UNSEEN = re.compile(
    r"(?:^|[\s_-])(?:sr-?only|visually-?_?hidden|hidden-visually|screen-?reader(?:-?(?:text|only))?"
    r"|element-invisible|show-for-sr|assistive-text|a11y-hidden)(?![a-z])",
    re.I,
)
_CANDIDATES = (  # searches of a part of a name cost more than those of a whole one
    "[class*=nly], [class*=idden], [class*=eader], .element-invisible, .show-for-sr"
    ", .assistive-text"
)
_ADS = "amp-ad, amp-embed, amp-sticky-ad, amp-consent, amp-user-notification"
_BLOCKS = "p, div, ul, ol, dl, table, pre, h1, h2, h3, h4, h5, h6, section, article, math, img"
_LONG = 200  # characters; more is text of the page, whatever its class says
_LONG_EDIT = 400


def without_unseen(tree: LexborHTMLParser) -> None:
    """Take out what a class hides from all but readers of screens, where it is a few words.

    Elements of AMP for advertisements and consent go as well.

    >>> tree = LexborHTMLParser("<p><a>Paper<span class='sr-only'> (new window)</span></a> here")
    >>> without_unseen(tree)
    >>> tree.body.text()
    'Paper here'
    """
    for node in tree.css(_CANDIDATES):
        named = node.attributes.get("class") or ""
        if _UNSEEN.search(named) and node.parent is not None and _is_few_words(node, _LONG):
            node.remove()
    for node in tree.css(_ADS):
        if OPEN not in node.text():
            node.remove()


def without_edits(tree: LexborHTMLParser) -> None:
    """Take out what was deleted inside a sentence; what was inserted stays.

    >>> tree = LexborHTMLParser("<p>It is <del>50</del><ins>40</ins> euros")
    >>> without_edits(tree)
    >>> tree.body.text()
    'It is 40 euros'
    """
    for node in tree.css("del"):
        if node.parent is not None and _is_few_words(node, _LONG_EDIT):
            node.remove()


def _is_few_words(node: LexborNode, most: int) -> bool:
    text = node.text()
    if len(text) > most or OPEN in text:
        return False
    block = node.css_first(_BLOCKS)  # which may be the element itself
    return block is None or (block.mem_id == node.mem_id and len(node.css(_BLOCKS)) == 1)
