"""Whether filters meet the languages they were made for, and whether a sample keeps anything."""

from collections.abc import Mapping, Sequence
from typing import Any

from cleaner.job.job_file import Entry

ANY = "mul"  # what a filter file says that is for all languages
_UNLABELLED = ("", "und", "mixed", "(other)")
_SHARE, _LEAST = 0.05, 5  # of the documents judged, and documents: fewer are stray pages


def languages_of(entry: Entry) -> tuple[str, ...]:
    """Return the languages that the rules of a stage are for; () where it is for all, or none."""
    rules = entry.stage.rule_set()
    return () if rules is None or ANY in rules.languages else rules.languages


def unsuited(
    stats: Mapping[str, Any], entries: Sequence[Entry], what: str, labelled: bool = True
) -> list[str]:
    """Return a line for each filter that judges documents of languages that it is not for.

    `entries` are the stages in whose places those of the counts stand. `labelled` is whether the
    job knows the language of a document before its first filter.
    """
    judges = {row["stage"].split(".", 1)[0]: row for row in stats["judges"]}
    said = []
    for place, entry in enumerate(entries):
        row, meant = judges.get(str(place)), languages_of(entry)
        if row is None or not meant or not row["drops"]:
            continue
        known = {
            name: counts["judged"]
            for name, counts in row["languages"].items()
            if name not in _UNLABELLED
        }
        foreign = {name: count for name, count in known.items() if name not in meant}
        whole, lost = sum(known.values()), sum(foreign.values())
        if lost < max(_LEAST, _SHARE * whole):
            continue
        most = max(foreign, key=lambda name: (foreign[name], name))
        others = "" if len(foreign) == 1 else f" ({foreign[most] / whole:.0%} {most})"
        name = most if len(foreign) == 1 else "others"
        where = " OR ".join(f"lang = '{one}'" for one in meant)
        if row["where"]:
            where = f"({row['where']}) AND " + (f"({where})" if len(meant) > 1 else where)
        first = "" if labelled else "put language: {} before it and "
        said.append(
            f"{entry.title} is for {' and '.join(meant)}, {lost / whole:.0%} of {what} is "
            f"{name}{others}; {first}add where: {where}"
        )
    return said


def empty(stats: Mapping[str, Any], what: str) -> list[str]:
    """Return a line that says where all documents go, if none is left."""
    if stats["rows"]["kept"] or not stats["rows"]["in"]:
        return []
    last = next(row for row in stats["stages"] if row["in"] and not row["kept"])
    reasons = sorted(last["reasons"].items(), key=lambda one: (-one[1], one[0]))
    told = ", ".join(f"{name} {count:,}" for name, count in reasons[:3])
    return [f"nothing of {what} is kept; {last['stage']} drops the last {last['in']:,}: {told}"]
