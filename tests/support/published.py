"""The published rules again, plainly, from their papers' and tools' text: ours, and slow.

Each function takes a text and its words (in the order of the text, with unit jieba punctuation
marks among them) and returns, rule by rule, whether the rule keeps it. Formulas are text like any
other. `marks`: what ends a sentence, the tool's own list where it is at hand.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from cleaner.kernels.unicode import TERMINAL, classes

Verdicts = dict[str, bool]
GOPHER_STOP = {"the", "be", "to", "of", "and", "that", "have", "with"}
BULLETS = tuple("•‣⁃◦▪▫■□●○◆◇▶➤★☆·・-–*")


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def is_mark(word: str) -> bool:
    return not any(character.isalnum() for character in word)


def lines_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


marks: set[str] = {chr(point) for point in np.flatnonzero(classes() & TERMINAL)}


def ended(lines: Sequence[str]) -> float:
    """Return the share of lines that end with a mark."""
    return share(sum(line.rstrip()[-1] in marks for line in lines), len(lines))


def gopher_quality(
    text: str,
    words: Sequence[str],
    *,
    length: tuple[float, float] = (3, 10),
    stop: set[str] = GOPHER_STOP,
    alphabetic: float = 0.8,
    all_tokens: bool = False,
) -> Verdicts:
    real = [word for word in words if not is_mark(word)]
    lines = lines_of(text)
    mean = share(sum(map(len, real)), len(real))
    dots = len(re.findall(r"\.\.\.|…", text))
    letters = sum(any(c.isalpha() for c in word) for word in words)
    bullets = sum(line.lstrip().startswith(BULLETS) for line in lines)
    trailing = sum(line.rstrip().endswith(("...", "…")) for line in lines)
    return {
        "word_count": 50 <= len(real) <= 100_000,
        "mean_word_length": length[0] <= mean <= length[1],
        "hashes": share(text.count("#"), len(words)) <= 0.1,
        "ellipses": share(dots, len(words)) <= 0.1,
        "bullet_lines": share(bullets, len(lines)) <= 0.9,
        "ellipsis_lines": share(trailing, len(lines)) <= 0.3,
        "alphabetic_words": share(letters, len(words) if all_tokens else len(real)) >= alphabetic,
        "stop_words": len(stop & {word.lower() for word in words}) >= 2,
    }  # fmt: skip


def duplicates(items: Sequence[str]) -> tuple[int, int]:
    """Return how many copies of earlier items there are, and their characters."""
    seen: set[str] = set()
    copies = [item for item in items if item in seen or seen.add(item)]  # type: ignore[func-returns-value]
    return len(copies), sum(map(len, copies))


def top(text: str, words: Sequence[str], n: int, joined: Callable[[Sequence[str]], int]) -> float:
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    if not grams:
        return 0.0
    gram, times = Counter(grams).most_common(1)[0]
    return joined(gram) * times / len(text)


def again(text: str, words: Sequence[str], n: int) -> float:
    seen: set[tuple[str, ...]] = set()
    repeated, i = 0, 0
    while i < len(words) - n + 1:
        gram = tuple(words[i : i + n])
        if gram in seen:
            repeated += sum(map(len, gram))
            i += n
        else:
            seen.add(gram)
            i += 1
    return share(repeated, len(text))


def spaced(gram: Sequence[str]) -> int:
    return sum(map(len, gram)) + len(gram) - 1


def gopher_repetition(
    text: str,
    words: Sequence[str],
    tops: tuple[float, ...] = (0.20, 0.18, 0.16),
    dups: tuple[float, ...] = (0.15, 0.14, 0.13, 0.12, 0.11, 0.10),
    line: float = 0.30,
) -> Verdicts:
    lines, paragraphs = lines_of(text), [p for p in re.split(r"\n\s*\n", text) if p.strip()]
    line_copies, line_characters = duplicates(lines)
    copies, characters = duplicates([p.strip("\n") for p in paragraphs])
    size = len(text)
    return {
        "duplicate_lines": share(line_copies, len(lines)) <= line,
        "duplicate_paragraphs": share(copies, len(paragraphs)) <= 0.30,
        "duplicate_line_characters": share(line_characters, size) <= 0.20,
        "duplicate_paragraph_characters": share(characters, size) <= 0.20,
        **{
            f"top_{n}gram": top(text, words, n, spaced) <= limit
            for n, limit in zip((2, 3, 4), tops, strict=True)
        },
        **{
            f"duplicate_{n}grams": again(text, words, n) <= limit
            for n, limit in zip(range(5, 11), dups, strict=True)
        },
    }


def fineweb_quality(text: str, words: Sequence[str], datatrove: bool = False) -> Verdicts:
    lines = lines_of(text)
    _, characters = duplicates(lines)
    terminal = ended(lines)
    short = share(sum(len(s) <= 30 for s in lines), len(lines))
    copied = share(characters, len(text.replace("\n", "")))
    if not datatrove:
        return {
            "terminal_lines": terminal > 0.12,
            "short_lines": short < 0.67,
            "duplicate_line_characters": copied < 0.1,
        }
    return {
        "terminal_lines": terminal >= 0.12,
        "short_lines": short <= 0.67,
        "duplicate_line_characters": copied <= 0.01,
        "new_lines_per_word": share(text.count("\n"), len(words)) <= 0.3,
    }


POLICY = (
    *("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies"),
    "use cookies",
)


def c4(
    text: str, count: Callable[[str], int], min_words: int = 5, min_sentences: int = 3
) -> Verdicts:
    """Return what c4_utils.py says; `count` returns the sentences of a line."""
    total, curly, lorem = 0, False, False
    for whole in text.splitlines():
        line = whole.strip()
        if any(len(word) > 1000 for word in line.split()):
            continue
        line = re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", line)
        if not line.endswith((".", "?", "!", '"', "'", "”", "’")) or line.endswith("..."):
            continue
        if len(line.split()) < min_words:
            continue
        small = line.lower()
        lorem |= "lorem ipsum" in small
        if "javascript" in small:
            continue
        curly |= "{" in line
        if any(phrase in small for phrase in POLICY):
            continue
        total += count(line)
    return {
        "sentences": total >= min_sentences,
        "curly_brackets": not curly,
        "lorem_ipsum": not lorem,
    }


def mc4_paragraphs(text: str) -> Verdicts:
    return {"long_lines": sum(len(line) >= 200 for line in text.split("\n")) >= 3}


COUNTER = re.compile(
    r"^\W*\d(?:,|\.|K|k|m|\d)*\+?\s*(?:likes?|shares?|comments?|retweets?|reposts?|quotes?|"
    r"bookmarks?|upvotes?|downvotes?|downloads?|views?|followers?|repl(?:y|ies))\W*$",
    re.I,
)


def refinedweb_lines(text: str, count: Callable[[str], int]) -> Verdicts:
    """Return RefinedWeb's rule on a page, its lines judged as DCLM has them; `count`: words."""
    cut = 0
    for line in lines_of(text):
        letters = [c for c in line if c.isalpha()]
        loud = 2 * sum(c.isupper() for c in letters) > len(letters)
        digits = not letters and any(c.isdigit() for c in line)
        if loud or digits or COUNTER.match(line) or count(line) < 2:
            cut += count(line)
    return {"words_cut": share(cut, count(text)) <= 0.05}


