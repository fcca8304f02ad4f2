"""Signals that need the text split into words."""

import polars as pl

from cleaner.signals.counts import Value, measured, ratio

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "words": (
        pl.UInt32,
        "runs of letters, marks, digits; of scripts without spaces each letter; a formula is one",
    ),
    "chunks": (
        pl.UInt32,
        "runs without white space that hold a letter or digit; a letter of a script written "
        "without spaces is one by itself (what C4 takes for words)",
    ),
    "mean_word_length": (pl.Float64, "mean characters per word; 0 when there are none"),
    "median_word_length": (pl.Float64, "median characters per word; 0 when there are none"),
    "longest_word": (pl.UInt32, "characters of the longest word"),
    "alpha_word_ratio": (
        pl.Float64,
        "words with a letter per word; a punctuation mark is never a word (Gopher)",
    ),
    "alpha_token_ratio": (
        pl.Float64,
        "words with a letter per token: with unit jieba, sudachi or kiwi punctuation marks are "
        "tokens too (datatrove); else as alpha_word_ratio",
    ),
    "hash_word_ratio": (pl.Float64, "signs # per word (Gopher's symbol-to-word ratio)"),
    "ellipsis_word_ratio": (pl.Float64, "ellipses, ... and …, per word (Gopher)"),
    "unique_word_ratio": (pl.Float64, "different words per word (RedPajama v2)"),
    "top_word_ratio": (pl.Float64, "occurrences of the most frequent word per word"),
    "word_entropy": (
        pl.Float64,
        "entropy of the distribution of words, in nats (RedPajama v2, unigram entropy)",
    ),
    "new_line_ratio": (pl.Float64, "line ends, those of blank lines too, per word (FineWeb)"),
}


VALUES: dict[str, Value] = {
    "words": lambda c: c["words"],
    "chunks": lambda c: c["chunks"],
    "mean_word_length": lambda c: ratio(c["word_characters"], c["words"]),
    "median_word_length": lambda c: c["median_twice"] / 2,
    "longest_word": lambda c: c["longest_word"],
    "alpha_word_ratio": lambda c: ratio(c["alpha_words"], c["words"]),
    "alpha_token_ratio": lambda c: ratio(c["alpha_words"], c["tokens"]),
    "hash_word_ratio": lambda c: ratio(c["hashes"], c["tokens"]),
    "ellipsis_word_ratio": lambda c: ratio(c["ellipses"], c["tokens"]),
    "unique_word_ratio": lambda c: ratio(c["unique_words"], c["tokens"]),
    "top_word_ratio": lambda c: ratio(c["top_word"], c["tokens"]),
    "word_entropy": lambda c: c["word_entropy"],
    "new_line_ratio": lambda c: ratio(c["newlines"], c["tokens"]),
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of word signals per document.

    >>> measure(pl.Series(["to be or", ""])).select("words", "mean_word_length").rows()
    [(3, 2.0), (0, 0.0)]
    """
    return measured(text, SIGNALS, VALUES)
