"""Dirty texts of four kinds, Chinese and English, each with what a cleaner should make of it.

    python -m samples.dirty            # writes dirty.parquet beside this file, byte for byte

An interview pasted several times over with cut-off stubs; an essay with unrelated news set between
its paragraphs; an article between a site's breadcrumb and its copyright footer; a page of teasers,
each repeated. `stays` holds what must be left, each once; `goes` what must not; `may_stay` what no
rule can know: news that nothing marks as such. `half` says which half a rule may be fitted on.
"""

import random
from pathlib import Path
from typing import TypedDict

import polars as pl

KINDS = ("interview", "essay", "framed", "teasers")
EACH = 40  # texts of each kind, half of each language
SEED = 15

ZH_WHO = ("老陈", "研究员小周", "村里的木匠", "图书馆的馆员", "船厂的焊工", "退休的老师", "养蜂人")
ZH_DOES: tuple[str, ...] = (
    "修好了那台旧水泵",
    "整理出三十年的天气记录",
    "在河边种下第一排柳树",
    "学会了看星图",
)
ZH_DOES += ("把祖父的日记抄了一遍", "给学校做了一架日晷", "量出了整条河的长度", "记下每天的潮水")
ZH_WHY = ("因为他相信慢工出细活", "为了让孩子们看得明白", "只是想知道答案", "这件事没有人催他")
ZH_WHEN = ("去年冬天", "雨停以后", "整整一个夏天", "每个星期天的下午", "搬家之前", "桥修通的那年")
EN_WHO: tuple[str, ...] = (
    "The old miller",
    "Our neighbour Anna",
    "A retired surveyor",
    "The harbour clerk",
)
EN_WHO += ("My first teacher", "The glassblower", "A young botanist")
EN_DOES: tuple[str, ...] = (
    "mended the water pump",
    "copied the weather records of thirty years",
    "read the star map",
)
EN_DOES += (
    "planted willows by the river",
    "built a sundial for the school",
    "measured the whole canal",
)
EN_WHY: tuple[str, ...] = (
    "because slow work lasts",
    "so that the children would see it",
    "just to know the answer",
)
EN_WHY += ("although nobody had asked for it",)
EN_WHEN = ("Last winter", "After the rain", "All through the summer", "On Sunday afternoons")
ZH_NEWS: tuple[str, ...] = (
    "股市今日小幅收高，成交量较昨日减少",
    "某品牌新款手机下周开售，起价不变",
)
ZH_NEWS += ("市区两条地铁线延长运营时间", "明星夫妇现身机场，粉丝到场接机")
EN_NEWS: tuple[str, ...] = (
    "Shares closed slightly higher on Tuesday",
    "The new phone goes on sale next week",
)
EN_NEWS += ("Two tram lines will run later at night", "The star couple was seen at the airport")
ZH_MARK = ("相关阅读：", "延伸阅读：", "【相关新闻】", "热门推荐：")
EN_MARK = ("Related: ", "Read more: ", "Also on this site: ", "Recommended: ")


class Text(TypedDict):
    """A row of the file."""

    id: str
    text: str
    kind: str
    lang: str
    half: str
    stays: list[str]
    goes: list[str]
    may_stay: list[str]


class Maker:
    """Sentences of one language, none said twice in a text."""

    def __init__(self, rng: random.Random, lang: str) -> None:
        self.rng, self.zh = rng, lang == "zh"
        self.said: set[str] = set()

    def sentence(self) -> str:
        """Return a sentence that this text has not had yet."""
        pick = self.rng.choice
        while True:
            if self.zh:
                made = f"{pick(ZH_WHEN)}，{pick(ZH_WHO)}{pick(ZH_DOES)}，{pick(ZH_WHY)}。"
            else:
                who = pick(EN_WHO)
                who = (
                    who[0].lower() + who[1:] if who.startswith(("The", "A ", "My", "Our")) else who
                )
                made = f"{pick(EN_WHEN)}, {who} {pick(EN_DOES)}, {pick(EN_WHY)}."
            if made not in self.said:
                self.said.add(made)
                return made

    def paragraph(self) -> str:
        """Return two to four sentences."""
        return ("" if self.zh else " ").join(self.sentence() for _ in range(self.rng.randint(2, 4)))

    def news(self) -> str:
        """Return a line of news."""
        made = f"{self.rng.choice(ZH_NEWS if self.zh else EN_NEWS)}"
        number = self.rng.randint(100, 999)
        return f"{made}（{number}）" if self.zh else f"{made} ({number})"


