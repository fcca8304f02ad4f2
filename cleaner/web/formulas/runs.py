"""Texts of a page as its reader sees them: joined over inline elements, parted by blocks."""

from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.web.formulas.marks import EM, EM_END, ITALIC, ITALIC_END, SUB, SUB_END, SUP, SUP_END

_NAMES = str.split(
    "a abbr acronym b bdi bdo big cite del dfn em font i ins label mark nobr q s small span "
    "strike strong sub sup tt u var wbr br script style pre code kbd samp textarea img svg "
    "button select option input math noscript iframe object video audio canvas title p li ul ol "
    "td tr th tbody table thead hr h1 h2 h3 h4 h5 h6 div body html head meta link"
)


def _tag_ids() -> dict[str, int]:
    tree = LexborHTMLParser("<p>x<!--y-->")
    ids = {"text": 0, "comment": 0}
    for node in tree.root.traverse(include_text=True) if tree.root else ():
        if node.is_text_node:
            ids["text"] = node.tag_id
        elif node.is_comment_node:
            ids["comment"] = node.tag_id
    for name in _NAMES:
        made = tree.create_node(name)
        ids[name] = made.tag_id
    return ids


TAG = _tag_ids()
UNKNOWN_TAG = 256  # lexbor numbers the tags of HTML, MathML and SVG from 1; others are addresses
TEXT, COMMENT = TAG["text"], TAG["comment"]
INLINE = frozenset(
    TAG[name]
    for name in str.split(
        "a abbr acronym b bdi bdo big cite del dfn em font i ins label mark nobr q s small span "
        "strike strong sub sup tt u var"
    )
)
_MARKED = {
    TAG["em"]: (EM, EM_END),
    TAG["i"]: (ITALIC, ITALIC_END),
    TAG["var"]: (ITALIC, ITALIC_END),
    TAG["sub"]: (SUB, SUB_END),
    TAG["sup"]: (SUP, SUP_END),
}


@dataclass(slots=True)
class Run:
    """Texts in a row with nothing but inline elements between them."""

    nodes: list[LexborNode | None] = field(default_factory=list)  # None: a mark, not a text
    texts: list[str] = field(default_factory=list)

    def add(self, node: LexborNode | None, text: str) -> None:
        """Append the text of `node`, or a mark."""
        self.nodes.append(node)
        self.texts.append(text)

    def replace(self, spans: list[tuple[int, int, str]]) -> None:
        """Put strings in place of parts of the joined text, which may lie across nodes."""
        at = first = placed = 0  # spans before `placed` have their string in the tree
        for node, text in zip(self.nodes, self.texts, strict=True):
            start, end = at, at + len(text)
            at = end
            while first < len(spans) and spans[first][1] <= start:
                first += 1
            if first == len(spans):
                return
            if node is None or spans[first][0] >= end:
                continue
            out: list[str] = []
            cursor, index = start, first
            while index < len(spans) and spans[index][0] < end:
                low, high, new = spans[index]
                out.append(text[cursor - start : max(low, start) - start])
                if index >= placed:
                    out.append(new)
                    placed = index + 1
                cursor = min(high, end)
                index += 1
            out.append(text[cursor - start :])
            node.replace_with("".join(out))


def container(node: LexborNode, known: dict[int, LexborNode | None]) -> LexborNode | None:
    """Return the nearest element above `node` that is not inline; `known` remembers the way."""
    way: list[int] = []
    above = node.parent
    while above is not None and above.tag_id in INLINE:
        here = above.mem_id
        if here in known:
            above = known[here]
            break
        way.append(here)
        above = above.parent
    known.update(dict.fromkeys(way, above))
    return above


def runs(block: LexborNode, ignored: "set[int] | frozenset[int]" = frozenset()) -> list[Run]:
    """Return the runs directly in `block`: inline elements are entered, others part two runs."""
    found: list[Run] = []
    run = Run()
    stack: list[tuple[LexborNode | None, str]] = [(block.first_child, "")]
    while stack:
        node, end_mark = stack.pop()
        while node is not None:
            tag = node.tag_id
            if tag == TEXT:
                run.add(node, node.text_content or "")
            elif tag in INLINE and node.mem_id not in ignored:
                marks = _MARKED.get(tag)
                stack.append((node.next, end_mark))
                if marks:
                    run.add(None, marks[0])
                end_mark = marks[1] if marks else ""
                node = node.first_child
                continue
            elif tag == TAG["br"]:
                run.add(None, "\n")
            elif tag not in (TAG["wbr"], COMMENT):
                if run.nodes:
                    found.append(run)
                run = Run()
            node = node.next
        if end_mark:
            run.add(None, end_mark)
    if run.nodes:
        found.append(run)
    return found
