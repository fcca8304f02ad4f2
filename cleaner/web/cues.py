"""Lines that stand around the text of Chinese pages, known by how they begin or by all they say."""

import re
import unicodedata
from functools import cache

from cleaner.config.word_lists import load_phrases

LONGEST = 40  # characters: a longer line that begins so may be a sentence
_AROUND = r"[\W_]*"


@cache
def _lines() -> tuple[re.Pattern[str], re.Pattern[str]]:
    starts, whole = (
        "|".join(map(re.escape, sorted(load_phrases(name), key=len, reverse=True)))
        for name in ("zh_cue_starts", "zh_cue_lines")
    )
    return re.compile(f"{_AROUND}(?:{starts})"), re.compile(f"{_AROUND}(?:{whole}){_AROUND}")


def is_cue(text: str) -> bool:
    """Return whether a line is one of those that stand around the text.

    >>> is_cue("分享到：微信"), is_cue("【 打印 】"), is_cue("打印机在二楼")
    (True, True, False)
    """
    if len(text) > LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", text).lower()
    starts, whole = _lines()
    if whole.fullmatch(plain):
        return True
    return plain[-1:] not in "。!?" and starts.match(plain) is not None
