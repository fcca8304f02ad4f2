"""Ruby: the base text stays one word, the reading above it is left out."""

import re

from selectolax.lexbor import LexborHTMLParser

from cleaner.web.tokens import OPEN

_ABOVE = "rt, rp, rtc"
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def without_readings(tree: LexborHTMLParser) -> None:
    """Leave the readings out, and the blanks between the parts of an eastern base.

    >>> tree = LexborHTMLParser("<ruby>季<rt>き</rt> 節<rt>せつ</rt></ruby>が来た")
    >>> without_readings(tree)
    >>> tree.body.text()
    '季節が来た'
    """
    for ruby in tree.css("ruby"):
        for above in ruby.css(_ABOVE):
            if OPEN not in above.text():
                above.remove()
        if not _EASTERN.search(ruby.text()):
            continue
        for node in list(ruby.traverse(include_text=True)):
            if node.is_text_node and (text := node.text_content or "") != (bare := text.strip()):
                if bare:
                    node.replace_with(bare)
                else:
                    node.remove()
