"""One spelling of the same text: Unicode form, line ends, characters that nobody sees."""

from typing import Literal

import polars as pl

Form = Literal["NFC", "NFKC", "NFD", "NFKD"]

# Every way that Unicode ends a line (UAX 14: BK, CR, LF, NL); design section 7 knows only \n.
LINE_ENDS = "\r\n|[\r\u000b\u000c\u0085\u2028\u2029]"
# Controls other than tab and line feed, the byte order mark, and code points that are no
# characters. Zero-width joiners stay: Persian and emoji are spelt with them.
UNSEEN = "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufeff\ufdd0-\ufdef\ufffe\uffff]"


def normalise(text: pl.Series, form: Form = "NFC") -> pl.Series:
    """Return the texts in one Unicode form, lines ended by `\\n`, without unseen characters.

    >>> normalise(pl.Series(["cafe\\u0301\\r\\nfin\\x00"])).to_list()
    ['café\\nfin']
    """
    text = text.str.replace_all(LINE_ENDS, "\n").str.replace_all(UNSEEN, "")
    return text.str.normalize(form)
