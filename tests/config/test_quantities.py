"""Large whole numbers as people write them."""

from typing import Any

import pytest

from cleaner.config.quantities import quantity
from cleaner.errors import JobError
from cleaner.job.job_file import parse_job


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("200MB", 200_000_000), ("100M", 100_000_000), ("1.5 GB", 1_500_000_000), ("2k", 2_000),
        ("64KiB", 65_536), (" 7 ", 7), ("100_000_000", 100_000_000), ("512B", 512), (9, 9),
        # No quantity: whoever asked says so.
        ("MB", "MB"), ("5 bananas", "5 bananas"), ("-3M", "-3M"), ("3iB", "3iB"), ("", ""),
    ],
)  # fmt: skip
def test_a_number_is_what_it_says(written: Any, number: Any) -> None:
    assert quantity(written) == number


def test_a_job_takes_sizes_as_they_are_written() -> None:
    job = {"name": "a", "input": {"paths": "a.parquet", "text": "text"}}
    assert parse_job({**job, "output": {"shard_bytes": "200MB"}}).output.shard_bytes == 200_000_000
    assert parse_job({**job, "output": {"shard_tokens": "100M"}}).output.shard_tokens == 100_000_000
    with pytest.raises(JobError, match="shard_bytes"):
        parse_job({**job, "output": {"shard_bytes": "0MB"}})
    with pytest.raises(JobError, match="at_least"):
        parse_job({**job, "output": {"shards": {"at_least": 0}}})
