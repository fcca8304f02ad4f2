"""The stages of `jobs/clean_text.yaml` on the dirty texts of the samples, by kind."""

import re

import polars as pl
import pytest

from cleaner.config.shipped import shipped
from cleaner.stages import STAGES


def cleaned(half: str) -> pl.DataFrame:
    docs = pl.read_parquet(shipped("samples") / "dirty.parquet").filter(pl.col("half") == half)
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


@pytest.mark.parametrize(
    "line",
    [
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
    ],
)
def test_sentences_that_only_look_like_a_frame_stay(line: str) -> None:
    docs = pl.DataFrame({"text": [f"First line.\n{line}\nLast line."]})
    left = STAGES["clean_lines"].model_validate({"rules": "web_frame_lines"})(docs)["text"][0]
    assert left == docs["text"][0]


@pytest.mark.parametrize(
    "line",
    [
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
    ],
)
def test_frames_of_other_sites_go(line: str) -> None:
    docs = pl.DataFrame({"text": [f"First line.\n{line}\nLast line."]})
    left = STAGES["clean_lines"].model_validate({"rules": "web_frame_lines"})(docs)["text"][0]
    assert left.split() == ["First", "line.", "Last", "line."]
