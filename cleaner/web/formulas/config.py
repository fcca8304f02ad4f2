"""What a page says of its own mathematics: delimiters, macros, what its renderer skips."""

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser

_MARK = re.compile(r"ath(?:[jJ]ax|InElement|(?<=(?:CIIM|ciiM|ciim)ath))")
_MARKS = ("aTeX", "atex", "tex-mml")
_SETTINGS = ("inlineMath", "displayMath", "delimiters", "acros", "processEscapes", "Class")
_SETTING = re.compile(
    r"[\"']?\b(inlineMath|displayMath|delimiters|[Mm]acros|processEscapes|ignoreClass|ignoreHtmlClass"
    r"|processClass|processHtmlClass)[\"']?\s*[:=]\s*"
)
_ASCIIMATH = re.compile(
    r"[=,_]AM_|[aA](?:SCII|scii)[mM]ath(?:2jax|\s*:|ML\w*\.js|\.js)|input/[aA]sciimath|AMdelimiter"
)
_VARIABLES = re.compile(r"(?:\$|querySelectorAll|getElementsByTagName)\(\s*[\"']var[\"']\s*\)")
_CLASS = re.compile(r"[\w-]{1,80}(?:\.\*)?")
_MAX_PAIRS = 8  # more is no configuration any renderer documents
_MAX_MACROS = 500
_MAX_LITERAL = 20_000
_MAX_SETTINGS = 32
_MAX_SCRIPT = 1_000_000


@dataclass(frozen=True, slots=True)
class Delimiter:
    """One pair of delimiters that the page's renderer takes for mathematics."""

    left: str
    right: str
    display: bool
    asciimath: bool = False


@dataclass(slots=True)
class Config:
    """What the page's scripts say; the defaults are those of a page without any."""

    renderer: bool = False  # a renderer of mathematics is loaded or configured
    dollar: bool = False  # $...$ is configured
    asciimath: bool = False  # backticks hold AsciiMath
    variables: bool = False  # every <var> holds a formula
    escapes: bool = False  # a backslash and a dollar are a dollar
    delimiters: list[Delimiter] = field(default_factory=list)  # further than the usual ones
    macros: dict[str, tuple[str, int, str | None]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()  # classes that the renderer skips
    processed: frozenset[str] = frozenset()  # classes that it does not, even within those
    ignores_all: bool = False  # only what is of a class in `processed` is rendered


def read_config(tree: LexborHTMLParser) -> Config:
    """Return the configuration found in the page's scripts.

    >>> page = "<script>MathJax={tex:{inlineMath:[['$','$'],['@','@']]}}</script>"
    >>> found = read_config(LexborHTMLParser(page))
    >>> found.dollar, found.delimiters
    (True, [Delimiter(left='@', right='@', display=False, asciimath=False)])
    """
    config = Config()
    scripts = _scripts(tree)
    config.renderer = bool(scripts)
    for script in scripts:
        if ("AM_" in script or "ath" in script) and _ASCIIMATH.search(script):
            config.asciimath = True
        if "var" in script and _VARIABLES.search(script):
            config.variables = True
        if any([name in script for name in _SETTINGS]):
            for match in islice(_SETTING.finditer(script), _MAX_SETTINGS):
                _apply(config, match.group(1), script, match.end())
    del config.delimiters[_MAX_PAIRS:]
    config.ignored |= _beginning(tree, config.ignored)
    config.processed |= _beginning(tree, config.processed)
    return config


def _beginning(tree: LexborHTMLParser, patterns: frozenset[str]) -> frozenset[str]:
    """Return the classes of a page that begin as those patterns say that end in `.*`."""
    found: set[str] = set()
    for start in [each[:-2] for each in patterns if each.endswith(".*")]:
        for node in tree.css(f"[class*='{start}']"):
            names = (node.attributes.get("class") or "").split()
            found.update(name for name in names if name.startswith(start))
    return frozenset(found)


def _scripts(tree: LexborHTMLParser) -> list[str]:
    """Return the scripts and links that speak of mathematics: their address, type and text."""
    found: list[str] = []
    for node in tree.css("script, link[href]"):
        attributes = node.attributes
        if "href" in attributes:
            text = attributes["href"] or ""
        else:
            kind, text = attributes.get("type") or "", attributes.get("src") or ""
            if not text and not kind.startswith("math/"):
                text = f"{kind}\n{node.text_lexbor()[:_MAX_SCRIPT]}"
            else:  # KaTeX's own instructions put the configuration into `onload`
                text = f"{kind} {text}\n{attributes.get('onload') or ''}"
        if (
            any([mark in text for mark in _MARKS])
            or _MARK.search(text)
            or ("var" in text and _VARIABLES.search(text) and "\\(" in text)
        ):
            found.append(text)
    return found


def _apply(config: Config, name: str, script: str, at: int) -> None:
    try:
        value, _ = literal(script, at)
    except (ValueError, RecursionError):
        return
    if name in ("inlineMath", "displayMath"):
        for left, right in _pairs(value):
            _add(config, left, right, name == "displayMath")
    elif name == "delimiters":
        for item in value if isinstance(value, list) else []:
            if isinstance(item, dict) and isinstance(item.get("left"), str):
                _add(config, item["left"], str(item.get("right", "")), bool(item.get("display")))
            elif isinstance(item, list) and config.asciimath:
                for left, right in _pairs([item]):
                    if (left, right) != ("`", "`") and left != "$":
                        config.delimiters.append(Delimiter(left, right, False, asciimath=True))
    elif name in ("macros", "Macros"):
        _add_macros(config, value)
    elif name == "processEscapes":
        config.escapes = bool(value)
    elif isinstance(value, str) and value and len(value) < 500:
        names = value.split("|")  # a regular expression of the page is not run, only taken apart
        if name.startswith("ignore"):
            config.ignored |= {each for each in names if _CLASS.fullmatch(each)}
            config.ignores_all |= ".*" in names
        else:
            config.processed |= {each for each in names if _CLASS.fullmatch(each)}


def _pairs(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):  # MathJax 4 extends a list by {"[+]": [...]}
        value = [pair for part in value.values() if isinstance(part, list) for pair in part]
    if not isinstance(value, list):
        return []
    return [
        (pair[0], pair[1])
        for pair in value
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
        and isinstance(pair[1], str)
    ]  # fmt: skip


_USUAL = {(r"\(", r"\)"), (r"\[", r"\]"), ("$$", "$$"), ("$", "$")}


def _add(config: Config, left: str, right: str, display: bool) -> None:
    left, right = left.strip(), right.strip()
    if not left or not right or len(left) > 30 or len(right) > 30:
        return
    if (left, right) == ("$", "$"):
        config.dollar = True
    elif left.startswith("\\begin{"):
        return
    elif (left, right) not in _USUAL or (left == "$$" and not display):
        pair = Delimiter(left, right, display)
        if pair not in config.delimiters and (left, right) not in _USUAL and not left.isalnum():
            config.delimiters.append(pair)


def _add_macros(config: Config, value: Any) -> None:
    for name, body in value.items() if isinstance(value, dict) else []:
        name = name.lstrip("\\")
        if not name or len(config.macros) >= _MAX_MACROS:
            continue
        arity: int = 0
        default: str | None = None
        if isinstance(body, list) and body and isinstance(body[0], str):
            if len(body) > 1 and isinstance(body[1], int):
                arity = int(body[1])
            if len(body) > 2 and isinstance(body[2], str):
                default = body[2]
            body = body[0]
        elif isinstance(body, str):
            arity = max((int(digit) for digit in re.findall(r"#([1-9])", body)), default=0)
        if isinstance(body, str) and 0 <= arity <= 9:
            config.macros[name] = (body, arity, default)


_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.S)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"[\w$.-]+")
_STRING = {mark: re.compile(rf"(?:[^{mark}\\]|\\.)*", re.S) for mark in "'\"`"}
_UNESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\n|.)", re.S)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}


