"""Documents before they become text or HTML: a title and blocks, and the honest ones of them."""

from dataclasses import dataclass, replace
from random import Random

from .encodings import CLOSE
from .exercises import FAMILIES, fill
from .grammar import TOPIC, Domain, mix, pick, whole

Block = tuple[str, str]  # kind (h2, p, li, code) and text
Texts = dict[str, list[str]]  # of exercises, by family


@dataclass
class Document:
    """A page without its clothes."""

    title: str
    blocks: list[Block]
    lang: str
    domain: str = ""

    def formulas(self) -> int:
        """Return the number of formulas in it."""
        return sum(text.count(CLOSE) for _, text in self.blocks)

    def body(self, between: str = "\n\n") -> str:
        """Return the text of the blocks; list items stay together."""
        out: list[str] = []
        last = ""
        for kind, text in self.blocks:
            if out:
                out.append("\n" if kind == "li" and last == "li" else between)
            out.append(f"- {text}" if kind == "li" else text)
            last = kind
        return "".join(out)

    def text(self, between: str = "\n\n") -> str:
        """Return title and blocks as plain text; formulas still carry their marks."""
        return f"{self.title}{between}{self.body(between)}" if self.title else self.body(between)


_CODE = (
    """def {a}(items):
    total = 0
    for item in items:
        if item.{b} > {n}:
            total += item.{b}
    return total""",
    """for (int {a} = 0; {a} < {n}; {a}++) {{
    {b}[{a}] = {b}[{a}] * 2;
}}""",
    """$ export {a}={n}
$ echo $HOME/${a}
$ ./{b} --retries {n}""",
    """func {a}({b} int) (int, error) {{
\tif {b} > {n} {{
\t\treturn 0, errLimit
\t}}
\treturn {b} + 1, nil
}}""",
    """SELECT {a}, count(*) FROM {b}
WHERE created > now() - interval '{n} days'
GROUP BY {a};""",
)
_NAMES = (
    "pool",
    "queue",
    "offset",
    "batch",
    "ticket",
    "buffer",
    "limit",
    "cursor",
    "token",
    "shard",
)


def code(rng: Random) -> str:
    """Return a few lines of code."""
    return pick(rng, _CODE).format(a=pick(rng, _NAMES), b=pick(rng, _NAMES), n=whole(rng, 2, 99))


def article(rng: Random, field_: Domain, length: int = 0) -> Document:
    """Return an honest page of one field; `length` is the number of sentences."""
    topic = field_.topics[int(rng.random() * len(field_.topics))]
    if not length:
        # most pages are short, one in eight is long where there are enough sentences for it
        long = rng.random() > 0.88 and field_.lang in ("en", "zh")
        length = whole(rng, 31, 45) if long else whole(rng, 10, 30)
    sentences = field_.body.draw(rng, length)
    blocks: list[Block] = []
    join = field_.joiner.join
    place, sections = 0, 0
    while place < length:
        if place >= 5 and sections < len(field_.headings) and rng.random() < 0.55:
            # headings come in the order of the grammar, as an essay would have them
            heading = field_.headings.sentence(sections, int(rng.random() * 8))
            blocks.append(("h2", heading.replace(TOPIC, topic)))
            sections += 1
        size = whole(rng, 3, 5)
        if length - place - size < 3:
            size = length - place
        text = join(sentences[place : place + size]).rstrip()
        blocks.append(("p", text.replace(TOPIC, topic)))
        place += size
        if len(field_.items) and place == size:
            blocks += [("li", text) for text in field_.items.draw(rng, whole(rng, 4, 7))]
    if field_.name == "programming":
        blocks.insert(whole(rng, 1, len(blocks)), ("code", code(rng)))
    title = field_.titles.one(rng).replace(TOPIC, topic)
    return Document(title[:1].upper() + title[1:], blocks, field_.lang, field_.name)


def volume(rng: Random, fields: list[Domain]) -> Document:
    """Return a long page: articles as the chapters of one, each of another field."""
    left = list(fields)
    chosen = [left.pop(int(rng.random() * len(left))) for _ in range(whole(rng, 5, len(left)))]
    chapters = [article(rng, field_) for field_ in chosen]
    blocks: list[Block] = []
    for chapter in chapters:
        blocks += [("h2", chapter.title), *chapter.blocks]
    return Document(chapters[0].title, blocks[1:], chapters[0].lang, "volume")


def worksheet(rng: Random, texts: Texts, lecture: Domain) -> Document:
    """Return a page of several exercises with solutions and remarks from a lecture."""
    problem, solved, _ = texts["words"]
    names = list(FAMILIES)
    gap = lecture.joiner
    blocks: list[Block] = []
    for n in range(1, whole(rng, 5, 8)):
        question, solution = _exercise(rng, names.pop(int(rng.random() * len(names))), texts)
        aside = fill(pick(rng, texts["aside"]), {"n": whole(rng, 2, 20)})
        asked = [fill(problem, {"n": n}), question, *([aside] if rng.random() < 0.6 else [])]
        blocks += [("p", gap.join(asked)), ("p", gap.join((solved, solution)))]
        if rng.random() < 0.6:
            blocks.append(("p", lecture.body.one(rng).replace(TOPIC, pick(rng, lecture.topics))))
    title = fill(pick(rng, texts["sheet"]), {"n": whole(rng, 2, 400)})
    return Document(title, blocks, lecture.lang, "worksheet")


def _exercise(rng: Random, family: str, texts: Texts) -> tuple[str, str]:
    values = FAMILIES[family](rng)
    question, solution = texts[family]
    return fill(question, values), fill(solution, values)


def numbered(rng: Random, sheet: int, texts: Texts, lang: str) -> Document:
    """Return a sheet of four exercises: one that differs from its sisters in numbers only."""
    problem, solved, lead = texts["words"]
    gap = "" if lang == "zh" else " "
    names = list(FAMILIES)
    fixed = Random(mix(sheet, 19))
    blocks: list[Block] = [("p", lead)]
    for n in range(1, 5):
        family = names.pop(int(fixed.random() * len(names)))
        question, solution = _exercise(rng, family, texts)
        blocks.append(("p", gap.join((fill(problem, {"n": n}), question))))
        blocks.append(("p", gap.join((solved, solution))))
    title = fill(texts["sheet"][1], {"n": whole(rng, 2, 900)})
    return Document(title, blocks, lang, "exercise")


def shared_frame(rng: Random, field_: Domain, frame: Document) -> Document:
    """Return a page of which about half stands on every page of its site, and half nowhere else."""
    own = article(rng, field_, length=sum(kind == "p" for kind, _ in frame.blocks) * 4)
    return Document(
        own.title, frame.blocks[:2] + own.blocks + frame.blocks[2:], own.lang, field_.name
    )


def filled(rng: Random, template: Document, lang: str) -> Document:
    """Return a template with this page's numbers in it."""
    number, other = whole(rng, 1, 10**6), whole(rng, 100, 999)
    line = f"Reference {number}, seen {other} times."
    if lang == "zh":
        line = f"编号{number}，本页浏览{other}次。"
    return replace(template, blocks=[*template.blocks, ("p", line)])
