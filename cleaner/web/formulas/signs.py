"""Signs of mathematics: what a page's source must hold for there to be formulas of a kind."""

from typing import NamedTuple

# First letters of the commands that mean mathematics where no renderer is loaded.
COMMANDS = (
    "frac sqrt sum prod int lim sup inf min max left right math operatorname text vec hat bar "
    "tilde dot overline underline wide alpha beta gamma delta eps vareps zeta eta theta kappa "
    "lambda mu nu xi pi rho sigma tau phi varphi chi psi omega infty partial nabla cdot ldots "
    "times div pm mp le ge ne approx equiv sim cong propto ll gg in notin subset sup cup cap "
    "empty varnothing forall exists to leftarrow iff implies mapsto sin cos tan cot sec csc log "
    "ln exp det dim ker gcd pr arg binom choose over begin bold triangle angle circ degree "
    "parallel perp because therefore mid nmid mod pmod bmod langle rangle lfloor lceil ell hbar "
    "re im quad oplus otimes prime star ast wedge vee neg lnot big stack under ce top bot vdash "
    "models dfrac tfrac iint oint upsilon"
)


class Signs(NamedTuple):
    """What a page may hold; the default is everything."""

    markup: bool = True  # elements, classes, attributes and addresses that hold formulas
    text: bool = True  # delimiters and commands in the text
    codes: bool = True  # BB codes, escaped tags, references that stand for a delimiter
    renderer: bool = True  # scripts of a renderer, with its configuration
    raised: bool = True  # subscripts and powers
    drawn: bool = True  # drawings that may be formulas
    named: bool = True  # classes and attributes by which pages name their formulas
    delimiters: bool = True  # dollars or backslashes that somebody reads

    @property
    def walked(self) -> bool:
        """Whether a formula may stand at any element or text, not only at a power."""
        return self.markup or self.text or self.codes or self.renderer

    @property
    def hopeful(self) -> bool:
        """Whether there may be any formula."""
        return self.walked or self.raised
