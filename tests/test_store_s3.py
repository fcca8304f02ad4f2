"""Object stores: a job on s3:// is the job on disk, through failures, cuts and kills."""

import gzip
import hashlib
import http.client
import io
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from support.corpus_maker import job, texts
from support.flaky_proxy import FAULTS, FlakyProxy

from cleaner.corpus.entry import Columns
from cleaner.corpus.files import Piece, open_parquet, read_footers
from cleaner.corpus.listing import Passed, list_files
from cleaner.corpus.read import read_parts
from cleaner.errors import AccountError, InputError, StorageError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run, verify
from cleaner.runs.driver import run_plan
from cleaner.storage import store
from cleaner.storage.commits import Committer, Marker, nondeterministic_parts, read_marker

STAGES: list[Any] = [
    {"normalise": {}},
    {"exact_dedup": {}},
    {"near_dedup": {"preset": "fineweb", "threshold": 0.7}},
]


@pytest.fixture
def corpus(tmp_path: Path, bucket: str) -> tuple[Path, str]:
    """The same three files on disk and in the bucket."""
    (tmp_path / "in").mkdir()
    for number in range(3):
        frame = pl.DataFrame({"text": texts(120, number)})
        frame = frame.with_columns(
            id=pl.int_range(pl.len()).cast(pl.String), url=pl.lit(None, pl.String),
            source=pl.lit("alpha"),
        )  # fmt: skip
        path = tmp_path / f"in/{number}.parquet"
        frame.write_parquet(path, row_group_size=40)
        store.write_whole(f"{bucket}/in/{number}.parquet", path.read_bytes())
    return tmp_path / "in", f"{bucket}/in"


def products(folder: str) -> dict[str, str]:
    """Return the SHA-256 of every product of a run."""
    return {
        file.path.removeprefix(folder): hashlib.sha256(store.read_bytes(file.path)).hexdigest()
        for place in ("shards", "ledger", "clusters", "index")
        for file in store.find(f"{folder}/{place}/**/*")
    }


def run_on(place: Path | str, folder: str) -> dict[str, Any]:
    plan = make_plan(parse_job(job([f"{place}/*.parquet"], *STAGES)))
    return run_plan(plan, folder, engine="inline")


def test_a_job_in_a_bucket_is_the_job_on_disk(
    corpus: tuple[Path, str], tmp_path: Path, bucket: str
) -> None:
    here = run_on(corpus[0], str(tmp_path / "run"))
    there = run_on(corpus[1], f"{bucket}/run")
    assert here["rows"] == there["rows"]
    assert products(str(tmp_path / "run")) == products(f"{bucket}/run")
    assert len(products(f"{bucket}/run")) > 3


def test_patterns_name_objects_as_they_name_files(tmp_path: Path, bucket: str) -> None:
    files = (
        "a.jsonl", "x/a.jsonl", "x/y/a.jsonl", "x/y/b.parquet", "x/.h/a.jsonl", "x/._a.jsonl",
        "old [v2]/a.jsonl", "old v/a.jsonl", "z/_SUCCESS", "z/part.jsonl",
    )  # fmt: skip
    for name in files:
        store.write_whole(f"{bucket}/{name}", b"{}")
        store.write_whole(f"{tmp_path}/{name}", b"{}")
    for pattern in (
        "*.jsonl", "*/a.jsonl", "**/*.jsonl", "x/**", "*/y/*", "x/{y/,}*.jsonl", "old [v2]/*",
        "x/.*", "**/y/**/*.parquet", "x/y/a.jsonl", "none/*", "x", "[az]*",
    ):  # fmt: skip
        there, here = ({f.path for f in store.find(f"{p}/{pattern}")} for p in (bucket, tmp_path))
        assert {path.removeprefix(bucket) for path in there} == {
            path.removeprefix(str(tmp_path)) for path in here
        }, pattern
    passed = Passed()
    assert [file.path for file in list_files([[f"{bucket}/z"]], passed=passed)] == [
        f"{bucket}/z/part.jsonl"
    ]
    assert "is a folder: reads 1 file (part.jsonl)" in passed.notes[0]


