"""Pages become text with their mathematics as LaTeX, and columns of what only the page knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import polars as pl
from pydantic import model_validator

from cleaner.config.word_lists import load_phrases
from cleaner.stages.base import Stage
from cleaner.stages.options.extract import ExtractOptions
from cleaner.storage.shortages import is_shortage
from cleaner.web.columns import COLUMNS, FACTS
from cleaner.web.cues import LISTS, Cues

if TYPE_CHECKING:
    from cleaner.web.page import Page

_MACHINE = re.compile(r" at 0x[0-9a-fA-F]+|(?<![\w.])/(?:[\w.+-]+/)+")  # addresses and folders


class ByCues(ExtractOptions, Stage):
    """What the stage does, whether its lists are still in files or already at hand."""

    version: ClassVar[int] = 4  # shops, copies, statements, what the head says of the text
    changes_text: ClassVar[bool] = True

    def cues(self) -> Cues:
        """Return the lines that stand around the text of Chinese pages."""
        raise NotImplementedError

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
        # Whoever only reads the job of a finished run makes no page and loads none of it.
        from cleaner.web.page import Page, extract_html

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
                cues=self.cues(),
            )
        except Exception as defect:  # one page must not cost the frame; the row fails and says why
            if is_shortage(defect):
                raise
            told = _MACHINE.sub("", f"defect: {type(defect).__name__}: {defect}")
            return Page(error=told[:300])


class ResolvedExtract(ByCues):
    """The stage with its lists as data: no worker opens their files."""

    phrases: dict[str, tuple[str, ...]]

    def cues(self) -> Cues:
        """Return the lines that stand around the text of Chinese pages."""
        return _cues(self.phrases)


class Extract(ByCues):
    """The stage at work; its options say what it does."""

    @model_validator(mode="after")
    def _lists_are_read(self) -> Self:
        self.cues()  # a missing file is said with the place of the stage
        return self

    @cached_property
    def phrases(self) -> dict[str, tuple[str, ...]]:
        """The lists that the stage reads, by name."""
        for name in self.lists:
            if name not in LISTS:
                there = ", ".join(LISTS)
                raise ValueError(f"lists: extract reads no list {name!r}; it reads: {there}")
        return {name: load_phrases(self.lists.get(name, name)) for name in LISTS}

    def cues(self) -> Cues:
        """Return the lines that stand around the text of Chinese pages."""
        return _cues(self.phrases)

    @classmethod
    def resolved_type(cls) -> type[ResolvedExtract]:
        """Return the type of the stage with its lists."""
        return ResolvedExtract

    def resolve(self) -> ResolvedExtract:
        """Return these options with the lists of their files."""
        return ResolvedExtract(**self.model_dump(), phrases=self.phrases)


def _cues(phrases: Mapping[str, tuple[str, ...]]) -> Cues:
    return Cues(*(phrases[name] for name in LISTS))


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
