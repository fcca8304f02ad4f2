"""All counts of the signals again, in plain Python over strings: one function, one text."""

import math
import re
from collections import Counter

from cleaner.kernels import unicode as u
from cleaner.kernels.signals.columns import COLUMNS
from cleaner.kernels.signals.short_lines import FUNCTIONS
from cleaner.kernels.signals.stop_words import STOP_WORDS
from cleaner.kernels.text.segment import FORMULA, SINGLE
from support import segment_reference
from support.misread_reference import misread

FORM = "\U0010ffff"  # stands for a formula: no letter, no mark, no space
ENDS = re.compile("[\n\u2028\u2029]")


def cls(character: str) -> int:
    return int(u.classes()[ord(character)])


def kind(character: str) -> int:
    return cls(character) & u.KIND


def has(character: str, flag: int) -> bool:
    return bool(cls(character) & flag)


def is_space(character: str) -> bool:
    return kind(character) in (u.SPACE, u.NEWLINE)


def strip(text: str) -> str:
    a, b = 0, len(text)
    while a < b and is_space(text[a]):
        a += 1
    while a < b and is_space(text[b - 1]):
        b -= 1
    return text[a:b]


def count(text: str, mode: int) -> dict[str, float]:
    """Return every column, and `word_entropy` and `byte_entropy`."""
    words = segment_reference.words(text, mode)
    formulas = [(a, b) for a, b, k in words if k == FORMULA]
    masked, at = "", 0  # the text with one sign for each formula
    for a, b in formulas:
        masked += text[at:a] + FORM
        at = b
    masked += text[at:]
    out: dict[str, float] = dict.fromkeys((*COLUMNS, "word_entropy", "byte_entropy"), 0)
    out["bytes"] = len(text.encode())
    if text:
        characters(masked, len(formulas), out)
        out["raw_characters"] = len(text)
        out["formula_characters"] = sum(b - a for a, b in formulas)
        of_words(text, words, out)
        repetition(words, text, out)
        out["chunks"] = chunks(masked)
        of_lines(text, words, formulas, out)
        of_formulas(text, formulas, out)
        raw = text.encode()
        shares = [n / len(raw) for n in Counter(raw).values()]
        out.pop("fence", None)
        out["byte_entropy"] = -sum(s * math.log2(s) for s in shares)
    return out


def characters(masked: str, formulas: int, out: dict[str, float]) -> None:
    plain = masked.replace(FORM, "") if formulas else masked
    out["characters"] = len(masked)
    kinds = Counter(map(kind, plain))
    letters = [c for c in plain if has(c, u.ALPHA)]
    out["letters"] = len(letters)
    out["upper"] = sum(has(c, u.UPPER) for c in letters)
    out["digits"] = sum(kind(c) == u.DIGIT for c in plain)
    for name, k in [
        ("spaces", u.SPACE), ("newlines", u.NEWLINE), ("symbols", u.SYMBOL),
        ("private", u.PRIVATE), ("replacements", u.REPLACEMENT),
    ]:  # fmt: skip
        out[name] = kinds[k]
    soft = plain.count("\u00ad")
    out["punctuation"] = kinds[u.PUNCTUATION] + kinds[u.APOSTROPHE] + kinds[u.HYPHEN] - soft
    out["controls"] = kinds[u.CONTROL] + kinds[u.JOINER] + soft
    out["emoji"] = sum(kind(c) == u.SYMBOL and has(c, u.EMOJI) for c in plain)
    out["parens"] = sum(plain.count(c) for c in "()（）")
    out["open_braces"] = plain.count("{")
    out["hashes"] = plain.count("#")
    out["ellipses"] = masked.count("...") + masked.count("…")
    for number, script in enumerate(u.SCRIPTS):
        out[script] = sum(cls(c) >> u.SCRIPT_SHIFT & u.SCRIPT == number for c in letters)
    han = [c for c in letters if cls(c) >> u.SCRIPT_SHIFT & u.SCRIPT == 2]
    out["rare_han"] = sum(not has(c, u.EVERYDAY) for c in han)
    out["replacement_lines"] = sum("\ufffd" in line for line in masked.split("\n"))
    out["mojibake"] = sum(
        misread(piece) + sum(map(len, re.findall("锟斤拷|烫{4,}|屯{4,}", piece)))
        for piece in masked.split(FORM)
    )


