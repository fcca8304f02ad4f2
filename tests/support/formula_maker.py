r"""Formulas to render and to change: those of the samples, and some from a grammar that nests.

The samples' formulas are what lectures and exercises have; the grammar adds what they lack:
accents, boxes, braces, cases, arrays with lines, fonts, arrows, negated relations, text.
"""

from collections.abc import Callable, Sequence
from random import Random

from samples.formulas import fill
from samples.grammar import mix, pick, sections
from samples.library import FOLDER, PATTERNS

LETTERS = (*"abcdefghiklmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVXYZ",
           *(rf"\{name}" for name in str.split(
               "alpha beta gamma delta epsilon varepsilon theta lambda mu nu xi pi rho sigma tau "
               "phi varphi chi psi omega Gamma Delta Lambda Sigma Phi Psi Omega ell hbar partial "
               "nabla infty emptyset aleph"
           )))  # fmt: skip
RELATIONS = (*"=<>", *(rf"\{name}" for name in str.split(
    "le ge ne neq in notin subset subseteq supset equiv approx sim simeq cong propto to mapsto "
    "rightarrow Rightarrow Leftrightarrow iff implies ll gg mid perp parallel vdash models prec "
    "leqslant leftarrow longrightarrow hookrightarrow triangleq doteq asymp ni"
)))  # fmt: skip
SIGNS = (*"+-", *(rf"\{name}" for name in str.split(
    "cdot times pm mp cup cap oplus otimes wedge vee circ setminus ast star div odot bullet"
)), "/", "*", ",")  # fmt: skip
FUNCTIONS = tuple(rf"\{name}" for name in str.split("sin cos tan log ln exp det ker dim arg"))
LIMITED = (r"\max", r"\min", r"\sup", r"\inf", r"\lim", r"\operatorname*{argmax}", r"\limsup")
BIG = tuple(rf"\{name}" for name in str.split(
    "sum sum sum prod int int oint bigcup bigcap bigoplus iint coprod"
))  # fmt: skip
ACCENTS = tuple(rf"\{name}" for name in str.split(
    "hat bar tilde vec dot ddot widehat widetilde overline underline overrightarrow"
))  # fmt: skip
FONTS = tuple(rf"\{name}" for name in str.split(
    "mathbf mathbb mathcal mathrm mathfrak mathsf mathtt boldsymbol mathscr mathit"
))  # fmt: skip
FENCES = (("(", ")"), ("[", "]"), (r"\{", r"\}"), ("|", "|"), (r"\langle", r"\rangle"),
          (r"\lfloor", r"\rfloor"), (r"\lceil", r"\rceil"), (r"\|", r"\|"))  # fmt: skip
WORDS = (
    "if ",
    "otherwise",
    "for all ",
    "and ",
    " when ",
    "loss",
    "train",
    "max speed",
    "误差",
    "a.s.",
)
MATRICES = ("pmatrix", "bmatrix", "vmatrix", "matrix", "Bmatrix", "Vmatrix")


def formulas(count: int, seed: int) -> list[str]:
    """Return formulas, all different: half of them filled patterns, half composed."""
    patterns = [
        line
        for path in sorted((FOLDER / "fields").glob("*.txt"))
        for kind in PATTERNS
        for line in sections(path.read_text(encoding="utf-8"))[kind]
    ]
    made: dict[str, None] = {}
    number = 0
    while len(made) < count:
        rng = Random(mix(seed, number))
        number += 1
        filled = number % 2 and number < 2 * len(patterns) * 12
        made[fill(pick(rng, patterns), rng) if filled else Composer(rng).formula()] = None
    return list(made)


