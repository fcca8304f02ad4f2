"""Pages become text with their mathematics as LaTeX, and columns of what only the page knows."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
from pydantic import Field, model_validator

from cleaner.config.word_lists import load_phrases
from cleaner.stages.base import Stage
from cleaner.storage.shortages import is_shortage
from cleaner.web.columns import COLUMNS, FACTS
from cleaner.web.cues import LISTS, Cues
from cleaner.web.page import Page, extract_html

_MACHINE = re.compile(r" at 0x[0-9a-fA-F]+|(?<![\w.])/(?:[\w.+-]+/)+")  # addresses and folders


class Extract(Stage):
    """Add `text` from `html` and the facts of the page; rows that are text already pass untouched.

    `broken` says `empty`, `not_html`, `binary` or `http_error`; `error` what could not be judged.
    An optional column `headers` (HTTP headers as text, or a list of name and value) or `charset`
    helps decoding and tells opt-outs; an optional `status` is the HTTP status. `lists` gives files
    for `zh_cue_starts`, `zh_cue_lines` and `zh_cue_parts`, the lines that stand around the text of
    Chinese pages; they are held as data: only who builds the stage opens files.
    """

    version: ClassVar[int] = 4  # shops, copies, statements, what the head says of the text
    changes_text: ClassVar[bool] = True

    math: bool = True
    main_content: bool = True
    min_formula_survival: float = 0.8
    lists: dict[str, str] = Field(default_factory=dict)
    phrases: dict[str, tuple[str, ...]]

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, options: Any) -> Any:
        if not isinstance(options, dict) or "phrases" in options:
            return options
        lists = options.get("lists") or {}
        if not isinstance(lists, dict):
            return {**options, "phrases": {}}  # refused by the field's type
        for name in lists:
            if name not in LISTS:
                there = ", ".join(LISTS)
                raise ValueError(f"lists: extract reads no list {name!r}; it reads: {there}")
        phrases = {name: load_phrases(str(lists.get(name, name))) for name in LISTS}
        return {**options, "phrases": phrases}

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        return {"html"}

    def may_read(self) -> set[str]:
        """Return what an archive, or a crawl's table, knows of the HTTP answer."""
        return {"headers", "status"}

    def adds(self) -> dict[str, Any]:
        """Return the columns this stage adds for good, name -> Polars type."""
        return {"text": pl.String, **COLUMNS}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with text, facts, `broken` and `error`, in the same order."""
        nothing = [None] * docs.height
        columns = {
            name: docs[name].to_list() if name in docs.columns else nothing
            for name in ("html", "text", "url", "headers", "status")
        }
        pages = [self._page(*row) for row in zip(*columns.values(), strict=True)]
        texts = [
            old if page is None else None if page.broken or page.error else page.text
            for page, old in zip(pages, columns["text"], strict=True)
        ]
        return docs.with_columns(
            pl.Series("text", texts, dtype=pl.String),
            *(
                pl.Series(name, [None if p is None else _found(p, name) for p in pages], dtype=kind)
                for name, kind in COLUMNS.items()
            ),
            broken=pl.Series(
                [[p.broken] if p and p.broken else [] for p in pages], dtype=pl.List(pl.String)
            ),
            error=pl.Series([p.error if p else None for p in pages], dtype=pl.String),
        )

    def _page(
        self, html: bytes | str | None, text: str | None, url: Any, headers: Any, status: Any
    ) -> Page | None:
        """Return one page, or None for a row that is text already."""
        if html is None:
            return None if text is not None else Page(error="neither a page nor a text")
        if _status(status) >= 400:
            return Page(broken="http_error")
        try:
            return extract_html(
                html,
                url if isinstance(url, str) else None,
                math=self.math,
                main_content=self.main_content,
                min_formula_survival=self.min_formula_survival,
                headers=_headers(headers),
                cues=Cues(*(self.phrases[name] for name in LISTS)),
            )
        except Exception as defect:  # one page must not cost the frame; the row fails and says why
            if is_shortage(defect):
                raise
            told = _MACHINE.sub("", f"defect: {type(defect).__name__}: {defect}")
            return Page(error=told[:300])


def _found(page: Page, name: str) -> Any:
    return getattr(page.facts if name in FACTS else page, name)


def _status(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _headers(value: Any) -> Mapping[str, str] | None:
    """Return HTTP headers from a block of text, a mapping, or a list of pairs."""
    if isinstance(value, str):
        lines = (line.partition(":") for line in value.splitlines())
        return {name.strip(): text.strip() for name, colon, text in lines if colon}
    if isinstance(value, Mapping):
        return {str(name): str(text) for name, text in value.items() if text is not None}
    if isinstance(value, list):
        pairs = [list(item.values()) if isinstance(item, Mapping) else item for item in value]
        return {str(pair[0]): str(pair[1]) for pair in pairs if len(pair) == 2}
    return None
