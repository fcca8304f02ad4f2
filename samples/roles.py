"""The kinds of document and how often each comes."""

from collections.abc import Mapping

from . import junk

MATH = {"lecture": 0.07, "worksheet": 0.04, "exercise": 0.03, "physics": 0.02}
JUNK = dict.fromkeys(junk.KINDS, 0.0125)
# role -> share of the documents; what is left are articles
ORIGINALS = {
    **MATH,
    **JUNK,
    "lost_formulas": 0.015,  # the formulas are pictures that nobody can read
    "short": 0.02,
    "long": 0.04,
    "shared_frame": 0.02,  # half of the text stands on every page of the site
    "charset": 0.03,  # no UTF-8, or declared as something else
}
COPIES = {"exact": 0.03, "url_variant": 0.02, "near": 0.06, "script": 0.03, "width": 0.012}
OTHERS = {"template": 0.04, "broken": 0.04, "poison": 0.0}
GROUPS = {"math": MATH, "junk": JUNK, "copies": COPIES}


def shares(asked: Mapping[str, float]) -> dict[str, float]:
    """Return the share of every role, articles included; groups spread over their roles.

    Shares of originals hold for what is written in the end: copies are made of all of them alike,
    so the copies' share is taken from each.
    """
    roles = {**ORIGINALS, **COPIES, **OTHERS}
    for name, share in asked.items():
        if name in GROUPS:
            whole = sum(GROUPS[name].values())
            roles.update({role: share * part / whole for role, part in GROUPS[name].items()})
        elif name in roles:
            roles[name] = share
        else:
            known = ", ".join([*GROUPS, *roles])
            raise ValueError(f"unknown kind {name!r}; available: {known}")
    copied = sum(roles[name] for name in COPIES)
    others = sum(roles[name] for name in OTHERS)
    articles = 1 - others - sum(roles[name] for name in ORIGINALS)
    if min(*roles.values(), articles) < 0 or others + copied > 1:
        raise ValueError("shares must not be negative, nor add up to more than 1")
    scale = (1 - others - copied) / (1 - others) if others < 1 else 0.0
    return {
        "article": articles * scale,
        **{name: roles[name] * scale for name in ORIGINALS},
        **{name: roles[name] for name in (*COPIES, *OTHERS)},
    }
