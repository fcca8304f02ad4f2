"""A charset that a page declares rightly is obeyed, in whatever language the page is."""

import pytest

from cleaner.web.charsets import codec
from cleaner.web.decode import decode

SENTENCES = {
    "lv": "Šodien mēs ēdam ķiršus, ģimene dzer tēju un lasa grāmatu.",
    "lt": "Šiandien ūkininkas sėja žirnius, o jo šuo miega po ąžuolu.",
    "et": "Täna õhtul sööme õunu; žürii jõuab šokolaadi juurde hiljem.",
    "se": "Mánát čuožžot olgun, đ ja ŋ leat bustávat, maid mii čállit.",
    "cy": "Mae'r tŷ ar lan y môr; gwelodd yr ŵyn y dŵr yn yr haf.",
    "ga": "Tá an leabhar ag an múinteoir óg, agus níl sé fós léite.",
    "ro": "Fata și băiatul învață în școala cea nouă; țara e frumoasă.",
    "mt": "Il-ħobż għandu ġewż ġewwa; iż-żiemel jiġri fil-għalqa.",
    "eo": "Ĉiu ĝojas ĉe la maro; ŝi aŭdas la ĥoron kaj la ĵurnaliston.",
    "pl": "Wąż śpi na łące; źdźbła trawy są żółte, a pole świeże.",
    "tr": "Öğretmen şarkı söylüyor; çocuğun ağır çantası ıslanmış.",
    "is": "Þessi bær er fallegur; það er gott að búa hér á Íslandi.",
    "uk": "Їжачок іде лісом; ґава летить, а дівчина співає пісню.",
    "kk": "Қыз бала әнін айтты; өзен жағасында үлкен үй тұр.",
    "el": "Το παιδί τρέχει στην αυλή· η γάτα κοιμάται ήσυχα.",
    "ru-in-chinese": "Девочка читает книгу у окна, а мальчик рисует дом.",
}
DECLARED = [
    ("windows-1257", "cp1257", "lv lt et"),
    ("x-cp1257", "cp1257", "lt"),
    ("iso-8859-13", "iso8859-13", "lv lt et"),
    ("iso-8859-4", "iso8859-4", "lv lt se"),
    ("l4", "iso8859-4", "et"),
    ("iso-8859-10", "iso8859-10", "se is"),
    ("iso-8859-14", "iso8859-14", "cy ga"),
    ("iso-8859-16", "iso8859-16", "ro"),
    ("iso-8859-3", "iso8859-3", "mt eo"),
    ("windows-1250", "cp1250", "pl"),
    ("iso-8859-9", "iso8859-9", "tr"),
    ("mac", "mac-roman", "ga"),
    ("x-mac-centraleurroman", "mac-latin2", "pl"),
    ("x-mac-turkish", "mac-turkish", "tr"),
    ("cp775", "cp775", "lt"),
    ("koi8-ru", "koi8-u", "uk"),
    ("x-mac-ukrainian", "mac-cyrillic", "uk"),
    ("kz-1048", "kz1048", "kk"),
    ("sun_eu_greek", "iso8859-7", "el"),
    ("gb2312", "gb2312", "ru-in-chinese"),
    ("euc-kr", "euc_kr", "ru-in-chinese"),
]


def page(text: str, encoding: str, declared: str) -> bytes:
    return f'<html><meta charset="{declared}"><p>{text}</p>'.encode(encoding)


@pytest.mark.parametrize(
    ("declared", "encoding", "language"),
    [(label, name, each) for label, name, languages in DECLARED for each in languages.split()],
)
@pytest.mark.parametrize("times", [1, 6])
def test_what_is_declared_rightly_is_obeyed(
    declared: str, encoding: str, language: str, times: int
) -> None:
    text = " ".join([SENTENCES[language]] * times)
    found = decode(page(text, encoding, declared))
    assert text in found.text
    assert not found.repaired


@pytest.mark.parametrize("declared", ["windows-1257", "iso-8859-16", "mac", "iso-8859-4"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "gb18030"])
def test_what_is_declared_wrongly_is_not(declared: str, encoding: str) -> None:
    text = "设函数的定义域为全体实数。" if encoding == "gb18030" else SENTENCES["ru-in-chinese"]
    found = decode(page(" ".join([text] * 3), encoding, declared))
    assert text in found.text
    assert found.repaired


def test_a_row_of_letters_is_no_other_script() -> None:
    text = "Visos raidės iš eilės yra ąčęėįšųūž, o be jų nieko."
    assert text in decode(page(text, "iso8859-4", "iso_8859-4")).text


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("unicode20utf8", "utf-8"), ("csISOLatin6", "iso8859-10"), ("ISO_8859-4:1988", "iso8859-4"),
        ("elot_928", "iso8859-7"), ("asmo-708", "iso8859-6"), ("csbig5", "big5hkscs"),
        ("iso-ir-149", "cp949"), ("x-mac-roman", "mac-roman"), ("866", "cp866"), ("rot13", None),
        ("base64", None), ("unicode_escape", None), ("", None),
    ],
)  # fmt: skip
def test_labels_are_read_as_browsers_read_them(label: str, name: str | None) -> None:
    assert codec(label) == name
