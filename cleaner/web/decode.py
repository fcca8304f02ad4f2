"""Bytes of a page to text: byte-order mark, declaration, detection, repair of wrong ones."""

import codecs
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from resiliparse.parse.encoding import detect_encoding

from cleaner.web.charsets import LATIN, MULTIBYTE, codec


class Decoded(NamedTuple):
    """A page as text: `encoding` is a Python codec name, `repaired` says it was not as declared."""

    text: str
    encoding: str
    repaired: bool


class Undecodable(ValueError):
    """No encoding we know turns these bytes into text."""


class Binary(ValueError):
    """These bytes are not text: an image, an archive, a PDF."""


_FALLBACKS = ("utf-8", *MULTIBYTE, "cp1252")

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(
    rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})"
    rb"|<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})",
    re.I,
)
_MAGIC = re.compile(
    rb"%PDF-|\x89PNG|GIF8[79]a|\xff\xd8\xff|PK\x03\x04|\x1f\x8b|BZh\d|\xfd7zXZ|7z\xbc\xaf|Rar!"
    rb"|RIFF....(WEBP|WAVE|AVI )|\x00\x00\x00.ftyp|ID3|OggS|\x7fELF|MZ.{0,2}\x00|wOF[F2]"
    rb"|\xd0\xcf\x11\xe0|\(\xb5/\xfd|\x00\x01\x00\x00\x00|OTTO|FWS|CWS|\x00\x00\x01\x00|PAR1",
    re.S,
)
# Not among them: white space, and ESC, SO and SI, which switch the character sets of ISO 2022.
_CONTROL = bytes(range(0x09)) + bytes(range(0x10, 0x1B)) + bytes(range(0x1C, 0x20))
_HIGH = bytes(range(0x80, 0x100))
_ASCII = bytes(range(0x80))
_SNIFF = 4096  # browsers look at 1,024 bytes; pages with long leading scripts exist
_TOLERATED = 0.02  # undecodable bytes of all bytes above ASCII; more and the page fails


def declared_in(raw: bytes) -> str | None:
    """Return the codec a page declares in `<meta>` or in its XML declaration."""
    for found in _META.finditer(raw[:_SNIFF]):
        if name := codec((found[1] or found[2]).decode("ascii", "replace")):
            # A declaration readable as ASCII is not UTF-16 (the HTML standard says so, too).
            return "utf-8" if name.startswith(("utf-16", "utf-32")) else name
    return None


