"""Signals of addresses: URLs, and what may belong to a person."""

import numpy as np
import polars as pl

from cleaner.signals.counts import PERSONAL, Value, measured, ratio

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "urls": (pl.UInt32, "URLs: http://, https://, ftp:// or www. and what follows"),
    "url_char_ratio": (pl.Float64, "characters of URLs per character"),
    "emails": (pl.UInt32, "e-mail addresses, as normalise masks them"),
    "ip_addresses": (pl.UInt32, "public IPv4 and IPv6 addresses, as normalise masks them"),
    "phones": (
        pl.UInt32,
        "phone numbers, as normalise masks them: with +, and mainland, North American, British, "
        "French, Japanese and Korean forms",
    ),
    "china_ids": (pl.UInt32, "mainland identity numbers of 18 places with a right check digit"),
    "bank_cards": (pl.UInt32, "numbers of 13 to 19 digits that pass Luhn's check, known prefixes"),
    "personal_data": (
        pl.UInt32,
        "e-mail addresses, public IP addresses, phone numbers, identity numbers and bank cards: "
        "what normalise masks",
    ),
}
_PERSONAL = tuple(PERSONAL)


VALUES: dict[str, Value] = {
    "urls": lambda c: c["urls"],
    "url_char_ratio": lambda c: ratio(c["url_characters"], c["characters"]),
    **{name: lambda c, name=name: c[name] for name in _PERSONAL},
    "personal_data": lambda c: np.sum([c[name] for name in _PERSONAL], axis=0),
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of address signals per document.

    >>> measure(pl.Series(["see https://a.org or b@c.de", ""])).select("urls", "emails").rows()
    [(1, 1), (0, 0)]
    """
    return measured(text, SIGNALS, VALUES)
