"""A round trip: our formulas rendered by KaTeX, MathJax and Temml, and read back from the page.

    PYTHONPATH=.:tests python tests/benchmarks/renderings.py [--count 2000] [--only RE]

The renderers come from npm into a folder outside the repository (`--cache`); nothing else is
fetched. A formula read back is *right* when it is the same formula by `cleaner.web.compare`,
*wrong* when it is another one, *lost* when the page's account says so, *vanished* when it does not.
`cut` is a rendering without the TeX that its renderer puts beside it, `html` one without MathML,
too. Every line has what share of formulas is right, and the CPU time of `extract_html` in times of
two parses of the same page by resiliparse: `one` for pages of one formula, which is mostly what any
page costs, `many` for pages of twenty. `--show` prints what was wrong or lost. `--alike` says which
spellings are the same bytes in which renderings: there nobody can tell what the author wrote.
"""

import argparse
import json
import re
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from resiliparse.parse.html import HTMLTree
from support.formula_maker import formulas

from cleaner.web.compare import same_formula
from cleaner.web.page import extract_html

SCRIPT = Path(__file__).with_suffix(".js")
CACHE = Path.home() / ".cache" / "corpus-distiller" / "renderers"
PACKAGES = (
    "katex-0.12@npm:katex@0.12", "katex-0.16@npm:katex@0.16", "katex@latest", "temml@latest",
    "mathjax-full@3", "@mathjax/src@4", "mathjax-node@2.1.1",
)  # fmt: skip
TIMED, AND = 200, " and so we come to the next of them, which is "
SPAN = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\$)(.+?)(?<!\\)\$", re.S)
ANNOTATION = re.compile(r"<annotation\b.*?</annotation>", re.S)
LATEX = re.compile(r' data-latex(?:-item)?="[^"]*"')
LABEL = re.compile(r' aria-label="[^"]*"')
TITLE = re.compile(r"<title\b.*?</title>|<desc\b.*?</desc>", re.S)

# A rendering -> what of it may be cut away, with the name of what is then left.
# The formulas of tests/web/renderings.jsonl, which `--fixtures` writes.
FIXTURES = (
    r"\frac{1}{1+x^2}\ne\sqrt[3]{8}",
    r"\hat x+\vec{r}=S_{xx}",
    r"\overbrace{a+b}^{n}\notin\boxed{c}",
    r"\sum_{i=1}^{n}\binom{n}{i}x_i'",
    r"\begin{cases}\mathcal{L}&\text{if }x>0\\0\end{cases}",
    r"\left[\begin{matrix}1\\2\\3\\4\end{matrix}\right)",
    r"\begin{array}{c|c}a&b\\\hline c&d\end{array}",
    r"A\xrightarrow{f}\operatorname{Var}(\mathsf{max})\cancel{y}",
)
# Two spellings of one formula; we write the first where no TeX stands beside the rendering.
ALIKE = (
    ("u_k^2", "u^2_k"),
    (r"\begin{pmatrix}u\\v\end{pmatrix}", r"\begin{pmatrix}u\\v\\\end{pmatrix}"),
    (r"\begin{aligned}u&=v\\w&=z\end{aligned}", r"\begin{align*}u&=v\\w&=z\end{align*}"),
    (r"k\dot{m}", "kṁ"),
    ("v_{shift}", r"v_{\mathit{shift}}"),
    (r"\boldsymbol{\mathsf{\mu}}", r"\mathsf{\mu}"),
    ("1-q/4", "1-q/4%"),
)
NUMBERED = re.compile(r"(MJX-|MathJax-SVG-|MathJax-Element-|MJXc?)\d+")
CUTS: dict[str, tuple[str, Callable[[str], str]]] = {
    **{
        f"katex {version} annotated": (
            f"katex {version} cut",
            lambda html: ANNOTATION.sub("", html),
        )
        for version in ("0.12", "0.16", "new")
    },
    "mathjax 4 chtml latex": ("mathjax 4 chtml bare", lambda html: LATEX.sub("", html)),
    "mathjax 4 svg latex": ("mathjax 4 svg bare", lambda html: LATEX.sub("", html)),
    "mathjax 4 chtml assistive": (
        "mathjax 4 chtml assistive cut",
        lambda html: LATEX.sub("", html),
    ),
    "mathjax 2 chtml": ("mathjax 2 chtml bare", lambda html: LABEL.sub("", html)),
    "mathjax 2 svg": ("mathjax 2 svg bare", lambda html: TITLE.sub("", html)),
    "mathjax 2 mml": ("mathjax 2 mml bare", lambda html: re.sub(r' alttext="[^"]*"', "", html)),
}


