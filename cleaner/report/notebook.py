"""A run in a notebook: its frames, and the charts of the report as objects that show themselves."""

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Self

from markupsafe import Markup

from cleaner.report.charts import histogram, spark
from cleaner.report.contents import Chart
from cleaner.report.duplicates import charts_of
from cleaner.report.rules import Binned
from cleaner.results.drawing import limit_text
from cleaner.results.finished import Run
from cleaner.results.funnel import funnel
from cleaner.results.values import signals, values

_BARS = 96
_VARIABLES = re.compile(r"^:root \{\n(.*?)^\}", re.M | re.S)
_DRAWN = re.compile(r"^(?:\.(?:bar|axis|limit|curve|dot)|svg text).*$", re.M)


class Drawing(Chart):
    """A chart that a notebook shows."""

    def __repr__(self) -> str:
        return f"<chart: {self.title}>"

    def _repr_html_(self) -> str:
        body = Markup("<p>{}</p>{}").format(self.title, self.svg)
        return f'<div class="cleaner-chart"><style>{_style()}</style>{body}</div>'


class Drawings(tuple[Drawing, ...]):
    """Charts that a notebook shows one below the other."""

    __slots__ = ()

    @classmethod
    def of(cls, charts: Iterable[Chart]) -> Self:
        """Return charts of a report as those of a notebook."""
        return cls(Drawing(one.title, one.svg) for one in charts)

    def __repr__(self) -> str:
        return f"<{len(self)} charts: {'; '.join(one.title for one in self)}>"

    def _repr_html_(self) -> str:
        return "".join(one._repr_html_() for one in self)


class Opened(Run):
    """A run folder, opened for reading, with its charts.

    `funnel`, `rules`, `ledger`, `clusters` and `kept` are Polars frames.
    """

    def funnel_chart(self) -> Drawing:
        """Return the documents that each stage kept, on a log scale."""
        steps = funnel(self)
        bars = [(step.stage.partition(".")[0], step.kept.documents) for step in steps]
        names = ", ".join(step.stage for step in steps)
        return Drawing(
            f"documents kept, log scale: {names}",
            histogram(bars, "documents kept after each stage", log=True),
        )

    def values_charts(self, signal: str | None = None) -> Drawings:
        """Return the values of a signal, or of all, by rule, with the limits drawn in.

        Nothing for a signal that no rule judges by; `signals` says which are counted.
        """
        return Drawings.of(
            Chart(
                f"{one.stage} {one.rule}: values of {one.signal}"
                + (f", kept if {kept}" if (kept := limit_text(one.limit)) else ""),
                spark(inside.tolist(), beyond.tolist(), cuts, f"values of {one.signal}"),
            )
            for one in values(self, signal)
            if one.edges
            for inside, beyond, cuts in [Binned.of(one).bars(one.limit, _BARS)]
        )

    def signals(self) -> tuple[str, ...]:
        """Return the signals whose values were counted."""
        return signals(self)

    def duplicates_charts(self) -> Drawings:
        """Return what the stages that compare documents found: similarities, recall, clusters."""
        return Drawings.of(
            Chart(f"{title}: {chart.title}", chart.svg)
            for title, found in self.stats["dedup"].items()
            if "dropped" in found
            for chart in charts_of(found, found.get("banding"))
        )


def open_run(path: str) -> Opened:
    """Open a run folder for reading.

    Raises JobError where there is none.
    """
    return Opened(str(path))


def _style() -> str:
    """Return the part of the page's style that draws charts, for charts alone."""
    page = files("cleaner.report").joinpath("page.css").read_text(encoding="utf-8")
    told = _VARIABLES.search(page)
    assert told is not None
    rules = [f".cleaner-chart {line}" for line in _DRAWN.findall(page)]
    own = "background: var(--card); color: var(--ink); padding: .5em; border-radius: 6px;"
    wide = ".cleaner-chart svg { width: 100%; max-width: 720px; height: auto; }"
    return "\n".join([f".cleaner-chart {{ {told[1]} {own} }}", wide, *rules])
