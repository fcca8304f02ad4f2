"""The page as a file: nothing of a corpus commands it, and its policy allows only its own parts."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

from support.report_contents import contents

from cleaner.report.page import render

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028\u202e\x1b[2J&amp;"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = _Tags()
    reader.feed(page)
    return reader.tags


def test_the_policy_allows_the_pages_own_style_and_script_by_hash_alone() -> None:
    page = render(contents())
    (policy,) = [a["content"] for t, a in tags(page) if a.get("http-equiv")]
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    script = re.search(r"<script>(.*?)</script>", page, re.S)
    assert style is not None
    assert script is not None
    hashes = [
        base64.b64encode(hashlib.sha256(one[1].encode()).digest()).decode()
        for one in (style, script)
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_loaded_and_nothing_runs_inline() -> None:
    for tag, attributes in tags(render(contents(HOSTILE))):
        assert tag not in ("img", "link", "iframe", "object", "base"), (tag, attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert not str(attributes.get("href", "#")).startswith(("http", "javascript"))
        assert "src" not in attributes


def test_hostile_names_and_texts_are_text_everywhere() -> None:
    harmless, hostile = (tags(render(contents(text))) for text in ("x", HOSTILE))
    assert [tag for tag, _ in hostile] == [tag for tag, _ in harmless]
    assert "\x1b" not in render(contents(HOSTILE))
    assert "\u202e" not in render(contents(HOSTILE))


def test_the_scripts_data_cannot_be_left_and_says_what_was_put_in() -> None:
    page = render(contents(HOSTILE))
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    assert not set(found[1]) & set("<>&\u2028")
    assert json.loads(found[1])["sliders"][0]["signal"] == HOSTILE


def test_sections_without_content_are_not_there() -> None:
    page = render(contents(samples=False, sliders=False))
    assert 'id="samples"' not in page
    assert 'href="#samples"' not in page
    assert 'id="whatif"' not in page
