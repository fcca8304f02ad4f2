"""Formulas drawn as images: their TeX is in the address or in the alternative text."""

import re
from urllib.parse import unquote, unquote_plus

from cleaner.web.asciimath import asciimath_to_latex
from cleaner.web.mathml import mathml_to_latex
from cleaner.web.mathml.symbols import FUNCTIONS
from cleaner.web.tex import clean, entities

# A word of the address -> where the TeX is in it; `raw` is not form-encoded, so + is a plus there.
_SERVICES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (word, re.compile(pattern, re.I))
    for word, pattern in (
        ("codecogs", r"codecogs\.com/[^?]*\?(?:latex=)?(?P<raw>.+)"),
        ("tex.cgi", r"tex\.cgi\?(?P<raw>.+)"),
        ("mimetex", r"mimetex[\w.]*\?(?:tex=|formula=)?(?P<raw>.+)"),
        ("mathtex", r"mathtex[\w.]*\?(?:tex=|formula=)?(?P<raw>.+)"),
        ("csdn.net/eq", r"csdn\.net/eq\?(?:latex=)?(?P<raw>.+)"),
        ("card=math", r"[#&]card=math&(?:[^#]*?&)?code=(?P<query>[^&#]+)"),
        ("latex=", r"[?&;]latex=(?P<query>[^&#]+)"),
        ("cht=tx", r"[?&;]chl=(?P<query>[^&#]+)"),
        ("equation?", r"equation\?(?:[^#]*?&)?tex=(?P<query>[^&#]+)"),
        ("math?", r"math\?(?:[^#]*?&)?(?:formula|math|tex)=(?P<query>[^&#]+)"),
        ("/flx/math/", r"/flx/math/(?:inline|block|alignat)/(?P<raw>[^?#]+)"),
        ("i.upmath.me", r"upmath\.me/(?:svg|png)/(?P<raw>.+)"),
        ("s2cms.ru", r"s2cms\.ru/(?:svg|png)/(?P<raw>.+)"),
        ("math.vercel", r"[?&;]from=(?P<query>[^&#]+)"),
        ("math.now.sh", r"[?&;](?:from|inline)=(?P<query>[^&#]+)"),
        ("formula=", r"[?&;]formula=(?P<query>[^&#]+)"),
        ("tex2img", r"tex2img[\w.]*\?(?:[^#]*?&)?(?:eq|tex)=(?P<query>[^&#]+)"),
        ("tex.z-dn.net", r"[?&]f=(?P<query>[^&#]+)"),
        ("latex.vimsky", r"[?&;]val=(?P<query>[^&#]+)"),
        ("render.cgi", r"render\.cgi\?(?P<raw>.+)"),
        ("sciweavers", r"[?&;]eq=(?P<query>[^&#]+)"),
        ("tex=", r"[?&;](?:tex|tex_string|eqtext)=(?P<query>[^&#]+)"),
        ("equation=", r"[?&;]equation=(?P<query>[^&#]+)"),
        ("texrendr", r"eqn=(?P<query>[^&#]+)"),
        ("eqn=", r"[?&;]eqn=(?P<query>[^&#]+)"),
        ("equation_images/", r"/equation_images/(?P<raw>[^?#]+)"),
    )
)
_SIZES = re.compile(
    r"^(?:\s|\\(?:inline|displaystyle|textstyle|huge|Huge|LARGE|Large|large|normalsize|small"
    r"|footnotesize"
    r"|scriptsize|tiny|opaque|nocache|bg_\w+|fn_\w+|reverse)(?![A-Za-z])"
    r"|\\(?:dpi|bg|fn|pagecolor|mathsize|fontsize)\s*\{[^{}]*\}|\\dpi\d+)+"
)
_TEX_CLASS = re.compile(
    r"(?:^|[\s_-])(?:la)?tex(?:$|[\s_-]|\d|center|math|image|img|formula|render)|mwe-math"
    r"|x-ck12|math-?(?:inline|display"
    r"|img|image|png|block|jax|ml|tex|formula)|(?:^|[\s_-])math(?:$|\s)|equation|formula|ee_img"
    r"|mathtex|mimetex|wp-katex"
    r"|quicklatex|ql-img|wrs|Wirisformula|mathjax|katex",
    re.I,
)
_FORMULA_PATH = re.compile(
    r"(?:^|[/_.-])(?:latex|mimetex|mathtex|mathml|eqn?s?|equations?|formulas?|formulae|math(?:s"
    r"|jax|type|img)?|tex2?(?:img|png)?)"
    r"(?:[/_.-]|\d+\.)[^?]*\.(?:gif|png|svg|jpe?g|webp|wmf)|/si\d+\.(?:gif|svg|png)"
    r"|/ueditor/.*kityformula|21cnjy\S*math",
    re.I,
)
_GENERIC_ALT = re.compile(
    r"\s*(?:equation|formula|math(?:ematical)?|view the mathml source|image|img"
    r"|eq(?:n|uation)?\.?\s*\(?[\d.]*\)?"
    r"|mathtype|公式|数学公式|方程式?|图片|latex|tex"
    r"|(?:inline|display(?:ed)?)[- ]?(?:formula|equation|math)"
    r"|mathematical (?:formula|expression|equation)|click to view|ref|undefined|null)?"
    r"\s*[-_\d]*(?:\.(?:gif|png|svg|jpe?g|wmf))?\s*",
    re.I,
)
_TEX_COMMAND = re.compile(
    r"\\(?:frac|dfrac|tfrac|sqrt|sum|prod|i*nt|oint|lim|left|right|begin|mathbb|mathbf|mathrm"
    r"|mathcal|mathit|vec|hat"
    r"|bar|overline|alpha|beta|gamma|delta|epsilon|varepsilon|theta|lambda|mu|nu|pi|rho|sigma|tau"
    r"|phi|varphi|omega"
    r"|Delta|Gamma|Omega|Sigma|Lambda|Phi|infty|partial|nabla|cdot|times|le|leq|ge|geq|ne|neq|in"
    r"|to|sin|cos|tan"
    r"|log|ln|text|binom|angle|triangle|circ|pm|approx|equiv|displaystyle|operatorname|rightarrow"
    r"|ldots|cdots|quad)"
    r"(?![A-Za-z])"
)
_DISPLAY_CLASS = re.compile(
    r"image-display|math-?(?:display|block)|display-?(?:math|equation|formula)|latexcenter"
    r"|x-ck12-block|block-?math"
    r"|ql-img-displayed|tex-?display|equation-block",
    re.I,
)
_TEX4HT = re.compile(r"\d+x\.(?:png|svg|gif)$")
_DRAWN = re.compile(r"\n|\S {2,}\S")
_ENCODED = re.compile(r"(?:[\w.~*()'!-]|%[0-9a-fA-F]{2}|\+)+")
_SOURCES = str.split(
    "src data-src data-original data-lazy-src data-actualsrc data-original-src data-lazyload "
    "data-url data-echo original real_src file srcset data-srcset data i-amphtml-src"
)
_ATTRIBUTES = str.split(
    "data-latex data-tex data-formula data-math data-equation data-expr latex tex "
    "data-latex-source data-math-tex data-katex data-eq data-latex-formula "
    "data-equation-content data-original-tex data-eqn"
)


