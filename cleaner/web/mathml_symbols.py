"""What characters of mathematics are called in LaTeX: letters, operators, accents, alphabets."""

import unicodedata
from html.entities import html5

_LETTERS = r"""
α alpha β beta γ gamma δ delta ε varepsilon ϵ epsilon ζ zeta η eta θ theta ϑ vartheta ι iota κ kappa ϰ varkappa
λ lambda μ mu µ mu ν nu ξ xi π pi ϖ varpi ρ rho ϱ varrho σ sigma ς varsigma τ tau υ upsilon φ varphi ϕ phi χ chi
ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon ϒ Upsilon Φ Phi Ψ Psi Ω Omega Ω Omega
ϝ digamma ∆ Delta
ℏ hbar ℓ ell ℘ wp ℜ Re ℑ Im ℵ aleph ℶ beth ℷ gimel ℸ daleth ı imath ȷ jmath 𝚤 imath 𝚥 jmath ∂ partial ∇ nabla
∞ infty ∅ varnothing ⌀ varnothing ∀ forall ∃ exists ∄ nexists ¬ neg ⊤ top ⊥ bot ∠ angle ∡ measuredangle
∢ sphericalangle △ triangle ▵ triangle ▲ blacktriangle ▽ triangledown ▾ blacktriangledown □ square ◻ square ■ blacksquare ▪ blacksquare
◊ lozenge ⧫ blacklozenge ★ bigstar ♠ spadesuit ♡ heartsuit ♢ diamondsuit ♣ clubsuit ♭ flat ♮ natural ♯ sharp
✓ checkmark ð eth ‵ backprime
"""
_OPERATORS = r"""
± pm ∓ mp × times ÷ div ⋅ cdot · cdot ∙ cdot • bullet ∘ circ ∗ ast ⋆ star ☆ star ⊕ oplus ⊖ ominus ⊗ otimes ⊘ oslash
⊙ odot ⊚ circledcirc ⊛ circledast ⊝ circleddash ⊞ boxplus ⊟ boxminus ⊠ boxtimes ⊡ boxdot † dagger ‡ ddagger ⨿ amalg ≀ wr
◯ bigcirc ∖ setminus ⧵ setminus ∩ cap ∪ cup ⊎ uplus ⊓ sqcap ⊔ sqcup ∧ wedge ⋀ bigwedge ∨ vee ⋁ bigvee ⊻ veebar ⊼ barwedge
⋉ ltimes ⋊ rtimes ⋋ leftthreetimes ⋌ rightthreetimes ⋒ Cap ⋓ Cup ∔ dotplus ⋎ curlyvee ⋏ curlywedge ⊺ intercal ⋇ divideontimes
⊲ vartriangleleft ⊳ vartriangleright ⊴ trianglelefteq ⊵ trianglerighteq ◁ triangleleft ▷ triangleright ⋄ diamond ◇ Diamond
≤ le ⩽ leqslant ≥ ge ⩾ geqslant ≠ ne ≪ ll ≫ gg ⋘ lll ⋙ ggg ≡ equiv ≢ not\equiv ≅ cong ≇ ncong ≈ approx ≉ not\approx
∼ sim ≁ nsim ≃ simeq ≄ not\simeq ≊ approxeq ≍ asymp ∽ backsim ⋍ backsimeq ≐ doteq ≑ doteqdot ≒ fallingdotseq ≓ risingdotseq
≏ bumpeq ≎ Bumpeq ≖ eqcirc ≗ circeq ≜ triangleq ∝ propto ≺ prec ≻ succ ≼ preccurlyeq ≽ succcurlyeq ⪯ preceq ⪰ succeq ≾ precsim
≿ succsim ⊀ nprec ⊁ nsucc ≦ leqq ≧ geqq ≨ lneqq ≩ gneqq ⪇ lneq ⪈ gneq ≲ lesssim ≳ gtrsim ⪅ lessapprox ⪆ gtrapprox ≶ lessgtr ≷ gtrless
⋚ lesseqgtr ⋛ gtreqless ≮ nless ≯ ngtr ≰ nleq ≱ ngeq ⋖ lessdot ⋗ gtrdot ⊂ subset ⊃ supset ⊆ subseteq ⊇ supseteq ⊄ not\subset
⊅ not\supset ⊈ nsubseteq ⊉ nsupseteq ⊊ subsetneq ⊋ supsetneq ⫅ subseteqq ⫆ supseteqq ⫋ subsetneqq ⫌ supsetneqq ⊏ sqsubset
⊐ sqsupset ⊑ sqsubseteq ⊒ sqsupseteq ⋐ Subset ⋑ Supset ∈ in ∊ in ∉ notin ∋ ni ∍ ni ∌ not\ni ⊢ vdash ⊣ dashv ⊨ models ⊩ Vdash
⊪ Vvdash ⊬ nvdash ⊭ nvDash ⊮ nVdash ⊯ nVDash ∣ mid ∤ nmid ∥ parallel ∦ nparallel ⟂ perp ⋈ bowtie ⨝ bowtie ⌣ smile ⌢ frown ≬ between ⋔ pitchfork
∴ therefore ∵ because ∎ blacksquare
← leftarrow → to ↑ uparrow ↓ downarrow ↔ leftrightarrow ↕ updownarrow ↖ nwarrow ↗ nearrow ↘ searrow ↙ swarrow ⇐ Leftarrow
⇒ Rightarrow ⇑ Uparrow ⇓ Downarrow ⇔ Leftrightarrow ⇕ Updownarrow ⟵ longleftarrow ⟶ longrightarrow ⟷ longleftrightarrow
⟸ Longleftarrow ⟹ Longrightarrow ⟺ Longleftrightarrow ↦ mapsto ⟼ longmapsto ↩ hookleftarrow ↪ hookrightarrow ↼ leftharpoonup
↽ leftharpoondown ⇀ rightharpoonup ⇁ rightharpoondown ⇌ rightleftharpoons ⇋ leftrightharpoons ⇄ rightleftarrows ⇆ leftrightarrows
⇇ leftleftarrows ⇉ rightrightarrows ⇈ upuparrows ⇊ downdownarrows ⇝ rightsquigarrow ↝ leadsto ↭ leftrightsquigarrow ↠ twoheadrightarrow
↞ twoheadleftarrow ↣ rightarrowtail ↢ leftarrowtail ↛ nrightarrow ↚ nleftarrow ↮ nleftrightarrow ⇏ nRightarrow ⇍ nLeftarrow
⇎ nLeftrightarrow ⇛ Rrightarrow ⇚ Lleftarrow ↺ circlearrowleft ↻ circlearrowright ↶ curvearrowleft ↷ curvearrowright ↾ upharpoonright
↿ upharpoonleft ⇂ downharpoonright ⇃ downharpoonleft ⊸ multimap ↰ Lsh ↱ Rsh
∑ sum ∏ prod ∐ coprod ∫ int ∬ iint ∭ iiint ⨌ iiiint ∮ oint ∯ oiint ∰ oiiint ⋂ bigcap ⋃ bigcup ⨀ bigodot ⨁ bigoplus ⨂ bigotimes ⨄ biguplus ⨆ bigsqcup
√ surd … ldots ⋯ cdots ⋮ vdots ⋱ ddots ⋰ ddots ⟨ langle ⟩ rangle 〈 langle 〉 rangle 〈 langle 〉 rangle ⌈ lceil ⌉ rceil ⌊ lfloor ⌋ rfloor ‖ | ∥ parallel
⟦ llbracket ⟧ rrbracket ⎰ lmoustache ⎱ rmoustache ⌜ ulcorner ⌝ urcorner ⌞ llcorner ⌟ lrcorner
% % # # & & { { } } _ _ £ pounds § S ¶ P © copyright ® circledR ℧ mho Ⅎ Finv ⅁ Game ∁ complement ⊹ cdot
"""
_AS_TEXT = {
    "−": "-", "‐": "-", "‑": "-", "–": "-", "—": "-", "∕": "/", "⁄": "/", "∶": ":", "≔": ":=", "≕": "=:", "⩵": "==",
    "⩴": "::=", "′": "'", "″": "''", "‴": "'''", "⁗": "''''", "’": "'", "‘": "'", "´": "'", "ʹ": "'",
    "\\": r"\backslash", "$": r"\$", "^": r"\wedge", "~": r"\sim", "˜": r"\sim", "∼": r"\sim", "°": r"^{\circ}", "º": r"^{\circ}",
    "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "⅛": r"\frac{1}{8}",
    "¹": "^{1}", "²": "^{2}", "³": "^{3}", "⁰": "^{0}", "⁴": "^{4}", "⁵": "^{5}", "⁶": "^{6}", "⁷": "^{7}",
    "⁸": "^{8}", "⁹": "^{9}", "⁺": "^{+}", "⁻": "^{-}", "ⁿ": "^{n}", "ⁱ": "^{i}", "₀": "_{0}", "₁": "_{1}", "₂": "_{2}",
    "₃": "_{3}", "₄": "_{4}", "₅": "_{5}", "₆": "_{6}", "₇": "_{7}", "₈": "_{8}", "₉": "_{9}", "₊": "_{+}",
    "₋": "_{-}", "ₙ": "_{n}", "ₖ": "_{k}", "ᵢ": "_{i}", "ⱼ": "_{j}", "￼": "", "ﬁ": "fi", "ﬂ": "fl",
    "≮": r"\nless", "≯": r"\ngtr", "€": r"\text{€}", "¥": r"\text{¥}", "￥": r"\text{¥}", "ß": r"\text{ß}", "¨": r"\text{¨}",
    "。": r"\text{。}", "、": r"\text{、}", "ª": r"^{a}", "‰": r"\text{‰}", "℃": r"^{\circ}\mathrm{C}", "℉": r"^{\circ}\mathrm{F}",
    "Å": r"\mathring{A}", "Å": r"\mathring{A}", "ø": r"\text{ø}", "∷": "::", "ⅆ": "d", "ⅅ": r"\mathrm{D}", "ⅇ": "e", "ⅈ": "i", "ⅉ": "j", "ℎ": "h",
    "|": "|", "¦": "|", "❘": "|", "│": "|", "∎": r"\blacksquare", "—": "-", "✕": r"\times", "✖": r"\times", "⨯": r"\times",
    "➔": r"\to", "⭢": r"\to", "∤": r"\nmid", "ʼ": "'", "`": "`", "¯": "-", "‾": "-", "_": r"\_",
}  # fmt: skip
_INVISIBLE = "\u2061\u2062\u2063\u2064\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\ue000\ue001"
_SPACES = {
    " ": " ", "\n": " ", "\t": " ", "\r": " ", "\u00a0": r"\ ", "\u2002": r"\ ", "\u2003": r"\quad ", "\u2004": r"\;", "\u2005": r"\:",
    "\u2006": r"\,", "\u2007": r"\ ", "\u2008": r"\,", "\u2009": r"\,", "\u200a": r"\,", "\u202f": r"\,", "\u205f": r"\:", "\u3000": r"\quad ",
}  # fmt: skip


