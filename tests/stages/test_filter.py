"""The stage `filter`: what it reads, measures, adds and breaks, and that it travels as data."""

import math
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from cleaner.config.shipped import shipped
from cleaner.errors import RuleError
from cleaner.rules.rule_set import filter_names, load_rules
from cleaner.stages.exact_dedup import ExactDedup
from cleaner.stages.filter import Filter
from cleaner.stages.marked import nameable

PROSE = "The cat and the dog have to be with the people of the house, and that is good. " * 6
DOCS = pl.DataFrame({"text": [PROSE, "short", None], "lang": ["en", "de", None]})


def broken(stage: Filter, docs: pl.DataFrame = DOCS) -> list[list[str]]:
    return stage(docs)["broken"].to_list()


def test_every_rule_that_breaks_is_told() -> None:
    found = broken(Filter(name="gopher_quality"))
    assert found[0] == []
    assert found[1] == ["word_count", "stop_words"]
    assert found[2] == [rule.name for rule in Filter(name="gopher_quality").rules.rules]


def test_rows_and_columns_stay_as_they_are() -> None:
    judged = Filter(name="gopher_quality")(DOCS)
    assert judged.drop("broken").equals(DOCS)
    assert judged.schema["broken"] == pl.List(pl.String)


def test_columns_that_are_there_are_not_measured_again() -> None:
    stage = Filter(name="mc4_paragraphs")
    assert stage.signals() == {"long_lines"}
    docs = pl.DataFrame(
        {"text": ["x"], "long_lines": [3]}, schema_overrides={"long_lines": pl.UInt32}
    )
    assert broken(stage, docs) == [[]]


def test_on_says_whom_it_judges() -> None:
    assert broken(Filter(name="mc4_paragraphs", on="lang = 'en'")) == [["long_lines"], [], []]
    by_signal = Filter(name="mc4_paragraphs", on="words < 5 OR lang IS NULL")
    assert broken(by_signal) == [[], ["long_lines"], ["long_lines"]]
    assert by_signal.needs() == {"text", "lang"}
    assert by_signal.signals() == {"long_lines", "words"}


def test_formulas_may_be_plain_text() -> None:
    docs = pl.DataFrame({"text": ["let $x$ be", "let $x$ be"], "formulas_marked": [True, None]})
    plain = Filter(name="math_web", formulas=False)
    assert plain.signals() == set()
    assert plain.adds()["formulas:no_formulas"] == pl.UInt32
    assert plain(docs)["formulas:no_formulas"].to_list() == [0, 0]
    assert "formulas" not in plain(docs).columns
    assert {"formulas", "formula_characters"} & Filter(name="math_web").signals()


def test_a_page_that_lost_its_formulas_goes() -> None:
    lines = [
        f"第{n}步：由上一步的结论和{n}号引理可知，这里的$x_{n}^2+y_{n}=z_{n}$对所有的下标都成立。"
        for n in range(20)
    ]
    text = "\n".join(lines)
    facts = {"formulas_found": [20, 20, None], "formulas_lost": [4, 5, None]}
    docs = pl.DataFrame({"text": [text] * 3, **facts, "formula_images_lost": [0, 0, None]})
    judged = Filter(name="math_web")(docs)
    assert judged["broken"].to_list() == [[], ["formulas_lost"], []]
    assert judged["formula_loss_ratio"].to_list() == [0.2, 0.25, 0.0]
    holes = pl.DataFrame({"text": [text + "这里是[公式]。" * 5, text + "这里是[公式]。" * 6]})
    assert Filter(name="math_web")(holes)["broken"].to_list() == [[], ["formulas_lost"]]


def test_lists_are_data_and_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("# mine\nforbidden\n")
    given = Filter(name="yuan_content", lists={"yuan_custom": str(tmp_path / "mine.txt")})
    assert given.phrases["yuan_custom"] == ("forbidden",)
    docs = pl.DataFrame({"text": ["a forbidden word", "another word"]})
    assert broken(given, docs) == [["custom"], []]
    assert broken(Filter(name="yuan_content"), docs) == [[], []]


