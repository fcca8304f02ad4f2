"""The published sets as datatrove, dolma and tensorflow-datasets have them, a verdict per rule.

`python peers_rules.py TOOL IN.json OUT.json`, run by an interpreter that has the tool. The input
has by set `texts`, `words` (ours, or jieba's) and `sentences` (how many we count in each line that
C4 may count); the output by set and rule whether the tool keeps each text, null where it does not
get as far as the rule, and datatrove's `marks`.
"""

import json
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

OFF = float("inf")
Verdicts = dict[str, list[bool | None]]


def datatrove(given: dict[str, Any]) -> dict[str, Any]:
    """Return what datatrove's filters say, each with one rule of it on."""
    from datatrove.data import Document
    from datatrove.pipeline import filters
    from datatrove.pipeline.filters import (
        c4_filters,
        fineweb_quality_filter,
        gopher_quality_filter,
        gopher_repetition_filter,
    )
    from datatrove.utils.text import TERMINAL_PUNCTUATION

    def verdict(made: Any, text: str) -> tuple[bool, str]:
        result = made.filter(Document(text=text, id=""))
        return result if isinstance(result, tuple) else (bool(result), "")

    def gopher(**on: Any) -> Any:
        names = (
            *("min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length"),
            *("max_symbol_word_ratio", "max_bullet_lines_ratio", "max_ellipsis_lines_ratio"),
            *("max_non_alpha_words_ratio", "min_stop_words"),
        )
        return filters.GopherQualityFilter(**{**dict.fromkeys(names), **on})

    def repetition(**on: Any) -> Any:
        names = ("dup_line_frac", "dup_para_frac", "dup_line_char_frac", "dup_para_char_frac")
        off = {**dict.fromkeys(names), "top_n_grams": (), "dup_n_grams": ()}
        return filters.GopherRepetitionFilter(**{**off, **on})

    def fineweb(**on: Any) -> Any:
        off = {"line_punct_thr": -1, "short_line_thr": OFF, "char_duplicates_ratio": OFF}
        return filters.FineWebQualityFilter(**{**off, "new_line_ratio": OFF, **on})

    def quality(low: int, high: int, alphabetic: float, stop: list[str] | None) -> dict[str, Any]:
        both = gopher(max_symbol_word_ratio=0.1)
        return {
            "word_count": gopher(min_doc_words=50, max_doc_words=100_000),
            "mean_word_length": gopher(min_avg_word_length=low, max_avg_word_length=high),
            "hashes": (both, "gopher_too_many_hashes"),
            "ellipses": (both, "gopher_too_many_ellipsis"),
            "bullet_lines": gopher(max_bullet_lines_ratio=0.9),
            "ellipsis_lines": gopher(max_ellipsis_lines_ratio=0.3),
            "alphabetic_words": gopher(max_non_alpha_words_ratio=alphabetic),
            "stop_words": gopher(min_stop_words=2, stop_words=stop),
        }

    def grams(tops: list[float], dups: list[float]) -> dict[str, Any]:
        top = {
            f"top_{n}gram": repetition(top_n_grams=((n, limit),))
            for n, limit in zip((2, 3, 4), tops, strict=True)
        }
        dup = {
            f"duplicate_{n}grams": repetition(dup_n_grams=((n, limit),))
            for n, limit in zip(range(5, 11), dups, strict=True)
        }
        return top | dup

    zh = list("的年在月是和日了於·為有被人中为他與後也而由")
    made: dict[str, dict[str, Any]] = {
        "gopher_quality": quality(3, 10, 0.8, None),
        "gopher_repetition": {
            "duplicate_lines": repetition(dup_line_frac=0.3),
            "duplicate_paragraphs": repetition(dup_para_frac=0.3),
            "duplicate_line_characters": repetition(dup_line_char_frac=0.2),
            "duplicate_paragraph_characters": repetition(dup_para_char_frac=0.2),
            **grams([0.2, 0.18, 0.16], [0.15, 0.14, 0.13, 0.12, 0.11, 0.1]),
        },
        "fineweb_quality": {
            "terminal_lines": fineweb(line_punct_thr=0.12),
            "short_lines": fineweb(short_line_thr=0.67),
            "duplicate_line_characters": fineweb(char_duplicates_ratio=0.1),
        },
        "fineweb_quality_datatrove": {
            "terminal_lines": fineweb(line_punct_thr=0.12),
            "short_lines": fineweb(short_line_thr=0.67),
            "duplicate_line_characters": fineweb(char_duplicates_ratio=0.01),
            "new_lines_per_word": fineweb(new_line_ratio=0.3),
        },
        "fineweb2_zh": {
            "duplicate_lines": repetition(dup_line_frac=0.287),
            **grams([0.256, 0.201, 0.171], [0.198, 0.182, 0.167, 0.154, 0.14, 0.127]),
            "terminal_lines": fineweb(line_punct_thr=0.106),
            "duplicate_line_characters": fineweb(char_duplicates_ratio=0.1),
            "new_lines_per_word": fineweb(new_line_ratio=0.178),
            **quality(1, 5, 0.735, zh),
        },
        "mc4_paragraphs": {"long_lines": filters.C4ParagraphFilter()},
    }
    words: dict[str, list[str]] = {}
    sentences: dict[str, int] = {}
    for module in (gopher_quality_filter, gopher_repetition_filter, fineweb_quality_filter):
        module.split_into_words = lambda text, language=None: words[text]
    c4_filters.split_into_sentences = lambda line, language=None: [line] * sentences[line]
    found: dict[str, Any] = {"marks": sorted(TERMINAL_PUNCTUATION)}
    for name in made.keys() & given.keys():
        texts = given[name]["texts"]
        words |= dict(zip(texts, given[name]["words"], strict=True))
        for rule, one in made[name].items():
            one, reason = one if isinstance(one, tuple) else (one, None)
            kept = [verdict(one, text) if words[text] else (None, "") for text in texts]
            said = [None if ok is None else ok or (reason not in (None, why)) for ok, why in kept]
            found.setdefault(name, {})[rule] = said
    if "c4_datatrove" in given:
        sentences |= given["c4_datatrove"]["sentences"]
        c4 = filters.C4QualityFilter()
        reasons = [verdict(c4, text)[1] for text in given["c4_datatrove"]["texts"]]
        names = ("too_few_sentences", "curly_bracket", "lorem_ipsum")
        found["c4_datatrove"] = by_reason(reasons, names)
    return found


