"""Personal data masked: e-mail, public address, phone, mainland identity number, bank card.

Nothing inside formulas, code or tables of numbers is touched. Everything works on UTF-8 bytes,
where the segmentation says what a formula is.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from ipaddress import ip_address

import numpy as np
import polars as pl

from cleaner.kernels.text.segment import FORMULA
from cleaner.text.segment import Formulas, segment

Check = Callable[[re.Match[bytes]], bool]
Span = tuple[int, int, bytes]


def _digits(found: bytes) -> list[int]:
    return [byte - 48 for byte in found if 48 <= byte <= 57]


def luhn(found: bytes) -> bool:
    """Return whether the digits pass the check of ISO/IEC 7812.

    >>> luhn(b"4111 1111 1111 1111"), luhn(b"4111 1111 1111 1112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(_digits(found))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def identity_number(found: bytes) -> bool:
    """Return whether 18 characters are a mainland identity number: GB 11643-1999.

    >>> identity_number(b"11010519491231002X"), identity_number(b"110105194912310021")
    (True, False)
    """
    try:
        date(int(found[6:10]), int(found[10:12]), int(found[12:14]))
    except ValueError:
        return False
    weighted = sum((byte - 48) * 2 ** (17 - place) for place, byte in enumerate(found[:17]))
    return b"10X98765432"[weighted % 11] == found[17:].upper()[0]


def _card(match: re.Match[bytes]) -> bool:
    found = match[0]
    # Prefixes of UnionPay, Visa, Mastercard, American Express, JCB and Discover.
    prefix = rb"62|4|5[1-5]|2[2-7]|3[47]|35|6011|65"
    digits = bytes(digit + 48 for digit in _digits(found))
    return 13 <= len(digits) <= 19 and bool(re.match(prefix, digits)) and luhn(digits)


def _public(found: bytes) -> bool:
    try:
        return ip_address(found.decode()).is_global
    except ValueError:
        return False


def _mailbox(match: re.Match[bytes]) -> bool:
    # icon@2x.png is the name of a picture
    return match[0].rsplit(b".", 1)[-1].lower() not in _PICTURES


_PICTURES = {b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp"}
_SEEN = 24  # bytes of what stands around a number that are looked at
_LABEL = re.compile(
    "(?:电话|電話|手机|手機|联系|聯絡|热线|致电|咨询|客服|微信|传真|☎|tel|phone|mobile|call|fax|"
    "whatsapp|contact)".encode(),
    re.I,
)
# A number is one when it is computed with, or counts something.
_COMPUTED = re.compile(rb"(?:[=<>*/^(]|[0-9)] ?[+-]|\xc3[\x97\xb7]|\xe2\x89[\x88\xa4\xa5]) ?\Z")
_UNITS = "千度人元个個件次年米吨噸克亿億万萬名位字种種册条美円원×÷≈"
_COUNTS = re.compile(
    (
        rf"\s?(?:[=*/^%<>]|[+-] ?[0-9]|{'|'.join(_UNITS)}|"
        r"(?:people|persons|inhabitants|bytes?|bits?|km|kg|m|g|s|ms|years?|dollars?|euros?|yuan|"
        r"USD|EUR|RMB|tons?|units?|times)\b)"
    ).encode()
)
_LISTED_BEFORE, _LISTED_AFTER = re.compile(rb"[0-9]{7,}[,;] ?\Z"), re.compile(rb"[,;] ?[0-9]{7,}")


def _around(match: re.Match[bytes]) -> tuple[bytes, bytes]:
    start, end = match.span()
    return match.string[max(0, start - _SEEN) : start], match.string[end : end + _SEEN]


def _phone(match: re.Match[bytes]) -> bool:
    found = match[0]
    digits = len(_digits(found))
    if not (10 if found[:1] == b"+" else 8) <= digits <= 16:
        return False
    before, after = _around(match)
    if found[:1] == b"+":
        return not re.search(rb"[0-9)=] ?\Z", before)  # 5 +1234567890
    if not found.isdigit():
        return True  # grouped as nobody groups a quantity
    if found.endswith(b"00000") or _COMPUTED.search(before) or _COUNTS.match(after):
        return False
    # Several in a row are a sequence of numbers, unless it says whose they are.
    listed = _LISTED_BEFORE.search(before) or _LISTED_AFTER.match(after)
    return not listed or bool(
        _LABEL.search(match.string[max(0, match.start() - 60) : match.start()])
    )


def _address(match: re.Match[bytes]) -> bool:
    before, _ = _around(match)
    named = re.search(
        "(?:version|section|chapter|clause|release|build|appendix|figure|table|revision|版本|章节|"
        "§|第) ?$".encode(),
        before,
        re.I,
    )
    parts = match[0].split(b".")
    return not named and _public(match[0]) and any(int(part) > 30 for part in parts)


# In order: what an earlier one takes, a later one does not see.
OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
KINDS: tuple[tuple[bytes, bytes, Check], ...] = (
    (
        b"<EMAIL>",
        rb"(?<![\w.%+-])[A-Za-z0-9][\w.%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])",
        _mailbox,
    ),
    (
        b"<ID>",
        rb"(?<![\w.])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9Xx](?!\w)",
        lambda match: identity_number(match[0]),
    ),
    (
        b"<CARD>",
        rb"(?<![\w./-])(?:[2-6][0-9]{12,18}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}"
        rb"(?:\1[0-9]{1,3})?|3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5})(?![\w]|[.-][0-9])",
        _card,
    ),
    (
        b"<PHONE>",
        # mainland mobile; mainland with area code and the free numbers; international; North
        # American; British, French, Japanese and Korean with their leading 0
        rb"(?<![\w./@+-])(?:(?:\+?86[ -]?|0086[ -]?)?"
        rb"1(?:[38][0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|9[0-35-9])([ .-]?)[0-9]{4}\1[0-9]{4}"
        rb"|(?:\+?86[ -])?(?:0[1-9][0-9]{1,2}-|\(0[1-9][0-9]{1,2}\) ?)[2-8][0-9]{6,7}"
        rb"|[48]00-[0-9]{3}-?[0-9]{4}"
        rb"|\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9]{2,5}(?:[ .-]?[0-9]{2,5}){1,4}"
        rb"|(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[ .-]"
        rb"|[2-9][0-9]{2}([ .-])[2-9][0-9]{2}\2)[0-9]{4}"
        rb"|0[1-9]([ .])[0-9]{2}\3[0-9]{2}\3[0-9]{2}\3[0-9]{2}"
        rb"|0[1-9][0-9]{0,3}-[0-9]{2,4}-[0-9]{4}"
        rb"|0(?:20 [378][0-9]{3} [0-9]{4}|1[0-9]{2,3} [0-9]{3} ?[0-9]{4}"
        rb"|7[0-9]{3} [0-9]{3} ?[0-9]{3})"
        rb")(?!\w|[.-][0-9]| [0-9])",
        _phone,
    ),
    (
        b"<IP>",
        # not a version (v1.2.3.4) and not the number of a heading (1.2.3.4 at the start of a line)
        rb"(?<![\w.-])(?:" + OCTET + rb"\.){3}" + OCTET + rb"(?![\w-]|\.[0-9])",
        _address,
    ),
    (
        b"<IP>",
        rb"(?<![\w:.])(?=[0-9A-Fa-f:]{0,36}[0-9])[0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f]{0,4}:){2,6}[0-9A-Fa-f]{1,4}(?![\w:])",
        lambda match: match[0].count(b":") >= 4 and _public(match[0]),
    ),
)
_PATTERNS = [(mask_, re.compile(pattern), check) for mask_, pattern, check in KINDS]

# What any of the kinds has to show; RE2 over the whole column.
SUSPECT = (
    r"\w@\w|[0-9０-９]{7}|[0-9０-９]{3,4}\)?[ .-]{0,2}[0-9０-９]{3,8}|(?:[0-9]{1,3}\.){3}[0-9]"
    r"|[0-9]{2}[ .][0-9]{2}[ .][0-9]{2}|[0-9A-Fa-f]:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:"
)
_WIDE_DIGIT = re.compile("[０-９]")

_CODE = re.compile(
    rb"^[ ]{0,3}(```+|~~~+)[^\n]*\n(?:.*?^[ ]{0,3}\1|.*\Z)"  # a fence, closed or not
    rb"|`[^`\n]{1,200}`"
    rb"|^(?:    |\t)[\x00-\x7f]*$"  # an indented line without Han or kana
    rb"|<(code|pre|script)\b[^>]{0,200}>.{0,20000}?</\2>",
    re.S | re.M,
)
_TEX = re.compile(
    rb"\\\(.{1,2000}?\\\)|\\\[.{1,5000}?\\\]|\\begin\{([a-z]{2,20}\*?)\}.{1,10000}?\\end\{\1\}",
    re.S,
)
_LINK = re.compile(rb"(?:https?|ftp)://[^\s<>\"]+")  # its digits are of pages, not of people
_FIELD = re.compile(rb"[^\s|,;]+")
_NUMBER = re.compile(rb"[-+(]?[0-9][0-9.,:/%e+-]*\)?")


def mask(text: pl.Series, formulas: Formulas = True) -> pl.Series:
    """Return the texts with personal data replaced by the name of its kind.

    >>> mask(pl.Series(["mail a.b@c.org or call 13912345678", "let $n = 13912345678$"])).to_list()
    ['mail <EMAIL> or call <PHONE>', 'let $n = 13912345678$']
    """
    rows, texts, found = [], [], []
    for row in text.str.contains(SUSPECT).fill_null(False).arg_true():
        document = text[row].encode()
        if spans := _personal(document):
            rows.append(row)
            texts.append(document)
            found.append(spans)
    if not rows:
        return text
    if isinstance(formulas, pl.Series | np.ndarray):
        formulas = pl.Series(formulas).fill_null(False).gather(rows)
    spans_of = _formulas(text.gather(rows), formulas)
    masked = [_mask(*each) for each in zip(texts, found, spans_of, strict=True)]
    return text.clone().scatter(rows, masked)  # scatter writes in place


def _personal(text: bytes) -> list[Span]:
    """Return where personal data seems to stand, and the name of its kind."""
    if b"\xef\xbc" not in text or not _WIDE_DIGIT.search(text.decode()):
        return _narrow(text)
    # Full-width digits are looked for as narrow ones, and found where they stand.
    characters = text.decode()
    narrow = _WIDE_DIGIT.sub(lambda digit: chr(ord(digit[0]) - 0xFEE0), characters)
    sizes = [np.array([len(c.encode()) for c in part]) for part in (characters, narrow)]
    wide_at, narrow_at = (np.concatenate([[0], np.cumsum(size)]) for size in sizes)
    back = {int(after): int(before) for before, after in zip(wide_at, narrow_at, strict=True)}
    return [(back[start], back[end], name) for start, end, name in _narrow(narrow.encode())]


def _narrow(text: bytes) -> list[Span]:
    links = [match.span() for match in _LINK.finditer(text)]
    found: list[Span] = []
    for name, pattern, check in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            taken = [span[:2] for span in found]
            if name not in (b"<EMAIL>", b"<IP>"):
                taken += links
            if check(match) and not any(s < end and start < e for s, e in taken):
                found.append((start, end, name))
    return sorted(found)


def _formulas(texts: pl.Series, formulas: Formulas) -> Iterator[list[tuple[int, int]]]:
    words = segment(texts, formulas)
    start = 0
    for index, length in enumerate(texts.str.len_bytes()):
        of_text = slice(words.first[index], words.first[index + 1])
        is_formula = words.kinds[of_text] == FORMULA
        starts = (words.starts[of_text][is_formula] - start).tolist()
        yield list(zip(starts, (words.ends[of_text][is_formula] - start).tolist(), strict=True))
        start += length


def _mask(text: bytes, found: list[Span], formulas: list[tuple[int, int]]) -> str:
    kept_out = [*formulas, *_protected(text)]
    parts, at = [], 0
    for start, end, name in found:
        if not any(s < end and start < e for s, e in kept_out):
            parts += [text[at:start], name]
            at = end
    return b"".join((*parts, text[at:])).decode()


def _protected(text: bytes) -> Iterator[tuple[int, int]]:
    for pattern in (_CODE, _TEX):
        for match in pattern.finditer(text):
            yield match.span()
    rows: list[tuple[int, int]] = []
    at = 0
    for line in text.split(b"\n"):
        end = at + len(line)
        if _is_row(line):
            rows.append((at, end))
        elif line.strip():
            yield from rows if len(rows) > 1 else ()
            rows = []
        at = end + 1
    yield from rows if len(rows) > 1 else ()


def _is_row(line: bytes) -> bool:
    """Return whether a line is a row of a table of numbers: three or more, and mostly numbers."""
    fields = _FIELD.findall(line) if len(line) < 2000 else []
    numbers = sum(_NUMBER.fullmatch(field) is not None for field in fields)
    return numbers >= 3 and numbers >= 0.6 * len(fields)
