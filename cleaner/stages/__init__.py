"""The stages a job may name: what a user may write of each, and the module that is at work.

`OPTIONS` is cheap to import; a stage is imported when `STAGES` is asked for it.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cleaner.stages.options.base import StageOptions
from cleaner.stages.options.cap import CapOptions
from cleaner.stages.options.categorise import CategoriseOptions
from cleaner.stages.options.checkpoint import CheckpointOptions
from cleaner.stages.options.classify import ClassifyOptions
from cleaner.stages.options.clean_lines import CleanLinesOptions
from cleaner.stages.options.decontaminate import DecontaminateOptions
from cleaner.stages.options.dedup_paragraphs import DedupParagraphsOptions
from cleaner.stages.options.embed_classify import EmbedClassifyOptions
from cleaner.stages.options.exact_dedup import ExactDedupOptions
from cleaner.stages.options.extract import ExtractOptions
from cleaner.stages.options.filter import FilterOptions
from cleaner.stages.options.generate import GenerateOptions
from cleaner.stages.options.language import LanguageOptions
from cleaner.stages.options.line_dedup import LineDedupOptions
from cleaner.stages.options.math_prefilter import MathPrefilterOptions
from cleaner.stages.options.near_dedup import NearDedupOptions
from cleaner.stages.options.normalise import NormaliseOptions
from cleaner.stages.options.removed import RemovedOptions
from cleaner.stages.options.rewrite import RewriteOptions
from cleaner.stages.options.sample import SampleOptions
from cleaner.stages.options.url_filter import UrlFilterOptions

if TYPE_CHECKING:
    from cleaner.stages.base import Judging, Stage

OPTIONS: dict[str, type[StageOptions]] = {
    "math_prefilter": MathPrefilterOptions,
    "extract": ExtractOptions,
    "normalise": NormaliseOptions,
    "clean_lines": CleanLinesOptions,
    "dedup_paragraphs": DedupParagraphsOptions,
    "url_filter": UrlFilterOptions,
    "language": LanguageOptions,
    "filter": FilterOptions,
    "exact_dedup": ExactDedupOptions,
    "near_dedup": NearDedupOptions,
    "line_dedup": LineDedupOptions,
    "decontaminate": DecontaminateOptions,
    "cap": CapOptions,
    "classify": ClassifyOptions,
    "embed_classify": EmbedClassifyOptions,
    "categorise": CategoriseOptions,
    "rewrite": RewriteOptions,
    "generate": GenerateOptions,
    "sample": SampleOptions,
    "checkpoint": CheckpointOptions,
    "removed": RemovedOptions,
}


class _Stages(MutableMapping[str, "type[Stage]"]):
    """Stages by name, those of other packages too; `OPTIONS` says where ours are."""

    def __init__(self) -> None:
        self._others: dict[str, type[Stage]] = {}

    def __getitem__(self, name: str) -> "type[Stage]":
        if name in self._others:
            return self._others[name]
        module, _, kind = OPTIONS[name].stage.partition(":")
        found: type[Stage] = getattr(import_module(module), kind)
        return found

    def __setitem__(self, name: str, stage: "type[Stage]") -> None:
        self._others[name] = stage

    def __delitem__(self, name: str) -> None:
        del self._others[name]

    def __contains__(self, name: object) -> bool:
        return name in OPTIONS or name in self._others

    def __iter__(self) -> Iterator[str]:
        return iter([*OPTIONS, *self._others])

    def __len__(self) -> int:
        return len(OPTIONS) + len(self._others)


STAGES = _Stages()

__all__ = ["OPTIONS", "STAGES", "Judging", "Stage"]


def __getattr__(name: str) -> Any:
    if name in ("Judging", "Stage"):
        return getattr(import_module("cleaner.stages.base"), name)
    raise AttributeError(f"module {__name__!r} has no {name!r}; available: {', '.join(__all__)}")