class Composer:
    """Composes one formula after another."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def formula(self) -> str:
        """Return one formula of one to three sides."""
        sides = [self.row(2) for _ in range(1 + self.below(3))]
        tex = sides[0]
        for side in sides[1:]:
            tex = joined(tex, pick(self.rng, RELATIONS), side)
        return tex

    def below(self, count: int) -> int:
        return int(self.rng.random() * count)

    def row(self, depth: int) -> str:
        """Return one to three terms with signs between them."""
        tex = ("-" if self.rng.random() < 0.1 else "") + self.term(depth)
        for _ in range(self.below(3)):
            sign = "" if self.rng.random() < 0.3 else pick(self.rng, SIGNS)
            tex = joined(tex, sign, self.term(depth))
        return tex

    def term(self, depth: int) -> str:
        """Return a term that nests up to `depth` levels."""
        if depth == 0 or self.rng.random() < 0.35:
            return self.atom()
        return pick(self.rng, CONSTRUCTS)(self, depth - 1)

    def atom(self) -> str:
        at = self.rng.random()
        if at < 0.2:
            return str(pick(self.rng, (0, 1, 2, 3, 4, 7, 10, 12, 100, 2.5, 0.01)))
        return pick(self.rng, LETTERS)

    def letter(self) -> str:
        return pick(self.rng, LETTERS)

    def index(self) -> str:
        if self.rng.random() < 0.7:
            return self.atom()
        return pick(
            self.rng, ("ij", "xx", "n+1", "n-1", "2n", "i,j", r"\max", r"\text{max}", "k=1")
        )


Construct = Callable[[Composer, int], str]


def joined(*parts: str) -> str:
    r"""Join pieces of LaTeX so that no command runs into a letter."""
    out = ""
    for part in parts:
        gap = " " if part[:1].isalpha() and ends_in_command(out) else ""
        out += gap + part
    return out


def ends_in_command(tex: str) -> bool:
    return tex.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*").endswith("\\")


def lower(to: Composer, depth: int) -> str:
    return f"{to.letter()}_{{{to.index()}}}"


def power(to: Composer, depth: int) -> str:
    return f"{to.letter()}^{{{to.index()}}}"


def both(to: Composer, depth: int) -> str:
    return f"{to.letter()}_{{{to.index()}}}^{{{to.index()}}}"


def deep_power(to: Composer, depth: int) -> str:
    return f"{to.letter()}^{{{to.row(depth)}}}"


def prime(to: Composer, depth: int) -> str:
    return pick(to.rng, "fghuxy") + pick(to.rng, ("'", "''", "'_{0}", "'^{2}"))


def frac(to: Composer, depth: int) -> str:
    return rf"\frac{{{to.row(depth)}}}{{{to.row(depth)}}}"


def root(to: Composer, depth: int) -> str:
    index = f"[{pick(to.rng, ('3', '4', 'n', 'k+1'))}]" if to.rng.random() < 0.3 else ""
    return rf"\sqrt{index}{{{to.row(depth)}}}"


def big(to: Composer, depth: int) -> str:
    bounds = pick(
        to.rng, (r"_{i=1}^{n}", r"_{k=0}^{\infty}", r"_{0}^{1}", r"_{x\in X}", "", "_{D}")
    )
    return joined(pick(to.rng, BIG) + bounds, to.term(depth))


def limit(to: Composer, depth: int) -> str:
    return rf"{pick(to.rng, LIMITED)}_{{{to.letter()}\to {to.atom()}}} " + to.term(depth)


def function(to: Composer, depth: int) -> str:
    power = "^{2}" if to.rng.random() < 0.2 else ""
    return joined(
        pick(to.rng, FUNCTIONS) + power, pick(to.rng, (to.letter(), f"({to.row(depth)})"))
    )


def call(to: Composer, depth: int) -> str:
    return f"{pick(to.rng, 'fgPEVH')}({to.row(depth)})"


def fenced(to: Composer, depth: int) -> str:
    left, right = pick(to.rng, FENCES)
    if to.rng.random() < 0.5:
        return joined(rf"\left{left}", to.row(depth), rf"\right{right}")
    return joined(left, to.row(depth), right)


def tall(to: Composer, depth: int) -> str:
    left, right = pick(to.rng, FENCES)
    return joined(rf"\left{left}", frac(to, 0), rf"\right{right}") + pick(
        to.rng, ("", "^{2}", "_{n}")
    )


def accent(to: Composer, depth: int) -> str:
    inner = to.letter() if to.rng.random() < 0.8 else to.row(0)
    return f"{pick(to.rng, ACCENTS)}{{{inner}}}"


def font(to: Composer, depth: int) -> str:
    return f"{pick(to.rng, FONTS)}{{{pick(to.rng, 'ABCDEFHLMNPRSTVXYZ')}}}"


def word(to: Composer, depth: int) -> str:
    name = pick(to.rng, ("mathrm", "text", "operatorname", "mathsf", "mathit", "mathbf", "texttt"))
    return rf"\{name}{{{pick(to.rng, ('max', 'train', 'loss', 'Var', 'KL', 'eff', 'rank'))}}}"


def text(to: Composer, depth: int) -> str:
    return rf"\text{{{pick(to.rng, WORDS)}}}"


def binomial(to: Composer, depth: int) -> str:
    return rf"\binom{{{to.row(0)}}}{{{to.atom()}}}"


def matrix(to: Composer, depth: int) -> str:
    return table(to, pick(to.rng, MATRICES), 1 + to.below(4), 1 + to.below(4))


def cases(to: Composer, depth: int) -> str:
    lines = [
        joined(to.row(0), "&", pick(to.rng, (r"\text{if }", r"\text{otherwise}", "")), to.row(0))
        for _ in range(2 + to.below(2))
    ]
    return r"\begin{cases}" + r"\\".join(lines) + r"\end{cases}"


def aligned(to: Composer, depth: int) -> str:
    lines = [joined(to.row(0), "&=", to.row(1)) for _ in range(1 + to.below(3))]
    return r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}"


def array(to: Composer, depth: int) -> str:
    columns = 2 + to.below(2)
    rule = pick(to.rng, ("", "", "|"))
    spec = rule.join(pick(to.rng, "clr") for _ in range(columns))
    return table(to, "array", 2 + to.below(2), columns, f"{{{spec}}}", r"\hline " * bool(rule))


def table(to: Composer, name: str, rows: int, columns: int, spec: str = "", rule: str = "") -> str:
    lines = ["&".join(to.row(0) for _ in range(columns)) for _ in range(rows)]
    return rf"\begin{{{name}}}{spec}" + (r"\\" + rule).join(lines) + rf"\end{{{name}}}"


def brace(to: Composer, depth: int) -> str:
    above = to.rng.random() < 0.4
    label = pick(to.rng, ("n", "k", r"\text{terms}", ""))
    name, script = ("overbrace", "^") if above else ("underbrace", "_")
    return rf"\{name}{{{to.row(0)}}}" + (f"{script}{{{label}}}" if label else "")


def stacked(to: Composer, depth: int) -> str:
    letter = to.letter()
    ways = (
        rf"\overset{{{letter}}}{{=}}",
        r"\stackrel{\text{def}}{=}",
        rf"\underset{{{letter}}}{{X}}",
        rf"\xrightarrow{{{letter}}}",
        r"\xleftarrow{n}",
        r"\underset{x\in S}{\operatorname{argmin}}",
    )
    return pick(to.rng, ways)


def boxed(to: Composer, depth: int) -> str:
    return pick(to.rng, (r"\boxed{#}", r"\boxed{#}", r"\cancel{#}")).replace("#", to.row(0))


def modulo(to: Composer, depth: int) -> str:
    return pick(to.rng, (rf"\pmod{{{to.atom()}}}", rf"\bmod {to.atom()}"))


CONSTRUCTS: Sequence[Construct] = (
    *[lower] * 5, *[power] * 5, *[both] * 2, *[deep_power] * 2, prime, prime, *[frac] * 5,
    *[root] * 2, *[big] * 3, limit, limit, function, function, call, call, fenced, fenced, tall,
    *[accent] * 3, *[font] * 3, word, word, text, binomial, matrix, cases, aligned, array, brace,
    stacked, boxed, modulo,
)  # fmt: skip
