r"""TeX between delimiters in running text: \(..\), $..$, environments, [tex], configured ones."""

import re
from collections.abc import Callable
from typing import NamedTuple

from cleaner.web.budget import DELIMITERS, Work
from cleaner.web.formulas.config import Config, Delimiter
from cleaner.web.formulas.marks import undamaged
from cleaner.web.tex import clean

MATH_ENVIRONMENTS = frozenset(
    str.split(
        "equation align gather multline eqnarray alignat flalign displaymath math subequations "
        "aligned gathered alignedat split cases dcases rcases matrix pmatrix bmatrix vmatrix "
        "Vmatrix Bmatrix smallmatrix array CD numcases xalignat darray drcases"
    )
)
MAX_BODY = 20_000  # characters of one delimited formula
_NEAR = 400  # characters; most formulas are shorter
_DEEPEST = 30  # braces within braces; formulas have under 20
_INLINE_DOLLAR = 300  # characters; formulas in sentences have under 100
_CONFIGURED_DOLLAR = 2_000
TEX_SIGN = re.compile(r"\\[a-zA-Z]+|[_^]|\\[{}|,;!]")
_SIGN = re.compile(r"[\\_^=<>]")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\u3000-\u303f]")
_GROUP = re.compile(r"\{[^{}]*\}")
_COMMAND = re.compile(r"\\[a-zA-Z]{2,}|\\[{}|,;]")
_PROSE = re.compile(r"(?<![\\A-Za-z])(?:[A-Za-z]{2,}[,;:]?[ \n]+){3}[A-Za-z]{2,}")
_TEXT = re.compile(
    r"\\(?:text[a-z]*|mbox|hbox|mathrm|operatorname\*?|label|tag|begin|end|array)\s*\{[^{}]*\}"
)
_BACKSLASHED = re.compile(r"\\.", re.S)
_PLAIN_MATH = re.compile(r"[-+*/0-9A-Za-z()\[\]|.,!:;' ~\u0370-\u03ff\u2200-\u22ff°±×÷²³]+")
_WORDS = re.compile(r"[A-Za-z]{4,}")
_WP_PARAMETERS = re.compile(r"(?:&(?:amp;|#0?38;)?(?:s|bg|fg)=[^&$]*)+$")
_XML_TAG = re.compile(r"<m?(?:row|i|n|o|frac|sup|sub|sqrt|text|style|semantics|table)\b", re.I)


_BBCODE = re.compile(r"\[/(?:i?tex|latex|i?math|dmath|mathjax(?:inline)?)\]", re.I)


class Span(NamedTuple):
    """A formula in a text: where it lies, its TeX, and how it was written."""

    start: int
    end: int
    tex: str
    display: bool
    source: str


