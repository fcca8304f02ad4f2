"""The prefilter passes every page with mathematics and few others, whatever the encoding."""

import json
from pathlib import Path

import polars as pl
import pytest

from cleaner.config.choices import Weak
from cleaner.web.prefilter import may_hold_mathematics


def passes(*pages: str | bytes, weak: Weak = "auto") -> list[bool | None]:
    raw = [page.encode() if isinstance(page, str) else page for page in pages]
    return may_hold_mathematics(pl.Series(raw, dtype=pl.Binary), weak).to_list()


@pytest.mark.parametrize(
    "page",
    [
        "<script src=/MathJax.js>", "<math><mi>x", "<mml:math>", '<link href="katex.min.css">',
        "<img src=//latex.codecogs.com/gif.latex?x>", "<img src='/latex.php?latex=x'>",
        "<img src=https://www.zhihu.com/equation?tex=x>", '<span class="math inline">x</span>',
        "[tex]x^2[/tex]", "$latex x^2$", "&lt;math&gt;", "<span class='ql-formula' data-value=x>",
        r"\begin{align}x\end{align}", "<script type='math/tex'>x",
        '<mjx-container class="MathJax">',
        "<img src='http://chart.apis.google.com/chart?cht=tx&chl=x'>", '<span class="texhtml">x',
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-be"])
def test_strong_markup_passes_in_every_encoding(page: str, encoding: str) -> None:
    assert passes(f"<html>数学 {page}".encode(encoding)) == [True]


@pytest.mark.parametrize(
    ("page", "auto", "always", "never"),
    [
        (r"<p>几何图形：\(a^2=b\)</p>", True, True, False),
        (r"<p>设 \alpha 和 \beta 为两个不同的平面</p>", True, True, False),
        (r"<p>Let \alpha and \beta be planes.</p>", False, True, False),
        (r"<p>Let $\alpha+1$ and $\beta$ be planes.</p>", True, True, False),
        (r"<p>Let \(s_n=\sum_k u_k\) be finite.</p>", True, True, False),
        (r"<p>Grep for \(foo_bar\) and \(a=b\).</p>", False, True, False),
        (r"<p>C:\alpha\beta\gamma in a path</p>", False, False, False),
        (r"<script>x = '\alpha \beta \(a^2\)'</script>中文网页的正文", False, False, False),
        ("<p>&#92;frac12 和 &#92;sqrt3 是两个数</p>", True, True, False),
        ("<p>It costs $5 or $6.</p>", False, False, False),
        ("<p>价格是 $5 到 $6 的商品</p>", False, False, False),
    ],
)
def test_weak_evidence_by_the_rule(page: str, auto: bool, always: bool, never: bool) -> None:
    found = [passes(page, weak=weak)[0] for weak in ("auto", "always", "never")]
    assert found == [auto, always, never]


def test_a_null_page_is_not_judged() -> None:
    assert may_hold_mathematics(pl.Series([None, "<math>"], dtype=pl.String)).to_list() == [
        None,
        True,
    ]


def test_a_column_may_be_empty_or_sliced() -> None:
    assert passes() == []
    pages = pl.Series([b"x", b"<math>", b"y"])
    assert may_hold_mathematics(pages[1:]).to_list() == [True, False]


@pytest.mark.corpora
def test_real_pages_with_mathematics_pass(corpora: Path) -> None:
    pages = pl.read_parquet(corpora / "open/raw_html.parquet")
    passed = may_hold_mathematics(pages["html"])
    assert passed.filter(pages["gold_has_math"]).mean() >= 0.99
    assert passed.filter(~pages["gold_has_math"]).mean() <= 0.06


@pytest.mark.corpora
def test_every_encoding_of_the_cases_passes(corpora: Path) -> None:
    lines = (corpora.parent / "reference/math_cases.jsonl").read_text().splitlines()
    cases = [case for case in map(json.loads, lines) if case["expect"]]
    passed = may_hold_mathematics(pl.Series([case["html"] for case in cases]), "always")
    missed = [case["name"] for case, one in zip(cases, passed, strict=True) if not one]
    assert missed == ["html_subsup"]  # sub and sup alone are everywhere
