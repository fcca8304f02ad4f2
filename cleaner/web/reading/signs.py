"""Signs of markup that must be read, not only stripped: what a page's source must hold for it."""

from typing import NamedTuple

from cleaner.web.reading.threads import KINDS


class Reading(NamedTuple):
    """What a page may hold; the default is everything."""

    ruby: bool = True
    lines: bool = True  # numbers of lines beside code
    unseen: bool = True  # words for readers of screens
    edits: bool = True  # <del> and <ins>
    notes: bool = True  # footnotes inside sentences
    returns: bool = True  # links from a footnote back to its mark
    equations: bool = True  # tables, which may stand around numbered equations
    spans: bool = True  # cells over several rows or columns
    numbers: bool = True  # lists that do not count from one
    raised: bool = True  # <sup> and <sub>
    joined: bool = True  # lines that pdf2htmlEX placed
    markdown: bool = True  # text that a script was to render
    threads: int = -1  # posts of forums: a bit for each of the `KINDS` of their makers


# Field -> literals without one of which there is nothing of it; \x01 is any blank, quote or hyphen.
LITERALS: dict[str, bytes] = {
    "ruby": b"<ruby",
    "lines": b"""lineno line-no linenum line-num line_num blob-num hljs-ln gutter\x01 gutter>
        lnt\x01 \x01ln\x01 pre-numbering""",
    "unseen": b"""sr-only sronly ly-hidden lyhidden ly_hidden screen-read screenread t-invisible
        for-sr hidden-vis assistive-t 1y-hidden <amp-ad <amp-embed <amp-st <amp-cons <amp-user""",
    "edits": b"<del>",
    "notes": b"ltx_n",
    "returns": "\u21a9 \u21b5 \u23ce \u2934 &#8617; &#x21a9".encode(),
    "equations": b"<table",
    "spans": b"wspan lspan",
    "numbers": b"start= reversed <li\x01value",
    "raised": b"<sup <sub",
    "joined": b"class=\x01t\x01m",
    "markdown": b"markdown-body",
}
THREADS = tuple(kind.signs for kind in KINDS.values())  # the same for each kind of a thread
