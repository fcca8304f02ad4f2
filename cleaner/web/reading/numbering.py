"""Ordered lists as browsers count them: from another start, downwards, with given values."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_ODD = "ol[start], ol[reversed], ol > li[value]"
_INTEGER = re.compile(r"\s*([-+]?\d{1,9})")


def numbered(tree: LexborHTMLParser) -> None:
    """Give each item of such a list its `value`, which the scan of blocks reads.

    >>> tree = LexborHTMLParser("<ol reversed><li>c<li>b<li>a</ol>")
    >>> numbered(tree)
    >>> [item.attributes["value"] for item in tree.css("li")]
    ['3', '2', '1']
    """
    done = set()
    for node in tree.css(_ODD):
        whole = node if node.tag == "ol" else node.parent
        if whole is not None and whole.mem_id not in done:
            done.add(whole.mem_id)
            _count(whole)


def _count(whole: LexborNode) -> None:
    items = [child for child in whole.iter() if child.tag == "li"]
    given = whole.attributes
    down = "reversed" in given
    number = _integer(given.get("start"))
    if number is None:
        number = len(items) if down else 1
    for item in items:
        value = _integer(item.attributes.get("value"))
        number = number if value is None else value
        item.attrs["value"] = str(number)
        number += -1 if down else 1


def _integer(text: str | None) -> int | None:
    found = _INTEGER.match(text or "")
    return int(found[1]) if found else None
