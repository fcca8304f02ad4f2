"""The stages a job may name, one module each."""

from cleaner.stages.base import Judging, Options, Stage
from cleaner.stages.cap import Cap
from cleaner.stages.classify import Classify
from cleaner.stages.clean_lines import CleanLines
from cleaner.stages.dedup_paragraphs import DedupParagraphs
from cleaner.stages.embed_classify import EmbedClassify
from cleaner.stages.exact_dedup import ExactDedup
from cleaner.stages.extract import Extract
from cleaner.stages.filter import Filter
from cleaner.stages.language import Language
from cleaner.stages.line_dedup import LineDedup
from cleaner.stages.math_prefilter import MathPrefilter
from cleaner.stages.near_dedup import NearDedup
from cleaner.stages.normalise import Normalise
from cleaner.stages.sample import Sample
from cleaner.stages.url_filter import UrlFilter

STAGES: dict[str, type[Stage]] = {
    "math_prefilter": MathPrefilter,
    "extract": Extract,
    "normalise": Normalise,
    "clean_lines": CleanLines,
    "dedup_paragraphs": DedupParagraphs,
    "url_filter": UrlFilter,
    "language": Language,
    "filter": Filter,
    "exact_dedup": ExactDedup,
    "near_dedup": NearDedup,
    "line_dedup": LineDedup,
    "cap": Cap,
    "classify": Classify,
    "embed_classify": EmbedClassify,
    "sample": Sample,
}

# Named in the documentation and refused until they work.
NOT_BUILT = (
    "decontaminate", "checkpoint",
)  # fmt: skip

__all__ = ["NOT_BUILT", "STAGES", "Judging", "Options", "Stage"]
