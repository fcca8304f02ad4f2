"""Dates in the forms in which corpora write them, as moments that can be compared."""

import polars as pl

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]?\\s+)?"
_MONTH = f"(?<name>{'|'.join(_MONTHS)})[a-z]*[.,]?"
_FRACTION = r"[.,](?<fraction>\d{1,6})\d*"
_TIME = rf"(?<hour>\d{{1,2}}):(?<minute>\d\d)(?::(?<second>\d\d)(?:{_FRACTION})?)?"
_ZONE = r"\s*(?<zone>z|[+-]\d\d:?\d\d|[+-]\d\d|[a-z]{2,4})?(?:\s*\(?[a-z]{1,5}\)?)?"
_DAY = r"(?<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?<year>\d{4})"
# Each form of lower-case text, the most usual first; a date is read by the first that fits.
_FORMS = tuple(
    f"^{form}$"
    for form in (
        # ISO 8601 and its kin: 2024-01-05T10:00:00Z, 2024/1/5 10:00, 2024.01, 2024年1月5日
        rf"{_YEAR}[-/.年](?<month>\d{{1,2}})(?:[-/.月]{_DAY}日?(?:[t\s]\s*{_TIME}{_ZONE})?|月)?",
        # its basic form, 20240105T100000Z, and the digits of an index of captures, cut anywhere
        rf"{_YEAR}(?<month>\d\d)(?<day>\d\d)[t\s](?<hour>\d\d):?(?<minute>\d\d)"
        rf"(?::?(?<second>\d\d)(?:{_FRACTION})?)?{_ZONE}",
        rf"{_YEAR}年?",
        rf"{_YEAR}(?<month>\d\d)(?:(?<day>\d\d)(?:(?<hour>\d\d)(?<minute>\d\d)"
        r"(?:(?<second>\d\d)(?<fraction>\d{3})?)?)?)?",
        # RFC 2822, RFC 850: Fri, 5 Jan 2024 10:00:00 +0000, Friday, 05-Jan-24 10:00:00 GMT
        rf"{_DAYS}{_DAY}[-\s]+{_MONTH}[-\s]+(?<year>\d{{4}}|\d\d)(?:,?\s+{_TIME}{_ZONE})?",
        # Jan 5, 2024, 10:00; and as C and `date` write it: Fri Jan  5 10:00:00 UTC 2024
        rf"{_DAYS}{_MONTH}\s+{_DAY},?\s+{_YEAR}(?:,?\s+{_TIME}{_ZONE})?",
        rf"{_DAYS}{_MONTH}\s+{_DAY}\s+{_TIME}\s+(?:(?<zone>[a-z]{{2,4}})\s+)?{_YEAR}",
        rf"{_MONTH}\s+{_YEAR}",
    )
)
_NUMBER = r"^\d+(\.\d+)?(e\+?\d+)?$"
# Seconds since 1970 up to here are taken for such; then thousandths, millionths, billionths.
_LEAST, _SECONDS, _MILLIS, _MICROS = 1e8, 1e11, 1e14, 1e17  # from 1973, to the year 5138
# RFC 2822, section 4.3; any other name says nothing, and UTC is meant.
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}


def moments(dates: pl.Series) -> pl.Series:
    """Return dates as microseconds since 1970 in UTC; null for what is no date.

    What a date leaves out is its beginning: a year is its first moment, no zone is UTC.

    >>> moments(pl.Series(["1970-01-01 00:00:01", "Thu, 1 Jan 1970 01:00 +0100", "soon"])).to_list()
    [1000000, 0, None]
    """
    if dates.dtype == pl.Date:
        dates = dates.cast(pl.Datetime("us"))
    if isinstance(dates.dtype, pl.Datetime):
        return dates.dt.epoch("us")
    if dates.dtype != pl.String and not dates.dtype.is_numeric():
        return pl.Series(dates.name, [None], pl.Int64).new_from_index(0, len(dates))
    text = dates.cast(pl.String).str.to_lowercase().str.strip_chars()
    found = pl.Series(dates.name, [None], pl.Int64).new_from_index(0, len(text))
    for form in _FORMS:
        if not (left := found.is_null() & text.is_not_null()).any():
            return found
        if (fits := left & text.str.contains(form).fill_null(False)).any():
            read = _read(text.filter(fits), form)
            found = found.scatter(fits.arg_true(), read)
    return found.fill_null(_epochs(text))


