"""The codec behind the charset that a page declares."""

import codecs
import re
from functools import cache

# What is declared and what browsers read, https://encoding.spec.whatwg.org/#names-and-labels;
# where Python has no codec of the web's table, the nearest superset.
_SUPERSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "hz": "hz", "big5": "big5hkscs", "cp950": "big5hkscs",
    "shift_jis": "cp932", "shift_jis_2004": "cp932", "shift_jisx0213": "cp932", "euc_kr": "cp949",
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874",
    "iso8859-11": "cp874", "utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le",
}  # fmt: skip
_NAMED: dict[str, str] = {  # codec -> the labels that Python does not know or reads otherwise
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf8 utf8mb4",
    "utf-16-le": "unicode ucs-2 csunicode iso-10646-ucs-2 unicodefeff",
    "utf-16-be": "unicodefffe",
    "gb18030": "x-gbk gb_2312 gb_2312-80 gb18030-2000 chinese csgb2312 csiso58gb231280 cp936",
    "big5hkscs": "x-x-big5 cn-big5 csbig5 big5-hkscs",
    "cp932": "x-sjis windows-31j ms_kanji shift-jis sjis csshiftjis ms932",
    "euc_jp": "x-euc-jp cseucpkdfmtjapanese",
    "cp949": """ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 korean uhc cseuckr
        csksc56011987 iso-ir-149""",
    "cp874": "dos-874 windows-874 iso885911",
    "cp866": "866 csibm866",
    "cp1252": "x-cp1252 x-user-defined iso88591 iso_88591 cp819 ibm819 ansi_x3.4-1968",
    "cp1254": "x-cp1254 iso88599",
    **{f"cp{page}": f"x-cp{page}" for page in (1250, 1251, 1253, 1255, 1256, 1257, 1258)},
    **{f"iso8859-{part}": f"iso8859{part} iso-8859{part}" for part in (2, 3, 4, 5, 10, 13, 14, 16)},
    "iso8859-15": "iso885915 csisolatin9 l9",
    "iso8859-6": "iso88596 csiso88596e csiso88596i iso-8859-6-e iso-8859-6-i",
    "iso8859-7": "iso88597 sun_eu_greek",
    "iso8859-8": "iso88598 csiso88598e csiso88598i iso-8859-8-e iso-8859-8-i logical visual",
    "koi8-r": "koi8 koi koi8_r",
    "koi8-u": "koi8-ru",
    "mac-roman": "mac macintosh x-mac-roman csmacintosh",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian maccyrillic",
    "mac-latin2": "x-mac-ce x-mac-centraleurroman maccentraleurope",
    **{f"mac-{name}": f"x-mac-{name}" for name in ("greek", "turkish", "croatian", "romanian")},
    "mac-iceland": "x-mac-icelandic",
}  # fmt: skip
_LABELS = {label: name for name, labels in _NAMED.items() for label in labels.split()}
_TEXT_CODECS = re.compile(
    r"utf-(8|16-[lb]e|32-[lb]e)|gb18030|big5hkscs|cp932|euc_jp|cp949|johab|iso2022_(jp|kr).*|hz"
    r"|cp(125\d|1125|737|775|8[567]\d|437)|iso8859-\d+|koi8-[rut]|kz1048|ptcp154"
    r"|mac-(cyrillic|roman|greek|turkish|latin2|croatian|romanian|iceland)"
)
MULTIBYTE = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "johab")
LATIN = frozenset(
    str.split(
        "cp1250 cp1252 cp1254 cp1257 cp1258 cp437 cp775 cp850 cp852 cp857 cp858 cp860 cp861 cp863 "
        "cp865 iso8859-2 iso8859-3 iso8859-4 iso8859-10 iso8859-13 iso8859-14 iso8859-15 "
        "iso8859-16 mac-roman mac-latin2 mac-turkish mac-croatian mac-romanian mac-iceland"
    )
)


@cache
def codec(label: str) -> str | None:
    """Return the codec for a declared charset as browsers read it, or None when unknown.

    >>> codec("GB2312"), codec(" iso-8859-1 "), codec("x-sjis"), codec("nonsense")
    ('gb18030', 'cp1252', 'cp932', None)
    """
    label = label.strip().strip("\"'").lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError, UnicodeError):
        return None
    name = _SUPERSETS.get(name, name)
    return name if _TEXT_CODECS.fullmatch(name) else None