def of_words(text: str, words: list[tuple[int, int, int]], out: dict[str, float]) -> None:
    lengths = [1 if k == FORMULA else b - a for a, b, k in words]
    out["words"] = out["tokens"] = len(words)
    out["word_characters"] = sum(lengths)
    if words:
        ordered = sorted(lengths)
        out["median_twice"] = ordered[len(ordered) // 2] + ordered[(len(ordered) - 1) // 2]
        out["longest_word"] = ordered[-1]
    out["alpha_words"] = sum(any(has(c, u.ALPHA) for c in text[a:b]) for a, b, _ in words)
    out["spaced_han"] = sum(
        k == SINGLE and a > 1 and b < len(text) - 1 and text[a - 1] == " " == text[b]
        and len(text[:a].encode()) > 1 and len(text[b:].encode()) > 1
        and (not text[a - 2].isascii() or text[b + 1] >= "\u3000")
        for a, b, k in words
    )  # fmt: skip
    tally = Counter(text[a:b] for a, b, _ in words)
    if words:
        out["unique_words"] = len(tally)
        out["top_word"] = max(tally.values())
        shares = [n / len(words) for n in tally.values()]
        out["word_entropy"] = -sum(s * math.log(s) for s in shares)
    for code, listed in STOP_WORDS.items():
        found: list[str] = []
        for a, b, k in words:
            word = text[a:b]
            if k == FORMULA:
                continue
            small = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in word)
            if small in listed:
                found.append(small)
            elif code == "ko" and len(word.encode()) > 3 and "\ua000" <= word[-1] <= "\udfff":
                found += [end for n in (2, 1) if (end := ending(word, n)) in listed][:1]
        out[f"stop_{code}"] = len(set(found))
        out[f"stops_{code}"] = len(found)


def ending(word: str, n: int) -> str | None:
    """Return the last n syllables, three bytes each, of a longer word."""
    end = word[-n:]
    return end if len(word) > n and len(end.encode()) == 3 * n else None


def repetition(words: list[tuple[int, int, int]], text: str, out: dict[str, float]) -> None:
    tokens = [text[a:b] for a, b, _ in words]
    lengths = [1 if k == FORMULA else b - a for a, b, k in words]
    singles = [k == SINGLE for _, _, k in words]
    for n in (2, 3, 4):
        grams = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
        if grams:
            top, times = Counter(grams).most_common(1)[0]
            i = grams.index(top)
            gaps = sum(not (singles[j] and singles[j + 1]) for j in range(i, i + n - 1))
            out[f"top_{n}"] = times * (sum(lengths[i : i + n]) + gaps)
    for n in (5, 6, 7, 8, 9, 10, 13):
        seen, repeated, i = set(), 0, 0
        while i < len(tokens) - n + 1:
            gram = tuple(tokens[i : i + n])
            if gram in seen:
                repeated += sum(lengths[i : i + n])
                i += n
            else:
                seen.add(gram)
                i += 1
        out[f"dup_{n}"] = repeated


def chunks(masked: str) -> int:
    """Return the runs without white space that hold a letter or digit."""
    total = 0
    for run in "".join(" " if is_space(c) else c for c in masked).split(" "):
        for piece in re.split("(G)", "".join(signs(c) for c in run)):
            total += "W" in piece or "G" in piece
    return total


def signs(character: str) -> str:
    if character == FORM:
        return "W"
    return {u.GRAPHEME: "G", u.LETTER: "W", u.DIGIT: "W"}.get(kind(character), ".")


