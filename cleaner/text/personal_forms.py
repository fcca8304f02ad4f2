"""The forms of personal data: e-mail, address of a machine, phone, identity number, bank card.

Everything works on UTF-8 bytes in which wide digits and signs have become narrow ones.
"""

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_address
from typing import NamedTuple

from cleaner.kernels.text.personal import COLONS, MAILBOX, NUMBER

Check = Callable[[re.Match[bytes]], bool]


class Form(NamedTuple):
    """One form of personal data."""

    name: bytes  # what the mask writes in its place
    seen_as: int  # what the kernel calls a place where it may stand
    pattern: re.Pattern[bytes]
    check: Check


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


# Four small numbers are as often the number of a version or a section.
_SMALL = 30
_NUMBERED = re.compile(
    r"(?:version|ver\.?|\bv|section|sec\.|chapter|clause|released?|build|kernel|firmware|driver|"
    r"upgraded? to|update to|appendix|figure|fig\.|table|revision|release|item|article|annex|part|"
    r"版本|版|章节|固件|驱动|升级到|更新到|§|第|条|款|节)[:： ]?$".encode(),
    re.I,
)
_HEADING = re.compile(rb"(?:\A|\n)[ \t#*>-]*\Z")
_MACHINE = re.compile(
    (
        r"\b(?:ips?|ipv4|dns|address(?:es)?|servers?|hosts?|hostname|nameservers?|resolvers?|gateway|"
        r"ping(?:ed)?|traceroute|tracert|nslookup|dig|whois|curl|ssh|telnet|proxy|router|routes?|"
        r"connect(?:ed|s|ing)?|requests?|visitors?|traffic|packets?|login|logged|banned|blocked|"
        r"attacks?|subnet|port|node|peer|client|firewall|query|queries)\b|"
        r"地址|服务器|域名|解析|主机|网关|访问|来自|登录|登陆|封禁|端口|攻击|路由|代理|节点|客户端"
    ).encode(),
    re.I,
)
_AROUND = 48  # bytes before and after in which it may say that a machine is meant


def _address(match: re.Match[bytes]) -> bool:
    before, after = _around(match)
    if _NUMBERED.search(before) or not _public(match[0]):
        return False
    parts = match[0].split(b".")
    if any(int(part) > _SMALL for part in parts):
        return True
    whole, (start, end) = match.string, match.span()
    if _HEADING.search(before) and re.match(rb"[.)]?[ \t]+[^\W\d]", after):
        return False
    # Said four times the same number is no version.
    said = _MACHINE.search(whole[max(0, start - _AROUND) : end + _AROUND])
    return bool(said) or len(set(parts)) == 1


OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# In order: what an earlier one takes, a later one does not see.
FORMS = (
    Form(
        b"<EMAIL>",
        MAILBOX,
        re.compile(
            rb"(?<![\w.%+-])[A-Za-z0-9][\w.%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
        ),
        _mailbox,
    ),
    Form(
        b"<ID>",
        NUMBER,
        re.compile(
            rb"(?<![\w.])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9Xx](?!\w)"
        ),
        lambda match: identity_number(match[0]),
    ),
    Form(
        b"<CARD>",
        NUMBER,
        re.compile(
            rb"(?<![\w./-])(?:[2-6][0-9]{12,18}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}"
            rb"(?:\1[0-9]{1,3})?|3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5})(?![\w]|[.-][0-9])"
        ),
        _card,
    ),
    Form(
        b"<PHONE>",
        NUMBER,
        re.compile(
            # mainland mobile; mainland with area code and the free numbers; international; North
            # American; British, French, Japanese and Korean with their leading 0
            rb"(?<![\w./@+-])(?:(?:\+?86[ -]?|0086[ -]?)?"
            rb"1(?:[38][0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|9[0-35-9])([ .-]?)[0-9]{4}\1[0-9]{4}"
            rb"|(?:\+?86[ -])?(?:0[1-9][0-9]{1,2}-|\(0[1-9][0-9]{1,2}\) ?)[2-8][0-9]{6,7}"
            rb"|[48]00-[0-9]{3}-?[0-9]{4}"
            rb"|\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?[0-9]{1,5}(?:[ .-]?[0-9]{2,5}){1,4}"
            rb"|(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[ .-]"
            rb"|[2-9][0-9]{2}([ .-])[2-9][0-9]{2}\2)[0-9]{4}"
            rb"|0[1-9]([ .])[0-9]{2}\3[0-9]{2}\3[0-9]{2}\3[0-9]{2}"
            rb"|0[1-9][0-9]{0,3}-[0-9]{2,4}-[0-9]{4}"
            rb"|0(?:20 [378][0-9]{3} [0-9]{4}|1[0-9]{2,3} [0-9]{3} ?[0-9]{4}"
            rb"|7[0-9]{3} [0-9]{3} ?[0-9]{3})"
            rb")(?!\w|[.-][0-9]| [0-9])"
        ),
        _phone,
    ),
    Form(
        b"<IP>",
        NUMBER,
        re.compile(
            # not a version (v1.2.3.4) and not the number of a heading (1.2.3.4 opens a line)
            rb"(?<![\w.-])(?:" + OCTET + rb"\.){3}" + OCTET + rb"(?![\w-]|\.[0-9])"
        ),
        _address,
    ),
    Form(
        b"<IP>",
        COLONS,
        re.compile(
            rb"(?<![\w:.])(?=[0-9A-Fa-f:]{0,36}[0-9])[0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f]{0,4}:){2,6}[0-9A-Fa-f]{1,4}(?![\w:])"
        ),
        lambda match: match[0].count(b":") >= 4 and _public(match[0]),
    ),
)
