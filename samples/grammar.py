"""Sentences from small grammars: written once, rendered on first use, remembered.

A template is a line of text in which `[a|b|c]` is a choice, `{name}` a choice from the slot `name`,
`{2-9}` a whole number, and `{T}` the topic of the page, filled in last. Choices may hold slots.
A sentence is known by (template, variant): equal numbers give equal sentences, whoever asks.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

TOPIC = "\x04"  # what `{T}` leaves in a sentence until its page has a topic
VARIANTS = 128  # renderings kept per template; more would only cost memory and warming up

LONGEST = 100  # sentences that may be drawn at once

_TOKEN = re.compile(r"\[([^\[\]]*)\]|\{([^{}]*)\}")
_NUMBER = re.compile(r"(\d+)-(\d+)(?:/(\d+))?$")


T = TypeVar("T")


def pick(rng: Random, options: Sequence[T]) -> T:
    """Return one of `options`; only `random()` has values that no Python version changes."""
    return options[int(rng.random() * len(options))]


def whole(rng: Random, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`."""
    return low + int(rng.random() * (high - low + 1))


def mix(*numbers: int) -> int:
    """Return a 64-bit hash of some whole numbers, for seeding."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = ((state ^ (number & 0xFFFFFFFFFFFFFFFF)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 29
    return state


def name_number(name: str) -> int:
    """Return a number that stands for a name in `mix`, the same in every process."""
    return int.from_bytes(name.encode()[:24].ljust(24, b"\0"), "little") % (2**61 - 1)


class Template:
    """One line of a grammar, cut into fixed text and choices."""

    __slots__ = ("parts",)

    def __init__(self, line: str, slots: Mapping[str, Sequence[str]]) -> None:
        self.parts: list[str | tuple[int, int, int] | list[Template | str]] = []
        end = 0
        for match in _TOKEN.finditer(line):
            if match.start() > end:
                self.parts.append(line[end : match.start()])
            end = match.end()
            choice, slot = match.groups()
            if choice is not None:
                self.parts.append([_option(text, slots) for text in choice.split("|")])
            elif slot == "T":
                self.parts.append(TOPIC)
            elif number := _NUMBER.match(slot):
                low, high, step = number.groups()
                self.parts.append((int(low), int(high), int(step or 1)))
            else:
                self.parts.append([_option(text, slots) for text in slots[slot]])
        if end < len(line):
            self.parts.append(line[end:])

    def render(self, rng: Random) -> str:
        """Return one sentence."""
        random = rng.random
        out: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
            elif isinstance(part, tuple):
                low, high, step = part
                out.append(str(low + step * int(random() * ((high - low) // step + 1))))
            else:
                option = part[int(random() * len(part))]
                out.append(option if isinstance(option, str) else option.render(rng))
        return "".join(out)


def _option(text: str, slots: Mapping[str, Sequence[str]]) -> "Template | str":
    """Return plain text and formulas as they are, and text with slots as a template of its own."""
    return Template(text, slots) if "{" in text and "\x03" not in text else text


class Grammar:
    """Templates with their slots, and the sentences rendered from them so far."""

    def __init__(
        self, name: str, templates: Iterable[str], slots: Mapping[str, Sequence[str]]
    ) -> None:
        self.name = name_number(name)
        self.templates = [Template(line, slots) for line in templates]
        self._made: dict[int, str] = {}
        self._orders = self._shuffles(64) if self.templates else []

    def _shuffles(self, count: int) -> list[list[int]]:
        """Return some orders of the templates, each repeated to be long enough for any page."""
        size = len(self.templates)
        rng = Random(self.name)
        shuffled = (
            [n for _, n in sorted((rng.random(), n) for n in range(size))] for _ in range(count)
        )
        return [order * (2 + LONGEST // size) for order in shuffled]

    def __len__(self) -> int:
        return len(self.templates)

    def sentence(self, template: int, variant: int) -> str:
        """Return sentence number `variant` of a template."""
        return self._numbered(template * VARIANTS + variant)

    def _numbered(self, key: int) -> str:
        made = self._made.get(key)
        if made is None:
            made = self.templates[key // VARIANTS].render(Random(mix(self.name, key)))
            made = self._made[key] = made[:1].upper() + made[1:]
        return made

    def draw(self, rng: Random, count: int) -> list[str]:
        """Return `count` sentences; no template comes twice before each came once."""
        random = rng.random
        order = self._orders[int(random() * len(self._orders))]
        start = int(random() * len(self.templates))
        # an order holds each template several times over, so that any run of it is spread evenly
        keys = [t * VARIANTS + int(random() * VARIANTS) for t in order[start : start + count]]
        made = self._made
        return [made.get(key) or self._numbered(key) for key in keys]

    def one(self, rng: Random) -> str:
        """Return one sentence."""
        return self.at(rng.random())

    def at(self, point: float) -> str:
        """Return the sentence at a point between 0 and 1 of all there are."""
        return self._numbered(int(point * len(self.templates) * VARIANTS))


@dataclass(frozen=True)
class Domain:
    """What pages of one field in one language are made of."""

    name: str
    lang: str
    topics: list[str]
    titles: Grammar
    headings: Grammar
    body: Grammar
    items: Grammar  # entries of lists; empty where there are none
    joiner: str  # between sentences


def sections(text: str) -> dict[str, list[str]]:
    """Return the lines of each section of a grammar file; a section opens with `= name`."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line.startswith("= "):
            current = found.setdefault(line[2:].strip(), [])
        elif line.strip():
            current.append(line.strip())
    return found


def choices(rows: Iterable[str]) -> list[str]:
    """Return the entries of a section that lists them with bars."""
    return [word.strip() for row in rows for word in row.split("|")]


def domain(
    name: str, lang: str, text: str, more: Mapping[str, Sequence[str]] | None = None
) -> Domain:
    """Return a domain from the text of its file.

    Sections: `topics`, `titles`, `headings`, `body`, `items`; any other section is a slot, and so
    is every entry of `more`.
    """
    found = sections(text)
    slots = {key: choices(rows) for key, rows in found.items()}
    slots.update({key: list(entries) for key, entries in (more or {}).items()})

    def grammar(section: str) -> Grammar:
        return Grammar(f"{lang}-{name}-{section}", found.get(section, []), slots)

    return Domain(
        name=name,
        lang=lang,
        topics=slots.get("topics", [""]),
        titles=grammar("titles"),
        headings=grammar("headings"),
        body=grammar("body"),
        items=grammar("items"),
        joiner="" if lang in ("zh", "ja") else " ",
    )
