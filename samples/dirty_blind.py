"""More dirty texts, in shapes that no rule was written with, and texts that must stay whole.

    python -m samples.dirty_blind      # writes dirty_blind.parquet beside this file, byte for byte

The kinds are those of `dirty.py`, the words, separators, frames and stubs are others. `round` says
when a text was made: `second` before any rule had been tried on these shapes (what the rules made
of them then stands in docs/filters.md), each later one after the rules had been mended by those
before it. From `fourth` on frames are those of whole sites, `dirty_sites.py`.
The gold is that of `dirty.py`; a text of kind `whole` repeats itself on purpose and stays as it is.
"""

import random
from collections.abc import Callable
from itertools import product
from pathlib import Path

import polars as pl

from samples import dirty_shapes as shapes
from samples.dirty_seventh import SITES_7
from samples.dirty_sites import SITES as FIFTY
from samples.dirty_sites import Site
from samples.dirty_sixth import SITES_6
from samples.dirty_whole import WHOLE

EACH = 16  # texts of each kind and round, half of each language
SEED = 77
SITES = FIFTY
for _round, _sites in (("sixth", SITES_6), ("seventh", SITES_7)):
    SITES = SITES | {(_round, _lang): each for _lang, each in _sites.items()}
Made = tuple[str, list[str], list[str], list[str]]  # text, stays, goes, may_stay


class Writer:
    """Sentences of one language, none said twice in a text, and the shapes of one round."""

    def __init__(self, rng: random.Random, lang: str, round_: str, number: int) -> None:
        self.rng, self.lang, self.zh, self.number = rng, lang, lang == "zh", number
        self.shapes = shapes.SHAPES[round_, lang]
        first, middle, last, short, news = shapes.WORDS[round_]
        self.left = list(product(first[lang], middle[lang], last[lang]))
        self.short, self.news = short[lang], news[lang]
        self.sites: tuple[Site, ...] = SITES.get((round_, lang), ())
        rng.shuffle(self.left)

    def pick(self, name: str) -> str:
        """Return one of the shapes of this name, its blanks filled."""
        shape: str = self.rng.choice(self.shapes[name])
        rng = self.rng
        return shape.format(
            year=rng.randint(2003, 2023),
            month=rng.randint(1, 12),
            day=rng.randint(10, 28),
            n=rng.randint(100, 999),
            name=rng.choice(shapes.NAMES[self.lang]),
            news=rng.choice(self.news),
            title=rng.choice(shapes.TITLES[self.lang]),
        )

    def sentence(self) -> str:
        """Return a sentence that this text has not had yet."""
        first, middle, last = self.left.pop()
        return f"{first}{middle}{last}" if self.zh else f"{first} {middle} {last}"

    def paragraph(self, most: int = 4) -> str:
        """Return a few sentences."""
        count = self.rng.randint(2, most)
        return ("" if self.zh else " ").join(self.sentence() for _ in range(count))


def interview(writer: Writer) -> Made:
    """Return questions and answers, pasted 2, 3 or 5 times, a little otherwise each time."""
    rng = writer.rng
    asks, answers = writer.pick("asks"), writer.pick("answers")
    indent = rng.choice(("", "", "　　" if writer.zh else "  "))
    lines, stays = [], []
    for _ in range(rng.randint(4, 6)):
        stays += [asks + writer.sentence(), answers + writer.paragraph()]
        lines += stays[-2:]
        if rng.random() < 0.3:  # what is said more than once in an interview of its own
            lines.append(asks + rng.choice(writer.short))
    out, goes = [], []
    for copy in range(rng.choice((2, 3, 5))):
        if copy:
            stub = writer.pick("stubs").replace("~", lines[1][: 14 if writer.zh else 30].rstrip())
            goes.append(stub)
            out.append(stub)
        start = 1 if copy and rng.random() < 0.3 else 0  # the first question is cut
        for line in lines[start:]:
            changed = line
            if copy and rng.random() < 0.15:
                changed = line.replace("，", ",") if writer.zh else line.replace("'", "’") + " "
            out.append(indent + changed)
    return "\n".join(out), stays, goes, []


