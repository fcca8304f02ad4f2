"""Signals of lines; a blank line is none."""

import polars as pl

from cleaner.signals.counts import Value, measured, ratio

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "lines": (pl.UInt32, "lines that are not blank"),
    "mean_line_length": (pl.Float64, "mean characters per line; 0 when there are none"),
    "max_line_length": (pl.UInt32, "characters of the longest line"),
    "short_line_ratio": (pl.Float64, "lines of at most 30 characters per line (FineWeb)"),
    "long_lines": (pl.UInt32, "lines of at least 200 characters (mC4's paragraphs)"),
    "bullet_line_ratio": (
        pl.Float64,
        "lines that begin with a bullet (•‣⁃◦▪▫■□●○◆◇▶➤★☆·・-–*) per line (Gopher)",
    ),
    "ellipsis_line_ratio": (pl.Float64, "lines that end with ... or … per line (Gopher)"),
    "terminal_line_ratio": (
        pl.Float64,
        "lines whose last character ends a sentence in some script (Unicode Sentence_Terminal, "
        "full-width marks too) per line (FineWeb)",
    ),
    "upper_line_ratio": (pl.Float64, "lines with over half of the letters upper case per line"),
    "digit_line_ratio": (pl.Float64, "lines of digits without a letter per line"),
    "stub_line_ratio": (
        pl.Float64,
        "lines of at most 20 characters without a mark that ends a sentence or clause per line: "
        "menus and lists of links",
    ),
    "unpunctuated_ratio": (
        pl.Float64,
        "characters of lines that hold no sentence mark and no comma, full-width ones included, "
        "per character of a line: lists and stuffed keywords",
    ),
    "prose_han_ratio": (
        pl.Float64,
        "Han characters per character other than white space, of lines that are no code; formulas "
        "do not count",
    ),
    "prose_digit_ratio": (
        pl.Float64,
        "digits per character other than white space, of lines that are no code; formulas do not "
        "count",
    ),
    "prose_unpunctuated_ratio": (
        pl.Float64,
        "unpunctuated_ratio of lines that are no code; a line with a formula is no list",
    ),
    "javascript_lines": (pl.UInt32, "lines that hold 'javascript', any case (C4)"),
    "policy_lines": (
        pl.UInt32,
        "lines that hold one of C4's phrases: terms of use, privacy policy, cookie policy, uses "
        "cookies, use of cookies, use cookies; any case",
    ),
    "lorem_ipsum": (pl.UInt32, "lines that hold 'lorem ipsum', any case (C4)"),
    "refinedweb_cut_ratio": (
        pl.Float64,
        "words of lines that RefinedWeb's line rules cut per word: over half of the letters upper "
        "case, digits only, a counter (3 likes), a single word; a line that is a formula stays",
    ),
    "apart_headlines": (
        pl.UInt32,
        "lines between two of prose that read as a headline and share no word with the prose: of "
        "another page, or a heading that nothing takes up",
    ),
}


VALUES: dict[str, Value] = {
    "lines": lambda c: c["lines"],
    "mean_line_length": lambda c: ratio(c["line_characters"], c["lines"]),
    "max_line_length": lambda c: c["longest_line"],
    "short_line_ratio": lambda c: ratio(c["short_lines"], c["lines"]),
    "long_lines": lambda c: c["long_lines"],
    "bullet_line_ratio": lambda c: ratio(c["bullet_lines"], c["lines"]),
    "ellipsis_line_ratio": lambda c: ratio(c["ellipsis_lines"], c["lines"]),
    "terminal_line_ratio": lambda c: ratio(c["terminal_lines"], c["lines"]),
    "upper_line_ratio": lambda c: ratio(c["upper_lines"], c["lines"]),
    "digit_line_ratio": lambda c: ratio(c["digit_lines"], c["lines"]),
    "stub_line_ratio": lambda c: ratio(c["stub_lines"], c["lines"]),
    "unpunctuated_ratio": lambda c: ratio(c["unpunctuated"], c["line_characters"]),
    "prose_han_ratio": lambda c: ratio(c["prose_han"], c["prose_characters"]),
    "prose_digit_ratio": lambda c: ratio(c["prose_digits"], c["prose_characters"]),
    "prose_unpunctuated_ratio": lambda c: ratio(
        c["prose_unpunctuated"], c["prose_line_characters"]
    ),
    "javascript_lines": lambda c: c["javascript_lines"],
    "policy_lines": lambda c: c["policy_lines"],
    "lorem_ipsum": lambda c: c["lorem_ipsum"],
    "refinedweb_cut_ratio": lambda c: ratio(c["refinedweb_cut"], c["tokens"]),
    "apart_headlines": lambda c: c["apart_headlines"],
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of line signals per document.

    >>> measure(pl.Series(["- a\\n\\nb.", ""])).select("lines", "terminal_line_ratio").rows()
    [(2, 0.5), (0, 0.0)]
    """
    return measured(text, SIGNALS, VALUES)
