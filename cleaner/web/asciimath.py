r"""AsciiMath -> LaTeX: the grammar of ASCIIMathML, where `sum_(i=1)^n i/2` is a fraction.

I ::= S_S | S^S | S_S^S | S
E ::= I E | I/I
S ::= constant | left E right | unary S | binary S S | "text"
"""

import re
from typing import NamedTuple

from cleaner.web.budget import MATHML_DEPTH
from cleaner.web.tex import clean

_CONSTANTS = r"""
+ + - - * \cdot ** \ast *** \star // / setminus \setminus xx \times |>< \ltimes ><| \rtimes
|><| \bowtie -: \div divide \div @ \circ o+ \oplus ox \otimes o. \odot ^^ \wedge ^^^ \bigwedge
vv \vee vvv \bigvee nn \cap nnn \bigcap uu \cup uuu \bigcup = = != \ne ne \ne := := < < lt <
<= \le le \le lt= \le gt > > > >= \ge ge \ge gt= \ge mlt \ll ll \ll mgt \gg gg \gg -< \prec
-lt \prec prec \prec >- \succ succ \succ -<= \preceq preceq \preceq >-= \succeq succeq \succeq
in \in !in \notin notin \notin sub \subset sup \supset !sub \not\subset !sup \not\supset
sube \subseteq supe \supseteq !sube \nsubseteq !supe \nsupseteq subset \subset supset \supset
subseteq \subseteq supseteq \supseteq -= \equiv equiv \equiv !-= \not\equiv ~= \cong cong \cong
~~ \approx approx \approx ~ \sim sim \sim prop \propto propto \propto not \neg neg \neg
=> \Rightarrow implies \Rightarrow if \text{~if~} <=> \Leftrightarrow iff \Leftrightarrow
and \text{~and~} or \text{~or~} AA \forall forall \forall EE \exists exists \exists _|_ \bot
bot \bot TT \top top \top |-- \vdash vdash \vdash |== \models models \models rarr \to -> \to
to \to larr \leftarrow uarr \uparrow darr \downarrow harr \leftrightarrow rArr \Rightarrow
lArr \Leftarrow hArr \Leftrightarrow >-> \rightarrowtail ->> \twoheadrightarrow |-> \mapsto
mapsto \mapsto rightarrow \to leftarrow \leftarrow Rightarrow \Rightarrow Leftarrow \Leftarrow
uparrow \uparrow downarrow \downarrow leftrightarrow \leftrightarrow
Leftrightarrow \Leftrightarrow hookrightarrow \hookrightarrow int \int oint \oint del \partial
partial \partial grad \nabla nabla \nabla +- \pm pm \pm -+ \mp mp \mp O/ \emptyset
emptyset \emptyset oo \infty infty \infty aleph \aleph ... \ldots ldots \ldots cdots \cdots
vdots \vdots ddots \ddots :. \therefore therefore \therefore :' \because because \because
/_ \angle angle \angle triangle \triangle quad \quad qquad \qquad frown \frown diamond \diamond
square \square |__ \lfloor __| \rfloor |~ \lceil ~| \rceil CC \mathbb{C} NN \mathbb{N}
QQ \mathbb{Q} RR \mathbb{R} ZZ \mathbb{Z} sum \sum prod \prod lim \lim Lim \lim dim \dim mod \bmod
lub \operatorname{lub} glb \operatorname{glb} cdot \cdot times \times div \div ast \ast star \star
circ \circ oplus \oplus otimes \otimes odot \odot wedge \wedge bigwedge \bigwedge vee \vee
bigvee \bigvee cap \cap bigcap \bigcap cup \cup bigcup \bigcup leq \le geq \ge neq \ne min \min
max \max det \det ker \ker deg \deg prime ' hbar \hbar ell \ell dx dx dy dy dz dz dt dt
parallel \parallel perp \perp cong \cong :|: \big| alpha \alpha beta \beta chi \chi delta \delta
Delta \Delta epsi \varepsilon epsilon \epsilon varepsilon \varepsilon eta \eta gamma \gamma
Gamma \Gamma iota \iota kappa \kappa lambda \lambda Lambda \Lambda lamda \lambda Lamda \Lambda
mu \mu nu \nu omega \omega Omega \Omega phi \phi varphi \varphi Phi \Phi pi \pi Pi \Pi psi \psi
Psi \Psi rho \rho sigma \sigma Sigma \Sigma tau \tau theta \theta vartheta \vartheta Theta \Theta
upsilon \upsilon xi \xi Xi \Xi zeta \zeta
"""
_FUNCTIONS = str.split(
    "sin cos tan sinh cosh tanh cot sec csc arcsin arccos arctan coth log ln exp gcd"
)
_OTHER_FUNCTIONS = str.split(
    "sech csch lcm arcsec arccsc arccot Sin Cos Tan Sinh Cosh Tanh Cot Sec Csc Arcsin Arccos "
    "Arctan Log Ln Abs"
)
_UNARY = {
    "sqrt": r"\sqrt{#}", "hat": r"\hat{#}", "bar": r"\overline{#}", "overline": r"\overline{#}",
    "vec": r"\vec{#}", "tilde": r"\tilde{#}", "dot": r"\dot{#}", "ddot": r"\ddot{#}",
    "ul": r"\underline{#}", "underline": r"\underline{#}", "ubrace": r"\underbrace{#}",
    "underbrace": r"\underbrace{#}", "obrace": r"\overbrace{#}", "overbrace": r"\overbrace{#}",
    "overarc": r"\overset{\frown}{#}", "overparen": r"\overset{\frown}{#}",
    "abs": r"\left|#\right|", "norm": r"\left\|#\right\|", "floor": r"\left\lfloor#\right\rfloor",
    "ceil": r"\left\lceil#\right\rceil", "Abs": r"\left|#\right|", "cancel": r"\cancel{#}",
    "bb": r"\mathbf{#}", "mathbf": r"\mathbf{#}", "sf": r"\mathsf{#}", "mathsf": r"\mathsf{#}",
    "bbb": r"\mathbb{#}", "mathbb": r"\mathbb{#}", "cc": r"\mathcal{#}",
    "mathcal": r"\mathcal{#}", "tt": r"\mathtt{#}", "mathtt": r"\mathtt{#}",
    "fr": r"\mathfrak{#}", "mathfrak": r"\mathfrak{#}", "bbsf": r"\mathsf{#}",
    "it": r"\mathit{#}", "mathit": r"\mathit{#}", "rm": r"\mathrm{#}", "mathrm": r"\mathrm{#}",
    "op": r"\operatorname{#}", "widehat": r"\widehat{#}", "widetilde": r"\widetilde{#}",
    "phantom": r"\phantom{#}",
}  # fmt: skip
_BINARY = {
    "frac": r"\frac{{{0}}}{{{1}}}",
    "root": r"\sqrt[{0}]{{{1}}}",
    "binom": r"\binom{{{0}}}{{{1}}}",
    **dict.fromkeys(("stackrel", "overset"), r"\overset{{{0}}}{{{1}}}"),
    "underset": r"\underset{{{0}}}{{{1}}}",
    **dict.fromkeys(("color", "id", "class"), "{1}"),
}
_TEXT = frozenset(["text", "mbox", "textrm", "textbf", "textit"])
_LEFT = {
    "(": "(", "[": "[", "{": r"\{", "(:": r"\langle", "<<": r"\langle", "langle": r"\langle",
    "{:": ".", "|__": r"\lfloor", "|~": r"\lceil", "left(": "(", "left[": "[",
}  # fmt: skip
_RIGHT = {
    ")": ")", "]": "]", "}": r"\}", ":)": r"\rangle", ">>": r"\rangle", "rangle": r"\rangle",
    ":}": ".", "__|": r"\rfloor", "~|": r"\rceil", "right)": ")", "right]": "]",
}  # fmt: skip
_MATRICES = {
    ("(", ")"): "pmatrix",
    ("[", "]"): "bmatrix",
    ("|", "|"): "vmatrix",
    (r"\{", r"\}"): "Bmatrix",
}
_TALL = re.compile(r"\\(?:frac|sum|prod|int|oint|big|begin|binom|sqrt|under|over|left|dfrac)")
_ATOM = re.compile(  # what carries scripts without braces
    r"\\?[A-Za-z]+|[^\s\\{}]|\\[a-z]+\{[^{}]*\}|[\d.]+|\(.*\)|\[.*\]|\\left.*|\\begin\{.*", re.S
)