FINEWEB2_ZH_STOP = set("的年在月是和日了於·為有被人中为他與後也而由")


def fineweb2_zh(text: str, tokens: Sequence[str]) -> Verdicts:
    """Return what datatrove does with FineWeb-2's cmn_Hani.yml, `tokens` being jieba's."""
    repetition = gopher_repetition(
        text,
        tokens,
        (0.256, 0.201, 0.171),
        (0.198, 0.182, 0.167, 0.154, 0.14, 0.127),
        line=0.287,
    )
    for name in ("paragraphs", "line_characters", "paragraph_characters"):
        repetition.pop(f"duplicate_{name}")
    lines = lines_of(text)
    _, characters = duplicates(lines)
    return {
        **repetition,
        "terminal_lines": ended(lines) >= 0.106,
        "duplicate_line_characters": share(characters, len(text.replace("\n", ""))) <= 0.1,
        "new_lines_per_word": share(text.count("\n"), len(tokens)) <= 0.178,
        **gopher_quality(
            text, tokens, length=(1, 5), stop=FINEWEB2_ZH_STOP, alphabetic=0.735, all_tokens=True
        ),
    }


def chinese_web_text(text: str) -> Verdicts:
    """Return what its preprocess.py does, its list of sensitive words apart."""
    shown = re.sub(r"\s", "", text)
    lines = lines_of(text)
    grams = Counter(shown[i : i + 13] for i in range(len(shown) - 12))
    repeated = sum(times for times in grams.values() if times > 1)
    han = sum("\u4e00" <= c <= "\u9fff" for c in shown)
    return {
        "length": len(text) > 200,
        "mean_line_length": share(sum(map(len, lines)), len(lines)) >= 10,
        "chinese_share": share(han, len(shown)) >= 0.3,
        "repetition": share(repeated, grams.total()) <= 0.5,
    }