def decode(raw: bytes, declared: str | None = None) -> Decoded:
    """Return the text of a page; `declared` is the charset of the HTTP header, if any.

    Raises `Binary` for what is not text and `Undecodable` for text beyond repair.

    >>> decode("数学".encode("gbk"), "gb2312")
    Decoded(text='数学', encoding='gb18030', repaired=False)
    >>> decode("数学".encode(), "iso-8859-1")  # a wrong declaration
    Decoded(text='数学', encoding='utf-8', repaired=True)
    """
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return _final(raw[len(mark) :], name, False)
    if _MAGIC.match(raw):
        raise Binary("starts like a binary format")
    head = raw[:_SNIFF]
    if b"\0" in head and (wide := _wide(head)):
        return _final(raw, wide, False)
    claims = [name for name in (codec(declared) if declared else None, declared_in(raw)) if name]
    control = len(head) - len(head.translate(None, _CONTROL))
    if control > max(8, len(head) // 20):
        if claims and claims[0].startswith(("utf-16", "utf-32")):
            return _final(raw, claims[0], False)
        raise Binary("control characters throughout")
    raw = raw.translate(None, b"\0") if b"\0" in raw else raw
    claims = [name for name in claims if not name.startswith(("utf-16", "utf-32"))]
    if raw.isascii():
        return _seven_bit(raw, claims)
    try:  # text of another encoding is not valid UTF-8 by chance
        text = raw.decode()
    except UnicodeDecodeError:
        return _legacy(raw, claims)
    once = encoded_twice(text) if _begins_twice(raw) else None
    wrong = bool(claims) and "utf-8" not in claims
    return Decoded(text if once is None else once, "utf-8", wrong or once is not None)


def _final(raw: bytes, name: str, repaired: bool) -> Decoded:
    text = raw.decode(name, "replace")
    lost = text.count("\ufffd")
    if lost > 8 and lost > _TOLERATED * len(raw.translate(None, _ASCII)) and lost > len(text) // 50:
        raise Undecodable(f"{lost} characters are not valid {name}")
    text = text.replace("\0", "").removeprefix("\ufeff")
    return Decoded(text, name, repaired or lost > 0)


_TABLES = tuple(  # single bytes as browsers read them: what a code page leaves open is a control
    codecs.charmap_build(
        "".join(bytes([byte]).decode(name, "ignore") or chr(byte) for byte in range(256))
    )
    for name in ("cp1252", "latin-1", "cp1251")
)


_FIRST = re.compile(rb"[\x80-\xff]+")
_BEYOND = re.compile(r"[^\x00-\x7f]{1,2}")
_LEADS = frozenset(
    bytes(range(0xC2, 0xF5)).decode("cp1252") + bytes(range(0xC2, 0xF5)).decode("cp1251")
)


def _begins_twice(raw: bytes) -> bool:
    """Return whether the first characters beyond ASCII could be of text encoded twice."""
    start, end = 0, len(raw)
    for size in (65_536, 512):  # a look at whether bytes are ASCII is faster than a search
        start = next(
            (at for at in range(start, end, size) if not raw[at : at + size].isascii()), end
        )
        end = min(start + size, len(raw))
    found = _FIRST.search(raw, start)
    first = found[0] if found else b""
    return len(first) > 2 and first.startswith((b"\xc3", b"\xd0", b"\xd1"))


def encoded_twice(text: str) -> str | None:
    """Return the text behind UTF-8 that was read as a single-byte code page and written as UTF-8.

    All of the text must turn back into valid UTF-8; that does not happen by chance, and a text in
    which only a part is damaged, or damaged with loss, stays as it is.

    >>> encoded_twice("CafÃ©"), encoded_twice("Café"), encoded_twice("Р’С‹")
    ('Café', None, 'Вы')
    """
    first = None
    for start in range(0, len(text), 4096):  # slices are copied and classified faster than searched
        if not text[start : start + 4096].isascii():
            first = _BEYOND.search(text, start)
            break
    if first is None or len(first[0]) == 1 or first[0][0] not in _LEADS:
        return None
    for table in _TABLES:
        try:
            once = codecs.charmap_encode(text, "strict", table)[0].decode()
        except UnicodeError:
            continue
        return once if len(once) < len(text) else None
    return None


_WIDE = tuple(  # how a tag begins in them, and at which multiples
    (re.compile(before + b"<" + after + before + rb"[A-Za-z!/?]" + after), width, name)
    for before, after, width, name in (
        (b"", rb"\0\0\0", 4, "utf-32-le"),
        (rb"\0\0\0", b"", 4, "utf-32-be"),
        (b"", rb"\0", 2, "utf-16-le"),
        (rb"\0", b"", 2, "utf-16-be"),
    )
)


def _wide(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 when a tag begins as there, or zeros lie as in ASCII there."""
    for begins, width, name in _WIDE:
        if any(found.start() % width == 0 for found in begins.finditer(head)):
            return name
    if len(head) >= 64:
        zeros = [head[place::4].count(0) / len(head[place::4]) > 0.9 for place in range(4)]
        for name, places in (
            ("utf-32-le", [False, True, True, True]),
            ("utf-32-be", [True, True, True, False]),
            ("utf-16-le", [False, True, False, True]),
            ("utf-16-be", [True, False, True, False]),
        ):
            if zeros == places:
                return name
    return None


def _seven_bit(raw: bytes, claims: list[str]) -> Decoded:
    for sign, name in ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_2"), (b"~{", "hz")):
        if sign in raw and (name != "hz" or "hz" in claims):
            try:
                return Decoded(raw.decode(name), name, bool(claims) and claims[0] != name)
            except (UnicodeDecodeError, ValueError):
                continue
    return Decoded(raw.decode("ascii"), "ascii", False)


def _legacy(raw: bytes, claims: list[str]) -> Decoded:
    """Decode what is neither ASCII nor valid UTF-8: weigh the declarations, then detect."""
    high = len(raw.translate(None, _ASCII))
    best, name, text = -9.0, "", ""
    for candidate, bonus in _candidates(raw, claims):
        fit, read = _fit(raw, candidate, high)
        if fit + bonus > best:
            best, name, text = fit + bonus, candidate, read
        if best >= 1.07 and fit >= 0.9 and bonus:  # said or detected, and it reads well
            break
    lost = text.count("\ufffd")
    if lost > 8 and lost > _TOLERATED * high:
        raise Undecodable(f"no encoding reads these bytes; the best, {name}, loses {lost} of them")
    return Decoded(text, name, (bool(claims) and name != claims[0]) or lost > 0)


def _candidates(raw: bytes, claims: list[str]) -> Iterator[tuple[str, float]]:
    """Yield each encoding worth a try once, with how much it is believed before it is tried."""
    tried = set()
    for name in claims:
        if name not in tried:
            yield name, 0.25
        tried.add(name)
    guess = codec(detect_encoding(raw, max_len=131072, html5_compatible=False) or "")
    if guess is not None and guess not in tried:
        yield guess, 0.1
    for name in _FALLBACKS:
        if name not in tried and name != guess:
            yield name, 0.0


@cache
def _common(name: str) -> frozenset[str]:
    """Return the characters that make up nearly all text of a multi-byte encoding."""
    first_level = {
        "gb18030": ("gb2312", 0xB0, 0xD8, 0xA1, 0xFF),
        "big5hkscs": ("big5", 0xA4, 0xC7, 0x40, 0xFF),
        "cp932": ("shift_jis", 0x88, 0x99, 0x40, 0xFD),
        "euc_jp": ("euc_jp", 0xB0, 0xD0, 0xA1, 0xFF),
        "cp949": ("euc_kr", 0xB0, 0xC9, 0xA1, 0xFF),
        "johab": ("euc_kr", 0xB0, 0xC9, 0xA1, 0xFF),
    }
    source, low, high, left, right = first_level[name]
    pairs = [bytes((a, b)) for a in range(low, high) for b in range(left, right)]
    symbols = "".join(map(chr, [*range(0x3000, 0x3020), *range(0xFF00, 0xFF5F)])) + "“”‘’—…·→①②③"
    kana = "".join(map(chr, range(0x3041, 0x30FF))) if name in ("cp932", "euc_jp") else ""
    others = "".join(
        map(chr, [*range(0x391, 0x3CA), 0x401, *range(0x410, 0x452)])
    )  # Greek, Russian
    return frozenset(
        "".join(pair.decode(source, "ignore") for pair in pairs) + symbols + kana + others
    )


# A third of all characters of a Chinese text; of another text read as Chinese, some in a hundred.
_FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说"
    "這為個國時來們對會發動過說產與後從經點學開還無應題"
)
_RUN_BEYOND = re.compile(r"[^\x00-\x7f]+")
_HIGH_RUN = re.compile(r"[^\W\d_\x00-\x7f]{3,}")
_HIGH_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
_MIXED_WORD = re.compile(r"[A-Za-z][^\W\d_\x00-\x7f]|[^\W\d_\x00-\x7f][A-Za-z]")
_ODD = frozenset("\x80\x81\x8d\x8f\x90\x9d¤¦§©¬±µ¶¹²³¼½¾‚„†‡‹›")


def _sample(text: str) -> str:
    """Return pieces of a text that are not ASCII, with some 1,200 characters beyond it."""
    pieces, beyond = [], 0
    for start in range(0, len(text), 512):
        piece = text[start : start + 512]
        if not piece.isascii():
            pieces.append(piece)
            beyond += len(piece.encode("utf-8", "replace")) - len(piece)
            if beyond >= 2_400:  # bytes beyond the first of a character: one to three each
                break
    return " ".join(pieces)


def _fit(raw: bytes, name: str, high: int) -> tuple[float, str]:
    """Return how well `name` reads the bytes (1 is perfect) and the text."""
    try:
        text = raw.decode(name)
        lost = 0
    except UnicodeDecodeError:
        text = raw.decode(name, "replace")
        lost = text.count("\ufffd")
    score = 1.0 - min(1.0, 20 * lost / max(high, 1))
    sample = _sample(text)
    beyond = "".join(_RUN_BEYOND.findall(sample)).replace("\ufffd", "")
    if not beyond:
        return score - 1.0, text
    if name in MULTIBYTE:
        common = _common(name)
        share = sum(map(common.__contains__, beyond)) / len(beyond)
        score *= 0.2 + 0.8 * min(1.0, share / 0.9)
        if name in ("gb18030", "big5hkscs"):
            han = [c for c in beyond if "\u4e00" <= c <= "\u9fff"]
            if len(han) >= 30 and sum(c in _FREQUENT for c in han) < 0.04 * len(han):
                score -= 0.5
        if len(_MIXED_WORD.findall(sample)) > 0.6 * len(beyond):  # single letters within words
            score -= 0.5
        return score, text
    if name == "utf-8":  # three bytes in a row are hardly ever valid by chance
        wide = sum(char > "\u07ff" for char in beyond)
        return max(score, 0.97) if 0 < lost <= wide else score, text
    letters = [c for c in beyond if c.isalpha()]
    odd = sum(c in _ODD or not c.isprintable() for c in beyond)
    score -= min(0.6, 1.5 * odd / len(beyond))
    if len(letters) < 0.6 * len(beyond):
        score -= 0.2
    if name in LATIN:
        # Latin letters beyond ASCII stand alone among ASCII ones; words full of them are another
        # script, or a list of letters.
        words = _HIGH_WORD.findall(sample)
        runs = sum(_HIGH_RUN.search(word) is not None for word in words)
        return score - min(0.8, 1.2 * runs / max(len(words), 1)), text
    # Letters of other scripts do not stand in one word with Latin ones, and are mostly small.
    mixed = len(_MIXED_WORD.findall(sample))
    capitals = sum(c.isupper() for c in letters)
    score -= min(0.6, 0.8 * mixed / len(beyond))
    if len(letters) >= 20 and capitals > 0.4 * len(letters):
        score -= 0.4
    return score, text
