"""Tables fit the terminal that they are shown on, whatever they hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.cli.tables import bar, cell, clipped, table, width_of, wrapped

ROWS = [
    {"source": "新闻网站与百科全书", "in": 1_234_567, "kept": 12, "share": "0.00097 %"},
    {"source": "a-very-long-name-of-a-host.example.org", "in": 7, "kept": 7, "share": "100 %"},
]


def test_numbers_stand_right_and_words_left() -> None:
    rows = [{"rule": "short", "fails": 1200, "of": "3 %"}, {"rule": "不长", "fails": 7, "of": ""}]
    assert list(table(rows)) == [
        "rule   fails   of",
        "short  1,200  3 %",
        "不长       7",
    ]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            None,
            [
                "source                                         in  kept      share",
                "新闻网站与百科全书                      1,234,567    12  0.00097 %",
                "a-very-long-name-of-a-host.example.org          7     7      100 %",
            ],
        ),
        (
            50,
            [
                "source                         in  kept      share",
                "新闻网站与百科全书      1,234,567    12  0.00097 %",
                "a-very-long-name-of-a-          7     7      100 %",
                "host.example.org",
            ],
        ),
        (
            30,
            [
                "source                in  kept",
                "新闻网站与百科全   1.23M    12",
                "书",
                "a-very-long-name-      7     7",
                "of-a-host.",
                "example.org",
            ],
        ),
        (
            20,
            [
                "source:",
                "    新闻网站与百科全书",
                "  in: 1,234,567",
                "  kept: 12",
                "  share: 0.00097 %",
                "source:",
                "    a-very-long-name-",
                "    of-a-host.example.",
                "    org",
                "  in: 7",
                "  kept: 7",
                "  share: 100 %",
            ],
        ),
    ],
)
def test_a_table_is_wrapped_shortened_and_at_last_taken_apart(
    width: int | None, expected: list[str]
) -> None:
    assert list(table(ROWS, width=width, spare=["share"])) == expected


@settings(deadline=None)
@given(
    names=st.lists(st.text("ab 数学_:é́", max_size=60), min_size=1, max_size=4),
    numbers=st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=5),
    width=st.integers(24, 120),
)
def test_no_line_is_wider_than_the_terminal(
    names: list[str], numbers: list[int], width: int
) -> None:
    counts = {f"count of {n}": number for n, number in enumerate(numbers)}
    for line in table([{"name": name, **counts} for name in names], width=width):
        assert width_of(line) <= width


def test_texts_are_cut_between_characters() -> None:
    assert wrapped("数学网页的公式", 6) == ["数学网", "页的公", "式"]
    assert clipped("数学网页", 6) == "数学…"
    assert width_of("e\N{COMBINING ACUTE ACCENT}数") == 3


def test_a_bar_has_eighths() -> None:
    assert [bar(share, 2) for share in (0, 1 / 16, 0.5, 1, 7)] == ["", "▏", "█", "██", "██"]


def test_what_a_corpus_says_moves_no_cursor() -> None:
    assert cell("a\x1b[2Jb\nc\td") == "a\N{REPLACEMENT CHARACTER}[2Jb c d"
