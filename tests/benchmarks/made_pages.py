"""Pages of our own making with the text that is theirs: shapes that real pages have.

What stands around the text, what it is called and how deep it lies is drawn by a seeded generator;
the words are drawn as well, in English and in Chinese.
"""

import random
import re
from collections.abc import Iterator

NOUNS = "river triangle engine letter garden measure village theorem market teacher bridge winter"
VERBS = "shows follows carries divides holds changes explains moves reaches needs"
ENDS = "in the end|without a doubt|for every case|after the war|by hand|as a rule|over the years"
HAN = "我们说明这个结论的意思然后给出例子水流三角形老师市场桥梁冬天定理方法证明计算数值问题"
AWAY = "menu related popup share toc modal banner signup consent widget login cookies newsletter"
BODIES = "entry-content|post-body|article-text|x|col-8|elementor-widget-container|with-sidebar"
BOXES = "related-posts|share-bar|newsletter-box|sidebar|promo|recommended|widget-area|more-links"

SAYING = (
    'class="cookie-banner"|role="dialog"|id="sidebar"|class="newsletter"|class="site-footer"'
    '|class="popup-overlay"|class="promo"|id="footer"|class="login-box"'
)

CARD = ("price", "date", "author", "place", "score", "kind")
TOOLS = ("Add to cart", "Rate this", "Read more", "Star", "Sold out 0", "Compare", "1 of 5 stars")
CARDS = "card|item|product-tile|row|result|entry|teaser|col-4|listing-item|x|grid__cell"


