"""Frequent lines: counted once a document, cut everywhere, and the same however units are cut."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unicode_texts import texts as any_texts

from cleaner.dedup.against import as_old
from cleaner.dedup.lines import FREQUENT, LINES, cut_lines, decide_lines, line_counts, pieces
from cleaner.kernels.hashing import in_range
from cleaner.stages.line_dedup import LineDedup

MENU = "Home | News | About us | Contact"


def frame(texts: list[str | None], **columns: list) -> pl.DataFrame:
    return pl.DataFrame({"text": pl.Series(texts, dtype=pl.String), **columns}).with_columns(
        file=pl.int_range(pl.len(), dtype=pl.UInt32) // 3,
        row=pl.int_range(pl.len(), dtype=pl.UInt64) % 3,
    )


def cut(
    texts: list[str | None], columns: dict | None = None, **options: object
) -> list[str | None]:
    options = {"min_documents": 2, "min_words": 2} | options
    return LineDedup(**options)(frame(texts, **(columns or {})))["text"].to_list()


def test_a_line_goes_where_enough_documents_have_it() -> None:
    texts = [
        f"{MENU}\nOne story here.",
        f"Another story.\n\n{MENU.upper()}\n",
        "Home | News",
        None,
        "",
    ]
    assert cut(texts) == ["One story here.", "Another story.", "Home | News", None, ""]
    assert cut(texts, min_documents=3) == texts


def test_a_line_counts_once_a_document() -> None:
    texts = [f"{MENU}\n" * 5, "a story"]
    assert cut(texts) == texts


def test_blank_lines_around_a_cut_become_one() -> None:
    texts = [f"a b\n\n{MENU}\n\n\nc d\n\n\n{MENU}\n \n", MENU]
    assert cut(texts) == ["a b\n\nc d", ""]


def test_what_loses_nothing_stays_byte_for_byte() -> None:
    odd = "\n\n  a b \r\n\n\n\n c\n\n"
    assert cut([odd, f"{MENU}\n", f"{MENU}\nx y"])[0] == odd


def test_the_first_may_keep_it() -> None:
    texts = ["x y\n" + MENU, MENU + "\nz y", MENU]
    assert cut(texts, keep_first=True) == [texts[0], "z y", ""]


def test_short_lines_code_and_formulas_stay() -> None:
    text = "Proof.\n```\nimport numpy as np\n```\n$$\nx = y\n+ z + w\n$$ and\n"
    assert cut([text + f"story {i} of many" for i in range(5)], min_words=3) == [
        text + f"story {i} of many" for i in range(5)
    ]


def test_paragraphs() -> None:
    texts = ["one\ntwo three\n\nfour five", "One\nTwo  three\n \nsix", "one\n\ntwo three"]
    assert cut(texts, unit="paragraph") == ["four five", "six", "one\n\ntwo three"]


def test_by_host_and_by_source() -> None:
    texts = [f"{MENU}\nstory {i} here" for i in range(4)]
    url = ["http://a.org/1", "http://a.org/2", "http://b.org/1", None]
    left = ["story 0 here", "story 1 here", texts[2], texts[3]]
    assert cut(texts, {"url": url}, within="host") == left
    assert cut(texts, {"source": ["a", "a", "b", "c"]}, within="source") == left


def test_traditional_and_full_width_lines_are_the_same() -> None:
    texts = ["版權所有　轉載必究\n甲乙", "版权所有 转载必究\n丙丁"]
    assert cut(texts) == ["甲乙", "丙丁"]


def test_counts_and_reasons() -> None:
    docs = frame([f"{MENU}\n{MENU}", f"{MENU}\n\nstory", "a b", None])
    found = LineDedup(min_documents=2, min_words=2)(docs)
    assert found["lines_cut"].to_list() == [2, 1, 0, 0]
    assert found["characters_cut"].to_list() == [2 * len(MENU) + 1, len(MENU) + 2, 0, 0]
    assert found["broken"].to_list() == [["repeated_line"], [], [], []]


@pytest.mark.parametrize("unit", ["line", "paragraph"])
@settings(deadline=None, max_examples=150)
@given(texts=st.lists(any_texts, max_size=6))
def test_pieces_are_the_text_and_part_no_formula(texts: list[str], unit: str) -> None:
    docs = frame(texts)
    found = pieces(docs, unit, 1, "all")
    bounds = found.cuts.tolist()
    raw = [found.data[a:b].tobytes() for a, b in pairwise(bounds)]
    for document, text in enumerate(texts):
        own = raw[found.first[document] : found.first[document + 1]]
        assert b"".join(own).decode() == text
        assert all(piece.endswith(b"\n") for piece in own[:-1])
        assert (
            "$$\nx^2\n$$" not in text
            or any(b"$$\nx^2\n$$" in piece for piece in own)
            or "`" in text
        )


LINE = st.sampled_from(["a b", "c d e", "A  B", "", "x", "c d e f"])
TEXTS = st.lists(st.lists(LINE, max_size=5).map("\n".join), max_size=9)


@settings(deadline=None, max_examples=100)
@given(
    texts=TEXTS, cuts=st.sets(st.integers(0, 9)), parts=st.integers(1, 3), least=st.integers(2, 3)
)
def test_units_and_partitions_change_nothing(
    texts: list[str], cuts: set[int], parts: int, least: int
) -> None:
    docs = frame(texts)
    bounds = sorted({0, *(c for c in cuts if c < docs.height), docs.height})
    units = [docs[a:b] for a, b in pairwise(bounds)]
    rows = pl.concat([pl.DataFrame(schema=LINES), *(line_counts(u, min_words=1) for u in units)])
    decided = [
        decide_lines(rows.filter(pl.Series(in_range(rows["line"].to_numpy(), parts, part))), least)
        for part in range(parts)
    ]
    frequent = pl.concat([pl.DataFrame(schema=FREQUENT), *decided])
    for keep_first in (False, True):
        whole = cut_lines(
            docs, decide_lines(line_counts(docs, min_words=1), least), min_words=1,
            keep_first=keep_first,
        )  # fmt: skip
        found: list[str] = []
        for unit in units:
            mine = frequent.join(unit, on=["file", "row"], how="semi")
            found += cut_lines(unit, mine, min_words=1, keep_first=keep_first)[0].to_list()
        assert found == whole[0].to_list()
    held = {
        key: {line for line in text.lower().split("\n") if line} for key, text in enumerate(texts)
    }
    for line in ("a b", "c d e", "x"):
        documents = sum(line in {" ".join(h.split()) for h in lines} for lines in held.values())
        after = cut_lines(docs, decide_lines(line_counts(docs, min_words=1), least), min_words=1)[0]
        stays = any(line in [" ".join(x.split()) for x in t.lower().split("\n")] for t in after)
        assert stays == (0 < documents < least)


def test_lines_of_an_earlier_run_count() -> None:
    docs, old = frame([f"{MENU}\na story", "else"]), frame([MENU, MENU + "\nx y"])
    rows = pl.concat([line_counts(docs, min_words=2), as_old(line_counts(old, min_words=2), "a")])
    frequent = decide_lines(rows, 3)
    assert frequent.select("file", "row", "documents").rows() == [(0, 0, 3)]
    for keep_first in (False, True):
        found = cut_lines(docs, frequent, min_words=2, keep_first=keep_first)
        assert found[0].to_list() == ["a story", "else"]


def test_the_schemas() -> None:
    counted = line_counts(frame(["a b c d e", "A b c d e", ""]))
    assert counted.schema == LINES
    assert counted["documents"].to_list() == [2]
    assert decide_lines(counted, 2).schema == FREQUENT


def test_a_line_of_five_words_counts_and_one_of_four_does_not() -> None:
    four, five = "one two three four", "one two three four five"
    docs = frame([f"{four}\n{five}", five, four])
    counted = line_counts(docs)
    assert counted.select("documents", "file", "row").rows() == [(2, 0, 0)]
    frequent = decide_lines(counted, 2)
    assert decide_lines(counted, 3).is_empty()
    assert frequent.select("documents", "first_file", "first_row").rows() == [(2, 0, 0)]
    texts, cut_from_each = cut_lines(docs, frequent)
    assert texts.to_list() == [four, "", four]
    assert cut_from_each.to_list() == [1, 1, 0]
    # The first of all may keep it; none of them is cut where nothing is frequent.
    kept, gone = cut_lines(docs, frequent, keep_first=True)
    assert (kept.to_list(), gone.to_list()) == ([docs["text"][0], "", four], [0, 1, 0])
    assert cut_lines(docs, frequent.clear())[1].to_list() == [0, 0, 0]


def test_lines_are_sent_in_the_order_of_their_documents() -> None:
    lines = [f"line number {n} has five words" for n in range(40)]
    docs = frame(["\n".join(lines[start : start + 10]) for start in range(0, 40, 10)])
    counted = line_counts(docs)
    assert counted.select("file", "row").rows() == sorted(counted.select("file", "row").rows())
    assert len(counted) == 40
    assert counted.equals(line_counts(docs[::-1]))
