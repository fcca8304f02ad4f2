"""A floor under what the filters keep and drop of the labelled samples; it is only ever raised."""

from functools import cache

import polars as pl
import pytest

from cleaner.config.shipped import shipped
from cleaner.stages.judge import judge


@cache
def samples() -> pl.DataFrame:
    gold = pl.read_parquet(shipped("samples") / "gold.parquet")
    texts = pl.read_parquet(shipped("samples") / "texts.parquet").with_row_index("row")
    texts = texts.select(pl.col("row").cast(gold.schema["row"]), "text")
    gold = gold.filter(pl.col("file") == "texts.parquet")
    return gold.join(texts, on="row", how="inner").filter(pl.col("text").is_not_null())


def keeps(names: list[str], chosen: pl.Expr) -> float:
    """Return the share of the chosen samples that all filters keep."""
    docs = samples().filter(chosen)
    kept = [judge(docs, name)["broken"].list.len() == 0 for name in names]
    return float(pl.select(pl.all_horizontal(kept)).to_series().mean())


def lang(code: str) -> pl.Expr:
    return pl.col("lang") == code


GOOD = pl.col("quality") == "high"
JUNK = (pl.col("quality") == "junk") & (pl.col("junk_kind") != "template")  # copies fall to dedup
MATH = pl.col("has_math") & GOOD


@pytest.mark.parametrize(
    ("names", "chosen", "low", "high"),
    [
        (["zh_web_junk"], lang("zh") & GOOD, 0.99, 1),
        (["zh_web_junk"], lang("zh") & JUNK, 0, 0.3),
        (["zh_web_junk", "fineweb2_zh_char"], lang("zh") & GOOD, 0.97, 1),
        (["zh_web_junk", "fineweb2_zh_char"], lang("zh") & JUNK, 0, 0.05),
        (["math_web"], lang("zh") & MATH, 0.97, 1),
        (["math_web"], lang("en") & MATH, 0.97, 1),
        (["math_web"], ~pl.col("has_math"), 0, 0.01),
        (["llm_traces"], GOOD, 0.995, 1),
        (["llm_traces"], pl.col("junk_kind") == "llm_traces", 0, 0.1),
        (["yuan_content"], GOOD, 0.99, 1),
    ],
)
def test_the_floor_holds(names: list[str], chosen: pl.Expr, low: float, high: float) -> None:
    assert low <= keeps(names, chosen) <= high


def test_the_english_sets_keep_almost_no_chinese() -> None:
    assert keeps(["gopher_quality"], lang("zh") & GOOD) <= 0.01


def test_the_published_set_keeps_good_chinese_and_drops_junk() -> None:
    pytest.importorskip("rjieba", reason="unit jieba needs the extra [zh]")
    sets = ["zh_web_junk", "fineweb2_zh_words"]
    assert keeps(sets, lang("zh") & GOOD) >= 0.98
    assert keeps(sets, lang("zh") & JUNK) <= 0.06
