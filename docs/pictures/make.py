"""Draws the pictures of `docs/report.md` and the README from a run over the shipped samples.

Needs a chromium, and playwright, which `pip install -e '.[test-browser]'` brings.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import cleaner
from cleaner.report.gather import gather
from cleaner.report.page import render

HERE = Path(__file__).parent
# Name: width, height, scheme, and the section at the top; None is the top of the page.
PICTURES: dict[str, tuple[int, int, str, str | None]] = {
    "report": (1200, 860, "light", None),
    "rules": (1200, 760, "light", "rules"),
    "whatif": (1200, 700, "dark", "whatif"),
    "samples": (1200, 700, "light", "samples"),
    "phone": (400, 800, "dark", None),
}


def main() -> None:
    """Run the quickstart, write its report, and draw it."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("no chromium on this machine")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        run = cleaner.run("shipped:jobs/quickstart.yaml", f"{place}/quickstart", engine="inline")
        page = Path(place, "report.html")
        page.write_text(render(gather(run)).replace(place, "runs"), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (width, height, scheme, section) in PICTURES.items():
            context: Any = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
            shown = browser.new_context(reduced_motion="reduce", **context).new_page()
            shown.goto(f"file://{page}")
            if section is not None:
                shown.evaluate(f"document.getElementById('{section}').scrollIntoView()")
            shown.screenshot(path=HERE / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
