"""Addresses in text again, with regular expressions."""

import ipaddress
import re

URL, EMAIL, IP_ADDRESS, PHONE, CHINA_ID, BANK_CARD = range(6)

BODY = r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*"
WWW = re.compile(r"(?<![A-Za-z0-9])www\.(?=[A-Za-z0-9])", re.I)
SCHEME = re.compile(r"(?:https|http|ftp)\Z", re.I)
AFTER_SCHEME = re.compile(r"://(?=[A-Za-z0-9])")
LOCAL = re.compile(r"[A-Za-z0-9._%+\-]{0,64}\Z")
DOMAIN = re.compile(r"[A-Za-z0-9.\-]*")


def trimmed(url: str, keep: int) -> str:
    """Return a URL without the punctuation of the sentence around it; `keep` characters stay."""
    while len(url) > keep:
        if url[-1] == ")":
            if url[keep:].count("(") >= url[keep:].count(")"):
                break
        elif url[-1] not in ".,:;!?']*":
            break
        url = url[:-1]
    return url


def email(text: str, lo: int, at: int) -> tuple[int, int] | None:
    local = LOCAL.search(text[max(lo, at - 64) : at])[0]
    local = re.sub(r"\A[^A-Za-z0-9]+", "", local)
    domain = DOMAIN.match(text, at + 1)[0]
    domain = domain[: domain.index("..") + 1] if ".." in domain else domain
    if domain.startswith("."):
        return None
    domain = re.sub(r"[^A-Za-z0-9]+\Z", "", domain)
    if not local or "." not in domain or len(domain) + 1 > 254:
        return None
    top = domain.rpartition(".")[2]
    if len(top) < 2 or re.search("[0-9-]", top):
        return None
    if top.lower() in ("png", "jpg", "gif", "svg", "jpeg", "webp"):
        return None
    return at - len(local), at + 1 + len(domain)


def public(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    # what the standard library counts as global but we do not, and the other way round
    ours = [ipaddress.ip_network(n) for n in ("224.0.0.0/3", "192.0.0.0/24", "0.0.0.0/8")]
    special = [ipaddress.ip_network("192.88.99.0/24")]
    if any(address in n for n in special):
        return True
    return address.is_global and not any(address in n for n in ours)


def number(text: str, i: int) -> tuple[int, int] | None:
    run = re.compile("[0-9]+").match(text, i)[0]
    if len(run) <= 3:
        found = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![A-Za-z0-9]|\.[0-9])").match(text, i)
        if found and public(found[0]):
            return IP_ADDRESS, found.end()
    spread = re.compile(r"[0-9](?:[ -]?[0-9]){0,19}").match(text, i)
    digits = re.sub("[ -]", "", spread[0])
    parts = len(re.split("[ -]", spread[0]))
    end = spread.end()
    tight = not re.match("[A-Za-z0-9]", text[end : end + 1])
    found = re.compile(r"[1-8][0-9]{16}[0-9Xx](?![A-Za-z0-9])").match(text, i)
    if found and valid_id(found[0].upper()):
        return CHINA_ID, found.end()
    if (len(run) >= 13 or (parts >= 3 and len(run) == 4)) and tight and valid_card(digits):
        return BANK_CARD, end
    if text[i - 1 : i] == "+" and i and tight and parts <= 6 and 8 <= len(digits) <= 15:
        return PHONE, end
    mobile = re.fullmatch("(86)?1[3-9][0-9]{9}", digits)
    whole = len(run) == len(digits) or len(run) == 3
    whole |= bool(mobile and mobile[1] and len(run) == 2)
    if mobile and tight and whole and parts <= 4:
        return PHONE, end
    return None


def valid_id(text: str) -> bool:
    weights = [2 ** (17 - k) % 11 for k in range(17)]
    check = "10X98765432"[sum(int(d) * w for d, w in zip(text, weights, strict=False)) % 11]
    born = re.fullmatch("(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])", text[6:14])
    return check == text[17] and bool(born)


CARDS = re.compile(
    "4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[1-5]|2[2-7]|35|60|65)[0-9]{14}|3[47][0-9]{13}"
    "|62[0-9]{14,17}"
)


def valid_card(digits: str) -> bool:
    if not CARDS.fullmatch(digits):
        return False
    odd = sum(map(int, digits[-1::-2]))
    even = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (odd + even) % 10 == 0


def addresses(text: str) -> list[tuple[int, int, int]]:
    """Return start, end and kind of every address, in order and apart."""
    found: list[tuple[int, int, int]] = []
    free = i = 0
    while i < len(text):
        here: tuple[int, int, int] | None = None
        c = text[i]
        if AFTER_SCHEME.match(text, i):
            scheme = SCHEME.search(text[free:i])
            if scheme:
                start = i - len(scheme[0])
                body = trimmed("://" + re.compile(BODY).match(text, i + 3)[0], 3)
                here = (start, i + len(body), URL)
        elif WWW.match(text, i):
            body = trimmed("www." + re.compile(BODY).match(text, i + 4)[0], 4)
            here = (i, i + len(body), URL)
        elif c == "@":
            span = email(text, free, i)
            here = (*span, EMAIL) if span else None
        elif "0" <= c <= "9" and not re.match(r"[A-Za-z0-9._]", text[i - 1 : i] if i else ""):
            span = number(text, i)
            here = (i, span[1], span[0]) if span else None
        if here:
            while found and found[-1][0] >= here[0]:
                found.pop()
            found.append(here)
            free = i = here[1]
        elif "0" <= c <= "9":
            i += len(re.compile("[0-9]+").match(text, i)[0])
        else:
            i += 1
    return found