class Finder:
    """Finds the delimited formulas of one page's texts."""

    def __init__(
        self,
        config: Config,
        source: str,
        convert: Callable[[str], str],
        ascii_: Callable[[str], str],
        codes: bool = True,
    ) -> None:
        self.config = config
        self.trusted = config.renderer or config.dollar
        # What the page's renderer takes for a formula is one; elsewhere the rule of plain text.
        self.configured = config.dollar or (codes and "[latexpage]" in source)
        self.dollar = self.configured
        self._mathml, self._asciimath = convert, ascii_
        self._tried = Work("delimiters", DELIMITERS)
        self._custom = {
            pair.left: pair for pair in sorted(config.delimiters, key=lambda pair: -len(pair.left))
        }
        opens = [re.escape(left) for left in self._custom]
        opens += [r"\\\\?\(", r"\\\\?\[", r"\${1,2}(?!\$)", r"\\begin\s*\{"]
        hot = ""
        if codes and _BBCODE.search(source):
            opens.append(r"\[(?:i?tex|latex|i?math|dmath|mathjax(?:inline)?)(?: [^\]\n]{0,80})?\]")
            hot += "["
        if codes and "&lt;math" in source:
            opens.append(r"<math(?:\s[^<>]{0,300})?>")
            hot += "<"
        if config.asciimath:
            opens.append("`")
            hot += "`"
        hot += "".join(left[0] for left in self._custom)
        self._open = re.compile("|".join(opens), re.I)
        # Beside the dollar and the backslash, what may begin a formula here.
        self.hot = (
            re.compile("[" + "".join(re.escape(char) for char in sorted(set(hot))) + "]").search
            if hot
            else None
        )

    def spans(self, text: str) -> list[Span]:
        """Return the formulas of `text`, in order, not overlapping."""
        found: list[Span] = []
        at = 0
        while match := self._open.search(text, at):
            self._tried.spend()
            span = self._at(text, match, at)
            if span is None:
                at = max(match.end(), at + 1)
                if match.group() == "\\\\(" or match.group() == "\\\\[":
                    at = match.start() + 1
            else:
                if span.tex or _GROUPS.fullmatch(text, span.start, span.end):
                    found.append(span)
                at = span.end
        return found

    @staticmethod
    def escaped_dollars(text: str, taken: list[tuple[int, int, str]]) -> list[int]:
        r"""Return where `\$` stands for a dollar: outside the formulas `taken`."""
        found: list[int] = []
        at = 0
        for start, end, _ in [*taken, (len(text), len(text), "")]:
            found += [match.start() for match in _ESCAPED_DOLLAR.finditer(text, at, start)]
            at = end
        return found

    def _at(self, text: str, match: re.Match[str], last: int) -> Span | None:
        sign = match.group()
        start, inside = match.span()
        custom = self._custom.get(sign)
        if custom is not None:
            return self._configured(text, start, inside, custom)
        if sign[0] == "$":
            return self._dollars(text, start, inside, sign, start == last)
        if sign in ("\\(", "\\["):
            if start and text[start - 1] == "\\":
                return None
            return self._brackets(text, start, inside, sign, sign.translate(_CLOSING))
        if sign in ("\\\\(", "\\\\["):
            return self._doubled(text, start, inside, sign)
        if sign[0] == "\\":
            return self._environment(text, start, inside)
        if sign == "`":
            return self._backticks(text, start, inside)
        if sign[0] == "<":
            return self._escaped_tag(text, start, inside, sign)
        return self._code(text, start, inside, sign)

    def _configured(self, text: str, start: int, inside: int, pair: Delimiter) -> Span | None:
        end = _close(text, inside, pair.right, pair.left if pair.left != pair.right else "")
        if end < 0:
            return None
        body = text[inside:end]
        if not body.strip() or ("\n\n" in body and not pair.display):
            return None
        if pair.asciimath:
            return self._span(
                start, end + len(pair.right), self._asciimath(body), False, "asciimath"
            )
        return self._span(start, end + len(pair.right), body, pair.display, "custom")

    def _brackets(self, text: str, start: int, inside: int, sign: str, close: str) -> Span | None:
        end = _close(text, inside, close, sign)
        if end < 0:
            return None
        body = text[inside:end]
        if not self._sound(body, sign):
            return None
        return self._span(start, end + len(close), body, sign[-1] == "[", "tex")

    def _doubled(self, text: str, start: int, inside: int, sign: str) -> Span | None:
        close = sign.translate(_CLOSING)
        end = text.find(close, inside, inside + MAX_BODY)
        if end < 0:
            return None
        body = text[inside:end]
        if "\\\\" in body and not re.search(r"(?<!\\)\\[a-zA-Z]", body):
            body = body.replace("\\\\", "\\")
        if not self._sound(body, sign[1:]):
            return None
        return self._span(start, end + len(close), body, sign[-1] == "[", "tex")

    def _dollars(
        self, text: str, start: int, inside: int, sign: str, adjacent: bool
    ) -> Span | None:
        before = text[start - 1] if start else ""
        if before == "\\" or (before == "$" and not adjacent):
            return None
        if sign == "$$":
            end = _close(text, inside, "$$")
            if end < 0:
                return None
            body = text[inside:end]
            if not self._sound(body, sign):
                return None
            sure = not text.startswith("$", end + 2) or _MATH_COMMAND.search(body) is not None
            if not sure and not self._opens(text, end + 2):
                return None
            return self._span(start, end + 2, body, True, "tex")
        if text.startswith("`", inside) and (end := text.find("`$", inside + 1, inside + 300)) > 0:
            body = text[inside + 1 : end]  # GitHub's
            if self.trusted or TEX_SIGN.search(body):
                return self._span(start, end + 2, body, False, "tex")
        if text.startswith("latex", inside) and text[inside + 5 : inside + 6] in (
            " ",
            "\\",
            "\n",
            "\xa0",
        ):
            end = _close(text, inside, "$")
            if end >= 0:
                body = _WP_PARAMETERS.sub("", text[inside + 5 : end].strip())
                return self._span(start, end + 1, body, False, "wordpress")
            return None
        limit = _CONFIGURED_DOLLAR if self.dollar else _INLINE_DOLLAR
        end = _close(text, inside, "$", limit=limit)
        if end < 0:
            return None
        body = undamaged(text[inside:end])
        after = text[end + 1 : end + 2]
        if after == "$" and self.dollar and text[end + 2 : end + 3] not in ("", "$"):
            after = ""  # the next formula follows without a space
        if not self.dollar_body(body, before, after):
            return None
        return self._span(start, end + 1, body, False, "tex")

    def _opens(self, text: str, at: int) -> bool:
        """Say whether a formula in dollars begins at `at`, whatever follows it."""
        sign = "$$" if text.startswith("$$", at) else "$"
        start = at + len(sign)
        end = _close(text, start, sign, limit=_INLINE_DOLLAR if sign == "$" else MAX_BODY)
        if end < 0:
            return False
        body = text[start:end]
        return self._sound(body, sign) if sign == "$$" else self.dollar_body(body, "", "")

    def dollar_body(self, body: str, before: str, after: str) -> bool:
        """Say whether `body` between two dollars, `before` and `after` around them, is mathematics.

        It is where the page configures the dollar; where it loads a renderer, by what the body
        holds; elsewhere only with a command of mathematics. No space stands at its inner edges.
        """
        if self.configured:
            return _is_rendered(body, after)
        if not body or "\n\n" in body or after.isdigit() or after == "$":
            return False
        command = _COMMAND.search(body) is not None
        sign = _SIGN.search(body) is not None
        if (body[0].isspace() or body[-1].isspace()) and not (self.dollar and (command or sign)):
            return False
        if not self.trusted and _MATH_COMMAND.search(body) is None:
            return False
        bare = _TEXT.sub(" ", body)
        if _PROSE.search(bare) or (not command and _WIDE.search(_GROUP.sub("", bare))):
            return False
        if command:
            return True
        core = body.strip()
        if _SHELL.fullmatch(core) or _CUT.search(core) or core[0] in ">/*,;:&":
            return False
        if sign:
            return _CODE.search(body) is None and (self.dollar or _SNAKE.search(body) is None)
        if len(body) <= 3 and body.isalpha():
            return True
        closed = not (before.isascii() and before.isalnum()) and not (
            after.isascii() and after.isalnum()
        )
        return (
            self.dollar
            and closed
            and _PLAIN_MATH.fullmatch(body) is not None
            and _WORDS.search(body) is None
        )

    def strict_dollar(self, text: str) -> int:
        """Return how many `$...$` of `text` carry a TeX command."""
        count, at = 0, 0
        while match := _ONE_DOLLAR.search(text, at):
            end = _close(text, match.end(), "$", limit=_INLINE_DOLLAR)
            if end < 0:
                break
            body = text[match.end() : end]
            if _STRONG.search(body) and self.dollar_body(body, "", text[end + 1 : end + 2]):
                count += 1
                at = end + 1
            else:
                at = match.end()
        return count

    def _environment(self, text: str, start: int, inside: int) -> Span | None:
        close = text.find("}", inside, inside + 30)
        if close < 0:
            return None
        name = text[inside:close].strip()
        if name.rstrip("*") not in MATH_ENVIRONMENTS:
            return None
        depth, at = 0, start
        pattern = re.compile(r"\\(begin|end)\s*\{\s*" + re.escape(name) + r"\s*\}")
        while match := pattern.search(text, at, start + MAX_BODY):
            depth += 1 if match.group(1) == "begin" else -1
            at = match.end()
            if depth == 0:
                return self._span(start, at, text[start:at], name != "math", "tex")
            if depth > _DEEPEST:
                break
        return None

    def _backticks(self, text: str, start: int, inside: int) -> Span | None:
        end = text.find("`", inside, inside + 1_000)
        if end < 0 or "\n\n" in (body := text[inside:end]) or not body.strip():
            return None
        return self._span(start, end + 1, self._asciimath(body), False, "asciimath")

    def _escaped_tag(self, text: str, start: int, inside: int, sign: str) -> Span | None:
        ending = _TAG_END.search(text, inside, inside + MAX_BODY)
        if ending is None or not ending.group(1):
            return None
        body = text[inside : ending.start()]
        display = re.search(r"display\s*=\s*[\"']?block", sign) is not None
        if _XML_TAG.search(body):
            tex = self._mathml(f"{sign}{body}</math>")
            return self._span(start, ending.end(), tex, display, "mathml")
        return self._span(start, ending.end(), body, display, "bbcode")

    def _code(self, text: str, start: int, inside: int, sign: str) -> Span | None:
        name = sign[1:-1].split(" ")[0].lower()
        ending = _CODE_ENDS[name].search(text, inside, inside + MAX_BODY)
        if ending is None or not ending.group(1):
            return None
        after = ending.end()
        alone = not text[:start].strip() and not text[after:].strip()
        display = _CODE_DISPLAYS.get(name, alone or "display" in sign)
        return self._span(start, after, text[inside : ending.start()], display, "bbcode")

    def _sound(self, body: str, opening: str) -> bool:
        """Say whether `body`, between \\( and \\) or their like, is mathematics."""
        if not _SUBSTANCE.search(body):
            return False
        if self.trusted:
            return True
        if "\\033[" in body or "\\e[" in body or "://" in body:
            return False
        bare = _TEXT.sub(" ", body)
        if TEX_SIGN.search(bare) is None and not re.search(r"[=<>+*/|≤≥≠∈]", bare):
            if opening == "\\[":  # an escaped bracket of Markdown: [a], [1]
                return False
            word = bare.strip()
            if word.isalpha():
                return len(word) <= 2 or (len(word) <= 4 and word.isupper())
            return len(word) <= 8 and not word.isdigit() and (
                _PLAIN_MATH.fullmatch(word) is not None and _WORDS.search(word) is None
            )  # fmt: skip
        return _PROSE.search(bare) is None or _COMMAND.search(bare) is not None

    def _span(self, start: int, end: int, body: str, display: bool, source: str) -> Span:
        tex, shown = clean(undamaged(body))
        return Span(start, end, tex, display if shown is None else display or shown, source)


