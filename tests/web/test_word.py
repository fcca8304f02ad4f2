"""Formulas of pages that Word saved: OMML, plain or in comments for Word alone."""

import pytest

from cleaner.web.page import extract_html

LEAD = "The garden behind the house has an old pear tree, and bees live in its trunk. " * 4


def text(markup: str) -> str:
    page = extract_html(f"<body><p>{LEAD}</p><p>So {markup} it is.</p></body>")
    assert page.formulas_found == 1
    return page.text.removeprefix(LEAD.strip()).strip()


def run(written: str) -> str:
    return f"<m:r><span style='font-family:x'>{written}</span></m:r>"


@pytest.mark.parametrize(
    ("omml", "want"),
    [
        (f"<m:sSup><m:e>{run('y')}</m:e><m:sup>{run('3')}</m:sup></m:sSup>", "y^{3}"),
        (f"<m:f><m:fPr/><m:num>{run('1')}</m:num><m:den>{run('k')}</m:den></m:f>", r"\frac{1}{k}"),
        (f"<m:rad><m:deg/><m:e>{run('2')}</m:e></m:rad>", r"\sqrt{2}"),
        (f"<m:rad><m:deg>{run('3')}</m:deg><m:e>{run('k')}</m:e></m:rad>", r"\sqrt[3]{k}"),
        (f"{run('w')}<m:r><m:rPr><m:sty m:val='p'></m:sty></m:rPr>=</m:r>{run('7')}", "w=7"),
        (f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr>"
         f"<m:e>{run('k')}</m:e></m:d>", "[k]"),
        (f"<m:nary><m:naryPr><m:chr m:val='∑'></m:chr></m:naryPr><m:sub>{run('k=1')}</m:sub>"
         f"<m:sup>{run('n')}</m:sup><m:e>{run('k')}</m:e></m:nary>", r"\sum_{k=1}^{n}k"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("commented", [False, True])
def test_omml_becomes_latex(omml: str, want: str, commented: bool) -> None:
    markup = f"<m:oMath>{omml}</m:oMath>"
    if commented:
        markup = (
            f"<!--[if gte msEquation 12]>{markup}<![endif]--><![if !msEquation]>"
            "<img width=9 src=image001.png><![endif]>"
        )
    assert text(markup) == f"So ${want}$ it is."


def test_a_comment_for_another_reader_stays_a_comment() -> None:
    page = extract_html(
        f"<body><p>{LEAD}</p><p>A <!--[if gte mso 9]>secret<![endif]-->b</p></body>"
    )
    assert "secret" not in page.text
