"""Drop pages by their address, and pages whose owners opted out."""

from functools import cached_property
from typing import ClassVar, Self

import polars as pl
from pydantic import model_validator

from cleaner.config.word_lists import load_phrases
from cleaner.stages.base import Judging
from cleaner.stages.options.url_filter import UrlFilterOptions
from cleaner.text.urls import list_files, load_lists, on_list, words_in


class ByAddress(UrlFilterOptions, Judging):
    """What the stage does, whether its words are still in files or already at hand."""

    version: ClassVar[int] = 3  # words in addresses of GBK below a host of other letters
    drops_most: ClassVar[bool] = True

    def all_words(self) -> tuple[str, ...]:
        """Return the words that no url may hold."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.block or self.all_words() or self.respect):
            raise ValueError("takes at least one of block, words and respect")
        return self

    def needs(self) -> set[str]:
        """Return the url, the signs asked for, and what `on` reads."""
        by_url = {"url"} if self.block or self.all_words() else set()
        return by_url | {f"optout_{sign}" for sign in self.respect} | self.asked_needs()

    def files(self) -> list[str]:
        """Return the files of the lists."""
        return list_files((*self.block, *self.allow))

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken`."""
        words = self.all_words()
        blocked = pl.repeat(False, docs.height, eager=True)
        if self.block:
            blocked |= on_list(docs["url"], load_lists(self.block))
        if words:
            blocked |= words_in(docs["url"], words)
        if self.allow and blocked.any():
            blocked &= ~on_list(docs["url"], load_lists(self.allow))
        # A null sign belongs to a text that came without its page: nobody opted out there.
        signs = [docs[f"optout_{sign}"].fill_null(False) for sign in self.respect]
        opted_out = pl.any_horizontal(signs) if signs else pl.lit(False)
        judged = self.judged(docs)
        reasons = [
            pl.when(judged & blocked).then(pl.lit("blocked_url")),
            pl.when(judged & opted_out).then(pl.lit("opt_out")),
        ]
        return docs.with_columns(broken=pl.concat_list(reasons).list.drop_nulls())


class ResolvedUrlFilter(ByAddress):
    """The stage with all its words: no worker opens a file of words."""

    def all_words(self) -> tuple[str, ...]:
        """Return the words that no url may hold."""
        return self.words


class UrlFilter(ByAddress):
    """The stage at work; its options say what it does."""

    @cached_property
    def _read(self) -> tuple[str, ...]:
        found = [load_phrases(word) if word.endswith(".txt") else (word,) for word in self.words]
        return tuple(word for each in found for word in each)

    def all_words(self) -> tuple[str, ...]:
        """Return the words that no url may hold, those in files too."""
        return self._read

    @classmethod
    def resolved_type(cls) -> type[ResolvedUrlFilter]:
        """Return the type of the stage with all its words."""
        return ResolvedUrlFilter

    def resolve(self) -> ResolvedUrlFilter:
        """Return these options with all words; the lists are read once, to say what is wrong."""
        for lists in (self.block, self.allow):
            load_lists(lists)
        return ResolvedUrlFilter(**{**self.model_dump(), "words": self.all_words()})
