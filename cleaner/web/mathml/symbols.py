"""What characters of mathematics are called in LaTeX: letters, operators, accents, alphabets."""

import unicodedata
from html.entities import html5

_LETTERS = r"""
α alpha β beta γ gamma δ delta ε varepsilon ϵ epsilon ζ zeta η eta θ theta ϑ vartheta ι iota
κ kappa ϰ varkappa λ lambda μ mu µ mu ν nu ξ xi π pi ϖ varpi ρ rho ϱ varrho σ sigma ς varsigma
τ tau υ upsilon φ varphi ϕ phi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta ϴ Theta Λ Lambda Ξ Xi
Π Pi Σ Sigma Υ Upsilon ϒ Upsilon Φ Phi Ψ Psi Ω Omega Ω Omega ϝ digamma ∆ Delta ℏ hbar ℓ ell ℘ wp
ℜ Re ℑ Im ℵ aleph ℶ beth ℷ gimel ℸ daleth ı imath ȷ jmath 𝚤 imath 𝚥 jmath ∂ partial ∇ nabla
∞ infty ∅ varnothing ⌀ varnothing ∀ forall ∃ exists ∄ nexists ¬ neg ⊤ top ⊥ bot ∠ angle
∡ measuredangle ∢ sphericalangle △ triangle ▵ triangle ⊿ triangle ▲ blacktriangle ▽ triangledown
▾ blacktriangledown □ square ◻ square ■ blacksquare ◼ blacksquare ▪ blacksquare ◊ lozenge
⧫ blacklozenge
★ bigstar ♠ spadesuit ♡ heartsuit ♢ diamondsuit ♣ clubsuit ♭ flat ♮ natural ♯ sharp ✓ checkmark
ð eth ‵ backprime
"""
_OPERATORS = r"""
± pm ∓ mp × times ÷ div ⋅ cdot · cdot ∙ bullet • bullet ∘ circ ∗ ast ⋆ star ☆ star ⊕ oplus ⊖ ominus
⊗ otimes ⊘ oslash ⊙ odot ⊚ circledcirc ⊛ circledast ⊝ circleddash ⊞ boxplus ⊟ boxminus ⊠ boxtimes
⊡ boxdot † dagger ‡ ddagger ⨿ amalg ≀ wr ◯ bigcirc ∖ setminus ⧵ setminus ∩ cap ∪ cup ⊎ uplus
⊓ sqcap ⊔ sqcup ∧ wedge ⋀ bigwedge ∨ vee ⋁ bigvee ⊻ veebar ⊼ barwedge ⋉ ltimes ⋊ rtimes
⋋ leftthreetimes ⋌ rightthreetimes ⋒ Cap ⋓ Cup ∔ dotplus ⋎ curlyvee ⋏ curlywedge ⊺ intercal
⋇ divideontimes ⊲ vartriangleleft ⊳ vartriangleright ⊴ trianglelefteq ⊵ trianglerighteq
◁ triangleleft ▷ triangleright ⋄ diamond ◇ Diamond ≤ le ⩽ leqslant ≥ ge ⩾ geqslant ≠ ne ≪ ll ≫ gg
⋘ lll ⋙ ggg ≡ equiv ≢ not\equiv ≅ cong ≌ cong ≇ ncong ≈ approx ≉ not\approx ∼ sim ≁ nsim ≃ simeq
≄ not\simeq ≊ approxeq ≍ asymp ∽ backsim ⋍ backsimeq ≐ doteq ≑ doteqdot ≒ fallingdotseq
≓ risingdotseq ≏ bumpeq ≎ Bumpeq ≖ eqcirc ≗ circeq ≜ triangleq ∝ propto ≺ prec ≻ succ
≼ preccurlyeq ≽ succcurlyeq ⪯ preceq ⪰ succeq ≾ precsim ≿ succsim ⊀ nprec ⊁ nsucc ≦ leqq ≧ geqq
≨ lneqq ≩ gneqq ⪇ lneq ⪈ gneq ≲ lesssim ≳ gtrsim ⪅ lessapprox ⪆ gtrapprox ≶ lessgtr ≷ gtrless
⋚ lesseqgtr ⋛ gtreqless ≮ nless ≯ ngtr ≰ nleq ≱ ngeq ⋖ lessdot ⋗ gtrdot ⊂ subset ⊃ supset
⊆ subseteq ⊇ supseteq ⊄ not\subset ⊅ not\supset ⊈ nsubseteq ⊉ nsupseteq ⊊ subsetneq ⊋ supsetneq
⫅ subseteqq ⫆ supseteqq ⫋ subsetneqq ⫌ supsetneqq ⊏ sqsubset ⊐ sqsupset ⊑ sqsubseteq ⊒ sqsupseteq
⋐ Subset ⋑ Supset ∈ in ∊ in ∉ notin ∋ ni ∍ ni ∌ not\ni ⊢ vdash ⊣ dashv ⊨ models ⊩ Vdash ⊪ Vvdash
⊬ nvdash ⊭ nvDash ⊮ nVdash ⊯ nVDash ∣ mid ∤ nmid ∥ parallel ∦ nparallel ⟂ perp ⋈ bowtie ⨝ bowtie
⊧ models ⌣ smile ⌢ frown ≬ between ⋔ pitchfork ∴ therefore ∵ because ∎ blacksquare ← leftarrow → to
↑ uparrow ↓ downarrow ↔ leftrightarrow ↕ updownarrow ↖ nwarrow ↗ nearrow ↘ searrow ↙ swarrow
⇐ Leftarrow ⇒ Rightarrow ⇑ Uparrow ⇓ Downarrow ⇔ Leftrightarrow ⇕ Updownarrow ⟵ longleftarrow
⟶ longrightarrow ⟷ longleftrightarrow ⟸ impliedby ⟹ implies ⟺ iff
↦ mapsto ⟼ longmapsto ↩ hookleftarrow ↪ hookrightarrow ↼ leftharpoonup ↽ leftharpoondown
⇀ rightharpoonup ⇁ rightharpoondown ⇌ rightleftharpoons ⇋ leftrightharpoons ⇄ rightleftarrows
⇆ leftrightarrows ⇇ leftleftarrows ⇉ rightrightarrows ⇈ upuparrows ⇊ downdownarrows
⇝ rightsquigarrow ↝ leadsto ↭ leftrightsquigarrow ↠ twoheadrightarrow ↞ twoheadleftarrow
↣ rightarrowtail ↢ leftarrowtail ↛ nrightarrow ↚ nleftarrow ↮ nleftrightarrow ⇏ nRightarrow
⇍ nLeftarrow ⇎ nLeftrightarrow ⇛ Rrightarrow ⇚ Lleftarrow ↺ circlearrowleft ↻ circlearrowright
↶ curvearrowleft ↷ curvearrowright ↾ upharpoonright ↿ upharpoonleft ⇂ downharpoonright
⇃ downharpoonleft ⊸ multimap ↰ Lsh ↱ Rsh ∑ sum ∏ prod ∐ coprod ∫ int ∬ iint ∭ iiint ⨌ iiiint
∮ oint ∯ oiint ∰ oiiint ⋂ bigcap ⋃ bigcup ⨀ bigodot ⨁ bigoplus ⨂ bigotimes ⨄ biguplus ⨆ bigsqcup
√ surd … ldots ⋯ cdots ⋮ vdots ⋱ ddots ⋰ ddots ⟨ langle ⟩ rangle 〈 langle 〉 rangle 〈 langle
〉 rangle ⌈ lceil ⌉ rceil ⌊ lfloor ⌋ rfloor ‖ | ∥ parallel ⟦ llbracket ⟧ rrbracket ⎰ lmoustache
⎱ rmoustache ⌜ ulcorner ⌝ urcorner ⌞ llcorner ⌟ lrcorner % % # # & & { { } } _ _ £ pounds § S ¶ P
© copyright ® circledR ℧ mho Ⅎ Finv ⅁ Game ∁ complement ⊹ cdot
"""
_AS_TEXT = {
    "−": "-", "‐": "-", "‑": "-", "–": "-", "—": "-", "∕": "/", "⁄": "/", "∶": ":", "≔": ":=",
    "≕": "=:", "⩵": "==", "⩴": "::=", "′": "'", "″": "''", "‴": "'''", "⁗": "''''", "’": "'",
    "‘": "'", "´": "'", "ʹ": "'", "\\": r"\backslash", "$": r"\$", "^": r"\wedge", "~": r"\sim",
    "˜": r"\sim", "∼": r"\sim", "°": r"^{\circ}", "º": r"^{\circ}", "½": r"\frac{1}{2}",
    "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}",
    "⅛": r"\frac{1}{8}", "¹": "^{1}", "²": "^{2}", "³": "^{3}", "⁰": "^{0}", "⁴": "^{4}",
    "⁵": "^{5}", "⁶": "^{6}", "⁷": "^{7}", "⁸": "^{8}", "⁹": "^{9}", "⁺": "^{+}", "⁻": "^{-}",
    "ⁿ": "^{n}", "ⁱ": "^{i}", "₀": "_{0}", "₁": "_{1}", "₂": "_{2}", "₃": "_{3}", "₄": "_{4}",
    "₅": "_{5}", "₆": "_{6}", "₇": "_{7}", "₈": "_{8}", "₉": "_{9}", "₊": "_{+}", "₋": "_{-}",
    "ₙ": "_{n}", "ₖ": "_{k}", "ᵢ": "_{i}", "ⱼ": "_{j}", "￼": "", "ﬁ": "fi", "ﬂ": "fl",
    "≮": r"\nless", "≯": r"\ngtr", "€": r"\text{€}", "¥": r"\text{¥}", "￥": r"\text{¥}",
    "ß": r"\text{ß}", "¨": r"\text{¨}", "。": r"\text{。}", "、": r"\text{、}", "ª": r"^{a}",
    "‰": r"\text{‰}", "℃": r"^{\circ}\mathrm{C}", "℉": r"^{\circ}\mathrm{F}",
    "\u00c5": r"\mathring{A}", "\u212b": r"\mathring{A}", "ø": r"\text{ø}", "∷": "::", "ⅆ": "d",
    "ⅅ": r"\mathrm{D}", "ⅇ": "e", "ⅈ": "i", "ⅉ": "j", "ℎ": "h", "|": "|", "¦": "|", "❘": "|",
    "│": "|", "✕": r"\times", "✖": r"\times", "⨯": r"\times", "➔": r"\to", "⭢": r"\to",
    "∤": r"\nmid", "ʼ": "'", "`": "`", "¯": "-", "‾": "-", "_": r"\_",
}  # fmt: skip
_INVISIBLE = "\u2061\u2062\u2063\u2064\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\ue000\ue001"
_SPACES = {
    " ": " ", "\n": " ", "\t": " ", "\r": " ", "\u00a0": r"\ ", "\u2002": r"\ ",
    "\u2003": r"\quad ", "\u2004": r"\;", "\u2005": r"\:", "\u2006": r"\,", "\u2007": r"\ ",
    "\u2008": r"\,", "\u2009": r"\,", "\u200a": r"\,", "\u202f": r"\,", "\u205f": r"\:",
    "\u3000": r"\quad ",
}  # fmt: skip


