"""Language codes: what users and models write, as one code of ours.

A language is its two-letter code of ISO 639-1 where it has one, else its three letters of
ISO 639-3. Varieties that ISO 639-3 counts to a language with two letters go by these (wuu and yue
are zh, nn is no); the finer code is kept as a detail.
"""

import re
from difflib import get_close_matches
from typing import NamedTuple

# ISO 639-1 and 639-3; a third column is the other code of ISO 639-2.
ISO = """
aa aar, ab abk, ae ave, af afr, ak aka, am amh, an arg, ar ara, as asm, av ava, ay aym, az aze,
ba bak, be bel, bg bul, bi bis, bm bam, bn ben, bo bod tib, br bre, bs bos, ca cat, ce che, ch cha,
co cos, cr cre, cs ces cze, cu chu, cv chv, cy cym wel, da dan, de deu ger, dv div, dz dzo, ee ewe,
el ell gre, en eng, eo epo, es spa, et est, eu eus baq, fa fas per, ff ful, fi fin, fj fij, fo fao,
fr fra fre, fy fry, ga gle, gd gla, gl glg, gn grn, gu guj, gv glv, ha hau, he heb, hi hin, ho hmo,
hr hrv, ht hat, hu hun, hy hye arm, hz her, ia ina, id ind, ie ile, ig ibo, ii iii, ik ipk, io ido,
is isl ice, it ita, iu iku, ja jpn, jv jav, ka kat geo, kg kon, ki kik, kj kua, kk kaz, kl kal,
km khm, kn kan, ko kor, kr kau, ks kas, ku kur, kv kom, kw cor, ky kir, la lat, lb ltz, lg lug,
li lim, ln lin, lo lao, lt lit, lu lub, lv lav, mg mlg, mh mah, mi mri mao, mk mkd mac, ml mal,
mn mon, mr mar, ms msa may, mt mlt, my mya bur, na nau, nd nde, ne nep, ng ndo, nl nld dut, no nor,
nr nbl, nv nav, ny nya, oc oci, oj oji, om orm, or ori, os oss, pa pan, pi pli, pl pol, ps pus,
pt por, qu que, rm roh, rn run, ro ron rum, ru rus, rw kin, sa san, sc srd, sd snd, se sme, sg sag,
sh hbs, si sin, sk slk slo, sl slv, sm smo, sn sna, so som, sq sqi alb, sr srp, ss ssw, st sot,
su sun, sv swe, sw swa, ta tam, te tel, tg tgk, th tha, ti tir, tk tuk, tl tgl, tn tsn, to ton,
tr tur, ts tso, tt tat, tw twi, ty tah, ug uig, uk ukr, ur urd, uz uzb, ve ven, vi vie, vo vol,
wa wln, wo wol, xh xho, yi yid, yo yor, za zha, zh zho chi, zu zul
"""

# What corpora and models write for the plain language, and codes that were withdrawn.
SAME = {
    "arb": "ar", "azj": "az", "cmn": "zh", "ekk": "et", "fil": "tl", "gaz": "om", "gug": "gn",
    "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "khk": "mn", "kmr": "ku", "lvs": "lv",
    "mo": "ro", "nb": "no", "nob": "no", "npi": "ne", "ory": "or", "pbt": "ps", "pes": "fa",
    "plt": "mg", "quz": "qu", "swh": "sw", "uzn": "uz", "ydd": "yi", "zlm": "ms", "zsm": "ms",
}  # fmt: skip

# Members of macrolanguages (ISO 639-3) that models tell apart; not all that the standard has: bjn
# and min are written by their own speakers as languages of their own.
VARIETIES = {
    "aeb": "ar", "acm": "ar", "acq": "ar", "afb": "ar", "ajp": "ar", "apc": "ar", "apd": "ar",
    "arq": "ar", "ars": "ar", "ary": "ar", "arz": "ar", "ayl": "ar", "shu": "ar", "ayr": "ay",
    "azb": "az", "prs": "fa", "fub": "ff", "fuc": "ff", "fue": "ff", "fuf": "ff", "fuq": "ff",
    "fuv": "ff", "gnw": "gn", "gui": "gn", "gun": "gn", "ike": "iu", "ikt": "iu", "knc": "kr",
    "ckb": "ku", "sdh": "ku", "koi": "kv", "kpv": "kv", "ltg": "lv", "nn": "no", "nno": "no",
    "hae": "om", "orc": "om", "spv": "or", "pbu": "ps", "pst": "ps", "qub": "qu", "quh": "qu",
    "qul": "qu", "quy": "qu", "aae": "sq", "aat": "sq", "aln": "sq", "als": "sq", "sdc": "sc",
    "sdn": "sc", "src": "sc", "sro": "sc", "swc": "sw", "uzs": "uz", "yih": "yi", "cdo": "zh",
    "cjy": "zh", "cpx": "zh", "czh": "zh", "czo": "zh", "gan": "zh", "hak": "zh", "hsn": "zh",
    "lzh": "zh", "mnp": "zh", "nan": "zh", "wuu": "zh", "yue": "zh",
}  # fmt: skip

