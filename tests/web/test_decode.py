"""Bytes become the text they were meant as, whatever they declare, or fail with a reason."""

import codecs
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.web.decode import Binary, Undecodable, declared_in, decode, encoded_twice

CHINESE = "设函数的定义域为全体实数，求它在这个区间上的最大值和最小值，并说明理由。" * 3
TRADITIONAL = "設函數的定義域為全體實數，求它在這個區間上的最大值和最小值，並說明理由。" * 3
JAPANESE = "次の関数の最大値と最小値を求めなさい。ただし、変数はすべて実数とする。" * 3
KOREAN = "다음 함수의 최댓값과 최솟값을 구하시오. 단, 모든 변수는 실수이다. " * 3
RUSSIAN = "Найдите наибольшее и наименьшее значение функции на этом отрезке. " * 3
FRENCH = "Déterminer la valeur maximale de la fonction définie sur cet intervalle fermé. " * 3


def page(text: str, encoding: str, declared: str | None = None) -> bytes:
    meta = f'<meta charset="{declared}">' if declared else ""
    return f"<html><head>{meta}</head><body><p>{text}</p></body></html>".encode(encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"), (CHINESE, "gb18030"), (TRADITIONAL, "big5"), (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"), (KOREAN, "cp949"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"),
        (FRENCH, "cp1252"), (CHINESE, "utf-16"), (CHINESE, "utf-16-le"), (CHINESE, "utf-16-be"),
        (CHINESE, "utf-32"), (JAPANESE, "iso2022_jp"), (CHINESE, "utf-8-sig"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("declared", [None, "right", "utf-8", "gb2312", "iso-8859-1", "shift_jis"])
def test_a_page_reads_as_written_whatever_it_declares(
    text: str, encoding: str, declared: str | None
) -> None:
    declared = encoding if declared == "right" else declared
    assert text in decode(page(text, encoding, declared)).text


@pytest.mark.parametrize(
    ("text", "encoding", "declared", "repaired"),
    [
        (CHINESE, "gb18030", "gb2312", False), (CHINESE, "gb18030", "iso-8859-1", True),
        (CHINESE, "utf-8", "gbk", True), (KOREAN, "cp949", "gb2312", True),
        (RUSSIAN, "cp1251", "iso-8859-1", True), (FRENCH, "cp1252", "iso-8859-1", False),
    ],
)  # fmt: skip
def test_it_says_whether_the_declaration_was_wrong(
    text: str, encoding: str, declared: str, repaired: bool
) -> None:
    found = decode(page(text, encoding, declared))
    assert (text in found.text, found.repaired) == (True, repaired)


def test_the_header_comes_before_the_page() -> None:
    raw = page(FRENCH, "cp1252", "utf-8")
    assert decode(raw, "windows-1252").repaired is False
    assert decode(raw).repaired is True


@pytest.mark.parametrize(
    ("label", "encoding"),
    [("GB2312", "gb18030"), ("x-sjis", "cp932"), ("ks_c_5601-1987", "cp949"), ("utf-16", "utf-8")],
)
def test_declarations_are_read_as_browsers_read_them(label: str, encoding: str) -> None:
    assert declared_in(f"<meta content='text/html; charset={label}'>".encode()) == encoding


def test_characters_beyond_gb2312_are_read() -> None:
    assert decode("朱镕基囧𠮷".encode("gb18030") * 5, "gb2312").text == "朱镕基囧𠮷" * 5


def test_a_cut_character_costs_only_itself() -> None:
    found = decode(CHINESE.encode()[:-1])
    assert found.text == CHINESE[:-1] + "\ufffd"
    assert found.repaired


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"<p>so!\xc2\xe2\x99\xa5 then", "<p>so!\ufffd♥ then"),
        (b"<p>a\x96b \xe2\x80\x94 c", "<p>a\ufffdb — c"),
        (b"<p>caf\xe9 \x97 d\xe9j\xe0 vu", "<p>café — déjà vu"),
    ],
)
def test_a_stray_byte_costs_only_itself(raw: bytes, text: str) -> None:
    assert decode(raw).text == text


def test_zeros_go() -> None:
    assert decode(b"<p>a\0b\0</p>").text == "<p>ab</p>"


@pytest.mark.parametrize(
    "raw", [b"%PDF-1.4\n", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b"PK\x03\x04", bytes(range(32)) * 9]
)
def test_what_is_no_text_is_binary(raw: bytes) -> None:
    with pytest.raises(Binary):
        decode(raw)


def test_noise_fails_with_a_reason() -> None:
    noise = bytes((i * 197 + i * i * 31) % 224 + 32 for i in range(4000))
    with pytest.raises(Undecodable, match="no encoding reads these bytes"):
        decode(noise)


@pytest.mark.parametrize("text", [CHINESE, FRENCH, RUSSIAN])
def test_text_encoded_twice_comes_back(text: str) -> None:
    latin = text.encode().decode("latin-1")
    assert decode(latin.encode()).text == text


@pytest.mark.parametrize("text", [CHINESE, FRENCH, RUSSIAN, "Ã", "naïve Ã©", ""])
def test_text_encoded_once_stays(text: str) -> None:
    assert encoded_twice(text) is None


@settings(deadline=None)
@given(raw=st.binary(max_size=300), declared=st.sampled_from([None, "gbk", "utf-16", "x", "hz"]))
def test_any_bytes_are_text_binary_or_undecodable(raw: bytes, declared: str | None) -> None:
    try:
        found = decode(raw, declared)
    except (Binary, Undecodable):
        return
    assert "\0" not in found.text
    codecs.lookup(found.encoding)
    found.text.encode()


def folded(text: str) -> str:
    """White space as one, and the signs that two tables of one character set name differently."""
    for pair in (
        "\u30fb\u00b7",
        "\u2015\u2014",
        "\u2022\u2027",
        "\uff5e\u301c",
        "\u2016\u2225",
        "−－",
    ):
        text = text.replace(*pair)
    return " ".join(text.replace("\ufeff", "").replace("\0", "").split())


@pytest.mark.corpora
@pytest.mark.parametrize(("kind", "least"), [("charset_page", 0.96), ("transcoded_page", 0.98)])
def test_real_pages_in_legacy_encodings(corpora: Path, kind: str, least: float) -> None:
    rows = pl.read_parquet(corpora / "open/dirty_inputs.parquet").filter(
        pl.col("kind") == kind, pl.col("gold_text").is_not_null()
    )

    def reads(raw: bytes, gold: str) -> bool:
        try:
            return folded(decode(raw).text) == folded(gold)
        except (Binary, Undecodable):
            return False

    right = [reads(*row) for row in rows.select("content", "gold_text").rows()]
    assert sum(right) / len(right) >= least


@pytest.mark.corpora
def test_mojibake_is_repaired_and_clean_text_is_not(corpora: Path) -> None:
    rows = pl.read_parquet(corpora / "open/dirty_inputs.parquet").filter(
        pl.col("kind") == "mojibake_text"
    )
    repaired = [
        encoded_twice(raw.decode()) == gold
        for raw, gold in rows.select("content", "gold_text").rows()
    ]
    assert sum(repaired) >= 22  # of 40; the others lost bytes for good, or are no mojibake
    clean = pl.read_parquet(corpora / "open/multilingual.parquet")["text"]
    assert sum(encoded_twice(text) is not None for text in clean) <= 1
