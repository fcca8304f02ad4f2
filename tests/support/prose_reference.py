"""Masking, counting and cutting again, with regular expressions over Python bytes and strings."""

import re

from cleaner.kernels import unicode as u
from cleaner.kernels.language import facts as fact
from cleaner.kernels.language.excerpt import SAMPLE, SAMPLES, SEEN, SPAN
from cleaner.kernels.language.mask import LONG_WORD, MAX_CODE_SPAN, MAX_FORMULA, MAX_TAG, MAX_URL
from cleaner.kernels.text.segment import RULE
from support.misread_reference import misread
from support.segment_reference import DISPLAY, INLINE, crosses, is_formula

FENCE = re.compile(rb"[ \t]*? {0,3}(`{3,}(?![^\n]*`)|~{3,})([^\n]*)")
URL = re.compile(rb"[^\x00-\x20\"'<>)\]}`\\\x7f-\xff]{0,%d}" % MAX_URL)
MAIL = re.compile(rb"[A-Za-z0-9._%+-]*[A-Za-z0-9]\Z")
HOST = re.compile(rb"@[A-Za-z0-9.-]*")
TAG = re.compile(rb"<[A-Za-z!/?][^<>]{0,%d}>" % (MAX_TAG - 3))
TICKS = re.compile(rb"`+|\n(?=\n)")
NAMING = re.compile(
    rb"\\(?:begin|end|ref|label|citep?|citet|eqref|href|input|include|includegraphics|usepackage|"
    rb"documentclass|pageref|autoref|bibliography|url|hspace|vspace|newcommand|bibliographystyle|"
    rb"autocite)(?![A-Za-z])\*?"
)
BEGIN = re.compile(
    rb"\\begin\*?\{(equation|align|gather|multline|eqnarray|displaymath|math|alignat|flalign|array|"
    rb"split|tikzpicture|verbatim|lstlisting)(?![A-Za-z])"
)


def braces(data: bytes, i: int, pair: bytes) -> int:
    if data[i : i + 1] != pair[:1]:
        return i
    depth = 0
    for k in range(i, min(len(data), i + MAX_FORMULA)):
        depth += (data[k] == pair[0]) - (data[k] == pair[1])
        if data[k] == 10:
            return i
        if depth == 0:
            return k + 1
    return i


def tex(data: bytes, i: int) -> int:
    for opening, closing in ((rb"\(", rb"\)"), (rb"\[", rb"\]")):
        if data.startswith(opening, i):
            end = re.compile(re.escape(closing) + rb"|\n\n").search(data, i + 2)
            fits = end and end.start() < min(len(data) - 1, i + 2 + MAX_FORMULA)
            return end.end() if fits and end[0] == closing else i + 2
    name = re.compile(rb"\\[A-Za-z]+").match(data, i)
    if not name:
        return i + 2 if re.compile(rb"\\[^\n\x80-\xff]", re.S).match(data, i) else i + 1
    naming = NAMING.match(data, i)
    if not naming:
        return name.end()
    display = BEGIN.match(data, i)
    if display:
        close = data.find(rb"\end{" + display[1], display.end())
        if 0 <= close < i + MAX_FORMULA:
            return braces(data, close + 4, b"{}")
    end = naming.end()
    for _ in range(3):
        end = braces(data, braces(data, end, b"[]"), b"{}")
    return end


def formula(data: bytes, i: int) -> int:
    """Return the end of the formula at the dollar, or minus the dollars that are passed."""
    text, at = data.decode(), len(data[:i].decode())
    if (at - len(text[:at].rstrip("\\"))) % 2:
        return -1
    display = text.startswith("$$", at)
    none = -2 if display else -1
    pair = (DISPLAY if display else INLINE).match(text, at)
    if not pair or crosses(text, at, pair.end(), RULE):
        return none
    fine = is_formula(pair[1], text[pair.end() :], display, RULE)
    return len(text[: pair.end()].encode()) if fine else none


def span(data: bytes, i: int) -> int:
    run = len(re.compile(rb"`+").match(data, i)[0])  # type: ignore[index]
    for found in TICKS.finditer(data, i + run):
        if found.start() >= i + run + MAX_CODE_SPAN or found[0] == b"\n":
            break
        if len(found[0]) == run:
            return found.end()
    return 0


