"""A job file is refused with every mistake at once, each with its place and what is allowed."""

import re
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet

from cleaner.errors import InputError, JobError
from cleaner.job.identity import run_identity
from cleaner.job.job_file import load_job, parse_job, read_job
from cleaner.job.plan import make_plan
from cleaner.runs.phases.build import build_phases
from cleaner.storage.commits import digest

GOOD = """
    input: {paths: data/*.parquet, text: text}
    stages:
      - normalise: {}
      - language: {keep: [zh, en]}
      - filter: gopher_quality
      - exact_dedup: {}
    output: {shard_tokens: 100_000}
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "job.yaml"
    path.write_text(dedent(text))
    return str(path)


def refusal(tmp_path: Path, text: str, *overrides: str) -> str:
    with pytest.raises(JobError) as caught:
        load_job(written(tmp_path, text), overrides)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_a_good_job_is_typed_and_reads_back(tmp_path: Path) -> None:
    loaded = load_job(written(tmp_path, GOOD))
    assert loaded.name == "job"
    assert [entry.title for entry in loaded.stages] == [
        "0.normalise", "1.language", "2.filter:gopher_quality", "3.exact_dedup",
    ]  # fmt: skip
    assert loaded.output.shard_tokens == 100_000
    assert parse_job(loaded.resolved()).resolved() == loaded.resolved()


def swapped(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


MISTAKES = {
    GOOD + "    shards: 3\n": "job.yaml:9:1: shards: unknown key, did you mean 'shadow'?",
    swapped("keep:", "kepp:"): "job.yaml:5:16: stages.1.language.kepp: unknown key, did you mean",
    swapped("language", "langauge"): "unknown stage 'langauge', did you mean 'language'?",
    swapped("gopher_quality", "gopher"): "stages.2.filter: unknown filter 'gopher'",
    swapped("text: text", "text: text, html: html"): "exactly one of html",
    swapped("100_000", "lots"): "output.shard_tokens: takes a whole number, not 'lots'",
    swapped("shard_tokens", "shard_bytes: 5, shard_tokens"): "not both",
    swapped("exact_dedup: {}", "checkpoint: {name: a}"): "stages.3.checkpoint.name: unknown key",
    GOOD + "    shadow: {shares: 0.1}\n": "shadow.shares: unknown key, did you mean 'share'?",
    GOOD + "    shadow: no\n": "shadow: takes share, at_least and at_most, or: off; not 'no'",
    swapped("{shard_tokens: 100_000}", "{format: megatron}"): "format megatron needs tokenizer",
    swapped("- exact_dedup: {}", "- {exact_dedup: {}, filter: c4}"): "stages.3: has one key",
    "input: [1, 2": "job.yaml:1:",
    "[]": "a job file is a mapping",
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items())
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("keep:", "kepp:").replace("100_000", "lots") + "    shards: 3\n"
    assert len(refusal(tmp_path, text).splitlines()) == 3


def test_yaml_is_1_2(tmp_path: Path) -> None:
    text = GOOD.replace("[zh, en]", "[no, zh]") + "    max_error_rate: 1e-3\n"
    loaded = load_job(written(tmp_path, text))
    assert loaded.stages[1].stage.keep == ["no", "zh"]  # type: ignore[attr-defined]
    assert loaded.max_error_rate == 0.001


def test_set_goes_by_stage_name_by_index_and_by_key(tmp_path: Path) -> None:
    loaded = load_job(
        written(tmp_path, GOOD),
        [
            "language.min_score=0.6",
            "stages.2.filter.formulas=false",
            "output.shard_tokens=7",
            "name=other",
        ],
    )
    assert loaded.stages[1].stage.min_score == 0.6  # type: ignore[attr-defined]
    assert loaded.stages[2].stage.formulas is False  # type: ignore[attr-defined]
    assert (loaded.output.shard_tokens, loaded.name) == (7, "other")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "language.min_scor=0.6",
            "--set language.min_scor: stages.1.language.min_scor: unknown key",
        ),
        ("langage.min_score=0.6", "--set langage.min_score: unknown key, did you mean 'language'?"),
        ("near_dedup.threshold=0.5", "needs exactly one stage 'near_dedup'; available: none"),
        ("stages.9.keep=zh", "there are 4 stages, 0 to 3"),
        ("output.format", "write KEY=VALUE"),
    ],
)
def test_a_wrong_set_says_so(tmp_path: Path, override: str, said: str) -> None:
    assert said in refusal(tmp_path, GOOD, override)


def test_a_missing_job_file_names_its_neighbours(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    with pytest.raises(JobError, match=r"jb\.yaml: no such job file; in .* available: job\.yaml"):
        load_job(tmp_path / "jb.yaml")


def test_plan_refuses_a_column_that_nobody_makes(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5)
    plain = job([path], {"near_dedup": {"best_by": "math_score"}}, {"exact_dedup": {"on": "title"}})
    with pytest.raises(JobError) as caught:
        make_plan(parse_job(plain))
    said = str(caught.value).splitlines()
    assert "stages.0.near_dedup: needs the column 'math_score'" in said[0]
    assert "stages.1.exact_dedup: needs the column 'title'" in said[1]


def test_plan_names_the_columns_there_are(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5)
    plain = job([path])
    plain["input"][0]["text"] = "txet"
    with pytest.raises(InputError, match="no column txet; available: id, text, url, source"):
        make_plan(parse_job(plain))


def test_plan_needs_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file matches .*nowhere"):
        make_plan(parse_job(job([tmp_path / "nowhere/*.parquet"])))


def test_plan_needs_the_model(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5)
    plain = job([path], {"classify": {"model": "none.bin", "label": "math", "min_score": 0.5}})
    with pytest.raises(JobError, match=r"none\.bin"):
        make_plan(parse_job(plain))


def test_pages_need_extract(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5, html=["<p>x</p>"] * 5)
    plain = job([path], {"language": {}})
    plain["input"][0]["html"] = plain["input"][0].pop("text")
    plain["input"][0]["html"] = "html"
    with pytest.raises(JobError, match="put `extract` before it"):
        make_plan(parse_job(plain))


def test_keep_is_best_after_a_score_and_longest_before(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5)
    plan = make_plan(parse_job(job([path], {"language": {}}, {"near_dedup": {}})))
    assert plan.job.stages[1].stage.keep == "longest"  # type: ignore[attr-defined]


def test_a_signal_of_two_texts_keeps_its_bare_name_for_the_last(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5)
    stages = [{"filter": "gopher_quality"}, {"normalise": {}}, {"filter": "gopher_quality"}]
    plan = make_plan(parse_job(job([path], *stages)))
    names = plan.maps[0].measured
    assert "words" in names
    assert "words@0" in names


ONE = "name: a\ninput: {paths: x.parquet, text: text}\nstages: []\n"
LIST = "name: a\ninput:\n  - {paths: x.parquet, text: text}\nstages: []\n"
TWO = LIST.replace("stages", "  - {paths: [y.parquet, z.parquet], text: text}\nstages")


@pytest.mark.parametrize(
    ("text", "key"),
    [(ONE, "input.paths"), (ONE, "input.0.paths"), (LIST, "input.paths"), (LIST, "input.0.paths")],
)
def test_set_names_the_input_with_or_without_its_number(
    tmp_path: Path, text: str, key: str
) -> None:
    (tmp_path / "job.yaml").write_text(text)
    assert load_job(str(tmp_path / "job.yaml"), [f"{key}=c.parquet"]).input[0].paths == (
        "c.parquet",
    )


@pytest.mark.parametrize(
    ("text", "override", "said"),
    [
        (ONE, "input.5.paths=c", "input is one entry; write --set input.paths="),
        (LIST, "input.5.paths=c", "input is a list of 1, input.0 to input.0"),
        (TWO, "input.paths=c", "there are 2 entries; write --set input.0.paths="),
        (TWO, "input.2.paths=c", "input is a list of 2, input.0 to input.1"),
        (TWO, "input.1.paths.2=c", "input.1.paths is a list of 2, input.1.paths.0 to"),
        (TWO, "input.1.paths.x=c", "input.1.paths is a list of 2"),
        (ONE, "stages.0.x.y=1", "there are 0 stages"),
        (ONE, "input.paths.3=c", "input.paths is not a list; write --set input.paths="),
        (ONE, "output.shard_tokens.0=3", "output.shard_tokens is not a list"),
    ],
)
def test_a_set_beyond_a_list_names_what_there_is(
    tmp_path: Path, text: str, override: str, said: str
) -> None:
    (tmp_path / "job.yaml").write_text(text)
    with pytest.raises(JobError, match=re.escape(said)):
        load_job(str(tmp_path / "job.yaml"), [override])


def test_a_merge_of_yaml_11_is_named_with_its_place(tmp_path: Path) -> None:
    text = "name: a\ninput:\n  <<: {paths: x.parquet}\n  text: text\nstages: []\n"
    (tmp_path / "job.yaml").write_text(text)
    with pytest.raises(JobError, match=r"job\.yaml:2:1: input: '<<' merges in YAML 1\.1"):
        load_job(str(tmp_path / "job.yaml"))


def test_a_format_and_a_condition_are_named_beside_other_mistakes(tmp_path: Path) -> None:
    (tmp_path / "j.yaml").write_text(
        "input: {paths: a.parquet, text: t}\n"
        "stages: [{filter: {name: c4, where: 'lang = '}}]\n"
        "output: {format: csv, shard_tokens: many}\n"
    )
    with pytest.raises(JobError) as error:
        load_job(tmp_path / "j.yaml")
    said = str(error.value)
    assert ":2:30: stages.0.filter.where: it ends where" in said
    assert "output.format: format csv is unknown; available: parquet, jsonl.zst" in said
    assert "output.shard_tokens" in said


def test_a_mistake_in_an_entry_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "j.yaml").write_text("input: {paths: a.parquet, txet: text}\nstages: []\n")
    with pytest.raises(JobError) as error:
        load_job(tmp_path / "j.yaml")
    (said,) = str(error.value).splitlines()
    assert "j.yaml:1:27: input.txet: unknown key, did you mean 'text'?" in said
    (tmp_path / "j.yaml").write_text("input: []\nstages: []\n")
    with pytest.raises(JobError, match="input: is empty"):
        load_job(tmp_path / "j.yaml")


WRITTEN_ELSEWHERE = {
    "filter: {name: c4, rules: {title: t, rules: []}}": (
        "job.yaml:3:22: stages.0.filter.rules: rules are written in a filter file, and `name` is "
        "its name or path; available: action, where, name, formulas, lists"
    ),
    "filter: {name: c4, phrases: {zh_seo: [a]}}": (
        "job.yaml:3:22: stages.0.filter.phrases: phrases are written in a text file"
    ),
    "clean_lines: {line_rules: {}}": (
        "job.yaml:3:17: stages.0.clean_lines.line_rules: rules are written in a filter file, under "
        "`lines`, and `rules` is its path; available: rules"
    ),
    "clean_lines: {rules: c4_lines, cut: []}": "stages.0.clean_lines.cut: unknown key; available",
    "url_filter: {words: [a], phrases: []}": "stages.0.url_filter.phrases: unknown key; available",
}


@pytest.mark.parametrize(("stage", "said"), WRITTEN_ELSEWHERE.items())
def test_what_a_filter_file_says_is_no_option(tmp_path: Path, stage: str, said: str) -> None:
    text = f"input: {{paths: a.parquet, text: text}}\nstages:\n- {stage}\n"
    assert said in refusal(tmp_path, text)


def test_rules_cannot_be_set_from_the_command_line_either(tmp_path: Path) -> None:
    said = refusal(tmp_path, GOOD, "filter.rules={title: t}")
    assert said.startswith("--set filter.rules: stages.2.filter.rules: rules are written in")


RULES = "title: mine\nsource: {cite: ours}\nrules: [{name: few, keep: words < 50}]\n"


def with_own_rules(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "mine.yaml").write_text(RULES)
    (tmp_path / "lines.yaml").write_text(RULES.replace("rules:", "lines:"))
    (tmp_path / "words.txt").write_text("casino\n")
    path = write_parquet(tmp_path / "a.parquet", 5)
    return job(
        [path],
        {"url_filter": {"words": str(tmp_path / "words.txt")}},
        {"clean_lines": str(tmp_path / "lines.yaml")},
        {"filter": {"name": str(tmp_path / "mine.yaml"), "where": "words > 1"}},
    )


def test_a_planned_job_holds_what_its_files_said_and_reads_back_without_them(
    tmp_path: Path,
) -> None:
    planned = make_plan(parse_job(with_own_rules(tmp_path))).job
    for name in ("mine.yaml", "lines.yaml", "words.txt"):
        (tmp_path / name).unlink()
    again = read_job(planned.resolved(), "job.yaml")
    assert again == planned
    assert again.stages[2].title == "2.filter:mine"


def identities(plain: dict[str, Any]) -> tuple[str, str]:
    """Return the identity of a job's run, and the hash of what its first phase depends on."""
    plan = make_plan(parse_job(plain))
    return run_identity(plan), digest(build_phases(plan)[0].options.plain())


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("mine.yaml", RULES.replace("50", "51")),
        ("lines.yaml", RULES.replace("rules:", "lines:").replace("50", "51")),
        ("words.txt", "casino\npoker\n"),
    ],
)
def test_a_changed_file_of_a_stage_is_another_job(tmp_path: Path, file: str, text: str) -> None:
    plain = with_own_rules(tmp_path)
    before = identities(plain)
    assert identities(plain) == before
    (tmp_path / file).write_text(text)
    after = identities(plain)
    assert after[0] != before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "input: {paths: '', text: t}",
            r"input\.paths: .*a path is empty; write \. for the working",
        ),
        ("input: {paths: [a.parquet, ' '], text: t}", "a path is empty"),
        (f"input: {{paths: a, text: t}}\noutput: {{shard_tokens: 1{'0' * 19}}}", "shard_tokens"),
    ],
)
def test_what_nobody_means_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "j.yaml").write_text(f"{text}\nstages: []\n")
    with pytest.raises(JobError, match=said):
        load_job(tmp_path / "j.yaml")


