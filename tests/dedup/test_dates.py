"""Dates as corpora write them; what is none is null."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.corpus_maker import texts, write_parquet

from cleaner.dedup.dates import moments
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan

SAME = datetime(2024, 2, 29, 8, 5, 9, tzinfo=UTC)
WRITTEN = [
    "2024-02-29T08:05:09Z", "2024-02-29 08:05:09", "2024-02-29T08:05:09.000+00:00",
    "2024-02-29T10:05:09+02:00", "2024-02-29T03:35:09-0430", "2024-02-29t08:05:09z",
    "2024-02-29 08:05:09 UTC", "2024-02-29 08:05:09 +0000 UTC", "2024/02/29 08:05:09",
    "2024/2/29 8:05:09", "2024.02.29 08:05:09", "2024年2月29日 08:05:09",
    "20240229T080509Z", "20240229T080509", "20240229T100509+0200", "20240229T08:05:09Z",
    "20240229080509", "20240229080509000", "Thu, 29 Feb 2024 08:05:09 +0000",
    "Thu, 29 Feb 2024 08:05:09 GMT", "29 Feb 2024 03:05:09 EST", "Thursday, 29-Feb-24 08:05:09 GMT",
    "Thu Feb 29 08:05:09 2024", "Thu Feb 29 08:05:09 UTC 2024", "February 29, 2024 08:05:09",
    "29th February 2024, 08:05:09", "Thu, 29 Feb 2024 09:05:09 +0100 (CET)", "1709193909",
    "1709193909.0", "1709193909000", "1709193909000000", "1709193909000000000", "1.709193909e9",
    "1.709193909e12", "  2024-02-29T08:05:09Z\n",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_one_moment_in_many_forms(text: str) -> None:
    assert moments(pl.Series([text])).to_list() == [int(SAME.timestamp()) * 1_000_000]


def test_they_may_stand_in_one_column() -> None:
    found = moments(pl.Series([*WRITTEN, None, "no date"]))
    assert found.n_unique() == 2
    assert found.null_count() == 2


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("2024", (2024, 1, 1)), ("2024-03", (2024, 3, 1)), ("202403", (2024, 3, 1)),
        ("2024/03", (2024, 3, 1)), ("2024年3月", (2024, 3, 1)), ("March 2024", (2024, 3, 1)),
        ("20240305", (2024, 3, 5)), ("2024-03-05", (2024, 3, 5)), ("2024-3-5", (2024, 3, 5)),
        ("2024/03/05", (2024, 3, 5)), ("5 Mar 2024", (2024, 3, 5)), ("Mar 5, 2024", (2024, 3, 5)),
        ("2024-03-05 10:20", (2024, 3, 5, 10, 20)), ("2024-03-05T10:20Z", (2024, 3, 5, 10, 20)),
        ("202403051020", (2024, 3, 5, 10, 20)), ("20240305T1020Z", (2024, 3, 5, 10, 20)),
        ("1999-12-31T24:00", (2000, 1, 1)), ("0999-01-01", (999, 1, 1)),
    ],
)  # fmt: skip
def test_what_is_left_out_is_the_beginning(text: str, begins: tuple[int, ...]) -> None:
    moment = datetime(*begins, tzinfo=UTC)  # type: ignore[arg-type,misc]
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert moments(pl.Series([text]))[0] == since.days * 86_400_000_000 + since.seconds * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "n/a", "2023-02-29", "2024-13-01", "2024-00-10", "20240431", "0", "7", "12345",
        "99999999", "-1709193909", "01/02/2024", "2024-01-01T25:00", "31 Foo 2024", "1e400",
        "2024-01-01 and more", "https://a.example/2024/01/01", "99999999999999999999999",
    ],
)  # fmt: skip
def test_what_is_no_date_is_null(text: str) -> None:
    assert moments(pl.Series([text])).to_list() == [None]


@pytest.mark.parametrize(
    "numbers", [[1709193909, None], [1709193909.0, None], [1709193909000, None]]
)
def test_numbers_are_read_as_their_text(numbers: list[float | None]) -> None:
    assert moments(pl.Series(numbers)).to_list() == [1709193909_000_000, None]


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("utc", 0), ("gmt", 0), ("est", -5), ("edt", -4), ("cst", -6), ("cdt", -5), ("mst", -7),
     ("mdt", -6), ("pst", -8), ("pdt", -7), ("cet", 0), ("+05:30", 5.5), ("-0330", -3.5),
     ("+09", 9), ("-12", -12)],
)  # fmt: skip
def test_a_zone_is_so_many_hours_ahead(zone: str, hours: float) -> None:
    (found,) = moments(pl.Series([f"5 Mar 2024 12:00:00 {zone}"]))
    assert found == moments(pl.Series(["2024-03-05T12:00Z"]))[0] - hours * 3_600_000_000


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("2000-02-29", True), ("1900-02-29", False), ("1904-02-29", True), ("2100-02-29", False),
        ("2101-02-29", False), ("2024-02-30", False), ("2023-02-28", True), ("2024-04-30", True),
        ("2024-06-31", False), ("2024-09-31", False), ("2024-11-31", False), ("2024-01-31", True),
        ("2024-03-31", True), ("2024-05-31", True), ("2024-07-31", True), ("2024-08-31", True),
        ("2024-10-31", True), ("2024-12-31", True), ("2024-12-32", False), ("2024-01-00", False),
        ("0000-05-05", False), ("0001-01-01", True), ("9999-12-31", True), ("2024-12-01", True),
        ("2024-01-01T24:00", True), ("2024-01-01T25:00", False), ("2024-01-01T10:59", True),
        ("2024-01-01T10:60", False), ("2024-01-01T10:00:60", True),
        ("2024-01-01T10:00:61", False), ("2024-01-01T10:00:59.9999999", True),
    ],
)  # fmt: skip
def test_a_day_is_there_or_not(text: str, there: bool) -> None:
    assert moments(pl.Series([text])).is_not_null().to_list() == [there]


@pytest.mark.parametrize(
    ("text", "year"), [("05-Jan-69", 2069), ("05-Jan-70", 1970), ("05-Jan-99", 1999),
                       ("05-Jan-00", 2000), ("05-Jan-1969", 1969)]
)  # fmt: skip
def test_years_of_two_digits_begin_in_1970(text: str, year: int) -> None:
    assert moments(pl.Series([text])).to_list() == moments(pl.Series([f"{year}-01-05"])).to_list()


@pytest.mark.parametrize(
    ("fraction", "micros"),
    [("5", 500_000), ("05", 50_000), ("000001", 1), ("1234567", 123_456), ("25", 250_000)],
)
@pytest.mark.parametrize("mark", [".", ","])
def test_fractions_of_a_second_are_read_to_a_millionth(
    fraction: str, micros: int, mark: str
) -> None:
    (found,) = moments(pl.Series([f"1970-01-01T00:00:00{mark}{fraction}Z"]))
    assert found == micros


@pytest.mark.parametrize(
    ("number", "micros"),
    [
        ("100000000", 100_000_000_000_000), ("99999999.9", None),
        ("99999999999", 99_999_999_999_000_000), ("100000000000", 100_000_000_000_000),
        ("99999999999996", 99_999_999_999_996_000), ("100000000000000", 100_000_000_000_000),
        ("99999999999999984", 99_999_999_999_999_984),
        ("100000000000000000", 100_000_000_000_000), ("1709193909123456789", 1709193909123456),
        ("1.5e8", 150_000_000_000_000), ("1e+9", 1_000_000_000_000_000),
        ("1709193909.25", 1_709_193_909_250_000), ("1.709193909123e18", 1709193909123000),
    ],
)  # fmt: skip
def test_numbers_count_from_1970_in_the_unit_of_their_size(number: str, micros: int | None) -> None:
    assert moments(pl.Series([number])).to_list() == [micros]


def test_every_month_has_its_name() -> None:
    names = ["January", "Feb", "mar.", "April", "May", "June", "Jul", "AUG", "Sept.", "Oct", "Nov",
             "December"]  # fmt: skip
    found = moments(pl.Series([f"{name} 5, 2024" for name in names]))
    assert (
        found.to_list()
        == moments(pl.Series([f"2024-{month:02}-05" for month in range(1, 13)])).to_list()
    )


@pytest.mark.parametrize(
    "values", [[True, None, False], [[1], None, [2, 3]], [b"2024", None, b"x"]]
)
def test_what_is_neither_text_nor_number_nor_time_is_no_date(values: list) -> None:
    assert moments(pl.Series("date", values)).to_list() == [None, None, None]


def test_dates_and_times_are_what_they_are() -> None:
    days = pl.Series([datetime(1970, 1, 2).date(), None])
    assert moments(days).to_list() == [86_400_000_000, None]
    for unit in ("ms", "us", "ns"):
        times = pl.Series([datetime(1970, 1, 1, 0, 0, 1), None], dtype=pl.Datetime(unit))
        assert moments(times).to_list() == [1_000_000, None]
    assert moments(pl.Series([], dtype=pl.String)).to_list() == []


def test_a_date_is_read_by_its_own_form_beside_others() -> None:
    # The first form reads the first alone; nothing of it may touch the others.
    mixed = pl.Series(["2024-03-05", "Mar 5, 2024", None, "20240305", "soon", "1709596800"])
    day = 1_709_596_800_000_000
    assert moments(mixed).to_list() == [day, day, None, day, None, day]


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
def test_every_day_is_the_one_of_the_calendar(moment: datetime) -> None:
    since = moment - datetime(1970, 1, 1)
    whole = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    texts = [moment.isoformat(), f"{moment.isoformat(sep=' ')}Z"]
    assert moments(pl.Series(texts)).to_list() == [whole, whole]


def test_the_newest_stays_in_a_run_and_what_is_unread_is_told(tmp_path: Path) -> None:
    dates = ["20240101000000", "20240301000000", "3 days ago", "1600000000", "1700000000", "soon"]
    frame = {"text": texts(6), "url": ["http://a.example/x"] * 3 + ["http://b.example/y"] * 3}
    pl.DataFrame({**frame, "date": dates, "id": list("abcdef")}).write_parquet(
        tmp_path / "a.parquet"
    )
    entry = {"paths": str(tmp_path / "a.parquet"), "text": "text"}
    entry |= {name: name for name in ("url", "date", "id")}
    plain = {"name": "dates", "input": entry, "stages": [{"exact_dedup": "url"}]}
    warnings: list[str] = []
    plan = make_plan(parse_job(plain))
    run_plan(plan, str(tmp_path / "run"), engine="inline", warn=warnings.append)
    kept = pl.read_parquet(tmp_path / "run/ledger/*.parquet").filter(fate="kept")
    assert sorted(kept["id"]) == ["b", "e"]
    assert [said for said in warnings if "dates" in said] == [
        "0.exact_dedup: 2 of 6 dates (33.3%) cannot be read, such as '3 days ago'; those documents "
        "are the last to be kept"
    ]


def test_dates_that_are_all_read_are_no_warning(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", 20, date=["2024", None] * 10)
    entry = {"paths": str(tmp_path / "a.parquet"), "text": "text", "url": "url", "date": "date"}
    plain = {"name": "dates", "input": entry, "stages": [{"near_dedup": {"keep": "newest"}}]}
    warnings: list[str] = []
    plan = make_plan(parse_job(plain))
    run_plan(plan, str(tmp_path / "run"), engine="inline", warn=warnings.append)
    assert warnings == []
