"""What a run asks of its storage: a good one does all of it, and what one lacks is named."""

from pathlib import Path

import pytest
from support.flaky_proxy import FlakyProxy

from cleaner.runs.doctor import examine
from cleaner.storage import store
from cleaner.storage.probe import probe


def wrong(folder: str) -> dict[str, str]:
    return {name: fault for name, fault in probe(folder) if fault is not None}


def test_a_folder_and_a_bucket_do_all_that_is_asked(tmp_path: Path, bucket: str) -> None:
    assert wrong(f"{tmp_path}/new") == {}
    assert wrong(f"{bucket}/runs") == {}
    assert wrong(bucket) == {}
    assert store.find(f"{bucket}/**") == []
    assert store.below(str(tmp_path), deep=True) == []


def test_a_store_that_overwrites_is_told_so(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FlakyProxy(server, every=10**9, ignored=("if-none-match",)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert wrong(bucket) == {
            "put if absent": "8 of 8 at the same moment are told that they were the first"
        }


def test_a_store_that_knows_no_condition_is_told_which_header_may_help(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FlakyProxy(server, every=10**9, forbids="x-oss-forbid-overwrite") as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert "CLEANER_CREATE_HEADER" in wrong(bucket)["put if absent"]
        monkeypatch.setenv("CLEANER_CREATE_HEADER", "x-oss-forbid-overwrite: true")
        assert wrong(bucket) == {}


@pytest.mark.parametrize(
    ("method", "named"), [("DELETE", {"move", "delete"}), ("POST", {"write in parts"})]
)
def test_what_a_store_refuses_is_named(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch, method: str, named: set[str]
) -> None:
    with FlakyProxy(server, every=10**9, denies=(method,)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        found = wrong(bucket)
        assert named <= set(found) <= named | {"delete"}
        assert all("AccessDenied (403)" in fault for fault in found.values())


@pytest.mark.usefixtures("bucket")
def test_where_nothing_can_be_written_nothing_else_is_tried(tmp_path: Path) -> None:
    checks = [check for check in examine("s3://no-such-bucket/runs") if "s3://" in check.name]
    assert [(check.name, check.good) for check in checks] == [
        ("s3://no-such-bucket/runs: write and read", False)
    ]
    assert "there is no bucket no-such-bucket" in checks[0].found
    (tmp_path / "file").write_text("")
    checks = [check for check in examine(f"{tmp_path}/file/out") if str(tmp_path) in check.name]
    assert [check.good for check in checks] == [False]
