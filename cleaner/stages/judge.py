"""Judge texts by a filter, without a job."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa

from cleaner.errors import JobError
from cleaner.rules.rule_set import RuleSet
from cleaner.stages.filter import Filter, ResolvedFilter

Frame = TypeVar("Frame", pl.DataFrame, pa.Table)


def judge(
    frame: Frame,
    filter: str | Path | RuleSet,
    *,
    formulas: bool = True,
    where: str | None = None,
    lists: Mapping[str, str] | None = None,
    text: str = "text",
    on: str | None = None,
) -> Frame:
    """Return `frame` with `broken`, the rules of a filter that each text breaks; [] means keep.

    `filter` is a name of `filters/`, a path, or a rule set. Columns named like signals are taken as
    measured; the rest is measured on the column `text`. `formulas=False` takes a dollar for a
    dollar; `where` and `lists` are those of the stage `filter`; `on` is the old name of
    `where`.

    >>> judge(pl.DataFrame({"text": ["too short"]}), "mc4_paragraphs")["broken"].to_list()
    [['long_lines']]
    """
    docs = pl.from_arrow(frame) if isinstance(frame, pa.Table) else frame
    assert isinstance(docs, pl.DataFrame)
    options: dict[str, Any] = {
        "formulas": formulas,
        "where": where or on,
        "lists": dict(lists or {}),
    }
    if isinstance(filter, RuleSet):
        stage = ResolvedFilter.of(filter, **options)
    else:
        stage = Filter(name=str(filter), **options).resolve()
    missing = stage.needs() - {"text"} - set(docs.columns)
    if text not in docs.columns:
        missing.add(text)
    if missing:
        raise JobError(
            f"{stage.rules.name} needs the columns {', '.join(sorted(missing))}; "
            f"the frame has: {', '.join(docs.columns)}"
        )
    broken = stage(docs.with_columns(text=docs[text]))["broken"]
    judged = docs.with_columns(broken=broken)
    return judged.to_arrow() if isinstance(frame, pa.Table) else judged
