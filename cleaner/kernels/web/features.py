"""What is measured on each block of a page, for the judge that decides which are its text."""

from typing import Any

import numpy as np

from cleaner.kernels import inlined, jit

GROUPS = 23  # of words of names; `web/boilerplate.py` lists them
_SPREAD, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
FAR = 15  # levels above a block: a name as far away as that says nothing

OWN = (
    "size", "link", "stops", "commas", "digits", "capitals", "wide", "ends", "kind", "leaf",
    "cell", "linked", "again", "depth", "place", "from_start", "to_end", "since_heading",
    "earlier", "rank", "prose_before", "prose_after", "from_title", "from_said",
)  # fmt: skip
BESIDE = ("size_before", "link_before", "size_after", "link_after", "near_plain", "near_link")
ABOVE = (
    "holder_size", "holder_link", "holder_stops", "holder_blocks", "upper_size", "upper_link",
    "upper_stops", "alike", "alike_size", "alike_share", "alike_link", "holder_most",
    "most_levels", "much_levels", "title_levels", "said_levels", "over_size", "over_link",
)  # fmt: skip
RULED = (
    "kept", "inside", "dead", "away", "content", "form", "table", "list", "quote", "article",
    "hidden",
)  # fmt: skip
PAGE = (
    "page_size", "page_link", "page_blocks", "page_prose", "page_wide", "kept_share", "kept_size",
    "declared", "after_title", "page_most",
)  # fmt: skip
NAMES = (*OWN, *BESIDE, *ABOVE, *RULED, *PAGE, *(f"name_{group}" for group in range(GROUPS)))


@inlined
def _share(part: Any, whole: Any) -> Any:
    return part / whole if whole > 0 else 0.0


