"""What the kernel of preparation must give, in plain Python over the segmentation's reference."""

import re

from cleaner.kernels.text.segment import FORMULA, OFF, RULE, SINGLE
from support.segment_reference import words

COMMAND = re.compile(r"\\(?:([A-Za-z]+)|.)", re.DOTALL)


def small(text: str) -> str:
    out = []
    for c in text:
        lower = c.lower()
        steady = ord(c) < 0x590 or 0x1E00 <= ord(c) < 0x2000
        short = len(lower) == 1 and len(lower.encode()) <= len(c.encode())
        out.append(lower if steady and short and (ord(c) < 128 or ord(lower) > 127) else c)
    return "".join(out)


def prepare(text: str, formulas: str, has_letter: object, breaks: bool = False) -> str:
    tokens: list[str] = []
    parted: list[bool] = []
    number_end = last_end = -1
    for start, end, kind in words(text, OFF if formulas == "text" else RULE):
        word = text[start:end]
        if kind == FORMULA:
            if formulas == "none":
                continue
            named = [name for name in COMMAND.findall(word) if name]
            new = [token for name in named for token in ("<tex>", f"<tex:{name}>")] or ["<tex>"]
        elif kind == SINGLE:
            new = [word]
        elif (
            formulas != "text"
            and start > 0
            and text[start - 1] == "\\"
            and (name := re.match("[A-Za-z]+", word))
        ):
            if formulas == "none":
                continue
            tokens += ["<tex>", f"<tex:{name[0]}>"]
            parted += [last_end != start, False]
            continue
        elif not any(has_letter(c) for c in word):  # type: ignore[operator]
            if not (number_end == start - 1 and start > 0 and text[start - 1] in ".,"):
                between = text[number_end:start]
                calculated = (
                    formulas == "commands"
                    and number_end >= 0
                    and len(between.encode()) <= 8
                    and "\n" not in between
                    and bool(set(between) & set("=+*×÷"))
                )
                tokens += ["<tex>", "<num>"] if calculated else ["<num>"]
                parted += [last_end != start] + [False] * calculated
            number_end = last_end = end
            continue
        else:
            new = [small(word)]
        tokens += new
        parted += [last_end != start] + [False] * (len(new) - 1)
        number_end, last_end = -1, end
    line = ""
    for token, apart in zip(tokens, parted, strict=True):
        line += (("\n" if breaks and apart else " ") if line else "") + token
    return line
