"""Which language a text is in: a model proposes, rules about scripts and junk decide.

Every text is masked and cut (`kernels/language/excerpt.py`), the model reads the windows, and one
row comes back: `lang` (a two-letter code where there is one, `und`, or `mixed`), `lang_score` (how
often such an answer is right, calibrated per backend), `lang_detail` (the finer label, or why it is
`und`), `script`, and `lang_shares` of a mixed text.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cleaner.kernels.arrow import utf8
from cleaner.kernels.language import excerpt, langid, mask
from cleaner.kernels.language import facts as fact
from cleaner.kernels.unicode import EVERYDAY, SCRIPTS, classes
from cleaner.models.language.base import Backend
from cleaner.models.language.codes import MIXED, UNDETERMINED, Code

BUDGET = 300  # bytes of each of the three windows: more make no text right that was wrong
FLOOR_LETTERS = 100  # below, no score is low: too little to be sure of
MIXED_SHARE = 0.2  # a text is mixed if two languages have more of it than this
PIECE = 100  # bytes of a piece whose language is asked for by itself
SURE = 0.9  # a piece speaks for another language only from this score on
SIBLINGS = {"id", "ms"}  # 16 of the 21 surely wrong pieces of the dev source are Malay taken for it

# Fitted by `tests/benchmarks/language.py --calibrate`, which says how and on what.
HAN_SCORE = 0.995  # how often the rule about Han is right
CEILING = 0.9999  # no score is higher: so many texts it takes to see one error less

COLUMNS: dict[str, Any] = {
    "lang": pl.String,
    "lang_score": pl.Float64,
    "lang_detail": pl.String,
    "script": pl.String,
    "lang_shares": pl.List(pl.Struct({"lang": pl.String, "share": pl.Float64})),
}


@functools.cache
def marks() -> np.ndarray:
    """Return what a Han character says of a text, from the two national standards.

    Simplified: in GB 2312 and not in Big5. Traditional: in the frequent half of Big5 and not
    in GB 2312.
    """
    table = np.zeros(0x10000, np.uint8)
    for point in range(0x4E00, 0x9FA6):
        simple = chr(point).encode("gb2312", "ignore")
        full = chr(point).encode("big5", "ignore")
        frequent = bool(full) and full[0] <= 0xC6  # A440 to C67E: the 5,401 of level 1
        if simple and not full:
            table[point] |= fact.HANS
        if frequent and not simple:
            table[point] |= fact.HANT
    return table


@dataclass(frozen=True)
class Prose:
    """Masked texts: their windows, their samples, and the counts of `prose_facts`."""

    offsets: np.ndarray
    data: np.ndarray
    sample_offsets: np.ndarray
    samples: np.ndarray
    facts: np.ndarray


def windows(text: pl.Series, budget: int = BUDGET) -> Prose:
    """Return what of `text` is read: `budget` bytes at the start, in the middle and at the end."""
    offsets, data = utf8(text)
    return Prose(
        *excerpt.read(offsets, data, budget, mask.mask_tables(), fact.count_tables(marks()))
    )


LATIN, HAN, KANA, HANGUL = (SCRIPTS.index(name) for name in ("latin", "han", "kana", "hangul"))
ISO_15924 = {
    "latin": "Latn", "han": "Hani", "kana": "Jpan", "hangul": "Kore", "cyrillic": "Cyrl",
    "greek": "Grek", "arabic": "Arab", "hebrew": "Hebr", "devanagari": "Deva", "thai": "Thai",
}  # fmt: skip
# Scripts that the table of characters does not tell apart, by the language.
SCRIPT_OF = {
    "am": "Ethi", "as": "Beng", "bn": "Beng", "bo": "Tibt", "dv": "Thaa", "dz": "Tibt",
    "gu": "Gujr", "hy": "Armn", "ka": "Geor", "km": "Khmr", "kn": "Knda", "lo": "Laoo",
    "ml": "Mlym", "my": "Mymr", "or": "Orya", "pa": "Guru", "si": "Sinh", "ta": "Taml",
    "te": "Telu", "ti": "Ethi",
}  # fmt: skip


def junk(facts: np.ndarray) -> np.ndarray:
    """Return why each text is no language, or "": `no_letters`, `base64`, `mojibake`, `code`."""
    letters = facts[:, fact.LETTERS]
    mojibake = (
        (facts[:, fact.MISREAD_1252] > np.maximum(0.05 * letters, 5))
        # Capital С and Р before і, ј, ё are Ukrainian, Serbian and Russian too.
        | (facts[:, fact.MISREAD_1251] > np.maximum(0.3 * letters, 5))
        | (facts[:, fact.REPLACED] > np.maximum(0.05 * letters, 2))
        | (facts[:, fact.LOST] > letters)
        # Yoruba has up to half; Chinese in GB 2312 read as Latin has nothing else.
        | ((facts[:, fact.LATIN_1] > 0.6 * letters) & (letters >= 20))
    )
    # Of Python and C without its comments nine in ten; of API reference pages about one in 100.
    code = (
        (facts[:, fact.CODE_LETTERS] > 0.65 * letters)
        & (facts[:, fact.CODE_SIGNS] > np.maximum(2, 4 * facts[:, fact.TEX]))
        & (facts[:, LATIN] > 0.9 * letters)
    ) | ((letters == 0) & (facts[:, fact.CODE] > 0))
    return np.select(
        [
            facts[:, fact.ENCODED] > np.maximum(letters, 1),
            code,
            letters == 0,
            mojibake,
        ],
        ["base64", "code", "no_letters", "mojibake"],
        "",
    )


# How Chinese and Japanese are misread most: what shows them, and what they are.
MISREADINGS = (
    ("gbk", "utf-8"), ("cp932", "utf-8"), ("big5", "utf-8"),
    ("gbk", "big5"), ("big5", "gbk"), ("gbk", "cp932"), ("cp932", "gbk"),
)  # fmt: skip


def rare_han(facts: np.ndarray) -> np.ndarray:
    """Return which texts hold so many rare Han characters that they may be misread.

    Of Chinese and Japanese 95 % are everyday characters, of UTF-8 read as GBK or Shift JIS at most
    half; but also of Cantonese, of lists of elements, birds or fish.
    """
    han = facts[:, HAN]
    return (han >= 20) & (facts[:, fact.FREQUENT] < 0.7 * han)


def misread_han(text: str) -> bool:
    """Return whether a text of rare Han characters makes sense when it is read otherwise.

    >>> misread_han("你好，世界。这是一个例子。".encode().decode("gbk", "ignore"))
    True
    >>> misread_han("镧铈镨钕钷钐铕钆铽镝钬铒铥镱镥是镧系元素")
    False
    """
    wide = "".join(character for character in text if character >= "\u0080")
    for shown, real in MISREADINGS:
        data = wide.encode(shown, "ignore")
        again = data.decode(real, "ignore")
        han = [c for c in again if "\u3040" <= c <= "\u9fff"]
        share = len(again.encode(real, "ignore")) / max(len(data), 1)
        # A wrong guess at UTF-8 leaves hardly a byte; other charsets make something of nearly all.
        if share < (0.6 if real == "utf-8" else 0.8) or 3 * len(han) < len(wide):
            continue
        if share > 0.9 and real == "utf-8":
            return True
        kinds = classes()[[ord(c) for c in han]]
        common = sum(c < "\u3400" for c in han) + np.count_nonzero(kinds & EVERYDAY)
        if common >= (0.7 if real == "utf-8" else 0.9) * len(han):
            return True
    return False


def han_rule(facts: np.ndarray) -> np.ndarray:
    """Return whether Han is over half of the letters, with no more than stray kana or Hangul."""
    letters = facts[:, fact.LETTERS]
    # One の in a Chinese advertisement makes no Japanese text: real ones have over a fifth kana.
    stray = facts[:, KANA] + facts[:, HANGUL] <= 0.02 * letters
    return (2 * facts[:, HAN] > letters) & stray


def scripts(facts: np.ndarray, langs: Iterable[str]) -> list[str]:
    """Return the script of each text as ISO 15924 has it; `Zyyy` without letters.

    Of Chinese, Japanese and Korean it is their own wherever a character of it is there; of others
    the one of most letters.
    """
    strongest = np.argmax(facts[:, 1 : len(SCRIPTS)], axis=1) + 1
    out = []
    for row, lang, most in zip(facts.tolist(), langs, strongest.tolist(), strict=True):
        if row[fact.LETTERS] == 0:
            out.append("Zyyy")
        elif lang == "zh" and row[HAN]:
            hans, hant = row[fact.SIMPLIFIED], row[fact.TRADITIONAL]
            out.append("Hani" if hans == hant else ("Hans" if hans > hant else "Hant"))
        elif lang == "ja" and (row[KANA] or row[HAN]):
            out.append("Jpan")
        elif lang == "ko" and row[HANGUL]:
            out.append("Kore")
        else:
            out.append(ISO_15924.get(SCRIPTS[most]) or SCRIPT_OF.get(lang, "Zzzz"))
    return out


def calibrated(model: Backend, share: np.ndarray) -> np.ndarray:
    """Return how often a proposal of such a share is right."""
    intercept, slope = model.calibration
    share = np.clip(share, 1e-9, 1 - 1e-9)
    return np.minimum(1 / (1 + np.exp(-intercept) * (1 / share - 1) ** slope), CEILING)


def identify(text: pl.Series, model: Backend, budget: int = BUDGET) -> pl.DataFrame:
    """Return one row per text with the columns of `COLUMNS`, and `doubted`.

    `doubted`: the score is the model's, and there were letters enough for it to count.

    >>> from cleaner.models.language.backends import backend
    >>> texts = pl.Series(["The quick brown fox jumps over the lazy dog.", "你好，世界", "123"])
    >>> identify(texts, backend())["lang"].to_list()
    ['en', 'zh', 'und']
    """
    read = windows(text, budget)
    proposal = model.propose(read.offsets, read.data)
    score = calibrated(model, proposal.share)
    why, han = junk(read.facts).astype(object), han_rule(read.facts)
    for i in np.flatnonzero(rare_han(read.facts) & (why == "")).tolist():
        window = read.data[read.offsets[i] : read.offsets[i + 1]].tobytes()
        if misread_han(window.decode(errors="replace")):
            why[i] = "mojibake"
    codes = [*model.codes, Code(UNDETERMINED, "unknown")]  # -1, nothing known, is the last
    proposed = [codes[number] for number in proposal.best.tolist()]
    asked = np.flatnonzero((why == "") & ~han)
    shares = _shares(model, read, asked, [code.lang for code in proposed])
    doubted = ~han & (why == "") & (read.facts[:, fact.LETTERS] >= FLOOR_LETTERS)
    langs, details = [], []
    for i, code in enumerate(proposed):
        if why[i]:
            code, score[i] = Code(UNDETERMINED, why[i]), 0.0
        elif han[i]:
            code = code if code.lang == "zh" else Code("zh")
            score[i] = max(score[i], HAN_SCORE)
        elif i in shares:
            code, doubted[i] = Code(MIXED, code.lang), False
        elif code.lang == UNDETERMINED:
            score[i], doubted[i] = 0.0, False
        langs.append(code.lang)
        details.append(code.detail or code.lang)
    return pl.DataFrame(
        {
            "lang": langs,
            "lang_score": score.round(6),
            "lang_detail": details,
            "script": scripts(read.facts, langs),
            "lang_shares": [shares.get(i) for i in range(len(langs))],
        },
        schema=COLUMNS,
    ).with_columns(doubted=pl.Series(doubted))


def _shares(
    model: Backend, read: Prose, asked: np.ndarray, proposed: list[str]
) -> dict[int, list[dict[str, Any]]]:
    """Return for each text of `asked` that is mixed its languages with their shares.

    A piece speaks for the language proposed for the whole text unless it is sure of another.
    """
    owner, offsets, data = langid.pieces(read.sample_offsets, read.samples, asked, PIECE)
    if not len(owner):
        return {}
    proposal = model.propose(offsets, data)
    sure = calibrated(model, proposal.share) >= SURE
    counts: dict[int, dict[str, int]] = {}
    for i, own, is_sure, length in zip(
        owner.tolist(),
        proposal.best.tolist(),
        sure.tolist(),
        np.diff(offsets).tolist(),
        strict=True,
    ):
        lang = model.codes[own].lang if is_sure else UNDETERMINED
        if lang == UNDETERMINED or {lang, proposed[i]} == SIBLINGS:
            lang = proposed[i]
        of_text = counts.setdefault(i, {})
        of_text[lang] = of_text.get(lang, 0) + length
    out: dict[int, list[dict[str, Any]]] = {}
    for i, of_text in counts.items():
        if len(of_text) == 1:
            continue
        total = sum(of_text.values())
        parts = sorted((-length, lang) for lang, length in of_text.items())
        if sum(-n > MIXED_SHARE * total for n, lang in parts if lang != UNDETERMINED) > 1:
            out[i] = [{"lang": lang, "share": round(-n / total, 6)} for n, lang in parts]
    return out
