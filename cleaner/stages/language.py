"""The stage `language`: which language a document is in, and whether the job keeps it."""

from functools import reduce
from operator import or_
from typing import Any, ClassVar

import polars as pl

from cleaner.errors import JobError
from cleaner.models.language.codes import MIXED, UNDETERMINED, Code, family, user_code
from cleaner.stages.base import Judging
from cleaner.stages.options.language import LanguageOptions

_DOUBTED = "lang_doubted"  # the score is the model's, and there were letters enough for it to count


class Language(LanguageOptions, Judging):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 2  # rare Han, families, labels alone

    exact: ClassVar[bool] = False
    judged_by: ClassVar[frozenset[str]] = frozenset({"keep", "min_score", "action", "where"})

    def recalls(self) -> dict[str, Any]:
        """Return whether the score of a text counts."""
        return {_DOUBTED: pl.Boolean}

    def adds(self) -> dict[str, Any]:
        """Return the columns of `models.language.COLUMNS`."""
        from cleaner.models.language.language import COLUMNS

        return dict(COLUMNS)

    def files(self) -> list[str]:
        """Return the model's path, if it is not the one of py3langid, whose hash is in `model`."""
        from cleaner.models.language.backends import is_packaged

        return [] if self.model is None or is_packaged(self.model) else [self.model]

    def resolve(self) -> "Language":
        """Return these options with the model named by its hash, and with the score's floor.

        The model is loaded, and must know the languages of `keep`.
        """
        from cleaner.models.language.backends import backend, full_name

        model = backend(self.model)
        known = {code.lang for code in model.codes} | {UNDETERMINED, MIXED}
        for code in self.keep or []:
            if user_code(code).lang not in known:
                raise JobError(
                    f"keep: {code!r}: {self.model or model.name} knows no such language; "
                    f"it knows: {', '.join(sorted(known))}"
                )
        floor = self.min_score
        if floor is None and self.keep is not None:
            floor = model.min_score
        return self.model_copy(update={"model": full_name(self.model), "min_score": floor})

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with the language of every document, `broken` and `error`."""
        return self.for_run(docs).drop(_DOUBTED)

    def for_run(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the same with whether each score counts."""
        from cleaner.models.language.backends import backend
        from cleaner.models.language.language import COLUMNS, identify

        text = docs["text"]
        found = identify(text, backend(self.model)).rename({"doubted": _DOUBTED})
        known = text.is_not_null()
        names = (*COLUMNS, _DOUBTED)
        docs = docs.with_columns(
            found.select(pl.when(known).then(pl.col(name)).alias(name) for name in names)
        )
        error = pl.when(~known).then(pl.lit("null text")).alias("error")
        return self.rejudged(docs).with_columns(error)

    def rejudged(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, which have their language, with `broken`."""
        from cleaner.models.language.backends import backend

        floor = self.min_score
        floor = backend(self.model).min_score if floor is None else floor
        judged = self.judged(docs) & docs["lang"].is_not_null()
        broken = docs.select(self._broken(docs, floor)).to_series()
        nothing = pl.lit([], pl.List(pl.String))
        return docs.with_columns(pl.when(judged).then(broken).otherwise(nothing).alias("broken"))

    def _broken(self, found: pl.DataFrame, floor: float) -> pl.Expr:
        """Return the list of reasons why a document of `found` falls."""
        from cleaner.models.language.language import MIXED_SHARE

        if self.keep is None and self.min_score is None:
            return pl.lit([], pl.List(pl.String))  # nothing was asked: only labels
        keep = [user_code(code) for code in self.keep or []]
        named = {lang for code in keep for lang in family(code.lang)}
        foreign = [
            named != set()
            and any(part["share"] > MIXED_SHARE and part["lang"] not in named for part in parts)
            for parts in found["lang_shares"].fill_null([])
        ]
        lang = pl.col("lang")
        one = ~lang.is_in([UNDETERMINED, MIXED])
        wanted = reduce(or_, map(_is, keep)) if keep else pl.lit(True)
        falls: dict[str, pl.Expr] = {
            UNDETERMINED: (lang == UNDETERMINED) & (UNDETERMINED not in named),
            MIXED: pl.lit(pl.Series(foreign, dtype=pl.Boolean)) & (MIXED not in named),
            "language": one & ~wanted,
            "low_score": pl.col(_DOUBTED) & (pl.col("lang_score") < round(floor, 6)),
        }
        reasons = [pl.when(fall).then(pl.lit(reason)) for reason, fall in falls.items()]
        return pl.concat_list(reasons).list.drop_nulls()


def _is(code: Code) -> pl.Expr:
    """Return whether a document is in the language, variety and script of `code`."""
    exact = code.detail or code.script
    same = pl.col("lang").is_in([code.lang] if exact else sorted(family(code.lang)))
    if code.detail:
        same &= pl.col("lang_detail") == code.detail
    if code.script:  # Hani: nothing in the text tells Hans from Hant
        same &= pl.col("script").is_in([code.script, "Hani"])
    return same
