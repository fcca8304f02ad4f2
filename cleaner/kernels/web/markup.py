"""What parsing a page would cost, told from its bytes: a parser's work may be squared."""

from typing import Any, NamedTuple

import numpy as np

from cleaner.kernels import inlined, jit
from cleaner.kernels.eight_bytes import next_place

# Elements that end by themselves where the next of their kind begins, or that are empty: however
# many are not closed, they do not nest.
_FLAT = (
    "p li dt dd option optgroup a nobr button form td th tr tbody thead tfoot caption colgroup h1"
    " h2 h3 h4 h5 h6 html head body area base br col embed hr img input link meta source track wbr"
    " param frame keygen basefont bgsound rp rt"
)
_FORMATTING = "b big code em font i s small strike strong tt u"
_RAW = "script style textarea title xmp iframe noframes noembed"
# A closing tag of another kind does not reach beyond these; the last ones stop these, too.
_SPECIAL = (
    "address applet article aside blockquote button center details dialog dir div dl fieldset"
    " figcaption figure footer frameset header hgroup listing main marquee menu nav object ol pre"
    " section select summary table template ul"
)
_BARRIERS = "applet marquee object table template"
# In drawings and formulas `<path/>` ends itself, until an element of text begins.
_FOREIGN = "svg math"
_HOLDS_TEXT = "foreignObject annotation-xml desc mi mn mo ms mtext"
_LEAVES_FOREIGN = (
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li"
    " listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var"
)
_REACH = 512  # open elements that a closing tag is compared with


class Cost(NamedTuple):
    """Upper bounds: elements within elements, attributes of one element, copies of `<font>`."""

    depth: int
    attributes: int
    copies: int  # a parser opens unclosed formatting again in every block that follows


def _key(name: str) -> int:
    return int.from_bytes(name.encode()[:7], "little") | len(name) << 56


_IS_FLAT, _IS_FORMATTING, _IS_RAW, _IS_SPECIAL, _IS_BARRIER, _IS_FOREIGN, _LEAVES = (
    1 << bit for bit in range(7)
)
_SLOTS, _SHIFT = 1_024, 54
_MIX = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: names that are alike lie apart


def _table() -> tuple[np.ndarray, np.ndarray]:
    """Return the names of elements, each at its hash or after it, and what they are."""
    keys, kinds = np.zeros(_SLOTS, np.uint64), np.zeros(_SLOTS, np.uint8)
    sets = {
        _IS_FLAT: _FLAT, _IS_FORMATTING: _FORMATTING, _IS_RAW: _RAW, _IS_SPECIAL: _SPECIAL,
        _IS_BARRIER: _BARRIERS, _IS_FOREIGN: _FOREIGN, _LEAVES: f"{_HOLDS_TEXT} {_LEAVES_FOREIGN}",
    }  # fmt: skip
    for kind, names in sets.items():
        for key in map(_key, names.lower().split()):
            place = (key * _MIX % 2**64) >> _SHIFT
            while keys[place] not in (0, key):
                place = (place + 1) % _SLOTS
            keys[place] = key
            kinds[place] |= kind
    return keys, kinds


_NAMES, _KINDS = _table()
_REMEMBERED = 4_096  # open formatting elements; more than that and every one counts


def cost(page: bytes) -> Cost:
    """Return what a page would cost, at most.

    >>> cost(b"<div><p a=1 b><p><b>x</b></div><!-- <i> -->")
    Cost(depth=2, attributes=2, copies=0)
    >>> cost(b"<p><font size=1><p><font size=2><p>").copies
    3
    >>> cost(b"<div><span></div><div><svg><path/><path/></svg></div>").depth
    2
    """
    data = np.frombuffer(page, np.uint8)
    return Cost(*(int(n) for n in _cost(data, _NAMES, _KINDS, _REMEMBERED, _REACH)))


@inlined
def _kind(names: Any, kinds: Any, key: Any) -> Any:
    """Return what an element of this name is, as bits; 0 for others."""
    place = np.int64((key * np.uint64(_MIX)) >> np.uint64(_SHIFT))
    while names[place] != 0 and names[place] != key:
        place = (place + 1) % _SLOTS
    return kinds[place]


