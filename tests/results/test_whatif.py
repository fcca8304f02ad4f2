"""What-if: exact where it says so, and as often inside its interval as it says, otherwise."""

import itertools
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from support.commands import command
from support.entries import rules
from support.thresholds import Try, finished, run_again, told, tries

from cleaner.errors import InputError, JobError
from cleaner.results.changes import changed_filter, read_changes
from cleaner.results.finished import Run
from cleaner.results.whatif import AtStage, Figure, Group, what_if
from cleaner.rules.rule_set import parse_rules

SAMPLES = Path(__file__).parents[2] / "samples"
DEDUP = 6  # the last stage that compares documents


def job(given: Path, shadow: Any) -> dict[str, Any]:
    """Return a job with filters before and after stages that compare documents."""
    stages: list[Any] = [
        {"filter": "gopher_repetition"},
        {"normalise": {}},
        {"language": {"keep": ["en", "zh"]}},
        {"filter": {"name": "gopher_quality", "where": "lang = 'en'"}},
        {"filter": {"name": "fineweb2_zh_char", "where": "lang = 'zh'"}},
        {"exact_dedup": {}},
        {"near_dedup": {"preset": "fineweb"}},
        {"filter": "gopher_quality"},
        {"clean_lines": "c4_lines"},
        {"filter": "zh_web_junk"},
    ]
    entry = {"paths": str(given), "text": "text", "id": "id", "url": "url", "source": "source"}
    return {"name": "tried", "input": entry, "stages": stages, "shadow": shadow}


def few(place: Path, stages: list[Any], texts: list[str], **more: Any) -> Run:
    """Return a run over a few texts of sources `a`, `b` and none, in turn."""
    sources = [("a", "b", None)[n % 3] for n in range(len(texts))]
    ids = [f"d{n}" for n in range(len(texts))]
    given = place / "in.parquet"
    pl.DataFrame({"text": texts, "source": sources, "id": ids}).write_parquet(given)
    entry = {"paths": str(given), "text": "text", "source": "source", "id": "id"}
    return finished({"name": "few", "input": entry, "stages": stages, **more}, place / "run")


