"""What a run costs in money: cores, requests to an object store, and what is stored there."""

from collections.abc import Mapping, Sequence

from cleaner.config.mistakes import guess
from cleaner.errors import JobError

# US dollars, about what large clouds list for machines on demand and for standard storage; whoever
# pays less names it.
DEFAULT = {
    "core_hour": 0.045,
    "thousand_puts": 0.005,  # put, copy and list
    "thousand_gets": 0.0004,  # get and head
    "gb_month": 0.023,  # of what is stored, 10^9 bytes
}


def prices(said: Sequence[str]) -> dict[str, float]:
    """Return prices, the default ones but for those that are said as NAME=MONEY.

    A number alone is the price of a core-hour; `default` changes nothing.

    >>> prices(["0.03", "gb_month=0.01"])["core_hour"], prices(["default"]) == DEFAULT
    (0.03, True)
    """
    found = dict(DEFAULT)
    for one in said:
        if one == "default":
            continue
        name, equals, value = one.partition("=")
        if not equals:
            name, value = "core_hour", one
        if name not in DEFAULT:
            near = guess(name, list(DEFAULT))
            raise JobError(f"--price {one}: no price {name!r}{near}; there are: {_known()}")
        try:
            found[name] = float(value)
        except ValueError:
            raise JobError(
                f"--price {one}: not a number; write default, a number, or one of: {_known()}"
            ) from None
        if not 0 <= found[name] < float("inf"):
            raise JobError(f"--price {one}: a price is 0 or more")
    return found


def money(
    of: Mapping[str, float], core_seconds: float, requests: Mapping[str, int], stored: float
) -> dict[str, float]:
    """Return what a run costs: its cores, its requests, and a month of what it leaves stored."""
    dear = sum(requests.get(kind, 0) for kind in ("put", "copy", "list"))
    cheap = sum(requests.get(kind, 0) for kind in ("get", "head"))
    return {
        "cores": of["core_hour"] * core_seconds / 3600,
        "requests": (of["thousand_puts"] * dear + of["thousand_gets"] * cheap) / 1000,
        "a month of what it leaves": of["gb_month"] * stored / 1e9,
    }


def _known() -> str:
    return ", ".join(f"{name}={value:g}" for name, value in DEFAULT.items())