@jit
def _cost(
    data: np.ndarray,
    elements: np.ndarray,
    kinds: np.ndarray,
    most: int,
    reach: int,
) -> tuple[int, int, int]:
    depth = formats_open = deepest = widest = copies = 0
    within = np.zeros(most, np.uint64)  # the open elements
    what = np.zeros(most, np.uint8)  # what they are
    drawn = np.zeros(most, np.bool_)  # whether what stands in them may end itself
    names = np.zeros(most, np.uint64)  # of the open formatting elements
    marks = np.zeros(most, np.uint64)  # hashes of their tags: a parser keeps three alike
    opened = 0
    at, length = 0, len(data)
    while at < length:
        at = next_place(data, at, 60) + 1  # <
        if at + 2 < length and data[at] == 33 and data[at + 1] == 45 and data[at + 2] == 45:
            at = next_place(data, at + 5, 62)
            while at < length and not (data[at - 1] == 45 and data[at - 2] == 45):
                at = next_place(data, at + 1, 62)
            continue
        closes = at < length and data[at] == 47
        if closes:
            at += 1
        if at >= length or not 97 <= (data[at] | 32) <= 122:
            continue
        key, letters = np.uint64(0), 0
        mark = np.uint64(14695981039346656037)
        while at < length and data[at] != 62 and data[at] > 32 and data[at] != 47:
            byte = data[at] | 32 if 65 <= data[at] <= 90 else data[at]
            if letters < 7:
                key |= np.uint64(byte) << np.uint64(8 * letters)
            letters += 1
            at += 1
        key |= np.uint64(letters) << np.uint64(56)
        attributes, quote, apart, before, bare = 0, 0, True, 0, False
        kind = _kind(elements, kinds, key)
        formats = kind & _IS_FORMATTING != 0
        while at < length and (quote or data[at] != 62):
            byte = data[at]
            if quote:
                quote = 0 if byte == quote else quote
            elif byte > 62 and not formats:  # in the name of an attribute, or a bare value
                attributes += apart
                apart = False
                bare = bare or before == 61
                at += 1
                while at < length and data[at] > 62:
                    at += 1
                before = data[at - 1]
                continue
            elif before == 61 and (byte == 34 or byte == 39):  # =" or ='
                if formats:
                    quote = byte
                else:  # nothing of the value matters
                    at = next_place(data, at + 1, byte) + 1
                    before = byte
                    continue
            elif byte <= 32 or byte == 47:
                apart = True
                bare = bare and byte > 32
            elif apart:
                attributes += 1
                apart = False
            if before == 61 and not quote and byte > 32:
                bare = True  # a value without quotes: the next slash is a part of it
            before = byte if byte > 32 else before
            if formats:
                mark = (mark ^ np.uint64(byte)) * np.uint64(1099511628211)
            at += 1
        widest = max(widest, attributes)
        top = min(depth, most) - 1
        in_drawing = top >= 0 and drawn[top]
        if in_drawing and not closes and kind & _LEAVES:
            drawn[top] = in_drawing = False
        if formats:
            if closes:
                for place in range(opened - 1, -1, -1):
                    if names[place] == key:
                        names[place : opened - 1] = names[place + 1 : opened]
                        marks[place : opened - 1] = marks[place + 1 : opened]
                        opened -= 1
                        break
            else:
                alike = 0
                for place in range(opened):
                    alike += names[place] == key and marks[place] == mark
                if alike < 3 and opened < most:
                    names[opened], marks[opened] = key, mark
                    opened += 1
            formats_open = max(formats_open + (-1 if closes else 1), 0)
        elif kind & _IS_FLAT:
            if not closes:
                copies += opened
            continue
        elif kind & _IS_RAW:
            if closes:
                continue
            while at + 3 < length:  # its text ends at its closing tag
                at = next_place(data, at, 60)
                if (
                    at + 3 < length
                    and data[at + 1] == 47
                    and data[at + 2] | 32 == key & np.uint64(255)
                ):
                    after, same = at + 2, 0
                    while (
                        after < length
                        and same < min(letters, 7)
                        and np.uint64(data[after] | 32)
                        == (key >> np.uint64(8 * same)) & np.uint64(255)
                    ):
                        after += 1
                        same += 1
                    if same == min(letters, 7):
                        break
                at += 1
            continue
        elif not closes:
            copies += opened
            if in_drawing and before == 47 and not bare:
                continue
            if depth < most:
                within[depth] = key
                what[depth] = kind
                drawn[depth] = kind & _IS_FOREIGN != 0 or in_drawing
            depth += 1
        elif depth > most:
            depth -= 1
        else:
            stops = _IS_BARRIER if kind & _IS_SPECIAL else _IS_SPECIAL
            for place in range(depth - 1, max(depth - reach, 0) - 1, -1):
                if within[place] == key:
                    depth = place
                    break
                if what[place] & stops:
                    break
        deepest = max(deepest, depth + formats_open)
    return deepest, widest, copies
