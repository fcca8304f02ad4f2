"""About how many rows files have that do not say it, from their beginnings."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
import zstandard

from cleaner.corpus.files import InputFile, read_footers
from cleaner.corpus.listing import list_files
from cleaner.corpus.row_estimate import about_rows


def lines(rows: int, words: int) -> bytes:
    made = (json.dumps({"n": n, "text": f"word{n * 7919 % 9973} " * words}) for n in range(rows))
    return "\n".join(made).encode()


def record(number: int, words: int) -> bytes:
    body = f"page {number} of {number * 7919 % 9973} ".encode() * words
    head = (
        "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://a.example/\r\n"
        f"WARC-Record-ID: <urn:x:{number}>\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def listed(at: Path) -> list[InputFile]:
    found, failed = read_footers(list_files([(f"{at}/*",)]))
    assert not failed
    return found


@pytest.mark.parametrize("words", [30, 900])
@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "jsonl.zst", "warc.wet.gz"])
def test_files_hold_as_many_rows_as_their_beginnings_say(
    tmp_path: Path, kind: str, words: int
) -> None:
    """Larger files than are looked into, of small and of large rows."""
    rows = 3_000_000 // words
    for part in range(2):
        if kind == "jsonl":
            data = lines(rows, words)
        elif kind == "jsonl.gz":
            data = gzip.compress(lines(rows, words), 1)
        elif kind == "jsonl.zst":
            data = zstandard.ZstdCompressor().compress(lines(rows, words))
        else:
            data = b"".join(gzip.compress(record(n, words), 1) for n in range(rows // 10))
        (tmp_path / f"{part}.{kind}").write_bytes(data)
    true = 2 * (rows if kind != "warc.wet.gz" else rows // 10)
    assert about_rows(listed(tmp_path), -1) == pytest.approx(true, rel=0.03)


def test_parquet_says_its_rows_and_other_files_are_counted_beside_it(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["a"] * 700}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_bytes(lines(50, 3) + b"\n\n\n")
    assert about_rows(listed(tmp_path), -1) == 750


def test_a_broken_file_is_left_out_and_only_broken_ones_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl.gz").write_bytes(b"no gzip at all")
    assert about_rows(listed(tmp_path), 12) == 12
    (tmp_path / "good.jsonl.gz").write_bytes(gzip.compress(lines(400, 9), 1))
    assert 400 <= about_rows(listed(tmp_path), 12) < 410


def test_an_empty_input_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert about_rows(listed(tmp_path), 5) == 0
