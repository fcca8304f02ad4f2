"""exact_dedup and near_dedup on whole small corpora: the cases that other tools get wrong."""

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from cleaner.stages.duplicates import Duplicates
from cleaner.stages.exact_dedup import ExactDedup
from cleaner.stages.near_dedup import NearDedup

PROSE = (
    "The committee met on Tuesday to discuss the budget for the coming year and agreed that the "
    "library should stay open on Sundays while the roof of the old school is repaired by the town "
    "before winter comes and the road to the harbour is closed for all but the smallest of cars."
)
ZH = (
    "今天上午，委员会在市政厅召开会议，讨论明年的财政预算，并一致同意图书馆在周日继续开放，"
    "同时在冬天到来之前修好旧学校的屋顶，通往港口的道路也将对大型车辆关闭。"
)
ZH_TRADITIONAL = (
    "今天上午，委員會在市政廳召開會議，討論明年的財政預算，並一致同意圖書館在周日繼續開放，"
    "同時在冬天到來之前修好舊學校的屋頂，通往港口的道路也將對大型車輛關閉。"
)


def broken(stage: Duplicates, texts: list[str | None], **columns: list) -> list[str | None]:
    docs = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String), **columns})
    return stage(docs)["broken"].list.first().to_list()


def full_width(text: str) -> str:
    return "".join(
        chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text
    )


def exercises(count: int) -> list[str]:
    return [
        f"Anna buys {3 * i + 2} apples for {7 * i + 1} cents each and {5 * i + 3} pears for "
        f"{11 * i + 4} cents each. How much change does she get from {1000 + 13 * i} cents?"
        for i in range(count)
    ]


@pytest.mark.parametrize("stage", [ExactDedup(keep="first"), NearDedup(keep="first")])
@pytest.mark.parametrize(
    "copy", [PROSE, PROSE.upper(), PROSE.replace(" ", "\n\n"), full_width(PROSE)]
)
def test_copies_in_another_dress_are_found(stage: Duplicates, copy: str) -> None:
    assert broken(stage, [PROSE, copy]) == [None, stage.reason]


@pytest.mark.parametrize("stage", [ExactDedup(keep="first"), NearDedup(keep="first")])
def test_simplified_and_traditional_copies_are_found(stage: Duplicates) -> None:
    assert ZH != ZH_TRADITIONAL
    assert broken(stage, [ZH, ZH_TRADITIONAL]) == [None, stage.reason]


def test_chinese_near_duplicates_are_found_and_others_stay() -> None:
    near = ZH.replace("周日", "周六")
    other = "昨天下午，气象台发布了暴雨预警，提醒市民减少外出，学校停课一天，地铁部分车站临时关闭。"
    docs = pl.DataFrame({"id": ["a", "b", "c"], "text": [ZH * 2, near * 2, other * 2]})
    found = NearDedup(keep="first", threshold=0.7)(docs)
    assert found["broken"].to_list() == [[], ["near_duplicate"], []]
    assert found["duplicate_of"].to_list() == [None, "a", None]
    assert found["cluster_size"].to_list() == [2, 2, 1]
    assert 0.7 <= found["jaccard"][1] < 1


@pytest.mark.parametrize("stage", [ExactDedup(), NearDedup(), NearDedup(preset="refinedweb")])
def test_exercises_that_differ_in_numbers_only_stay(stage: Duplicates) -> None:
    assert broken(stage, exercises(50)) == [None] * 50


def test_formulas_that_differ_stay_and_spellings_of_one_do_not() -> None:
    one = PROSE + " Solve $x^2 + 3x = 4$."
    assert broken(ExactDedup(keep="first"), [one, one.replace("3x", "5x")]) == [None, None]
    assert broken(ExactDedup(keep="first"), [one, one.replace("x^2", "x ^ {2}")]) == [
        None,
        "exact_duplicate",
    ]


