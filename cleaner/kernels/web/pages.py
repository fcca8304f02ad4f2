"""A serialised page cut into blocks of text and the containers they stand in, in one pass."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from cleaner.kernels import inlined, jit, leaf
from cleaner.kernels.eight_bytes import next_place

# What a tag is, as bits of one number.
CONTAINER, LEAF, HEADING, CODE, LINK, LIST, NUMBERED, ITEM, ROW, CELL, LINE, BREAK, APART, IMAGE = (
    1 << bit for bit in range(14)
)
_BLOCK = CONTAINER | LEAF
# Numbers of blocks that have none: below whatever a list counts.
NO_ITEM, BULLET = -(1 << 40), -(1 << 40) + 1
# What is read of an element: `style` only where it may hide, and every number as 0.
ATTRIBUTES = ("class", "id", "role", "itemprop", "hidden", "aria-hidden", "style")


class Scan(NamedTuple):
    """Arrays with a row per block, in order, and per container, parents before children.

    A block is the markup `data[start:end]`: text and inline tags. Its text, without tags, with runs
    of white space as one and references resolved, is `text[first:last]`, unless it is `special`:
    there are images in it, elements that may be hidden, or it is code. `size` counts the
    characters of the text, `link` those within links. `number` is that of a list item, `BULLET` or
    `NO_ITEM`; `depth` how many lists it stands in. `row` numbers table rows from 1 whose
    cells are lines of text, `cell` the cell in it; 0 elsewhere. Container 0 is the page itself.
    """

    start: np.ndarray
    end: np.ndarray
    size: np.ndarray
    link: np.ndarray
    kind: np.ndarray
    container: np.ndarray
    tag: np.ndarray  # of headings, the index of their tag
    number: np.ndarray
    depth: np.ndarray
    row: np.ndarray
    cell: np.ndarray
    first: np.ndarray
    last: np.ndarray
    special: np.ndarray
    parent: np.ndarray
    container_tag: np.ndarray
    attributes_start: np.ndarray
    attributes_end: np.ndarray
    attributes_hash: np.ndarray  # of `ATTRIBUTES`, numbers as 0; 0 when there is none of them
    text: np.ndarray  # UTF-8


class Tags:
    """The tags a scan knows, by number; 0 is every other tag."""

    def __init__(self, bits: Mapping[str, int]) -> None:
        self.names = ["", *bits]
        self.bits = np.array([0, *bits.values()], np.int64)
        keys = np.array([0, *map(_key, bits)], np.uint64)
        if len(set(keys.tolist())) != len(keys):
            raise ValueError("two tags have the same first seven letters and length")
        self.keys, self.tags = np.zeros(_SLOTS, np.uint64), np.zeros(_SLOTS, np.int64)
        for tag, key in enumerate(keys.tolist()):
            place = _slot(key)
            while tag and self.keys[place]:
                place = (place + 1) % _SLOTS
            if tag:
                self.keys[place], self.tags[place] = key, tag

    def scan(self, data: bytes) -> Scan:
        """Return the blocks and containers of a serialised page in UTF-8.

        >>> tags = Tags({"div": CONTAINER, "p": LEAF, "a": LINK})
        >>> found = tags.scan(b"<div>x<p>two <a>b</a></p></div>")
        >>> found.size.tolist(), found.link.tolist(), found.container.tolist()
        ([1, 5], [0, 1], [1, 2])
        """
        array = np.frombuffer(data, np.uint8)
        most = data.count(b"<") + 2
        counts, blocks, containers, hashes, text = _scan(
            array, self.keys, self.tags, self.bits, _NAMES, most
        )
        found, inside = int(counts[0]), int(counts[1])
        return Scan._make([*blocks[:, :found], *containers[:, :inside], hashes[:inside], text])


def _key(name: str) -> int:
    """Return the first seven letters of a tag and its length as one number."""
    return int.from_bytes(name.encode()[:7], "little") | len(name) << 56


_NAMES = np.array([_key(name) for name in ATTRIBUTES], np.uint64)
_SLOTS, _SHIFT, _MIX = 1_024, 54, 0x9E3779B97F4A7C15  # 2^64 over the golden ratio


def _slot(key: int) -> int:
    """Return where the search for a tag begins."""
    return (key * _MIX % 2**64) >> _SHIFT


@inlined
def _tag(keys: Any, tags: Any, key: Any) -> Any:
    """Return the number of a tag, 0 if it is none of those that are known."""
    place = np.int64((key * np.uint64(_MIX)) >> np.uint64(_SHIFT))
    while keys[place] != 0 and keys[place] != key:
        place = (place + 1) & (_SLOTS - 1)
    return tags[place] if keys[place] == key else 0


@inlined
def _step(seed: Any, byte: Any) -> Any:
    return (seed ^ np.uint64(byte)) * np.uint64(1099511628211)  # FNV-1a


@leaf
def _attributes(data: np.ndarray, at: int, end: int, names: np.ndarray) -> Any:
    """Return the hash of the attributes in `data[at:end]` that are read."""
    seed = np.uint64(14695981039346656037)
    some = False
    while at < end:
        key = np.uint64(0)
        letters = 0
        while at < end and data[at] != 61 and data[at] != 32:  # = and space
            if letters < 7:
                key |= np.uint64(data[at]) << np.uint64(8 * letters)
            letters += 1
            at += 1
        key |= np.uint64(letters) << np.uint64(56)
        first = last = at
        if at < end and data[at] == 61:
            first = min(at + 2, end)
            last = first
            while last < end and data[last] != 34:  # "
                last += 1
            at = last + 1
        at += 1
        for place in range(len(names)):
            if key == names[place]:
                if place == len(names) - 1:  # style: read only if it may say "none" or "hidden"
                    hides = False
                    for letter in range(first, last - 3):
                        if data[letter + 1] == 111 and data[letter + 3] == 101:  # ?o?e
                            hides = True
                        if (
                            data[letter] == 104
                            and data[letter + 1] == 105
                            and data[letter + 2] == 100
                        ):
                            hides = True
                    if not hides:
                        break
                some = True
                seed = _step(seed, place)
                for letter in range(first, last):
                    if data[letter] < 48 or data[letter] > 57:
                        seed = _step(seed, data[letter])
                    elif letter == first or data[letter - 1] < 48 or data[letter - 1] > 57:
                        seed = _step(seed, 48)
                break
    return max(seed, np.uint64(1)) if some else np.uint64(0)


@leaf
def _reference(data: np.ndarray, at: int, length: int) -> tuple[int, int]:
    """Return how long the reference at `at` is, and its byte; a blank is 32."""
    if at + 3 < length and data[at + 2] == 116 and data[at + 3] == 59:
        if data[at + 1] == 108:
            return 4, 60
        if data[at + 1] == 103:
            return 4, 62
    if at + 4 < length and data[at + 1] == 97 and data[at + 2] == 109 and data[at + 4] == 59:
        return 5, 38
    if at + 5 < length and data[at + 1] == 110 and data[at + 2] == 98 and data[at + 5] == 59:
        return 6, 32
    return 1, 38


@leaf
def _wide_blank(data: np.ndarray, at: int, length: int) -> int:
    """Return how long the white space beyond ASCII at `at` is, 0 if it is none."""
    if at + 1 < length and data[at] == 194:
        return 2 if data[at + 1] == 133 or data[at + 1] == 160 else 0
    if at + 2 >= length:
        return 0
    middle, end = data[at + 1], data[at + 2]
    if data[at] == 225:
        return 3 if middle == 154 and end == 128 else 0
    if data[at] == 227:
        return 3 if middle == 128 and end == 128 else 0
    if middle == 128 and (end <= 138 or end == 168 or end == 169 or end == 175):
        return 3
    return 3 if middle == 129 and end == 159 else 0


@leaf
def _trimmed(text: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """Return the bounds of a text without blanks at its ends."""
    while first < last and (text[first] == 32 or text[first] == 10):
        first += 1
    while first < last and (text[last - 1] == 32 or text[last - 1] == 10):
        last -= 1
    return first, last


@leaf
def _value(data: np.ndarray, at: int, end: int, number: int) -> int:
    """Return the integer of the attribute `value` in `data[at:end]`, or `number` without one."""
    while at + 7 < end:
        if (
            data[at] == 118  # value="
            and data[at + 1] == 97
            and data[at + 2] == 108
            and data[at + 3] == 117
            and data[at + 4] == 101
            and data[at + 5] == 61
            and (data[at - 1] == 32 or data[at - 1] == 60)
        ):
            at += 7
            sign = -1 if data[at] == 45 else 1
            at += sign < 0
            value, digits = 0, 0
            while at < end and 48 <= data[at] <= 57 and digits < 9:
                value = 10 * value + data[at] - 48
                digits += 1
                at += 1
            return sign * value if digits else number
        at += 1
    return number


@jit
def _scan(
    data: np.ndarray,
    keys: np.ndarray,
    tags: np.ndarray,
    bits: np.ndarray,
    names: np.ndarray,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    blocks = np.empty((14, most), np.int64)
    text = np.empty(len(data) + 1, np.uint8)
    containers = np.empty((4, most), np.int64)
    hashes = np.zeros(most, np.uint64)
    lists = np.zeros(most, np.int64)  # the last number of each open list, or BULLET
    rows = np.zeros((3, most), np.int64)  # open rows: first block, first of their cells, cells
    cells = np.zeros(most, np.int64)  # the first block of each cell of the open rows
    counts = np.zeros(2, np.int64)
    containers[:, 0] = 0
    found, inside, here = 0, 1, 0
    open_lists, open_rows, open_cells, row_number = 0, 0, 0, 0
    kind, tag_of_heading, number, depth = 0, 0, NO_ITEM, 0
    code = 0
    in_link, spaced, spoken, special = False, True, False, False
    start, size, link = 0, 0, 0
    first = last = 0
    length = len(data)
    at = 0
    while at < length:
        byte = data[at]
        if 38 < byte < 128 and byte != 60:  # letters, digits and most signs, many in a row
            begin = at
            while at < length and 38 < data[at] < 128 and data[at] != 60:
                text[last] = data[at]
                last += 1
                at += 1
            size += at - begin
            link += (at - begin) * in_link
            spaced, spoken = False, True
            continue
        if byte != 60:  # <
            width = 1
            blank = byte <= 32
            if byte == 38:  # one of &amp; &lt; &gt; &nbsp;
                width, byte = _reference(data, at, length)
                blank = byte == 32
            elif byte == 194 or byte == 225 or byte == 226 or byte == 227:
                width = _wide_blank(data, at, length)
                blank = width > 0
                width = max(width, 1)
            if blank:
                if not spaced:
                    size += 1
                    link += in_link
                    spaced = True
                    text[last] = 32
                    last += 1
            else:
                if byte & 0xC0 != 0x80:
                    size += 1
                    link += in_link
                    spaced = False
                    spoken = True
                text[last] = byte
                last += 1
            at += width
            continue
        begin = at
        at += 1
        if at + 1 < length and data[at] == 33 and data[at + 1] == 45:  # <!-- ... -->
            at += 3
            while at < length and not (
                data[at] == 62 and data[at - 1] == 45 and data[at - 2] == 45 and at > begin + 5
            ):
                at += 1
            at += 1
            continue
        closes = at < length and data[at] == 47
        if closes:
            at += 1
        key = np.uint64(0)
        letters = 0
        while at < length and data[at] != 62 and data[at] != 32 and letters < 64:
            if letters < 7:
                key |= np.uint64(data[at]) << np.uint64(8 * letters)
            letters += 1
            at += 1
        key |= np.uint64(letters) << np.uint64(56)
        attributes = min(at + 1, length)
        tag = _tag(keys, tags, key)
        what = bits[tag]
        hides = False
        if what & _BLOCK:
            at = next_place(data, at, 62)
        while at < length and data[at] != 62:
            # An inline element with "hid", "non" or "dits" in its attributes may be hidden.
            if (
                (data[at] == 100 and data[at - 1] == 105 and data[at - 2] == 104)
                or (data[at] == 110 and data[at - 1] == 111 and data[at - 2] == 110)
                or (data[at] == 115 and data[at - 1] == 116 and data[at - 2] == 105)
            ):
                hides = True
            at += 1
        end = at
        at += 1
        if not what & _BLOCK:
            special = special or hides or what & IMAGE != 0
            if what == 0:
                continue
        if what & LINK:
            in_link = not closes
            continue
        if what & BREAK:
            if last > first and text[last - 1] == 32:
                last -= 1
            text[last] = 10
            last += 1
            spaced = True
            continue
        if what & APART and closes and not spaced:
            text[last] = 32
            last += 1
            spaced = True
        if code:
            if what & CODE:
                code += -1 if closes else 1
            if code:
                continue
        elif not what & _BLOCK:
            continue
        if spoken:
            first, last = _trimmed(text, first, last)
            block = blocks[:, found]
            block[0], block[1], block[2], block[3] = start, begin, size, min(link, size)
            block[4], block[5] = kind, here
            block[6] = tag_of_heading if kind == 1 else 0
            block[7], block[8], block[9], block[10] = number, depth, 0, 0
            block[11], block[12], block[13] = first, last, special or kind == 3
            number = NO_ITEM
            found += 1
        else:
            last = first
        first = last
        start, size, link = min(at, length), 0, 0
        spaced, spoken, special = True, False, False
        if what & LINE:  # <hr>: it opens nothing
            kind = 0
            continue
        if closes:
            here = containers[0, here]
            kind = 0
            if what & ROW:
                if open_rows > 0:
                    open_rows -= 1
                    head, base, count = rows[0, open_rows], rows[1, open_rows], rows[2, open_rows]
                    open_cells = base
                    simple = count >= 2 and found > head
                    for cell in range(count):
                        after = cells[base + cell + 1] if cell + 1 < count else found
                        if after - cells[base + cell] > 1:
                            simple = False
                    for one in range(head, found):
                        if blocks[2, one] > 400 or blocks[4, one] == 3 or blocks[9, one]:
                            simple = False
                    if simple:
                        row_number += 1
                        for cell in range(count):
                            after = cells[base + cell + 1] if cell + 1 < count else found
                            if after > cells[base + cell]:
                                blocks[9, after - 1] = row_number
                                blocks[10, after - 1] = cell
            elif what & LIST:
                if open_lists > 0:
                    open_lists -= 1
            elif what & ITEM:
                number = NO_ITEM
            continue
        containers[0, inside] = here
        containers[1, inside] = tag
        containers[2, inside] = min(attributes, end)
        containers[3, inside] = end
        if end > attributes:
            hashes[inside] = _attributes(data, attributes, end, names)
        in_item = kind == 2
        here = inside
        inside += 1
        kind = 0
        if what & CODE:
            code, kind = 1, 3
        elif what & HEADING:
            kind = 1
            tag_of_heading = tag
        elif what & ITEM:
            kind = 2
            depth = open_lists
            number = BULLET
            if open_lists > 0 and lists[open_lists - 1] != BULLET:
                lists[open_lists - 1] = _value(data, attributes, end, lists[open_lists - 1] + 1)
                number = lists[open_lists - 1]
        elif what & LEAF:
            if in_item:  # <li><p>: the paragraph is the item's
                kind = 2
        elif what & ROW:
            rows[0, open_rows] = found
            rows[1, open_rows] = open_cells
            rows[2, open_rows] = 0
            open_rows += 1
        elif what & CELL:
            if open_rows > 0:
                cells[rows[1, open_rows - 1] + rows[2, open_rows - 1]] = found
                rows[2, open_rows - 1] += 1
                open_cells = rows[1, open_rows - 1] + rows[2, open_rows - 1]
        elif what & LIST:
            lists[open_lists] = 0 if what & NUMBERED else BULLET
            open_lists += 1
    if spoken:
        first, last = _trimmed(text, first, last)
        block = blocks[:, found]
        block[0], block[1], block[2], block[3] = start, length, size, min(link, size)
        block[4], block[5] = kind, here
        block[6] = tag_of_heading if kind == 1 else 0
        block[7], block[8], block[9], block[10] = number, depth, 0, 0
        block[11], block[12], block[13] = first, last, special or kind == 3
        found += 1
    counts[0] = found
    counts[1] = inside
    return counts, blocks, containers, hashes, text


@jit
def gathered(own: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return what each container and all within it weigh together."""
    sums = own.copy()
    for here in range(len(sums) - 1, 0, -1):
        sums[parent[here]] += sums[here]
    return sums


