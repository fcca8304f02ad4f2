"""Phrases of lists again, by trying each of them everywhere."""

from cleaner.kernels import unicode as u
from cleaner.kernels.signals.lists import fold_phrases


def plain(character: str, marks: bool) -> bool:
    kinds = (u.LETTER, u.DIGIT, u.MARK) if marks else (u.LETTER, u.DIGIT)
    return character != "" and int(u.classes()[ord(character)]) & u.KIND in kinds


def phrases(text: str, listed: list[str]) -> list[str]:
    """Return the phrases that occur in a folded text, from left to right, the longest first."""
    known = sorted(
        {p for p in (fold_phrases(listed) if listed else []) if p}, key=len, reverse=True
    )
    found, i = [], 0
    while i < len(text):
        for phrase in known:
            end = i + len(phrase)
            if not text.startswith(phrase, i):
                continue
            if plain(phrase[0], False) and plain(text[i - 1 : i] if i else "", True):
                continue
            if plain(phrase[-1], False) and plain(text[end : end + 1], True):
                continue
            found.append(phrase)
            i = end
            break
        else:
            i += 1
    return found