def essay(writer: Writer) -> Made:
    """Return paragraphs with news and advertisements between them, marked as such or not."""
    rng = writer.rng
    paragraphs = [writer.paragraph() for _ in range(rng.randint(5, 8))]
    out: list[str] = []
    goes: list[str] = []
    may_stay: list[str] = []
    for paragraph in paragraphs:
        out.append(paragraph)
        if rng.random() < 0.6:
            marked = rng.random() < 0.75
            line = writer.pick("news" if marked else "unmarked")
            (goes if marked else may_stay).append(line)
            out.append(line)
    return rng.choice(("\n\n", "\n")).join(out), paragraphs, goes, may_stay


def framed(writer: Writer) -> Made:
    """Return an article between a breadcrumb, rows of a site's own, and its footer."""
    if writer.sites:
        return on_site(writer, writer.sites[writer.number // 2 % len(writer.sites)])
    rng = writer.rng
    title = rng.choice(shapes.TITLES[writer.lang])
    paragraphs = [writer.paragraph() for _ in range(rng.randint(3, 6))]
    head = [writer.pick("crumbs")]
    may_stay = [writer.pick("bylines")] if rng.random() < 0.7 else []
    above = [writer.pick("above")] if rng.random() < 0.5 else []
    ends = [writer.pick("ends") for _ in range(rng.randint(0, 2))]
    foot = [writer.pick("feet") for _ in range(rng.randint(1, 3))]
    goes = list(dict.fromkeys([*head, *above, *ends, *foot]))
    lines = [*head, title, *may_stay, *above, *paragraphs, *dict.fromkeys([*ends, *foot])]
    return rng.choice(("\n", "\n\n", "\r\n")).join(lines), [title, *paragraphs], goes, may_stay


def on_site(writer: Writer, site: Site) -> Made:
    """Return an article as one site sets it."""
    title = writer.rng.choice(shapes.TITLES[writer.lang])
    paragraphs = [writer.paragraph() for _ in range(writer.rng.randint(3, 6))]
    lines = [*site.above, title, *site.may, *site.beneath, *paragraphs, *site.below]
    goes = list(dict.fromkeys([*site.above, *site.beneath, *site.below]))
    return writer.rng.choice(("\n", "\n\n")).join(lines), [title, *paragraphs], goes, [*site.may]


def teasers(writer: Writer) -> Made:
    """Return teasers, each two to five times, with a button or a date behind some."""
    rng = writer.rng
    each = [writer.sentence() for _ in range(rng.randint(8, 12))]
    button = writer.pick("buttons")
    dated = [f"{one}{writer.pick('dates')}" if rng.random() < 0.3 else one for one in each]
    many = [one for one in dated for _ in range(rng.randint(2, 5))]
    rng.shuffle(many)
    out, goes = [], []
    for one in many:
        out.append(one)
        if button and rng.random() < 0.4:
            out.append(button)
            goes = [button]
    return rng.choice(("\n", "\n", "\n\n")).join(out), dated, goes, []


KINDS: dict[str, Callable[[Writer], Made]] = {
    "interview": interview,
    "essay": essay,
    "framed": framed,
    "teasers": teasers,
}


def texts() -> pl.DataFrame:
    """Return every text of the file."""
    made = []
    for round_ in dict.fromkeys(round_ for round_, _ in shapes.SHAPES):
        for kind, make in KINDS.items():
            for number in range(2 * len(SITES.get((round_, "en"), ())) or EACH):
                lang = "zh" if number % 2 else "en"
                rng = random.Random(f"{SEED} {round_} {kind} {number}")
                writer = Writer(rng, lang, round_, number)
                made.append((f"{round_}-{kind}-{number}", kind, lang, round_, *make(writer)))
    for number, (lang, round_, text) in enumerate(WHOLE):
        lines = [line for line in text.split("\n") if line.strip()]
        made.append((f"{round_}-whole-{number}", "whole", lang, round_, text, lines, [], []))
    names = ["id", "kind", "lang", "round", "text", "stays", "goes", "may_stay"]
    schema = {name: pl.List(pl.String) if name in names[5:] else pl.String for name in names}
    return pl.DataFrame(made, schema, orient="row")


if __name__ == "__main__":
    texts().write_parquet(Path(__file__).parent / "dirty_blind.parquet", compression_level=19)
