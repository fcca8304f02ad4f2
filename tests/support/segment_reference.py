"""The split into words again, with regular expressions over Python strings."""

import re

from cleaner.kernels import unicode as u
from cleaner.kernels.text.segment import FORMULA, MARKED, OFF, RULE, RUN, SINGLE

LETTERS = {
    u.LETTER: "W",
    u.DIGIT: "W",
    u.MARK: "M",
    u.GRAPHEME: "G",
    u.APOSTROPHE: "A",
    u.HYPHEN: "A",
    u.JOINER: "J",
    u.SPACE: "s",
    u.NEWLINE: "s",
}
WORD = re.compile("W[WM]*(?:(?:A(?=W)|J)[WM]+)*|G[MJ]*")
FENCE = re.compile(r" {0,3}(`{3,}(?!.*`)|~{3,})(.*)", re.S)
BODY = r"((?:\\[^\n]|[^$\\]|\\(?=\n|\Z))+)"
DISPLAY = re.compile(r"\$\$" + BODY + r"\$\$", re.S)
INLINE = re.compile(r"\$" + BODY + r"\$", re.S)


def kind_of(character: str) -> int:
    return int(u.classes()[ord(character)]) & u.KIND


def blank(line: str) -> bool:
    return all(kind_of(c) in (u.SPACE, u.NEWLINE) for c in line)


def code_lines(text: str) -> list[bool]:
    """Return for each character whether no formula opens there."""
    closed, inside, opener = [], False, ""
    for line in text.split("\n"):
        found = FENCE.fullmatch(line)
        if inside:
            code = True
            if found and found[1][0] == opener[0] and len(found[1]) >= len(opener):
                inside = bool(found[2].strip(" \t\r"))
        elif found:
            code = inside = True
            opener = found[1]
        else:
            code = bool(re.match(r" {4}| {0,3}\t", line))
        closed += [code] * (len(line) + 1)
    return closed


def is_formula(body: str, after: str, display: bool, mode: int) -> bool:
    later = body.split("\n")[1:]  # the last one goes on after the dollar
    if any(blank(line) for line in later[:-1]) or (
        mode == RULE and any(FENCE.fullmatch(x) for x in later[:-1])
    ):
        return False
    if mode == MARKED:
        return True
    if len(body) > (3000 if display else 300):
        return False
    sign = any(c in "\\_^=<>" for c in body)
    if display:
        return sign
    letters = len(body) <= 3 and all(int(u.classes()[ord(c)]) & u.ALPHA for c in body)
    edges = blank(body[0]) or blank(body[-1])
    return (sign or letters) and not edges and not re.match("[0-9]", after)


def formulas(text: str, mode: int) -> list[tuple[int, int]]:
    """Return where formulas start and end."""
    found, i, code = [], 0, code_lines(text) if mode == RULE else [False] * len(text)
    lines = [0]
    for line in text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)
    while mode != OFF and i < len(text):
        if text[i] != "$" or code[i]:
            i += 1
            continue
        escaped = (i - len(text[:i].rstrip("\\"))) % 2
        display = text.startswith("$$", i)
        pair = (DISPLAY if display else INLINE).match(text, i)
        if escaped or not pair or crosses(text, i, pair.end(), mode):
            i += 2 if display and not escaped else 1
        elif is_formula(pair[1], text[pair.end() :], display, mode):
            found.append((i, pair.end()))
            i = pair.end()
        else:
            i += 2 if display else 1
    return found


def crosses(text: str, start: int, end: int, mode: int) -> bool:
    """Return whether a line that begins inside is blank or a fence, read to its own end."""
    for newline in re.finditer("\n", text[start:end]):
        line = text[start + newline.end() :].split("\n")[0]
        if blank(line) or (mode == RULE and FENCE.fullmatch(line)):
            return True
    return False


def words(text: str, mode: int) -> list[tuple[int, int, int]]:
    """Return start, end (in characters) and kind of every word."""
    spans = formulas(text, mode)
    kinds = [LETTERS.get(kind_of(c), ".") for c in text]
    for start, end in spans:
        kinds[start:end] = "." * (end - start)
    out = [
        (m.start(), m.end(), SINGLE if m[0][0] == "G" else RUN)
        for m in WORD.finditer("".join(kinds))
    ]
    return sorted(out + [(start, end, FORMULA) for start, end in spans])