def test_what_only_the_plan_finds_is_told_with_its_place(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5)
    (tmp_path / "j.yaml").write_text(
        f"input: {{paths: {path}, text: text}}\nstages:\n- exact_dedup: {{on: nix}}\n"
        "- filter: {name: c4, where: wrods > 3}\n- near_dedup: {best_by: nope}\n"
    )
    with pytest.raises(JobError) as error:
        make_plan(load_job(tmp_path / "j.yaml", ["near_dedup.best_by=none"]))
    said = [line.split(", which nothing makes")[0] for line in str(error.value).splitlines()]
    assert said == [
        f"{tmp_path}/j.yaml:3:3: stages.0.exact_dedup: needs the column 'nix'",
        f"{tmp_path}/j.yaml:4:3: stages.1.filter: needs the column 'wrods'",
        f"{tmp_path}/j.yaml:5:3: stages.2.near_dedup: needs the column 'none'",
    ]
    one, other = (parse_job(job([path], {"filter": "c4"})).stages[0] for _ in range(2))
    assert one.model_copy(update={"place": "j.yaml:1:1"}) == other
    assert one != other.model_copy(update={"index": 5})


def test_very_many_mistakes_are_told_up_to_a_few_and_counted() -> None:
    """A file that is no job at all takes a moment, and no screen after the other."""
    many = {f"key{number}": 1 for number in range(20_000)}
    began = time.process_time()
    with pytest.raises(JobError) as told:
        parse_job({"name": "j", "input": {"paths": "a.parquet", "text": "text"}, **many})
    assert time.process_time() - began < 5
    lines = str(told.value).splitlines()
    assert len(lines) == 51
    assert "unknown key" in lines[0]
    assert lines[-1] == "job: and 19,950 mistakes more"


def test_fifty_mistakes_are_all_told() -> None:
    many = {f"key{number}": 1 for number in range(50)}
    with pytest.raises(JobError) as told:
        parse_job({"name": "j", "input": {"paths": "a.parquet", "text": "text"}, **many})
    assert len(str(told.value).splitlines()) == 50
