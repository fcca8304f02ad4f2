"""`decontaminate`: in a run and alone, what it says of a match, what it cuts, what it refuses."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cleaner.errors import InputError, JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.leakage.items import Columns, read_items
from cleaner.report.benchmarks import benchmark_stages
from cleaner.report.gather import gather
from cleaner.report.page import render
from cleaner.results.finished import Run, explain, verify
from cleaner.results.passages import passages
from cleaner.results.spans import Span
from cleaner.runs.driver import run_plan
from cleaner.stages.decontaminate import Decontaminate

LONG = (
    "A lighthouse keeper climbs 210 steps each morning and rests after every fourteenth of them. "
    "How many times does she rest before she reaches the lamp?"
)
ITEMS = [
    {"question": LONG, "answer": "She rests 14 times and ends at the lamp.", "id": "steps"},
    {"question": "Name the largest lake of Ruritania.", "answer": "Lake Elphberg", "id": "lake"},
    {"question": "A", "id": "none"},
]
PAGES = [
    "Nothing of the kind stands here, only a few words on boats and nets.",
    f"Puzzles of the week\n\n{LONG} She rests 14 times and ends at the lamp.\n\nMore next Sunday.",
    "A quiz.\n\nName the largest lake of Ruritania.\nLake Elphberg\n\nThat is all.",
    "They name the largest lake of Ruritania after a king, and nobody minds.",
    f"{LONG}\n\nName the largest lake of Ruritania.",
]


@pytest.fixture
def items(tmp_path: Path) -> str:
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, ITEMS)))
    return str(path)


def stage(items: str, **options: Any) -> Decontaminate:
    return Decontaminate.model_validate({"against": items, **options})


def run(
    folder: Path, items: str, pages: list[str], name: str = "run", unit: int = 1 << 25,
    **options: Any,
) -> Run:  # fmt: skip
    path = folder / "pages.parquet"
    frame = pl.DataFrame({"text": pages, "id": [f"d{n}" for n in range(len(pages))]})
    frame.write_parquet(path, row_group_size=2)
    job = {
        "name": "clean",
        "input": {"paths": str(path), "text": "text", "id": "id"},
        "stages": [{"decontaminate": {"against": [items], **options}}],
    }
    run_plan(make_plan(parse_job(job), unit_limit=unit), str(folder / name), engine="inline")
    return Run(str(folder / name))


def test_alone_it_drops_what_holds_an_item(items: str) -> None:
    done = stage(items)(pl.DataFrame({"text": PAGES}))
    assert done["broken"].to_list() == [[], ["benchmark"], ["benchmark"], [], ["benchmark"]]


def test_in_a_run_the_ledger_and_the_matches_name_item_and_both_texts(
    items: str, tmp_path: Path
) -> None:
    made = run(tmp_path, items, PAGES)
    gone = made.ledger().filter(pl.col("reason") == "benchmark")
    assert gone["id"].to_list() == ["d1", "d2", "d4"]
    assert gone["benchmark_item"].to_list() == ["steps", "lake", "steps"]
    assert gone["benchmark_span"][0] == LONG.removesuffix("?")
    assert gone["benchmark_text"][0] == LONG
    assert gone["benchmark_answer"].to_list() == [1.0, 1.0, 0.0]
    assert gone["benchmark_also"].to_list() == [None, None, "lake"]
    matches = made.scan_matches()
    assert matches is not None
    assert matches.collect()["id"].to_list() == ["d1", "d2", "d4"]
    assert verify(made) == []
    [told] = explain(made, "d4")
    assert told.verdict == (
        "dropped at 0.decontaminate: benchmark: the item steps, 100 % of its question (and lake)"
    )
    [where] = passages(made, told.row).found
    assert (where.rule, where.spans) == ("steps", [Span(0, len(LONG) - 1)])
    [shown] = benchmark_stages(made, texts=True)
    assert shown.sets == [("items.jsonl", 3, 2, 4)]
    assert {pair.item for pair in shown.pairs} == {LONG, ITEMS[1]["question"]}
    page = render(gather(made))
    assert "d4 holds steps: 100 % of the question" in page
    found = made.stats["dedup"]["0.decontaminate"]
    assert found["sets"] == [["items.jsonl", 3, 2, 4]]
    assert found["unchecked"] == ["none"]
    assert ["verbatim", 2, 2] in found["self_test"]


def test_the_bytes_do_not_depend_on_how_the_input_is_cut(items: str, tmp_path: Path) -> None:
    products = []
    for name, unit in (("whole", 1 << 25), ("parts", 200)):
        made = Path(run(tmp_path, items, PAGES * 3, name, unit).path)
        products.append(
            {
                path.relative_to(made): path.read_bytes()
                for place in ("shards", "ledger", "matches")
                for path in (made / place).iterdir()
            }
        )
    assert products[0] == products[1]


def test_it_cuts_the_item_and_its_answer_and_drops_what_is_nothing_else(
    items: str, tmp_path: Path
) -> None:
    made = run(tmp_path, items, PAGES, action="cut")
    kept = dict(made.kept().collect().select("id", "text").iter_rows())
    assert kept["d1"] == "Puzzles of the week\n\nMore next Sunday."
    assert kept["d2"] == "A quiz.\n\nThat is all."
    assert kept["d3"] == PAGES[3]
    gone = made.ledger().filter(pl.col("fate") == "dropped")
    assert gone.select("id", "reason").rows() == [("d4", "benchmark")]


def test_it_only_tags_when_asked(items: str, tmp_path: Path) -> None:
    made = run(tmp_path, items, PAGES, action="tag")
    tagged = made.ledger().filter(pl.col("tagged").is_not_null())
    assert tagged["id"].to_list() == ["d1", "d2", "d4"]
    assert tagged["tagged"][0].to_list() == ["0.decontaminate:benchmark"]
    assert made.stats["rows"]["kept"] == 5


def test_an_item_of_frequent_words_alone_is_not_checked_and_what_matches_it_is_tagged(
    items: str, tmp_path: Path
) -> None:
    often = [f"They say: name the largest lake of Ruritania, in year {n}." for n in range(30)]
    made = run(tmp_path, items, [*PAGES, *often])
    ledger = made.ledger()
    assert ledger.filter(pl.col("reason") == "benchmark")["id"].to_list() == ["d1", "d4"]
    lake = ledger.filter(pl.col("id") == "d2").row(0, named=True)
    assert (lake["fate"], lake["tagged"]) == ("kept", ["decontaminate:not_checkable"])
    assert made.stats["dedup"]["0.decontaminate"]["unchecked"] == ["lake", "none"]


def test_a_file_of_stops_says_what_carries_no_weight(items: str, tmp_path: Path) -> None:
    stops = tmp_path / "stops.txt"
    stops.write_text("# a comment\nname the largest lake of Ruritania\n")
    done = stage(items, stops=str(stops))(pl.DataFrame({"text": PAGES}))
    assert done["broken"].to_list() == [[], ["benchmark"], [], [], ["benchmark"]]
    made = run(tmp_path, items, PAGES, stops=str(stops))
    assert made.ledger().filter(pl.col("reason") == "benchmark")["id"].to_list() == ["d1", "d4"]


def test_files_of_others_are_read(tmp_path: Path) -> None:
    arc = tmp_path / "arc.jsonl.gz"
    row = {
        "question": "Which gas do plants take in?",
        "choices": {"text": ["Oxygen", "Carbon dioxide"], "label": ["A", "B"]},
        "answerKey": "B",
    }
    arc.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(row).encode() + b"\n\n"))
    [item] = read_items([str(arc)], Columns(choices="choices.text", answer="answerKey"))
    assert (item.choices, item.answer) == (("Oxygen", "Carbon dioxide"), "Carbon dioxide")

    mmlu = tmp_path / "mmlu.parquet"
    pl.DataFrame({"q": ["2 + 2?", None, " "], "choices": [["3", "4"]] * 3, "answer": [1] * 3}
    ).write_parquet(mmlu)  # fmt: skip
    [item] = read_items([str(mmlu)], Columns(question="q"))
    assert (item.name, item.choices, item.answer) == ("mmlu.parquet#0", ("3", "4"), "4")


@pytest.mark.parametrize(
    ("content", "options", "error", "said"),
    [
        (
            '{"question": "a b"}',
            {"column": "prompt"},
            JobError,
            "no column 'prompt'; available: 'q",
        ),
        ('{"question": " "}', {}, JobError, "no row has a question"),
        ('{"question": ', {}, InputError, "line 1: no JSON"),
        ("[1]", {}, InputError, "line 1: not a JSON object"),
        (None, {}, JobError, "against: no file matches"),
    ],
)
def test_it_refuses_files_without_items_before_anything_runs(
    content: str | None, options: dict[str, Any], error: type[Exception], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "items.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(error, match=said):
        stage(str(path), **options).resolve()
