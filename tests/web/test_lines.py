"""Lines that stand as they were set: those of a PDF are joined, those of Markdown are kept."""

import pytest

from cleaner.web.page import extract_html

LINES = (
    "The sluice was built in the year in which the river",
    "rose by four feet, and it has held ever since that",
    "winter.",
    "Its gate is of oak, and the wheel behind it turns at",
    "a third of the speed that the first one had, which",
    "was of iron.",
)


def placed(lines: tuple[str, ...], height: str = "h1") -> str:
    return "".join(
        f'<div class="t m0 x{n % 2} {height} y{n} ff1 fs0">{line}</div>'
        for n, line in enumerate(lines)
    )


def pdf(*pages: str) -> str:
    inside = "".join(
        f'<div class="pf w0 h0" data-page-no="{n}"><div class="pc">{page}</div></div>'
        for n, page in enumerate(pages, 1)
    )
    return f'<html><body><div id="page-container">{inside}</div></body></html>'


def test_lines_of_a_pdf_are_paragraphs_where_a_short_one_ends_them() -> None:
    found = extract_html(pdf(placed(LINES))).text
    assert found == " ".join(LINES[:3]) + "\n\n" + " ".join(LINES[3:])


def test_a_heading_of_another_height_stays_apart() -> None:
    head = placed(("The old sluice",), "h2")
    found = extract_html(pdf(head + placed(LINES[:3]))).text
    assert found == "The old sluice\n\n" + " ".join(LINES[:3])


def test_a_paragraph_goes_on_over_pages_and_a_cut_word_is_one() -> None:
    first, second = (
        (*LINES[:1], "rose by four feet, and it has held ever since win-"),
        ("ter came.",),
    )
    found = extract_html(pdf(placed(first), placed(second))).text
    assert found.endswith("held ever since winter came.")
    assert "\n" not in found


def test_items_and_figures_of_a_pdf_stay_lines_of_their_own() -> None:
    items = ("1. Open the gate and wait until the water is at the mark", "2. Close it again slowly")
    found = extract_html(pdf(placed(LINES[:3]) + placed(items))).text
    assert found.split("\n\n")[1:] == list(items)


def test_other_pages_with_short_classes_stay_as_they_are() -> None:
    rows = "".join(
        f"<div class='t'><b>{n}</b> <span>{line}</span></div>" for n, line in enumerate(LINES)
    )
    assert extract_html(f"<body><main>{rows}</main></body>").text.count("\n\n") == len(LINES) - 1


MARKDOWN = """# The sluice

It was built in the year
in which the river rose.

- oak
- iron

```python
gate = 4

wheel = 1
```

| part | of |
|------|----|
| gate | oak |
"""


@pytest.mark.parametrize("class_", ["markdown-body", "container markdown-body comment-enabled"])
def test_markdown_that_a_script_was_to_render_keeps_its_lines(class_: str) -> None:
    page = f'<body><div id="doc" class="{class_}">{MARKDOWN}</div></body>'
    found = extract_html(page).text
    assert "It was built in the year\nin which the river rose." in found
    assert "- oak\n- iron" in found
    assert "gate = 4\n\nwheel = 1" in found
    assert "| gate | oak |" in found


def test_rendered_markdown_is_no_raw_one() -> None:
    page = (
        "<body><div class='markdown-body'><p>It was\nbuilt</p>\n<p>in the\nyear.</p></div></body>"
    )
    assert extract_html(page).text == "It was built\n\nin the year."


def test_one_line_is_no_markdown() -> None:
    page = "<body><div class='markdown-body'>It was built in the year of the flood.</div></body>"
    assert extract_html(page).text == "It was built in the year of the flood."
