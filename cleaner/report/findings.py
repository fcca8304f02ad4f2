"""What a reader should look at first: what a run's counts say that is unlike the rest."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from cleaner.report.contents import Finding, Slider
from cleaner.report.tables import FEW

MOST = 10
_NEARLY_ALL = 0.95
_MORE_THAN_OTHERS = 0.3  # of a group, beside the others
_MUCH_CUT = 0.5
_DENSE = 0.05  # of what reached a filter: moving the limit by a tenth changes that much
_FEW_GROUP = 50

Tree = Mapping[str, Any]


def findings(
    stats: Tree, manifest: Tree, sliders: Sequence[Slider], cuts: pl.DataFrame
) -> list[Finding]:
    """Return what to look at first, the gravest first.

    `cuts`: a row per source with `characters` left and `characters_cut`.
    """
    found = [
        *_nothing_kept(stats),
        *_failures(stats, manifest),
        *_rules_that_fail_all(stats),
        *_groups(stats),
        *_cuts(stats, cuts),
        *_recall(stats),
        *_dense(sliders),
    ]
    return sorted(found, key=lambda one: -one.weight)[:MOST]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.9995 or share == 1 else f"{100 * share:.3f} %"


def _nothing_kept(stats: Tree) -> Iterator[Finding]:
    rows = stats["rows"]
    if rows["in"] and not rows["kept"]:
        worst = max(stats["stages"], key=lambda row: row["dropped"])
        yield Finding(
            "Nothing was kept.",
            f"{worst['stage']} dropped most: {worst['dropped']:,} of {worst['in']:,}.",
            "funnel",
            10,
        )


def _failures(stats: Tree, manifest: Tree) -> Iterator[Finding]:
    rows = stats["rows"]
    if files := manifest["failed_files"]:
        yield Finding(
            f"{len(files):,} input file{'s' if len(files) > 1 else ''} could not be read.",
            f"{'The first: ' if len(files) > 1 else ''}{files[0]}",
            "made",
            5,
        )
    if rows["failed"]:
        share = rows["failed"] / rows["in"]
        most = max(stats["stages"], key=lambda row: row["failed"])
        yield Finding(
            f"{rows['failed']:,} documents could not be judged ({_percent(share)}).",
            f"Most of them failed at {most['stage']}; the ledger has the error of each.",
            "funnel",
            1 + 8 * share,
        )


def _rules_that_fail_all(stats: Tree) -> Iterator[Finding]:
    for row in stats["rules"]:
        if row["judged"] < FEW or row["fails"] < _NEARLY_ALL * row["judged"]:
            continue
        share = row["fails"] / row["judged"]
        yield Finding(
            f"{row['rule']} of {row['stage']} fails {_percent(share)} of what reached it.",
            f"{row['fails']:,} of {row['judged']:,} documents; {row['fails_only']:,} fail no other "
            f"rule of this filter. It keeps if {row['keep']}.",
            "rules",
            6 + share,
        )


def _groups(stats: Tree) -> Iterator[Finding]:
    """Find, for each language and source, the stage at which it loses most against the others."""
    for label, groups in (("language", "languages"), ("source", "sources")):
        for name, counts in stats[groups].items():
            if counts["in"] < _FEW_GROUP or not name or name == "(other)":
                continue
            worst = _worst_stage(stats["stages"], label, name, counts["in"])
            if worst is None:
                continue
            more, lost, of_others, row = worst
            why = _worst_rule(stats, row["stage"], f"{label}s", name)
            left = f" Of {counts['in']:,} that came in, {counts['kept']:,} were kept."
            shown = f"{label.capitalize()} {name}"
            yield Finding(
                f"{shown} loses {_percent(lost)} at {row['stage']}, "
                f"the others {_percent(of_others)}.",
                why + left,
                "groups",
                3 + more + (1 if not counts["kept"] else 0) + math.log10(counts["in"]) / 10,
            )


def _worst_stage(
    stages: Sequence[Tree], label: str, name: str, entered: int
) -> tuple[float, float, float, Tree] | None:
    reached, worst = entered, None
    for row in stages:
        lost = row[f"lost_by_{label}"].get(name, 0)
        others, lost_by_others = row["in"] - reached, row["dropped"] + row["failed"] - lost
        # A stage that keeps some languages drops the others because it was asked to.
        asked = label == "language" and row["reasons"].get("language", 0) > 0
        if reached >= _FEW_GROUP and others >= FEW and not asked:
            mine, theirs = lost / reached, lost_by_others / others
            more = mine - theirs
            if more >= _MORE_THAN_OTHERS and (worst is None or more > worst[0]):
                worst = (more, mine, theirs, row)
        reached -= lost
    return worst


def _worst_rule(stats: Tree, stage: str, labels: str, name: str) -> str:
    """Say which rule fails a group most, beside all."""
    worst = (0.0, "", 0.0)
    for rule in stats["rules"]:
        mine = rule[labels].get(name)
        if rule["stage"] == stage and mine and mine["judged"]:
            share = mine["fails"] / mine["judged"]
            worst = max(worst, (share - rule["fails"] / rule["judged"], rule["rule"], share))
    _, rule, share = worst
    return f"Most by the rule {rule}, which fails {_percent(share)} of it." if rule else ""


def _cuts(stats: Tree, cuts: pl.DataFrame) -> Iterator[Finding]:
    for row in stats["stages"]:
        before = row["kept_words"] + row["cut_words"] - row["added_words"]
        if row["cut_words"] and before and row["cut_words"] / before >= _MUCH_CUT:
            yield Finding(
                f"{row['stage']} cut {_percent(row['cut_words'] / before)} of the words it met.",
                f"{row['shortened']:,} documents were shortened; "
                f"cleaner sample RUN --stage {row['stage']} --diff shows what was cut.",
                "funnel",
                3 + row["cut_words"] / before,
            )
    whole = cuts.select(pl.col("characters", "characters_cut").sum())
    for source, left, cut in cuts.select("source", "characters", "characters_cut").iter_rows():
        others = [total - own for total, own in zip(whole.row(0), (left, cut), strict=True)]
        if not cut or len(cuts) < 2 or not sum(others):
            continue
        mine, theirs = cut / (cut + left), others[1] / sum(others)
        if mine - theirs >= _MORE_THAN_OTHERS:
            yield Finding(
                f"Source {source} loses {_percent(mine)} of its characters to cutting, "
                f"the others {_percent(theirs)}.",
                "Lines or blocks were cut out of its texts before they were judged.",
                "groups",
                4 + mine,
            )


def _recall(stats: Tree) -> Iterator[Finding]:
    for title, found in stats["dedup"].items():
        banding = found.get("banding") or {}
        recall, pairs = banding.get("recall"), banding.get("pairs") or 0
        if recall is not None and pairs >= FEW and recall < 0.9:
            yield Finding(
                f"{title} finds {_percent(recall)} of the near duplicates.",
                f"Measured on {banding['sampled']:,} documents with {pairs:,} pairs at or above "
                f"the threshold {banding['threshold']}; more bands find more.",
                "duplicates",
                4 - recall,
            )
        if found.get("big_buckets"):
            yield Finding(
                f"{title}: {found['big_buckets']:,} buckets hold more than 10,000 documents.",
                "A template repeated over many pages looks like this; see the largest clusters.",
                "duplicates",
                1.5,
            )


def _dense(sliders: Sequence[Slider]) -> Iterator[Finding]:
    for one in sliders:
        total = sum(one.alone) + sum(one.others)
        for bound, tighter in ((one.low, 1.1), (one.high, 0.9)):
            if bound is None or not bound or total < 10 * FEW:
                continue
            near = sorted((bound, bound * tighter))
            moved = [
                count
                for count, edge, end in zip(one.alone, one.lows, one.highs, strict=True)
                if edge >= near[0] and end <= near[1]
            ]
            # Many documents of one value, as the mean word of Chinese has one character, are no
            # density: another limit takes all of them or none.
            many = sum(moved)
            if many >= _DENSE * total and max(moved) <= many / 2:
                yield Finding(
                    f"The limit of {one.rule} lies where documents are dense.",
                    f"At {bound:g} of {one.signal}: a limit tighter by a tenth would drop "
                    f"{many:,} more of the {total:,} documents that reached {one.stage}.",
                    "whatif",
                    1 + many / total,
                )