def test_what_lies_beside_a_component_is_not_listed(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        store.write_whole(f"{bucket}/a/{number % 3}/deep/er/{number}.jsonl", b"{}")
    store.write_whole(f"{bucket}/a/1/x.jsonl", b"{}")
    with FlakyProxy(server, every=10**9) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert len(store.find(f"{bucket}/a/*/x.jsonl")) == 1
        assert proxy.methods["GET"] + proxy.methods["HEAD"] < 10


@pytest.mark.parametrize("signed", [True, False])
def test_a_public_bucket_is_read_without_credentials(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch, signed: bool
) -> None:
    connection = http.client.HTTPConnection(server.removeprefix("http://"))
    path = f"/{bucket.removeprefix('s3://')}/a.jsonl"
    connection.request("PUT", path, b"{}", {"x-amz-acl": "public-read"})
    assert connection.getresponse().status == 200
    store.write_whole(f"{bucket}/private.jsonl", b"{}")
    with FlakyProxy(server, every=10**9) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        if not signed:
            monkeypatch.setenv("AWS_NO_SIGN_REQUEST", "1")
        assert store.read_bytes(f"{bucket}/a.jsonl") == b"{}"
        assert proxy.signed == signed
        if not signed:
            with pytest.raises(StorageError, match=r"refuses: .*\(403\)"):
                store.read_bytes(f"{bucket}/private.jsonl")


def test_a_missing_bucket_is_called_that_at_once(bucket: str) -> None:
    for path in (f"{bucket}-none/*.jsonl", f"{bucket}-none/a.jsonl", f"{bucket}-none/**"):
        begun = time.monotonic()
        with pytest.raises(
            (StorageError, InputError), match=f"no bucket {bucket[5:]}-none|no file"
        ):
            list_files([[path]])
        assert time.monotonic() - begun < 3
    with pytest.raises(StorageError, match="there is no bucket"):
        store.write_whole(f"{bucket}-none/a", b"")


def test_a_run_is_held_against_another_in_a_bucket(
    corpus: tuple[Path, str], tmp_path: Path, bucket: str
) -> None:
    run_on(corpus[1], f"{bucket}/first")
    stages = [
        {name: {**options, "against": f"{bucket}/first/"}}
        for stage in STAGES[1:]
        for name, options in stage.items()
    ]
    for place, folder in zip(corpus, (str(tmp_path / "run"), f"{bucket}/run"), strict=True):
        plan = make_plan(parse_job(job([f"{place}/*.parquet"], STAGES[0], *stages)))
        rows = run_plan(plan, folder, engine="inline")["rows"]
        assert (rows["in"], rows["kept"]) == (360, 0)
    assert products(str(tmp_path / "run")) == products(f"{bucket}/run")


def test_the_same_command_again_reads_only_the_manifest(
    corpus: tuple[Path, str], bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_on(corpus[1], f"{bucket}/run")
    with FlakyProxy(server, every=10**9) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert run_on(corpus[1], f"{bucket}/run") == first
        assert proxy.methods["PUT"] == proxy.methods["DELETE"] == 0


def test_failures_and_cuts_are_hidden(
    corpus: tuple[Path, str],
    tmp_path: Path,
    bucket: str,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "_PAUSE", 0.01)
    run_on(corpus[0], str(tmp_path / "run"))
    with FlakyProxy(server, every=4) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        done = run_on(corpus[1], f"{bucket}/run")
        assert set(proxy.faults) == set(FAULTS)
        assert done["rows"]["failed"] == 0
        assert done["failed_files"] == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    assert products(str(tmp_path / "run")) == products(f"{bucket}/run")


def test_few_requests_bring_a_row_group_or_a_stream(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(0)
    columns = {name: [draw.randbytes(20).hex() for _ in range(1000)] for name in "abcde"}
    frame = pl.DataFrame({"text": [draw.randbytes(3000).hex() for _ in range(1000)], **columns})
    whole = io.BytesIO()
    frame.write_parquet(whole, row_group_size=1000)
    store.write_whole(f"{bucket}/a.parquet", whole.getvalue())
    lines = gzip.compress(frame.write_ndjson().encode(), 1)
    store.write_whole(f"{bucket}/a.jsonl.gz", lines)
    assert min(whole.tell(), len(lines)) > 3_000_000
    with FlakyProxy(server, every=10**9) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        with open_parquet(f"{bucket}/a.parquet") as parquet:
            assert pl.from_arrow(parquet.read_row_group(0)).equals(frame)
        # The footer, the text, and the other columns together.
        assert proxy.methods.total() <= 4
        proxy.methods.clear()
        with store.open_input(f"{bucket}/a.jsonl.gz") as file, gzip.open(file) as packed:
            assert sum(1 for _ in packed) == 1000
        assert proxy.methods.total() <= 4


def test_a_storm_of_refusals_ends_in_the_same_bytes(
    corpus: tuple[Path, str],
    tmp_path: Path,
    bucket: str,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every fifth request is answered 503, of whatever kind it is."""
    monkeypatch.setattr(store, "_PAUSE", 0.01)
    monkeypatch.setattr("support.flaky_proxy.FAULTS", ("busy",))
    run_on(corpus[0], str(tmp_path / "run"))
    with FlakyProxy(server, every=5) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        done = run_on(corpus[1], f"{bucket}/run")
        assert proxy.faults["busy"] >= sum(proxy.methods.values()) // 5 > 10
    assert (done["rows"]["failed"], done["failed_files"]) == (0, [])
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    assert products(str(tmp_path / "run")) == products(f"{bucket}/run")
    assert verify(open_run(f"{bucket}/run")) == []


def test_two_drivers_at_once_in_a_bucket_end_in_the_same_bytes(
    corpus: tuple[Path, str], tmp_path: Path, bucket: str
) -> None:
    run_on(corpus[0], str(tmp_path / "run"))
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(job([f"{corpus[1]}/*.parquet"], *STAGES)))
    command = [sys.executable, "-m", "cleaner", "run", str(file), "--engine", "inline"]
    both = [
        subprocess.Popen(
            [*command, "--out", f"{bucket}/run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=300)[1].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert products(str(tmp_path / "run")) == products(f"{bucket}/run")
    assert verify(open_run(f"{bucket}/run")) == []


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl.gz", ".warc"])
def test_a_store_that_goes_on_failing_condemns_no_row(
    corpus: tuple[Path, str],
    bucket: str,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
) -> None:
    from support.good_files import GOOD

    monkeypatch.setattr(store, "_PAUSE", 0.001)
    monkeypatch.setattr(store, "_TRIES", 2)
    path = f"{bucket}/a{suffix}"
    store.write_whole(path, GOOD[suffix])
    pages = "warc" in suffix
    columns = Columns("payload" if pages else None, None if pages else "text", None, {}, {}, {}, {})
    kind = suffix.split(".")[1]
    (file,), _ = read_footers(list_files([[path]]))
    piece = Piece(0, path, file.etag, 0, kind)
    with FlakyProxy(server, every=1, only=("GET",)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        with pytest.raises(StorageError, match=r"failed 2 times.*the same command continues"):
            list(read_parts([piece], [columns], 1 << 20))
        if kind == "parquet":
            with pytest.raises(StorageError):
                read_footers(list_files([[path]]))


def test_a_missing_object_is_an_input_error_at_once(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_TRIES", 1)
    assert store.find(f"{bucket}/no*") == []
    with pytest.raises(InputError, match="cannot be opened"):
        store.open_input(f"{bucket}/none.parquet")
    with pytest.raises(StorageError, match="there is no bucket no-such-bucket-at-all"):
        store.open_input("s3://no-such-bucket-at-all/none.parquet")


def test_listing_reading_and_deleting(bucket: str) -> None:
    for name in ("b.parquet", "a.parquet", "deep/c.parquet", "d.txt"):
        store.write_whole(f"{bucket}/x/{name}", name.encode())
    found = [file.path.removeprefix(bucket) for file in store.find(f"{bucket}/x/*.parquet")]
    assert found == ["/x/a.parquet", "/x/b.parquet"]
    assert len(store.find(f"{bucket}/x/**/*.parquet")) == 3
    assert store.names(f"{bucket}/x") == ["a.parquet", "b.parquet", "d.txt"]
    assert store.names(f"{bucket}/nothing") == []
    assert store.read_bytes(f"{bucket}/x/deep/c.parquet") == b"deep/c.parquet"
    with store.open_input(f"{bucket}/x/a.parquet") as file:
        assert (file.size(), file.read(2), file.read(), file.read()) == (
            9, b"a.", b"parquet", b"",
        )  # fmt: skip
        assert file.read_at(3, 2) == b"par"
    store.delete(f"{bucket}/x/d.txt")
    store.delete(f"{bucket}/x/d.txt")
    assert not store.exists(f"{bucket}/x/d.txt")
    store.delete_folder(f"{bucket}/x")
    assert store.find(f"{bucket}/x/**") == []


def test_the_first_to_put_stands(bucket: str) -> None:
    assert store.put_if_absent(f"{bucket}/m.json", b"first")
    assert not store.put_if_absent(f"{bucket}/m.json", b"second")
    assert store.read_bytes(f"{bucket}/m.json") == b"first"


def attempt(bucket: str, exact: bool = True) -> Committer:
    return Committer(
        f"{bucket}/run", "00-map", "000000", "a" * 16, exact=exact, stages="0.normalise"
    )


@pytest.mark.parametrize("exact", [True, False])
def test_of_attempts_at_the_same_moment_one_stands(bucket: str, exact: bool) -> None:
    """All have looked and found no marker: only the store itself can tell who was first."""

    def made(data: bytes) -> Marker:
        return attempt(bucket, exact).commit(0, True, {"text": data}, {"rows": 1})

    with ThreadPoolExecutor(8) as pool:
        stands = set(pool.map(lambda _: made(b"one").body(), range(8)))
    (name,) = store.names(f"{bucket}/run/_work/00-map/_commits")
    marker = read_marker(f"{bucket}/run", "00-map", name)
    assert marker is not None
    assert stands == {marker.body()}
    (data,) = store.names(f"{bucket}/run/_work/00-map/data")  # all others removed their own
    assert marker.files["text"]["path"].endswith(data)
    if exact:
        with pytest.raises(AccountError, match=r"different bytes \(0\.normalise\)"):
            made(b"two")
        return
    assert made(b"two").body() == marker.body()
    assert store.read_bytes(f"{bucket}/run/{marker.files['text']['path']}") == b"one"
    assert len(nondeterministic_parts(f"{bucket}/run", "00-map", [marker])) == 1


def test_an_answer_that_was_lost_hides_no_marker(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store wrote it and the connection broke: the next try finds it, and it is one's own."""
    monkeypatch.setattr(store, "_PAUSE", 0.001)
    with FlakyProxy(server, every=2, only=("PUT",)) as proxy:
        monkeypatch.setattr("support.flaky_proxy.FAULTS", ("lose-answer",))
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        won = [store.put_if_absent(f"{bucket}/{n}", b"mine%d" % n) for n in range(6)]
        assert won == [True] * 6
        assert proxy.faults["lose-answer"] >= 3
        assert [store.put_if_absent(f"{bucket}/{n}", b"other") for n in range(6)] == [False] * 6


def test_a_store_that_overwrites_takes_no_run(
    corpus: tuple[Path, str], bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FlakyProxy(server, every=10**9, ignored=("if-none-match",)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        with pytest.raises(StorageError, match="overwrites what it is asked to write only if"):
            run_on(corpus[1], f"{bucket}/run")


def test_an_output_that_fails_leaves_nothing(bucket: str) -> None:
    def fail(size: int) -> None:
        with store.open_output(f"{bucket}/shard.parquet") as sink:
            sink.write(b"x" * size)
            raise RuntimeError("the writer failed")

    for size in (10, 12 << 20):
        with pytest.raises(RuntimeError, match="the writer failed"):
            fail(size)
        assert not store.exists(f"{bucket}/shard.parquet")


def test_nothing_is_renamed_or_copied(
    corpus: tuple[Path, str], bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = []
    with FlakyProxy(server, every=10**9) as proxy:
        handler = proxy._server.RequestHandlerClass
        whole = handler._pass  # type: ignore[attr-defined]

        def watched(self: Any) -> None:
            if "x-amz-copy-source" in self.headers:
                copies.append(self.path)
            whole(self)

        monkeypatch.setattr(handler, "do_PUT", watched)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        run_on(corpus[1], f"{bucket}/run")
        assert proxy.methods["PUT"] > 10
    assert copies == []


@pytest.mark.parametrize("point", ["data", "marker", "after"])
def test_a_run_killed_in_a_bucket_continues_to_the_same_bytes(
    corpus: tuple[Path, str], tmp_path: Path, bucket: str, point: str
) -> None:
    run_on(corpus[0], str(tmp_path / "whole"))
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(job([f"{corpus[1]}/*.parquet"], *STAGES)))
    folder = f"{bucket}/run"
    phase = next(p.name for p in sorted((tmp_path / "whole/_work").iterdir()) if "01" in p.name)
    command = [sys.executable, "-m", "cleaner", "run", str(file), "--engine", "inline"]
    dead = subprocess.run(
        [*command, "--out", folder],
        env={**os.environ, "CLEANER_FAILPOINT": f"{phase}:*:{point}"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    assert not store.exists(f"{folder}/manifest.json")
    first = markers(folder)
    run_on(corpus[1], folder)
    after = markers(folder)
    assert first
    assert {path: after[path] for path in first} == first
    assert products(folder) == products(str(tmp_path / "whole"))


def markers(folder: str) -> dict[str, str]:
    """Return every commit marker with its time: committed work is never done again."""
    return {file.path: file.etag for file in store.find(f"{folder}/_work/**/*.json")
            if "/_commits/" in file.path}  # fmt: skip


@pytest.mark.parametrize("step", ["shards*", "whole"])
def test_a_replacement_in_a_bucket_is_swapped_in_by_whoever_comes_next(
    corpus: tuple[Path, str], tmp_path: Path, bucket: str, step: str
) -> None:
    run_on(corpus[0], str(tmp_path / "whole"))
    folder, file = f"{bucket}/run", tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(job([f"{corpus[1]}/*.parquet"], STAGES[0])))
    command = [sys.executable, "-m", "cleaner", "run", str(file), "--engine", "inline"]

    def command_ends(*words: str, **env: str) -> int:
        done = subprocess.run(
            [*command, "--out", folder, *words], env={**os.environ, **env}, capture_output=True,
            check=False, timeout=300,
        )  # fmt: skip
        return done.returncode

    assert command_ends() == 0
    file.write_text(yaml.safe_dump(job([f"{corpus[1]}/*.parquet"], *STAGES)))
    assert command_ends() == 2
    dead = command_ends("--replace", CLEANER_FAILPOINT=f"swap:{step}:data")
    assert dead == -signal.SIGKILL
    with pytest.raises(InputError, match="a replacement is being swapped in"):
        _ = open_run(folder).manifest
    run_on(corpus[1], folder)
    assert verify(open_run(folder)) == []
    assert products(folder) == products(str(tmp_path / "whole"))
    assert not store.find(f"{folder}/_next/**")
