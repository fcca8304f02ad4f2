"""Numbers and foreign text as a person reads them."""

from itertools import pairwise

# What moves a terminal's cursor, or turns the order of what follows: from a corpus, never from us.
_UNSEEN = (*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN = {code: "\N{REPLACEMENT CHARACTER}" for code in _UNSEEN if chr(code) not in "\n\t"}
_ESCAPED = {code: f"\\u{code:04x}" for code in _UNSEEN if code >= 0x7F}


def visible(text: str) -> str:
    """Return text without what would command a terminal.

    >>> visible("red: \\x1b[31m, end")
    'red: �[31m, end'
    """
    return text.translate(_SHOWN)


def escaped(json: str) -> str:
    """Return JSON in which such characters, where JSON itself allows them bare, are escaped."""
    return json.translate(_ESCAPED)


def size_text(count: float) -> str:
    """Return bytes in the largest fitting unit of 1000.

    >>> size_text(1234), size_text(5_600_000)
    ('1.2 kB', '5.6 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def short_count(count: int) -> str:
    """Return a count in at most five characters.

    >>> short_count(9_999), short_count(12_345), short_count(1_234_567), short_count(-2_500_000_000)
    ('9,999', '12.3k', '1.23M', '-2.5G')
    """
    if abs(count) < 10_000:
        return f"{count:,}"
    for unit in ("k", "M", "G", "T"):
        count_in = count / 1000 ** ("kMGT".index(unit) + 1)
        if abs(count_in) < 999.5:
            return f"{count_in:.3g}{unit}"
    return f"{count:.2e}"


def share_text(part: float, whole: float) -> str:
    """Return a share as a percentage; a very small one as 1 in how many.

    >>> share_text(1, 3), share_text(2, 30_000), share_text(1, 1_013_162), share_text(0, 0)
    ('33.3 %', '0.00667 %', '1 in 1,013,162', '')
    """
    if not whole:
        return ""
    share = part / whole
    if 0 < share < 5e-5:
        return f"1 in {whole / part:,.0f}"
    if share >= 0.9995 and part != whole:
        return "99.9 %"
    return f"{100 * share:.3g} %" if share < 0.9995 else f"{100 * share:.0f} %"


def time_text(seconds: float) -> str:
    """Return a duration as a person says it.

    >>> time_text(3.25), time_text(75), time_text(7205), time_text(200_000)
    ('3.2 s', '1 min 15 s', '2 h', '2 days 7 h')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    parts = ((86_400, "days"), (3_600, "h"), (60, "min"), (1, "s"))
    for (size, unit), (smaller, part) in pairwise(parts):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            more = f" {rest // smaller} {part}" if rest >= smaller else ""
            return f"{whole} {unit}{more}"
    return f"{seconds:.0f} s"
