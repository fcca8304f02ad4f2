"""Lines that go because of where they stand: above the first and below the last line of prose."""

import random

import polars as pl
import pytest

from cleaner.errors import RuleError
from cleaner.rules import frames
from cleaner.rules.lines import clean, judge_lines, show_cuts
from cleaner.rules.rule_set import load_rules, parse_rules

FRAMES = load_rules("web_frame_lines")
EN = (
    "The keeper of the light climbed the stairs at dusk, as he had done for thirty years.\n"
    "Short lines stay.\n"
    "Nobody on the mainland saw the lamp go out, and nobody asked about it afterwards."
)
ZH = (
    "守灯的人在黄昏时爬上楼梯，三十年来他天天如此。\n短句留下。\n"
    "岸上没有人看见灯灭，后来也没有人问起过这件事情。"
)


def left(text: str) -> str:
    return str(clean(pl.Series([text]), FRAMES)[0][0])


@pytest.mark.parametrize(
    ("head", "body", "foot"),
    [
        ("Coast > Lights", EN, "Contact the webmaster"),
        ("Log in\nSubscribe\nNews / Coast / Lights", EN, "Tags: lamp, stairs\nOlder posts"),
        ("Font resize A A", EN, "© 2011 Lights Weekly\nOur other titles\nBoats\nOars"),
        ("Posted in: Coast", EN, "Related articles\nThe lamp that never went out\nOil for a year"),
        ("", EN, "Boats | Oars | Sails\nTel: 0123 456\nAll rights reserved, Lights Weekly"),
        ("Lights Weekly", EN, "Copyright Lights Weekly 2009"),
        ("灯塔频道>>人物", ZH, "编辑：老顾\n灯塔网 2011 版权所有\n海图\n潮汐表"),
        ("栏目：海岸", ZH, "声明：本站文章不代表本站立场，如有问题请与我们联系。"),
        ("海岸 / 灯塔 / 故事", ZH, "相关推荐\n一盏不灭的灯\n三十年的灯油\n关于灯塔网"),
        ("登录 | 注册 | 收藏本站", ZH, "地址：海岸路一号\n琼ICP备00000001号"),
        ("阅读 3021", ZH, "上一篇 灯油\n下一篇 楼梯"),
    ],
)
def test_what_frames_an_article_goes(head: str, body: str, foot: str) -> None:
    assert left(f"{head}\n{body}\n{foot}".strip()) == body


@pytest.mark.parametrize(
    "text",
    [
        # a title, a date, a name, a list and a source at the ends of a text
        f"The lamp\n3 May 1911\nBy Ada Quill\n{EN}\nOil\nWick\nMatches\nSource: the log",
        f"一盏灯\n1911年5月3日\n文 / 顾舟\n{ZH}\n灯油\n灯芯\n火柴\n（据守灯人日记）",
        # no prose, so no end of it
        "wick > match\nContact\nPrivacy\n© 1911 Ada Quill the keeper",
        # a table, code, a formula, a poem
        f"{EN}\nlamp | oil | wick\n1911 | 30 | 2\n1912 | 28 | 3",
        f"{EN}\n    print(share, contact)\nlet mail = share;\n<!-- next -->",
        f"{EN}\nO lamp, O lamp,\nthe sea is near,\nO lamp, O lamp",
        f"{ZH}\n$$a > b > c$$\n灯啊灯，\n海在近旁。",
        # sentences about what frames speak of
        f"{EN}\nHis niece has the copyright of the log, and she never let anyone print a page.",
        f"{ZH}\n他把日记的版权留给了侄女，她从不许别人转载其中的任何一页。",
        f"---\ncategory: Coast\nsection: Lights\n---\n{EN}",
    ],
)
def test_what_belongs_to_a_text_stays(text: str) -> None:
    expected = text if "© 1911" not in text else text.rsplit("\n", 1)[0]
    assert left(text) == expected


