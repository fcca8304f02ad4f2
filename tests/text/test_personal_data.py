"""Personal data goes; numbers that are no person's stay, and so do formulas, code and tables."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unicode_texts import texts

from cleaner.kernels.text.personal import COLONS, MAILBOX, NUMBER, WIDE, suspects
from cleaner.kernels.text.segment import utf8_of
from cleaner.text.personal_data import in_text, mask
from cleaner.text.personal_forms import identity_number, luhn


def masked(text: str) -> str:
    return mask(pl.Series([text]))[0]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to a.b+c@mail.example.org.", "write to <EMAIL>."),
        ("联系邮箱：zhang@163.com，谢谢", "联系邮箱：<EMAIL>，谢谢"),
        ("电话：138-1234-5678。", "电话：<PHONE>。"),
        ("电话13912345678转2", "电话<PHONE>转2"),
        ("+86 13912345678", "<PHONE>"),
        ("010-62551234, (0571) 88886666", "<PHONE>, <PHONE>"),
        ("+44 20 7946 0958", "<PHONE>"),
        ("(212) 555-0142 or 212-555-0142", "<PHONE> or <PHONE>"),
        ("身份证11010519491231002X。", "身份证<ID>。"),
        (
            "手机１３７０００１２２３４，座机０２１－６２５５１２３４",
            "手机<PHONE>，座机<PHONE>",
        ),
        ("Ruf an: 07 55 12 98 43 oder 020 7123 4567", "Ruf an: <PHONE> oder <PHONE>"),
        ("Tel. 06-6341-7788 / 010-9876-5432 / 213 555 0188", "Tel. <PHONE> / <PHONE> / <PHONE>"),
        ("手机：13711112222, 13688889999", "手机：<PHONE>, <PHONE>"),
        ("卡号 4111-1111-1111-1111", "卡号 <CARD>"),
        ("6217 0000 1000 1234 564", "6217 0000 1000 1234 564"),  # fails Luhn's check
        ("from 114.114.114.114:80", "from <IP>:80"),
        ("    indented\ncall 13912345678", "    indented\ncall <PHONE>"),
        ("see https://a.example/x 13912345678", "see https://a.example/x <PHONE>"),
        ("+81-3-3456-7890, +1 5 ist keine", "<PHONE>, +1 5 ist keine"),
        ("Rio +44 20 7946 0958\nLyon 01 42 68 53 00", "Rio <PHONE>\nLyon <PHONE>"),
        ("Tel. 01\u00a042\u00a068\u00a053\u00a000", "Tel. <PHONE>"),
        ("DNS 2001:4860:4860::8888", "DNS <IP>"),
        ("I set the resolver to 8.8.8.8 and 8.8.4.4.", "I set the resolver to <IP> and <IP>."),
        ("ping 9.9.9.9\n来自 5.9.12.7 的访问", "ping <IP>\n来自 <IP> 的访问"),
        ("We all use 1.1.1.1 here", "We all use <IP> here"),
    ],
)
def test_personal_data_goes(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3.4 Introduction\n8.8.8.8 Scope of the server\n2.2.2.2. 主机",
        "section 8.8.8.8, v9.9.9.9 and 版本 5.9.12.7",
        "Firefox 3.6.12.2 came after 3.5.1.9",
        "the net 10.1.1.1, and 192.168.1.1",
        "let $n = 13912345678$ be",
        r"so \(13912345678\) and \[13912345678\]",
        "\\begin{align}\n13912345678\n\\end{align}",
        "```\ncall 13912345678\n```",
        "```\ncall 13912345678",
        "the variable `a@b.com`",
        "    x = 13912345678",
        "| 13912345678 | 2 | 3 |\n| 13912345679 | 2 | 3 |",
        "1 2 13912345678\n4 5 13912345679",
        "110105194912310021",  # a wrong check digit
        "110105194913310023",  # no such month
        "4111-1111-1111-1112",
        "0.13912345678",
        "version 1.2.3.4, v10.20.30.4",
        "192.168.1.1, 10.0.0.1, 127.0.0.1, 999.114.114.114",
        "12:30:45, aa:bb:cc:dd:ee:ff, std::vector",
        "978-7-111-12345-6, 2019-2020, 1500000000000, 20260102",
        "icon@2x.png and @handle",
        "人口 13980000123 人，耗电 15012345678 千瓦时，约 18600000000",
        "x = 13712345678, and 7 + 13712345678 = 13712345685",
        "13712345678, 13712345679, 13712345680",  # a sequence of numbers
        "see section 8.31.44.52 or chapter 4.50.60.70",
        "kernel 5.15.0.76 and released 20.4.0.92",
        "3 +1234567890 is a sum; in the years 1998 2004 2010",
        "https://shop.example/b?node=13912345678",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert masked(text) == text


def test_each_row_has_its_own_formulas() -> None:
    rows = ["13912345678", None, "中 $13912345678 = x$ 中", "$a$ 13912345678", ""]
    left = ["<PHONE>", None, "中 $13912345678 = x$ 中", "$a$ <PHONE>", ""]
    assert mask(pl.Series(rows)).to_list() == left
    assert mask(pl.Series(rows)[2:4]).to_list() == left[2:4]


def test_formulas_that_extract_marked_are_known() -> None:
    # Under the rule for unknown text a dollar before a digit closes nothing.
    column = pl.Series(["$13912345678 $2"] * 2)
    assert mask(column, pl.Series([True, False])).to_list() == [column[0], "$<PHONE> $2"]


@given(digits=st.text("0123456789", min_size=12, max_size=18))
def test_luhn_knows_every_single_wrong_digit(digits: str) -> None:
    right = next(str(d) for d in range(10) if luhn(f"{digits}{d}".encode()))
    number = digits + right
    for place in range(len(number)):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not luhn(wrong.encode())


@given(serial=st.integers(0, 999))
def test_an_identity_number_has_one_check_digit(serial: int) -> None:
    ends = [c for c in b"0123456789X" if identity_number(b"11010519491231%03d%c" % (serial, c))]
    assert len(ends) == 1


@given(text=texts)
def test_a_masked_text_stays_as_it_is(text: str) -> None:
    once = masked(text)
    assert masked(once) == once


PIECES = [
    *"0123456789 .-()+:@/xX,;\n",
    *("13800138000", "138", "0013", "8000", "86", "0571", "4111", "62551234", "00", "a@b.cd", "é"),
    *(
        "110105",
        "19491231",
        "002X",
        "378282",
        "10005",
        "8.8",
        "44",
        "2001:4860:",
        "::",
        "icon",
        "中",
    ),
]


@settings(max_examples=1500, deadline=None)
@given(text=st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_whatever_has_a_form_is_suspect(text: str) -> None:
    raw = text.encode()
    everywhere = [(0, len(raw), kind) for kind in (MAILBOX, NUMBER, COLONS)]
    places = [tuple(place) for place in suspects(*utf8_of(text))[1:].T.tolist()]
    assert (in_text(raw, places) if places else []) == in_text(raw, everywhere)


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("１２３４", True),
        ("第１２３章", False),
        ("a＠b", True),
        ("1－2", True),
        ("1－", False),
        ("（2019）", False),
        ("（010）", True),
        ("1\u00a02", True),
        ("\u00a0\u2009，。“”", False),
    ],
)
def test_a_text_is_folded_when_its_wide_signs_may_be_of_a_number(text: str, wide: bool) -> None:
    assert (WIDE in suspects(*utf8_of(text))[3]) == wide
