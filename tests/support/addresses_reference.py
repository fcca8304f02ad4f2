"""URLs in text again, with regular expressions."""

import re

BODY = r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*"
WWW = re.compile(r"(?<![A-Za-z0-9])www\.(?=[A-Za-z0-9])", re.I)
SCHEME = re.compile(r"(?:https|http|ftp)\Z", re.I)
AFTER_SCHEME = re.compile(r"://(?=[A-Za-z0-9])")


def trimmed(url: str, keep: int) -> str:
    """Return a URL without the punctuation of the sentence around it; `keep` characters stay."""
    while len(url) > keep:
        if url[-1] == ")":
            if url[keep:].count("(") >= url[keep:].count(")"):
                break
        elif url[-1] not in ".,:;!?']*":
            break
        url = url[:-1]
    return url


def urls(text: str) -> list[tuple[int, int]]:
    """Return start and end of every URL, in order and apart."""
    found: list[tuple[int, int]] = []
    free = i = 0
    while i < len(text):
        here: tuple[int, int] | None = None
        if AFTER_SCHEME.match(text, i):
            scheme = SCHEME.search(text[free:i])
            if scheme:
                body = trimmed("://" + re.compile(BODY).match(text, i + 3)[0], 3)
                here = (i - len(scheme[0]), i + len(body))
        elif WWW.match(text, i):
            here = (i, i + len(trimmed("www." + re.compile(BODY).match(text, i + 4)[0], 4)))
        if here:
            found.append(here)
            free = i = here[1]
        else:
            i += 1
    return found
