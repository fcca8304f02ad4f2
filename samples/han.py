"""Simplified and traditional Chinese, as far as our own texts need it: `han.txt`.

Its first two lines are aligned: simplified characters, and the usual traditional one of each. The
other lines name words in which another character is right.
"""

import re
from pathlib import Path

_LINES = Path(__file__).with_name("han.txt").read_text(encoding="utf-8").splitlines()
PHRASES = dict(line.split() for line in _LINES[2:])
TRADITIONAL = dict(zip(map(ord, _LINES[0]), _LINES[1], strict=True))
SIMPLIFIED = {ord(traditional): chr(simplified) for simplified, traditional in TRADITIONAL.items()}
SIMPLIFIED.update(
    {
        ord(traditional): simplified
        for words in PHRASES.items()
        for simplified, traditional in zip(*words, strict=True)
        if simplified != traditional
    }
)
_PHRASE = re.compile(f"({'|'.join(sorted(PHRASES, key=len, reverse=True))})")


def to_traditional(text: str) -> str:
    """Return a simplified text in traditional characters.

    >>> to_traditional("两公里外的面包和干净的钟表")
    '兩公里外的麵包和乾淨的鐘錶'
    """
    parts = _PHRASE.split(text)  # every other part is a phrase
    parts[::2] = [part.translate(TRADITIONAL) for part in parts[::2]]
    parts[1::2] = [PHRASES[part] for part in parts[1::2]]
    return "".join(parts)


def to_simplified(text: str) -> str:
    """Return a text of ours in simplified characters.

    >>> to_simplified("兩公里外的麵包和乾淨的鐘錶")
    '两公里外的面包和干净的钟表'
    """
    return text.translate(SIMPLIFIED)
