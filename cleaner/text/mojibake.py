"""Text that was decoded with the wrong charset, put right where nothing was lost.

A misreading is undone run by run: the run goes back to the bytes it was read from and is decoded
as what those bytes are. A run that lost a byte (U+FFFD beside it) stays as it is, for a filter to
judge.
"""

import re
from collections.abc import Callable

import polars as pl

# Windows-1252 as browsers read it: the five bytes it leaves open are the C1 controls.
_LATIN = {
    (bytes([byte]).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(0x80, 0x100)
} | {chr(byte): byte for byte in range(0x80, 0x100)}
_CYRILLIC = {
    (bytes([byte]).decode("cp1251", "ignore") or chr(byte)): byte for byte in range(0x80, 0x100)
}


def _class(characters: dict[str, int], low: int, high: int) -> str:
    return "".join(re.escape(c) for c, byte in characters.items() if low <= byte <= high)


def _pairs(characters: dict[str, int]) -> str:
    """Return a pattern for UTF-8's lead and continuation bytes, as this charset shows them."""
    tail = f"[{_class(characters, 0x80, 0xBF)}]"
    return "|".join(
        f"[{_class(characters, low, high)}]{tail}{{{more}}}"
        for low, high, more in ((0xC2, 0xDF, 1), (0xE0, 0xEF, 2), (0xF0, 0xF4, 3))
    )


def _images() -> str:
    """Return what the first two bytes of Han and kana in UTF-8 show when read as GBK.

    Everyday characters (level 1 of GB 2312 and of Big5) are left out: the rest is rare in text.
    """
    pairs = [bytes((lead, tail)) for lead in range(0xE3, 0xEA) for tail in range(0x80, 0xC0)]
    images = {pair.decode("gbk", "ignore") for pair in pairs} - {""}
    return "".join(sorted(c for c in images if not _everyday(c)))


def _everyday(character: str) -> bool:
    simplified = character.encode("gb2312", "ignore")[:1]
    traditional = character.encode("big5", "ignore")[:1]
    return b"\xb0" <= simplified <= b"\xd7" or b"\xa4" <= traditional <= b"\xc6"


_GBK_MARKS = _images()
_SJIS_MARKS = "縺繧繝"  # what kana show when read as Shift JIS

# A cheap first look over whole columns; `repair` only sees what matches. RE2 syntax.
SUSPECT = "|".join(
    (
        _pairs(_LATIN),
        f"(?:{_pairs(_CYRILLIC)}){{3}}",
        f"[{_GBK_MARKS}][^\n]{{0,30}}[{_GBK_MARKS}]",
        f"[{_SJIS_MARKS}][^\n]{{0,30}}[{_SJIS_MARKS}]",
        "[\u00a1-\u00fe]{8}",
    )
)

# Where text lives that people write: what a repaired run may consist of. Combining marks, phonetic
# letters and unused planes are what chance decodes to.
_PLAUSIBLE = re.compile(
    "[\n -~\u00a0-\u017f\u0218-\u021b\u0370-\u03ff\u0400-\u045f\u0490-\u0491\u05d0-\u05ea"
    "\u0600-\u06ff\u0900-\u0e7f\u1e00-\u1eff\u2010-\u206f\u20a0-\u22ff\u2460-\u27bf\u3000-\u30ff"
    "\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffef\U0001f300-\U0001faff]*"
)

# Wide characters that were misread come back as wide ones: 位系统 is GBK for λϵͳ in UTF-8.
_WIDE = re.compile(
    "[\u00b7\u2010-\u2027\u2030-\u203b\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uffef]*"
)

_RUN_LATIN = re.compile(f"(?:{_pairs(_LATIN)})+")
_RUN_CYRILLIC = re.compile(f"(?:{_pairs(_CYRILLIC)}){{3,}}")
_RUN_WIDE = re.compile(r"[^\x00-\x7f\ufffd]{3,}")  # three of two bytes: two of three
_RUN_GBK_AS_LATIN = re.compile("[\u00a1-\u00fe]{8,}")


def repair_all(text: pl.Series) -> pl.Series:
    """Return the texts with every misreading undone that can be undone.

    >>> repair_all(pl.Series(["cafÃ©", "ä½\u00a0å¥½", "CAFÉ»", "你好"])).to_list()
    ['café', '你好', 'CAFÉ»', '你好']
    """
    suspect = text.str.contains(SUSPECT).fill_null(False)
    if not suspect.any():
        return text
    mended = text.filter(suspect).map_elements(repair, return_dtype=pl.String)
    return text.clone().scatter(suspect.arg_true(), mended)  # scatter writes in place


def repair(text: str) -> str:
    """Return one text with every misreading undone that can be undone."""
    text = _RUN_GBK_AS_LATIN.sub(_gbk_as_latin, text)
    if _sure(_RUN_LATIN.findall(text)):
        text = _RUN_LATIN.sub(_again(lambda run: _bytes(run, _LATIN), "utf-8"), text)
    text = _RUN_CYRILLIC.sub(_again(lambda run: _bytes(run, _CYRILLIC), "utf-8"), text)
    if not set(text).isdisjoint(_GBK_MARKS):
        text = _RUN_WIDE.sub(_again(lambda run: run.encode("gbk"), "utf-8", _WIDE), text)
    if set(text).intersection(_SJIS_MARKS):
        text = _RUN_WIDE.sub(_again(lambda run: run.encode("cp932"), "utf-8", _WIDE), text)
    return text


def _sure(runs: list[str]) -> bool:
    """Return whether these are misreadings: `ROKÅ»` in guillemets is one pair that is none."""
    return len(set(runs)) > 1 or any(len(run) > 2 or run[0] in "ÂÃ" for run in runs)


def _gbk_as_latin(found: re.Match[str]) -> str:
    data = found[0].encode("latin-1")
    # GB 2312 has its common Han under the lead bytes B0 to D7, punctuation under A1 to A3; accented
    # vowels in a row would be rare Han.
    common = sum(lead < 0xA4 or 0xB0 <= lead <= 0xD7 for lead in data[::2])
    if len(data) % 2 or common < 0.9 * len(data[::2]):
        return found[0]
    return _again(lambda run: data, "gb2312")(found)


def _bytes(run: str, characters: dict[str, int]) -> bytes:
    return bytes(characters[character] for character in run)


def _again(
    encode: Callable[[str], bytes], decode: str, text: re.Pattern[str] = _PLAUSIBLE
) -> Callable[[re.Match[str]], str]:
    """Return a replacement that reads a run again, or leaves it where that gives no text."""

    def read(found: re.Match[str]) -> str:
        run = found[0]
        try:
            again = encode(run).decode(decode)
        except (UnicodeError, KeyError):
            return run
        return again if text.fullmatch(again) else run

    return read
