import re

from cleaner.report.charts import funnel_bars, histogram, spark


def test_a_funnel_bar_is_as_long_as_its_logarithm() -> None:
    svg = str(funnel_bars(9, 99, 99, 9999))
    wide = [float(w) for w in re.findall(r'width="([\d.]+)" height="7"', svg)]
    assert wide == [100.0, 100.0]  # half the powers of ten of the most
    assert 'aria-label="9 documents and 99 of their words"' in svg


def test_bars_beyond_the_limit_have_another_colour_and_a_line_parts_them() -> None:
    svg = str(spark([4, 1, 0], [0, 1, 1], [0.5], "values of words"))
    assert re.findall(r'class="bar-(\w+)"', svg) == ["keep", "drop", "keep", "drop"]
    assert re.findall(r'<line x1="([\d.]+)"', svg) == ["75.0"]


def test_a_bar_without_documents_is_not_drawn() -> None:
    assert "<rect" not in str(spark([0], [0], [], "values"))


def test_labels_of_a_histogram_are_text() -> None:
    svg = str(histogram([("<b>", 3)], "kinds"))
    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