def _names(table: str) -> dict[str, str]:
    parts = table.split()
    return {char: "\\" + name for char, name in zip(parts[::2], parts[1::2], strict=True)}


SYMBOLS: dict[str, str] = {**_names(_LETTERS), **_names(_OPERATORS), **_AS_TEXT, **_SPACES}
SYMBOLS.update(dict.fromkeys(_INVISIBLE, ""))

FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf "
    "limsup ln log max min Pr sec sin sinh sup tan tanh".split()
)
NAMED = {
    **{name: "\\" + name for name in FUNCTIONS},
    "lim sup": r"\limsup", "lim inf": r"\liminf", "arg max": r"\operatorname*{arg\,max}", "arg min": r"\operatorname*{arg\,min}",
    "argmax": r"\operatorname*{argmax}", "argmin": r"\operatorname*{argmin}", "mod": r"\bmod",
    "tg": r"\operatorname{tg}", "ctg": r"\operatorname{ctg}", "sgn": r"\operatorname{sgn}", "sign": r"\operatorname{sign}",
    "lcm": r"\operatorname{lcm}", "arcsec": r"\operatorname{arcsec}", "arccsc": r"\operatorname{arccsc}",
    "arccot": r"\operatorname{arccot}", "sech": r"\operatorname{sech}", "csch": r"\operatorname{csch}",
    "arsinh": r"\operatorname{arsinh}", "arcosh": r"\operatorname{arcosh}", "artanh": r"\operatorname{artanh}",
    "rank": r"\operatorname{rank}", "tr": r"\operatorname{tr}", "div": r"\operatorname{div}", "grad": r"\operatorname{grad}",
    "curl": r"\operatorname{curl}", "rot": r"\operatorname{rot}", "cov": r"\operatorname{cov}", "var": r"\operatorname{var}",
    "Cov": r"\operatorname{Cov}", "Var": r"\operatorname{Var}", "diag": r"\operatorname{diag}", "span": r"\operatorname{span}",
    "erf": r"\operatorname{erf}", "injlim": r"\varinjlim", "projlim": r"\varprojlim",
}  # fmt: skip
LIMITS = frozenset("∑∏∐⋂⋃⨀⨁⨂⨄⨆⋀⋁∫∬∭⨌∮∯∰⨅⨃⨉")  # under and over them is _ and ^
LIMIT_NAMES = frozenset(
    "lim liminf limsup max min sup inf det gcd Pr injlim projlim".split()
) | {"lim sup", "lim inf", "arg max", "arg min", "argmax", "argmin", "inj lim", "proj lim"}  # fmt: skip

