"""Keys, shingles and near duplicates again, in plain Python over strings and sets."""

import re
import unicodedata
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

import cleaner
from cleaner.kernels.dedup.fold import _TEX
from cleaner.kernels.text.segment import FORMULA
from cleaner.text.segment import Formulas, segment, words

FOLD = Path(cleaner.__file__).parent / "kernels/dedup/fold.bin"


@cache
def characters() -> dict[str, str]:
    """Return what the shipped table makes of single characters."""
    packed = zlib.decompress(FOLD.read_bytes())
    steps, _, *become = np.frombuffer(packed, "<u4").reshape(5, -1)
    return {
        chr(point): "".join(chr(code) for code in codes if code)
        for point, *codes in zip(np.cumsum(steps), *become, strict=True)
    }


@cache
def joining() -> frozenset[str]:
    """Return the characters that the shipped table takes for such as may join one before them."""
    packed = zlib.decompress(FOLD.read_bytes())
    steps, joins, *_ = np.frombuffer(packed, "<u4").reshape(5, -1)
    return frozenset(map(chr, np.cumsum(steps)[joins > 0]))


def composed(text: str) -> str:
    """Return the text as its key is made of it, when some character of it may join another."""
    if not joining() & set(text):
        return text
    text = "".join(char for char in text if characters().get(char) != "")
    text = re.sub("[\uff65-\uff9f]+", lambda m: unicodedata.normalize("NFKC", m[0]), text)
    clusters: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char in joining() and clusters and clusters[-1][0] not in joining():
            clusters[-1] += char
        else:
            clusters.append(char)
    return "".join(map(decided, clusters))


def decided(cluster: str) -> str:
    """Return a character and its marks so that they compose no further when they are folded."""
    one = fold_characters(cluster)
    while len(cluster) > 1 and one != (joined := unicodedata.normalize("NFC", one)):
        cluster, one = joined, fold_characters(joined)
        if unicodedata.normalize("NFC", one) == cluster:
            break
    return cluster


def fold_characters(text: str) -> str:
    return "".join(characters().get(char, char) for char in text)


def split_formulas(text: str, formulas: Formulas) -> list[tuple[str, bool]]:
    """Return the text in pieces, each with whether it is a formula."""
    found = segment(pl.Series([text], dtype=pl.String), formulas)
    raw, pieces, at = text.encode(), [], 0
    for start, end, kind in zip(found.starts, found.ends, found.kinds, strict=True):
        if kind == FORMULA:
            pieces += [(raw[at:start].decode(), False), (raw[start:end].decode(), True)]
            at = end
    return [*pieces, (raw[at:].decode(), False)]


def fold_formula(formula: str) -> str:
    body = formula[2:-2] if formula.startswith("$$") else formula[1:-1]
    token = re.compile(
        r"\\[A-Za-z]+|\\[,;:!\x00- ]|\\.|\{[\x00- ]*[A-Za-z0-9][\x00- ]*\}|[^\x00-~]|.", re.S
    )
    out, word = "", False
    for part in token.findall(body):
        if re.fullmatch(r"\\[A-Za-z]+", part):
            part = _TEX.get(part[1:], part)
            if part:
                out, word = out + part, part[-1].isalpha()
            continue
        if re.fullmatch(r"\\[,;:!\x00- ]", part):
            continue
        if len(part) > 2:
            part = part[1:-1].strip("".join(map(chr, range(33))))
        if part <= " " or part == "~":
            continue
        if ord(part[-1]) >= 128 and characters().get(part[-1]) in ("", " "):
            if part[0] == "\\":
                out, word = out + "\\", False
            continue
        if word and re.fullmatch("[A-Za-z]", part):
            out += " "
        out, word = out + part, False
    return f"${out}$"


def fold(text: str, formulas: Formulas = True) -> list[tuple[str, bool]]:
    """Return the key of a text in pieces, each with whether it is a formula."""
    text = composed(text)
    pieces = []
    for piece, formula in split_formulas(text, formulas):
        if formula:
            pieces.append((fold_formula(piece), True))
            continue
        piece = re.sub(" +", " ", fold_characters(piece))
        before = pieces[-1][0] if pieces else " "
        pieces.append((piece.removeprefix(" ") if before == " " else piece, False))
    return [*pieces[:-1], (pieces[-1][0].removesuffix(" "), False)]


def key(text: str, formulas: Formulas = True) -> str:
    return "".join(piece for piece, _ in fold(text, formulas))


def key_words(text: str, formulas: Formulas = True) -> list[str]:
    found = []
    for piece, formula in fold(text, formulas):
        found += [piece] if formula else words(piece, False)
    return found


def shingles(text: str, n: int = 5, formulas: Formulas = True) -> set[tuple[str, ...]]:
    """Return the set of runs of n words; a shorter text is one, a text without a word none."""
    found = key_words(text, formulas)
    if not found:
        return set()
    return {tuple(found[i : i + n]) for i in range(max(1, len(found) - n + 1))}


def jaccard(one: set, other: set) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0
