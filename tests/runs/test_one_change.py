"""One thing is changed at a time: exactly what it touches is done again, with the right bytes."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.stages import STAGES

ROWS = 60  # of each of two files
UNIT = 20_000
RULES = """title: ours
version: 1
source: {cite: ours}
languages: [en]
rules:
  - {name: words, keep: words >= 40}
  - {name: garden, keep: 'list_hits:garden <= 9'}
"""


@dataclass
class Case:
    """A corpus, a job over it, and what is to be patched."""

    place: Path
    plain: dict[str, Any]
    patch: pytest.MonkeyPatch

    def stage(self, name: str) -> dict[str, Any]:
        """Return the options of a stage."""
        found: dict[str, Any] = next(s[name] for s in self.plain["stages"] if name in s)
        return found


def made(place: Path) -> dict[str, Any]:
    """Write a corpus with its filter; return a job over it."""
    place.mkdir(exist_ok=True)
    for number in range(2):
        write_parquet(place / f"in-{number}.parquet", ROWS, seed=number, group=15)
    (place / "garden.txt").write_text("garden\nforest\n")
    (place / "ours.yaml").write_text(RULES)
    stages = [
        {"normalise": {}},
        {"language": {}},
        {
            "filter": {
                "name": str(place / "ours.yaml"),
                "lists": {"garden": str(place / "garden.txt")},
            }
        },
        {"exact_dedup": {}},
        {"near_dedup": {"threshold": 0.7}},
        {"sample": {"share": 0.9, "seed": 3}},
    ]
    return job([place / "in-*.parquet"], *stages)


def run(plain: dict[str, Any], folder: Path, *earlier: Path) -> dict[str, Any]:
    plan = make_plan(parse_job(plain), out=str(folder), unit_limit=UNIT)
    return run_plan(plan, str(folder), engine="inline", reuse=tuple(map(str, earlier)))


def option(stage: str, **options: Any) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.stage(stage).update(options)

    return change


def text_of(name: str, old: str, new: str) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        path = case.place / name
        path.write_text(path.read_text().replace(old, new))

    return change


def other_bytes(case: Case) -> None:
    write_parquet(case.place / "in-1.parquet", ROWS, seed=9, group=15)


def touched(case: Case) -> None:
    os.utime(case.place / "in-1.parquet", ns=(1, 1))


def added(case: Case) -> None:
    write_parquet(case.place / "in-2.parquet", ROWS, seed=2, group=15)


def gone(case: Case) -> None:
    (case.place / "in-1.parquet").unlink()


def version_of(stage: str) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.patch.setattr(STAGES[stage], "version", STAGES[stage].version + 1)

    return change


def release(case: Case) -> None:
    case.patch.setattr("cleaner.runs.driver.versions", lambda: {"cleaner": "9.9.9"})


def output(**options: Any) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.plain["output"] = options

    return change


def top(**options: Any) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.plain.update(options)

    return change


ALL, ONE = 2 * ROWS, ROWS
# What is changed -> rows that are read again, and whether any text is measured, or signed, again.
CHANGES: dict[str, tuple[Callable[[Case], None], int, bool, bool]] = {
    "nothing": (lambda _: None, 0, False, False),
    "another release of the package": (release, 0, False, False),
    "the name of the job": (top(name="other"), 0, False, False),
    "the size of shards": (output(shard_bytes=9_000), 0, False, False),
    "the seed of the shuffle": (output(shuffle_seed=5), 0, False, False),
    "the seed of a sample at the end": (option("sample", seed=4), 0, False, False),
    "the threshold of near duplicates": (option("near_dedup", threshold=0.9), 0, False, False),
    # The documents that reach it may be others, and are signed as they come.
    "a limit before it": (text_of("ours.yaml", "words >= 40", "words >= 60"), 0, False, True),
    "the version of the last stage": (version_of("sample"), 0, False, False),
    # Hits of lists are counted by the filter anew, on the texts at hand.
    "a word list": (text_of("garden.txt", "forest", "bridge"), 0, False, True),
    # What comes out of the first phase is the same, and so is all behind it.
    "an option of what changes texts": (
        option("normalise", personal_data="mask"), ALL, True, False
    ),
    "the version of what changes texts": (version_of("normalise"), ALL, True, False),
    "the time of one file": (touched, ONE, True, False),
    "the bytes of one file": (other_bytes, ONE, True, True),
    "a file more": (added, ONE, True, True),
    "a file less": (gone, 0, False, True),
}  # fmt: skip


# The others belong to the same kinds.
QUICK = {
    "nothing", "another release of the package", "the size of shards", "a limit before it",
    "a word list", "the version of what changes texts", "the bytes of one file", "a file more",
}  # fmt: skip


@pytest.mark.parametrize(
    "what",
    [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in CHANGES],
)
def test_exactly_what_a_change_touches_is_done_again(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, read, measured, signed = CHANGES[what]
    place = tmp_path / "corpus"
    plain = made(place)
    first = run(plain, tmp_path / "first")
    assert first["spent"]["read"] == ALL
    case = Case(place, json.loads(json.dumps(plain)), monkeypatch)
    change(case)
    fresh = run(case.plain, tmp_path / "fresh")
    again = run(case.plain, tmp_path / "again", tmp_path / "first")
    assert fingerprint(tmp_path / "again") == fingerprint(tmp_path / "fresh")
    assert again["rows"] == fresh["rows"]
    spent = again["spent"]
    assert spent["read"] == read
    assert bool(spent["measured"]) is measured
    assert bool(spent["signed"]) is signed
    shutil.rmtree(tmp_path / "first")