def rendered(made: list[tuple[str, bool]], cache: Path) -> Iterator[tuple[str, int, str]]:
    """Yield the name of every rendering, the number of its formula, and its markup."""
    if not (cache / "node_modules" / "mathjax-node").is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]
        subprocess.run([*install, str(cache), *PACKAGES], check=True)
    (cache / "render.js").write_bytes(SCRIPT.read_bytes())  # node looks for packages beside it
    (cache / "formulas.json").write_text(json.dumps(made), "utf-8")
    node = ["node", "render.js", "formulas.json", "out.jsonl"]
    subprocess.run(node, cwd=cache, check=True)
    start = 0
    while start < len(made):  # MathJax 2 dies of some formulas: that one is left out
        subprocess.run([*node, str(start)], cwd=cache, check=False, stderr=subprocess.DEVNULL)
        with (cache / "out.jsonl").open(encoding="utf-8") as lines:
            last = json.loads(list(lines)[-1])
        start = last["at"] + 2 if last["renderer"].startswith("mathjax 2") else start + 1
    with (cache / "out.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if not row["html"]:
                continue
            yield row["renderer"], row["at"], row["html"]
            if row["renderer"] in CUTS:
                name, cut = CUTS[row["renderer"]]
                yield name, row["at"], cut(row["html"])


def page_of(markup: str) -> str:
    """Return a small article around a rendering."""
    before = "The first of the statements that we shall need in what follows is the next one: "
    after = " and from it all the others are found, each by itself, as the reader may check."
    return (
        f"<!DOCTYPE html><html><head><title>On it</title></head><body><article><h1>On it</h1>"
        f"<p>{before}{markup}{after}</p></article></body></html>"
    )


def outcome(tex: str, markup: str) -> tuple[str, str]:
    """Return what became of a formula, and what was written instead."""
    page = extract_html(page_of(markup))
    if page.error:
        return "lost", page.error
    found = [one[1] or one[2] for one in SPAN.finditer(page.text)]
    if len(found) == 1 and same_formula(tex, found[0]):
        return "right", found[0]
    if found:
        return "wrong", " | ".join(found)
    return ("lost" if page.formulas_lost or page.formula_images_lost else "vanished"), page.text[
        80:
    ]


def cost(markups: list[str]) -> float:
    """Return the time of reading a page for each of some markups, in times of two parses of it."""
    pages = [page_of(markup) for markup in markups]
    spent = [0.0, 0.0]
    for _ in range(3):
        for at, read in enumerate((extract_html, HTMLTree.parse)):
            start = time.process_time()
            for page in pages:
                read(page)
            spent[at] += time.process_time() - start
    return spent[0] / max(2 * spent[1], 1e-9)


def write_fixtures(path: Path, cache: Path) -> None:
    """Write the renderings without source of a few formulas, outlines of MathJax's signs apart."""
    with path.open("w", encoding="utf-8") as out:
        for name, at, markup in rendered([(tex, True) for tex in FIXTURES], cache):
            if re.fullmatch(
                r"katex (?:0.12|new) html|mathjax [234] (?:chtml|svg) bare",
                name,
            ):
                short = re.sub(r"<defs>.*?</defs>", "", markup) if "mathjax" in name else markup
                row = {"renderer": name, "tex": FIXTURES[at], "html": short}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


def print_alike(cache: Path) -> None:
    """Print for each pair of spellings in which renderings they are the same bytes."""
    made = [(tex, True) for pair in ALIKE for tex in pair]
    drawn: dict[str, dict[int, str]] = defaultdict(dict)
    for name, at, markup in rendered(made, cache):
        drawn[name][at] = NUMBERED.sub(r"\1", markup)
        if name.startswith("katex") and (math := re.search(r"<math\b.*</math>", markup)):
            drawn[f"{name}, MathML alone"][at] = math[0]
    for at, (ours, other) in enumerate(ALIKE):
        both = {name: (one.get(2 * at), one.get(2 * at + 1)) for name, one in drawn.items()}
        same = [name for name, (one, two) in both.items() if one is not None and one == two]
        print(f"{ours}   {other}\n    the same in: {', '.join(same)}")


def main() -> None:
    """Render, read back, and print a line per rendering."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--only", default="", help="renderings whose name matches")
    parser.add_argument("--show", default="", help="kinds of outcome to print, by commas")
    parser.add_argument("--most", type=int, default=40, help="outcomes to print of a rendering")
    parser.add_argument("--fixtures", type=Path, help="write renderings for the tests, and end")
    parser.add_argument("--alike", action="store_true", help="print equal spellings, and end")
    options = parser.parse_args()
    if options.alike:
        print_alike(options.cache)
        return
    made = [(tex, at % 2 == 0) for at, tex in enumerate(formulas(options.count, options.seed))]
    if options.fixtures:
        write_fixtures(options.fixtures, options.cache)
        return
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    shown: dict[str, list[str]] = defaultdict(list)
    drawn: dict[str, list[str]] = defaultdict(list)
    for name, at, markup in rendered(made, options.cache):
        if not re.search(options.only, name):
            continue
        kind, text = outcome(made[at][0], markup)
        if len(drawn[name]) < TIMED:
            drawn[name].append(markup)
        counts[name][kind] += 1
        if kind in options.show.split(","):
            shown[name].append(f"{kind} {made[at][0]}\n      -> {text}")
    print(f"{'rendering':32}      n   right  wrong   lost vanished    one   many")
    for name, found in sorted(counts.items()):
        total = found.total()
        twenty = [AND.join(drawn[name][at : at + 20]) for at in range(0, len(drawn[name]), 20)]
        print(
            f"{name:32} {total:6} {found['right'] / total:7.4f} {found['wrong']:6} "
            f"{found['lost']:6} {found['vanished']:8} {cost(drawn[name]):6.2f} {cost(twenty):6.2f}"
        )
        for line in shown[name][: options.most]:
            print("   ", line)


if __name__ == "__main__":
    main()
