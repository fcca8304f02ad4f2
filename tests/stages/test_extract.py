"""The stage `extract`: pages become text and facts; rows stay, one page costs no other."""

from pathlib import Path

import polars as pl
import pytest

from cleaner.stages.extract import Extract

PAGES = {
    "text": b"<title>T</title><p>For $5: <math><mi>x</mi></math></p>",
    "empty": b"",
    "binary": b"%PDF-1.4",
    "not_html": b"{}",
    "undecodable": bytes(range(128, 256)) * 9,
    "over budget": b"<div>" * 9_000,
}
DOCS = pl.DataFrame({"row": range(len(PAGES)), "html": list(PAGES.values())})


def test_every_page_is_text_broken_or_an_error() -> None:
    out = Extract()(DOCS)
    assert out.select("row", "html").equals(DOCS)
    assert out["text"].to_list() == ["For \\$5: $x$", None, None, None, None, None]
    assert out["broken"].to_list() == [[], ["empty"], ["binary"], ["not_html"], [], []]
    assert [error and error.split(":")[0] for error in out["error"]] == [
        None, None, None, None, "undecodable", "over budget",
    ]  # fmt: skip


def test_it_adds_what_it_says() -> None:
    stage = Extract()
    out = stage(DOCS)
    assert stage.adds().items() <= dict(out.schema).items()
    assert set(out.columns) == {"row", "html", "broken", "error", *stage.adds()}
    assert out.row(0, named=True) | {"html": b""} == {
        "row": 0, "html": b"", "text": "For \\$5: $x$", "formulas_marked": True,
        "formulas_found": 1, "formulas_lost": 0, "formula_images_lost": 0, "link_density": 0.0,
        "charset": "ascii",
        "charset_repaired": False, "title": "T", "published": None, "canonical_url": None,
        "declared_lang": None, "page_licence": None, "optout_noai": False, "optout_tdm": False,
        "noindex": False, "page_kind": "article", "broken": [], "error": None,
    }  # fmt: skip


def test_rows_that_are_text_already_pass_untouched() -> None:
    docs = pl.DataFrame(
        {"html": [None, b"<p>page</p>", None], "text": ["a $5 text", None, None]},
        schema={"html": pl.Binary, "text": pl.String},
    )
    out = Extract()(docs)
    assert out["text"].to_list() == ["a $5 text", "page", None]
    assert out["formulas_marked"].to_list() == [None, True, False]
    assert out["error"].to_list() == [None, None, "neither a page nor a text"]


def test_pages_may_be_strings_and_frames_may_be_empty() -> None:
    docs = pl.DataFrame({"html": ["<p>数学</p>", None]})
    assert Extract()(docs)["text"].to_list() == ["数学", None]
    assert Extract()(docs[:0]).schema == Extract()(docs).schema


def test_frames_may_be_cut_anywhere() -> None:
    stage = Extract()
    parts = pl.concat([stage(DOCS[:1]), stage(DOCS[1:4]), stage(DOCS[4:])])
    assert parts.equals(stage(DOCS))


@pytest.mark.parametrize(
    "headers",
    [
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=cp1252\r\nX-Robots-Tag: noai",
        {"Content-Type": "text/html; charset=cp1252", "X-Robots-Tag": "noai"},
        [
            {"name": "Content-Type", "value": "text/html; charset=cp1252"},
            {"name": "X-Robots-Tag", "value": "noai"},
        ],
        [["Content-Type", "text/html; charset=cp1252"], ["X-Robots-Tag", "noai"]],
    ],
)
def test_headers_in_any_form_are_heard(headers: object) -> None:
    docs = pl.DataFrame({"html": ["<p>é</p>".encode("cp1252")], "headers": [headers]})
    out = Extract()(docs)
    assert out.select("text", "charset", "optout_noai").row(0) == ("é", "cp1252", True)


def test_a_status_of_400_and_more_is_an_error_page() -> None:
    docs = pl.DataFrame({"html": ["<p>a</p>"] * 3, "status": ["200", "404", None]})
    assert Extract()(docs)["broken"].to_list() == [[], ["http_error"], []]


def test_the_address_tells_what_the_page_does_not() -> None:
    docs = pl.DataFrame({"html": ["<p>a</p>"] * 2, "url": ["https://x.org/2019/03/05/a", None]})
    assert Extract()(docs)["published"].to_list() == ["2019-03-05", None]


def test_options_reach_the_page() -> None:
    docs = DOCS[:1]
    assert Extract(math=False)(docs)["text"].to_list() == ["For $5: x"]
    assert Extract(main_content=False)(docs)["text"].to_list() == ["For \\$5: $x$"]


PROSE = "三角形的内角和等于两个直角，这一结论对平面上的每个三角形都成立，与三边的取法无关。"


def test_lines_around_chinese_text_are_those_of_the_lists_given(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("# of one site\n水车旁边\n", encoding="utf-8")
    inside = f"<p>{PROSE}</p><p>水车旁边：三号</p><p>分享到：朋友圈</p><p>{PROSE}</p>"
    docs = pl.DataFrame({"html": [f"<article>{inside}</article>"]})
    assert Extract()(docs)["text"][0] == f"{PROSE}\n\n水车旁边：三号\n\n{PROSE}"
    stage = Extract(lists={"zh_cue_starts": str(own)}).resolve()
    own.unlink()  # workers get the words and open no file
    again = type(stage).model_validate(stage.model_dump())
    assert again(docs)["text"][0] == f"{PROSE}\n\n分享到：朋友圈\n\n{PROSE}"


def test_a_list_that_extract_does_not_read_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="extract reads no list 'zh_advert'; it reads: zh_cue_st"):
        Extract(lists={"zh_advert": "own.txt"})


def test_a_defect_costs_one_row_and_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(page: bytes, *_: object, **__: object) -> None:
        raise KeyError(f"lost at {object()!r} in /home/somebody/page.py")

    monkeypatch.setattr("cleaner.web.page.extract_html", broken)
    out = Extract()(DOCS[:1])
    error = "defect: KeyError: 'lost at <object object> in page.py'"
    assert (out["text"].to_list(), out["error"].to_list()) == ([None], [error])