class Maker:
    """Draws the pieces of one page."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.chinese = self.draw.random() < 0.35
        self.gold: list[str] = []
        self.filler = self.sentence() * 2 if self.draw.random() < 0.3 else ""

    def one(self, words: str, by: str | None = None) -> str:
        """Return one of some words."""
        return self.draw.choice(words.split(by))

    def words(self, count: int) -> str:
        """Return a phrase without an end."""
        if self.chinese:
            return "".join(self.draw.choice(HAN) for _ in range(2 * count))
        return " ".join(self.one(NOUNS) for _ in range(count)).capitalize()

    def sentence(self) -> str:
        """Return a sentence."""
        if self.chinese:
            parts = [self.words(self.draw.randint(4, 9)) for _ in range(self.draw.randint(1, 3))]
            return "，".join(parts) + "。"
        middle = f"{self.one(VERBS)} the {self.one(NOUNS)} of the {self.one(NOUNS)}"
        tail = f", and the {self.one(NOUNS)} {self.one(VERBS)} it" * self.draw.randint(0, 2)
        return f"The {self.one(NOUNS)} {middle} {self.one(ENDS, '|')}{tail}."

    def own(self, text: str) -> str:
        """Return a text and remember that it is the page's."""
        self.gold.append(text)
        return text

    def prose(self, least: int = 1, most: int = 5) -> str:
        """Return a paragraph of the text."""
        count = self.draw.randint(least, most)
        if self.filler:  # paragraphs that differ in their first sentence alone
            return self.own(f"{self.sentence()} {self.filler}" if count > 1 else self.sentence())
        return self.own(" ".join(self.sentence() for _ in range(count)))

    def link(self, text: str) -> str:
        """Return a link."""
        return f'<a href="/{self.draw.randint(1, 999)}">{text}</a>'

    def links(self, count: int) -> str:
        """Return a list of links that lead elsewhere."""
        items = (f"<li>{self.link(self.words(self.draw.randint(1, 6)))}</li>" for _ in range(count))
        return f"<ul>{''.join(items)}</ul>"

    def junk(self) -> str:
        """Return a box that is no text of the page."""
        if self.draw.random() < 0.25:
            told = f"<p>{self.sentence() * self.draw.randint(1, 3)}</p>"
            return f"<div {self.one(SAYING, '|')}>{told}</div>"
        short = self.words(self.draw.randint(3, 8))
        inside = self.draw.choice(
            (
                f"<h3>{self.words(2)}</h3>{self.links(self.draw.randint(2, 8))}",
                f"<p>{self.link(self.words(2))} {self.link(self.words(2))}</p>",
                f"<h3>{self.words(2)}</h3><p>{short}</p><form><input></form>",
                f"<p>{self.link(self.words(5))}</p><p>{self.link(self.words(2))}</p>",
                f"<table><tr><td>{self.link('A')}</td><td>{self.link('B')}</td></tr></table>",
                self.links(self.draw.randint(2, 5)),
            )
        )
        if self.draw.random() < 0.3:
            return inside
        tag = self.one("div div aside section")
        return f'<{tag} class="{self.one(BOXES, "|")}">{inside}</{tag}>'

    def piece(self) -> str:
        """Return a part of the text that a careless reader would drop."""
        away = self.one(AWAY)
        shape = self.draw.randrange(12)
        if shape == 0:
            head = f"<h2>{self.own(self.words(2))}</h2>"
            return f'<section id="{away}-{self.one(NOUNS)}">{head}<p>{self.prose()}</p></section>'
        if shape == 1:
            head = f"<h2>{self.own(self.words(2))}</h2>"
            return f'<div class="section level2" id="{away}">{head}<p>{self.prose()}</p></div>'
        if shape == 2:
            return f'<div class="{away}-{self.one(NOUNS)}"><p>{self.prose(2)}</p></div>'
        if shape == 3:
            return f'<aside class="{self.one("note remark tip x")}">{self.prose(1, 2)}</aside>'
        if shape == 4:
            start = self.own(self.words(5) + ("：" if self.chinese else ":"))
            items = "".join(f"<li>{self.link(self.own(self.words(3)))}</li>" for _ in range(3))
            return f"<p>{start}</p><ul>{items}</ul>"
        if shape == 5:
            cells = ((self.link(self.own(self.words(2))), self.own(str(n))) for n in range(3))
            return "<table>%s</table>" % "".join(  # noqa: UP031
                f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in cells
            )
        if shape == 6:
            terms = ((self.link(self.own(self.words(1))), self.prose(1, 1)) for _ in range(3))
            return f"<dl>{''.join(f'<dt>{a}</dt><dd>{b}</dd>' for a, b in terms)}</dl>"
        if shape == 7:
            return f"<blockquote>{self.link(self.prose(1, 1))}</blockquote>"
        if shape == 8:
            head = f"<h3>{self.own(self.words(3))}</h3>"
            return (
                f'<div class="faq">{head}<div class="dropdown-content">{self.prose()}</div></div>'
            )
        if shape == 9:
            items = "".join(f"<li>{self.prose(1, 1)}</li>" for _ in range(4))
            return f"<ul>{items}</ul>"
        if shape == 10:
            return f"<p>{self.link(self.own(self.words(3)))}</p><p>{self.prose()}</p>"
        return f'<p class="{away}-{self.one("note text")}">{self.prose(1, 2)}</p>'

    def body(self) -> str:
        """Return the text of the page, in one container or with paragraphs beside it."""
        parts = [f"<h1>{self.own(self.words(4))}</h1>"]
        parts += [f"<p>{self.prose()}</p>" for _ in range(self.draw.choice((0, 0, 1, 2)))]
        inner = [f"<p>{self.prose()}</p>"]
        for _ in range(self.draw.randint(1, 9)):
            chance = self.draw.random()
            if chance < 0.6:
                inner.append(f"<p>{self.prose()}</p>")
            else:
                inner.append(self.piece() if chance < 0.85 else self.junk())
        deep = "".join(inner)
        if self.draw.random() < 0.5:
            deep = f'<div class="{self.one(BODIES, "|")}">{deep}</div>'
        parts.append(deep)
        if self.draw.random() < 0.3:
            parts.append(f"<p>{self.prose()}</p>")
        if self.draw.random() < 0.15:  # a second column
            parts = [f"<div>{''.join(parts)}</div>", f"<div><p>{self.prose(2)}</p></div>"]
        outer = self.one("article main div section div")
        return f"<{outer}>{''.join(parts)}</{outer}>"

    def thread(self) -> str:
        """Return a thread."""
        posts = "".join(
            f'<div class="post"><div class="post-author">{self.link(f"u{n}")}</div>'
            f'<div class="post-text"><p>{self.prose()}</p></div></div>'
            for n in range(self.draw.randint(3, 9))
        )
        return f'<h1>{self.own(self.words(5))}</h1><div id="posts">{posts}</div>'

    def listing(self) -> str:
        """Return a list of cards: all parts of a place in a card are the text's, or none is."""
        count = self.draw.choice((5, 8, 12, 20, 30, 40))
        linked = self.draw.random() < 0.3  # the whole card is a link
        told = self.draw.random() < 0.65
        parts = [part for part in CARD if self.draw.random() < 0.35]
        tools = [part for part in TOOLS if self.draw.random() < 0.3]
        tag, of = self.one("div/div li/ul article/div section/div tr/tbody").split("/")
        head = self.one("h2 h3 h4 a strong")
        call = self.one(CARDS, "|")
        cards = []
        for at in range(count):
            name = self.own(self.words(self.draw.randint(2, 7)))
            name = name if linked else self.link(name)
            inside = [f"<{head}>{name}</{head}>" if head != "a" else f"<div>{name}</div>"]
            if told:
                inside.append(f"<p>{self.prose(1, 2)}</p>")
            inside += [self.of_card(part, at) for part in parts]
            inside += [f'<div class="x-{part[:3]}">{self.tool(part)}</div>' for part in tools]
            body = "".join(inside)
            body = f'<a href="/{at}">{body}</a>' if linked else body
            body = f"<td>{body}</td>" if tag == "tr" else body
            cards.append(f'<{tag} class="{call}">{body}</{tag}>')
        listed = f'<{of} class="{call}s">{"".join(cards)}</{of}>'
        listed = f"<table>{listed}</table>" if of == "tbody" else listed
        lead = f"<p>{self.prose(1, 2)}</p>" if self.draw.random() < 0.4 else ""
        title = f"<h1>{self.own(self.words(3))}</h1>"
        pager = "<ul>%s</ul>" % "".join(  # noqa: UP031
            f"<li>{self.link(str(n))}</li>" for n in range(1, self.draw.randint(2, 8))
        )
        facets = "".join(
            f"<div><h4>{self.words(1)}</h4><ul>%s</ul></div>"
            % "".join(
                f"<li>{self.link(f'{self.words(1)} ({self.draw.randint(1, 99)})')}</li>"
                for _ in range(self.draw.randint(3, 9))
            )
            for _ in range(self.draw.choice((0, 0, 2, 4)))
        )
        sort = f"<div><span>{self.words(1)}</span> {count} {self.words(1)}</div>"
        rest = self.links(self.draw.randint(8, 25)) if self.draw.random() < 0.4 else ""
        shown = (title, lead, sort if self.draw.random() < 0.5 else "", listed, pager, rest)
        main = f"<div>{''.join(shown)}</div>"
        return f"<div>{facets}{main}</div>" if self.draw.random() < 0.7 else f"{main}{facets}"

    def shop(self) -> str:
        """Return a page of a shop: what it says of its product, not what customers say."""
        name = f"<h1>{self.own(self.words(self.draw.randint(2, 5)))}</h1>"
        price = (
            f'<div class="price">{self.own(f"{self.draw.randint(100, 99_999) / 100:.2f} €")}</div>'
        )
        buy = f"<form><p>{self.words(1)}</p><button>{self.draw.choice(TOOLS)}</button></form>"
        short = f"<p>{self.prose(1, 1)}</p>" if self.draw.random() < 0.6 else ""
        parts = [self.told(at) for at in range(self.draw.choice((0, 1, 1, 2, 3)))]
        if not short and not parts:
            short = f"<p>{self.prose(1, 2)}</p>"
        if self.draw.random() < 0.3:  # once more for small screens
            again = short or parts[0]
            parts.append(f'<div class="{self.one("mobile small compact")}-only">{again}</div>')
        service = (
            f'<div class="{self.one("delivery returns stock")}"><p>{self.sentence()}</p></div>'
        )
        main = [name, price, short, buy, *parts]
        main.insert(self.draw.randint(3, len(main)), service if self.draw.random() < 0.5 else "")
        told = f'<div class="{self.one("product item-detail pdp x")}">{"".join(main)}</div>'
        reviews = "".join(
            f'<div class="review"><h4>{self.words(2)}</h4><p>{self.sentence() * 2}</p></div>'
            for _ in range(self.draw.choice((0, 2, 4, 8)))
        )
        others = "".join(
            f'<div class="{self.one("card item tile")}">{self.link(self.words(3))} <b>9 €</b></div>'
            for _ in range(self.draw.choice((0, 4, 8)))
        )
        return (
            f'{told}<div class="reviews">{reviews}</div>'
            f'<div class="{self.one("related-products others carousel")}">{others}</div>'
        )

    def told(self, at: int) -> str:
        """Return what a shop says at length: in the open, in a tab or in a part of an accordion."""
        shape = self.draw.randrange(4)
        if shape == 0:
            inside = f"<p>{self.prose()}</p>"
        elif shape == 1:
            inside = "<ul>%s</ul>" % "".join(  # noqa: UP031
                f"<li>{self.own(self.words(self.draw.randint(2, 6)))}</li>" for _ in range(5)
            )
        else:
            pairs = [(self.own(self.words(1)), self.own(self.words(1))) for _ in range(5)]
            row = "<tr><th>{}</th><td>{}</td></tr>" if shape == 2 else "<dt>{}</dt><dd>{}</dd>"
            rows = "".join(row.format(*pair) for pair in pairs)
            inside = f"<table>{rows}</table>" if shape == 2 else f"<dl>{rows}</dl>"
        head = f"<h3>{self.own(self.words(2))}</h3>" if self.draw.random() < 0.6 else ""
        if self.draw.random() < 0.5:
            return f'{head}<div class="{self.one("description details specs x")}">{inside}</div>'
        hides = ' style="display:none"' if at or self.draw.random() < 0.5 else ""
        call = self.one("tab-panel accordion-content collapse panel tabs__pane")
        return f'{head}<div class="{call}"{hides}>{inside}</div>'

    def of_card(self, part: str, at: int) -> str:
        """Return what a card says of its subject beside its name."""
        number = self.draw.randint(1, 9_999)
        said = {
            "price": f"{number / 100:.2f} €",
            "date": f"{1 + at % 28}.{1 + number % 12}.20{number % 25:02}",
            "author": self.link(self.words(2)),
            "place": self.words(2),
            "score": f"{number} points",
            "kind": self.words(1),
        }[part]
        told = re.sub("<[^>]*>", "", said)
        self.own(told)
        return f'<div class="{part}">{said}</div>'

    def tool(self, part: str) -> str:
        """Return what stands in every card for whoever wants to do something."""
        return self.link(part) if len(part) % 2 else f"<span>{part}</span>"

    def page(self) -> str:
        """Return the page, its frame drawn as well."""
        chance = self.draw.random()
        if chance < 0.6:
            inner = self.body()
        elif chance < 0.85:
            inner = self.thread() if chance < 0.7 else self.listing()
        else:
            inner = self.shop()
        first = next((one for one in self.gold if len(one) > 40), "")
        before = [f"<header>{self.links(3)}</header>", f"<nav>{self.links(5)}</nav>", self.junk()]
        after = [
            f"<footer><p>© {self.words(4)}</p>{self.links(3)}</footer>",
            self.junk(),
            f'<div class="footer">{self.links(4)}</div>',
            f"<p>© 2024 {self.words(2)}</p>",
        ]
        head = "".join(one for one in before if self.draw.random() < 0.4)
        tail = "".join(one for one in after if self.draw.random() < 0.4)
        name = self.gold[0] if self.draw.random() < 0.6 else self.words(3)
        title = f"<title>{name} | {self.words(1)}</title>"
        if first and self.draw.random() < 0.4:
            title += f'<meta name="description" content="{first}">'
        return f"<html><head>{title}</head><body>{head}{inner}{tail}</body></html>"


def pages(number: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Yield pages and their text.

    >>> [(html, text)] = pages(1)
    >>> html.startswith("<html>") and len(text) > 50
    True
    """
    for at in range(number):
        maker = Maker(seed * 1_000_003 + at)
        html = maker.page()
        yield html, "\n".join(maker.gold)
