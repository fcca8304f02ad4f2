"""Every formula of a page is in its text or counted, whatever stands beside it and around it."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaner.web.page import extract_html

HERE = Path(__file__).parent
DRAWN = [json.loads(line)["html"] for line in (HERE / "renderings.jsonl").read_text().splitlines()]
WRITTEN = [
    "<math><mi>x</mi></math>",
    '<span class="math inline">\\(y_1\\)</span>',
    '<script type="math/tex">z^2</script>',
    '<img class="latex" src="/latex.php?latex=w%2B1">',
    '<img class="tex" src="x.png" alt="Equation">',
    '<span class="katex"><math><semantics><mi>k</mi><annotation encoding="application/x-tex">k_i'
    "</annotation></semantics></math></span>",
    '<mjx-container class="MathJax"><mjx-math><mjx-merror>?</mjx-merror></mjx-math>'
    "</mjx-container>",
    '<span data-tex="u_2"></span>',
    '<span class="mwe-math-element"><math alttext="q"><mi>q</mi></math></span>',
    '<svg data-latex="v_0"><g data-mml-node="math"></g></svg>',
    '<math><merror><mtext>Math input error</mtext></merror></math>',
]  # fmt: skip
BETWEEN = [
    "<script>var a = 1;</script>", "<style>p {}</style>", "<!-- a remark -->", "<br>",
    "<select><option>one</select>", "<pre>code</pre>", "<code>x</code>", "<img src=cat.png>",
    "<hr>",
    "<noscript>no</noscript>", "<b>bold", "<span>", "</div>", "<svg><path d='M0 0'/></svg>", "\n",
    "<button>press</button>", "<textarea>write</textarea>", "<template>t</template>",
]  # fmt: skip
AROUND = ["{}", "<p>{}</p>", "<ul><li>{}</li></ul>", "<table><tr><td>{}</td></tr></table>",
          "<blockquote>{}</blockquote>", "<div class=a><div>{}</div></div>", "<h2>{}</h2>",
          "<em>{}</em>", "<dl><dt>t<dd>{}</dl>", "<figure>{}</figure>"]  # fmt: skip
WORDS = " and from this it follows by the words of the lemma that "


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(DRAWN + WRITTEN * 4),
            st.sampled_from(AROUND),
            st.lists(st.sampled_from(BETWEEN), max_size=2).map("".join),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_formula_is_in_the_text_or_counted(parts: list[tuple[str, str, str]]) -> None:
    body = "".join(
        WORDS + between + around.format(f"here {formula} there")
        for formula, around, between in parts
    )
    page = extract_html(f"<html><body><article><p>{WORDS}</p>{body}</article></body></html>")
    assert page.formulas_found + page.formula_images_lost == len(parts)
