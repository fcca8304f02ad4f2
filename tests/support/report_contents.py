"""The contents of a small report, with one foreign text in every place where one can stand."""

from markupsafe import Markup

from cleaner.report import contents as c
from cleaner.report.charts import funnel_bars, histogram, spark
from cleaner.report.mathematics import shown

# Values 0, 10, ... 90 of a signal that is kept from 50 on: five bins of 1 to 5 documents fail.
ALONE = [1, 2, 3, 4, 5, 10, 10, 10, 10, 10]
OTHERS = [5, 0, 0, 0, 0, 0, 0, 0, 0, 2]


def contents(text: str = "a text", samples: bool = True, sliders: bool = True) -> c.Contents:
    """Return a report about 100 documents; `text` stands wherever a corpus has a say."""
    cell = c.Cell(0.5, 4)
    group = c.GroupRow(text, 9, 1, 0.1, [cell])
    bars, drawn = funnel_bars(100, 1000, 100, 1000), spark([0, 2], [1, 0], [0.5], text)
    slider = c.Slider(
        stage="0.filter:f", filter="f", rule="long", signal=text, low=50.0, high=None,
        low_open=False, high_open=False, rest="", first=5, last=9,
        places=[n / 10 for n in range(11)], lows=[10.0 * n for n in range(10)],
        highs=[10.0 * n + 9 for n in range(10)], alone=ALONE, others=OTHERS, unmeasured=0,
    )  # fmt: skip
    documents = [
        c.Document(
            name=f"{text} (0#{n})", verdict=f"dropped at 0.filter:f: {text}", facts=text,
            fate="kept" if n % 2 else "dropped", group="kept" if n % 2 else "0.filter:f long",
            lang="en", text=shown(f"{text} number {n} has $x^2$ in it"),
        )
        for n in range(100)
    ]  # fmt: skip
    return c.Contents(
        name=text, path=text, subtitle=text, unit="words",
        figures=[c.Figure("100", "documents came in")],
        findings=[c.Finding(text, text, "funnel", 1.0)],
        funnel=[c.FunnelRow("read", 100, 1.0, 1.0, 1000, 5, text, bars)],
        groups=[c.GroupTable("By source", "source", ["0.filter:f"], [group])],
        filters=[
            c.FilterTable(
                "0.filter:f", "filter-0", 100, 22, "dropped", text,
                [
                    c.RuleRow("long", text, text, 15, 0.15, 15, 9, drawn),
                    c.RuleRow("tidy", text, "", 7, 0.07, 7, 7, Markup("")),
                ],
                c.Overlap(["long"], [c.OverlapRow("long", [cell])]),
            )
        ],
        sliders=[slider] if sliders else [],
        duplicates=[
            c.DuplicateStage(
                "1.near_dedup", text, [c.Chart(text, histogram([(text, 1)], text))],
                [(text, text, 3)], [c.Pair(text, shown(text), shown(text), "zh")],
            )
        ],
        audit=[c.AuditRow(text, text, 3, 20, 0.15, 0.05, 0.36)], audit_note=text,
        shards=[c.ShardRow("shards/part-0.parquet", 78, 900, 1000, "ab" * 32)],
        shards_note=": 1",
        inputs=[c.InputRow(text, 100, 1000, "read"), c.InputRow(text, None, 0, f"failed: {text}")],
        inputs_note=": 1", job=text, made_with=text,
        samples=documents if samples else (),
        sample_groups=[c.SampleGroup("kept", text, 50)] if samples else (),
        samples_note=text,
    )  # fmt: skip
