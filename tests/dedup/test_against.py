"""What an earlier run kept stays, names itself, and takes its copies out of this run."""

import polars as pl
import pytest

from cleaner.dedup.against import OLD, as_old, fell, lost, of_this_run, partner
from cleaner.dedup.exact import decide_exact
from cleaner.dedup.near import bucket_pairs
from cleaner.stages.exact_dedup import ExactDedup
from cleaner.stages.near_dedup import NearDedup

PROSE = [" ".join(f"{topic}{i}" for i in range(40)) for topic in ("sea", "sky", "sun")]


def corpus(texts: list[str], **columns: list) -> pl.DataFrame:
    docs = pl.DataFrame({"text": texts, **columns})
    return docs.with_columns(
        file=pl.lit(0, pl.UInt32), row=pl.int_range(pl.len(), dtype=pl.UInt64),
        id=pl.format("d{}", pl.int_range(pl.len())),
    )  # fmt: skip


OLD_DOCS = corpus([PROSE[0], PROSE[0] + " and", PROSE[1]])
NEW_DOCS = corpus([PROSE[1].upper(), PROSE[2], PROSE[2] + " more", PROSE[0] + " or"])


def test_exact_duplicates_of_an_earlier_run() -> None:
    stage = ExactDedup(keep="longest")
    rows = pl.concat([stage.keys(NEW_DOCS), as_old(stage.keys(OLD_DOCS), "crawl-1")])
    verdicts = of_this_run(decide_exact(rows))
    assert verdicts.select("row", "duplicate_of", "duplicate_row", "cluster_size").rows() == [
        (0, "crawl-1:d2", None, 2)
    ]


@pytest.mark.parametrize("cluster", ["star", "components"])
@pytest.mark.parametrize("verify", [True, False])
def test_near_duplicates_of_an_earlier_run(verify: bool, cluster: str) -> None:
    stage = NearDedup(verify=verify, cluster=cluster)
    rows = pl.concat([stage.band_rows(NEW_DOCS), as_old(stage.band_rows(OLD_DOCS), "crawl-1")])
    pairs = bucket_pairs(rows)
    assert pairs.filter((pl.col("file") >= OLD) & (pl.col("other_file") >= OLD)).is_empty()
    sets = pl.concat([stage.sets(NEW_DOCS), as_old(stage.sets(OLD_DOCS), "crawl-1")])
    verdicts = of_this_run(stage.decide(sets, pairs)).sort("row")
    found = {
        row: (of, there)
        for row, of, there in verdicts.select("row", "duplicate_of", "duplicate_row").rows()
    }
    assert found == {
        0: ("crawl-1:d2", None),
        1: ("d2", 2),
        2: (None, None),
        3: ("crawl-1:d0", None),
    }
    assert set(verdicts["file"]) == {0}


def test_two_earlier_runs_keep_their_own_files() -> None:
    rows = ExactDedup().keys(OLD_DOCS)
    second = as_old(rows, "b", OLD + 1)
    assert as_old(rows, "a")["file"].unique().to_list() == [OLD]
    assert second["file"].unique().to_list() == [OLD + 1]
    assert second["id"][0] == "b:d0"


@pytest.mark.parametrize(
    ("of", "row", "did"),
    [(None, None, False), ("a:d1", None, True), ("d1", 4, True), (None, 0, True)],
)
def test_whoever_names_a_document_or_a_row_lost(of: str | None, row: int | None, did: bool) -> None:
    said = {"duplicate_of": of, "duplicate_row": row}
    assert lost(said) is did
    frame = pl.DataFrame([said], schema={"duplicate_of": pl.String, "duplicate_row": pl.UInt64})
    assert frame.select(fell()).item() is did


def test_the_partner_is_of_the_run_whose_name_it_has() -> None:
    runs = ["out/a", "out/a:b", "out/c"]
    old = {"duplicate_of": "out/a:b:d7", "duplicate_row": None}
    assert partner(old, runs) == ("out/a:b", "d7")
    assert partner(old, runs[:1]) == ("out/a", "b:d7")
    assert partner(old, []) == ("", "out/a:b:d7")
    assert partner({"duplicate_of": "out/c:d1", "duplicate_row": 3}, runs) is None  # of its own
    assert partner({"duplicate_of": None, "duplicate_row": None}, runs) is None


def test_verdicts_on_documents_of_earlier_runs_are_left_out() -> None:
    found = pl.DataFrame(
        {
            "file": [OLD - 1, OLD, 0, 1],
            "row": [1, 2, 3, 4],
            "duplicate_file": [OLD, None, OLD - 1, None],
            "duplicate_row": [5, None, 6, None],
        }
    )
    assert of_this_run(found).rows() == [
        (OLD - 1, 1, None, None),
        (0, 3, OLD - 1, 6),
        (1, 4, None, None),
    ]