def by_reason(reasons: list[str], names: tuple[str, str, str]) -> Verdicts:
    """Return C4's verdicts: a page dropped at a line for one reason is judged by no other."""
    few, curly, lorem = names
    return {
        "sentences": [None if why in (curly, lorem) else why != few for why in reasons],
        "curly_brackets": [None if why == lorem else why != curly for why in reasons],
        "lorem_ipsum": [None if why == curly else why != lorem for why in reasons],
    }


def tfds(given: dict[str, Any]) -> dict[str, Verdicts]:
    """Return what C4's own code says."""
    from tensorflow_datasets.text import c4_utils

    sentences = given["c4"]["sentences"]
    c4_utils._get_sentences = lambda line: [line] * sentences[line]
    c4_utils.get_counter_inc_fn = lambda namespace: lambda *counted: None
    clean = c4_utils.get_clean_page_fn()

    def reason(text: str) -> str:
        said: list[str] = []
        page = c4_utils.PageFeatures(text=text)
        list(clean(page, counter_inc_fn=lambda name, amount=1: said.append(name)))
        return next((one for one in said if one.startswith("filtered:")), "")

    names = ("filtered:too_few_sentences", "filtered:squigglybracket", "filtered:loremipsum")
    kept = by_reason([reason(text) for text in given["c4"]["texts"]], names)
    long_lines = [
        bool(c4_utils.paragraph_filter(c4_utils.PageFeatures(text=text)))
        for text in given["mc4_paragraphs"]["texts"]
    ]
    return {"c4": kept, "mc4_paragraphs": {"long_lines": long_lines}}


def dolma(given: dict[str, Any]) -> dict[str, Verdicts]:
    """Return what dolma's Gopher taggers and the limits of its v1.6 mixer say."""
    # Its Gopher tagger needs no fastText, whose wheel wants another NumPy than dolma does.
    for name in ("fasttext", "fasttext.FastText"):
        sys.modules.setdefault(name, MagicMock())
    from dolma.taggers.gopher import get_attributes

    found: dict[str, Verdicts] = {"gopher_quality": {}}
    quality = given["gopher_quality"]
    # Of our words it splits the same ones; what goes by lines reads the text itself.
    of_words = [get_attributes(" ".join(words)) for words in quality["words"]]
    of_lines = [get_attributes(text) for text in quality["texts"]]
    rules: dict[str, tuple[list[Any], Callable[[Any], bool]]] = {
        "word_count": (of_words, lambda a: 50 <= a.word_count <= 100_000),
        "mean_word_length": (of_words, lambda a: 3 <= a.median_word_length <= 10),
        "bullet_lines": (
            of_lines,
            lambda a: a.fraction_of_lines_starting_with_bullet_point <= 0.9,
        ),
        "ellipsis_lines": (
            of_lines,
            lambda a: a.fraction_of_lines_ending_with_ellipsis <= 0.3,
        ),
        "alphabetic_words": (
            of_words,
            lambda a: a.fraction_of_words_with_alpha_character >= 0.8,
        ),
        "stop_words": (of_words, lambda a: a.required_word_count >= 2),
    }
    for rule, (attributes, keeps) in rules.items():
        found["gopher_quality"][rule] = [keeps(one) for one in attributes]
    return found


TOOLS = {"datatrove": datatrove, "dolma": dolma, "tfds": tfds}


def main() -> None:
    tool, source, target = sys.argv[1:]
    with open(source) as file:
        given = json.load(file)
    with open(target, "w") as file:
        json.dump(TOOLS[tool](given), file)


if __name__ == "__main__":
    main()
