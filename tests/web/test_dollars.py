"""What a dollar delimits: by MathJax's rule where a page configures it, by ours elsewhere."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaner.signals import measure
from cleaner.web.page import extract_html

CONFIGURED = "<script>MathJax={tex:{inlineMath:[['$','$'],['\\\\(','\\\\)']]}}</script>"
AUTO_RENDER = (
    "<script src=katex.js></script><script>renderMathInElement(document.body,"
    "{delimiters:[{left:'$$',right:'$$',display:true},{left:'$',right:'$',display:false}]})"
    "</script>"
)
ON_LOAD = (
    """<script defer src="/js/auto-render.min.js" onload="renderMathInElement(document.body, {"""
    """delimiters: [{left: '$$', right: '$$', display: true},"""
    """ {left: &quot;$&quot;, right: '$', display: false}]});"></script>"""
)
LOADED = "<script src=MathJax.js></script>"
LEAD = "A boat crosses the bay in an hour when the wind is good, and in two when it is not. " * 3


def text(markup: str, head: str) -> str:
    page = extract_html(f"{head}<article><p>{LEAD}</p><p>{markup}</p></article>")
    return page.text.removeprefix(LEAD.strip()).strip()


BODIES = [
    "x^*", "z^+", "y＞0", "第k项", "△ABC", "|y|", "17", "p q", "f'", "速度v", "a_1,", "-", "n!",
    "\\text{if $m$ is odd}",
]  # fmt: skip


@pytest.mark.parametrize("head", [CONFIGURED, AUTO_RENDER, ON_LOAD])
@pytest.mark.parametrize("body", BODIES)
def test_where_the_dollar_is_configured_it_delimits(head: str, body: str) -> None:
    found = text(f"Take ${body}$ here.", head)
    assert found.startswith("Take $")
    assert found.endswith("$ here.")
    assert "\\$" not in found


@pytest.mark.parametrize("body", [" m ", "\nm", "m "])
def test_space_inside_configured_dollars_is_no_matter(body: str) -> None:
    assert text(f"Take ${body}$ here.", CONFIGURED) == "Take $m$ here."


@pytest.mark.parametrize("head", ["", LOADED, CONFIGURED, AUTO_RENDER])
@pytest.mark.parametrize(
    "prose",
    [
        "The fare was $4 or $5 a day then.",
        "A ticket for $30, a map for $12, a guide for $8.",
        "票价 $30 元，船费$12 元。",
        "if ($one <$two) { $one =$two; }",
    ],
)
def test_prices_and_variables_of_shells_are_no_formulas(head: str, prose: str) -> None:
    found = text(prose, head)
    assert found.replace("\\$", "$") == prose
    assert found.count("\\$") == prose.count("$")


def test_where_it_is_not_configured_the_rule_of_plain_text_holds() -> None:
    page = "$x^*$ and $z^+$, not $ m $ nor $第k项$ nor $17$"
    assert text(page, LOADED) == "$x^*$ and $z^+$, not \\$ m \\$ nor \\$第k项\\$ nor \\$17\\$"
    assert text(page, "") == page.replace("$", "\\$")


def test_groups_that_a_forum_opens_for_its_macros_are_no_text() -> None:
    page = "<p>$\\begingroup$</p><p>Let $m&gt;1$.</p><p>$ \\endgroup $</p>"
    assert text(page, CONFIGURED) == "Let $m>1$."


def test_dollars_with_backticks_are_those_of_a_readme() -> None:
    assert text("Then $`a=bc`$ and <code>$</code>.", LOADED) == "Then $a=bc$ and \\$."
    assert text(
        "The cost is $`5 or so`$ here.", ""
    ) == "The cost is \\$`5 or so\\`\\$ here.".replace("\\`", "`")


# ---- what `extract` wrote as a formula, every later statistic counts as one


def counted(pages: list[str]) -> list[tuple[int, int]]:
    """Return for each page how many formulas its text holds, and how many a signal counts."""
    found = [extract_html(page) for page in pages]
    counts = measure([page.text for page in found], ["formulas"], formulas="marked")["formulas"]
    written = [page.formulas_found - page.formulas_lost for page in found]
    return list(zip(written, counts.to_list(), strict=True))


