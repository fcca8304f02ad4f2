r"""Commands that write the same sign or construct, and signs that readers take for others."""

from cleaner.web.mathml.symbols import FUNCTIONS

# The first of a group stands for all of it.
_SAME = r"""
le leq leqslant | ge geq geqslant | ne neq | to rightarrow longrightarrow | gets leftarrow
longleftarrow | leftrightarrow longleftrightarrow | Rightarrow Longrightarrow implies
| Leftarrow Longleftarrow impliedby | Leftrightarrow Longleftrightarrow iff | mapsto longmapsto
| wedge land | vee lor | neg lnot | varnothing emptyset | setminus backslash smallsetminus
| ldots cdots dots dotsc dotsb dotsm dotsi dotso mathellipsis | cdot bullet cdotp centerdot
| perp bot | ni owns | parallel Vert lVert rVert | mid vert lvert rvert textbar
| langle lang | rangle rang
| * ast | : colon | < lt textless | > gt textgreater | ' prime | [ lbrack | ] rbrack
| { lbrace | } rbrace | dagger dag | ddagger ddag | hbar hslash
| preceq preccurlyeq | succeq succcurlyeq
| trianglelefteq unlhd | trianglerighteq unrhd | vartriangleleft lhd triangleleft
| vartriangleright rhd triangleright | square Box | lozenge Diamond diamond
| leadsto rightsquigarrow | triangle bigtriangleup vartriangle | star bigstar | int intop
| bowtie Join | i imath | j jmath | Gamma varGamma | Delta varDelta | Theta varTheta
| Lambda varLambda | Xi varXi | Pi varPi | Sigma varSigma | Phi varPhi | Psi varPsi
| Omega varOmega | exists exist | infty infin | circ degree | hat widehat | tilde widetilde
| bar overline | vec overrightarrow | check widecheck | mathring ring | underline underbar
| A Alpha | B Beta | E Epsilon | Z Zeta | H Eta | I Iota | K Kappa | M Mu | N Nu | P Rho | T Tau
| X Chi | o omicron | O Omicron | frac dfrac tfrac cfrac | _ underset | ^ overset
"""
SAME = {
    other: group.split()[0] for group in _SAME.split("|") for other in group.split()[1:]
}  # fmt: skip
WORDS = frozenset(
    [*FUNCTIONS, *str.split("bmod mod injlim projlim sgn tg ctg cotg arctg sh ch th")]
)
NEGATED = {
    "=": "ne", "in": "notin", "<": "nless", ">": "ngtr", "le": "nleq", "ge": "ngeq", "mid": "nmid",
    "parallel": "nparallel", "sim": "nsim", "subseteq": "nsubseteq", "supseteq": "nsupseteq",
    "exists": "nexists", "cong": "ncong", "to": "nrightarrow", "vdash": "nvdash",
}  # fmt: skip

# What has no meaning, with how many arguments it takes along.
NOTHING: dict[str, int] = {
    **dict.fromkeys(
        str.split(
            "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits displaylimits "
            "nonumber notag hline quad qquad enspace enskip thinspace medspace thickspace space "
            "negthinspace negmedspace negthickspace strut mathstrut left right middle relax "
            "allowbreak nobreak rm it sf tt normalfont mit null hfill big Big bigg Bigg bigl Bigl "
            "biggl Biggl bigr Bigr biggr Biggr bigm Bigm biggm Biggm tiny scriptsize footnotesize "
            "small normalsize large Large LARGE huge Huge , ; : ! > /"
        ),
        0,
    ),
    **dict.fromkeys(
        str.split(
            "label tag tag* phantom hphantom vphantom hspace hspace* vspace vspace* color cline "
            "kern mkern mskip hskip eqref"
        ),
        1,
    ),
    "rule": 2,
}
# What says how its last argument looks, with the number of arguments before that one.
INLINE: dict[str, int] = {
    **dict.fromkeys(
        str.split(
            "mathrm mathit mathnormal mathsf mathtt text textrm textit textsf texttt textnormal "
            "textup textmd textsc mbox hbox operatorname operatorname* mathop mathrel mathbin "
            "mathord mathopen mathclose mathpunct mathinner smash ensuremath mathclap mathllap "
            "mathrlap clap llap rlap emph substack vcenter"
        ),
        0,
    ),
    **dict.fromkeys(str.split("textcolor colorbox href raisebox style class cssId"), 1),
}
FONTS: dict[str, str] = {
    **dict.fromkeys(str.split("mathbf boldsymbol bm pmb mathbfit textbf bold"), "bold"),
    **dict.fromkeys(["mathbb", "Bbb", "mathds"], "open"),
    **dict.fromkeys(["mathcal", "mathscr"], "script"),
    **dict.fromkeys(["mathfrak", "frak"], "fraktur"),
}
SWITCHES = {"bf": "bold", "cal": "script", "scr": "script"}  # to the end of their group
ACCENTS = frozenset(
    str.split(
        "hat bar tilde vec dot ddot dddot ddddot acute grave breve check mathring underline "
        "overbrace underbrace overbracket underbracket overleftarrow overleftrightarrow "
        "underrightarrow underleftarrow underleftrightarrow cancel bcancel xcancel boxed fbox "
        "overparen underparen undertilde utilde sout"
    )
)
MATRICES: dict[str, tuple[str, str]] = {  # environment -> the signs around it
    **dict.fromkeys(["matrix", "smallmatrix", "array", "darray", "tabular"], ("", "")),
    **dict.fromkeys(["pmatrix", "psmallmatrix"], ("(", ")")),
    **dict.fromkeys(["bmatrix", "bsmallmatrix"], ("[", "]")),
    "Bmatrix": ("{", "}"),
    "vmatrix": ("mid", "mid"),
    "Vmatrix": ("parallel", "parallel"),
    **dict.fromkeys(["cases", "dcases"], ("{", "")),
    **dict.fromkeys(["rcases", "drcases"], ("", "}")),
}
WITH_ARGUMENT = frozenset(["array", "darray", "tabular", "alignedat", "alignat", "subarray"])

# One sign in two designs, or two that most fonts draw alike.
_VARIANTS = (
    "epsilon varepsilon in|phi varphi|theta vartheta|rho varrho|sigma varsigma|pi varpi|"
    "kappa varkappa|nu v upsilon|ell l|triangle Delta|sum Sigma|prod Pi|omega w|times x|"
    "hbar h"
)
# Letters and accents that readers and machines take for one another.
_ALIKE = (
    "c e C|a alpha|s S 5|o O 0|u mu U|p rho P|k kappa K|x chi X times|y gamma Y|z Z 2|v V|w W|"
    "n eta|t tau T|i 1 l I|i iota|b 6 beta B|B 8|d partial delta|g q 9|f F|j J|m M|r gamma|zeta xi|"
    "hat tilde bar|dot bar|vec bar|* cdot|varnothing varpi varphi phi|Lambda A lambda"
)


def _pairs(groups: str) -> frozenset[tuple[str, str]]:
    return frozenset(
        (one, other)
        for group in groups.split("|")
        for one in group.split()
        for other in group.split()
        if one != other
    )


VARIANTS = _pairs(_VARIANTS)
ALIKE = _pairs(_ALIKE)