def _table() -> dict[str, str]:
    parts = _CONSTANTS.split()
    named = dict(zip(parts[::2], parts[1::2], strict=True))
    return named | {"\\\\": r"\backslash", "\\ ": r"\ ", "/_\\": r"\triangle", "'": "'"}


CONSTANTS = _table()
_NAMES = sorted(
    {
        *CONSTANTS,
        *_FUNCTIONS,
        *_OTHER_FUNCTIONS,
        *_UNARY,
        *_BINARY,
        *_TEXT,
        *_LEFT,
        *_RIGHT,
        "_",
        "^",
        "/",
        "|",
        "||",
        ",",
    },
    key=len,
    reverse=True,
)
_TOKEN = re.compile(
    r"\s*(?:(\"[^\"]*\"?)|(\d+(?:\.\d+)?|\.\d+)|("
    + "|".join(re.escape(name) for name in _NAMES)
    + r")|(\\[A-Za-z]+)|(.))",
    re.S,
)
_LONGEST = 5_000  # characters; the formulas of asciimath.org have under 100
_WORDY = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff\uff00-\uffef]+")


class _TooDeep(Exception):
    """Brackets or signs nested deeper than any formula's."""


class _Piece(NamedTuple):
    """A piece of LaTeX, and what stood in the brackets if it is nothing but brackets."""

    tex: str
    inner: str | None = None


