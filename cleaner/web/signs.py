"""What one pass over a page's bytes tells before it is parsed: what it may hold."""

from typing import NamedTuple

from cleaner.kernels.signals.phrase_search import Literals
from cleaner.kernels.web.scripts import shown_spans
from cleaner.web.formulas.names import ATTRIBUTES, KNOWN
from cleaner.web.formulas.signs import COMMANDS, Signs
from cleaner.web.reading.signs import LITERALS, THREADS, Reading

_MARKUP, _TEXT, _CODES, _RENDERER, _RAISED, _ESCAPE, _DRAWN = (1 << bit for bit in range(7))
_LICENCE, _TIME, _SHADOW, _STRUCTURED, _PRODUCT = (1 << bit for bit in range(7, 12))
_READING = {name: 1 << bit for bit, name in enumerate(LITERALS, 12)}
_THREADS = 12 + len(LITERALS)  # the first of the bits of threads, one a kind
_JOKER = b"\x01"  # in a literal: white space, a quote, a hyphen or an underscore
_JOKERS = b" \t\r\n\f\"'-_"
_BEFORE, _AFTER = (_JOKER, b"<", b"=", b"?"), (_JOKER, b"/", b">", b"?")
_WORDS = (b"formula", b"equation", b"eqn")
_NO_SCRIPT = bytes(  # what follows `math` where it is not the Math of a script
    byte for byte in range(33, 127) if byte not in b".[),=" and not 65 <= byte <= 90
)
_NAMES = rb"""&math ;math :math /math/ /math? math: mathjax mathml mathtex mathtype mathimg mathp
    mathspan mathquill mathblock texmath inlinemath latex katex temml texhtml jqmath wrs_
    lazy-image-placeholder jax_ignore jax_process has-jax <tex> <eq> <eqn> tex2img tex.cgi ?tex=
    &tex= ;tex= ="tex- =tex> data-tex= data-texsrc data-math= data-expr data-formula data-eq
    ql-formula data-original-tex texrender tex/pix.php
    data-raw-l data-mml <card card=math csdn.net/eq
    persistentexpr mq-math
    cht=tx eeimg ck12 alt="$ alt="\ upmath s2cms sciweavers"""
_RENDERERS = b"mathjax katex asciimath mathinelement tex2jax tex-mml"
# Literals without one of which that kind of formula cannot be there; case does not count.
_LITERALS: dict[bytes, int] = {
    # words of prose, too: only where they are a name, or begin or end one
    **{before + b"math" + bytes([after]): _MARKUP for before in _BEFORE for after in _NO_SCRIPT},
    **{b"math" + after: _MARKUP for after in _AFTER},
    **{before + word: _MARKUP for word in _WORDS for before in _BEFORE},
    **{word + after: _MARKUP for word in _WORDS for after in _AFTER},
    **dict.fromkeys(_NAMES.split(), _MARKUP),
    **{before + b"tex" + _JOKER: _MARKUP for before in (_JOKER, b"data-")},
    **{name + _JOKER: _MARKUP for name in b"mwe mjx /math <tex <eq <eqn =tex".split()},
    _JOKER + b"jqm": _MARKUP,
    "公式".encode(): _MARKUP,
    b"translatex": 0,  # of style sheets
    # the first letters of commands are enough
    **dict.fromkeys(rb"\( \[ $$ $latex".split(), _TEXT),
    **dict.fromkeys((b"\\" + command.encode()[:2] for command in COMMANDS.split()), _TEXT),
    **dict.fromkeys(
        rb"""&lt;math tex] math] mathjax] mathjaxinline] latexpage &#92; &#092; &bsol; &#36; &#036;
        &dollar; &#x5c &#x24""".split(),
        _CODES,
    ),
    **dict.fromkeys(_RENDERERS.split(), _RENDERER | _MARKUP),
    **dict.fromkeys([b"mml-node", b"mathjax-svg", b"role=math"], _DRAWN),
    b"role=" + _JOKER + b"math": _DRAWN,
    # U+E000 to U+E03F in UTF-8, references to them, and prefixed MathML
    b"\xee\x80": _ESCAPE, b"&#573": _ESCAPE, b"&#0573": _ESCAPE, b"&#00": _ESCAPE,
    b"&#xe0": _ESCAPE, b"&#x0e0": _ESCAPE, b"&#x00": _ESCAPE,
    b":math": _ESCAPE, b"msequation": _ESCAPE | _MARKUP, b"m:omath": _ESCAPE | _MARKUP,
    b"[if mathml": _ESCAPE | _MARKUP,
    b"creativecommons.org/": _LICENCE, b"<time": _TIME,
    b"license" + _JOKER: _LICENCE, b"licence" + _JOKER: _LICENCE, b"license>": _LICENCE,
    b"shadowroot": _SHADOW, b"ld+json": _STRUCTURED, b"schema.org/product": _PRODUCT,
    **{
        literal: _READING[name] | (_RAISED if name == "raised" else 0)
        for name, literals in LITERALS.items()
        for literal in literals.split()
    },
}  # fmt: skip
for _at, _literals in enumerate(THREADS, _THREADS):
    for _literal in _literals.split():
        _LITERALS[_literal] = _LITERALS.get(_literal, 0) | 1 << _at
_AUTOMATON = Literals(_LITERALS, _JOKER, _JOKERS)
# What the first pass found may stand in a script or an address. Where it found something, whole
# names and delimiters are looked for once more, in what is no script.
_NAMED, _DELIMITERS = 1 << 60, 1 << 61
_SHOWN = Literals(
    {
        **{_JOKER + name.encode() + _JOKER: _NAMED for name in [*KNOWN, *ATTRIBUTES]},
        **{literal: _TEXT | _DELIMITERS for literal, bit in _LITERALS.items() if bit == _TEXT},
        b"$": _DELIMITERS,
        b"\\": _DELIMITERS,
    },
    _JOKER,
    b" \t\r\n\f\"'=>/",
)


class PageSigns(NamedTuple):
    """What a page may hold; each a yes too many, never a no too many."""

    formulas: Signs
    reading: Reading
    escape: bool  # whether `Tokens.escape` may have work there
    licence: bool
    time: bool
    shadow: bool  # roots that a script would open
    structured: bool  # JSON-LD
    product: bool  # microdata of one


def signs(page: bytes) -> PageSigns:
    r"""Return what a page in UTF-8 may hold.

    >>> signs(rb"<p>\(x\)</p>").formulas.hopeful
    True
    >>> signs(b"<p>It costs $5. <script>Math.random()").formulas.hopeful
    False
    """
    bits = _AUTOMATON.search(page)
    shown = 0
    if bits & _ESCAPE and bits & _MARKUP:  # comments may become markup before it is parsed
        shown = bits | _NAMED | _DELIMITERS
    elif bits & (_MARKUP | _TEXT | _CODES | _RENDERER):
        shown = _SHOWN.search(page, shown_spans(page))
    found = Signs(
        markup=bits & _MARKUP != 0,
        text=shown & _TEXT != 0,
        codes=bits & _CODES != 0,
        renderer=bits & _RENDERER != 0,
        raised=bits & _RAISED != 0,
        drawn=bits & _DRAWN != 0,
        named=shown & _NAMED != 0,
        delimiters=shown & _DELIMITERS != 0,
    )
    reading = Reading(
        **{name: bits & bit != 0 for name, bit in _READING.items()},
        threads=bits >> _THREADS,
    )
    rest = (_ESCAPE, _LICENCE, _TIME, _SHADOW, _STRUCTURED, _PRODUCT)
    return PageSigns(found, reading, *(bits & bit != 0 for bit in rest))
