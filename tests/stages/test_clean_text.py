"""The stages of `jobs/clean_text.yaml` on the dirty texts of the samples, by kind."""

import re
import unicodedata
from collections import Counter

import polars as pl
import pytest

from cleaner.config.shipped import shipped
from cleaner.signals import measure
from cleaner.stages import STAGES
from samples.dirty_blind import texts


def cleaned(half: str) -> pl.DataFrame:
    docs = pl.read_parquet(shipped("samples") / "dirty.parquet")
    return through(docs.filter(pl.col("half") == half))


def through(docs: pl.DataFrame) -> pl.DataFrame:
    for name, options in (
        ("normalise", {"mojibake": True}),
        ("clean_lines", {"rules": "web_frame_lines"}),
        ("dedup_paragraphs", {}),
    ):
        docs = STAGES[name].model_validate(options)(docs)
    return docs


@pytest.mark.parametrize("half", ["fit", "held"])
def test_dirty_texts_come_out_clean(half: str) -> None:
    bad = []
    for row in cleaned(half).iter_rows(named=True):
        text = row["text"]
        missing = [one for one in row["stays"] if text.count(one) < 1]
        if row["kind"] in ("interview", "teasers"):
            missing += [one for one in row["stays"] if text.count(one) > 1]
        left = [one for one in row["goes"] if re.search(f"(?m)^{re.escape(one)}$", text)]
        if missing or left:
            bad.append((row["id"], missing, left))
    assert bad == []


@pytest.mark.parametrize("half", ["fit", "held"])
def test_a_text_that_keeps_news_which_nothing_marks_gets_a_word(half: str) -> None:
    docs = cleaned(half)
    tagged = (measure(docs["text"], ["apart_headlines"])["apart_headlines"] > 0).to_list()
    holds = [
        any(one in text for one in may) for text, may in docs.select("text", "may_stay").rows()
    ]
    assert not [of for of, holds_news in zip(tagged, holds, strict=True) if of and not holds_news]
    assert sum(tagged) >= 0.8 * sum(holds) > 0