def test_a_stage_travels_as_data_and_opens_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Filter(name="zh_web_junk", on="lang = 'zh'").resolve()
    plain = stage.model_dump(mode="json", by_alias=True)
    monkeypatch.setattr("cleaner.rules.rule_set.shipped", lambda folder: Path("/nowhere"))
    monkeypatch.setattr("cleaner.config.word_lists.shipped", lambda folder: Path("/nowhere"))
    again = Filter.resolved_type().model_validate(plain)
    assert again == stage
    docs = pl.DataFrame({"text": ["百家乐老虎机注册送彩金首存返水"], "lang": ["zh"]})
    assert "gambling" in again(docs)["broken"][0].to_list()


def test_a_name_is_the_short_form() -> None:
    assert Filter.from_short("c4") == {"name": "c4"}
    assert Filter(name="c4").label() == ":c4"
    with pytest.raises(ValueError, match="takes a mapping of options"):
        Filter.from_short(3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "c4", "on": "lang ="}, "it ends where a signal"),
        ({"name": "c4", "formula": False}, "Extra inputs are not permitted"),
        ({"name": "c4_lines"}, "has rules for lines only; see clean_lines"),
        ({"name": "c4", "lists": {"zh_seo": "x"}}, "reads no list 'zh_seo'; it reads: none"),
        ({"name": "c4", "action": "cut"}, "Input should be 'drop' or 'tag'"),
        ({}, "Field required"),
        ({"name": "c4", "rules": {}}, "Extra inputs are not permitted"),
        ({"name": "c4", "phrases": {"zh_seo": ["x"]}}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Filter.model_validate(options)


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(RuleError, match="unknown filter 'c44', did you mean 'c4'"):
        Filter(name="c44")
    with pytest.raises(RuleError, match="no such list"):
        Filter(name="yuan_content", lists={"yuan_custom": "./none.txt"})


def test_an_own_file_may_read_scores_of_earlier_stages(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "title: mine\nsource: {cite: ours}\nrules: [{name: score, keep: math_score > 0.5}]\n"
    )
    stage = Filter(name=str(path))
    assert stage.needs() == {"text", "math_score"}
    docs = pl.DataFrame({"text": ["a"] * 4, "math_score": [0.6, 0.5, math.nan, None]})
    assert broken(stage, docs) == [[], ["score"], ["score"], ["score"]]
    with pytest.raises(RuleError, match=r"mine.yaml: rule 'score': unable to find 'math_score'"):
        stage(pl.DataFrame({"text": ["a"]}))


def test_every_shipped_filter_judges_any_text() -> None:
    docs = pl.DataFrame({"text": ["", "a", "中", "\n\n", "$x$", "\ufffd" * 10, PROSE]})
    docs = docs.with_columns(licence=pl.lit(None, pl.String))
    for path in sorted(shipped("filters").glob("*.yaml")):
        if not load_rules(path.stem).rules or load_rules(path.stem).unit != "word":
            continue  # lines only; words of a dictionary, which are an extra
        assert Filter(name=path.stem)(docs).height == docs.height


def test_rules_are_typed_before_a_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("title: m\nsource: {cite: ours}\nrules: [{name: a, keep: words = 'many'}]\n")
    with pytest.raises(RuleError, match=r"rule 'a': compares a number \('words'\) with a text"):
        Filter(name=str(path))


def test_every_name_that_a_shipped_rule_reads_is_listed() -> None:
    known = {name.removesuffix("NAME") for name in nameable()}
    for name in filter_names():
        rules = load_rules(name)
        for column in (*rules.columns, *rules.line_columns):
            assert column.partition(":")[0] + (":" if ":" in column else "") in known


def test_no_note_of_a_shipped_rule_is_cut_at_a_hash() -> None:
    rule = next(rule for rule in load_rules("gopher_quality").rules if rule.name == "hashes")
    assert str(rule.note).endswith("at most the former.")


def test_where_is_read_by_its_old_name_too() -> None:
    new, old = (Filter(name="mc4_paragraphs", **{key: "lang = 'en'"}) for key in ("where", "on"))
    assert new == old
    with pytest.raises(ValidationError, match="on is its old name; give only one of them"):
        Filter(name="mc4_paragraphs", where="lang = 'en'", on="lang = 'zh'")
    texts = pl.DataFrame({"text": ["same", "same", "same"], "lang": ["en", "zh", "en"]})
    found = ExactDedup(keep="first", where="lang = 'en'")(texts)["broken"].list.len()
    assert found.to_list() == [0, 0, 1]
