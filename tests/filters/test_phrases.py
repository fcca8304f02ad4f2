"""Lists of phrases: one everyday phrase never drops a text, what only a spammer writes does."""

import polars as pl
import pytest

from cleaner.config.shipped import shipped
from cleaner.config.word_lists import load_phrases
from cleaner.stages.judge import judge

PROOF = (
    "Both sides are continuous on the closed interval, so their difference takes its least value "
    "somewhere. At that point the derivative vanishes, and the claim follows from the sign of the "
    "second derivative. "
)


@pytest.mark.parametrize(
    ("name", "text", "broken"),
    [
        ("llm_traces", PROOF + "Hope this helps! Let me know if you need any further detail.", []),
        ("llm_traces", PROOF + "It is not appropriate to use my training data here.", []),
        ("llm_traces", "I asked it, and it said: as an AI language model it has no view.", []),
        ("llm_traces", "好的，以下是本周作业的答案，请随时告诉我哪里不清楚。", []),
        (
            "llm_traces",
            "Certainly! Here is the proof. As an AI language model, I can only sketch it. " + PROOF,
            ["en"],
        ),
        ("llm_traces", "作为一个AI语言模型，我没有个人情感，但可以介绍这首诗的写法。", ["zh"]),
        ("yuan_content", "小红买了三张彩票，每张中奖的概率是百分之二，求至少一张中奖的概率。", []),
        ("yuan_content", "法院认定被告开设赌场，判处有期徒刑三年。", []),
        (
            "yuan_content",
            "百家乐、老虎机、轮盘、德州扑克，真人荷官在线发牌，注册送彩金，赌场直营。",
            ["gambling"],
        ),
    ],
)
def test_a_text_is_judged_by_several_phrases(name: str, text: str, broken: list[str]) -> None:
    assert judge(pl.DataFrame({"text": [text]}), name)["broken"][0].to_list() == broken


def test_every_list_says_where_it_comes_from() -> None:
    for path in (shipped("filters") / "lists").glob("*.txt"):
        head = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert head.startswith("# "), path.name
        ours = [line for line in path.read_text(encoding="utf-8").split("\n") if line[:1] == "#"]
        said = " ".join(ours)
        told = ("this project", "of our own", "ships empty", "Raffel")
        assert any(word in said for word in told), path.name


def test_no_political_list_ships() -> None:
    for slot in ("politics", "violence", "terror", "discrimination", "rumour"):
        assert load_phrases(f"yuan_{slot}") == ()
