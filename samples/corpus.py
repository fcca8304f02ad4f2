"""What document number i is: its role by the shares asked for, its content by seed and number."""

import re
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

from . import broken, copies, junk, library
from .documents import Document, article, filled, numbered, shared_frame, volume, worksheet
from .encodings import CLOSE, FORMULA, LOST, READABLE, as_text
from .grammar import TOPIC, mix, name_number, pick
from .han import to_simplified, to_traditional
from .pages import page
from .roles import COPIES, MATH, OTHERS, shares
from .rows import Form, Gold, Row

SCRIPTS = {"zh-Hant": "Hant", "zh": "Hans", "ru": "Cyrl", "ja": "Jpan", "ko": "Kore", "ar": "Arab"}
TEMPLATES = 4  # templates of each language that the role `template` is made of
SHEETS = 12  # sheets of exercises of each language that differ in numbers only
FRAMES = 6  # sites of each language that put one frame around all their pages
DUPLICATE = 0.8  # Jaccard similarity from which a near copy must go
SITES = (
    "lantern-notes", "millbrook-review", "orchard-desk", "quietriver", "northquay", "papertrail",
    "saltworks", "thirdbridge", "hilltop-journal", "openbench", "redkite", "stonemill", "amberline",
    "bluefinch", "coppergate", "fernhouse", "harborlight", "ironwood-post", "juniper-lab",
    "kestrel-wiki", "longfield", "marlpit", "nettle-and-co", "oldsignal", "pinewatch",
    "quarrytown", "rookery", "sandbar-times", "tidepool", "upland-post", "vellum", "westmoor",
)  # fmt: skip
JUNK_SITES = (
    "win{n}club", "xz{n}soft", "top{n}deal", "cai{n}jie", "bet{n}star", "seo{n}link", "mm{n}love",
    "free{n}apk", "vip{n}pay", "zz{n}info",
)  # fmt: skip

# honest pages with these words are what careless junk filters drop
_HARD = re.compile("gambl|casino|赌|賭|彩票|性健康|sexual|lottery|contraception|牌桌")
_CRAWLS = ("2018-34", "2019-47", "2020-16", "2021-31", "2022-05", "2023-14", "2024-10")
_LICENCES = (*[None] * 17, "CC-BY-SA-4.0", "CC-BY-4.0", "CC0-1.0")
_PATHS = ("post/{n}.html", "{y}/{m}/{n}/", "article?id={n}", "a/{n}", "read-{n}-1-1.html")
_TRACKING = (
    "utm_source=mail&utm_medium=email",
    "fbclid=IwAR{n}",
    "gclid=Cj{n}",
    "utm_campaign={n}",
)
_BROKEN: dict[str, dict[str, dict[str, broken.Kind]]] = {
    "broken": {"html": broken.HTML, "text": broken.TEXT},
    "poison": {"html": broken.POISON_HTML, "text": broken.POISON_TEXT},
}
_TWO_LANGUAGES = ("lost_formulas", "long", "shared_frame", "template")
_NEVER_COPIED = ("base64_blob", "short", "long", "parked_domain", "error_page")


@dataclass
class Original:
    """A document with what its page needs."""

    document: Document
    gold: Gold
    url: str = ""
    canonical: str = ""  # as the page names itself
    site: str = ""
    dress: int = 0  # the kind of site
    encoding: str = "paren"
    charset: tuple[str, str] = ("utf-8", "utf-8")  # of the bytes, and as the page declares it
    between: str = "\n\n"  # between the paragraphs of a text

    def text(self) -> str:
        """Return the text; formulas carry their marks, and lost ones leave holes."""
        text = self.document.text(self.between)
        return FORMULA.sub(" ", text) if self.encoding == LOST else text