def of_lines(
    text: str,
    words: list[tuple[int, int, int]],
    formulas: list[tuple[int, int]],
    out: dict[str, float],
) -> None:
    inside = [False] * len(text)
    for a, b in formulas:
        inside[a:b] = [True] * (b - a)
    cuts = [m.start() for m in ENDS.finditer(text) if not inside[m.start()]]
    paragraphs: list[list[tuple[int, int]]] = [[]]
    seen: list[tuple[str, int]] = []
    for start, end in zip([0, *(c + 1 for c in cuts)], [*cuts, len(text)], strict=True):
        if end > start and text[end - 1] == "\r" and not inside[end - 1]:
            end -= 1
        if not strip(text[start:end]):
            paragraphs.append([])
            continue
        paragraphs[-1].append((start, end))
        there = [w for w in words if start <= w[0] < end]
        masked = mask(text, start, end, formulas)
        seen.append((text[start:end], len(masked)))
        of_line(text[start:end], masked, there, out)
    out["lines"] = len(seen)
    copies("dup_lines", "dup_line_characters", seen, out)
    joined = [
        (
            "\n".join(text[a:b] for a, b in p),
            sum(len(mask(text, a, b, formulas)) + 1 for a, b in p) - 1,
        )
        for p in paragraphs
        if p
    ]
    out["paragraphs"] = len(joined)
    copies("dup_paragraphs", "dup_paragraph_characters", joined, out)


def mask(text: str, start: int, end: int, formulas: list[tuple[int, int]]) -> str:
    """Return a piece of text with one sign for each of its formulas."""
    out, at = "", start
    for a, b in formulas:
        if start <= a < end:
            out += text[at:a] + FORM
            at = b
    return out + text[at:end]


def copies(name: str, lengths: str, items: list[tuple[str, int]], out: dict[str, float]) -> None:
    known: set[str] = set()
    for item, length in items:
        if item in known:
            out[name] += 1
            out[lengths] += length
        known.add(item)


POLICY = re.compile(
    "terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies"
)


def of_line(
    line: str, masked: str, words: list[tuple[int, int, int]], out: dict[str, float]
) -> None:
    body = strip(line)
    plain = masked.replace(FORM, "")
    out["line_characters"] += len(masked)
    out["longest_line"] = max(out["longest_line"], len(masked))
    out["short_lines"] += len(masked) <= 30
    out["long_lines"] += len(masked) >= 200
    out["bullet_lines"] += has(body[0], u.BULLET)
    out["ellipsis_lines"] += body.endswith(("...", "…"))
    out["terminal_lines"] += has(body[-1], u.TERMINAL)
    letters = sum(has(c, u.ALPHA) for c in plain)
    upper = sum(has(c, u.UPPER) for c in plain)
    digits = sum(kind(c) == u.DIGIT for c in plain)
    marks = any(has(c, u.TERMINAL | u.CLAUSE) for c in plain)
    out["upper_lines"] += 2 * upper > letters
    out["digit_lines"] += digits > 0 and letters == 0
    out["stub_lines"] += len(masked) <= 20 and not marks
    out["unpunctuated"] += 0 if marks else len(masked)
    marked = masked.count(FORM)
    cut = 2 * upper > letters or (digits > 0 and letters == 0) or len(words) < 2
    cut |= is_counter(body)
    spared = len(words) - marked <= 2 if marked else is_equation(body)
    out["refinedweb_cut"] += len(words) if cut and not spared else 0
    han = sum(cls(c) >> u.SCRIPT_SHIFT & u.SCRIPT == 2 for c in plain)
    signs = sum(c in ";{}=()[]<>_#|\\`$&*@" for c in plain)
    code = han == 0 and (10 * signs > letters or (signs > 0 and INDENT.match(line) is not None))
    mark = FENCE.match(line)
    inside = out.get("fence", "")
    if inside:
        if (
            mark
            and mark[1][0] == inside[0]
            and len(mark[1]) >= len(inside)
            and not mark[2].strip(" \t\r")
        ):
            out["fence"] = ""
    elif mark:
        out["fence"] = mark[1]
    if not out.get("fence") and not mark and not code:
        out["prose_characters"] += sum(c != FORM and not is_space(c) for c in plain if c > " ")
        out["prose_han"] += han
        out["prose_digits"] += digits
        out["prose_line_characters"] += len(masked)
        out["prose_unpunctuated"] += 0 if marks or marked else len(masked)
    small = [piece.translate(SMALL) for piece in masked.split(FORM)]
    javascript = any("javascript" in piece for piece in small)
    policy = any(POLICY.search(piece) for piece in small)
    lorem = any("lorem ipsum" in piece for piece in small)
    out["javascript_lines"] += javascript
    out["policy_lines"] += policy
    out["lorem_ipsum"] += lorem
    if long_run(body):
        return
    closed = without_citations(body)
    ended = (
        bool(closed) and not closed.endswith(("...", "…")) and has(closed[-1], u.TERMINAL | u.QUOTE)
    )
    for prefix, fewest in (("c4", 5), ("c4_datatrove", 3), ("c4_any", 3)):
        if chunks(masked) < fewest or (prefix != "c4_any" and not ended):
            continue
        out[f"{prefix}_lorem"] += lorem
        if javascript:
            continue
        out[f"{prefix}_curly"] += "{" in plain
        if policy:
            continue
        out[f"{prefix}_lines"] += 1
        out[f"{prefix}_words"] += len(words)
        out[f"{prefix}_sentences"] += sentences(closed)


