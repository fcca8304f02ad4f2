"""The report in a real browser: it needs no network, answers exactly, and is for everybody."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.report_contents import ALONE, OTHERS, contents

from cleaner.report.page import render

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = (
    "</script><script>window.hit=1</script><img src=http://x.example/y onerror=window.hit=1>"
    "\u2028\u202e\x1b[2J" + "a" * 5000
)
# The contrast of each text with what is behind it, as WCAG 2 counts it, where it is under 4.5.
CONTRAST = """() => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1});
  const paint = canvas.getContext('2d', {willReadFrequently: true});
  const mix = (colours) => {
    paint.clearRect(0, 0, 1, 1);
    for (const colour of colours) { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); }
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const line = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.map((v) => line(v / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const poor = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.checkVisibility() || one.closest('.skip')) continue;
    const behind = [];
    const ground = (at) => getComputedStyle(at).backgroundColor;
    for (let at = one; at; at = at.parentElement) behind.unshift(ground(at));
    const style = getComputedStyle(one);
    const text = one.ownerSVGElement ? style.fill : style.color;
    const [a, b] = [mix(behind), mix([...behind, text])].map(light).sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) poor.push(`${one.tagName}.${one.className}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


def opened(
    browser: Any, place: Path, text: str = "a text", **context: Any
) -> tuple[Any, list[str]]:
    """Return the page of a report, and what it complained of or asked the network for."""
    (place / "report.html").write_text(render(contents(text)), encoding="utf-8")
    page = browser.new_context(**context).new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    address = f"file://{place / 'report.html'}"
    page.on("request", lambda asked: wrong.append(asked.url) if asked.url != address else None)
    page.goto(address)
    return page, wrong


def test_it_opens_without_an_error_or_a_request(browser: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, tmp_path)
    page.click("#theme")
    page.fill("#search", "number 7")
    assert wrong == []


def test_hostile_text_is_inert(browser: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, tmp_path, HOSTILE)
    assert wrong == []
    assert page.evaluate("window.hit") is None
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 0


def test_the_slider_counts_exactly(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path)
    answer = page.locator("#answer")
    assert answer.get_attribute("data-kept") == str(sum(ALONE[5:]))
    page.fill("#limit-low", "3")
    assert answer.get_attribute("data-kept") == str(sum(ALONE[3:]))
    assert answer.get_attribute("data-fails") == str(sum(ALONE[:3]) + sum(OTHERS[:3]))
    assert "+9 against this run" in answer.inner_text()
    assert page.locator("#command").inner_text().endswith("--set 'long=a text >= 30'")
    page.fill("#limit-low", "10")
    assert answer.get_attribute("data-kept") == "0"


def test_the_keyboard_reaches_and_moves_everything(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path)
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"theme", "pick", "limit-low", "copy", "why", "search", "BUTTON", "SUMMARY"} <= reached
    page.focus("#limit-low")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#answer").get_attribute("data-kept") == str(sum(ALONE[4:]))
    assert "at least 40" in str(page.locator("#limit-low").get_attribute("aria-valuetext"))


def test_search_and_reasons_find_documents(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path)
    seen = "#samples article:not(.hidden)"
    assert page.locator(seen).count() == 40
    page.click("#more button")
    assert page.locator(seen).count() == 80
    assert page.locator("#more").is_visible()
    page.fill("#search", "number 42 ")
    assert page.locator(seen).count() == 1
    assert not page.locator("#more").is_visible()
    page.fill("#search", "")
    page.select_option("#why", "kept")
    assert page.locator("#found").inner_text() == "50 documents"


def test_tables_are_sorted_by_their_heads(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path)
    first = page.locator("#rules tbody th").first
    assert first.inner_text() == "long"
    head = page.locator("#rules thead th").nth(1)
    head.locator("button").click()
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("#rules tbody th").first.inner_text() == "tidy"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(browser: Any, tmp_path: Path, scheme: str) -> None:
    page, _ = opened(browser, tmp_path, color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []


def test_a_phone_scrolls_in_one_direction(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, "a text " * 9, viewport={"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_without_javascript_all_is_there(browser: Any, tmp_path: Path) -> None:
    page, _ = opened(browser, tmp_path, java_script_enabled=False)
    assert page.locator("#samples article:visible").count() == 100
    assert page.locator("#whatif noscript").count() == 1