def _is_rendered(body: str, after: str) -> bool:
    """Say whether a renderer that takes the dollar shows a formula that somebody meant as one.

    MathJax takes whatever stands between two dollars. Only a sentence between two prices, and code
    between two variables, are left out: they come out garbled on the page itself.
    """
    if not body.strip() or "\n\n" in body:
        return False
    if _COMMAND.search(body):
        return True
    if "$" in body or body.count("{") != body.count("}"):
        return False
    if after.isalpha() and _CUT.search(body.strip()):
        return False
    if _PROSE.search(_TEXT.sub(" ", body)):
        return False
    return _BETWEEN_PRICES.match(body) is None


_BETWEEN_PRICES = re.compile(
    r"\d[\d.,]*[^\\^_=<>]*(?:[A-Za-z]{2,}[^\\^_=<>]*\s|[，。；！？、][^\\^_=<>]*)$"
)
_CUT = re.compile(r"(?:^|[^_^])[=<>+*/,;:&|-]$|[_^]$")  # x^* is whole
_GROUPS = re.compile(r"\$\s*(?:\\(?:begin|end)group\s*)+\$")
_CLOSING = str.maketrans("([", ")]")
_ESCAPED_DOLLAR = re.compile(r"(?<!\\)\\\$")
_TAG_END = re.compile(r"<(/?)math\b[^<>]{0,300}>", re.I)
_CODE_ENDS = {
    name: re.compile(rf"\[(/?){name}\]", re.I)
    for name in ("tex", "itex", "latex", "math", "imath", "dmath", "mathjax", "mathjaxinline")
}
_CODE_DISPLAYS = {
    **dict.fromkeys(("tex", "dmath", "mathjax"), True),
    **dict.fromkeys(("itex", "imath", "mathjaxinline"), False),
}
_ONE_DOLLAR = re.compile(r"(?<![\\$])\$(?!\$)")
_STRONG = re.compile(r"\\[a-zA-Z]{2,}")
# Commands that mean mathematics to whoever sees them, with or without a renderer.
_MATH_COMMAND = re.compile(
    r"\\(?:[dt]?frac|sqrt|sum|prod|i*nt|oint|lim|sup|inf|min|max|left|right|math(?:bb|bf|rm|cal|frak|it|sf|scr)|operatorname"
    r"|text|vec|hat|bar|tilde|dot|overline|underline|widehat|alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta"
    r"|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega"
    r"|infty|partial|nabla|cdot|cdots|ldots|dots|times|div|pm|mp|leq?|geq?|neq?|approx|equiv|sim|cong|propto|ll|gg|in|notin"
    r"|subset|subseteq|supset|cup|cap|emptyset|varnothing|forall|exists|to|rightarrow|Rightarrow|leftarrow|iff|implies|mapsto"
    r"|sin|cos|tan|cot|sec|csc|log|ln|exp|det|dim|ker|gcd|Pr|arg|binom|choose|over|begin|boldsymbol|triangle|angle|circ|degree"
    r"|parallel|perp|because|therefore|mid|nmid|mod|pmod|bmod|langle|rangle|lfloor|lceil|ell|hbar|Re|Im|quad|oplus|otimes"
    r"|prime|star|ast|wedge|vee|neg|lnot|bigcup|bigcap|stackrel|overset|underset|ce|top|bot|vdash|models)(?![A-Za-z])"
)
_SHELL = re.compile(
    r"\{[^{}]*\}|\([\w. -]*\)|_[A-Z]+(?:\[.*\])?", re.S
)  # ${name}, $(command), $_POST
_SNAKE = re.compile(r"[A-Za-z]{2,}_[A-Za-z]{2,}")
_CODE = re.compile(r"[\"`#;]\s|://|[=(]\s*[\"']|->|=>|::|&&|\|\|")


