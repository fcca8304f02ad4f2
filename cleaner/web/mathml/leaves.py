"""Leaves: identifiers, numbers, operators, words, spaces; a function for each, of its name."""

import re
import unicodedata
from typing import Any

from cleaner.web.mathml.nodes import Converter, joined, variant_of, words_of
from cleaner.web.mathml.symbols import ALPHABET, NAMED, SYMBOLS, VARIANTS
from cleaner.web.tex import clean
from cleaner.web.tex_commands import COMMANDS

_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_COMMAND = re.compile(r"\\(?:([A-Za-z]+)|.)", re.S)
_FONT = re.compile(r"(?:math)?(cal|bb|frak|scr|bf|rm|sf|tt|it)([A-Za-z])")
_ELEMENTS = frozenset(  # elements that make a text of broken markup a row
    str.split(
        "mi mn mo ms mrow mfrac msqrt mroot msub msup msubsup munder mover munderover mtable "
        "mfenced"
    )
)
_ESCAPED = re.compile(r"\\([{}$%#_&])")
_TEXT_ESCAPES = str.maketrans(
    {
        **{char: "\\" + char for char in "{}$%#_&"},
        "\\": r"\textbackslash{}",
        "^": r"\^{}",
        "~": r"\~{}",
        **dict.fromkeys("\u00a0\n\t\r", " "),
        **dict.fromkeys("\u200b\u2061\u2062\u2063"),
    }
)


def raw(to: Converter, text: str) -> str:
    text = text.strip()
    return clean(text)[0] if "\\" in text else "".join(chars(to, text)) if text else ""


def with_tail(to: Converter, node: Any) -> str:
    return joined([to.tex(node), raw(to, node.tail or "")])


def known(tex: str) -> str:
    r"""Return `tex` with the commands that nobody defines as what their names say.

    >>> print(known(r"\calL"), known(r"\alpha"), known(r"\Alice"))
    \mathcal{L} \alpha \operatorname{Alice}
    """
    return _COMMAND.sub(_known, tex)


def _known(match: re.Match[str]) -> str:
    name = match.group(1)
    if name is None or name in COMMANDS:
        return match.group()
    if font := _FONT.fullmatch(name):
        return rf"\math{font[1]}{{{font[2]}}}"
    return rf"\operatorname{{{name}}}"


def chars_of(to: Converter, node: Any) -> str:
    return "".join(chars(to, "".join(node.itertext()).strip()))


def chars(to: Converter, text: str, variant: str = "") -> list[str]:
    """Return the TeX of each character; runs of Chinese and the like become one \\text."""
    text = unicodedata.normalize("NFC", text)
    out: list[str] = []
    words = ""
    for char in text:
        code = ord(char)
        if 0xFF01 <= code <= 0xFF5E:
            char = chr(code - 0xFEE0)
        tex = char_tex(to, char, variant)
        if tex is None:
            words += char
            continue
        if words:
            out.append(rf"\text{{{words}}}")
            words = ""
        out.append(tex)
    if words:
        out.append(rf"\text{{{words}}}")
    return [joined(out)]


def char_tex(to: Converter, char: str, variant: str) -> str | None:
    if char == "\ue020":  # the stroke that KaTeX's font lays over the next sign
        return r"\not"
    if char in ALPHABET:
        char, variant = ALPHABET[char]
        if variant == "italic":
            variant = ""
    if char.isascii():
        tex = char if char.isalnum() else SYMBOLS.get(char, char)
    else:
        found = SYMBOLS.get(char)
        if found is None:
            if unicodedata.combining(char):
                return ""
            return None if char.isalpha() or is_text(char) else char
        tex = found
    return styled(tex, variant, char) if variant else tex


def mi(to: Converter, node: Any) -> str:
    if len(node):
        return mixed(to, node)
    word = words_of(node)
    variant = variant_of(node)
    if len(word) <= 1:
        return "".join(chars(to, word, "" if variant == "italic" else variant))
    if "\\" in word:
        return known(clean(word)[0])
    if word in NAMED and variant in ("", "normal"):
        return NAMED[word]
    if word.isascii() and re.fullmatch(r"[A-Za-z][A-Za-z0-9 .'-]*", word):
        if variant in ("", "normal"):
            return rf"\mathrm{{{word.replace(' ', '~')}}}"
        return styled(word, variant, word)
    return "".join(chars(to, word, "" if variant in ("normal", "italic") else variant))


def mn(to: Converter, node: Any) -> str:
    if len(node):
        return mixed(to, node)
    word = words_of(node)
    variant = variant_of(node)
    if word.isdigit() and word.isascii():
        return word if variant in ("", "normal") else styled(word, variant, word)
    return "".join(chars(to, word, "" if variant in ("normal", "italic") else variant))


