"""A run, whole: the account adds up, and the bytes do not depend on how it was made."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from support.corpus_maker import job, texts, write_parquet
from support.runs import STAGES, fingerprint

import cleaner
from cleaner.api import run
from cleaner.errors import AlarmError, InputError, JobError, TooManyFailures
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.ledger import by_label, capped, merge
from cleaner.runs.driver import run_plan
from cleaner.runs.phases.build import build_phases
from cleaner.storage.commits import committed


@pytest.fixture
def corpus(tmp_path: Path) -> list[Path]:
    return [write_parquet(tmp_path / f"in/{n}.parquet", 150, seed=n) for n in range(3)]


def test_every_row_ends_in_one_place(corpus: list[Path], tmp_path: Path) -> None:
    done = run(job(corpus, *STAGES), str(tmp_path / "run"), engine="inline")
    ledger = pl.read_parquet(str(tmp_path / "run/ledger/*.parquet"))
    given = {(n, i) for n in range(3) for i in range(150)}
    assert sorted(ledger.select("file", "row").rows()) == sorted(given)
    fates = Counter(ledger["fate"])
    assert sum(fates.values()) == 450
    assert fates["kept"] > 0
    assert fates["dropped"] > 0
    assert done.manifest["rows"] == {
        "in": 450, "kept": fates["kept"], "dropped": fates["dropped"], "failed": 0,
    }  # fmt: skip
    shards = pl.read_parquet(str(tmp_path / "run/shards/*.parquet"))
    kept = ledger.filter(pl.col("fate") == "kept")
    assert sorted(shards.select("file", "row").rows()) == sorted(kept.select("file", "row").rows())
    original = {(n, i): text for n in range(3) for i, text in enumerate(texts(150, n))}
    assert all(original[f, r] == t for f, r, t in shards.select("file", "row", "text").rows())


def test_the_ledger_says_where_a_kept_row_lies(corpus: list[Path], tmp_path: Path) -> None:
    done = run(job(corpus, *STAGES), str(tmp_path / "run"), engine="inline")
    kept = done.ledger().filter(pl.col("fate") == "kept")
    for output in range(len(done.manifest["outputs"])):
        path = tmp_path / "run" / done.manifest["outputs"][output]["path"]
        shard = pl.read_parquet(path)
        here = kept.filter(pl.col("shard") == output).sort("shard_row")
        assert here["shard_row"].to_list() == list(range(len(shard)))
        assert here.select("file", "row").equals(shard.select("file", "row"))


def test_duplicates_name_a_kept_partner_with_its_jaccard(
    corpus: list[Path], tmp_path: Path
) -> None:
    done = run(job(corpus, *STAGES[:4]), str(tmp_path / "run"), engine="inline")
    ledger = done.ledger()
    near = ledger.filter(pl.col("reason") == "near_duplicate")
    assert len(near)
    assert near["jaccard"].min() >= 0.7  # type: ignore[operator]
    fate = {(f, r): x for f, r, x in ledger.select("file", "row", "fate").rows()}
    partners = near.select("duplicate_file", "duplicate_row").rows()
    assert all(fate[partner] == "kept" for partner in partners)
    sizes = ledger.filter(pl.col("fate") == "kept")["cluster_size"].sum()
    lost = ledger.filter(pl.col("reason").is_in(["near_duplicate", "exact_duplicate"]))
    assert sizes == len(ledger.filter(pl.col("fate") == "kept")) + len(lost)


def test_units_of_any_size_give_the_same_bytes(corpus: list[Path], tmp_path: Path) -> None:
    found = []
    limits = {"whole": (None, None), "tiny": (4_000, None), "in parts": (60_000, 5_000)}
    for name, (unit, part) in limits.items():
        made = parse_job(job(corpus, *STAGES))
        plan = make_plan(made, unit_limit=unit, part_limit=part)
        run_plan(plan, str(tmp_path / name), engine="inline")
        found.append((len(plan.units), fingerprint(tmp_path / name)))
    assert found[0][1] == found[1][1] == found[2][1]
    phases = [phase.name for phase in build_phases(plan) if phase.counts_rows]
    assert len(phases) == 3
    for phase in phases:  # the same units throughout, each of several parts
        parts = committed(str(tmp_path / "in parts"), phase)
        assert {unit for unit, _ in parts} == {name for name, _ in plan.units}
        assert min(map(len, parts.values())) > 1


def test_the_same_job_again_reads_nothing(corpus: list[Path], tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    first = run(job(corpus, *STAGES), folder, engine="inline").manifest
    again = run(job(corpus, *STAGES), folder, engine="inline").manifest
    assert first == again


def test_a_changed_job_redoes_only_what_it_touches(corpus: list[Path], tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    run(job(corpus, *STAGES), folder, engine="inline")
    before = {path.name for path in Path(folder, "_work/00-map/data").iterdir()}
    changed = [*STAGES[:4], {"sample": {"share": 0.5, "seed": 3}}]
    with pytest.raises(JobError, match=r"sample.share was 0.9 and is 0.5; .*--replace"):
        run(job(corpus, *changed), folder, engine="inline")
    done = run(job(corpus, *changed), folder, engine="inline", replace=True)
    after = {path.name for path in Path(folder, "_work/00-map/data").iterdir()}
    assert before == after
    fresh = run(job(corpus, *changed), str(tmp_path / "fresh"), engine="inline")
    assert done.manifest["rows"] == fresh.manifest["rows"]
    assert fingerprint(folder) == fingerprint(tmp_path / "fresh")


def test_sample_of_documents_keeps_exactly_so_many(corpus: list[Path], tmp_path: Path) -> None:
    done = run(job(corpus, {"sample": {"documents": 77}}), str(tmp_path / "run"), engine="inline")
    assert done.manifest["rows"]["kept"] == 77
    assert set(done.ledger()["reason"].drop_nulls()) == {"not_sampled"}


def test_without_stages_all_is_kept(corpus: list[Path], tmp_path: Path) -> None:
    done = run(job(corpus), str(tmp_path / "run"), engine="inline")
    assert done.manifest["rows"] == {"in": 450, "kept": 450, "dropped": 0, "failed": 0}


def test_a_job_that_keeps_nothing_writes_one_empty_shard(
    corpus: list[Path], tmp_path: Path
) -> None:
    done = run(job(corpus, {"sample": {"share": 0}}), str(tmp_path / "run"), engine="inline")
    assert done.manifest["rows"]["kept"] == 0
    assert [output["rows"] for output in done.manifest["outputs"]] == [0]
    shard = pl.read_parquet(tmp_path / "run/shards/part-00000-of-00001.parquet")
    assert {"id", "text", "url", "source"} <= set(shard.columns)


def test_input_without_rows_ends_well(tmp_path: Path) -> None:
    write_parquet(tmp_path / "none.parquet", 0)
    path = tmp_path / "none.parquet"
    done = run(job([path], *STAGES), str(tmp_path / "run"), engine="inline")
    assert done.manifest["rows"] == {"in": 0, "kept": 0, "dropped": 0, "failed": 0}


def test_rows_that_cannot_be_read_fail_with_their_reason(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    ends = pa.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0\5\0\0\0")
    bad = pa.Array.from_buffers(pa.string(), 3, [None, ends, pa.py_buffer(b"ok\xff\xfez")])
    table = pa.table({"text": pa.chunked_array([bad, pa.array([None, "fine text"])])})
    pq.write_table(table, tmp_path / "bad.parquet")
    plain = {
        "input": {"paths": str(tmp_path / "bad.parquet"), "text": "text"},
        "stages": [{"normalise": {}}], "name": "bad", "max_error_rate": 0.5,
    }  # fmt: skip
    done = run(plain, str(tmp_path / "run"), engine="inline")
    ledger = done.ledger().select("row", "fate", "error")
    assert ledger.rows() == [
        (0, "kept", None), (1, "failed", "invalid UTF-8"), (2, "kept", None),
        (3, "failed", "null text"), (4, "kept", None),
    ]  # fmt: skip
    assert done.find(f"{tmp_path}/bad.parquet#3")["error"].to_list() == ["null text"]
    with pytest.raises(TooManyFailures, match=r"2 of 5 rows failed"):
        run({**plain, "max_error_rate": 0.01}, str(tmp_path / "strict"), engine="inline")


def test_a_broken_file_is_quarantined_by_name(corpus: list[Path], tmp_path: Path) -> None:
    whole = corpus[1].read_bytes()
    corpus[1].write_bytes(whole[: len(whole) // 2])
    lenient = run(job(corpus, *STAGES, max_error_rate=0.5), str(tmp_path / "run"), engine="inline")
    assert lenient.manifest["rows"]["in"] == 300
    assert len(lenient.manifest["failed_files"]) == 1
    assert "1.parquet" in lenient.manifest["failed_files"][0]
    with pytest.raises(TooManyFailures, match="1 files could not be read"):
        run(job(corpus, *STAGES), str(tmp_path / "strict"), engine="inline")
    with pytest.raises(InputError, match=r"1\.parquet"):
        make_plan(parse_job(job(corpus, on_error="stop")))


def test_an_alarm_stops_before_the_shards_until_it_is_accepted(tmp_path: Path) -> None:
    same = ["the same text of a good many words that everyone copies from everyone"] * 1200
    frame = pl.DataFrame({"text": same, "source": ["copied"] * 1200})
    frame.write_parquet(tmp_path / "same.parquet")
    plain = {
        "name": "alarm",
        "input": {"paths": str(tmp_path / "same.parquet"), "text": "text", "source": "source"},
        "stages": [{"exact_dedup": {}}],
        "alarm": {"dedup_loss": 0.9, "action": "stop"},
    }
    folder = str(tmp_path / "run")
    with pytest.raises(AlarmError, match=r"dedup_loss:0\.exact_dedup:copied"):
        run(plain, folder, engine="inline")
    assert not Path(folder, "shards").exists()
    plan = make_plan(parse_job(plain))
    done = run_plan(
        plan, folder, engine="inline", accept_alarms=["dedup_loss:0.exact_dedup:copied"]
    )
    assert done["rows"]["kept"] == 1


@pytest.mark.parametrize("unit_limit", [None, 100_000])
def test_an_alarm_counts_all_that_reached_the_stage(tmp_path: Path, unit_limit: int | None) -> None:
    """One file full of copies beside 20,000 different texts: 5.7 % went, whatever the units."""
    same = ["the same text of a good many words that everyone copies from everyone"] * 1200
    other = [f"text number {n} is one that nobody else in the world has" for n in range(20_000)]
    frame = pl.DataFrame({"text": [*same, *other], "source": ["s"] * 21_200})
    frame.write_parquet(tmp_path / "in.parquet", row_group_size=1200)
    plain = {
        "name": "alarm",
        "input": {"paths": str(tmp_path / "in.parquet"), "text": "text", "source": "source"},
        "stages": [{"exact_dedup": {}}],
        "alarm": {"dedup_loss": 0.9, "action": "stop"},
    }
    plan = make_plan(parse_job(plain), unit_limit=unit_limit)
    said: list[str] = []
    done = run_plan(plan, str(tmp_path / "run"), engine="inline", warn=said.append)
    assert done["rows"]["dropped"] == 1199
    assert not any("alarm" in told for told in said)


def test_very_many_sources_are_counted_under_one_name() -> None:
    falls = [("kept", None, None, f"h{n}", "en", 1, 10, 2) for n in range(30)]
    falls += [("dropped", "0.x", "r", "big", "en", 5, 50, 10)]
    falls += [("kept", None, None, None, "en", 2, 20, 4)]
    found = capped(merge([{"falls": falls, "rules": [], "changes": [], "entered": [0, 0]}]), most=3)
    fates = ("in", "kept", "dropped", "failed")
    told = by_label(found, "source")
    assert {name: {fate: row[fate] for fate in fates} for name, row in told.items()} == {
        "big": {"in": 5, "kept": 0, "dropped": 5, "failed": 0},
        "": {"in": 2, "kept": 2, "dropped": 0, "failed": 0},
        "h0": {"in": 1, "kept": 1, "dropped": 0, "failed": 0},
        "(other)": {"in": 29, "kept": 29, "dropped": 0, "failed": 0},
    }
    assert capped(found, most=30) == found


def test_ledger_counts_keeps_no_rows_and_dropped_only_the_dropped(
    corpus: list[Path], tmp_path: Path
) -> None:
    counts = run(job(corpus, *STAGES, ledger="counts"), str(tmp_path / "a"), engine="inline")
    with pytest.raises(InputError, match="ledger: counts"):
        counts.ledger()
    dropped = run(job(corpus, *STAGES, ledger="dropped"), str(tmp_path / "b"), engine="inline")
    assert set(dropped.ledger()["fate"]) == {"dropped"}
    assert counts.manifest["rows"] == dropped.manifest["rows"]
    assert len(dropped.ledger()) == counts.manifest["rows"]["dropped"]


def test_stats_add_up_per_stage_source_and_language(corpus: list[Path], tmp_path: Path) -> None:
    stats = run(job(corpus, *STAGES), str(tmp_path / "run"), engine="inline").stats
    for row, following in zip(stats["stages"], stats["stages"][1:], strict=False):
        for unit in ("", "_characters", "_words"):
            parts = [row[f"{name}{unit}"] for name in ("kept", "dropped", "failed")]
            assert row[f"in{unit}"] == sum(parts)
            assert following[f"in{unit}"] == row[f"kept{unit}"]
    for label in ("sources", "languages"):
        assert sum(row["in"] for row in stats[label].values()) == 450
    for row in stats["sources"].values():
        assert row["in"] == row["kept"] + row["dropped"] + row["failed"]


def test_an_address_of_ray_client_is_refused(corpus: list[Path], tmp_path: Path) -> None:
    with pytest.raises(JobError, match="cleaner submit JOB --address http"):
        run(job(corpus), str(tmp_path / "run"), address="ray://head:10001")


@pytest.mark.ray
def test_two_ray_workers_equal_one_process(corpus: list[Path], tmp_path: Path) -> None:
    plan = make_plan(parse_job(job(corpus, *STAGES)), unit_limit=10_000)
    run_plan(plan, str(tmp_path / "one"), engine="inline")
    run_plan(plan, str(tmp_path / "two"), engine="ray", workers=2)
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "two")
    stats = [json.loads((tmp_path / name / "stats.json").read_text()) for name in ("one", "two")]
    assert stats[0] == stats[1]


def test_lines_that_many_documents_hold_are_cut_from_all(tmp_path: Path) -> None:
    banner = "this site uses many cookies and tells you so on every page"
    plain = texts(60, seed=5)
    given = [f"{banner}\n{text}" if i % 2 else text for i, text in enumerate(plain)]
    given.append(banner)
    for n in range(3):
        pl.DataFrame({"text": given[n::3]}).write_parquet(tmp_path / f"{n}.parquet")
    one = {
        "name": "lines",
        "input": {"paths": str(tmp_path / "*.parquet"), "text": "text"},
        "stages": [{"line_dedup": {"min_documents": 5}}, {"filter": "gopher_quality"}],
    }
    found = []
    for name, limit in (("whole", None), ("tiny", 3_000)):
        plan = make_plan(parse_job(one), unit_limit=limit)
        run_plan(plan, str(tmp_path / name), engine="inline")
        found.append(fingerprint(tmp_path / name))
    assert found[0] == found[1]
    kept = cleaner.open_run(str(tmp_path / "whole")).kept().collect()
    assert sorted(kept["text"]) == sorted(plain)
    ledger = pl.read_parquet(str(tmp_path / "whole/ledger/*.parquet"))
    (gone,) = ledger.filter(fate="dropped").rows(named=True)
    assert (gone["stage"], gone["reason"]) == ("0.line_dedup", "repeated_line")
    assert ledger.filter(fate="kept")["characters_cut"].sum() == 30 * (len(banner) + 1)


@pytest.mark.ray
@pytest.mark.parametrize("how", ["kill", pytest.param("hang", marks=pytest.mark.slow)])
def test_a_document_that_kills_its_worker_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """One of the very first, which also warm the kernels: it takes no driver with it."""
    paths = [
        write_parquet(tmp_path / f"{name}.parquet", rows) for name, rows in (("a", 8), ("b", 3))
    ]
    monkeypatch.setenv("CLEANER_POISON", f"Document 3.:{how}")
    monkeypatch.setenv("CLEANER_STUCK_AFTER", "60")
    # More than any machine has: then it takes all that there is.
    monkeypatch.setattr(Plan, "task_memory", 10**18)
    plain = job(paths, {"normalise": {}}, max_error_rate=0.2)
    plan = make_plan(parse_job(plain), unit_limit=1_000)
    assert len(plan.units) == 2
    folder = tmp_path / "run"
    warnings: list[str] = []
    done = run_plan(plan, str(folder), engine="ray", workers=2, warn=warnings.append)
    assert done["rows"] == {"in": 11, "kept": 10, "dropped": 0, "failed": 1}
    assert any("row 3 of file 0 kills or hangs its worker" in said for said in warnings)
    (folder / "manifest.json").unlink()
    for marker in (folder / "_work/00-map/_commits").iterdir():
        marker.unlink()  # the verdict stands without the unit's commit
    again = run_plan(plan, str(folder), engine="inline")
    assert again["rows"]["failed"] == 1
    failed = pl.read_parquet(folder / "ledger/part-00000.parquet").filter(fate="failed")
    assert failed.select("row", "error").rows() == [(3, "it killed or hung its worker")]


def test_run_frames_are_polars(corpus: list[Path], tmp_path: Path) -> None:
    run(job(corpus, *STAGES), str(tmp_path / "run"), engine="inline")
    opened = cleaner.open_run(str(tmp_path / "run"))
    assert opened.funnel()["stage"].to_list()[0] == "read"
    assert {"stage", "rule", "fails", "fails_only"} <= set(opened.rules().columns)
    assert len(opened.kept().collect()) == opened.manifest["rows"]["kept"]
