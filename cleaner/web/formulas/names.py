"""Classes, attributes and elements by which pages name their formulas."""

KATEX = frozenset(
    str.split(
        "katex katex-display katex--inline katex--display katex-block katex-inline katex-error "
        "katex-eq"
    )
)
FRAMES = frozenset(
    str.split(
        "MathJax MathJax_Display MathJax_CHTML MathJax_SVG MathJax_SVG_Display MathJax_MathML "
        "MathJax_PHTML MathJax_PHTML_Display MathJax_PlainSource MathJax_PlainSource_Display "
        "MathJax_MathContainer mjx-chtml MJXc-display MJXp-math MJXp-display MathJax_FullWidth "
        "MathJax_CHTML_Display mjx-svg"
    )
)
FRAME_DISPLAYS = frozenset(
    str.split(
        "MathJax_Display MathJax_SVG_Display MathJax_PHTML_Display MJXc-display MJXp-display "
        "MathJax_CHTML_Display MathJax_PlainSource_Display"
    )
)
PREVIEWS = frozenset(["MathJax_Preview"])
IGNORED = frozenset(
    str.split("tex2jax_ignore mathjax_ignore no-mathjax nomathjax asciimath2jax_ignore no-katex")
)
PROCESSED = frozenset(str.split("tex2jax_process mathjax_process"))
# Class -> how sure it is that its text is TeX, even without delimiters.
SURE, WEAK, DELIMITED = 2, 1, 0
WRAPPERS: dict[str, int] = {
    **dict.fromkeys(
        str.split(
            "math-tex math-container wp-katex-eq mathjax-tex arithmatex math-inline "
            "math-display math-block mathblock tex-math inlineMath displayMath js-render-math "
            "math-node katex-src math_inline math_display inline-math display-math block-math "
            "latex-inline latex-block mathquill-embedded-latex mathquill-editable tex-inline "
            "tex-block tex-display language-math lang-math math-formula mathjax-inline "
            "mathjax-block mathjax-display mathjaxInline latex-formula notion-equation "
            "math-expression ipa-math wikimath inline-formula-tex mathjax-latex texmath MathTeX "
            "math-span mathquill-rendered-math mq-math-mode"
        ),
        SURE,
    ),
    **dict.fromkeys(
        str.split(
            "math tex latex formula equation mathjax MathJax-Source asciimath inline-formula "
            "display-formula inline-equation display-equation disp-formula math-element "
            "math-jax mathml latex_formula eq eqn jqmath formulaDsp formulaInl mathjax-formula"
        ),
        WEAK,
    ),
    **dict.fromkeys(
        str.split("nolink filter_mathjaxloader_equation mathp math-text has-jax has_math"),
        DELIMITED,
    ),
}
DISPLAY_NAMES = frozenset(
    str.split(
        "display math-display math-block mathblock displayMath math_display display-math "
        "block-math latex-block tex-block tex-display katex-display katex--display katex-block "
        "js-display-math mathjax-block mathjax-display display-formula display-equation "
        "disp-formula notion-equation formulaDsp block displaymath"
    )
)
DISPLAYS = DISPLAY_NAMES - {"display", "block"}
INLINE_NAMES = frozenset(
    str.split(
        "inline math-inline inlineMath math_inline inline-math latex-inline tex-inline "
        "katex--inline mathjax-inline inline-formula inline-equation formulaInl mathjaxInline"
    )
)
TEX_ATTRIBUTES = (
    "data-tex", "data-latex", "data-expr", "data-formula", "data-math", "data-equation",
    "data-katex", "data-original-tex",
    "data-latex-source", "data-tex-source", "data-math-tex", "data-texsrc", "data-latex-formula",
    "latex", "data-eqn", "data-tex-content",
    "data-math-content", "data-raw-latex", "data-original-formula",
)  # fmt: skip
JSON_ATTRIBUTES = ("data-attrs", "data-props", "data-react-props")
ATTRIBUTES = frozenset(
    [
        *TEX_ATTRIBUTES,
        *JSON_ATTRIBUTES,
        "data-mathml",
        "data-asciimath",
        "data-value",
        "data-math-style",
        "data-alt",
    ]
)
MATH_TAGS = frozenset(
    str.split(
        "formula math-renderer d-math dt-math amp-mathml tex-math mathjax math-field eq eqn tex "
        "latex katex la-tex tex-inline tex-block inline-math block-math math-jax mjx-container "
        "x-equation intent-math latex-js math-inline math-display katex-inline katex-block "
        "mj-math mathml katex-expression x-katex math-tex math-block "
        "anki-mathjax math-span math-div"
    )
)
BLOCK_TAGS = frozenset(
    str.split("block-math tex-block math-display katex-block x-equation math-block math-div")
)
RENDERED_OR_WRAPPED = frozenset([*KATEX, *FRAMES, *PREVIEWS, *WRAPPERS, "mwe-math-element"])
IN_HTML = frozenset(["texhtml", "MathJye"])  # MediaWiki's and an examination site's
KNOWN = frozenset(
    [
        *KATEX, *FRAMES, *PREVIEWS, *WRAPPERS, *IGNORED, *PROCESSED, *DISPLAYS, *IN_HTML,
        "mwe-math-element",
    ]
)  # fmt: skip
