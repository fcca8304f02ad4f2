"""Which pages may hold mathematics, decided on raw bytes, before any parsing."""

import re
from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.config.choices import Weak

# Markup that only mathematics brings along: one occurrence anywhere in the page is enough. Nothing
# is repeated a counted number of times: each count is a state more, and the automaton slows down.
STRONG: tuple[str, ...] = (
    r"mathjax", r"katex", r"mathml", r"asciimath", r"jqmath", r"mathquill", r"mathlive",
    r"renderMathInElement",
    r"<math[\s>/-]", r"<[a-z]+:o?math[\s>]", r"&lt;math[\s&>]", r"math/(?:tex|mml|asciimath)",
    r"mjx-", r"mml-node",
    r"latex-(?:rendered|formula|inline|block)", r"mathcode", r"mq-math",
    r"msequation", r"\[if mathml\]", r"card=math", r"(?:name|lang)=.math",
    r"arithmatex", r"tex-(?:span|formula)", r"tex(?:render|/pix\.php)", r"equation_images/",
    r"&quot;(?:la)?tex&quot;", r"alt=[\"']\$[^\d]",
    r"mwe-math", r"texhtml", r"ztext-math", r"ql-formula", r"wrs_formula", r"x-ck12",
    r"math-(?:container|tex|renderer|inline|display|block|formula|node)", r"js-render-math",
    r"class\s*=\s*[\"']?(?:[^\"'<>]*\s)?(?:math|tex|latex|mathb?lock|(?:inline|numbered)?(?:equation|formula)(?:_image)?)[\"'\s>]",
    r"data-(?:latex|tex|math|formula|expr|asciimath|equation|mathml)\s*=",
    r"latex\.php", r"codecogs\.com", r"(?:mime|math)tex(?:\.cgi|/)", r"cht=tx",
    r"tex2(?:png|img)", r"quicklatex", r"upmath\.me", r"tex\.z-dn",
    r"zhihu\.com/equation", r"jianshu\.com/math",
    r"/(?:latex|tex|equation|eq|formula|math)\?(?:tex|latex|math|formula|eq)?=?",
    r"\[/?(?:tex|itex|latex|math|imath|dmath)\]", r"\$latex[\s\\]",
    r"<(?:itex|tex|latex|formula)[\s>-]",
    r"\\begin\{(?:equation|align|gather|multline|eqnarray|cases|array|[pbvB]?matrix|split|flalign)",
)  # fmt: skip

# TeX commands of running mathematics, none of them a JavaScript escape when a word ends after it.
COMMANDS: tuple[str, ...] = (
    "frac", "dfrac", "tfrac", "sqrt", "sum", "prod", "int", "iint", "oint", "lim", "limits",
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "theta", "lambda", "mu", "sigma",
    "phi", "varphi", "omega", "Delta", "Omega", "Sigma", "Gamma", "pi", "infty", "partial",
    "nabla", "mathbb", "mathrm", "mathbf", "mathcal", "boldsymbol", "operatorname", "left",
    "right", "times", "div", "cdot", "cdots", "ldots", "dots", "leq", "geq", "neq", "approx",
    "equiv", "sim", "subset", "subseteq", "cup", "cap", "forall", "exists", "rightarrow",
    "Rightarrow", "triangle", "angle", "parallel", "perp", "circ", "overline", "vec", "hat",
    "binom", "begin", "text", "quad", "pm", "because", "therefore", "odot", "sin", "cos", "tan",
    "log", "ln", "le", "ge", "ne", "in", "to", "mid",
)  # fmt: skip

_STRONG = "(?i:" + "|".join(STRONG) + ")"
# Level one also lets through whatever level two may still pass: commands, delimiters, entities.
_ANY = _STRONG + r"|\\(?:" + "|".join(COMMANDS) + r")(?:[^A-Za-z]|$)|\\[(\[]|\$\$|&#92;|&bsol;"

_COMMAND = re.compile(rb"\\(" + "|".join(COMMANDS).encode() + rb")(?![A-Za-z])")
# A backslash between the parts of a path is no command: C:\alpha\beta, src\left\right.
_PATH = re.compile(rb"[A-Za-z]:\\[^\s\"'<>]*|(?<![\w.-])[\w.-]{2,}(?:\\[\w.-]{2,}){2,}")
_SIGN = re.compile(rb"[_^=<>\\&]")
_ANY_COMMAND = re.compile(rb"\\[a-zA-Z]{2}")
# Chinese, Japanese or Korean: by declared charset or language, or by letters in a row.
_CJK = re.compile(
    rb"charset\s*=\s*[\"']?(?:gb|big5|x-gbk|euc|shift|x-sjis|hz|ks_c)|lang\s*=\s*[\"']?(?:zh|ja|ko)\b"
    rb"|(?:[\xe3-\xed][\x80-\xbf]{2}){4}|(?:[\xb0-\xf7][\xa1-\xfe]){8}",
    re.I,
)


