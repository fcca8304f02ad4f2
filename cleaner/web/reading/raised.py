"""Superscripts and subscripts outside formulas: powers, units, indices, notes, ordinals."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.web.tokens import CLOSE, OPEN

_LONGEST = 24  # characters of a power; more is a style
_ORDINAL = re.compile(
    r"(?:st|nd|rd|th|er|ère|ere|re|e|ème|eme|es|ers|o|a|os|as|º|ª|te|ter|de|d)\.?", re.I
)
_ROMAN = re.compile(r"(?:^|[^A-Za-z])[IVXLC]{1,8}$")
_SIGN = re.compile(r"(?:TM|SM|MC|®|™|©|℠|\(R\)|\(TM\)|\(c\))", re.I)
_NOTE = re.compile(r"\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*|\*{1,4}")
_ASIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af◊^]|^\(.*\)$|^:|\s\w{3,}\s")
_PRICE = re.compile(r"[$€£¥]\s?\d[\d,]*$")
_NAME = re.compile(r"[a-z] [A-Z][a-z]$")  # Jia Wu, not a unit
_CENTS = re.compile(r"[.,]\d\d|\d\d")
_BRACKETED = re.compile(r"[\[(（【].*[\])）】]", re.S)
_NUMBER = re.compile(r"[-+−–]?\d+")
_WORD = re.compile(r"[^\W\d_]+$")
_FUNCTION = frozenset(
    str.split("sin cos tan cot sec csc sinh cosh tanh log ln exp lim det arcsin arccos arctan")
)
_UNITS = frozenset(  # longer than two letters; shorter words are no notes' words
    str.split(
        "sec min hour day mol kmol mmol inch feet foot yard mile acre cells atm bar mbar rad deg "
        "pix kpc Mpc Gyr MeV GeV TeV keV kms cycles pixel molecules photons counts electrons "
        "atoms particles ions metre meter month year"
    )
)
_BELOW = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_ABOVE = {ord(digit): above for digit, above in zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True)}
_PLAIN_BELOW = re.compile(r"\d{1,4}")
_BLOCKS = frozenset(str.split("p div li td th dd dt pre h1 h2 h3 h4 h5 h6 body blockquote"))


def raised_written(tree: LexborHTMLParser) -> None:
    """Write what `<sup>` and `<sub>` mean: `2^{64}`, `CO₂`, `a_i`; a note in brackets, `1st`.

    >>> tree = LexborHTMLParser("<p>1<sup>st</sup> of 10<sup>5</sup> in cm<sup>-3</sup>")
    >>> raised_written(tree)
    >>> tree.body.text()
    '1st of 10^5 in cm^{-3}'
    """
    for node in tree.css("sup, sub"):
        if node.parent is None or len(node.css("sup, sub, img, math, br")) > 1:  # itself is one
            continue
        inner = node.text()
        body = " ".join(inner.split())
        if not body or len(body) > _LONGEST or OPEN in body:
            continue
        before = _before(node)
        if node.tag_id == _SUB:
            written = _lowered(before, body, node)
        else:
            written = _raised(before, body, node)
        if written is not None:
            node.replace_with(written)


_SUB = LexborHTMLParser("").create_node("sub").tag_id


def _raised(before: str, body: str, node: LexborNode) -> str | None:
    base = before[-1:]
    if _BRACKETED.fullmatch(body) and body[0] in "[［【":
        return body
    if _SIGN.fullmatch(body) or _ASIDE.search(body) or (before[-1:], body) == ("L", "A"):
        return None
    if _CENTS.fullmatch(body) and (_PRICE.search(before) or body[0] in ".,"):
        return "." + body.lstrip(".,")
    linked = node.css_first("a") is not None or (node.parent is not None and node.parent.tag == "a")
    if linked and (_NOTE.fullmatch(body) or len(body) <= 2):
        return f"[{body}]" if base else body
    after = _after(node)
    if after[:1] in ("/", "⁄", "∕") and _NUMBER.fullmatch(body) and _denominator(node):
        return f" {body.translate(_ABOVE)}" if base.isdigit() else body  # of a mixed number
    if not base or base.isspace() or base in "([（":
        return f"{body} " if after[:1].isalpha() and body[-1:].isdigit() else None
    if not any(map(str.isalnum, body)) and body not in "+-−*∗∞":
        return None
    word = _WORD.search(before)
    if body.isalpha() or _ORDINAL.fullmatch(body):
        number = base.isdigit() or _ROMAN.search(before) is not None
        if number and _ORDINAL.fullmatch(body):
            return None
        if number and len(body) > 2:
            return None
        if word and (len(body) > 1 or len(word[0]) > 2) and word[0] not in _FUNCTION:
            return None  # Mme, Cie, words in small letters above
    if _NOTE.fullmatch(body):
        if body[0] == "*":
            return None if body != "*" or not word or len(word[0]) > 1 else "^*"
        if "," in body or base in '.,;:!?"”’»。，；：！？”》」、…':
            return f"[{body}]"
        if word and _is_prose(word[0], before):
            return f"[{body}]"
    return "^" + _grouped(body)


def _lowered(before: str, body: str, node: LexborNode) -> str | None:
    base = before[-1:]
    if base in ("/", "⁄", "∕") and _NUMBER.fullmatch(body):
        return body.translate(_BELOW) if before[-2:-1] in _ABOVE.values() else None
    if not base or base.isspace():
        return None
    if not _in_code(node) and _PLAIN_BELOW.fullmatch(body):
        return body.translate(_BELOW)
    if not (base.isalnum() or base in ")]}'′’" or base == CLOSE):
        return None
    word = _WORD.search(before)
    if body.isalpha() and len(body) > 3 and word and len(word[0]) > 3:
        return None
    if base == "T" and body == "E" and _after(node)[:1] == "X":
        return None
    return "_" + _grouped(body)


def _is_prose(word: str, before: str) -> bool:
    """Say whether `word` is one of a sentence, not a unit, a variable or a function."""
    if not word.isascii():
        return len(word) > 1 or "\u2e80" <= word <= "\u9fff"
    if _NAME.search(before):
        return True
    if len(word) <= 2 or word in _FUNCTION or word in _UNITS or word.removesuffix("s") in _UNITS:
        return False
    quantity = before[: -len(word)].rstrip()[-1:]
    return not (quantity.isdigit() and len(word) <= 4)


def _grouped(body: str) -> str:
    body = body.replace("−", "-").replace("–", "-")
    return body if len(body) == 1 else f"{{{body}}}"


def _denominator(node: LexborNode) -> bool:
    following = node.next
    while following is not None and following.is_text_node:
        if (following.text_content or "").strip(" /⁄∕"):
            return (following.text_content or "").lstrip(" /⁄∕")[:1].isdigit()
        following = following.next
    return following is not None and following.tag == "sub"


def _in_code(node: LexborNode) -> bool:
    above = node.parent
    while above is not None and above.tag not in _BLOCKS:
        if above.tag in ("code", "samp", "kbd"):
            return True
        above = above.parent
    return above is not None and above.tag == "pre"


def _before(node: LexborNode) -> str:
    """Return the end of the text before `node` within its block."""
    text, place = "", node
    for _ in range(8):
        before = place.prev
        while before is not None and len(text) < 24:
            if before.tag == "br" or before.tag in _BLOCKS:
                return text
            text = ((before.text_content if before.is_text_node else before.text()) or "") + text
            before = before.prev
        above = place.parent
        if len(text) >= 24 or above is None or above.tag in _BLOCKS:
            return text[-64:]
        place = above
    return text[-64:]


def _after(node: LexborNode) -> str:
    following = node.next
    if following is None and node.parent is not None and node.parent.tag not in _BLOCKS:
        following = node.parent.next
    if following is None:
        return ""
    return (following.text_content if following.is_text_node else following.text()) or ""