def test_headlines_beneath_their_heading_go_and_the_next_heading_stays() -> None:
    pointers = "More stories\n- A lamp for the harbour of the north\n- The oil came late again"
    assert left(f"{EN}\n{pointers}\nThe second keeper\n{EN}") == f"{EN}\nThe second keeper\n{EN}"


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("Follow live: Rovers beat Athletic in extra time", False),
        ("Opinion | Why our taxes rise again", False),
        ("【快评】油价为何又涨了", False),
        ("看完再看：国家队公布大名单", False),
        ("The stairs: what the keeper climbed at dusk", True),  # its words are the text's
        ("Chapter 2: Rovers beat Athletic", True),
        ("第二章：国家队公布大名单", True),
        ("Rovers beat Athletic in extra time", True),  # nothing marks it
        ("国家队公布大名单", True),
    ],
)
def test_a_marked_headline_about_something_else_goes(line: str, stays: bool) -> None:
    body = ZH if line[-1] > "z" else EN
    text = f"{body}\n\n{line}\n\n{body}"
    assert left(text) == (text if stays else f"{body}\n\n{body}")


def test_a_speaker_is_no_label() -> None:
    talk = f"Ada: Nobody knows what oil costs\n{EN}\nAda: I never asked, and they never told me so."
    assert left(f"{EN}\n{talk}") == f"{EN}\n{talk}"


def test_a_button_that_comes_again_and_again_goes() -> None:
    parts = [line for line in (EN, ZH, EN.replace("lamp", "bell")) for line in (line, "Details")]
    assert "Details" not in left("\n".join(parts))
    assert left(f"{EN}\nDetails\n{EN}") == f"{EN}\nDetails\n{EN}"


def test_no_more_than_half_a_text_goes_for_its_place() -> None:
    rest = "\n".join(f"the {number} verse of a long song without any mark" for number in range(30))
    assert left(f"{EN}\n© 1911 Ada Quill\n{rest}") == f"{EN}\n{rest}"


def test_it_is_said_which_rule_took_a_line() -> None:
    shown = show_cuts(pl.Series([f"Coast > Lights\n{EN}"]), FRAMES)
    assert shown[0] == "- Coast > Lights    [frame]"


LINES = [
    "Home > A",
    "Contact",
    "© 2011 A",
    *EN.split("\n"),
    *ZH.split("\n"),
    "",
    "Related",
    "a | b",
]


def test_neighbours_change_nothing() -> None:
    drawn = random.Random(5)
    texts = ["\n".join(drawn.choices(LINES, k=drawn.randint(0, 9))) for _ in range(9)]
    together = judge_lines(pl.Series(texts, dtype=pl.String), FRAMES)
    alone = [judge_lines(pl.Series([text]), FRAMES)["broken"].to_list() for text in texts]
    assert together["broken"].to_list() == [broken for one in alone for broken in one]


def test_a_pattern_that_is_none_is_named() -> None:
    said = "title: T\nsource: {cite: ours}\nlines: [{name: a, keep: words > 1}]\n"
    with pytest.raises(RuleError, match=r"f.yaml:4.*'\(' is not a regular expression"):
        parse_rules(said + "frame: {head: ['(']}", "f", "f.yaml")


def test_patterns_that_are_joined_find_what_each_finds() -> None:
    large = tuple(rf"^\s*\p{{L}}[\p{{L}} ]{{1,{n}}}\d$" for n in range(30, 60))
    patterns = ("(?i)^home$", "b|c", *large)
    lines = pl.Series(["HOME", "home page", "xbx", "ABC 1", "two words 2", "nothing here", ""])
    joined = frames._joined(patterns)
    assert 1 < len(joined) < len(patterns)  # one pattern of all is too large
    for line in lines:
        one = any(pl.Series([line]).str.contains(pattern)[0] for pattern in patterns)
        assert any(pl.Series([line]).str.contains(pattern)[0] for pattern in joined) == one
