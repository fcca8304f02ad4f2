"""What one pass over a page's bytes tells before it is parsed: what it may hold, what to escape."""

from cleaner.kernels.literals import Literals
from cleaner.web.formulas.signs import COMMANDS, Signs

_MARKUP, _TEXT, _CODES, _RENDERER, _RAISED, _ESCAPE = (1 << bit for bit in range(6))
_JOKER = b"\x01"  # in a literal: white space, a quote, a hyphen or an underscore
_JOKERS = b" \t\r\n\f\"'-_"
_BEFORE, _AFTER = (_JOKER, b"<", b"=", b"?"), (_JOKER, b"/", b">", b"?")
_WORDS = (b"formula", b"equation", b"eqn")
_NO_SCRIPT = bytes(  # what follows `math` where it is not the Math of a script
    byte for byte in range(33, 127) if byte not in b".[),=" and not 65 <= byte <= 90
)
# Literals without one of which that kind of formula cannot be there; case does not count.
_LITERALS: dict[bytes, int] = {
    # words of prose, too: only where they are a name, or begin or end one
    **{before + b"math" + bytes([after]): _MARKUP for before in _BEFORE for after in _NO_SCRIPT},
    **{b"math" + after: _MARKUP for after in _AFTER},
    **{before + word: _MARKUP for word in _WORDS for before in _BEFORE},
    **{word + after: _MARKUP for word in _WORDS for after in _AFTER},
    **dict.fromkeys(
        rb"""&math ;math :math /math math: mathjax mathml mathtex mathtype mathimg mathp mathspan
        mathquill mathblock texmath inlinemath atex mjx texhtml lazy-image-placeholder jax_ignore
        jax_process has-jax wrs_ jqm <tex> <eq> <eqn> tex2img tex.cgi ?tex= &tex= ;tex= ="tex- =tex>
        data-tex data-expr data-formula data-eq ql-formula data-original-tex data-raw-l cht=tx eeimg
        ck12 alt="$ alt="\ upmath s2cms sciweavers""".split(),
        _MARKUP,
    ),
    **dict.fromkeys(
        [b"mwe" + _JOKER, _JOKER + b"tex" + _JOKER, b"<tex ", b"<eq ", b"<eqn ", b"=tex "], _MARKUP
    ),
    "公式".encode(): _MARKUP,
    # the first letters of commands are enough
    **dict.fromkeys(rb"\( \[ $$ $latex".split(), _TEXT),
    **dict.fromkeys((b"\\" + command.encode()[:2] for command in COMMANDS.split()), _TEXT),
    **dict.fromkeys(
        rb"""&lt;math tex] math] latexpage &#92; &#092; &bsol; &#36; &#036; &dollar; &#x5c
        &#x24""".split(),
        _CODES,
    ),
    **dict.fromkeys(b"mathjax katex asciimath mathinelement tex2jax tex-mml".split(), _RENDERER),
    b"<sub": _RAISED, b"<sup": _RAISED,
    # U+E000 to U+E03F in UTF-8, references to them, and prefixed MathML
    b"\xee\x80": _ESCAPE, b"&#57": _ESCAPE, b"&#0": _ESCAPE, b"&#xe0": _ESCAPE, b"&#x0": _ESCAPE,
    b":math": _ESCAPE,
}  # fmt: skip
_AUTOMATON = Literals(_LITERALS, _JOKER, _JOKERS)


def signs(page: bytes) -> tuple[Signs, bool]:
    r"""Return what a page in UTF-8 may hold, and whether `Tokens.escape` may have work there.

    Each answer may be a yes too many, never a no too many.

    >>> any(signs(rb"<p>\(x\)</p>")[0]), any(signs(b"<p>It costs $5. <script>Math.random()")[0])
    (True, False)
    """
    bits = _AUTOMATON.search(page)
    found = Signs(
        markup=bits & _MARKUP != 0,
        text=bits & _TEXT != 0,
        codes=bits & _CODES != 0,
        renderer=bits & _RENDERER != 0,
        raised=bits & _RAISED != 0,
    )
    return found, bits & _ESCAPE != 0