def _read(text: pl.Series, form: str) -> pl.Series:
    """Return moments of text that fits a form; null where a month has no such day, or the like."""
    groups = text.str.extract_groups(form).struct.unnest()

    def number(name: str, default: int) -> pl.Expr:
        if name not in groups.columns:
            return pl.lit(default, pl.Int64)
        return pl.col(name).cast(pl.Int64, strict=False).fill_null(default)

    year = number("year", 0)
    century = pl.when(year < 70).then(2000).otherwise(1900)
    if "year" in groups.columns:
        year = year + pl.when(pl.col("year").str.len_chars() == 2).then(century).otherwise(0)
    month = number("month", 1)
    if "name" in groups.columns:
        names = {name: place for place, name in enumerate(_MONTHS, 1)}
        month = pl.col("name").replace_strict(names, return_dtype=pl.Int64)
    fraction = pl.lit(0, pl.Int64)
    if "fraction" in groups.columns:
        fraction = pl.col("fraction").str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    offset = _offset(groups)
    table = groups.select(
        year=year, month=month, day=number("day", 1), hour=number("hour", 0),
        minute=number("minute", 0), second=number("second", 0), fraction=fraction, offset=offset,
    )  # fmt: skip
    clock = (pl.col("hour") * 60 + pl.col("minute") - pl.col("offset")) * 60 + pl.col("second")
    leap = ((pl.col("year") % 4 == 0) & (pl.col("year") % 100 != 0)) | (pl.col("year") % 400 == 0)
    short = pl.col("month").is_in([4, 6, 9, 11])
    longest = (
        pl.when(pl.col("month") == 2)
        .then(28 + leap.cast(pl.Int64))
        .otherwise(31 - short.cast(pl.Int64))
    )
    good = (
        pl.col("year").is_between(1, 9999)
        & pl.col("month").is_between(1, 12)
        & pl.col("day").is_between(1, longest)
        & (pl.col("hour") <= 24)
        & (pl.col("minute") < 60)
        & (pl.col("second") <= 60)
    )
    moment = (_days() * 86_400 + clock) * 1_000_000 + pl.col("fraction")
    return table.select(pl.when(good).then(moment).otherwise(None)).to_series()


def _days() -> pl.Expr:
    """Return the days since 1970 of a date of our calendar; its year is taken to begin in March."""
    year = pl.col("year") - (pl.col("month") <= 2).cast(pl.Int64)
    month = (pl.col("month") + 9) % 12
    leaps = year // 4 - year // 100 + year // 400
    return year * 365 + leaps + (month * 153 + 2) // 5 + pl.col("day") - 1 - 719_468


def _offset(groups: pl.DataFrame) -> pl.Expr:
    """Return the minutes by which a clock is ahead of UTC."""
    if "zone" not in groups.columns:
        return pl.lit(0, pl.Int64)
    zone = pl.col("zone").fill_null("z").str.replace(":", "", literal=True)
    digits = zone.str.slice(1).str.pad_end(4, "0").cast(pl.Int64, strict=False).fill_null(0)
    ahead = digits // 100 * 60 + digits % 100
    named = zone.replace_strict(_ZONES, default=0, return_dtype=pl.Int64) * 60
    return pl.when(zone.str.starts_with("-")).then(-ahead).otherwise(ahead) + named


def _epochs(text: pl.Series) -> pl.Series:
    """Return moments of numbers that count from 1970, in the unit that their size tells."""
    number = pl.when(text.str.contains(_NUMBER)).then(text)
    value = number.cast(pl.Float64, strict=False)
    # A whole number keeps all of its digits.
    whole = number.cast(pl.Int64, strict=False)
    nanos = whole.fill_null(value.cast(pl.Int64, strict=False)) // 1000
    micros = (
        pl.when(value < _LEAST)
        .then(None)
        .when(value < _SECONDS)
        .then((value * 1e6).round().cast(pl.Int64, strict=False))
        .when(value < _MILLIS)
        .then((value * 1e3).round().cast(pl.Int64, strict=False))
        .when(value < _MICROS)
        .then(value.round().cast(pl.Int64, strict=False))
        .otherwise(nanos)
    )
    return pl.select(micros).to_series()