class Corpus:
    """All documents of one seed; any of them can be had by its number."""

    def __init__(
        self, seed: int, form: Form, asked: Mapping[str, float] | None = None, start: int = 0
    ) -> None:
        self.seed = seed
        self.form = form
        self.start = start  # copies are made of documents from here on
        made = {role: share for role, share in shares(asked or {}).items() if share > 0}
        self._roles = list(made)
        self._edges = list(accumulate(made.values()))
        self._originals: OrderedDict[int, Original] = OrderedDict()

    def role(self, i: int) -> str:
        """Return what document `i` is."""
        point = mix(self.seed, i, 11) / 2**64 * self._edges[-1]
        return self._roles[min(bisect_right(self._edges, point), len(self._roles) - 1)]

    def id(self, i: int) -> str:
        """Return the label of document `i`."""
        return f"{mix(self.seed, i, 12):016x}"

    def row(self, i: int) -> Row:
        """Return document `i`."""
        role = self.role(i)
        made = None
        if role in _BROKEN:
            return self._broken(Random(mix(self.seed, i, 13)), i, _BROKEN[role][self.form])
        if role in COPIES:
            rng = Random(mix(self.seed, i, 13))
            target = self._target(rng, i, role)
            if target is None:
                role = "article"
            else:
                made = self._copy(rng, role, self.original(target, self.role(target)))
        if made is None:
            made = self.original(i, role)
        row = self._write(made, mix(self.seed, i, 18))
        row.id = self.id(i)
        return row

    def original(self, i: int, role: str) -> Original:
        """Return document `i`, which is no copy; the last few stay at hand."""
        made = self._originals.get(i)
        if made is None:
            made = self._dressed(Random(mix(self.seed, i, 14)), role)
            made.gold.cluster = made.gold.cluster or self.id(i)
            self._originals[i] = made
            if len(self._originals) > 256:
                self._originals.popitem(last=False)
        return made

    def _dressed(self, rng: Random, role: str) -> Original:
        """Return a new document with its site, url and gold."""
        made = self._made(rng, role)
        document, gold = made.document, made.gold
        if gold.script == "Hant":
            document = made.document = _turned(document, "Hant")
        text = "\n".join([text for _, text in document.blocks])
        formulas = text.count(CLOSE)
        gold.has_math = formulas > 0
        if formulas:
            written = "text" if self.form == "text" else made.encoding
            gold.math_encoding = LOST if made.encoding == LOST else written
            gold.n_formulas = 0 if made.encoding == LOST else formulas
        gold.domain = document.domain or None
        if self.form == "html":
            gold.charset = made.charset[0]
        if gold.keep and _HARD.search(text):
            gold.note = "hard_negative"
        made.dress = int(rng.random() * len(SITES))
        made.site = SITES[made.dress]
        if made.charset[0] != "utf-8":
            made.dress = pick(rng, (1, 5, 6))  # old sites
        if gold.quality == "junk" and rng.random() < 0.6:
            made.site = pick(rng, JUNK_SITES).replace("{n}", str(10 + int(rng.random() * 90)))
        made.url = made.canonical = _url(rng, made.site)
        made.between = "\n\n" if rng.random() < 0.7 else "\n"
        return made

    def _made(self, rng: Random, role: str) -> Original:
        """Return a new document of one role and the part of its gold that the role decides."""
        lang = _language(rng)
        base = lang.removesuffix("-Hant")
        if role in MATH or role in junk.KINDS or role in _TWO_LANGUAGES:
            base = "zh" if rng.random() < 0.6 else "en"
            lang = "zh-Hant" if base == "zh" and rng.random() < 0.2 else base
        gold = Gold(base, SCRIPTS.get(lang, "Latn"))
        if role in junk.KINDS:
            gold.quality, gold.junk_kind, gold.keep, gold.reason = _junk(role)
            return Original(junk.KINDS[role](rng, base), gold)
        if role in MATH or role == "lost_formulas":
            document = self._mathematics(rng, role, base, gold)
            encoding = pick(rng, READABLE)
            if role == "lost_formulas":
                encoding = LOST
                gold.quality, gold.keep, gold.reason = "low", False, "lost_formulas"
            return Original(document, gold, encoding=encoding)
        if role == "shared_frame":
            return Original(self._framed(rng, base, gold), gold)
        if role == "template":
            return Original(self._template(rng, base, gold), gold)
        if role == "charset" and self.form == "html":
            name, declared, lang = pick(rng, broken.CHARSETS)
            base = lang.removesuffix("-Hant")
            gold = Gold(base, SCRIPTS.get(lang, "Latn"))
            document = article(rng, pick(rng, library.good(base)))
            return Original(document, gold, charset=(name, declared))
        if role == "long":
            return Original(volume(rng, library.good(base)), gold)
        length = 1 + int(rng.random() * 2) if role == "short" else 0
        document = article(rng, pick(rng, library.good(base)), length)
        if role == "short":
            document.blocks = [block for block in document.blocks if block[0] == "p"]
            gold.quality, gold.keep, gold.reason = "low", False, "too_short"
        return Original(document, gold)

    def _mathematics(self, rng: Random, role: str, lang: str, gold: Gold) -> Document:
        if role == "physics":
            return article(rng, library.physics(lang))
        if role == "worksheet":
            return worksheet(rng, library.exercises(lang), pick(rng, library.lectures(lang)))
        if role == "exercise":
            sheet = int(rng.random() * SHEETS)
            gold.relation, gold.family = "numbers_only", f"sheet-{lang}-{sheet}"
            return numbered(rng, sheet, library.exercises(lang), lang)
        return article(rng, pick(rng, library.lectures(lang)))

    def _framed(self, rng: Random, lang: str, gold: Gold) -> Document:
        site = int(rng.random() * FRAMES)
        fields = library.good(lang)
        fixed = Random(mix(self.seed, site, name_number(lang), 15))
        frame = article(fixed, pick(fixed, fields), 16)
        gold.relation, gold.family = "shared_frame", f"frame-{lang}-{site}"
        return shared_frame(rng, pick(rng, fields), frame)

    def _template(self, rng: Random, lang: str, gold: Gold) -> Document:
        number = int(rng.random() ** 4 * TEMPLATES)  # the first has seven in ten
        fixed = Random(mix(self.seed, number, name_number(lang), 17))
        document = filled(rng, article(fixed, pick(fixed, library.good(lang)), 18), lang)
        gold.quality, gold.junk_kind, gold.keep, gold.reason = _junk("template")
        gold.relation, gold.script = "template", SCRIPTS.get(lang, "Latn")
        gold.family = gold.cluster = f"template-{lang}-{number}"
        return document

    def _target(self, rng: Random, i: int, role: str) -> int | None:
        """Return the number of an earlier original that document `i` can be a copy of."""
        for _ in range(64 if i > self.start else 0):
            j = self.start + int(rng.random() * (i - self.start))
            kind = self.role(j)
            if kind in COPIES or kind in OTHERS or kind in _NEVER_COPIED:
                continue
            if role in ("script", "width"):
                gold = self.original(j, kind).gold
                if gold.lang != "zh" or gold.quality == "junk":
                    continue
            return j
        return None

    def _copy(self, rng: Random, role: str, of: Original) -> Original:
        made = replace(of, gold=replace(of.gold, relation=role), charset=("utf-8", "utf-8"))
        gold = made.gold
        if role == "url_variant":
            made.url = _variant(rng, of.url)
        else:
            made.dress = int(rng.random() * len(SITES))
            made.site = SITES[made.dress]
            made.url = made.canonical = _url(rng, made.site)
        if role == "near":
            other = article(rng, pick(rng, library.good(gold.lang or "en")), 12)
            if gold.script == "Hant":
                other = _turned(other, "Hant")
            share = 0.2 * rng.random() ** 2
            source = other.body("\n")
            made.document, gold.edit_share = copies.edited(rng, of.document, share, source)
            gold.jaccard = copies.jaccard(of.text(), made.text())
        elif role == "script":
            gold.script = "Hant" if gold.script == "Hans" else "Hans"
            gold.relation = "traditional" if gold.script == "Hant" else "simplified"
            made.document = _turned(of.document, gold.script)
        elif role == "width":
            made.document = copies.other_width(of.document)
        if gold.keep:
            gold.keep = gold.jaccard is not None and gold.jaccard < DUPLICATE
            exact = role in ("exact", "url_variant")
            duplicate = "exact_duplicate" if exact else "near_duplicate"
            gold.reason = None if gold.keep else duplicate
        if gold.n_formulas:
            gold.n_formulas = made.document.formulas()
        if self.form == "html":
            gold.charset = "utf-8"
        return made

    def _write(self, made: Original, number: int) -> Row:
        """Return the row of a document; `number` decides what its text has nothing to do with."""
        gold = made.gold
        date = f"{2013 + number % 12}-{1 + number % 144 // 12:02d}-{1 + number % 4032 // 144:02d}"
        number //= 4032
        source = f"crawl-{_CRAWLS[number % len(_CRAWLS)]}"
        number //= len(_CRAWLS)
        licence = _LICENCES[number % len(_LICENCES)]
        payload: bytes | str
        if self.form == "text":
            payload = as_text(made.text())
        else:
            name, declared = made.charset
            lang = "zh-Hant" if gold.script == "Hant" else made.document.lang
            text = page(
                made.document, dress=made.dress, site=made.site, url=made.canonical, date=date,
                charset=declared, encoding=made.encoding, related=_related(number, lang), lang=lang,
            )  # fmt: skip
            errors = "replace" if name == "utf-8" else "xmlcharrefreplace"
            payload = text.encode(name, errors=errors)
        return Row(None, payload, made.url, date, source, licence, gold)

    def _broken(self, rng: Random, i: int, kinds: dict[str, broken.Kind]) -> Row:
        kind = pick(rng, tuple(kinds))
        lang = "zh" if rng.random() < 0.5 else "en"
        document = article(rng, pick(rng, library.good(lang)))
        site = pick(rng, SITES)
        url: str | None = _url(rng, site)
        date = "2020-01-01"
        text = document.text()
        if self.form == "html":
            text = page(document, dress=6, site=site, url=url or "", date=date)
        spoil, reason = kinds[kind]
        gold = Gold(lang, SCRIPTS.get(lang, "Latn"), document.domain)
        if reason:
            gold = Gold(None, None, quality="broken", keep=False, reason=reason)
        if self.form == "html":
            gold.charset = "utf-16" if kind == "utf16" else "utf-8"
        gold.cluster, gold.relation = self.id(i), f"broken:{kind}"
        label: str | None = self.id(i)
        if kind == "null_id":
            label = None
        elif kind == "repeated_id":
            label = self.id(i - 1)
        elif kind == "null_url":
            url = None
        elif kind == "odd_url":
            url = pick(rng, broken.URLS)
        return Row(label, spoil(rng, text), url, date, f"crawl-{pick(rng, _CRAWLS)}", None, gold)