TEXTS = [" ".join(f"{n}th" for _ in range(n)) for n in range(1, 41)]  # of 1 to 40 words


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two filters that are judged together: of 1 to 40 words it keeps 10 to 30."""
    place = tmp_path_factory.mktemp("two")
    a, b = rules(place, "a", long="words >= 10"), rules(place, "b", short="words <= 30")
    return few(place, [{"filter": a}, {"filter": b}], TEXTS)


def test_what_goes_out_is_counted_by_source_and_shown_from_the_new_limit_on(two: Run) -> None:
    said = what_if(two, "b", ["short=words <= 25"], count=3)
    assert said.changes == ["short=words <= 25"]
    assert said.stages == [AtStage("1.filter:b", 31, 10, 31, 15, True)]
    assert (said.documents, said.kept, said.would_keep) == (40, 21, Figure(16, 16, 16, True))
    assert (said.goes_out, said.comes_in, said.may_come_in, said.why) == (5, 0, 0, [])
    # Of 26 to 30 words, with 7 kept of each source: those that lose most first, then by name.
    assert said.sources == [
        Group("", 7, 2, 0, 0), Group("b", 7, 2, 0, 0), Group("a", 7, 1, 0, 0),
    ]  # fmt: skip
    assert said.languages == [Group("", 21, 5, 0, 0)]
    assert [row["words"] for row in said.out] == [26, 27, 28]
    assert list(said.out[0]) == ["file", "row", "broken", "fate", "id", "lang", "reason", "shard",
                                 "shard_row", "source", "stage", "url", "words"]  # fmt: skip
    assert said.into == []


def test_what_comes_in_where_all_later_stages_have_judged_it_is_exact(two: Run) -> None:
    said = what_if(two, "a", ["long=words >= 5"])
    assert said.stages == [AtStage("0.filter:a", 40, 9, 40, 4, True)]
    assert (said.would_keep, said.why) == (Figure(26, 26, 26, True), [])
    assert (said.comes_in, said.may_come_in, said.sampled) == (5, 0, 0)
    assert [row["words"] for row in said.into] == [5, 6, 7, 8, 9]
    both = what_if(two, None, ["a.long=words >= 35", "short=off"])
    assert both.stages == [AtStage("0.filter:a", 40, 9, 40, 34, True),
                           AtStage("1.filter:b", 31, 10, 6, 0, True)]  # fmt: skip
    assert (both.goes_out, both.comes_in, both.would_keep.value) == (21, 6, 6)
    assert [one.name for one in both.sources] == ["", "a", "b"]


def test_nothing_changed_is_nothing_to_show(two: Run) -> None:
    said = what_if(two)
    assert (said.stages, said.would_keep) == ([], Figure(21, 21, 21, True))
    assert (said.sources, said.languages, said.out, said.into) == ([], [], [], [])


@pytest.mark.parametrize(("shadow", "value", "sampled"), [({}, 26, 5), ("off", None, 0)])
def test_what_comes_in_and_meets_another_text_is_told_by_the_shadow(
    tmp_path: Path, shadow: Any, value: int | None, sampled: int
) -> None:
    a, b = rules(tmp_path, "a", long="words >= 10"), rules(tmp_path, "b", short="words <= 30")
    run = few(tmp_path, [{"filter": a}, {"normalise": {}}, {"filter": b}], TEXTS, shadow=shadow)
    said = what_if(run, "a", ["long=words >= 5"])
    assert (said.comes_in, said.may_come_in, said.sampled) == (0, 5, sampled)
    assert said.why == [
        "5 documents would meet 1.normalise, 2.filter:b, which never saw them; "
        f"{sampled} of them are in the shadow"
    ]
    assert not said.would_keep.exact
    if value is not None:  # all of them are in the shadow, and pass
        assert said.would_keep == Figure(26, 26, 26, False)
    else:
        assert (said.would_keep.low, said.would_keep.high) == (21, 26)
        assert 22 <= said.would_keep.value <= 25


@pytest.mark.parametrize("shadow", [{}, "off"])
def test_duplicates_come_back_for_what_goes_out_before_they_are_compared(
    tmp_path: Path, shadow: Any
) -> None:
    # The first of two equal texts stays for both; without it the other would.
    a = rules(tmp_path, "a", long="words >= 3")
    texts = ["one two three four", "one two three four", "five six seven eight nine", "ten"]
    run = few(tmp_path, [{"filter": a}, {"exact_dedup": {}}], texts, shadow=shadow)
    gone = what_if(run, "a", ["long=words >= 5"])
    assert (gone.goes_out, gone.kept) == (1, 2)
    assert gone.would_keep.low <= 1 <= gone.would_keep.high
    assert gone.why == ["compared again would be what reaches 1.exact_dedup"]
    more = what_if(run, "a", ["long=words >= 1"])
    assert (more.may_come_in, more.would_keep.high) == (1, 3)
    assert more.would_keep.low >= 1


@pytest.mark.parametrize("shadow", [{}, "off"])
def test_what_comes_back_may_fall_at_the_stages_after(tmp_path: Path, shadow: Any) -> None:
    a, b = rules(tmp_path, "a", long="words >= 3"), rules(tmp_path, "b", short="words <= 30")
    texts = [" ".join(["word"] * n) for n in (4, 5, 6, 7)]  # the last is of the first one's source
    stages = [{"filter": a}, {"exact_dedup": {"on": "source", "keep": "first"}}, {"filter": b}]
    run = few(tmp_path, stages, texts, shadow=shadow)
    said = what_if(run, "a", ["long=words >= 5"])
    assert (said.goes_out, said.kept) == (1, 3)
    assert said.would_keep.low == 2
    assert said.would_keep.high == 3  # as the run has it


def test_for_whom_the_score_of_a_language_counts_the_shadow_tells(tmp_path: Path) -> None:
    """Of the short texts and of a plain long one it does not, whatever it is."""
    short = ["La maison est grande.", "The house is big and the garden is green.", "Das ist gut so"]
    both = "the cat le chat est la the dog und der Hund ist gut the rat et les autres sont partis "
    run = few(tmp_path, [{"language": {}}], [*short, both * 4])
    scores = run.ledger()["lang_score"]
    assert scores.max() < 0.9999  # type: ignore[operator]
    said = what_if(run, None, ["language.min_score=0.9999"])
    assert (said.kept, said.goes_out) == (4, 0)
    assert said.would_keep == Figure(3, 3, 3, False)
    assert said.why[0].startswith("the ledger does not tell")


def test_a_cap_may_let_others_in_or_put_others_out(tmp_path: Path) -> None:
    a = rules(tmp_path, "a", short="words <= 9")
    texts = [" ".join(["word"] * n) for n in (7, 5, 6, 4)]  # the last is of the first one's source
    stages = [{"filter": a}, {"cap": {"by": "source", "documents": 1}}]
    run = few(tmp_path, stages, texts)
    assert run.ledger()["fate"].to_list().count("dropped") == 1
    said = what_if(run, "a", ["short=words <= 6"])
    assert (said.kept, said.goes_out) == (3, 1)
    assert (said.would_keep.low, said.would_keep.high) == (1, 3)


SAME_SOURCE: list[Any] = [
    {"exact_dedup": {"on": "source", "keep": "first"}},
    {"near_dedup": {"bands": 40, "rows": 2, "threshold": 0.9}},
]


def test_nothing_comes_back_for_what_was_nobodys_survivor(tmp_path: Path) -> None:
    a = rules(tmp_path, "a", long="words >= 3")
    texts = [" ".join(f"{n}{place}" for place in range(n)) for n in (4, 5, 6)]  # a source for each
    run = few(tmp_path, [{"filter": a}, *SAME_SOURCE], texts)
    said = what_if(run, "a", ["long=words >= 5"])
    assert (said.goes_out, said.kept) == (1, 3)
    assert said.would_keep == Figure(2, 2, 2, False)


def test_what_comes_back_meets_each_later_stage_that_compares(tmp_path: Path) -> None:
    """Two come back from the first, and of what the second was given half fell."""
    a = rules(tmp_path, "a", long="words >= 3")
    short = [f"{n} b c d" for n in range(2)]  # of sources a and b: each hides one of six words
    long = [" ".join(f"{n}{place}" for place in range(6)) for n in range(2)]
    same = " ".join(f"w{place}" for place in range(30))
    texts = [short[0], short[1], f"{same} x", long[0], long[1], same]
    stages = [{"filter": a}, {"exact_dedup": {"on": "url", "keep": "first"}}, SAME_SOURCE[1]]
    urls = [f"https://a.example/{name}" for name in ("0", "1", "2", "0", "1", "5")]
    given = tmp_path / "in.parquet"
    pl.DataFrame({"text": texts, "url": urls}).write_parquet(given)
    entry = {"paths": str(given), "text": "text", "url": "url"}
    run = finished({"name": "few", "input": entry, "stages": stages}, tmp_path / "run")
    assert run.ledger()["stage"].to_list()[3:] == ["1.exact_dedup"] * 2 + ["2.near_dedup"]
    said = what_if(run, "a", ["long=words >= 5"])
    assert (said.goes_out, said.kept) == (2, 3)
    # Of 4 that met the last stage 1 fell: of two that come back none may be left, or both.
    assert (said.would_keep.low, said.would_keep.high) == (1, 3)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Any]]:
    """A run over 900 sample texts of which three in ten are in the shadow."""
    made = job(SAMPLES / "texts.parquet", {"share": 0.3, "at_least": 0, "at_most": 1_000})
    return finished(made, tmp_path_factory.mktemp("whatif") / "run"), made


def half_and_half(run: Run, count: int, seed: int) -> list[Try]:
    """Return thresholds of which half touch a stage before documents are compared."""
    before = (one for one in tries(run, seed) if one.stage < DEDUP)
    after = (one for one in tries(run, seed + 1) if one.stage > DEDUP)
    return [
        *itertools.islice(before, count // 2),
        *itertools.islice(after, count - count // 2),
    ]


def check(run: Run, made: dict[str, Any], tried: list[Try], place: Path) -> int:
    """Return how often a figure lies outside of its interval; exact ones must be equal."""
    outside = 0
    for one in tried:
        said, again = what_if(run, one.filter, [one.said]), run_again(run, made, one, place)
        (at,) = said.stages
        if at.exact:
            assert (at.would_reach, at.would_drop) == (again["reached"], again["dropped"]), told(
                one
            )
        if said.would_keep.exact:
            assert said.would_keep.value == again["kept"], told(one)
        outside += not said.would_keep.low <= again["kept"] <= said.would_keep.high
    return outside


def test_four_thresholds(base: tuple[Run, dict[str, Any]], tmp_path: Path) -> None:
    assert check(*base, half_and_half(base[0], 4, seed=5), tmp_path) <= 1


@pytest.mark.slow
def test_fifty_thresholds(base: tuple[Run, dict[str, Any]], tmp_path: Path) -> None:
    assert check(*base, half_and_half(base[0], 50, seed=7), tmp_path) <= 5


def test_unchanged_it_is_the_run(base: tuple[Run, dict[str, Any]]) -> None:
    run, _ = base
    was = {rule.name: rule.keep for rule in run.job.stages[3].stage.rule_set().rules}  # type: ignore[union-attr]
    said = what_if(run, "3", [f"word_count={was['word_count']}"])
    assert (said.goes_out, said.comes_in, said.may_come_in) == (0, 0, 0)
    kept = run.manifest["rows"]["kept"]
    assert (said.would_keep.low, said.would_keep.high) == (kept, kept)
    (at,) = said.stages
    row = next(row for row in run.stats["stages"] if row["stage"] == at.stage)
    assert (at.reached, at.dropped, at.would_drop) == (row["in"], row["dropped"], row["dropped"])


def test_documents_nearest_to_the_cut_come_first(base: tuple[Run, dict[str, Any]]) -> None:
    run, _ = base
    said = what_if(run, "7.filter:gopher_quality", ["word_count=words >= 300"], count=4)
    words = [row["words@2"] for row in said.out]
    ledger = run.ledger().filter(pl.col("fate") == "kept", pl.col("words@2") < 300)
    assert words == ledger["words@2"].sort(descending=True).head(4).to_list()
    assert said.goes_out == len(ledger)
    assert sum(group.goes_out for group in said.languages) == len(ledger)
    assert sum(group.goes_out for group in said.sources) == len(ledger)


def test_changes_are_tried_together(base: tuple[Run, dict[str, Any]]) -> None:
    run, _ = base
    rules = run.job.stages[7].stage.rule_set()
    assert rules is not None
    off = [f"{rule.name}=off" for rule in rules.rules]
    said = what_if(run, "7", off)
    (at,) = said.stages
    assert said.may_come_in == at.dropped > 0  # a later stage, after the text changes, saw none
    assert (at.would_drop, said.goes_out) == (0, 0)
    assert said.why
    longer = what_if(run, "7", ["word_count=words >= 300", *off[1:]])
    assert longer.goes_out > 0
    assert longer.may_come_in < said.may_come_in


WRONG = {
    ("9", "words=words > 5"): "9.filter:zh_web_junk has no rule 'words'",
    (None, "word_count=words > 5"): "several filters have that rule; give --filter: 3.filter",
    (None, "nonsense=words > 5"): "no filter of this run has such a rule",
    ("gopher", "word_count=words > 5"): "--filter gopher: no such filter",
    (
        "3",
        "word_count=wrods > 5",
    ): "reads 'wrods', which was not measured in this run, did you mean",
    ("3", "word_count=words >"): "--set word_count=words >:",
    ("3", "word_count=1 < 2"): "reads no signal; to leave the rule out: off",
    ("3", "word_count"): 'write RULE="SQL"',
    (None, "language.min_score=2"): "min_score is a number from 0 to 1, not '2'",
    (None, "near_dedup.threshold=0.7"): "6.near_dedup has no cut that can be tried",
    (None, "language.keep=en"): "only min_score of 2.language can be tried here",
}


@pytest.mark.parametrize(("given", "said"), WRONG.items())
def test_what_cannot_be_tried_is_said(
    base: tuple[Run, dict[str, Any]], given: tuple[str | None, str], said: str
) -> None:
    with pytest.raises(JobError) as error:
        what_if(base[0], given[0], [given[1]])
    assert said in str(error.value)


def test_a_run_without_a_full_ledger_says_what_is_missing(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["one two three"] * 3}).write_parquet(tmp_path / "in.parquet")
    made = {**job(tmp_path / "in.parquet", "off"), "ledger": "dropped", "stages": []}
    made["input"] = {"paths": str(tmp_path / "in.parquet"), "text": "text"}
    with pytest.raises(InputError, match="was made with ledger: dropped"):
        what_if(finished(made, tmp_path / "run"), None, ["language.min_score=0.5"])


def test_the_changed_filter_is_a_filter(base: tuple[Run, dict[str, Any]]) -> None:
    changes = read_changes(base[0], "3", ["word_count=words BETWEEN 20 AND 90", "hashes=off"])
    rules = parse_rules(changed_filter(changes), "gopher_quality", "mine.yaml")
    old = base[0].job.stages[3].stage.rule_set()
    assert old is not None
    assert rules.rules[0].keep == "words BETWEEN 20 AND 90"
    assert [rule.name for rule in rules.rules] == [
        rule.name for rule in old.rules if rule.name != "hashes"
    ]
    assert rules.source == old.source


def test_by_the_command_line(
    base: tuple[Run, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, _ = base
    file = str(tmp_path / "gopher_quality.yaml")
    words = ["whatif", run.path, "--filter", "7", "--set", "word_count=words >= 100"]
    assert command(monkeypatch, *words, "--write", file) == 0
    shown = capsys.readouterr().out
    assert "now  words >= 100" in shown
    assert f"--set stages.7.filter.name={file}" in shown
    assert yaml.safe_load(Path(file).read_text())["rules"][0]["keep"] == "words >= 100"
    assert command(monkeypatch, *words, "--write", file) == 2  # it is there already
    capsys.readouterr()
    assert command(monkeypatch, *words, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["would_keep"]["low"] <= said["would_keep"]["value"] <= said["would_keep"]["high"]
    assert all(row["text"] for row in said["out"])
