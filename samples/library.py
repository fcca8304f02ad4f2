"""The grammars of the folder `grammars/`, each read when it is first asked for.

`<lang>/<domain>.txt` is a domain of honest pages, `<lang>/math/` holds lectures and exercises,
`<lang>/junk/` what junk says, `<lang>/page.txt` the words around a text, and `fields/` the formulas
of each field.
"""

from functools import cache
from pathlib import Path
from random import Random

from .encodings import display, inline
from .formulas import fill
from .grammar import Domain, choices, domain, mix, name_number, sections

FOLDER = Path(__file__).parent / "grammars"
PATTERNS = ("short", "fact", "big")  # formulas: conditions, equations, those on their own line
FILLED = 12  # formulas made of each pattern


def _text(*parts: str) -> str:
    return FOLDER.joinpath(*parts).read_text(encoding="utf-8")


@cache
def languages() -> list[str]:
    """Return the languages there are, Chinese and English first."""
    found = sorted(path.parent.name for path in FOLDER.glob("*/page.txt"))
    return ["zh", "en", *(lang for lang in found if lang not in ("zh", "en"))]


@cache
def good(lang: str) -> list[Domain]:
    """Return the domains of honest pages without mathematics."""
    names = sorted(path.stem for path in (FOLDER / lang).glob("*.txt") if path.stem != "page")
    return [domain(name, lang, _text(lang, f"{name}.txt")) for name in names]


@cache
def junk(kind: str, lang: str) -> Domain:
    """Return what junk of one kind says."""
    return domain(kind, lang, _text(lang, "junk", f"{kind}.txt"))


@cache
def page_words(lang: str) -> dict[str, list[str]]:
    """Return menus, banners and the rest of what surrounds a text."""
    return {key: choices(rows) for key, rows in sections(_text(lang, "page.txt")).items()}


@cache
def lectures(lang: str) -> list[Domain]:
    """Return a domain of lectures for every field of mathematics."""
    names = sorted(path.stem for path in (FOLDER / "fields").glob("*.txt"))
    return [_lecture(field, lang) for field in names if field != "physics"]


def _lecture(field: str, lang: str) -> Domain:
    found = sections(_text("fields", f"{field}.txt"))
    objects, theorems = choices(found[lang]), choices(found[f"thm_{lang}"])
    slots = {"obj": objects, "thm": theorems, "topics": objects + theorems}
    return domain(
        f"math-{field}", lang, _text(lang, "math", "lecture.txt"), {**slots, **_formulas(field)}
    )


@cache
def exercises(lang: str) -> dict[str, list[str]]:
    """Return the texts of exercises by family."""
    return sections(_text(lang, "math", "exercises.txt"))


@cache
def physics(lang: str) -> Domain:
    """Return the domain of physics."""
    text = _text(lang, "math", "physics.txt")
    return domain("physics", lang, text, _formulas("physics"))


@cache
def _formulas(field: str) -> dict[str, list[str]]:
    found = sections(_text("fields", f"{field}.txt"))
    rng = Random(mix(name_number(field), 7))
    return {
        kind: [
            # a blank after it, as the next sentence may begin with a formula
            display(fill(pattern, rng)) + " " if kind == "big" else inline(fill(pattern, rng))
            for pattern in found[kind]
            for _ in range(FILLED)
        ]
        for kind in PATTERNS
    }
