"""One spelling of the same text: Unicode form, line ends, characters that nobody sees."""

import polars as pl

from cleaner.config.choices import Form

# Every way that Unicode ends a line (UAX 14: BK, CR, LF, NL); our segmentation knows only \n.
# U+0085 is not among them: on pages it is the ellipsis of Windows-1252, see `_CONTROLS`.
LINE_ENDS = "\r\n|[\r\u000b\u000c\u2028\u2029]"
# Controls other than tab and line feed, the byte order mark, and code points that are no
# characters. Zero-width joiners stay: Persian and emoji are spelt with them.
UNSEEN = "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufeff\ufdd0-\ufdef\ufffe\uffff]"

# Controls that stand in text are bytes of Windows-1252 that were taken for Latin-1: 1990\x961995.
_CONTROLS = {
    chr(byte): bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # that charset leaves these open; they go
}


def normalise(text: pl.Series, form: Form = "NFC") -> pl.Series:
    """Return the texts in one Unicode form, lines ended by `\\n`, without unseen characters.

    >>> normalise(pl.Series(["cafe\\u0301\\r\\nfin\\x00", "1990\\x961995"])).to_list()
    ['café\\nfin', '1990–1995']
    """
    text = text.str.replace_all(LINE_ENDS, "\n")
    if text.str.contains("[\u0080-\u009f]").any():
        text = text.str.replace_many(list(_CONTROLS), list(_CONTROLS.values()))
    text = text.str.replace_all(UNSEEN, "")
    return text.str.normalize(form)