def image_tex(attributes: dict[str, str | None]) -> tuple[str, bool, str] | None:
    r"""Return the TeX of an image, whether it is a display, and the encoding; None without any.

    >>> image_tex({"src": "https://www.zhihu.com/equation?tex=%5Clambda_i+%3E+0"})
    ('\\lambda_i > 0', False, 'image')
    """
    classes = attributes.get("class") or ""
    display = attributes.get("eeimg") == "2" or (
        classes != "" and _DISPLAY_CLASS.search(classes) is not None
    )
    for name in _ATTRIBUTES:
        if (value := attributes.get(name)) and (found := _written(value)):
            return found[0], display or found[1], "image"
    if (markup := attributes.get("data-mathml")) and (tex := mathml_to_latex(plain_xml(markup))):
        return tex, display, "image"
    alt = (attributes.get("alt") or attributes.get("data-alt") or "").strip()
    alt = alt.removeprefix("LaTeX:").strip()  # what the Canvas learning system writes
    title = (attributes.get("title") or "").strip()
    from_address = _from_addresses(attributes)
    if from_address is not None:
        address_tex, inline = from_address
        display = display and not inline
        if (
            tex_like(alt)
            and _letters(alt) >= _letters(address_tex[0]) * 0.8
            and (found := _written(alt))
        ):
            return found[0], display or found[1], "image"
        if address_tex[0]:
            return address_tex[0], display or address_tex[1], "image"
    if not alt and tex_like(title):
        alt = title
    if not alt or len(alt) > 10_000:
        return None
    source = attributes.get("src") or ""
    by_class = classes != "" and _TEX_CLASS.search(classes) is not None
    if not by_class and "\\" not in alt and "$" not in alt:
        return None
    if by_class and "x-ck12" in classes and "%" in alt:
        alt = unquote(alt)
    if by_class and _is_asciimath(alt):
        tex = asciimath_to_latex(alt)  # mathworld.wolfram.com
        return (tex, display, "image") if tex else None
    delimited = _DELIMITED.fullmatch(alt) is not None
    if (
        (by_class and not _GENERIC_ALT.fullmatch(alt) and _sound_alt(alt, source))
        or (delimited and (tex_like(alt) or len(alt) <= 5 or _is_relation(alt)))
        or _TEX_COMMAND.search(alt)
    ) and (found := _written(alt)):
        return found[0], display or found[1], "image"
    return None