@jit
def text_facts(text: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return, per block: stops, commas, digits, capitals, wide letters, how it ends, its hash.

    A stop ends a sentence, in Latin or in Chinese; wide letters are those of three bytes. A block
    ends with a stop (1), a colon (2) or with neither (0).
    """
    found = np.zeros((7, len(first)), np.int64)
    for block in range(len(first)):
        stops = commas = digits = capitals = wide = 0
        ends = 0
        mark = np.uint64(14695981039346656037)
        at, end = first[block], last[block]
        while at < end:
            byte = text[at]
            mark = (mark ^ np.uint64(byte)) * np.uint64(1099511628211)
            if byte < 128:
                if 48 <= byte <= 57:
                    digits += 1
                    ends = 0
                elif 65 <= byte <= 90:
                    capitals += 1
                    ends = 0
                elif byte == 46 or byte == 33 or byte == 63:  # . ! ?
                    ends = 1
                    stops += at + 1 == end or text[at + 1] <= 34
                elif byte == 44 or byte == 59:
                    commas += 1
                    ends = 0
                elif byte == 58:
                    ends = 2
                elif byte > 34 and byte != 39 and byte != 41:
                    ends = 0
            elif byte >= 0xE0 and at + 2 < end:
                middle, low = text[at + 1], text[at + 2]
                if byte == 0xE3 and middle == 0x80 and low == 0x82:
                    stops, ends = stops + 1, 1
                elif byte == 0xE3 and middle == 0x80 and low == 0x81:
                    commas, ends = commas + 1, 0
                elif byte == 0xEF and middle == 0xBC and (low == 0x81 or low == 0x9F):
                    stops, ends = stops + 1, 1
                elif byte == 0xEF and middle == 0xBC and (low == 0x8C or low == 0x9B):
                    commas, ends = commas + 1, 0
                elif byte == 0xEF and middle == 0xBC and low == 0x9A:
                    ends = 2
                elif byte != 0xE2:
                    wide += 1
                    ends = 0
            at += 1
        found[0, block], found[1, block], found[2, block] = stops, commas, digits
        found[3, block], found[4, block], found[5, block] = capitals, wide, ends
        found[6, block] = np.int64(mark)
    return found


@jit
def measured(
    facts: np.ndarray,
    size: np.ndarray,
    link: np.ndarray,
    kind: np.ndarray,
    container: np.ndarray,
    row: np.ndarray,
    parent: np.ndarray,
    is_leaf: np.ndarray,
    label: np.ndarray,
    names: np.ndarray,
    flags: np.ndarray,
    kept: np.ndarray,
    inside: np.ndarray,
    dead: np.ndarray,
    declared: int,
    title: int,
    titled: int,
    said: int,
    count: int,
) -> np.ndarray:
    """Return a row of `count` numbers per block, in the order of `NAMES`.

    `label` is equal for containers of one tag and class; `names` has the groups of a container's
    names as bits, `flags` what it is: away, content, form, table, list, quotation, article,
    hidden. `title` is the first of the largest headings, `titled` the heading that says the title
    of the page, `said` the block where its description begins (-1: there is none).
    """
    blocks, containers = len(size), len(parent)
    out = np.zeros((blocks, count), np.float64)
    if not blocks:
        return out
    # A wide letter says about as much as two and a half others.
    weight = size + facts[4] * 1.5
    plain = np.zeros(containers, np.float64)
    linked = np.zeros(containers, np.float64)
    stops = np.zeros(containers, np.float64)
    number = np.zeros(containers, np.float64)
    prose = np.zeros(containers, np.float64)
    most = np.zeros(containers, np.float64)
    told = np.zeros(blocks, np.float64)  # the prose of a block
    total = total_link = wide = kept_size = 0.0
    for block in range(blocks):
        here = container[block]
        plain[here] += weight[block]
        linked[here] += _share(weight[block] * link[block], size[block])
        stops[here] += facts[0, block]
        number[here] += 1
        most[here] = max(most[here], weight[block])
        total += weight[block]
        total_link += _share(weight[block] * link[block], size[block])
        wide += facts[4, block]
        if facts[0, block] > 0 and link[block] * 2 < size[block] and weight[block] >= 80:
            told[block] = weight[block]
            prose[here] += weight[block]
        if kept[block]:
            kept_size += weight[block]
    for here in range(containers - 1, 0, -1):
        above = parent[here]
        plain[above] += plain[here]
        linked[above] += linked[here]
        stops[above] += stops[here]
        number[above] += number[here]
        prose[above] += prose[here]
        most[above] = max(most[above], most[here])
    # Levels up to what holds half of the prose, a tenth of it, the title, and the description.
    anchors = np.full((4, containers), FAR, np.int64)
    for anchor in range(2, 4):
        of = titled if anchor == 2 else said
        if of >= 0:
            here = container[of]
            while here:
                anchors[anchor, here] = 0
                here = parent[here]
            anchors[anchor, 0] = 0
    for here in range(containers):
        above = parent[here]
        if prose[0] > 0 and prose[here] >= 0.5 * prose[0]:
            anchors[0, here] = 0
        if prose[0] > 0 and prose[here] >= 0.1 * prose[0]:
            anchors[1, here] = 0
        for anchor in range(4):
            if here:
                anchors[anchor, here] = min(anchors[anchor, here], anchors[anchor, above] + 1)
    # Siblings of one label, counted by a hash of parent and label.
    slots = 1
    while slots < 2 * containers:
        slots *= 2
    keys = np.zeros(slots, np.uint64)
    many = np.zeros(slots, np.int64)
    sums = np.zeros(slots, np.float64)
    links = np.zeros(slots, np.float64)
    slot_of = np.zeros(containers, np.int64)
    for here in range(1, containers):
        # Parent and label are mixed one after the other: a sum of both is that of other pairs, too.
        key = (np.uint64(parent[here] + 1) ^ label[here]) * _SPREAD
        key = max((key ^ (key >> np.uint64(29)) ^ np.uint64(parent[here])) * _MIX, np.uint64(1))
        slot = np.int64((key * _SPREAD) >> np.uint64(33)) & (slots - 1)
        while keys[slot] != 0 and keys[slot] != key:
            slot = (slot + 1) & (slots - 1)
        keys[slot] = key
        slot_of[here] = slot
        if plain[here] > 0:
            many[slot] += 1
            sums[slot] += plain[here]
            links[slot] += linked[here]
    distance = np.full((containers, GROUPS), FAR, np.uint8)
    depth = np.zeros(containers, np.int64)
    state = np.zeros((containers, 8), np.bool_)
    group = np.zeros(containers, np.int64)  # the ancestor that has most siblings of its label
    for here in range(containers):
        above = parent[here]
        if here:
            depth[here] = depth[above] + 1
            group[here] = group[above]
            alike = many[slot_of[here]]
            before_it = many[slot_of[group[above]]] if group[above] else 0
            if not is_leaf[here] and alike >= 3 and alike >= before_it:
                group[here] = here
        for bit in range(8):
            state[here, bit] = (flags[here] >> bit) & 1 or (here > 0 and state[above, bit])
        for bit in range(GROUPS):
            if (names[here] >> bit) & 1:
                distance[here, bit] = 0
            elif here:
                distance[here, bit] = min(distance[above, bit] + 1, FAR)
    seen_slots = 1
    while seen_slots < 2 * blocks:
        seen_slots *= 2
    seen = np.zeros(seen_slots, np.int64)
    times = np.zeros(seen_slots, np.int64)
    place_of = np.zeros(blocks, np.int64)
    earlier = np.zeros(blocks, np.int64)
    for block in range(blocks):
        mark = facts[6, block] | 1
        slot = (mark >> 7) & (seen_slots - 1)
        while seen[slot] != 0 and seen[slot] != mark:
            slot = (slot + 1) & (seen_slots - 1)
        seen[slot] = mark
        earlier[block] = times[slot]
        times[slot] += 1
        place_of[block] = slot
    before = prose_before = 0.0
    heading = 0
    for block in range(blocks):
        value = out[block]
        here = container[block]
        holder = parent[here] if is_leaf[here] else here
        upper = parent[holder]
        over = parent[upper]
        if kind[block] == 1:
            heading = block
        value[0] = weight[block]
        value[1] = _share(link[block] * 1.0, size[block])
        value[2] = facts[0, block]
        value[3] = facts[1, block]
        value[4] = _share(facts[2, block] * 1.0, size[block])
        value[5] = _share(facts[3, block] * 1.0, size[block])
        value[6] = _share(facts[4, block] * 1.0, size[block])
        value[7] = facts[5, block]
        value[8] = kind[block]
        value[9] = is_leaf[here]
        value[10] = row[block] > 0
        value[11] = link[block] > 0
        value[12] = times[place_of[block]] if weight[block] < 100 else 1
        value[13] = depth[here]
        value[14] = _share(before, total)
        value[15] = block
        value[16] = blocks - block
        value[17] = block - heading
        value[18] = earlier[block]
        value[19] = _share(weight[block], most[0])
        value[20] = _share(prose_before, prose[0])
        value[21] = _share(prose[0] - prose_before - told[block], prose[0])
        value[22] = block - titled if titled >= 0 else -1000
        value[23] = block - said if said >= 0 else -1000
        at = 24
        if block > 0:
            value[at] = weight[block - 1]
            value[at + 1] = _share(link[block - 1] * 1.0, size[block - 1])
        if block + 1 < blocks:
            value[at + 2] = weight[block + 1]
            value[at + 3] = _share(link[block + 1] * 1.0, size[block + 1])
        near = near_link = 0.0
        for other in range(max(0, block - 3), min(blocks, block + 4)):
            near += size[other]
            near_link += link[other]
        value[at + 4] = near - near_link
        value[at + 5] = _share(near_link, near)
        at = 30
        value[at] = plain[holder]
        value[at + 1] = _share(linked[holder], plain[holder])
        value[at + 2] = stops[holder]
        value[at + 3] = number[holder]
        value[at + 4] = _share(plain[upper], total)
        value[at + 5] = _share(linked[upper], plain[upper])
        value[at + 6] = stops[upper]
        of = group[here]
        if of:
            slot = slot_of[of]
            value[at + 7] = many[slot]
            value[at + 8] = _share(sums[slot], many[slot] * 1.0)
            value[at + 9] = _share(sums[slot], total)
            value[at + 10] = _share(links[slot], sums[slot])
        value[at + 11] = most[holder]
        for anchor in range(4):
            value[at + 12 + anchor] = anchors[anchor, here]
        value[at + 16] = _share(plain[over], total)
        value[at + 17] = _share(linked[over], plain[over])
        at = 48
        value[at] = kept[block]
        value[at + 1] = inside[block]
        value[at + 2] = dead[here]
        for bit in range(8):
            value[at + 3 + bit] = state[here, bit]
        at = 59
        value[at] = total
        value[at + 1] = _share(total_link, total)
        value[at + 2] = blocks
        value[at + 3] = _share(prose[0], total)
        value[at + 4] = _share(wide, total)
        value[at + 5] = _share(kept_size, total)
        value[at + 6] = kept_size
        value[at + 7] = declared
        value[at + 8] = block >= title
        value[at + 9] = most[0]
        for bit in range(GROUPS):
            value[at + 10 + bit] = distance[here, bit]
        before += weight[block]
        prose_before += told[block]
    return out
