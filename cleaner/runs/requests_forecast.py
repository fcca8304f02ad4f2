"""How many requests to an object store a run will make, added up phase by phase.

Each part of the input is read and written once by every phase that sees documents. What is
exchanged is read range by range, or joined first where that is fewer; the account and the indexes
read each part again. What a run then made stands in its manifest.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from cleaner.job.plan import Plan
from cleaner.ledger import ROWS_PER_FILE
from cleaner.runs.phases.build import shuffle_ranges
from cleaner.runs.phases.merge import joined
from cleaner.stages.global_stage import GlobalStage, partitions

# Of each part of the input, as counted on runs of many small units.
_INPUT = {"get": 1, "head": 1}  # of each piece of a file
_MAP = {"head": 2, "put": 3}  # is it there, and whose run is this; text, record, marker
_LATER = {"get": 2}  # text and verdicts
_KEPT = {"get": 1, "head": 1, "put": 2}  # by the index of a stage, before its keys are exchanged
_TEXTS = {"get": 2, "head": 2, "put": 2}  # by a step that reads texts once more, and sends them on
# Of anything else.
_SHARD = {"head": 3, "put": 3}
_TASK = {"head": 3, "put": 3}  # of a range of what is exchanged
_PHASE = {"get": 3, "head": 5, "list": 7, "put": 5}
_RUN = {"get": 40, "head": 40, "list": 20, "put": 25}  # its beginning and its end
_KEY = 40  # bytes of a row of keys as it is exchanged
_TEXT = 0.6  # bytes of exchanged text for one of text


def requests(plan: Plan, shards: int) -> dict[str, int]:
    """Return about how many requests of which kind a run makes that writes so many shards.

    Input and run folder are taken to be on a store.
    """
    return dict(sorted(sum(_made(plan, shards), Counter()).items()))


def _made(plan: Plan, shards: int) -> Iterator[Counter[str]]:
    parts = max(len(plan.units), plan.uncompressed // plan.part_bytes)
    yield Counter(_RUN)
    yield _times(_INPUT, sum(len(pieces) for _, pieces in plan.units))
    for number, mapped in enumerate(plan.maps):
        yield _times(_PHASE, 1)
        yield _times(_MAP, parts)
        yield _times(_LATER if number else {}, parts)
        with_shadow = plan.job.shadow is not None
        yield _times({"put": with_shadow + bool(mapped.measured), "get": 0}, parts)
        yield _times({"get": with_shadow and number > 0}, parts)
        if mapped.across is not None:
            yield from _of_stage(plan, mapped.across, parts, shards)
        if mapped.then is not None and mapped.then.stage.keeps_signals:  # a checkpoint's files
            yield _times({"get": 1}, parts)
            yield _times(_SHARD, -(-plan.rows // ROWS_PER_FILE))
            yield _times(_PHASE, 1)
    yield _times({"put": 1, "get": 1}, parts)  # the sizes by which shards are cut
    ranges, size = shuffle_ranges(plan), int(_TEXT * plan.uncompressed)
    yield _exchanged(parts, ranges, size, max(shards, ranges))
    yield _times(_SHARD, shards)
    yield _times({"get": 1 + len(plan.maps)}, parts)  # the account
    yield _times(_PHASE, 3)


def _of_stage(plan: Plan, across: GlobalStage, parts: int, shards: int) -> Iterator[Counter[str]]:
    roles = across.roles(plan.rows, plan.uncompressed)
    yield _times({"put": 1}, parts * len(roles))
    for role in roles:
        size = int(_KEY * across.key_rows(plan.rows) * role.share)
        yield _exchanged(parts, role.ranges, size)
    steps, most = across.steps(), max((role.ranges for role in roles), default=1)
    yield _times(_TASK, most * len(steps))
    yield _times(_TEXTS, parts * sum(step.over == "texts" for step in steps))
    yield _times(_PHASE, len(steps) + across.gathered)
    indexed = across.indexed()
    if indexed is not None:
        rows = indexed.key_rows(plan.rows)
        yield _times(_KEPT, parts)
        yield _times({"get": 1}, shards)  # where each document came to lie
        yield _exchanged(parts, partitions(rows), _KEY * rows)
        yield _times(_TASK, partitions(rows))
        yield _times(_PHASE, 2)


def _exchanged(files: int, ranges: int, size: int, reads: int | None = None) -> Counter[str]:
    """Return the requests that bring every range of so many files of `size` bytes together.

    `reads` is how often a range is read of each file in all, where that is not once for each.
    """
    groups = len(joined([size // files] * files, ranges))
    if not groups:
        return Counter(get=files * (reads or ranges))
    return Counter(get=files + groups * (reads or ranges), put=2 * groups, head=2 * groups)


def _times(of_one: Mapping[str, int], number: int) -> Counter[str]:
    return Counter({kind: count * number for kind, count in of_one.items()})