def block(data: bytes, at: int) -> int:
    opener = FENCE.match(data, at)
    if not opener:
        return 0
    k = data.find(b"\n", at)
    while k >= 0:
        closer = FENCE.match(data, k + 1)
        bare = closer and not closer[2].strip(b" \t\r")
        if bare and closer[1].startswith(opener[1]):
            return closer.end()
        k = data.find(b"\n", k + 1)
    return 0


def encoded(word: bytes) -> bool:
    if len(word) < LONG_WORD or not re.fullmatch(rb"[A-Za-z0-9+/=_\-\"',]+", word):
        return False
    digit, lower, upper = (re.search(c, word) for c in (rb"[0-9]", rb"[a-z]", rb"[A-Z]"))
    hexadecimal = (lower or upper) and not re.search(rb"[g-zG-Z]", word)
    return bool(digit and ((lower and upper) or hexadecimal))


def masked(data: bytes) -> tuple[bytes, dict[int, int]]:
    """Return `data` masked, and what was counted doing it."""
    out, word, i = bytearray(), 0, 0
    facts = {fact.ENCODED: 0, fact.CODE: 0, fact.TEX: 0}
    fences = True

    def end_word() -> None:
        if encoded(bytes(out[word:])):
            facts[fact.ENCODED] += len(out) - word
            del out[word:]

    while i < len(data):
        at = re.compile(rb"[ \t]*").match(data, i).end()  # type: ignore[union-attr]
        if (i == 0 or data[i - 1] == 10) and fences and data[at : at + 1] in (b"`", b"~"):
            end = block(data, at)
            if end:
                facts[fact.CODE] += end - i
                out += b" "
                i, word = end, len(out)
                continue
            fences = not FENCE.match(data, at)
        byte, end = data[i : i + 1], 0
        if byte in (b"\t", b"\v", b"\f", b"\r", b" ", b"\n") or byte >= b"\x80":
            end_word()
            run = re.compile(rb"[\x80-\xff]+|.", re.S).match(data, i)[0]  # type: ignore[index]
            out += run if run >= b"\x80" or run == b"\n" else b" "
            i, word = i + len(run), len(out)
            continue
        if data.startswith(b"://", i):
            while len(out) > word and out[-1:].isalpha():
                del out[-1:]
            end = URL.match(data, i).end()  # type: ignore[union-attr]
        elif byte == b"." and out[word:][-3:].lower() == b"www":
            del out[-3:]
            end = URL.match(data, i).end()  # type: ignore[union-attr]
        elif byte == b"@" and (name := MAIL.search(bytes(out[word:]))):
            host = HOST.match(data, i)
            if re.search(rb"\.(?=[A-Za-z])", host[0]):  # type: ignore[index]
                del out[word + name.start() :]
                end = host.end()  # type: ignore[union-attr]
        elif byte == b"<" and (tag := TAG.match(data, i)):
            end = tag.end()
        elif byte == b"`":
            end = span(data, i)
            facts[fact.CODE] += end - i if end else 0
            end = end or re.compile(rb"`+").match(data, i).end()  # type: ignore[union-attr]
        elif byte == b"\\":
            end = tex(data, i)
            facts[fact.TEX] += end > i + 2
        elif byte == b"$":
            end = formula(data, i)
            if end < 0:
                out += b"$" * -end
                i -= end
                continue
        if end:
            if out and out[-1:] != b" ":
                out += b" "
            i, word = end, len(out)
        else:
            out += byte
            i += 1
    end_word()
    return bytes(out), facts


def misread_1251(text: str) -> int:
    """Return how many characters are pieces of UTF-8 that was read as Windows-1251."""
    image = {bytes([byte]).decode("cp1251"): byte for byte in range(128, 256) if byte != 0x98}
    kinds = ""
    for char in text:
        byte = image.get(char, 0)
        kinds += (
            "c" if 0x80 <= byte < 0xC0 else "2" if 0xC2 <= byte < 0xE0 else "3"
            if 0xE0 <= byte < 0xF0 else "4" if byte >= 0xF0 else "."
        )  # fmt: skip
    return sum(len(x) for x in re.findall("2c|3cc|4ccc", kinds))