# Character over a base -> command over one letter, command over more.
OVER: dict[str, tuple[str, str]] = {
    **dict.fromkeys("^ˆ\u0302", ("hat", "widehat")),
    **dict.fromkeys("~˜∼\u0303", ("tilde", "widetilde")),
    **dict.fromkeys("¯ˉ‾_―-−–—\u0304\u0305\u203e\u2500⎯", ("bar", "overline")),
    **dict.fromkeys("→⃗⟶⇀\u20d7\u20d1", ("vec", "overrightarrow")),
    **dict.fromkeys("←⟵\u20d6", ("overleftarrow", "overleftarrow")),
    **dict.fromkeys("↔⟷\u20e1", ("overleftrightarrow", "overleftrightarrow")),
    **dict.fromkeys(".˙·\u0307", ("dot", "dot")),
    **dict.fromkeys("¨\u0308", ("ddot", "ddot")),
    **dict.fromkeys("\u20db⃛", ("dddot", "dddot")),
    **dict.fromkeys("\u20dc", ("ddddot", "ddddot")),
    **dict.fromkeys("ˇ\u030c", ("check", "check")),
    **dict.fromkeys("˘\u0306", ("breve", "breve")),
    **dict.fromkeys("´\u0301ˊ", ("acute", "acute")),
    **dict.fromkeys("`\u0300ˋ", ("grave", "grave")),
    **dict.fromkeys("˚\u030a", ("mathring", "mathring")),
    **dict.fromkeys("⏞︷", ("overbrace", "overbrace")),
    **dict.fromkeys("⎴⏠", ("overbracket", "overbracket")),
}
OVER["..."] = ("dddot", "dddot")
OVER[".."] = ("ddot", "ddot")
UNDER: dict[str, str] = {
    **dict.fromkeys("_¯ˉ‾―-−\u0331\u0332\u203e", "underline"),
    **dict.fromkeys("⏟︸", "underbrace"),
    **dict.fromkeys("⎵⏡", "underbracket"),
    "→": "underrightarrow", "←": "underleftarrow", "↔": "underleftrightarrow",
}  # fmt: skip

