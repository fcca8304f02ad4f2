r"""The LaTeX that our own formulas use, as presentation MathML.

Covers what `formulas.py` and `exercises.py` write and nothing more; an unknown command is an error,
so that a new formula cannot silently become a wrong page.

>>> mathml(r"\frac{a}{2}")
'<mfrac><mi>a</mi><mn>2</mn></mfrac>'
"""

import re
from functools import lru_cache

GREEK = dict(
    zip(
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "varepsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "pi",
            "rho",
            "sigma",
            "tau",
            "phi",
            "varphi",
            "chi",
            "psi",
            "omega",
            "Gamma",
            "Delta",
            "Theta",
            "Lambda",
            "Xi",
            "Pi",
            "Sigma",
            "Phi",
            "Psi",
            "Omega",
            "epsilon",
            "hbar",
            "ell",
            "nabla",
            "partial",
            "infty",
            "aleph",
            "emptyset",
            "varnothing",
        ],
        "αβγδεζηθικλμνξπρστϕφχψωΓΔΘΛΞΠΣΦΨΩϵℏℓ∇∂∞ℵ∅∅",
        strict=True,
    )
)
OPERATORS = {
    "cdot": "⋅", "times": "×", "div": "÷", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤", "ge": "≥",
    "geq": "≥", "ne": "≠", "neq": "≠", "equiv": "≡", "approx": "≈", "sim": "∼", "to": "→",
    "rightarrow": "→", "Rightarrow": "⇒", "iff": "⟺", "implies": "⟹", "in": "∈", "notin": "∉",
    "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "cup": "∪", "cap": "∩", "setminus": "∖",
    "mid": "∣",
    "parallel": "∥", "perp": "⊥", "angle": "∠", "triangle": "△", "circ": "∘", "forall": "∀",
    "exists": "∃", "cdots": "⋯", "ldots": "…", "dots": "…", "mapsto": "↦", "oplus": "⊕",
    "otimes": "⊗", "propto": "∝", "ll": "≪", "gg": "≫", "cong": "≅", "langle": "⟨", "rangle": "⟩",
    "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖", "prime": "′", "%": "%",
    "{": "{", "}": "}",
    "mod": "mod", "colon": ":", "land": "∧", "lor": "∨",
}  # fmt: skip
BIG = {"sum": "∑", "prod": "∏", "int": "∫", "oint": "∮", "iint": "∬", "bigcup": "⋃", "bigcap": "⋂"}
FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "log",
        "ln",
        "lg",
        "exp",
        "det",
        "dim",
        "ker",
        "gcd",
        "deg",
    ]
)
LIMITS = frozenset(["lim", "max", "min", "sup", "inf"])
ACCENTS = {
    "hat": "^",
    "bar": "¯",
    "vec": "→",
    "tilde": "~",
    "dot": "˙",
    "ddot": "¨",
    "overline": "¯",
}
VARIANTS = {"mathbb": "double-struck", "mathbf": "bold", "mathcal": "script", "mathrm": "normal"}
SPACES = {
    ",": "0.167em",
    ";": "0.278em",
    "quad": "1em",
    "qquad": "2em",
    "!": "-0.167em",
    " ": "0.25em",
}
TABLES = {
    "matrix": "",
    "pmatrix": "()",
    "bmatrix": "[]",
    "vmatrix": "||",
    "cases": "{",
    "aligned": "",
    "array": "",
}

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|[^\s]", re.DOTALL)