def _names(table: str) -> dict[str, str]:
    parts = table.split()
    return {char: "\\" + name for char, name in zip(parts[::2], parts[1::2], strict=True)}


SYMBOLS: dict[str, str] = {**_names(_LETTERS), **_names(_OPERATORS), **_AS_TEXT, **_SPACES}
SYMBOLS.update(dict.fromkeys(_INVISIBLE, ""))
# Greek letters that TeX leaves to their Latin likenesses.
SYMBOLS.update(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧϜο", "ABEZHIKMNOPTXFo", strict=True))

FUNCTIONS = frozenset(
    str.split(
        "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim "
        "liminf limsup ln log max min Pr sec sin sinh sup tan tanh"
    )
)
_OPERATOR_NAMES = str.split(
    "tg ctg sgn sign lcm arcsec arccsc arccot sech csch arsinh arcosh artanh rank tr div grad "
    "curl rot cov var Cov Var diag span erf"
)
NAMED = {
    **{name: "\\" + name for name in FUNCTIONS},
    **{name: rf"\operatorname{{{name}}}" for name in _OPERATOR_NAMES},
    **{
        f"arg{gap}{name}": rf"\operatorname*{{arg\,{name}}}"
        for gap in (" ", "")
        for name in ("max", "min")
    },
    "lim sup": r"\limsup",
    "lim inf": r"\liminf",
    "mod": r"\bmod",
    "injlim": r"\varinjlim",
    "projlim": r"\varprojlim",
}
LIMITS = frozenset("∑∏∐⋂⋃⨀⨁⨂⨄⨆⋀⋁∫∬∭⨌∮∯∰⨅⨃⨉")  # under and over them is _ and ^
LIMIT_NAMES = frozenset(
    [
        *str.split("lim liminf limsup max min sup inf det gcd Pr injlim projlim argmax argmin"),
        *("lim sup", "lim inf", "arg max", "arg min", "inj lim", "proj lim"),
    ]
)

# Character over a base -> command over one letter, command over more.
OVER: dict[str, tuple[str, str]] = {
    **dict.fromkeys("^ˆ\u0302", ("hat", "widehat")),
    **dict.fromkeys("~˜∼\u0303", ("tilde", "widetilde")),
    **dict.fromkeys("¯ˉ_-−–—\u0304\u0305", ("bar", "overline")),
    **dict.fromkeys("‾―\u2500⎯", ("overline", "overline")),
    **dict.fromkeys("→⟶⇀\u20d7\u20d1", ("vec", "overrightarrow")),
    **dict.fromkeys("←⟵\u20d6", ("overleftarrow", "overleftarrow")),
    **dict.fromkeys("↔⟷\u20e1", ("overleftrightarrow", "overleftrightarrow")),
    **dict.fromkeys(".˙·\u0307", ("dot", "dot")),
    **dict.fromkeys(["¨", "\u0308", ".."], ("ddot", "ddot")),
    **dict.fromkeys(["\u20db", "..."], ("dddot", "dddot")),
    **dict.fromkeys("\u20dc", ("ddddot", "ddddot")),
    **dict.fromkeys("ˇ\u030c", ("check", "check")),
    **dict.fromkeys("˘\u0306", ("breve", "breve")),
    **dict.fromkeys("´\u0301ˊ", ("acute", "acute")),
    **dict.fromkeys("`\u0300ˋ", ("grave", "grave")),
    **dict.fromkeys("˚\u030a", ("mathring", "mathring")),
    **dict.fromkeys("⏞︷", ("overbrace", "overbrace")),
    **dict.fromkeys("⎴⏠", ("overbracket", "overbracket")),
}
UNDER: dict[str, str] = {
    **dict.fromkeys("_¯ˉ‾―-−–—\u0331\u0332⎯", "underline"),
    **dict.fromkeys("⏟︸", "underbrace"),
    **dict.fromkeys("⎵⏡", "underbracket"),
    **dict(zip("→←↔", ("underrightarrow", "underleftarrow", "underleftrightarrow"), strict=True)),
}

VARIANTS: dict[str, str] = {
    "bold": "mathbf", "bold-italic": "boldsymbol", "script": "mathcal",
    "bold-script": "boldsymbol mathcal", "fraktur": "mathfrak",
    "bold-fraktur": "boldsymbol mathfrak", "double-struck": "mathbb", "sans-serif": "mathsf",
    "bold-sans-serif": "boldsymbol mathsf", "sans-serif-italic": "mathsf",
    "sans-serif-bold-italic": "boldsymbol mathsf", "monospace": "mathtt", "normal": "mathrm",
    "italic": "mathit", "-tex-calligraphic": "mathcal",
    "-tex-bold-calligraphic": "boldsymbol mathcal", "-tex-mathit": "mathit",
    "-tex-oldstyle": "mathrm",
}  # fmt: skip
_LATIN, _GREEK = 52, 58  # letters of a block
_BLOCKS = (
    (0x1D400, _LATIN, "bold"),
    (0x1D434, _LATIN, "italic"),
    (0x1D468, _LATIN, "bold-italic"),
    (0x1D49C, _LATIN, "script"),
    (0x1D4D0, _LATIN, "bold-script"),
    (0x1D504, _LATIN, "fraktur"),
    (0x1D538, _LATIN, "double-struck"),
    (0x1D56C, _LATIN, "bold-fraktur"),
    (0x1D5A0, _LATIN, "sans-serif"),
    (0x1D5D4, _LATIN, "bold-sans-serif"),
    (0x1D608, _LATIN, "sans-serif-italic"),
    (0x1D63C, _LATIN, "sans-serif-bold-italic"),
    (0x1D670, _LATIN, "monospace"),
    (0x1D6A8, _GREEK, "bold"),
    (0x1D6E2, _GREEK, "italic"),
    (0x1D71C, _GREEK, "bold-italic"),
    (0x1D756, _GREEK, "bold-sans-serif"),
    (0x1D790, _GREEK, "sans-serif-bold-italic"),
    (0x1D7CA, 2, "bold"),
    (0x1D7CE, 10, "bold"),
    (0x1D7D8, 10, "double-struck"),
    (0x1D7E2, 10, "sans-serif"),
    (0x1D7EC, 10, "bold-sans-serif"),
    (0x1D7F6, 10, "monospace"),
)
ALPHABET: dict[str, tuple[str, str]] = {}  # character -> plain character, variant
for _start, _count, _variant in _BLOCKS:
    for _code in range(_start, _start + _count):
        if _points := unicodedata.decomposition(chr(_code)).removeprefix("<font> "):
            # one step only: ϕ, ϵ, ϑ, ϱ, ϰ, ϖ are letters of their own in mathematics
            ALPHABET[chr(_code)] = (chr(int(_points, 16)), _variant)
for _chars, _variant in (
    ("ℂℍℕℙℚℝℤℽℾℿ⅀", "double-struck"),
    ("ℊℋℐℒℛℬℰℱℳℯℴ", "script"),
    ("ℭℌℨ", "fraktur"),
):
    for _char in _chars:
        ALPHABET[_char] = (unicodedata.normalize("NFKC", _char), _variant)

ENTITIES: dict[str, str] = {name[:-1]: value for name, value in html5.items() if name.endswith(";")}
ENTITIES.update(
    {  # names of older MathML that HTML does not have, or has for another character
        "InvisibleTimes": "\u2062", "InvisibleComma": "\u2063", "ApplyFunction": "\u2061",
        "OverBar": "¯", "UnderBar": "_", "Hat": "^", "Vert": "‖", "Verbar": "‖",
    }
)  # fmt: skip
