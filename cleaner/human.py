"""Numbers as a person reads them."""


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
