"""Signs of mathematics in the source of pages, looked for in a whole column at once.

Each pattern is a set of literals without one of which that kind of formula cannot be there: a page is
then searched only for what it may have. They are literals because a scan for those is five times as
fast as one with classes of characters.
"""

from typing import NamedTuple

import polars as pl

# Names of elements, classes, attributes and addresses that hold a formula.
_MARKUP = (
    "math|MATH|Math[JM]|atex|mjx|MJX|mwe-|texhtml|lazy-image|nolink|jax_ignore|jax_process|has-jax|wrs_|jqm"
    "|\"tex\"|'tex'|\"tex | tex\"|'tex | tex'|<tex>|<tex |<TEX|<eqn?[ >]|tex2img|tex\\.cgi|[?&;]tex=|=\"tex-|=tex[ >]"
    "|data-tex[=-]|data-expr|data-formula|data-eq|data-value|data-original-[tf]|data-raw-l|formula|equation|eqn"
    '|cht=tx|eeimg|ck12|alt="\\$|alt="\\\\|公式|upmath|s2cms|sciweavers'
)
_COMMANDS = (
    "frac sqrt sum prod int lim sup inf min max left right math operatorname text vec hat bar tilde dot overline underline "
    "wide alpha beta gamma delta eps vareps zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi varphi chi psi omega "
    "infty partial nabla cdot ldots times div pm mp le ge ne approx equiv sim cong propto ll gg in notin subset sup cup "
    "cap empty varnothing forall exists to leftarrow iff implies mapsto sin cos tan cot sec csc log ln exp det dim ker gcd "
    "pr arg binom choose over begin bold triangle angle circ degree parallel perp because therefore mid nmid mod pmod bmod "
    "langle rangle lfloor lceil ell hbar re im quad oplus otimes prime star ast wedge vee neg lnot big stack under ce top "
    "bot vdash models dfrac tfrac iint oint upsilon"
)
_TEXT = (
    r"(?i)\\(?:[(\[]|"
    + "|".join(_COMMANDS.split())
    + r")|\$\$|\$latex"
)
_CODES = (  # what stands for such a sign, or begins a formula without a backslash
    "&lt;math|&LT;math|tex\\]|TEX\\]|math\\]|MATH\\]|latexpage|&#92;|&#092;|&bsol;|&#36;|&#036;|&dollar;|&#x5c|&#x5C|&#x24"
)
_RENDERER = "(?i)mathjax|katex|asciimath|mathinelement|tex2jax|tex-mml"
_RAISED = "<su[bp]|<SU[BP]"


class Signs(NamedTuple):
    """What a page may hold: formulas in elements, in its text, written otherwise, raised letters."""

    markup: bool = True
    text: bool = True
    codes: bool = True
    renderer: bool = True
    raised: bool = True


def signs(pages: pl.Series) -> list[Signs]:
    r"""Return the signs of every page of a column of strings; a null page has none.

    >>> [any(found) for found in signs(pl.Series([r"<p>\(x\)</p>", "<p>It costs $5.</p>"]))]
    [True, False]
    """
    markup, text, codes, renderer, raised = (
        pages.str.contains(pattern).fill_null(False)
        for pattern in (_MARKUP, _TEXT, _CODES, _RENDERER, _RAISED)
    )
    columns = (markup, text, codes, renderer, raised)
    return [Signs(*row) for row in zip(*(column.to_list() for column in columns), strict=True)]