def escape(text: str) -> str:
    """Return text that may stand between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Parser:
    """One formula on its way to MathML."""

    def __init__(self, tex: str) -> None:
        # \text keeps its inside, spaces included, so it is cut out before tokens are made
        self.texts = re.findall(r"\\text\{([^{}]*)\}", tex)
        self.tokens = _TOKEN.findall(re.sub(r"\\text\{[^{}]*\}", r"\\text ", tex))
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def row(self, *ends: str) -> str:
        """Return everything up to one of `ends`, which stays unread."""
        out: list[str] = []
        while self.at < len(self.tokens) and self.peek() not in ends:
            out.append(self.scripted())
        return "".join(out)

    def group(self) -> str:
        """Return one argument as a single element."""
        if self.peek() == "{":
            self.next()
            inside = self.row("}")
            self.next()
            return inside if _single(inside) else f"<mrow>{inside}</mrow>"
        return self.atom()[0]

    def scripted(self) -> str:
        """Return an atom with what hangs on it."""
        base, under = self.atom()
        low = high = ""
        primes = ""
        while self.peek() in ("_", "^", "'"):
            mark = self.next()
            if mark == "'":
                primes += "′"
            elif mark == "_":
                low = self.group()
            else:
                high = self.group()
        if primes:
            high = f"<mo>{primes}</mo>" + high
            high = high if _single(high) else f"<mrow>{high}</mrow>"
        if low and high:
            tag = "munderover" if under else "msubsup"
            return f"<{tag}>{base}{low}{high}</{tag}>"
        if low:
            tag = "munder" if under else "msub"
            return f"<{tag}>{base}{low}</{tag}>"
        if high:
            tag = "mover" if under else "msup"
            return f"<{tag}>{base}{high}</{tag}>"
        return base

    def atom(self) -> tuple[str, bool]:
        """Return one element, and whether its scripts go below and above."""
        token = self.next()
        if token == "{":
            self.at -= 1
            return self.group(), False
        if token[0].isdigit():
            return f"<mn>{token}</mn>", False
        if token.isalpha():
            return f"<mi>{token}</mi>", False
        if token[0] != "\\":
            return f"<mo>{escape('−' if token == '-' else token)}</mo>", False
        name = token[1:]
        if name in ("frac", "dfrac", "tfrac"):
            return f"<mfrac>{self.group()}{self.group()}</mfrac>", False
        if name == "binom":
            inside = f'<mfrac linethickness="0">{self.group()}{self.group()}</mfrac>'
            return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>", False
        if name == "sqrt":
            if self.peek() == "[":
                self.next()
                index = self.row("]")
                self.next()
                return f"<mroot>{self.group()}{index}</mroot>", False
            return f"<msqrt>{self.group()}</msqrt>", False
        if name == "text":
            return f"<mtext>{escape(self.texts.pop(0))}</mtext>", False
        if name in ACCENTS:
            return f'<mover accent="true">{self.group()}<mo>{ACCENTS[name]}</mo></mover>', False
        if name in VARIANTS:
            letters = re.sub(r"<[^>]*>", "", self.group())
            return f'<mi mathvariant="{VARIANTS[name]}">{letters}</mi>', False
        if name == "left":
            opening = self.fence()
            inside = self.row("\\right")
            self.next()
            return f"<mrow>{opening}{inside}{self.fence()}</mrow>", False
        if name == "begin":
            return self.table(), False
        if name in SPACES:
            return f'<mspace width="{SPACES[name]}"></mspace>', False
        if name == "pmod":
            words = '<mo>(</mo><mi>mod</mi><mspace width="0.333em"></mspace>'
            return f'<mspace width="0.444em"></mspace>{words}{self.group()}<mo>)</mo>', False
        if name in GREEK:
            return f"<mi>{GREEK[name]}</mi>", False
        if name in BIG:
            return f"<mo>{BIG[name]}</mo>", name not in ("int", "oint", "iint")
        if name in FUNCTIONS:
            return f"<mi>{name}</mi><mo>&#x2061;</mo>" if self.peek() not in (
                "_",
                "^",
            ) else f"<mi>{name}</mi>", False
        if name in LIMITS:
            return f"<mo>{name}</mo>", True
        return f"<mo>{escape(OPERATORS[name])}</mo>", False

    def fence(self) -> str:
        """Return the sign after \\left or \\right."""
        token = self.next()
        if token == ".":
            return ""
        sign = OPERATORS[token[1:]] if token[0] == "\\" else token
        return f'<mo stretchy="true">{escape(sign)}</mo>'

    def table(self) -> str:
        """Return an environment whose name comes next."""
        name = self.environment()
        if name == "array":
            self.environment()
        rows: list[str] = []
        cells: list[str] = []
        while True:
            cells.append(f"<mtd>{self.row('&', chr(92) * 2, chr(92) + 'end')}</mtd>")
            token = self.next()
            if token == "&":
                continue
            rows.append(f"<mtr>{''.join(cells)}</mtr>")
            cells = []
            if token != "\\\\":
                self.environment()
                break
        align = {"cases": ' columnalign="left left"', "aligned": ' columnalign="right left"'}.get(
            name, ""
        )
        table = f"<mtable{align}>{''.join(rows)}</mtable>"
        fences = TABLES[name]
        if not fences:
            return table
        closing = f"<mo>{fences[1]}</mo>" if len(fences) == 2 else ""
        return f"<mrow><mo>{fences[0]}</mo>{table}{closing}</mrow>"

    def environment(self) -> str:
        """Read `{name}`."""
        self.next()
        name = ""
        while self.peek() != "}":
            name += self.next()
        self.next()
        return name


def _single(inside: str) -> bool:
    """Tell whether `inside` is exactly one element."""
    match = re.match(r"<(\w+)[ >]", inside)
    if not match:
        return False
    tag = match[1]
    depth = 0
    for found in re.finditer(rf"<(/?){tag}\b", inside):
        depth += -1 if found[1] else 1
        if depth == 0:
            return inside.find(">", found.start()) == len(inside) - 1
    return False


@lru_cache(maxsize=65536)
def mathml(tex: str) -> str:
    """Return the inside of a `<math>` element."""
    try:
        return _Parser(tex).row()
    except (IndexError, KeyError) as error:
        raise ValueError(f"{tex!r}: not in the LaTeX of our formulas") from error