def interview(maker: Maker) -> tuple[str, list[str], list[str], list[str]]:
    """Return questions and answers, pasted two to four times with stubs between."""
    ask, answer = ("问：", "答：") if maker.zh else ("Q: ", "A: ")
    short = ("好的。", "是吗？") if maker.zh else ("Yes.", "Really?")
    lines = []
    for _ in range(maker.rng.randint(4, 7)):
        lines += [ask + maker.sentence(), answer + maker.paragraph()]
        if maker.rng.random() < 0.3:
            lines.append(ask + maker.rng.choice(short))
    goes, pasted = [], list(lines)
    for _ in range(maker.rng.randint(1, 3)):
        stub = lines[1][: maker.rng.randint(24, 30) + 10 * (not maker.zh)] + "……" * maker.zh
        stub += "" if maker.zh else "..."
        goes.append(stub)
        pasted += [stub, *lines]
    return "\n".join(pasted), [line for line in lines if len(line) > 12], goes, []


def essay(maker: Maker) -> tuple[str, list[str], list[str], list[str]]:
    """Return paragraphs with news between them, marked as such or not."""
    paragraphs = [maker.paragraph() for _ in range(maker.rng.randint(5, 8))]
    out, goes, may_stay = [], [], []
    for place, paragraph in enumerate(paragraphs):
        out.append(paragraph)
        if place % 2 == 0:
            news = maker.news()
            if maker.rng.random() < 0.6:
                news = maker.rng.choice(ZH_MARK if maker.zh else EN_MARK) + news
                goes.append(news)
            else:
                may_stay.append(news)
            out.append(news)
    return "\n\n".join(out), paragraphs, goes, may_stay


def framed(maker: Maker) -> tuple[str, list[str], list[str], list[str]]:
    """Return an article between a breadcrumb and a footer."""
    pick, year = maker.rng.choice, maker.rng.randint(2005, 2024)
    sign = pick((" > ", " » ", " › ", ">"))
    if maker.zh:
        head = pick(("", "您的位置：", "当前位置：")) + sign.join(
            ("首页", pick(("新闻", "文化")), "正文")
        )
        foot = pick(
            (
                f"Copyright © {year} 某某网 版权所有 京ICP备{year}0123号",
                f"版权所有：某某日报社 未经授权禁止转载 © {year}",
            )
        )
    else:
        head = pick(("", "You are here: ")) + sign.join(
            ("Home", pick(("News", "Culture")), "Article")
        )
        foot = pick(
            (
                f"© {year} The Example Press. All rights reserved.",
                f"Copyright {year} Example Media Ltd. All Rights Reserved | Terms | Privacy",
            )
        )
    paragraphs = [maker.paragraph() for _ in range(maker.rng.randint(4, 7))]
    gap = pick(("\n", "\n\n"))
    return gap.join((head, *paragraphs, foot)), paragraphs, [head, foot], []


def teasers(maker: Maker) -> tuple[str, list[str], list[str], list[str]]:
    """Return teasers, each two or three times, in no order."""
    each = [maker.sentence() for _ in range(maker.rng.randint(8, 14))]
    many = [teaser for teaser in each for _ in range(maker.rng.randint(2, 3))]
    maker.rng.shuffle(many)
    return "\n".join(many), each, [], []


def texts() -> list[Text]:
    """Return every text of the file."""
    made: list[Text] = []
    for kind, make in zip(KINDS, (interview, essay, framed, teasers), strict=True):
        for number in range(EACH):
            lang = "zh" if number % 2 else "en"
            text, stays, goes, may = make(Maker(random.Random(f"{SEED} {kind} {number}"), lang))
            made.append(
                {
                    "id": f"{kind}-{number}",
                    "text": text,
                    "kind": kind,
                    "lang": lang,
                    "half": "held" if number // 2 % 2 else "fit",
                    "stays": stays,
                    "goes": goes,
                    "may_stay": may,
                }
            )
    return made


if __name__ == "__main__":
    frame = pl.DataFrame(texts())
    frame.write_parquet(Path(__file__).parent / "dirty.parquet", compression_level=19)