@pytest.mark.parametrize("stage", [ExactDedup(), NearDedup(), NearDedup(verify=False)])
def test_what_has_no_word_is_empty_and_no_duplicate(stage: Duplicates) -> None:
    texts = ["", "", "...", "...", " \n", "！？", "\u200b"]
    assert broken(stage, texts) == ["empty"] * len(texts)


@pytest.mark.parametrize("kind", [ExactDedup, NearDedup])
def test_short_texts_are_duplicates_of_their_equals_only(kind: type) -> None:
    texts = ["yes", "no", "YES", "yes no", "1", "2", "我", "你"]
    assert broken(kind(keep="first"), texts) == [
        None,
        None,
        kind.reason,
        None,
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("cluster", ["star", "components"])
@pytest.mark.parametrize("verify", [True, False])
def test_a_frame_without_rows_or_duplicates(verify: bool, cluster: str) -> None:
    stage = NearDedup(verify=verify, cluster=cluster)
    assert broken(stage, []) == []
    assert broken(stage, ["one two", None, "three"]) == [None, "empty", None]


def test_pages_that_share_a_huge_boilerplate_stay() -> None:
    boilerplate = " ".join(f"menu{i}" for i in range(400))
    pages = [
        f"{boilerplate} " + " ".join(f"story{page}word{i}" for i in range(200))
        for page in range(60)
    ]
    assert broken(NearDedup(), pages) == [None] * 60
    chained = NearDedup(verify=False, cluster="components", bands=40, rows=2)
    assert broken(chained, pages).count("near_duplicate") == 59  # what other tools would do


def test_no_document_falls_by_a_chain_of_others() -> None:
    words = [f"w{i}" for i in range(300)]
    chain = [" ".join(words[step * 15 : step * 15 + 150]) for step in range(8)]
    stage = NearDedup(keep="first", threshold=0.8, bands=50, rows=4)
    assert broken(stage, chain) == [None, "near_duplicate"] * 4
    classical = NearDedup(keep="first", threshold=0.8, bands=50, rows=4, cluster="components")
    assert broken(classical, chain) == [None] + ["near_duplicate"] * 7


def test_a_duplicate_names_the_most_similar_kept_document() -> None:
    words = [f"w{i}" for i in range(100)]
    one, two, between = words[:80], words[10:90], words[8:88]
    docs = pl.DataFrame(
        {"id": ["one", "two", "between"], "text": list(map(" ".join, (one, two, between)))}
    )
    found = NearDedup(keep="first", threshold=0.8, bands=60, rows=2)(docs)
    assert found["duplicate_of"].to_list() == [None, None, "two"]
    assert found["jaccard"].to_list() == [None, None, 74 / 78]


POLICIES = {
    "longest": ({"keep": "longest"}, 1),
    "first": ({"keep": "first"}, 0),
    "newest": ({"keep": "newest"}, 2),
    "best": ({"best_by": "score"}, 3),
    "source_priority": ({"source_priority": ["books", "web"]}, 2),
    "default": ({}, 1),
}


@pytest.mark.parametrize("kind", [ExactDedup, NearDedup])
@pytest.mark.parametrize(("options", "kept"), POLICIES.values(), ids=POLICIES)
def test_the_policy_says_which_copy_stays(kind: type, options: dict, kept: int) -> None:
    columns = {
        "date": ["2020-01-01", "2021-01-01", "2024-01-01", None],
        "score": [0.1, 0.2, None, 0.9],
        "source": ["web", "web", "books", None],
    }
    texts = [PROSE, PROSE.replace(" ", "  "), PROSE.upper(), PROSE]
    found = broken(kind(**options), texts, **columns)
    assert [i for i, reason in enumerate(found) if reason is None] == [kept]


def test_defaults_are_decided_by_what_stands_before() -> None:
    assert NearDedup().resolved({"text"}).keep == "longest"
    assert NearDedup().resolved({"text", "s"}, score="s").policy()["best_by"] == "s"
    assert ExactDedup(on="url").resolved({"url", "date"}).keep == "newest"
    assert ExactDedup(on="url").resolved({"url"}).keep == "longest"
    assert ExactDedup().resolved({"text", "date"}).keep == "longest"
    assert NearDedup(keep="best").resolved({"text"}, score="s").best_by == "s"


def test_within_a_source_or_a_host_only() -> None:
    columns = {"source": ["a", "a", "b"], "url": ["http://x/1", "http://y/1", "http://x/2"]}
    texts = [PROSE] * 3
    for kind in (ExactDedup, NearDedup):
        reason = kind.reason
        assert broken(kind(keep="first"), texts, **columns) == [None, reason, reason]
        assert broken(kind(keep="first", within="source"), texts, **columns) == [None, reason, None]
        assert broken(kind(keep="first", within="host"), texts, **columns) == [None, None, reason]


def test_url_and_column_keys() -> None:
    urls = ["http://a.org/x?utm_source=1", "http://A.org/x/", None, None, "", ""]
    found = broken(ExactDedup(on="url", keep="first"), ["a", "b", "c", "d", "e", "f"], url=urls)
    assert found == [None, "exact_duplicate", None, None, None, None]
    title = ["Same", "same ", None, None, "", "other"]
    assert (
        broken(ExactDedup(on="title", keep="first"), ["", "", "", "", "", ""], title=title) == found
    )


def test_on_limits_near_dedup_to_some_documents() -> None:
    stage = NearDedup(keep="first", on="lang = 'zh'")
    assert broken(stage, [ZH, ZH, PROSE, PROSE], lang=["zh", "zh", "en", None]) == [
        None,
        "near_duplicate",
        None,
        None,
    ]


def test_clusters_of_earlier_stages_add_up() -> None:
    docs = pl.DataFrame({"text": [PROSE, PROSE, PROSE + " And more", "else"]})
    once = ExactDedup(keep="first")(docs)
    kept = once.filter(pl.col("broken").list.len() == 0).select("text", "cluster_size")
    twice = NearDedup(keep="first")(kept)
    assert twice.filter(pl.col("broken").list.len() == 0)["cluster_size"].to_list() == [3, 1]


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (NearDedup, {"bands": 3}, "go together"),
        (NearDedup, {"preset": "fineweb", "bands": 3, "rows": 2}, "takes one of"),
        (NearDedup, {"preset": "fine"}, "fineweb"),
        (NearDedup, {"threshold": 0}, "greater than 0"),
        (NearDedup, {"keep": "source_priority"}, "needs source_priority"),
        (NearDedup, {"keep": "first", "best_by": "s"}, "does not go"),
        (ExactDedup, {"keep": "best", "source_priority": ["a"]}, "does not go"),
        (ExactDedup, {"within": "page"}, "host"),
        (NearDedup, {"where": "lang ="}, "where"),
    ],
)
def test_options_that_make_no_sense_are_refused(kind: type, options: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind(**options)


def test_presets_and_the_bands_datasketch_finds_best() -> None:
    assert NearDedup().banding == (5, 14, 8)
    assert NearDedup(preset="refinedweb", ngram=13).banding == (13, 450, 20)
    assert NearDedup(bands=2, rows=3).banding == (5, 2, 3)
    from datasketch import MinHashLSH

    for permutations in (64, 112, 128):
        for threshold in (0.5, 0.6, 0.7, 0.75, 0.8, 0.9):
            oracle = MinHashLSH(threshold=threshold, num_perm=permutations)
            found = NearDedup(threshold=threshold, permutations=permutations).banding
            assert found == (5, oracle.b, oracle.r)
    # Where one band errs least, which `MinHashLSH` refuses: by the areas themselves.
    for threshold, permutations in ((1.0, 2), (0.99, 3), (0.98, 5)):
        places = (np.arange(10_000) + 0.5) / 10_000
        missed = [
            abs((places >= threshold) - places**rows).mean() for rows in range(1, permutations + 1)
        ]
        best = int(np.argmin(missed)) + 1
        assert NearDedup(threshold=threshold, permutations=permutations).banding == (5, 1, best)
