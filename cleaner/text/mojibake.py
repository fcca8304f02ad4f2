"""Text that was decoded with the wrong charset, put right where nothing was lost.

A misreading is undone run by run: the run goes back to the bytes it was read from and is decoded
as what those bytes are, again and again until nothing more comes of it. A run that somebody may
have written (`misread.points`) is undone only beside others of its script that nobody has; one that
lost a byte (U+FFFD beside it) stays as it is, for a filter to judge.
"""

import re
from collections.abc import Callable, Iterator

import polars as pl

from cleaner.kernels.text.misread import LATIN, SURE
from cleaner.text.misread import points, units

_CYRILLIC = {
    (bytes([byte]).decode("cp1251", "ignore") or chr(byte)): byte for byte in range(0x80, 0x100)
}


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
        units(LATIN),
        f"(?:{units(_CYRILLIC)}){{3}}",
        f"[{_GBK_MARKS}][^\n]{{0,30}}[{_GBK_MARKS}]",
        f"[{_SJIS_MARKS}][^\n]{{0,30}}[{_SJIS_MARKS}]",
        "[\u00a1-\u00fe]{8}",
    )
)

# Where text lives that people write: what a repaired run may consist of. Phonetic letters and
# unused planes are what chance decodes to.
_PLAUSIBLE = re.compile(
    "[\n -~\u00a0-\u017f\u018f\u01a0\u01a1\u01af\u01b0\u01cd-\u01dc\u0218-\u021b\u0259\u0300-\u0331"
    "\u0370-\u052f\u0531-\u0589\u05d0-\u05ea\u0600-\u06ff\u0900-\u0fff\u10a0-\u10ff\u1200-\u137f\u1780-\u17ff"
    "\u1e00-\u1eff\u200b-\u206f\u20a0-\u22ff\u2460-\u27bf\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffef\U0001f300-\U0001faff]*"
)

# Wide characters that were misread come back as wide ones: 位系统 is GBK for λϵͳ in UTF-8.
_WIDE = re.compile(
    "[\u00b7\u2010-\u2027\u2030-\u203b\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uffef]*"
)

_UNITS = re.compile(units(LATIN))
_RUN_LATIN = re.compile(f"(?:{units(LATIN)})+")
# Fewer than three pairs may be somebody's capitals: Рёв, витамин В».
_RUN_CYRILLIC = re.compile(f"(?:{units(_CYRILLIC)}){{3,}}")
_FEW_CYRILLIC = re.compile(f"(?:{units(_CYRILLIC)})+")
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
    """Return one text with every misreading undone that can be undone.

    >>> repair("nÃƒÂ©e")
    'née'
    """
    while (again := _once(text)) != text:
        text = again  # shorter in characters each time
    return text


def _once(text: str) -> str:
    text = _RUN_GBK_AS_LATIN.sub(_gbk_as_latin, text)
    text = _latin(text)
    text = _cyrillic(text)
    if not set(text).isdisjoint(_GBK_MARKS):
        text = _RUN_WIDE.sub(_again(lambda run: run.encode("gbk"), "utf-8", _WIDE), text)
    if set(text).intersection(_SJIS_MARKS):
        text = _RUN_WIDE.sub(_again(lambda run: run.encode("cp932"), "utf-8", _WIDE), text)
    return text


def _cyrillic(text: str) -> str:
    """Undo UTF-8 read as Windows-1251: long runs, and short ones where most is misread."""
    read = _again(_bytes_of(_CYRILLIC), "utf-8")
    sure = sum(len(run[0]) for run in _RUN_CYRILLIC.finditer(text) if read(run) != run[0])
    if not sure:
        return text
    letters = sum("\u0400" <= character <= "\u04ff" for character in text)
    return (_FEW_CYRILLIC if 2 * sure > letters else _RUN_CYRILLIC).sub(read, text)


def _latin(text: str) -> str:
    """Undo UTF-8 read as Windows-1252 where it is sure, or of a script where it is sure."""
    read = _again(_bytes_of(LATIN), "utf-8")
    runs = []  # where, what it says, how sure that is
    total: dict[str, int] = {}
    for run in _RUN_LATIN.finditer(text):
        says = read(run)
        if says == run[0]:
            continue
        sure = points(text, *run.span())
        runs.append((run.span(), says, sure))
        for script in set(_scripts(says)):
            total[script] = total.get(script, 0) + sure
    any_sure = any(sum_ >= SURE for sum_ in total.values())
    parts, at = [], 0
    for (start, end), says, sure in runs:
        beside = any_sure and text[start] == "Â"  # before a sign, whatever the script of the rest
        if beside or max(sure, *(total[script] for script in _scripts(says))) >= SURE:
            parts += [text[at:start], says]
            at = end
    return "".join((*parts, text[at:]))


def _scripts(text: str) -> Iterator[str]:
    """Yield for each character the part of Unicode that it is from, signs counting as Latin."""
    for character in text:
        code = ord(character)
        if code < 0x250 or 0x1E00 <= code < 0x1F00 or 0x2000 <= code < 0x2E80 or code > 0x1F000:
            yield "latin"
        elif code >= 0x2E80:
            yield "wide"
        else:
            yield hex(code >> 7)


def _gbk_as_latin(found: re.Match[str]) -> str:
    data = found[0].encode("latin-1")
    if 5 * sum(map(len, _UNITS.findall(found[0]))) > 4 * len(data):
        return found[0]  # UTF-8, of Greek or Cyrillic
    # GB 2312 has its common Han under the lead bytes B0 to D7, punctuation under A1 to A3; accented
    # vowels in a row would be rare Han.
    common = sum(lead < 0xA4 or 0xB0 <= lead <= 0xD7 for lead in data[::2])
    if len(data) % 2 or common < 0.9 * len(data[::2]):
        return found[0]
    return _again(lambda run: data, "gb2312")(found)


def _bytes_of(table: dict[str, int]) -> Callable[[str], bytes]:
    return lambda run: bytes(table[character] for character in run)


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
