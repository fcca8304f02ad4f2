"""Signals of the small words that running text cannot do without, per language."""

import polars as pl

from cleaner.kernels.signals.stop_words import STOP_WORDS
from cleaner.signals.counts import Value, measured, ratio

LANGUAGES = {"en": "English", "zh": "Chinese", "ja": "Japanese", "ko": "Korean"}
_HOW = {"en": "any case", "ko": "as a word or its last one or two syllables"}

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    **{
        f"stop_words_{code}": (
            pl.UInt32,
            f"different {LANGUAGES[code]} stop words that occur, of {len(words)} "
            f"({' '.join(words)})" + (f"; {_HOW[code]}" if code in _HOW else ""),
        )
        for code, words in STOP_WORDS.items()
    },
    **{
        f"stop_word_ratio_{code}": (pl.Float64, f"{name} stop words per word")
        for code, name in LANGUAGES.items()
    },
}


VALUES: dict[str, Value] = {
    **{f"stop_words_{code}": lambda c, code=code: c[f"stop_{code}"] for code in STOP_WORDS},
    **{
        f"stop_word_ratio_{code}": lambda c, code=code: ratio(c[f"stops_{code}"], c["tokens"])
        for code in STOP_WORDS
    },
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of stop-word signals per document.

    >>> measure(pl.Series(["The cat of the house", ""])).select("stop_words_en").rows()
    [(2,), (0,)]
    """
    return measured(text, SIGNALS, VALUES)