def counted(text: str, marks: dict[str, int]) -> dict[int, int]:
    """Return what masked text is made of."""
    facts = dict.fromkeys(range(fact.FACTS), 0)
    for char in text:
        cls = int(u.classes()[ord(char)])
        if (char.isascii() and char.isalpha()) or (not char.isascii() and cls & u.ALPHA):
            facts[cls >> u.SCRIPT_SHIFT & u.SCRIPT] += 1
            facts[fact.LETTERS] += 1
            facts[fact.LETTER_BYTES] += len(char.encode())
        if 0x2200 <= ord(char) < 0x10000:
            facts[fact.FREQUENT] += bool(cls & u.EVERYDAY)
            facts[fact.SIMPLIFIED] += bool(marks.get(char, 0) & fact.HANS)
            facts[fact.TRADITIONAL] += bool(marks.get(char, 0) & fact.HANT)
        facts[fact.LATIN_1] += "\xc0" <= char <= "\xff"
    facts[fact.LOST] = text.count("\ufffd")
    lost = [line.count("\ufffd") for line in text.split("\n")]
    of_words = [
        sum(map(len, re.findall("(?<=[A-Za-z\x80-\ufffc\ufffe-\U0010ffff])\ufffd+", line)))
        for line in text.split("\n")
    ]
    free = [a - b for a, b in zip(lost, of_words, strict=True)]
    facts[fact.REPLACED] = sum(of_words) + sum(free) - max(free)
    facts[fact.MISREAD_1252] = misread(text)
    facts[fact.MISREAD_1251] = misread_1251(text)
    for line in text.split("\n"):
        letters = len(re.findall("[A-Za-z]", line))
        signs = len(re.findall(r"[;{}]|(?<=[A-Za-z0-9_])\(|(?<=:):|(?<=-)>", line))
        signs += len(re.findall("(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])", line))
        signs += bool(re.match("#[A-Za-z]", line))
        weak = len(re.findall(r"(?<=[A-Za-z])\.(?=[A-Za-z])|(?<=[A-Za-z0-9_])\[(?!\^)", line))
        weak += line.endswith(":")
        weak += sum(
            bool(re.search(r"[A-Za-z_)\]](?<!^) ?\Z|\A[A-Za-z_)\]]\Z", line[: m.start()]))
            and not re.match("= ?[0-9=]", line[m.start() :])
            for m in re.finditer("=", line)
        )
        wide = sum(not char.isascii() for char in line)
        facts[fact.CODE_SIGNS] += signs
        if 25 * (signs + weak) > letters and 5 * wide < letters:
            facts[fact.CODE_LETTERS] += letters
    return facts


def border(data: bytes, i: int) -> int:
    while 0 < i < len(data) and data[i] & 0xC0 == 0x80:
        i += 1
    return i


def cut(data: bytes, parts: int, budget: int, gap: bytes) -> bytes:
    if len(data) <= parts * budget:
        return data
    pieces = []
    for k in range(parts):
        start = border(data, (len(data) - budget) * k // (parts - 1))
        pieces.append(
            data[start:] if k == parts - 1 else data[start : border(data, start + budget)]
        )
    return gap.join(pieces)


def read(text: str, budget: int, marks: dict[str, int]) -> tuple[bytes, bytes, list[int]]:
    """Return the windows, the samples and the facts of one text."""
    data = text.encode()
    parts = [data]
    if len(data) > SEEN:
        starts = [border(data, (len(data) - SPAN) * k // 2) for k in range(3)]
        parts = [data[a : border(data, a + SPAN) if k < 2 else None] for k, a in enumerate(starts)]
    found = [masked(part) for part in parts]
    prose = b"".join(out for out, _ in found)
    facts = counted(prose.decode(), marks)
    for _, seen in found:
        for column, number in seen.items():
            facts[column] += number
    windows = cut(prose, 3, budget, b"\n")
    samples = windows if len(prose) <= 3 * budget else cut(prose, SAMPLES, SAMPLE, b"\0")
    return windows, samples, [facts[column] for column in range(fact.FACTS)]