VARIANTS: dict[str, str] = {
    "bold": "mathbf", "bold-italic": "boldsymbol", "script": "mathcal", "bold-script": "boldsymbol mathcal",
    "fraktur": "mathfrak", "bold-fraktur": "boldsymbol mathfrak", "double-struck": "mathbb", "sans-serif": "mathsf",
    "bold-sans-serif": "boldsymbol mathsf", "sans-serif-italic": "mathsf", "sans-serif-bold-italic": "boldsymbol mathsf",
    "monospace": "mathtt", "normal": "mathrm", "italic": "mathit", "-tex-calligraphic": "mathcal",
    "-tex-bold-calligraphic": "boldsymbol mathcal", "-tex-mathit": "mathit", "-tex-oldstyle": "mathrm",
}  # fmt: skip
_BLOCKS = (
    (0x1D400, 52, "bold"), (0x1D434, 52, "italic"), (0x1D468, 52, "bold-italic"), (0x1D49C, 52, "script"),
    (0x1D4D0, 52, "bold-script"), (0x1D504, 52, "fraktur"), (0x1D538, 52, "double-struck"), (0x1D56C, 52, "bold-fraktur"),
    (0x1D5A0, 52, "sans-serif"), (0x1D5D4, 52, "bold-sans-serif"), (0x1D608, 52, "sans-serif-italic"),
    (0x1D63C, 52, "sans-serif-bold-italic"), (0x1D670, 52, "monospace"), (0x1D6A8, 58, "bold"), (0x1D6E2, 58, "italic"),
    (0x1D71C, 58, "bold-italic"), (0x1D756, 58, "bold-sans-serif"), (0x1D790, 58, "sans-serif-bold-italic"),
    (0x1D7CA, 2, "bold"), (0x1D7CE, 10, "bold"), (0x1D7D8, 10, "double-struck"), (0x1D7E2, 10, "sans-serif"),
    (0x1D7EC, 10, "bold-sans-serif"), (0x1D7F6, 10, "monospace"),
)  # fmt: skip
ALPHABET: dict[str, tuple[str, str]] = {}  # character -> plain character, variant
for _start, _count, _variant in _BLOCKS:
    for _code in range(_start, _start + _count):
        _plain = unicodedata.normalize("NFKC", chr(_code))
        if _plain != chr(_code):
            ALPHABET[chr(_code)] = (_plain, _variant)
for _chars, _variant in (
    ("ℂℍℕℙℚℝℤ", "double-struck"), ("ℊℋℐℒℛℬℰℱℳℯℴ", "script"), ("ℭℌℨ", "fraktur"), ("ℽℾℿ⅀", "double-struck"),
):  # fmt: skip
    for _char in _chars:
        ALPHABET[_char] = (unicodedata.normalize("NFKC", _char), _variant)

ENTITIES: dict[str, str] = {name[:-1]: value for name, value in html5.items() if name.endswith(";")}
ENTITIES.update(
    {  # names of older MathML that HTML does not have, or has for another character
        "InvisibleTimes": "\u2062", "InvisibleComma": "\u2063", "ApplyFunction": "\u2061",
        "OverBar": "¯", "UnderBar": "_", "Hat": "^", "Vert": "‖", "Verbar": "‖",
    }
)  # fmt: skip