# Languages without two letters that the default model or lid.176 knows.
OTHERS = """
ace ast awa bar bcl bh bho bjn bpy bxr cbk ceb crh diq dsb dty eml ext fon frp frr fur gcf gcr gom
grc gsw guw hbo hif hne hsb ilo jbo kab kbd kea khg krc lez lij lmo lrc ltg lus mag mai mhr min
mni mrj mwl myv mzn nah nap nds new nso pag pam pap pcm pfl pms pnb rue sah sat scn sco shi shn
srn szl taq tlh tpi tum tyv tzm umb vec vep vls war wuu xal xmf yue
"""

# Codes of countries that are taken for languages.
MEANT = {
    "chinese": "zh", "cn": "zh", "tw": "zh-Hant", "english": "en", "gb": "en", "us": "en",
    "jp": "ja", "japanese": "ja", "kp": "ko", "korean": "ko", "french": "fr", "german": "de",
    "gr": "el", "ua": "uk", "cz": "cs", "dk": "da", "spanish": "es", "russian": "ru",
    "arabic": "ar", "italian": "it", "portuguese": "pt", "br-pt": "pt", "vn": "vi", "ir": "fa",
}  # fmt: skip

# The script that CLDR's likely subtags give to Chinese of a region.
REGIONS = {"tw": "Hant", "hk": "Hant", "mo": "Hant", "cn": "Hans", "sg": "Hans", "my": "Hans"}

# Languages that models take for one another so often that `keep` takes them as one, as it does the
# varieties of Chinese; a script or variety that is named parts them again.
FAMILIES = (
    frozenset({"sr", "hr", "bs", "sh"}), frozenset({"id", "ms"}), frozenset({"el", "grc"}),
)  # fmt: skip

UNDETERMINED, MIXED = "und", "mixed"


class Code(NamedTuple):
    """A language, and a variety and a script where they were named."""

    lang: str
    detail: str | None = None
    script: str | None = None


def _standard() -> dict[str, str]:
    table = dict(SAME)
    for entry in ISO.replace("\n", " ").split(","):
        short, *longer = entry.split()
        table.update(dict.fromkeys([short, *longer], short))
    return table


STANDARD = _standard()
KNOWN = (
    frozenset(STANDARD) | frozenset(VARIETIES) | frozenset(OTHERS.split()) | {UNDETERMINED, MIXED}
)


def label_code(label: str) -> Code:
    """Return the code of a model's label: `zh`, `cmn_Hani`, `yue_Hant`, `eng_Latn`, `arz`.

    >>> label_code("yue_Hant"), label_code("eng_Latn").lang, label_code("arz").lang
    (Code(lang='zh', detail='yue', script='Hant'), 'en', 'ar')
    """
    name, _, script = label.replace("-", "_").partition("_")
    name = name.lower()
    if name == "als" and not script:
        name = (
            "gsw"  # Wikipedia's name for Alemannic, and so lid.176's; in ISO 639-3 it is Albanian
        )
    script = script.partition("_")[0].title()
    if name in ("zxx", "und", "unk", "xx"):
        return Code(UNDETERMINED)
    lang = STANDARD.get(name) or VARIETIES.get(name, name)
    detail = name if name in VARIETIES else None
    return Code(lang, detail, script if len(script) == 4 else None)


def user_code(text: str) -> Code:
    """Return the code that a user wrote; `ValueError` names what may be meant.

    >>> user_code("eng"), user_code("en_US").lang, user_code("zh-TW").script
    (Code(lang='en', detail=None, script=None), 'en', 'Hant')
    """
    name, *rest = re.split(r"[-_]", text.strip())
    name = name.lower()
    if name not in KNOWN or not all(re.fullmatch(r"[A-Za-z0-9]{2,8}", part) for part in rest):
        close = [MEANT[name]] if name in MEANT else get_close_matches(name, sorted(KNOWN), 3, 0.5)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise ValueError(f"{text!r} is no language code (ISO 639: zh, en, yue, zh-Hant ..){hint}")
    lang = STANDARD.get(name) or VARIETIES.get(name, name)
    script = next((part.title() for part in rest if len(part) == 4 and part.isalpha()), None)
    if script is None and lang == "zh":
        script = next((REGIONS[part.lower()] for part in rest if part.lower() in REGIONS), None)
    return Code(lang, name if name in VARIETIES else None, script)


def family(lang: str) -> frozenset[str]:
    """Return the languages that `keep` takes for this one, itself among them.

    >>> sorted(family("id")), sorted(family("fr"))
    (['id', 'ms'], ['fr'])
    """
    return next((names for names in FAMILIES if lang in names), frozenset({lang}))