SMALL = {upper: upper + 32 for upper in range(65, 91)}


INDENT = re.compile(r" {0,3}\t| {4}")
FENCE = re.compile(r" {0,3}(`{3,}(?![^\n]*`)|~{3,})([^\n]*)")
COUNTER = re.compile(
    r"[0-9][0-9,.]* *[km万千]?\+? *[次条个]?(?:like|share|comment|retweet|repost|quote|bookmark|"
    r"upvote|downvote|download|view|follower|reply|replies|点赞|赞|评论|转发|收藏|浏览|阅读|回复|粉丝|"
    r"下载)s?",
    re.I | re.A,
)
FUNCTION = re.compile(f"(?:{'|'.join(FUNCTIONS)})")


def in_word(character: str) -> bool:
    return character == "_" or kind(character) in (u.LETTER, u.DIGIT, u.MARK, u.GRAPHEME)


def is_counter(body: str) -> bool:
    """Return whether a line says how many likes there are, or the like."""
    while body and not in_word(body[0]):
        body = body[1:]
    while body and not in_word(body[-1]):
        body = body[:-1]
    return bool(COUNTER.fullmatch("".join(" " if is_space(c) else c for c in body)))


def is_equation(body: str) -> bool:
    """Return whether a line without marked formulas is one."""
    if re.search(r'["#&;?@`]', body):
        return False
    if any(len(n) > 3 and not FUNCTION.fullmatch(n) for n in re.findall("[A-Za-z]+", body)):
        return False
    greek = u.SCRIPTS.index("greek")
    kinds = ""
    for c in body:
        if not c.isascii() and has(c, u.ALPHA) and cls(c) >> u.SCRIPT_SHIFT & u.SCRIPT != greek:
            return False
        term = kind(c) == u.DIGIT or has(c, u.ALPHA)
        sign = c in "<=>+×÷" or "\u2190" <= c <= "\u21ff" or "\u2208" <= c <= "\u22ff"
        kinds += "t" if term else "s" if sign else "."
    return bool(re.search("t.*s.*t", kinds))


def long_run(body: str) -> bool:
    coded = "".join(" " if is_space(c) or kind(c) == u.GRAPHEME else "x" for c in body)
    return any(len(run) > 1000 for run in coded.split(" "))


def without_citations(body: str) -> str:
    while found := re.search(r"(\[[0-9]*\]|\[edit\]|\[citation needed\])\Z", body):
        body = strip("x" + body[: found.start()])[1:]
    return body


SHORT = {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "inc", "ltd"}


def sentences(line: str) -> int:
    if not line:
        return 0
    total, i = 1, 0
    while i < len(line):
        start = i
        i += 1
        if not has(line[start], u.TERMINAL):
            continue
        if line[start] == ".":
            if line[i : i + 1] == ".":
                i += len(line[i:]) - len(line[i:].lstrip("."))
                continue
            if re.match(r"[a-z]\.[A-Z]", line[start - 1 : start + 2]) and start:
                total += 1
                continue
        wide = line[start] >= "\x80"
        while i < len(line) and (has(line[i], u.TERMINAL | u.QUOTE) or line[i] in ")]）"):
            wide |= has(line[i], u.TERMINAL) and line[i] >= "\x80"
            i += 1
        short = line[start] == "." and abbreviated(line[:start])
        total += i < len(line) and (wide or is_space(line[i])) and not short
    return total


