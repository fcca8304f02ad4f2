"""What an answer must keep of the text that it was made of, each rule a reason of its own."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cleaner.models.rewriting.facts import Facts, contained, facts_of
from cleaner.models.rewriting.replies import Said, in_dollars
from cleaner.text.segment import Formulas

_FEW = 3  # new words that are no share of anything
_LETTERS = 200  # of each text, for its language to be told
_REFUSING = re.compile(
    r"cannot|can't|unable|not able|not appropriate|无法|不能|政策|policy|against"
)
# How replies begin that are no text, in words that no list has whole.
_REFUSAL = re.compile(
    r"(?:sorry|apologi[sz]e|regret|unfortunately)[^.\n]{0,60}?"
    r"\b(?:cannot|can't|can not|unable|won't|not able)\b"
    r"|^i (?:cannot|can't|can not|am unable to|'m unable to|won't|must decline)\b"
    r"|(?:抱歉|对不起|很遗憾|不好意思)[^。\n]{0,20}?(?:无法|不能|不可以|没办法)|^我(?:无法|不能|没办法)"
)
_OPENING = re.compile(
    r"^(?:sure|certainly|of course|absolutely|okay|ok|great|no problem)\b[!,.: ]"
    r"|^(?:here(?:'s| is| are)|below is|this is) (?:the|your|a|my) [^\n]{0,60}?"
    r"(?:text|version|page|rewrit|content|document|clean)[^\n]{0,40}?:"
    r"|^(?:好的|当然|没问题|可以的)[,!。:]"
    r"|^(?:以下|下面)(?:是|为)[^\n]{0,30}?(?:文本|内容|版本|结果|正文|网页|页面)[^\n]{0,10}?:"
)
_BEGINNING = 200  # characters in which a reply says such things
_SENTENCE = re.compile(r"[^\n。.!?！？;；:：]{12,}")
_LATIN = 30  # characters of a sentence of a prompt, in Latin letters, that nobody says by chance


class Guards(BaseModel):
    """The limits of an answer; null turns one off. Shares are of what the text, or it, holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    formulas_kept: float | None = Field(1.0, ge=0, le=1)  # share of the text's, by what they set
    formulas_new: float | None = Field(0.0, ge=0, le=1)  # share of the answer's
    numbers_kept: float | None = Field(1.0, ge=0, le=1)
    numbers_new: float | None = Field(0.0, ge=0, le=1)
    names_kept: float | None = Field(0.9, ge=0, le=1)
    names_new: float | None = Field(0.0, ge=0, le=1)
    words_new: float | None = Field(0.3, ge=0, le=1)  # share of its words; of Han, of its pairs
    length: tuple[float, float] | None = (0.3, 1.5)  # words of the answer for one of the text
    language: bool = True  # it is in the language of the text
    manners: bool = True  # no refusal, greeting or echo of the prompt

    def changed(self, options: dict[str, Any]) -> "Guards":
        """Return these limits with some of them others."""
        return Guards.model_validate({**self.model_dump(), **options})


def broken(
    guards: Guards,
    text: str,
    said: Said,
    instruction: str,
    phrases: Sequence[str],
    formulas: Formulas = True,
) -> list[str]:
    """Return the reasons why an answer is not taken for another form of a text; none: it is.

    >>> broken(Guards(), "Let $x=1$ be so.", Said("Let $x=2$ be so.", True), "", ())
    ['rewrite_formulas', 'rewrite_new_formulas']
    """
    if not said.text:
        return ["rewrite_empty"]
    found = [] if said.whole else ["rewrite_cut"]
    if guards.manners:
        found += _manners(text, said.text, instruction, phrases)
    one, other = facts_of(in_dollars(text, formulas), formulas), facts_of(said.text, formulas)
    return found + list(_lost_and_new(guards, text, said.text, one, other))


def _lost_and_new(guards: Guards, text: str, reply: str, one: Facts, other: Facts) -> Iterator[str]:
    ratio = len(other.words) / max(1, len(one.words))
    if guards.length is not None and not guards.length[0] <= ratio <= guards.length[1]:
        yield "rewrite_length"
    if guards.language and not _same_language(text, reply, one, other):
        yield "rewrite_language"
    lost = [tex for tex in one.formulas if not contained(tex, other)]
    if _over(len(lost), len(one.formulas), guards.formulas_kept, kept=True):
        yield "rewrite_formulas"
    new = [tex for tex in other.formulas if not contained(tex, one, plain=True)]
    if _over(len(new), len(other.formulas), guards.formulas_new):
        yield "rewrite_new_formulas"
    have, there = one.numbers | one.numbers_within, other.numbers | other.numbers_within
    if _over(len(one.numbers - there), len(one.numbers), guards.numbers_kept, kept=True):
        yield "rewrite_numbers"
    if _over(len(other.numbers - have), len(other.numbers), guards.numbers_new):
        yield "rewrite_new_numbers"
    gone = [name for name in one.names if name not in other.folded]
    if _over(len(gone), len(one.names), guards.names_kept, kept=True):
        yield "rewrite_names"
    strange = [name for name in other.names if name not in one.folded]
    if _over(len(strange), len(other.names), guards.names_new):
        yield "rewrite_new_names"
    fresh = sum(unit not in one.unit_set for unit in other.units)
    if fresh > _FEW and _over(fresh, len(other.units), guards.words_new):
        yield "rewrite_new_words"


def _over(count: int, of: int, limit: float | None, kept: bool = False) -> bool:
    if limit is None or not count:
        return False
    # 1e-9: 0.9 of ten is nine, whatever binary fractions make of it
    return count / of > (1 - limit if kept else limit) + 1e-9


def folded(text: str) -> str:
    """Return a text as phrases are compared: compatibility forms and case are one."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def _manners(text: str, reply: str, instruction: str, phrases: Sequence[str]) -> list[str]:
    mine, theirs = folded(text), folded(reply)
    said = [phrase for phrase in phrases if phrase in theirs and phrase not in mine]
    refused = [phrase for phrase in said if _REFUSING.search(phrase)]
    begins = theirs[:_BEGINNING].lstrip('*#>"“ \n')
    refuses, greets = (
        (found := pattern.search(begins)) is not None and found.group() not in mine
        for pattern in (_REFUSAL, _OPENING)
    )
    echoed = "<<<page" in theirs and "<<<page" not in mine
    for sentence in map(str.strip, _SENTENCE.findall(folded(instruction))):
        if len(sentence) >= _LATIN or not sentence.isascii():
            echoed |= sentence in theirs and sentence not in mine
    reasons = {
        "rewrite_refused": refuses or bool(refused),
        "rewrite_chat": greets or len(said) > len(refused),
        "rewrite_echo": echoed,
    }
    return [reason for reason, is_so in reasons.items() if is_so]


def _same_language(text: str, reply: str, one: Facts, other: Facts) -> bool:
    """Return whether both are in one language, as far as so few words tell."""
    if min(one.letters, other.letters) == 0:
        return True
    if abs(one.han - other.han) > 0.5:
        return False
    if max(one.han, other.han) > 0.5 or min(one.letters, other.letters) < _LETTERS:
        return True
    langs = [_lang(text), _lang(reply)]
    return langs[0] == langs[1] or bool({"und", "mixed"} & set(langs))


def _lang(text: str) -> str:
    import polars as pl

    from cleaner.models.language.backends import backend
    from cleaner.models.language.language import identify

    return str(identify(pl.Series([text]), backend())["lang"][0])