def literal(text: str, at: int = 0, depth: int = 0) -> tuple[Any, int]:
    """Return the JavaScript literal at `at` and where it ends; anything else is a ValueError.

    >>> literal("{a: ['x', \\"y\\",], /* no */ b: !0, 'c': -1.5}")
    ({'a': ['x', 'y'], 'b': True, 'c': -1.5}, 43)
    """
    if depth > 20:
        raise ValueError("literal too deep")
    at = _skip(text, at)
    char = text[at : at + 1]
    if char in ("'", '"', "`"):
        return _string(text, at)
    if text.startswith("String.raw`", at):
        end = text.index("`", at + 11)
        return text[at + 11 : end], end + 1
    if char == "[":
        items: list[Any] = []
        at = _skip(text, at + 1)
        while text[at : at + 1] != "]":
            item, at = literal(text, at, depth + 1)
            items.append(item)
            at = _comma(text, at, "]")
            if len(items) > 2_000:
                raise ValueError("literal too long")
        return items, at + 1
    if char == "{":
        return _object(text, at, depth)
    if text.startswith(("!0", "!1"), at):
        return text[at + 1] == "0", at + 2
    if match := _NUMBER.match(text, at):
        number = float(match.group())
        return (int(number) if number.is_integer() and abs(number) < 1e15 else number), match.end()
    if (match := _NAME.match(text, at)) and match.group() in _WORDS:
        return _WORDS[match.group()], match.end()
    raise ValueError(f"no literal at {at}")


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        if text[at : at + 1] in ("'", '"', "`"):
            key, at = _string(text, at)
        elif match := _NAME.match(text, at):
            key, at = match.group(), match.end()
        else:
            raise ValueError(f"no key at {at}")
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise ValueError(f"no colon at {at}")
        try:
            found[key], at = literal(text, at + 1, depth + 1)
            at = _comma(text, at, "}")
        except ValueError:  # a function or a call: skip to the next key
            at = _after_value(text, at + 1)
        if len(found) > 2_000:
            raise ValueError("literal too long")
    return found, at + 1


def _string(text: str, at: int) -> tuple[str, int]:
    mark = text[at]
    match = _STRING[mark].match(text, at + 1)
    if (
        match is None
        or match.end() - at > _MAX_LITERAL
        or text[match.end() : match.end() + 1] != mark
    ):
        raise ValueError(f"string at {at} does not end")
    body = match.group()
    if "\\" in body:
        body = _UNESCAPE.sub(_unescaped, body)
    return body, match.end() + 1


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1:
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""
    return _LETTERS.get(code, code)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _comma(text: str, at: int, end: str) -> int:
    at = _skip(text, at)
    char = text[at : at + 1]
    if char == ",":
        return _skip(text, at + 1)
    if char == end:
        return at
    raise ValueError(f"no comma at {at}")


def _after_value(text: str, at: int) -> int:
    """Return the place after the value at `at`, whatever it is, and its comma."""
    depth = 0
    limit = min(len(text), at + _MAX_LITERAL)
    while at < limit:
        char = text[at]
        if char in "'\"`":
            try:
                _, at = _string(text, at)
            except ValueError:
                at += 1
            continue
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                return at
            depth -= 1
        elif char == "," and depth == 0:
            return _skip(text, at + 1)
        at += 1
    raise ValueError("value does not end")
