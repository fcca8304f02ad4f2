"""What inline and tabular markup means to a reader, written into the tree before it becomes text.

Each pass is run only on pages with a sign of its markup, and leaves alone whatever holds a formula
that it would lose.
"""

from selectolax.lexbor import LexborHTMLParser

from cleaner.web.reading.code import without_line_numbers
from cleaner.web.reading.hidden import without_edits, without_unseen
from cleaner.web.reading.lines import lines_joined, markdown_kept
from cleaner.web.reading.notes import notes_apart, without_back_links
from cleaner.web.reading.numbering import numbered
from cleaner.web.reading.raised import raised_written
from cleaner.web.reading.ruby import without_readings
from cleaner.web.reading.signs import Reading
from cleaner.web.reading.tables import columns_kept, equations_bare
from cleaner.web.reading.threads import posts_apart

__all__ = ["Reading", "make_readable"]

_PASSES = {
    "ruby": without_readings,
    "lines": without_line_numbers,
    "unseen": without_unseen,
    "edits": without_edits,
    "notes": notes_apart,
    "returns": without_back_links,
    "equations": equations_bare,
    "spans": columns_kept,
    "numbers": numbered,
    "raised": raised_written,
    "joined": lines_joined,
    "markdown": markdown_kept,
}


def make_readable(tree: LexborHTMLParser, signs: Reading) -> None:
    """Change `tree` so that its text reads as the page does.

    >>> tree = LexborHTMLParser("<p>2<sup>64</sup> grains, H<sub>2</sub>O")
    >>> make_readable(tree, Reading())
    >>> tree.body.text()
    '2^{64} grains, H₂O'
    """
    for name, change in _PASSES.items():
        if getattr(signs, name):
            change(tree)
    if signs.threads:
        posts_apart(tree, signs.threads)