@jit
def inherited(marked: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return which containers are marked or stand within a marked one."""
    within = marked.copy()
    for here in range(1, len(within)):
        within[here] |= within[parent[here]]
    return within


@jit
def weighed(
    size: np.ndarray,
    link: np.ndarray,
    kind: np.ndarray,
    row: np.ndarray,
    container: np.ndarray,
    count: int,
    short: int,
    links: float,
) -> np.ndarray:
    """Return what the blocks of each of `count` containers weigh, those within it apart.

    A block weighs its characters outside links; one below `short` characters less, items and rows
    half, and one with more than the share `links` in links nothing.
    """
    own = np.zeros(count, np.float64)
    for block in range(len(size)):
        if link[block] > links * size[block]:
            continue
        weight = float(size[block] - link[block])
        if size[block] < short and kind[block] != 3:
            weight *= 0.05 + 0.95 / short * size[block]
        if kind[block] == 2 or row[block] > 0:
            weight *= 0.5
        own[container[block]] += weight
    return own


@jit
def links_apart(
    text: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    size: np.ndarray,
    link: np.ndarray,
    kind: np.ndarray,
    container: np.ndarray,
    row: np.ndarray,
    parent: np.ndarray,
    is_leaf: np.ndarray,
    is_term: np.ndarray,
    is_quote: np.ndarray,
    links: float,
    among: float,
    calm: int,
) -> np.ndarray:
    """Return which blocks are no mere links, or links that are content.

    A block with more than the share `links` in links stays where it is an item, or the term of a
    glossary, in a list that is none to the share `among`; a cell in a row with other cells; in a
    quotation; a paragraph between two of `calm` bytes or more; in a list after a colon.
    """
    count, containers = len(size), len(parent)
    shown = np.zeros(count, np.bool_)
    plain = np.zeros(containers, np.int64)
    whole = np.zeros(containers, np.int64)
    cells = np.zeros(count + 1, np.int64)
    for block in range(count):
        shown[block] = kind[block] == 1 or link[block] <= links * size[block]
        above = parent[container[block]]
        whole[above] += size[block]
        if shown[block]:
            plain[above] += size[block]
            cells[row[block]] += 1
    quoted = is_quote.copy()
    for here in range(1, containers):
        quoted[here] |= quoted[parent[here]]
    kept = shown.copy()
    listed = -1  # the list that a line with a colon introduces
    for block in range(count):
        here = container[block]
        above = parent[here]
        if shown[block]:
            end = last[block]
            colon = end > 0 and text[end - 1] == 58
            colon |= end > 2 and text[end - 3] == 0xEF and text[end - 1] == 0x9A
            says = colon and end - first[block] >= calm and kind[block] != 2
            if says and block + 1 < count and kind[block + 1] == 2 and not shown[block + 1]:
                listed = parent[container[block + 1]]
            continue
        cell_row = row[block]
        among_others = (kind[block] == 2 or is_term[here]) and (
            plain[above] >= among * whole[above]
        )
        kept[block] = (
            among_others
            or (cell_row > 0 and cells[cell_row] > 0)
            or quoted[here]
            or above == listed
        )
        if kind[block] == 0 and is_leaf[here] and cell_row == 0 and 0 < block < count - 1:
            kept[block] |= (
                shown[block - 1]
                and shown[block + 1]
                and kind[block - 1] != 2
                and kind[block + 1] != 2
                and last[block - 1] - first[block - 1] >= calm
                and last[block + 1] - first[block + 1] >= calm
                and parent[container[block - 1]] == above
                and parent[container[block + 1]] == above
            )
    return kept


@jit
def fallen(
    own: np.ndarray, bad: np.ndarray, hidden: np.ndarray, parent: np.ndarray, keep: float
) -> np.ndarray:
    """Return which containers fall because they, or one they stand in, are `bad`.

    While less than `keep` would be left, the heaviest that fell is taken back if it holds more than
    all that is left; what is bad within it still falls. Hidden ones count half.
    """
    sums = gathered(own, parent)
    bad = bad.copy()
    while True:
        dead = inherited(bad, parent)
        left = 0.0
        heaviest, most = -1, -1.0
        for here in range(len(own)):
            if not dead[here]:
                left += own[here]
            elif bad[here] and not dead[parent[here]]:
                weight = sums[here] * (0.5 if hidden[here] else 1.0)
                if weight > most:
                    heaviest, most = here, weight
        if left >= keep or heaviest < 0 or sums[heaviest] <= left:
            return dead
        bad[heaviest] = False
