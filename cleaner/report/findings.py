"""What a reader should look at first: what a run's counts say that is unlike the rest."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from cleaner.config.display import share_text
from cleaner.ledger import OTHER
from cleaner.report.contents import Finding, Slider
from cleaner.report.tables import FEW, reached
from cleaner.results.audit import Rate
from cleaner.results.finished import Run
from cleaner.results.funnel import Group, Step, funnel, groups
from cleaner.results.rules import RuleCounts, rules

MOST = 10
_NEARLY_ALL = 0.95
_MORE_THAN_OTHERS = 0.3  # of a group, beside the others
_ALONE = 0.6  # that much any group may lose, where there are no others to hold it against
_MUCH_CUT = 0.5
_DENSE = 0.05  # of what reached a filter: moving the limit by a tenth changes that much
_FEW_GROUP = 50
_WRONG = 0.1  # of what an audit judged, at least, by the lower end of its interval


def findings(
    run: Run, sliders: Sequence[Slider], cuts: pl.DataFrame, audited: Sequence[Rate] = ()
) -> list[Finding]:
    """Return what to look at first, the gravest first.

    `cuts`: a row per source with `characters` left and `characters_cut`; `audited`: what people
    found wrong.
    """
    steps = funnel(run)
    found = [
        *_nothing_kept(run.stats["rows"], steps),
        *_failures(run, steps),
        *_audited(audited),
        *_rules_that_fail_all(rules(run)),
        *_groups(run, steps),
        *_cuts(steps, cuts),
        *_recall(run.stats["dedup"]),
        *_dense(sliders),
    ]
    return sorted(found, key=lambda one: -one.weight)[:MOST]


def _nothing_kept(rows: Mapping[str, int], steps: Sequence[Step]) -> Iterator[Finding]:
    if rows["in"] and not rows["kept"]:
        worst = max(steps, key=lambda step: step.dropped.documents)
        dropped, came = worst.dropped.documents, worst.came.documents
        said = f"{worst.stage} dropped most: {dropped:,} of {came:,}."
        yield Finding("Nothing was kept.", said, "funnel", 10)


def _failures(run: Run, steps: Sequence[Step]) -> Iterator[Finding]:
    if files := run.manifest["failed_files"]:
        yield Finding(
            f"{len(files):,} input file{'s' if len(files) > 1 else ''} could not be read.",
            f"{'The first: ' if len(files) > 1 else ''}{files[0]}",
            "made",
            5,
        )
    failed, came = run.stats["rows"]["failed"], run.stats["rows"]["in"]
    if failed:
        most = max(steps, key=lambda step: step.failed.documents)
        yield Finding(
            f"{failed:,} documents could not be judged ({share_text(failed, came)}).",
            f"Most of them failed at {most.stage}; the ledger has the error of each.",
            "funnel",
            1 + 8 * failed / came,
        )


def _audited(found: Sequence[Rate]) -> Iterator[Finding]:
    titles = {
        "false_keep": "An audit found {} of what was kept to be worth nothing.",
        "false_drop": "An audit found {} of what {} dropped to be worth keeping.",
        "false_removal": "An audit found {} of what {} removed to be no duplicate.",
        "worse_survivor": "An audit found {} of what {} removed to be better than what was kept.",
    }
    for one in found:
        if one.low >= _WRONG:
            yield Finding(
                titles[one.measure].format(share_text(one.wrong, one.judged), one.stage),
                f"{one.wrong:,} of {one.judged:,} that a person judged; 95 % interval "
                f"{100 * one.low:.0f} to {100 * one.high:.0f} %.",
                "audit",
                5 + one.low,
            )


def _rules_that_fail_all(counted: Sequence[RuleCounts]) -> Iterator[Finding]:
    for rule in counted:
        judged, fails = rule.counts.judged, rule.counts.fails
        if judged >= FEW and fails >= _NEARLY_ALL * judged:
            share = share_text(fails, judged)
            yield Finding(
                f"{rule.rule} of {rule.stage} fails {share} of what reached it.",
                f"{fails:,} of {judged:,} documents; {rule.counts.fails_only:,} fail no other rule "
                f"of this filter. It keeps if {rule.keep}.",
                "rules",
                6 + fails / judged,
            )


def _groups(run: Run, steps: Sequence[Step]) -> Iterator[Finding]:
    """Find, for each language and source, the stage at which it loses most against the others."""
    for label in ("language", "source"):
        for group in groups(run, label):
            if group.came < _FEW_GROUP or group.name in ("", OTHER):
                continue
            losses = [_loss(group, step, steps, label) for step in steps]
            worst = max((one for one in losses if one is not None), key=_more, default=None)
            if worst is None or _more(worst) < _MORE_THAN_OTHERS:
                continue
            step, mine, theirs = worst
            kept = group.kept.documents
            beside = (
                "where hardly any others came"
                if theirs is None
                else f"the others {share_text(theirs, 1)}"
            )
            yield Finding(
                f"{label.capitalize()} {group.name} loses {share_text(mine, 1)} at {step.stage}, "
                f"{beside}.",
                _worst_rule(rules(run), step.stage, label, group.name)
                + f"Of {group.came:,} that came in, {kept:,} were kept.",
                "groups",
                3 + _more(worst) + (0 if kept else 1) + math.log10(group.came) / 10,
            )


_Loss = tuple[Step, float, float | None]  # what a stage dropped of a group, and of the others


def _more(loss: _Loss) -> float:
    _, mine, theirs = loss
    return mine - (_ALONE if theirs is None else theirs)


def _loss(group: Group, step: Step, steps: Sequence[Step], label: str) -> _Loss | None:
    """Return what a stage dropped of a group and of all others; None where the group is too small.

    Where few others came, theirs is None.
    """
    came = reached(group, step, steps)
    lost = group.lost_at.get(step.stage, 0)
    others = step.came.documents - came
    # A stage that keeps some languages drops the others because it was asked to.
    asked = label == "language" and step.reasons.get("language", 0) > 0
    all_there_is = steps[0].came.documents - group.came < FEW
    if came < _FEW_GROUP or asked or all_there_is:
        return None
    if others < FEW:
        return step, lost / came, None
    of_others = step.dropped.documents + step.failed.documents - lost
    return step, lost / came, of_others / others


def _worst_rule(counted: Sequence[RuleCounts], stage: str, label: str, name: str) -> str:
    """Say which rule fails a group most, beside the others that it judges."""
    worst = (0.0, "", 0.0)
    for rule in counted:
        mine = (rule.languages if label == "language" else rule.sources).get(name)
        if rule.stage == stage and mine is not None and mine.judged:
            share = mine.fails / mine.judged
            others = rule.counts.judged - mine.judged
            theirs = (rule.counts.fails - mine.fails) / others if others else 0.0
            worst = max(worst, (share - theirs, rule.rule, share))
    _, rule_name, share = worst
    said = f"Most by the rule {rule_name}, which fails {share_text(share, 1)} of it. "
    return said if rule_name else ""


def _cuts(steps: Sequence[Step], cuts: pl.DataFrame) -> Iterator[Finding]:
    for step in steps:
        cut = step.cut.words
        before = step.kept.words + cut - step.added.words
        if cut and before and cut / before >= _MUCH_CUT:
            yield Finding(
                f"{step.stage} cut {share_text(cut, before)} of the words it met.",
                f"{step.cut.documents:,} documents were shortened; "
                f"cleaner sample RUN --stage {step.stage} --diff shows what was cut.",
                "funnel",
                3 + cut / before,
            )
    whole = cuts.select(pl.col("characters", "characters_cut").sum())
    for source, left, cut in cuts.select("source", "characters", "characters_cut").iter_rows():
        others = [total - own for total, own in zip(whole.row(0), (left, cut), strict=True)]
        if not cut or len(cuts) < 2 or not sum(others):
            continue
        mine, theirs = cut / (cut + left), others[1] / sum(others)
        if mine - theirs >= _MORE_THAN_OTHERS:
            yield Finding(
                f"Source {source} loses {share_text(mine, 1)} of its characters to cutting, "
                f"the others {share_text(theirs, 1)}.",
                "Lines or blocks were cut out of its texts before they were judged.",
                "groups",
                4 + mine,
            )


def _recall(dedup: Mapping[str, Any]) -> Iterator[Finding]:
    for title, found in dedup.items():
        banding = found.get("banding") or {}
        recall, pairs = banding.get("recall"), banding.get("pairs") or 0
        if recall is not None and pairs >= FEW and recall < 0.9:
            yield Finding(
                f"{title} finds {share_text(recall, 1)} of the near duplicates.",
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


def _out(bound: float, tighter: float, low: float, high: float) -> bool:
    return high < bound if tighter > 1 else low > bound


def _dense(sliders: Sequence[Slider]) -> Iterator[Finding]:
    for one in sliders:
        total = sum(one.alone) + sum(one.others)
        for bound, tighter in ((one.low, 1.1), (one.high, 0.9)):
            if bound is None or not bound or total < 10 * FEW:
                continue
            beyond = zip(one.alone, one.others, one.lows, one.highs, strict=True)
            if not any(a + b for a, b, low, high in beyond if _out(bound, tighter, low, high)):
                continue  # a limit that takes nobody is at the end of what there is
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
