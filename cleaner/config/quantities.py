"""Large whole numbers as people write them: 200MB of text, 100M tokens."""

import re
from typing import Any

_WRITTEN = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([kKMGT]?)(i?)(B?)")
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4}


def quantity(value: Any) -> Any:
    """Return the number that a text like "200MB" or "100M" says; anything else as it is.

    >>> quantity("200MB"), quantity("1.5GiB"), quantity("100M"), quantity(7), quantity("lots")
    (200000000, 1610612736, 100000000, 7, 'lots')
    """
    found = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return value
    number, unit, binary, _ = found.groups()
    if binary and not unit:
        return value
    return round(float(number) * (1024 if binary else 1000) ** _POWERS[unit])
