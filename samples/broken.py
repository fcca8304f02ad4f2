"""Rows that are broken as crawls break them; most must be dropped or fail, some survive.

A kind is (how the good page is spoiled, the reason why it cannot be kept); no reason means that a
careful reader keeps the page all the same.
"""

import re
from collections.abc import Callable
from random import Random

Payload = bytes | str | None
Kind = tuple[Callable[[Random, str], Payload], str | None]

_NOISE = bytes(range(256)) * 4
_NO_TEXT = b"<html><head><title></title></head><body><div></div></body></html>"
_SCRIPT = "<script>var a=[1,2,3].map(function(x){return x*x});</script>"
_ENTITIES = (
    '<!DOCTYPE html [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def _spoiled(rng: Random, text: str) -> bytes:
    # every fiftieth byte is no UTF-8 any more: beyond repair
    raw = bytearray(text.encode())
    for place in range(200, len(raw), 50):
        raw[place] = 0xFF
    return bytes(raw)


def _cut_character(rng: Random, text: str) -> bytes:
    # one character loses a byte, as in a field that was cut carelessly: the page is still good
    raw = text.encode()
    place = next((n for n in range(len(raw) // 2, len(raw)) if raw[n] >= 0xE0), len(raw) // 2)
    return raw[: place + 1] + raw[place + 2 :]


def _cut_page(rng: Random, text: str) -> bytes:
    # before the text has well begun
    return text[: text.index("<h1>") + 20].encode()


def _nested(rng: Random, text: str) -> bytes:
    return text.replace("<h1>", "<div><span>" * 700 + "<h1>").encode()


def _unclosed(rng: Random, text: str) -> bytes:
    for tag in ("</p>", "</h1>", "</h2>", "</ul>"):
        text = text.replace(tag, "")
    return text.encode()


def _entities(rng: Random, text: str) -> bytes:
    return (_ENTITIES + text.replace("</body>", "<p>&c;&c;&c;</p></body>")).encode()


def _replaced(rng: Random, text: str) -> str:
    return "".join(char if rng.random() > 0.3 else "\ufffd" for char in text)


def _ends(rng: Random, text: str) -> str:
    return text.replace("\n\n", "\r\n\r\n").replace("。", "。\u2028", 3)


def _split(text: str, by: str, every: int) -> str:
    return by.join(text[n : n + every] for n in range(0, len(text), every))


HTML: dict[str, Kind] = {
    "null": (lambda rng, text: None, "null"),
    "empty": (lambda rng, text: b"", "empty"),
    "white_space": (lambda rng, text: b" \n\t\r\n " * 40, "empty"),
    "no_text": (lambda rng, text: _NO_TEXT, "empty"),
    "script_flood": (
        lambda rng, text: f"<html><body>{_SCRIPT * 400}</body></html>".encode(),
        "empty",
    ),
    "truncated_page": (_cut_page, "truncated"),
    "invalid_utf8": (_spoiled, "invalid_encoding"),
    "png": (lambda rng, text: b"\x89PNG\r\n\x1a\n" + _NOISE, "binary"),
    "pdf": (lambda rng, text: b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + _NOISE, "binary"),
    "gzip": (lambda rng, text: b"\x1f\x8b\x08\x00" + _NOISE, "binary"),
    "json": (lambda rng, text: b'{"status":"error","code":401,"items":[],"next":null}', "not_html"),
    "nul_bytes": (
        lambda rng, text: text.replace("。", "。\x00").replace(". ", ".\x00 ").encode(),
        None,
    ),
    "cut_character": (_cut_character, None),
    "deep_nesting": (_nested, None),
    "unclosed_tags": (_unclosed, None),
    "entity_bomb": (_entities, None),
    "one_line": (lambda rng, text: text.replace("\n", " ").encode(), None),
    "utf16": (lambda rng, text: b"\xff\xfe" + text.encode("utf-16-le"), None),
    "private_use": (
        lambda rng, text: text.replace("<h1>", "<h1>\ue000\ue001\U000f0000 ").encode(),
        None,
    ),
    "byte_order_mark": (lambda rng, text: b"\xef\xbb\xbf" + text.encode(), None),
    "null_id": (lambda rng, text: text.encode(), None),
    "repeated_id": (lambda rng, text: text.encode(), None),
    "null_url": (lambda rng, text: text.encode(), None),
    "odd_url": (lambda rng, text: text.encode(), None),
}
TEXT: dict[str, Kind] = {
    "null": (lambda rng, text: None, "null"),
    "empty": (lambda rng, text: "", "empty"),
    "white_space": (lambda rng, text: " \n\t\u3000\u200b\r\n " * 20, "empty"),
    "only_signs": (lambda rng, text: "*** --- === ... !!! ??? *** \n" * 6, "empty"),
    "control_signs": (lambda rng, text: _split(text, "\x1b[0m\x07\x08", 9), "control_characters"),
    "replacement_signs": (_replaced, "invalid_encoding"),
    "one_huge_word": (lambda rng, text: "x" + "ab1" * 40_000, "no_words"),
    "nul_bytes": (lambda rng, text: text.replace("。", "。\x00").replace(". ", ".\x00 "), None),
    "one_line": (lambda rng, text: text.replace("\n", " "), None),
    "zero_width": (lambda rng, text: re.sub("([，, ])", "\\1\u200b", text), None),
    "line_ends": (_ends, None),
    "private_use": (lambda rng, text: f"\ue000\ue001\U000f0000 {text}", None),
    "byte_order_mark": (lambda rng, text: f"\ufeff{text}", None),
    "null_id": (lambda rng, text: text, None),
    "repeated_id": (lambda rng, text: text, None),
    "null_url": (lambda rng, text: text, None),
    "odd_url": (lambda rng, text: text, None),
}  # fmt: skip
# pages and texts over any sensible budget, only made when asked for
POISON_HTML: dict[str, Kind] = {
    "endless_nesting": (lambda rng, text: b"<div>" * 300_000, "over_budget"),
    "many_formulas": (lambda rng, text: b"<p>\\(x_1\\) " * 300_000, "over_budget"),
    "many_nodes": (lambda rng, text: b"<b>a</b>" * 800_000, "over_budget"),
    "huge_attribute": (lambda rng, text: b'<p title="' + b"a " * 5_000_000, "over_budget"),
}
POISON_TEXT: dict[str, Kind] = {
    "endless_word": (lambda rng, text: "a" * 20_000_000, "over_budget"),
    "endless_line": (lambda rng, text: text.replace("\n", " ") * 8_000, "over_budget"),
    "endless_lines": (lambda rng, text: "a\n" * 5_000_000, "over_budget"),
    "open_dollars": (lambda rng, text: "$x\\frac " * 1_000_000, "over_budget"),
}
URLS = ("not a url", "file:///tmp/x", "http://", "javascript:void(0)", "//half/a url")

# charset of the bytes, the charset that the page names (wrongly, at times), language of the text
CHARSETS = (
    ("gb2312", "gb2312", "zh"), ("gbk", "gb2312", "zh"), ("gb18030", "gbk", "zh"),
    ("gbk", "utf-8", "zh"), ("utf-8", "gb2312", "zh"), ("gbk", "", "zh"),
    ("big5", "big5", "zh-Hant"), ("big5", "utf-8", "zh-Hant"), ("utf-8", "big5", "zh-Hant"),
    ("shift_jis", "shift_jis", "ja"), ("euc_jp", "euc-jp", "ja"), ("shift_jis", "iso-8859-1", "ja"),
    ("euc_kr", "euc-kr", "ko"), ("windows-1251", "windows-1251", "ru"),
    ("windows-1251", "utf-8", "ru"), ("koi8-r", "koi8-r", "ru"), ("iso-8859-1", "iso-8859-1", "de"),
    ("windows-1252", "utf-8", "fr"), ("utf-8", "iso-8859-1", "es"),
    ("windows-1256", "windows-1256", "ar"),
)  # fmt: skip
