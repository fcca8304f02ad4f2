"""What stands beside a short question in a text: a line of its own, an answer, choices, a label."""

import re

import numpy as np

from cleaner.leakage.index import Known
from cleaner.leakage.verdict import ANSWER, CHOICES, LABEL, LINE, SENTENCE
from cleaner.leakage.words import Located

_SAYING = (
    4  # words of an answer: one word of a quotation may be asked for and stand there by itself
)
_AFTER = 12  # words between a question and its answer, at most

# What may stand directly before a question that begins there, and behind one that ends.
_OPENS = re.compile(r"([\n.?!。．？！:：;；)）\]】、*>|\"“「])[^\w\n]*$")
_CLOSES = re.compile(r"^[^\w\n.]*([\n?!。．？！:：;；_=()（）\[【|]|\.\s)")
_CHOICE = re.compile(r"^\s*[(（]?A\s?[.)、．:：）]")
_NUMBERED = re.compile(
    r"^\W*((question|problem|exercise|ex|q|no|第|问题?|题目?|例题?)\W*)?"
    r"((\d{1,4}|[a-z]|[一二三四五六七八九十]+)\W*(题|问)?)?\W*$", re.I
)  # fmt: skip
_ASKS = re.compile(r"\b(question|problem|exercise|q)\W*\d*\W*$|(问题?|题目?|例题?)\W*\d*\W*$", re.I)
_ANSWERS = re.compile(
    r"^\W*((the\s+)?(answer|solution|ans|a)\s*\d*\s*[:：.)]|(参考)?答案?\s*\W|解析?\s*[:：])", re.I
)  # fmt: skip


def beside(known: Known, text: str, words: Located, start: int, end: int) -> int:
    """Return what stands beside the words start:end of a text, as bits; 0 where it is no unit."""
    opening = f"\n{text[: words.starts[start]]}"
    if start:
        opening = text[words.ends[start - 1] : words.starts[start]]
    past = words.starts[end] if end < len(words.starts) else len(text)
    closing = text[words.ends[end - 1] : past] + ("" if end < len(words.starts) else "\n")
    line = text[: words.starts[start]].rpartition("\n")[2]
    rest = text[words.ends[end - 1] :].partition("\n")[0]
    after = text[words.ends[end - 1] :]
    numbered = bool(_NUMBERED.match(line))
    # An answer directly behind it closes a question, too, if it is no word that a saying ends with.
    answered = len(known.answer) >= _SAYING and _has(
        words.hashes[end : end + len(known.answer)], known.answer
    )
    closed = _CLOSES.match(closing) or _CHOICE.match(after) or answered
    if not closed or not (numbered or _OPENS.search(opening)):
        return 0
    found = SENTENCE
    if numbered and not re.search(r"\w", rest):
        found |= LINE
    if _ASKS.search(line):
        found |= LABEL
    if _ANSWERS.match(after):
        found |= LABEL
    following = words.hashes[end : end + _AFTER + len(known.answer)]
    if _has(following, known.answer):
        found |= ANSWER
    size = sum(map(len, known.choices))
    following = words.hashes[end : end + 4 * _AFTER + 2 * size]
    there = [one for one in known.choices if _has(following, one)]
    if len(there) >= 2 and 2 * len(there) >= len(known.choices):
        found |= CHOICES
    return found


def _has(text: np.ndarray, some: np.ndarray) -> bool:
    """Return whether some words stand in a text one after the other."""
    if not len(some) or len(text) < len(some):
        return False
    windows = np.lib.stride_tricks.sliding_window_view(text, len(some))
    return bool((windows == some).all(1).any())