CASES = [
    json.loads(line)["html"]
    for line in (Path(__file__).parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_every_case_counts_as_many_formulas_as_it_has() -> None:
    assert [pair for pair in counted(CASES) if pair[0] != pair[1]] == []


@pytest.mark.parametrize(
    "page",
    [
        "<pre>echo $HOME\n<math><mi>x</mi></math></pre><p>\\(y\\)</p>",
        "<p>```</p><p>\\(y\\) and \\(z\\)</p>",
        "<p>~~~ tilde</p><p>\\(y\\)</p>",
        r"<p>a path\$ and \\$5 and \\\$6, \(y\)</p>",
        "<ul><li>\\(a\\)<li>\\(b\\)</ul><table><tr><td>\\(c\\)<td>\\[d\\]</table>",
        "<p>\\(\\text{costs \\$5}\\)\\(z\\)$</p>",
        "<nav>\\(m\\)</nav><p>\\(y\\)</p>",
        '<p><math alttext="x_1"><mi>x</mi></math> <img class="tex" alt="x_1"></p>',
    ],
)
def test_what_is_written_is_what_is_counted(page: str) -> None:
    ((written, count),) = counted([CONFIGURED + f"<article><p>{LEAD}</p>{page}</article>"])
    assert written == count > 0


PIECES = st.sampled_from(
    str.split(
        "<p> </p> <pre> </pre> <code> </code> <li> <td> <br> ``` ~~~ $ $$ \\$ \\( \\) \\[ y_1 \\] "
        "x^2 \\\\ { } <math><mi>z</mi></math> 5 word 数 &nbsp; ` \\begin{align} \\end{align}"
    )
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(PIECES, st.just(" "), st.just("\n")), max_size=40), st.booleans())
def test_any_page_counts_as_many_formulas_as_were_written(parts: list[str], set_: bool) -> None:
    ((written, count),) = counted([(CONFIGURED if set_ else "") + "".join(parts)])
    assert written == count


@pytest.mark.corpora
def test_real_pages_count_as_many_formulas_as_they_have(corpora: Path) -> None:
    pages = pl.read_parquet(corpora / "open/raw_html.parquet", columns=["html"])["html"]
    pairs = counted(pages.to_list())
    assert sum(written for written, _ in pairs) > 10_000
    assert [pair for pair in pairs if pair[0] != pair[1]] == []


@pytest.mark.corpora
def test_pages_without_mathematics_have_no_formulas(corpora: Path) -> None:
    pages = pl.read_parquet(corpora / "open/raw_html.parquet")
    plain = pages.filter(~pl.col("gold_has_math"))
    # Of asciimathml's own test pages, an example of KaTeX and two of other extractors, each holds
    # formulas, whatever its label says.
    labelled = plain.filter(~pl.col("url").str.contains("asciimath|equation-image|llm-webkit"))
    found = [extract_html(page).formulas_found > 0 for page in labelled["html"]]
    assert sum(found) <= 0.005 * len(plain)


@pytest.mark.parametrize("call", ["", "renderMathInElement(document.body)", "start('$', '$')"])
def test_what_a_script_does_on_load_need_not_configure_the_dollar(call: str) -> None:
    head = f'<script src="/js/katex.min.js" onload="{call}"></script>'
    assert text("costs $5 to $6 and $第n项$", head) == r"costs \$5 to \$6 and \$第n项\$"


def classes(ignore: str, process: str) -> str:
    option = f"ignoreClass: '{ignore}', processClass: '{process}'"
    return (
        f"<script>MathJax.Hub.Config({{tex2jax: {{inlineMath: [['$','$']], {option}}}}})</script>"
    )


@pytest.mark.parametrize(
    ("ignore", "process", "want"),
    [
        (".*", "mathjax.*", "one $n^2$ two \\$k^2\\$"),
        (".*", "other|mathjax-abs.*", "one $n^2$ two \\$k^2\\$"),
        ("plain.*", "x", "one $n^2$ two \\$k^2\\$"),
        (".*", "jax.*", "one \\$n^2\\$ two \\$k^2\\$"),  # a class must begin so
        ("lain.*", "x", "one $n^2$ two $k^2$"),
    ],
)
def test_classes_that_a_configuration_names_by_their_beginning(
    ignore: str, process: str, want: str
) -> None:
    markup = "one <span class='mathjax-abstract'>$n^2$</span> two <i class='plain-words'>$k^2$</i>"
    assert text(markup, classes(ignore, process)) == want
