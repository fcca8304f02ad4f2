"""Numbers and foreign text as a person reads them."""

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