def looks_lost(attributes: dict[str, str | None]) -> bool:
    """Say whether an image without TeX looks like a formula by its class, address or name."""
    classes = attributes.get("class") or ""
    told = attributes.get("alt") or ""
    if _BADGE.search(f"{attributes.get('src')} {told}") or _is_drawing(classes, told):
        return False
    if classes and _TEX_CLASS.search(classes):
        return True
    source = attributes.get("src") or attributes.get("data-src") or ""
    if len(source) > 2_000:
        source = source[:200]
    lower = source.lower()
    if any([word in lower for word, _ in _SERVICES]) or _FORMULA_PATH.search(source):
        return True
    alt = (attributes.get("alt") or "").strip().lower()
    return alt in ("公式", "数学公式", "formula", "equation", "view the mathml source", "mathtype")


_ASCIIMATH = re.compile(r"[_^]\(")
_NAMES = frozenset(  # as AsciiMath, MathWorld and Mathematica write them
    str.split(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu "
        "xi pi rho sigma tau upsilon phi varphi chi psi omega Alpha Beta Gamma Delta Epsilon Zeta "
        "Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma Tau Upsilon Phi Chi Psi Omega "
        "infty oo sqrt frac sum prod int lim hat bar vec"
    )
)
_DELIMITED = re.compile(r"\$[^$]+\$|\$\$[^$]+\$\$|\\\(.+\\\)|\\\[.+\\\]", re.S)
_BADGE = re.compile(r"badge|mj-?_?logo|powered[ -_]?by", re.I)


def _is_asciimath(alt: str) -> bool:
    """Say whether an alternative text is AsciiMath: its scripts in round brackets, bare names."""
    if "\\" in alt or "{" in alt:
        return False
    if _ASCIIMATH.search(alt):
        return True
    words = re.findall(r"[A-Za-z]{2,}", alt)
    return any(word in _NAMES for word in words) and all(
        word in _NAMES or word in FUNCTIONS or len(word) == 2 for word in words
    )


def _is_relation(alt: str) -> bool:
    """Say whether text between two dollars relates or combines letters: no price, no sentence."""
    inside = alt.strip("$ \\()[]")
    if re.search(r"[A-Za-z]{4,}|[A-Za-z]{2,}\s+[A-Za-z]{2,}|[\u2e80-\u9fff]", inside):
        return False
    return re.search(r"[A-Za-z]", inside) is not None and (
        re.search(r"[=<>+|()/*!-]", inside) is not None
    )


_SPOKEN = re.compile(
    r"\b(?:equals?|plus|minus|over|squared|cubed|times|divided|root|sum|integral|sub|power|infinity"
    r"|fraction|less|greater|formula|equation|expression|function)\b",
    re.I,
)


def _is_drawing(classes: str, told: str) -> bool:
    """Say whether an image that TeX made is a picture, not a formula: TikZ, or told in a sentence.

    A formula is told by what it says, `x squared plus one`.
    """
    if "ql-img-picture" in classes or "tikz" in f"{classes} {told}".lower():
        return True
    words = re.findall(r"[A-Za-z]{3,}", told)
    return len(words) >= 4 and "\\" not in told and _SPOKEN.search(told) is None


_SAFE_XML = str.maketrans("«»¨´`§", "<>\"''&")


