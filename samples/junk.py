"""Junk pages, a function a kind: what crawls are full of and no training set wants."""

import base64
from collections.abc import Callable
from random import Random

from . import library
from .documents import Document, article
from .grammar import TOPIC, pick, whole

Maker = Callable[[Random, str], Document]

# kinds made of lines in `grammars/<lang>/junk/`, with the least and the most lines of a page
SPOKEN = {
    "gambling": (8, 22),
    "lottery": (8, 24),
    "adult_advert": (8, 18),
    "seo_keywords": (8, 24),
    "download_station": (6, 14),
    "contact_bait": (5, 14),
    "advert": (7, 18),
    "paywall_stub": (2, 4),
    "cookie_wall": (3, 7),
    "error_page": (2, 4),
    "llm_traces": (8, 16),
    "list_page": (25, 70),
}
# kinds that pose as articles now and then
_DRESSED = (
    "gambling", "lottery", "adult_advert", "seo_keywords", "download_station", "contact_bait",
    "advert",
)  # fmt: skip


def _good(rng: Random, lang: str) -> Document:
    return article(rng, pick(rng, library.good(lang)))


def _shuffled(rng: Random, rows: list[str]) -> list[str]:
    return [row for _, row in sorted((rng.random(), row) for row in rows)]


def _spoken(kind: str) -> Maker:
    def make(rng: Random, lang: str) -> Document:
        said = library.junk(kind, lang)
        rows = [said.body.one(rng) for _ in range(whole(rng, *SPOKEN[kind]))]
        title = said.titles.one(rng)
        if kind in _DRESSED and rng.random() < 0.25:
            # stolen sentences between the lines, to look like an article
            rows += pick(rng, library.good(lang)).body.draw(rng, len(rows) // 3)
            rows = [row.replace(TOPIC, title[:6]) for row in _shuffled(rng, rows)]
        if kind in _DRESSED and rng.random() < 0.5:
            per = whole(rng, 2, 5)
            rows = [said.joiner.join(rows[n : n + per]) for n in range(0, len(rows), per)]
        block = "li" if kind == "list_page" else "p"
        return Document(title, [(block, row) for row in rows], lang)

    return make


_CONFUSED = {
    "en": {"l": "1", "o": "0", "e": "c", "i": "!", "m": "rn", "a": "o", "n": "ii", "s": "5"},
    "zh": {
        "的": "旳",
        "大": "犬",
        "日": "曰",
        "人": "入",
        "在": "仕",
        "一": "—",
        "了": "孑",
        "，": " ,",
    },
}


def ocr_debris(rng: Random, lang: str) -> Document:
    """A scanned page: letters confused, words broken, page marks in between."""
    confused = _CONFUSED[lang]
    rate = 0.25 + 0.3 * rng.random()

    def damaged(text: str) -> str:
        out = []
        for char in text:
            wrong = confused.get(char)
            out.append(wrong if wrong and rng.random() < rate else char)
            if rng.random() < 0.07:
                out.append(" ")
        return "".join(out)

    rows: list[str] = []
    for _, text in _good(rng, lang).blocks:
        scanned = damaged(text)
        width = whole(rng, 14, 38)
        for start in range(0, len(scanned), width):
            tail = pick(rng, ("", "", "-", " ~", " |", " ■"))
            rows.append(scanned[start : start + width] + tail)
        rows.append(pick(rng, ("- 1 7 -", ". . , ' -", "■ ■ |||", "~ _ . :", "p. 2 l 4")))
    title = pick(rng, ("scan_0", "IMG-", "page ")) + str(whole(rng, 100, 9999))
    return Document(title, [("p", row) for row in rows], lang)


def mojibake(rng: Random, lang: str) -> Document:
    """A good page decoded with the wrong table before it was stored."""
    good = _good(rng, lang)
    wrong = pick(rng, ("gbk", "latin-1", "cp437")) if lang == "zh" else "cp1252"

    def spoil(text: str) -> str:
        if lang == "zh":
            return text.encode().decode(wrong, errors="replace")
        curly = text.replace(" the ", " “the” ").replace(", ", " — ").replace("e", "é")
        once = curly.encode().decode(wrong, errors="replace")
        return once.encode().decode(wrong, errors="replace")

    return Document(spoil(good.title), [(kind, spoil(text)) for kind, text in good.blocks], lang)


_CODE = (
    "function {a}({b},{c}){{var e={b}[{n}]||{{}};return e.{c}?{c}({b},{n}):!{a}}}",
    ".{a}-{b}{{margin:{n}px auto;padding:0;float:left;background:url(/img/{c}.gif) no-repeat}}",
    "[{n}:{m}:17] ERROR {a}.{b}: null pointer at 0x{n}{m}f",
    "var _{a}_=_{a}_||[];_{a}_.push(['{b}','UA-{n}{m}']);(function(){{}})();",
    "INSERT INTO `{a}_{b}` VALUES ({n},'{c}',NULL,{m},'0000-00-00');",
)


def code_dump(rng: Random, lang: str) -> Document:
    """Minified scripts, style sheets and logs without a sentence around them."""
    rows = []
    for _ in range(whole(rng, 12, 50)):
        a, b, c = (f"{chr(97 + int(rng.random() * 26))}{whole(rng, 1, 99)}" for _ in range(3))
        line = pick(rng, _CODE)
        rows.append(line.format(a=a, b=b, c=c, n=whole(rng, 10, 59), m=whole(rng, 10, 59)))
    name = pick(rng, ("index.js", "main.min.js", "style.css", "dump.sql", "error.log"))
    return Document(name, [("p", row) for row in rows], lang)


_SPUN = {
    "en": (("the", "this"), ("was", "is"), ("and", "as well as")),
    "zh": (("的", "之"), ("是", "为"), ("可以", "能够")),
}


def spun_repetition(rng: Random, lang: str) -> Document:
    """A few sentences turned over and over, as spinning software does."""
    few = _good(rng, lang)
    end = ". " if lang == "en" else "。"
    sentences = few.blocks[1][1].split(end)[:3]
    rows = []
    for _ in range(whole(rng, 10, 30)):
        sentence = pick(rng, sentences)
        if rng.random() < 0.3:
            sentence = sentence.replace(*pick(rng, _SPUN[lang]))
        rows.append(sentence + end)
    per = whole(rng, 1, 4)
    blocks = [("p", "".join(rows[n : n + per]).strip()) for n in range(0, len(rows), per)]
    return Document(few.title, blocks, lang)


def base64_blob(rng: Random, lang: str) -> Document:
    """Encoded attachments."""
    blocks = [("p", "Content-Transfer-Encoding: base64")]
    for _ in range(whole(rng, 1, 3)):
        raw = rng.getrandbits(8 * 700).to_bytes(700, "big") * whole(rng, 1, 2)
        coded = base64.b64encode(raw).decode()
        folded = "\n".join(coded[n : n + 76] for n in range(0, len(coded), 76))
        blocks.append(("p", coded if rng.random() < 0.5 else folded))
    return Document(f"attachment-{whole(rng, 1, 999)}.eml", blocks, lang)


def number_tables(rng: Random, lang: str) -> Document:
    """Quotes and measurements without a word."""
    head = {"en": "Date Open High Low Close Volume", "zh": "日期 开盘 最高 最低 收盘 成交量"}
    rows = [head[lang]]
    for day in range(whole(rng, 20, 70)):
        price = 10 + 90 * rng.random()
        date = f"{2015 + day % 9}-{1 + day % 12:02d}-{1 + day % 28:02d}"
        quotes = " ".join(f"{price * part:.2f}" for part in (1, 1.03, 0.97, 1.01))
        rows.append(f"{date} {quotes} {whole(rng, 1000, 99999)}")
    title = f"{whole(rng, 600000, 609999)} {'history' if lang == 'en' else '历史行情'}"
    return Document(title, [("p", row) for row in rows], lang)


_PARKED = {
    "en": (
        "{name} is for sale! Inquire now.",
        "This domain is parked free, courtesy of the registrar.",
        "Related searches: insurance, flights, credit cards, online degrees",
    ),
    "zh": (
        "域名{name}正在出售，欢迎洽谈。",
        "您访问的域名已被注册，网站建设中。",
        "相关搜索：保险 机票 信用卡 网络学历",
    ),
}


def parked_domain(rng: Random, lang: str) -> Document:
    """A domain for sale with links that lead nowhere."""
    first = pick(rng, ("blue", "fast", "my", "best"))
    name = f"{first}{pick(rng, ('shoe', 'loan', 'tour', 'farm'))}{whole(rng, 1, 99)}.example"
    return Document(name, [("p", row.format(name=name)) for row in _PARKED[lang]], lang)


KINDS: dict[str, Maker] = {
    **{kind: _spoken(kind) for kind in SPOKEN},
    "ocr_debris": ocr_debris,
    "mojibake": mojibake,
    "code_dump": code_dump,
    "spun_repetition": spun_repetition,
    "base64_blob": base64_blob,
    "number_tables": number_tables,
    "parked_domain": parked_domain,
}
