r"""Macros of a page: from its configuration and its \newcommand lines, into its formulas."""

import re

from cleaner.web.budget import MACRO_STEPS, TEX_LENGTH, Work
from cleaner.web.tex import closing_brace
from cleaner.web.tex_commands import COMMANDS

Macro = tuple[str, int, str | None]  # body with #1.., number of arguments, default of the first

_DEFINES = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareMathOperator|def|gdef|let)(?![a-zA-Z])"
)
_COMMAND = re.compile(
    r"\\(?:re)?newcommand\*?\s*(?:\{?\s*\\|\{\s*(?=[A-Za-z]))([A-Za-z]+|.)\s*\}?\s*(?:\[(\d)\]\s*)?(?:\[([^\]]*)\]\s*)?\{"
    r"|\\providecommand\*?\s*\{?\s*\\([A-Za-z]+|.)\s*\}?\s*(?:\[(\d)\]\s*)?(?:\[([^\]]*)\]\s*)?\{"
)
_OPERATOR = re.compile(r"\\DeclareMathOperator(\*?)\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*\{")
_DEF = re.compile(r"\\g?def\s*\\([A-Za-z]+|.)\s*((?:#\d)*)\s*\{")
_LET = re.compile(r"\\let\s*\\([A-Za-z]+)\s*=?\s*(\\[A-Za-z]+|\\.|.)")
_WORD = re.compile(r"\\(?:([A-Za-z]+)|.)", re.S)  # a row may break before a letter


def take_definitions(tex: str, macros: dict[str, Macro]) -> str:
    r"""Add the macros that `tex` defines to `macros`, and return `tex` without the definitions.

    >>> found = {}
    >>> take_definitions(r"\newcommand{\R}{\mathbb{R}} x\in\R", found), found
    (' x\\in\\R', {'R': ('\\mathbb{R}', 0, None)})
    """
    if not _DEFINES.search(tex):
        return tex
    out: list[str] = []
    at = 0
    while found := _DEFINES.search(tex, at):
        start = found.start()
        for pattern in (_COMMAND, _OPERATOR, _DEF):
            if match := pattern.match(tex, start):
                break
        else:
            match = None
        if match is None:
            if let := _LET.match(tex, start):
                macros[let.group(1)] = (let.group(2), 0, None)
                out.append(tex[at:start])
                at = let.end()
                continue
            out.append(tex[at : found.end()])
            at = found.end()
            continue
        end = closing_brace(tex, match.end() - 1)
        if end < 0:
            break
        body = tex[match.end() : end]
        if match.re is _COMMAND:
            parts = [match.group(index) or match.group(index + 3) for index in (1, 2, 3)]
            macros[str(parts[0])] = (body, int(parts[1] or 0), parts[2])
        elif match.re is _OPERATOR:
            macros[match.group(2)] = (rf"\operatorname{match.group(1)}{{{body}}}", 0, None)
        else:
            macros[match.group(1)] = (body, match.group(2).count("#"), None)
        out.append(tex[at:start])
        at = end + 1
    out.append(tex[at:])
    return "".join(out)


def undefined(tex: str, macros: dict[str, Macro]) -> bool:
    r"""Say whether `tex` uses a command that neither renderers nor the page's `macros` define.

    >>> undefined(r"\Our\to\alpha", {}), undefined(r"\Our\to\alpha", {"Our": ("", 0, None)})
    (True, False)
    """
    names = set(_WORD.findall(tex)) - COMMANDS
    return any([name and name not in macros for name in names])


def expand(tex: str, macros: dict[str, Macro], work: Work | None = None) -> str:
    r"""Return `tex` with `macros` expanded, as often as a bounded number of steps allows.

    A formula that asks for more (a macro that calls itself) stays as it was written.

    >>> expand(r"x\in\R, \norm{y}", {"R": (r"\mathbb{R}", 0, None), "norm": (r"\|#1\|", 1, None)})
    'x\\in\\mathbb{R}, \\|y\\|'
    """
    if not macros or "\\" not in tex:
        return tex
    source, at, steps = tex, 0, 0
    while match := _WORD.search(tex, at):
        name = match.group(1)
        macro = macros.get(name)
        if macro is None:
            at = match.end()
            continue
        body, arity, default = macro
        steps += 1
        if work is not None:
            work.spend()
        if steps > MACRO_STEPS or len(tex) > TEX_LENGTH:
            return source
        arguments, end = _arguments(tex, match.end(), arity, default)
        if arguments is None:
            at = match.end()
            continue
        for number, argument in enumerate(arguments, 1):
            body = body.replace(f"#{number}", argument)
        after = tex[end : end + 1]
        if body[-1:].isalpha() and after.isalpha() and re.search(r"\\[A-Za-z]+$", body):
            body += " "
        if rf"\{name}" in body and re.search(rf"\\{name}(?![A-Za-z])", body):
            tex = tex[: match.start()] + body + tex[end:]
            at = match.start() + len(body)  # a macro over its own name is expanded once
            continue
        tex = tex[: match.start()] + body + tex[end:]
        at = match.start()
    return tex


def _arguments(tex: str, at: int, arity: int, default: str | None) -> tuple[list[str] | None, int]:
    found: list[str] = []
    while len(found) < arity:
        while tex[at : at + 1].isspace():
            at += 1
        char = tex[at : at + 1]
        if not found and default is not None:
            if char == "[" and (end := tex.find("]", at)) >= 0:
                found.append(tex[at + 1 : end])
                at = end + 1
            else:
                found.append(default)
            continue
        if not char:
            return None, at
        if char == "{":
            end = closing_brace(tex, at)
            if end < 0:
                return None, at
            found.append(tex[at + 1 : end])
            at = end + 1
        elif char == "\\":
            word = _WORD.match(tex, at)
            end = word.end() if word else at + 2
            found.append(tex[at:end])
            at = end
        else:
            found.append(char)
            at += 1
    return found, at