def mo(to: Converter, node: Any) -> str:
    if len(node):
        return mixed(to, node)
    word = words_of(node)
    if len(word) <= 1:
        variant = variant_of(node)
        if word == "∣" and (node.get("stretchy") == "false" or node.get("fence") == "true"):
            return "|"  # a bar around something, not between two
        if word == "∥" and node.get("fence") == "true":
            return r"\|"
        if word == "⊥":  # between two lines; the falsum is an identifier
            return r"\perp"
        if not word and (node.text or "").strip(" \n\t\r"):
            return r"\ " if "\u00a0" in (node.text or "") else ""
        return "".join(chars(to, word, "bold-italic" if "bold" in variant else ""))
    if word in NAMED:
        return rf"\operatorname{{{word}}}" if word == "mod" and node.get("form") else NAMED[word]
    if re.fullmatch(r"[A-Za-z][A-Za-z .-]*", word):
        name = word.replace(" ", "~")
        return rf"\operatorname{{{name}}}" if len(word) > 1 else word
    if "\\" in word and re.search(r"\\[A-Za-z]", word):
        return known(clean(word)[0])
    return "".join(chars(to, word))


def mixed(to: Converter, node: Any) -> str:
    """Return the TeX of a leaf that has elements within it, as broken markup does."""
    parts = [raw(to, node.text or "")]
    parts += [with_tail(to, child) for child in node]
    return joined(parts)


def mtext(to: Converter, node: Any) -> str:
    if any(isinstance(child.tag, str) and child.tag in _ELEMENTS for child in node):
        return mixed(to, node)
    text = "".join(node.itertext())
    stripped = text.strip(" \n\t\r\u00a0\u200b")
    if not stripped:
        return r"\ " if "\u00a0" in text or " " in text or "\u2003" in text else ""
    if re.fullmatch(r"\\[A-Za-z]+(?:\{[^{}]*\})*", stripped):
        return known(stripped)  # a command that the renderer did not know
    if re.fullmatch(r"[-+*/=<>≤≥,;:.()\[\]|0-9\u2190-\u22ff\s]+", stripped) and not (
        text != stripped and stripped in (",", ";", ":", ".")  # a comma of the sentence around
    ):
        return "".join(chars(to, stripped))
    text = unicodedata.normalize("NFC", re.sub(r"[\s\u00a0]+", " ", text))
    parts: list[str] = []
    for index, piece in enumerate(re.split(r"([\u0370-\u03ff\u2100-\u22ff]+)", text)):
        if index % 2 and all(char in SYMBOLS for char in piece):
            parts.append("".join(chars(to, piece)))  # a Greek letter or sign is mathematics
        elif piece:
            parts.append(words_in_text(to, piece, variant_of(node)))
    return joined(parts)


def words_in_text(to: Converter, text: str, variant: str) -> str:
    plain = "".join(ALPHABET.get(char, (char, ""))[0] for char in text)
    plain = _ESCAPED.sub(r"\1", plain)  # MathJax shows in words what else is a sign's escape
    name = {
        "bold": "textbf",
        "italic": "textit",
        "monospace": "texttt",
        "sans-serif": "textsf",
    }.get(variant, "text")
    return rf"\{name}{{{plain.translate(_TEXT_ESCAPES)}}}"


def ms(to: Converter, node: Any) -> str:
    quote = node.get("lquote", '"'), node.get("rquote", '"')
    body = "".join(node.itertext()).translate(_TEXT_ESCAPES)
    return rf"\text{{{quote[0]}{body}{quote[1]}}}"


def mspace(to: Converter, node: Any) -> str:
    if (node.get("linebreak") or "") == "newline":
        return " "
    em = ems(node.get("width") or "")
    for limit, tex in (
        (-0.01, r"\!"),
        (0.1, ""),
        (0.195, r"\,"),
        (0.25, r"\:"),
        (0.5, r"\;"),
        (1.5, r"\quad "),
    ):
        if em < limit:
            return tex
    return r"\qquad "


def mglyph(to: Converter, node: Any) -> str:
    alt = node.get("alt") or ""
    return rf"\text{{{alt.translate(_TEXT_ESCAPES)}}}" if alt else ""


def is_text(char: str) -> bool:
    """Say whether `char` belongs into words: marks and signs of scripts other than mathematics'."""
    code = ord(char)
    marks = 0x3000 <= code <= 0x303F or 0x0590 <= code <= 0x1FFF or 0x2460 <= code <= 0x24FF
    return marks or bool(_WIDE.search(char))


def styled(tex: str, variant: str, char: str) -> str:
    names = VARIANTS.get(variant, "")
    if not names or not tex.strip():
        return tex
    if not (char.isalnum() or tex.startswith("\\")):
        return tex
    if variant in ("normal", "italic") and not (char.isascii() and char.isalpha()):
        return tex  # upright digits and signs are what TeX does anyway
    if tex.startswith("\\") and names != "mathrm":
        names = "boldsymbol" if "bold" in variant else ""
    for name in reversed(names.split()):
        tex = rf"\{name}{{{tex}}}"
    return tex


def ems(width: str) -> float:
    match = re.fullmatch(r"\s*([-+]?\d*\.?\d+)\s*([a-z%]*)\s*", width)
    if match is None:
        named = {"thinmathspace": 0.167, "mediummathspace": 0.222, "thickmathspace": 0.278,
                 "verythickmathspace": 0.333, "veryverythickmathspace": 0.389}  # fmt: skip
        return named.get(width, -0.1 if width.startswith("negative") else 0.0)
    unit = {
        "em": 1.0,
        "ex": 0.43,
        "px": 1 / 16,
        "pt": 1 / 12,
        "cm": 2.4,
        "mm": 0.24,
        "in": 6.0,
        "mu": 1 / 18,
    }
    return float(match.group(1)) * unit.get(match.group(2), 0.0)
