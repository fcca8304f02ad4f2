"""Pages cut, spliced and damaged at random: no crash, no hang, the same text twice."""

import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaner.stages.extract import Extract
from cleaner.web.page import extract_html
from cleaner.web.prefilter import may_hold_mathematics

CASES = [
    json.loads(line)["html"]
    for line in (Path(__file__).parent / "cases.jsonl").read_text().splitlines()
]
SHARDS = st.sampled_from(CASES).flatmap(
    lambda page: st.tuples(st.integers(0, len(page)), st.integers(0, len(page))).map(
        lambda cut: page[min(cut) : max(cut)]
    )
)
JUNK = st.sampled_from(
    ["<", ">", "</", "<!--", "-->", "&", "&#", "$", "$$", "\\(", "\\)", "\\[", "\\begin{", "{", "}",
     "\ue000", "\ue001", "\ue010", "\ufffd", "\x00", "\ud800", "<script>", "</math>", "<math>",
     "<mtable>", "<![CDATA[", "]]>", "<template>", "<plaintext>", "<svg><style>", "<table><a>",
     "<mi/>", "<annotation>", "'", '"', "=", "\u202e", "\U0001d465", "<frameset>",
     "<noscript>", "<select>"]
)  # fmt: skip
PAGES = st.lists(SHARDS | JUNK | st.text(max_size=9), max_size=25).map("".join)
FUZZ = settings(deadline=2_000, max_examples=400, suppress_health_check=list(HealthCheck))


@FUZZ
@given(page=PAGES, math=st.booleans())
def test_any_page_is_text_broken_or_an_error(page: str, math: bool) -> None:
    found = extract_html(page, math=math)
    assert extract_html(page, math=math) == found
    found.text.encode()
    assert not (found.error and found.text)
    assert found.formulas_lost <= found.formulas_found


@FUZZ
@given(page=PAGES, damage=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=9))
def test_any_bytes_go_through_the_stages(page: str, damage: list[tuple[int, int]]) -> None:
    raw = bytearray(page.encode("utf-8", "replace"))
    for place, byte in damage:
        if place < len(raw):
            raw[place] = byte
    docs = pl.DataFrame({"html": [bytes(raw)]})
    out = Extract()(docs)
    assert not (out["error"][0] or "").startswith("defect")
    assert may_hold_mathematics(docs["html"]).null_count() == 0


@pytest.mark.corpora
def test_real_pages_cut_and_spliced(corpora: Path) -> None:
    pages = pl.read_parquet(corpora / "open/raw_html.parquet")["html"].sample(120, seed=3).to_list()
    for one, other in pairwise(pages):
        page = one[len(one) // 3 : len(one) // 2] + other[: len(other) // 2] + one[len(one) // 2 :]
        assert extract_html(page).error is None
        raw = bytearray(page.encode())
        raw[:: max(len(raw) // 50, 1)] = b"<" * len(raw[:: max(len(raw) // 50, 1)])
        found = extract_html(bytes(raw))
        assert found.error is None or found.error.startswith(("undecodable", "over budget"))