def abbreviated(before: str) -> bool:
    word = re.search("[A-Za-z]*\\Z", before)[0]
    if len(word) == 1:
        return before[-2:-1] in ("", " ", ".", "(")
    return word.translate(SMALL) in SHORT


COMMAND = re.compile(r"\\([A-Za-z]+|[\s\S]?)")
HOLES = re.compile(
    r"\\\( *\\\)|\\\[ *\\\]|\[公式\]|\[图片\]|\[圖片\]|\[formula\]|\[image\]|\[math\]"
    r"|\[equation\]|\ufffc"
    r"|\$\$ *\$\$|\$ +\$(?!\$)",
)


def of_formulas(text: str, formulas: list[tuple[int, int]], out: dict[str, float]) -> None:
    out["formulas"] = len(formulas)
    lengths = []
    for a, b in formulas:
        width = 2 if text[a + 1] == "$" else 1
        body = text[a + width : b - width]
        lengths.append(len(body))
        out["valid_formulas"] += parses(body)
        out["number_formulas"] += is_number(body)
    if lengths:
        lengths.sort()
        out["median_formula_twice"] = lengths[len(lengths) // 2] + lengths[(len(lengths) - 1) // 2]
    at = 0
    for a, b in [*formulas, (len(text), len(text))]:
        tex_marks(text[at:a], False, out)
        tex_marks(text[a:b], True, out)
        at = b


def tex_marks(text: str, inside: bool, out: dict[str, float]) -> None:
    small = text.translate(SMALL)
    i = 0
    while i < len(text):
        if re.compile(r"\\[A-Za-z]{2}").match(text, i):
            out["tex_commands"] += 1
            i += 2
        elif not inside and (hole := HOLES.match(small, i)):
            out["empty_formulas"] += 1
            i = i + 1 if hole[0][0] in "[\ufffc" else hole.end()
        elif text[i] == "\\":
            i += 2
        elif not inside and text[i] == "$":
            i += 2 if text[i + 1 : i + 2] == "$" else 1
            i += len(text[i:]) - len(text[i:].lstrip(" "))
        else:
            i += 1


def parses(body: str) -> bool:
    braces = fences = 0
    environments: list[str] = []
    wants = False
    i = 0
    while i < len(body):
        c = body[i]
        i += 1
        if c in " \n\t\r":
            continue
        if c in "^_":
            if wants:
                return False
            wants = True
            continue
        if (c == "`" and not braces) or body.startswith("</", i - 1):
            return False
        if c == "{":
            braces += 1
        elif c == "}":
            braces -= 1
            if braces < 0 or wants:
                return False
        elif c == "\\":
            found = COMMAND.match(body, i - 1)
            if not found[1]:
                return False
            i = found.end()
            if found[1] == "left":
                fences += 1
            elif found[1] == "right":
                fences -= 1
                if fences < 0:
                    return False
            elif found[1] in ("begin", "end"):
                named = re.compile(r" *\{([^}]*)\}").match(body, i)
                if not named:
                    return False
                i = named.end()
                if found[1] == "begin":
                    if len(environments) == 32:
                        return False
                    environments.append(named[1])
                elif not environments or environments.pop() != named[1]:
                    return False
        wants = False
    return not (braces or fences or environments or wants)


def is_number(body: str) -> bool:
    digits = False
    i = 0
    while i < len(body):
        c = body[i]
        i += 1
        if "0" <= c <= "9":
            digits = True
        elif re.match("[A-Za-z=^_]", c) or c >= "\x80":
            return False
        elif c == "\\":
            name = re.compile("[A-Za-z]*").match(body, i)
            i = name.end() or i
            if name[0]:
                if name[0] not in ("text", "mathrm", "unit"):
                    return False
                given = re.compile(r" *\{([^}]*)\}").match(body, i)
                if not given:
                    return False
                i = given.end()
            else:
                i += 1
    return digits