def may_hold_mathematics(pages: pl.Series, weak: Weak = "auto") -> pl.Series:
    """Return a boolean per page (Binary or String); null where the page is null.

    Strong markup passes. Weak evidence is TeX outside scripts and paths: under `auto` two
    distinct commands or a delimited formula where the page is Chinese, Japanese or Korean, both of
    them elsewhere, or a command between `\\(` and `\\)`; `always` takes any of the two everywhere;
    `never` wants strong markup.

    >>> pages = ["<math><mi>x</mi></math>", r"<p>C:\\alpha\\beta</p>", r"<p>几何图形：\\(a^2=b\\)"]
    >>> may_hold_mathematics(pl.Series(pages)).to_list()
    [True, False, True]
    """
    column = pages.cast(pl.Binary).to_arrow().cast(pa.large_binary())
    column = _utf16_as_utf8(column)
    level_one = _STRONG if weak == "never" else _ANY
    passed = pc.match_substring_regex(column, level_one)
    if weak == "never":
        return pl.Series(pages.name, passed, dtype=pl.Boolean)
    some = pc.indices_nonzero(pc.fill_null(passed, False))
    found = column.take(some)
    strong = pc.match_substring_regex(found, _STRONG).to_numpy(zero_copy_only=False)
    verdict = np.asarray(pc.fill_null(passed, False).to_numpy(zero_copy_only=False))
    verdict[some.to_numpy()] = [
        bool(is_strong) or _weak(page.as_py(), weak)
        for is_strong, page in zip(strong, found, strict=True)
    ]
    judged = pl.Series(pages.name, verdict, dtype=pl.Boolean)
    return judged.set(pages.is_null(), None) if pages.null_count() else judged


def _utf16_as_utf8(column: pa.LargeBinaryArray) -> pa.LargeBinaryArray:
    """Return the column with its UTF-16 pages, which are rare, as UTF-8."""
    marks = pa.array([b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"], pa.large_binary())
    wide = pc.fill_null(pc.is_in(pc.binary_slice(column, 0, 2), value_set=marks), False)
    if not pc.any(wide).as_py():
        return column
    pages = [page.as_py() for page in column.filter(wide)]
    texts = [
        page.decode("utf-16-be" if page[:2] in (b"\xfe\xff", b"\0<") else "utf-16-le", "ignore")
        for page in pages
    ]
    return pc.replace_with_mask(
        column,
        wide,
        pa.array([text.encode("utf-8", "ignore") for text in texts], pa.large_binary()),
    )


def _weak(page: bytes, weak: Weak) -> bool:
    """Return whether TeX outside scripts, styles and paths makes a page worth parsing."""
    text = _without_scripts(page)
    for entity in (b"&#92;", b"&#x5c;", b"&#x5C;", b"&#X5C;", b"&bsol;"):
        text = text.replace(entity, b"\\")
    commands = len(set(_COMMAND.findall(text))) >= 2
    if commands and _PATH.search(text):
        commands = len(set(_COMMAND.findall(_PATH.sub(b" ", text)))) >= 2
    told = [*_between(text, b"\\(", b"\\)", 800), *_between(text, b"\\[", b"\\]", 1_500)]
    if any(_COMMAND.search(inside) for inside in told):
        return True
    formula = bool(told) or any(
        len(part) <= 300 and _ANY_COMMAND.search(part) for part in text.split(b"$")[1:-1]
    )
    if commands and formula:
        return True
    return (commands or formula) and (weak == "always" or bool(_CJK.search(page)))


def _between(text: bytes, opens: bytes, closes: bytes, most: int) -> Iterator[bytes]:
    """Yield what stands between two delimiters and holds a mathematical sign."""
    start = text.find(opens) if closes in text else -1
    while start >= 0:
        end = text.find(closes, start + 2, start + most)
        if end >= 0 and _SIGN.search(text, start + 2, end):
            yield text[start + 2 : end]
        start = text.find(opens, start + 2 if end < 0 else end + 2)


def _without_scripts(page: bytes) -> bytes:
    """Return the page without script and style elements; an unclosed one ends the page."""
    low, start = page.lower(), 0
    parts: list[bytes] = []
    while True:
        opens = [at for at in (low.find(b"<script", start), low.find(b"<style", start)) if at >= 0]
        if not opens:
            return b" ".join([*parts, page[start:]])
        at = min(opens)
        parts.append(page[start:at])
        close = low.find(b"</script" if low.startswith(b"<script", at) else b"</style", at)
        if close < 0:
            return b" ".join(parts)
        start = close + 8