_SUBSTANCE = re.compile(r"[^\W_]|[\u2190-\u22ff]|\\[{}|,;]")
_STOPS: dict[str, re.Pattern[str]] = {}


def _close(text: str, at: int, close: str, reopen: str = "", limit: int = MAX_BODY) -> int:
    """Return where `close` stands outside braces, or -1; `reopen` before it means there is none."""
    found = text.find(close, at, at + min(limit, _NEAR) + len(close))
    if found >= 0:  # mostly the end is near, and no brace is open there
        body = text[at:found]
        simple = "\\{" not in body and "\\}" not in body and "\ue000" not in body
        if simple and body.count("{") == body.count("}") and text[found - 1] != "\\":
            return found if not reopen or reopen not in body else -1
    stops = _STOPS.get(close)
    if stops is None:
        if len(_STOPS) > 1_000:  # pages configure these; forget them now and then
            _STOPS.clear()
        stops = _STOPS[close] = re.compile(re.escape(close) + r"|\\.|[{}\ue000]", re.S)
    depth = 0
    for match in stops.finditer(text, at, min(len(text), at + limit + len(close))):
        sign = match.group()
        if sign == "{":
            depth += 1
            if depth > _DEEPEST:
                return -1
        elif sign == "}":
            depth -= 1
        elif sign == close:
            if depth <= 0:
                return match.start()
        elif sign == "\ue000" or (sign == reopen and depth <= 0):
            return -1  # a formula found before lies within, or the delimiter opens again
    return -1
