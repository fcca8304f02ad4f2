"""Footnotes that stand inside a sentence: a mark stays there, the note follows the paragraph.

Links that lead back from a note are no part of it.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BLOCKS = frozenset(str.split("p div li td th dd blockquote figcaption h1 h2 h3 h4 h5 h6 section"))


def notes_apart(tree: LexborHTMLParser) -> None:
    """Part LaTeXML's notes from the sentences they interrupt.

    >>> tree = LexborHTMLParser(
    ...     "<p>It holds<span class=ltx_note><sup class=ltx_note_mark>1</sup>"
    ...     "<span class=ltx_note_content><sup class=ltx_note_mark>1</sup>"
    ...     "<span class='ltx_tag ltx_tag_note'>1</span>See there.</span></span> here.</p>"
    ... )
    >>> notes_apart(tree)
    >>> tree.body.html
    '<body><p>It holds[1] here.</p><p>[1] See there.</p></body>'
    """
    last: dict[int, LexborNode] = {}  # block -> the note that follows it last
    for note in tree.css(".ltx_note"):
        content = note.css_first(".ltx_note_content")
        if note.parent is None or content is None:
            continue
        first = note.css_first(".ltx_note_mark, .ltx_tag_note")
        mark = first.text().strip() if first is not None else ""
        for repeated in content.css(".ltx_note_mark, .ltx_tag_note, .ltx_note_type"):
            repeated.remove()
        block = note.parent
        while block.parent is not None and block.tag not in _BLOCKS:
            block = block.parent
        if block.parent is None or not content.text().strip():
            note.remove()
            continue
        sign = f"[{mark}]" if mark else ""
        written = tree.create_node("p")
        written.inner_html = f"{sign} {content.inner_html}".strip()
        last.get(block.mem_id, block).insert_after(written)
        following = last.get(block.mem_id, block).next
        if following is not None:
            last[block.mem_id] = following
        note.replace_with(sign)


_BACK = re.compile("[\u21a9\u21b5\u23ce\u2934\ufe0e\ufe0f\\s]+")  # arrows that turn back


def without_back_links(tree: LexborHTMLParser) -> None:
    """Take out the arrows by which a note leads back to where it is mentioned.

    >>> tree = LexborHTMLParser("<p>See there.<a href='#r1'>\u21a9</a> <a href='#r2'>x\u21a9</a>")
    >>> without_back_links(tree)
    >>> tree.body.text()
    'See there. x\u21a9'
    """
    for link in tree.css("a[href*='#']"):
        if _BACK.fullmatch(link.text()):
            link.remove()
