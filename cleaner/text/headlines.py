"""Headlines between the paragraphs of a text, and how many of them may be of another page.

A line between two of prose that reads as a headline and shares hardly a word with the prose is news
of another page, or a heading that nothing below takes up: no rule can tell which.
"""

import re

import numpy as np
import polars as pl

from cleaner.text.segment import Formulas
from cleaner.text.split_lines import split_lines

NUMBERED = re.compile(
    r"\d|[第卷][一二三四五六七八九十百]|[一二三四五六七八九十][、.)）章节回]|"
    r"(?i:chapter|part|section|book|act|scene|lesson|step|unit|lemma|theorem|proof|definition|"
    r"example|exercise|note|figure|table|question|answer|case|remark|例|注|图|表|题|解|证|问|答|附)"
)
CONTENT = re.compile(
    r"^(?:[-*•·●▪◦#├└│]|\(?\w{1,3}[.)、）])\s*\S|[。！？!?.]\W*$|^[—–(（“\"「$]|^--"
)
# A sentence ends there (no decimal point does), or a date or the like stands behind it.
_SENTENCE = r"(?:[。！？!?…]|\.(?:\D|$))[”’」』\"')）\]]*(?:\s*[\[(（,|-]?[^。！？!?.…]{0,24})?$"
_PROSE_WORDS, _PROSE_HAN = 8, 15  # a line of prose has at least so many
_UNLIKE = r"^[a-z]|[。！？!?…；;，$\\=]|[:：]$"  # a sentence, a formula, what heads something
_CLAUSE = "，"  # parts headlines, too, though sentences without their mark as well
_COMMON = 0.25  # of a headline's words that the prose may have, too
_SAID, _SAID_HAN = 4, 8  # long words, or pairs of Han characters, of such a headline


def apart_headlines(text: pl.Series, formulas: Formulas = True) -> np.ndarray:
    """Return for each text how many headlines between its prose share hardly a word with it.

    >>> prose = "The marsh floods in spring, and the reeds grow taller than a man there."
    >>> apart_headlines(pl.Series([f"{prose}\\nMinister resigns over pension scandal\\n{prose}"]))
    array([1])
    """
    counts = np.zeros(len(text), np.int64)
    document, line = split_lines(text.fill_null(""), formulas)
    line = line.str.strip_chars()
    filled = np.flatnonzero((line != "").to_numpy())
    document, line = document[filled], line.gather(filled)
    prose = sentences(line)
    same = document[2:] == document[:-2] if len(document) > 2 else np.zeros(0, bool)
    between = 1 + np.flatnonzero(same & prose[:-2] & prose[2:] & ~prose[1:-1])
    spoken: dict[int, set[str]] = {}
    for place in between.tolist():
        if not is_headline(line[place].replace(_CLAUSE, " ")):
            continue
        of = int(document[place])
        if of not in spoken:
            first, last = np.searchsorted(document, [of, of + 1])
            own = line[int(first) : int(last)].filter(pl.Series(prose[first:last]))
            spoken[of] = units("\n".join(own))
        said = units(line[place])
        counts[of] += len(said & spoken[of]) <= _COMMON * len(said)
    return counts


def is_headline(text: str) -> bool:
    """Return whether a line is a headline that says much, and no item or sentence."""
    if CONTENT.search(text) or NUMBERED.match(text) or re.search(_UNLIKE, text):
        return False
    return len(units(text)) >= (_SAID_HAN if re.search("[\u2e80-\u9fff]", text) else _SAID)


def units(text: str) -> set[str]:
    """Return words of four letters and more, their ends apart, and pairs of Han characters."""
    words = {word[:6] for word in re.findall(r"[^\W\d_\u2e80-\U0003ffff]{4,}", text.casefold())}
    runs = re.findall(r"[\u2e80-\u9fff]+", text)
    return words | {run[at : at + 2] for run in runs for at in range(len(run) - 1)}


def sentences(line: pl.Series) -> np.ndarray:
    """Return which lines are long enough and end as a sentence does."""
    words = line.str.count_matches(r"[\p{L}\p{N}]+").to_numpy()
    han = line.str.count_matches(r"\p{Han}|\p{Hiragana}|\p{Katakana}").to_numpy()
    ends: np.ndarray = line.str.contains(_SENTENCE).to_numpy()
    return ends & ((words >= _PROSE_WORDS) | (han >= _PROSE_HAN))