def asciimath_to_latex(text: str) -> str:
    r"""Return the LaTeX of an AsciiMath formula.

    >>> asciimath_to_latex("x=(-b+-sqrt(b^2-4ac))/(2a)")
    'x=\\frac{-b\\pm\\sqrt{b^{2}-4ac}}{2a}'
    >>> asciimath_to_latex("sum_(i=1)^n i^3")
    '\\sum_{i=1}^{n}i^{3}'
    """
    text = text.strip().strip("`").strip()
    if whole := _WHOLE.fullmatch(text):  # brackets around all of a fraction group nothing
        text = whole[1]
    if not text or len(text) > _LONGEST:
        return ""
    try:
        return clean(_Parser(text).formula())[0]
    except _TooDeep:  # no formula: the text stays what it is
        return ""


_WHOLE = re.compile(r"\(\s*([^()\[\]{},;|=<>]+/[^()\[\]{},;|=<>/]+)\)")


class _Parser:
    """A reader of one formula, left to right, with one token of looking ahead."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    # ---- tokens

    def _peek(self) -> tuple[str, int, int]:
        """Return the next token, its kind and its end.

        Kinds are 1 text, 2 number, 3 name, 4 command, 5 letter, 0 nothing more.
        """
        run = _WORDY.match(self.text, self._blank())
        if run:
            return run.group(), 1, run.end()
        match = _TOKEN.match(self.text, self.at)
        if match is None or match.lastindex is None:
            return "", 0, len(self.text)
        return match.group(match.lastindex), match.lastindex, match.end()

    def _blank(self) -> int:
        at = self.at
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        return at

    # ---- grammar

    def formula(self) -> str:
        """Read all of it; a closing bracket without an opening one stands for itself."""
        out = [self.expression(())]
        while self._peek()[1]:
            token, _, self.at = self._peek()
            out += [_RIGHT.get(token, "").strip("."), self.expression(())]
        return _joined(out)

    def expression(self, stops: tuple[str, ...]) -> str:
        """Read up to a closing bracket (left unread) or the end."""
        self._deeper()
        out: list[str] = []
        while True:
            token, kind, end = self._peek()
            if not kind or (kind == 3 and token in _RIGHT) or token in stops:
                break
            piece = self._intermediate(stops)
            token, kind, end = self._peek()
            if token == "/" and kind == 3:
                self.at = end
                minus = self._peek()[0] == "-" and self._peek()[2]
                if minus and not self.text[minus : minus + 1].isspace():
                    self.at = minus
                    below = _Piece(_joined(["-", self._intermediate(stops).tex]))
                else:
                    below = self._intermediate(stops) if self._peek()[1] else _Piece("")
                out.append(rf"\frac{{{_bare(piece)}}}{{{_bare(below)}}}")
            else:
                out.append(piece.tex)
        self.depth -= 1
        return _joined(out)

    def _intermediate(self, stops: tuple[str, ...]) -> _Piece:
        token, kind, _ = self._peek()
        function = (kind == 3 and (token in _FUNCTIONS or token in _OTHER_FUNCTIONS)) or token in (
            "f",
            "g",
        )
        piece = self._simple(stops)
        under = over = ""
        token, kind, end = self._peek()
        if kind == 3 and token == "_":
            self.at = end
            under = _bare(self._signed(stops))
            token, kind, end = self._peek()
        if kind == 3 and token == "^":
            self.at = end
            over = _bare(self._signed(stops))
        if not under and not over:
            return piece
        base = piece.tex
        whole = base.startswith((r"\underbrace", r"\overbrace")) or _ATOM.fullmatch(base)
        tex = base if whole else f"{{{base}}}"
        tex += (f"_{{{under}}}" if under else "") + (f"^{{{over}}}" if over else "")
        while self._peek()[0] == "^":
            self.at = self._peek()[2]
            tex = f"{{{tex}}}^{{{_bare(self._signed(stops))}}}"
        if (
            function
            and self._peek()[0]
            and self._peek()[0] not in ("/", "|", ",", "=", "+", "-")
            and self._peek()[0] not in _RIGHT
        ):
            return _Piece(_joined([tex, self._intermediate(stops).tex]))
        return _Piece(tex)

    def _signed(self, stops: tuple[str, ...]) -> _Piece:
        """Read what follows `_`, `^` or `/`: a minus there belongs to the next expression."""
        token, _, end = self._peek()
        if token == "-" and end < len(self.text) and not self.text[end].isspace():
            self.at = end
            return _Piece(_joined(["-", self._simple(stops).tex]))
        return self._simple(stops)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MATHML_DEPTH:
            raise _TooDeep

    def _simple(self, stops: tuple[str, ...]) -> _Piece:
        self._deeper()
        piece = self._one(stops)
        self.depth -= 1
        return piece

    def _one(self, stops: tuple[str, ...]) -> _Piece:
        token, kind, end = self._peek()
        self.at = end
        if kind == 1:
            return _Piece(_text(token.strip('"')))
        if kind == 2:
            return _Piece(token)
        if kind == 4:
            return _Piece(token)
        if token in ("f", "g") and self.text[end : end + 1] == "(":
            return _Piece(token + self._simple(stops).tex)
        if kind == 5:
            return _Piece(
                token
                if token.isascii() and token not in "#$%&_{}\\"
                else "\\" + token
                if token in "#$%&"
                else token
            )
        if kind != 3:
            return _Piece("")
        if token in _TEXT:
            return self._quoted()
        if token in _LEFT:
            return self._bracketed(token, stops)
        if token in ("|", "||"):
            return self._bars(token, stops)
        if token in _BINARY:
            first, second = self._simple(stops), self._simple(stops)
            return _Piece(_BINARY[token].format(_bare(first), _bare(second)))
        if token in _UNARY:
            argument = _bare(self._simple(stops))
            if (
                token in ("bar", "hat", "vec", "tilde")
                and len(argument) > 1
                and not argument.startswith("\\")
            ):
                wide = {
                    "bar": "overline",
                    "hat": "widehat",
                    "vec": "overrightarrow",
                    "tilde": "widetilde",
                }[token]
                return _Piece(rf"\{wide}{{{argument}}}")
            return _Piece(_UNARY[token].replace("#", argument))
        if token in _FUNCTIONS or token in _OTHER_FUNCTIONS:
            name = "\\" + token if token in _FUNCTIONS else rf"\operatorname{{{token}}}"
            following, following_kind, _ = self._peek()
            if (
                not following_kind
                or following in ("^", "_", "/", "|", ",", "=", "+", "-", "<", ">")
                or following in _RIGHT
            ):
                return _Piece(name)
            return _Piece(_joined([name, self._intermediate_argument(stops)]))
        if token in ("_", "^", "/", ","):
            return _Piece({"_": r"\_", "^": r"\hat{}"}.get(token, token))
        return _Piece(CONSTANTS.get(token, token))

    def _intermediate_argument(self, stops: tuple[str, ...]) -> str:
        return self._intermediate(stops).tex

    def _quoted(self) -> _Piece:
        at = self._blank()
        pairs = {"(": ")", "{": "}", "[": "]"}
        close = pairs.get(self.text[at : at + 1])
        end = self.text.find(close, at + 1) if close else -1
        if end < 0:
            return _Piece("")
        self.at = end + 1
        return _Piece(_text(self.text[at + 1 : end]))

    def _bracketed(self, token: str, stops: tuple[str, ...]) -> _Piece:
        left = _LEFT[token]
        start = self.at
        rows = self._rows()
        if rows is not None:
            closing, kind, end = self._peek()
            right = _RIGHT.get(closing, "") if kind == 3 else ""
            if right or left == ".":
                self.at = end if right else self.at
                return _Piece(_table_tex(rows, left, right or "."))
        self.at = start
        inner = self.expression(())
        closing, kind, end = self._peek()
        if kind == 3 and closing in _RIGHT:
            self.at = end
            right = _RIGHT[closing]
        else:
            return _Piece(_joined(["" if left == "." else left, inner]))
        if left == "." and right == ".":
            return _Piece(inner, inner)
        if "." in (left, right) or _TALL.search(inner):
            return _Piece(_joined([r"\left" + left, inner, r"\right" + right]), inner)
        return _Piece(_joined([left, inner, right]), inner)

    def _bars(self, token: str, stops: tuple[str, ...]) -> _Piece:
        sign = "|" if token == "|" else r"\|"
        if token in stops:
            return _Piece(sign)
        start, depth = self.at, self.depth
        if token == "|" and (rows := self._rows()) is not None and self._peek()[0] == "|":
            self.at = self._peek()[2]
            return _Piece(_table_tex(rows, "|", "|"))
        self.at = start
        inner = self.expression((token,))
        closing, _, end = self._peek()
        if closing == token and inner:
            self.at = end
            if _TALL.search(inner):
                return _Piece(_joined([r"\left" + sign, inner, r"\right" + sign]))
            return _Piece(_joined([sign, inner, sign]))
        self.at, self.depth = start, depth
        return _Piece(sign)

    def _rows(self) -> list[list[str]] | None:
        """Read the rows of a matrix, `(a,b),(c,d)`; None where it is not one."""
        rows: list[list[str]] = []
        while True:
            token, kind, end = self._peek()
            if kind != 3 or token not in ("(", "["):
                return None
            self.at = end
            cells: list[str] = []
            while True:
                cells.append(self._cell())
                token, kind, end = self._peek()
                if token != ",":
                    break
                self.at = end
            if kind != 3 or token not in (")", "]"):
                return None
            rows.append(cells)
            self.at = end
            token, kind, end = self._peek()
            if token != ",":
                break
            self.at = end
        if len(rows) < 2 or len({len(row) for row in rows}) > 1:
            return None
        return rows

    def _cell(self) -> str:
        return self.expression((",",))


def _table_tex(rows: list[list[str]], left: str, right: str) -> str:
    bars = {at for at in range(len(rows[0])) if all(row[at].strip() == "|" for row in rows)}
    body = r"\\".join(
        "&".join(cell for at, cell in enumerate(row) if at not in bars) for row in rows
    )
    if bars:
        spec = "".join("|" if at in bars else "c" for at in range(len(rows[0])))
        return rf"\left{left}\begin{{array}}{{{spec}}}{body}\end{{array}}\right{right}"
    if (left, right) in _MATRICES:
        name = _MATRICES[left, right]
        return rf"\begin{{{name}}}{body}\end{{{name}}}"
    if left == r"\{" and right == ".":
        return rf"\begin{{cases}}{body}\end{{cases}}"
    if left == right == ".":
        return rf"\begin{{matrix}}{body}\end{{matrix}}"
    return rf"\left{left}\begin{{matrix}}{body}\end{{matrix}}\right{right}"


def _bare(piece: _Piece) -> str:
    return piece.inner if piece.inner is not None else piece.tex


def _text(text: str) -> str:
    body = re.sub(r"([#$%&_{}])", r"\\\1", text)
    return rf"\text{{{body}}}" if text else ""


def _joined(parts: list[str]) -> str:
    out: list[str] = []
    for part in parts:
        if not part:
            continue
        if out and part[0].isalpha() and part[0].isascii() and re.search(r"\\[A-Za-z]+\Z", out[-1]):
            out.append(" ")
        out.append(part)
    return "".join(out)
