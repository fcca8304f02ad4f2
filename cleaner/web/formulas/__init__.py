"""Every formula of a page, in whatever encoding, replaced in the tree by its private token.

Of several renderings of one formula the best source is taken, in this order: TeX annotation, TeX
of a
`data-` attribute, TeX of a script, alternative text, MathML, an image's address, delimiters in
the text.
"""

from selectolax.lexbor import LexborHTMLParser

from cleaner.web.formulas.signs import Signs
from cleaner.web.formulas.walk import Formulas, Walk
from cleaner.web.tokens import Formula, Tokens

__all__ = ["Formula", "Formulas", "Signs", "replace_formulas"]

_ANYTHING = Signs()


def replace_formulas(
    tree: LexborHTMLParser, page_source: str, escape: Tokens, signs: Signs = _ANYTHING
) -> Formulas:
    """Replace every formula in `tree` by its token, and return the formulas.

    `signs` are those found in the source; what has none is not searched for.

    >>> tree = LexborHTMLParser("<p>Let <math><msup><mi>x</mi><mn>2</mn></msup></math> be.</p>")
    >>> found = replace_formulas(tree, "", Tokens())
    >>> found[0].tex, tree.body.text() == f"Let {Tokens.token(0)} be."
    ('x^{2}', True)
    """
    root = tree.root
    if root is None or not signs.hopeful:
        return Formulas()
    return Walk(tree, page_source, escape, signs).run(root)