def plain_xml(markup: str) -> str:
    """Return MathML with the signs back that the WIRIS editor has replaced.

    >>> plain_xml("«math»«mi»x«/mi»«/math»")
    '<math><mi>x</mi></math>'
    """
    return markup.translate(_SAFE_XML) if "«" in markup else markup


_HINTS = (
    "tex",
    "math",
    "eq",
    "formula",
    "chl=",
    "upmath",
    "s2cms",
    "/si",
    "sciweav",
    "x-ck12",
    "公式",
    "wrs",
    "\\",
    "$",
)


_TEX_WORD = re.compile(r"tex(?!t|as|til|tur)")


def may_be_formula(attributes: dict[str, str | None]) -> bool:
    """Say whether anything about an image speaks of mathematics, before its address is taken apart.

    >>> may_be_formula({"src": "/cat.png", "alt": "a cat"})
    False
    """
    words = " ".join([value for value in attributes.values() if value])[:20_000].lower()
    if any([hint in words for hint in _HINTS]):
        return True
    return "tex" in words and _TEX_WORD.search(words) is not None


def tex_like(text: str) -> bool:
    r"""Say whether `text` has a sign of TeX: a command, a subscript, a power.

    >>> tex_like(r"a^2"), tex_like("a photo of x")
    (True, False)
    """
    return bool(re.search(r"\\[a-zA-Z]+|[A-Za-z0-9)}\]][_^][A-Za-z0-9{\\(+*-]|\\[{},;]", text))


def _sound_alt(alt: str, source: str) -> bool:
    """Say whether an alternative text is a formula, not words about one nor a drawing of it."""
    if tex_like(alt):
        return True
    if len(alt) > 1 and "\\" not in alt and (_TEX4HT.search(source[-100:]) or _DRAWN.search(alt)):
        return False  # powers are set apart by blanks there: "x2 +  y2"
    words = set(re.findall(r"[A-Za-z]{3,}", alt)) - FUNCTIONS
    return len(alt) <= 200 and not words and re.search(r"[\u2e80-\u9fff]{2}", alt) is None


def _letters(text: str) -> int:
    return len(re.findall(r"[A-Za-z0-9]", text))


def _written(tex: str) -> tuple[str, bool] | None:
    tex = entities(tex).replace("&space;", " ").replace("&plus;", "+")
    tex = _SIZES.sub("", tex)
    tex, shown = clean(tex)
    tex = _SIZES.sub("", tex).strip() if tex.startswith("\\") else tex
    while tex.endswith("\\\\"):  # zhihu marks a display by a final line break
        tex, shown = tex[:-2].rstrip(), True
    return (tex, bool(shown)) if tex else None


def _from_addresses(attributes: dict[str, str | None]) -> tuple[tuple[str, bool], bool] | None:
    """Return ((TeX, display), marked inline) of the first address that asks for a formula."""
    for name in _SOURCES:
        address = attributes.get(name)
        if not address or len(address) < 8 or address.startswith("data:"):
            continue
        if name.endswith("srcset"):
            address = address.split(" ")[0] if "," in address or " " in address else address
        lower = address[:20_000].lower()
        if (
            "tex" not in lower
            and "math" not in lower
            and "eq" not in lower
            and ("formula" not in lower and "cht=tx" not in lower)
        ):
            continue
        match = next(
            (
                hit
                for word, pattern in _SERVICES
                if word in lower and (hit := pattern.search(address))
            ),
            None,
        )
        if match is None or match.lastgroup is None:
            continue
        tex = _decoded(match.group(match.lastgroup), match.lastgroup == "query")
        inline = "\\inline" in tex[:60]
        if found := _written(tex):
            return found, inline
    return None


def _decoded(text: str, query: bool) -> str:
    r"""Return the TeX of an address: `+` is a space where everything else is encoded too.

    >>> _decoded("a+%2B+b", True), _decoded("a+b", False)
    ('a + b', 'a+b')
    """
    text = text.replace("&space;", " ").replace("&plus;", "%2B").replace("&amp;", "&")
    if "%25" in text and _ENCODED.fullmatch(text):  # encoded twice, as Canvas does
        text = unquote(text)
    encoded = _ENCODED.fullmatch(text) is not None and "%" in text and "%20" not in text
    if encoded or (query and "%" in text and "%20" not in text):
        return unquote_plus(text)
    return unquote(text)