def _junk(kind: str) -> tuple[str, str, bool, str]:
    return "junk", kind, False, f"junk:{kind}"


def _language(rng: Random) -> str:
    point = rng.random()
    if point < 0.42:
        return "zh" if point < 0.36 else "zh-Hant"
    return "en" if point < 0.80 else pick(rng, library.languages()[2:])


def _turned(document: Document, script: str) -> Document:
    turn = to_traditional if script == "Hant" else to_simplified
    blocks = [(kind, turn(text)) for kind, text in document.blocks]
    return replace(document, title=turn(document.title), blocks=blocks)


def _related(number: int, lang: str) -> list[str]:
    """Return the titles of three other pages."""
    fields = library.good(lang.removesuffix("-Hant"))
    titles = []
    for n in (number >> 8, number >> 16, number >> 24):
        field = fields[n % len(fields)]
        topic = field.topics[n % len(field.topics)]
        titles.append(field.titles.at(n % 4096 / 4096).replace(TOPIC, topic))
    return [to_traditional(title) for title in titles] if lang == "zh-Hant" else titles


def _url(rng: Random, site: str) -> str:
    number = int(rng.random() * 10**8)
    path = _PATHS[number % len(_PATHS)].format(n=number, y=2012 + number % 12, m=1 + number % 12)
    return f"https://www.{site}.example/{path}"


def _variant(rng: Random, url: str) -> str:
    """Return another address of the same page."""
    if rng.random() < 0.7:
        tracking = pick(rng, _TRACKING).format(n=int(rng.random() * 10**6))
        return url + ("&" if "?" in url else "?") + tracking
    return pick(
        rng,
        (
            f"{url}#comments",
            url.replace("https://www.", "HTTPS://WWW."),
            url.replace(".example/", ".example:443/"),
        ),
    )