def lines_of(text: str) -> Counter[str]:
    """Return the lines of a text, white space, widths and quotes aside."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    parts = (re.sub(r"\s", "", line) for line in re.split("[\r\n]+", plain))
    return Counter(part for part in parts if part)


def told(kind: str) -> tuple[int, int, int]:
    """Return the lines of a kind that were to go, those that went, and those that went wrongly."""
    before = texts().filter(pl.col("kind") == kind)
    to_go = went = wrong = 0
    for old, new in zip(before.iter_rows(named=True), through(before)["text"], strict=True):
        there, left = lines_of(old["text"]), lines_of(new)
        wanted = {line: 0 for one in old["goes"] for line in lines_of(one)}
        for line in (line for one in old["stays"] for line in lines_of(one)):
            wanted[line] = there[line] if kind == "whole" else 1
        for line, stays in wanted.items():
            gone, extra = there[line] - left[line], there[line] - stays
            to_go, went = to_go + extra, went + min(gone, extra)
            wrong += max(0, gone - extra)
    return to_go, went, wrong


@pytest.mark.parametrize("kind", ["interview", "essay", "framed", "teasers"])
def test_shapes_of_other_sites_come_out_clean(kind: str) -> None:
    to_go, went, wrong = told(kind)
    assert went / to_go >= 0.93
    assert wrong <= (kind == "framed")  # a title like a name of a list


def test_what_repeats_itself_on_purpose_stays_whole() -> None:
    # But for one recipe that gives the same long order three times on end.
    assert told("whole") == (0, 0, 2)


SENTENCES = [
    "他在首页上写下了自己的名字，然后合上了书。",
    "The law of copyright protects a text for seventy years.",
    "相关的文献很多，这里只举两篇。",
    "We read more: a page a day, then ten.",
    "Home is where the heart is, she said.",
    "位置决定了植物能得到多少阳光。",
    "位置：码头东侧第三间仓库",
    "相关文章很多，这里只列两篇。",
    "$a > b > c$",
    "x > y > z",
    "// Copyright (c) 2006 The Canal Society. All rights reserved.",
    "作者的版权归作者自己，谁也拿不走。",
    "我在展开全文之前先看了标题。",
    "You should read more and talk less.",
    "No part of this bridge may be crossed by carts.",
    "联系我们的时候，请说明来意。",
    "关于我们",
    "Help | 12 | 40",
    "| About | Help |",
    "| 首页 | 帮助中心 | 法律声明 |",
    "Support",
    "About me • the cat",
    "上一篇文章写的是冬天。",
    "她把责任编辑的名字写在了扉页上。",
    "甲 > 乙 > 丙",
    "std::vector::iterator",
    "地址：河口路8号",
    "更多的人选择了离开，点击量并不说明什么。",
    "翻到下一页，字迹就看不清了。",
    "Share your bread with the ducks",
    "Advertisement is a word of the eighteenth century.",
    'tag: "img",',
    "tags: [output_scroll]",
    "next : acquireRead(false, 0L));",
    "Next: add the salt and stir.",
    "To be continued is to be alive, he wrote.",
    "More: I have no idea what you mean, sir.",
    "More",
    "关键词：河流；泥沙；渡口",
    "字体的大小由读者自己选择。",
    "这块广告牌立在河边已经二十年了。",
    "主办单位：县图书馆 承办单位：渡口小学",
    "如何申请备案号",
    "编辑：苏河",
    "Designed by Ines Prado",
    "Theme: love and water",
    "接上水管以后，院子里有了水声。",
    "见第3页的地图，渡口画得太靠北。",
    "点击阅读灯的开关，灯亮了。",
    "我们谈到版权所有的问题，他笑了。",
    "微信扫一扫就能付钱，他还不习惯。",
    "Page 14 of the diary is torn out.",
    "We left; this site uses cookies as bait for mice, oddly enough?",
    "He went back to News Street.",
    "Related articles of faith divide the two parishes.",
    "评论家（三位）都到了。",
    "【问】河水什么时候退？",
    "(...)",
    "推广的意义不在推广本身。",
    "[a 1] [b 2] [c 3]",
]
FRAMES = [
    "您当前的位置 ：首页 >> 文化 >> 正文",
    "World News > Europe > Harbours",
    "Home / Blog / A day at the canal",
    "粤公网安备 44010402001234号",
    "Powered by Example CMS 2.1",
    "本文版权归原作者所有，转载请注明出处",
    "【延伸阅读】河边的柳树是谁种的",
    "Read also: Who planted the willows?",
    "© 2011-2020 The Canal Society",
    "关于我们 | 联系我们 | 广告服务 | 法律声明 | 网站地图",
    "关于本站 联系方式 友情链接",
    "编辑部 | 隐私政策 | 读者信箱 | 用户协议",
    "About Us | Contact | Privacy Policy | Terms of Use | Sitemap",
    "Tides | Cookie settings | Help",
    "No part of this site may be reproduced without permission.",
    "【当前位置】首页 > 生态",
    "湿地网 > 科普 > 鸟类",
    "Craft Review :: Features :: Glass",
    "© Craft Review",
    "All content copyright The Craft Review 2014 unless otherwise stated",
    "地址：河口路8号 邮编：257000 电话：0546-0000000",
    "热点新闻：国际油价连续三日下跌",
    "更多新闻请点击进入专题",
    "分享到：微博 微信",
    "[1] [2] [3] 下一页",
    "Advertisement",
    "Follow us on Twitter and Facebook",
    "点击展开",
    "【阅读全文】",
    "查看更多 >>",
    "Read more",
    "Continue reading »",
    "[Show more]",
    "返回顶部",
    "上一篇：河边的磨坊",
    "（责任编辑：苏河）",
    "欢迎转载，转载请注明出处。",
    "你的位置：首页 > 随笔",
    "（未完，接下页）",
    "(continued on page 14)",
    "To be continued...",
    "[广告]",
    "Story continues below advertisement",
    "WATCH: Who planted the willows?",
    "[RELATED: Who planted the willows]",
    "编辑推荐：河边的柳树是谁种的",
    "►河边的柳树是谁种的（点击查看）",
    "【字体：大 中 小】",
    "浏览次数：321次 字号：[大 中 小]",
    "【打印本页】【关闭窗口】",
    "编辑：苏河　审核：高远",
    "标签：渡口 冬天",
    "Filed under: Country",
    "Previous article: Who planted the willows",
    "Facebook Twitter Pinterest",
    "5 min read",
    "Comments are closed.",
    "Back to top ↑",
    "查看详情>>",
    "技术支持：某某科技有限公司",
    "建议使用IE8.0以上浏览器，1024×768分辨率浏览本站",
    "网站标识码：3301000012",
    "Site by Example Studio",
    "Proudly powered by WordPress",
    "扫描二维码关注我们",
    "-- continued --",
    "（下接第12页）",
    "Page 3 of 9",
    "RECOMMENDED READING: Who planted the willows",
    "相关报道 >> 河边的柳树是谁种的",
    "« Previous Post",
    "Next Post »",
    "< Back to News",
    "某某网版权所有",
    "This site uses cookies. By continuing to browse you agree to our use of cookies.",
    "Reading time: 6 minutes",
    "评论(868) 收藏 举报",
    "Email this article | Print",
    "广　告",
    "推广 女子网购茶壶收到一箱木炭",
    ">>>延伸阅读：女子网购茶壶收到一箱木炭",
]


def alone(lines: list[str]) -> dict[str, str]:
    """Return what is left of each line between two others."""
    docs = pl.DataFrame({"text": [f"First line.\n{line}\nLast line." for line in lines]})
    left = STAGES["clean_lines"].model_validate({"rules": "web_frame_lines"})(docs)["text"]
    cut = [text.removeprefix("First line.").removesuffix("Last line.").strip("\n") for text in left]
    return dict(zip(lines, cut, strict=True))


def test_sentences_that_only_look_like_a_frame_stay() -> None:
    assert alone(SENTENCES) == {line: line for line in SENTENCES}


def test_frames_of_other_sites_go() -> None:
    assert alone(FRAMES) == dict.fromkeys(FRAMES, "")


EN = (
    "The ferry left the pier at seven with nine cows on its deck. Nobody had paid for them.",
    "By noon the fog had lifted, and the pilot could count the chimneys of the far bank.",
    "The cows were led ashore one by one, and the farmer gave the pilot a cheese for it.",
)
ZH = (
    "渡船七点离开码头，甲板上站着九头牛，谁也没有替它们买票。",
    "到了中午雾才散去，船工能数清对岸有几根烟囱。",
    "牛一头一头牵上岸，农夫送了船工一块奶酪作谢礼。",
)


def left_of(*lines: str) -> list[str]:
    docs = pl.DataFrame({"text": ["\n".join(lines)]})
    text = STAGES["clean_lines"].model_validate({"rules": "web_frame_lines"})(docs)["text"][0]
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (
            EN,
            "Retailer withdraws faulty toasters nationwide",
            "Striker signs record contract abroad",
        ),
        (ZH, "某品牌烤面包机因故障全国召回", "知名前锋签下创纪录转会合同"),
        (ZH, "某品牌电池续航再涨2.5个百分点", "▲ 知名前锋签下创纪录转会合同"),
    ],
)
def test_several_headlines_that_share_no_word_with_the_text_go(
    text: tuple[str, str, str], first: str, second: str
) -> None:
    assert left_of(text[0], first, text[1], second, text[2]) == [*text]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (EN, "Chimneys along the northern shore", "What farmers paid for passage"),  # of this text
        (ZH, "对岸的烟囱一共有几根", "农夫的奶酪送给了船工"),
        (EN, "Prologue", "Intermezzo"),  # say too little
        (EN, "hence there exists some integer $N$", "whence follows another identity $M$"),
        (EN, "Retailer withdraws faulty toasters nationwide", ""),  # one alone may be a heading
    ],
)
def test_headings_and_formulas_between_paragraphs_stay(
    text: tuple[str, str, str], first: str, second: str
) -> None:
    lines = [text[0], first, text[1], second, text[2]]
    assert left_of(*lines) == [line for line in lines if line]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (["Country / Rivers"], ["Tel: +44 (0)1632 960777", "© 2011 The Pier"]),
        (["人间 | 河上的人"], ["[目录页] [上一页] [下一页]", "© 2011 渡口网"]),
        (["Today's paper", "Country » Rivers"], ["You must be logged in to post a comment."]),
    ],
)
def test_paths_of_two_names_and_telephones_go(above: list[str], below: list[str]) -> None:
    assert left_of(*above, "Nine cows on a ferry", *EN, *below) == ["Nine cows on a ferry", *EN]


@pytest.mark.parametrize("title", ["Salt / Water", "Nine cows | a story"])
def test_a_title_of_two_names_stays(title: str) -> None:
    assert left_of(title, *EN) == [title, *EN]
