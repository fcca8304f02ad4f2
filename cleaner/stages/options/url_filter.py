"""What a user may write of `url_filter`."""

from typing import Any, ClassVar, Literal

from pydantic import field_validator

from cleaner.stages.options.base import JudgingOptions

Sign = Literal["noai", "tdm"]


class UrlFilterOptions(JudgingOptions):
    """Drop as `blocked_url` what a list or a word blocks, and as `opt_out` what `respect` names.

    `block` and `allow` are files or UT1 folders of domains, hosts and paths; what is allowed is
    never blocked. `words` are words, or files of words, that no url may hold. `respect` reads the
    signs that `extract` finds (`noai`: robots meta and headers; `tdm`: TDM reservation), so it
    comes after `extract`. A document without a url is not blocked.
    """

    stage: ClassVar[str] = "cleaner.stages.url_filter:UrlFilter"

    block: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    respect: tuple[Sign, ...] = ()

    @field_validator("block", "allow", "words", "respect", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value
