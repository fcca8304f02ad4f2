"""What stages that ask a large model for texts have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import polars as pl
from pydantic import BaseModel, ValidationError, model_validator

from cleaner.errors import JobError
from cleaner.models.rewriting.answers import Budget, Terms, begin, open_answers, told
from cleaner.models.rewriting.guards import Guards
from cleaner.models.rewriting.pool import Target
from cleaner.models.rewriting.price import foreseen
from cleaner.models.rewriting.prompts import Prompt, read_prompt
from cleaner.models.rewriting.work import (
    NOT_ASKED,
    Asker,
    Settings,
    Text,
    answers_at,
    known,
    pool_of,
)
from cleaner.stages.base import Judging
from cleaner.stages.options.asked import AskedOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cleaner.models.rewriting.work import Outcome

_LISTS = ("llm_manners_en", "llm_manners_zh", "llm_traces_en", "llm_traces_zh")
_SAID = {"temperature", "max_output_tokens", "tries"}  # settings that decide the answers
_ALL = "*"  # the language of a prompt for all


class ByPrompts(AskedOptions, Judging):
    """What the stage does, whether its prompts are still in files or already at hand."""

    exact: ClassVar[bool] = False

    def by_lang(self) -> Mapping[str, Prompt]:
        """Return the prompt for each language; `*` stands for all."""
        raise NotImplementedError

    def manners(self) -> tuple[str, ...]:
        """Return the phrases of models that no text may gain."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _parts_are_what_they_say(self) -> Self:
        parts = {
            "endpoints": lambda: self.targets,
            "budget": lambda: self.terms,
            "prices": lambda: self.settings,
        }
        for name, part in parts.items():
            try:
                part()
            except ValidationError as error:
                raise ValueError(f"{name}: {_first(error)}") from None
        return self

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The endpoints."""
        return tuple(Target.model_validate(one) for one in self.endpoints)

    @cached_property
    def terms(self) -> Terms:
        """On what terms is asked."""
        return Terms(Budget.model_validate(self.budget), self.ask_again)

    @cached_property
    def settings(self) -> Settings:
        """How the model is asked."""
        names = Settings.model_fields
        return Settings.model_validate({name: getattr(self, name) for name in names})

    def label(self) -> str:
        """Return `:clean_math`, or the names of all prompts."""
        names = dict.fromkeys(prompt.name for prompt in self.by_lang().values())
        return f":{'+'.join(names)}"

    def needs(self) -> set[str]:
        """Return the text, what `where` needs, and the language where prompts go by it."""
        return super().needs() | ({"lang"} if isinstance(self.prompt, dict) else set())

    def begun(self) -> None:
        """Make the file of answers."""
        if self.endpoints:
            begin(self.answers)

    def offline(self) -> Self:
        """Return this stage as one that only looks up what was answered."""
        return self.model_copy(update={"endpoints": ()})

    def foreseen(self, counts: Mapping[str, Any], scale: float) -> str | None:
        """Say about how many questions are left to ask, and what they cost."""
        return foreseen(
            self.settings,
            self.terms.budget,
            list(self.by_lang().values()),
            questions=counts["tagged"].get(NOT_ASKED, 0) * scale,
            characters=counts["in_characters"] / max(1, counts["in"]),
        )

    def about(self) -> dict[str, Any]:
        """Return model, settings, prompts and what the file of answers says of itself."""
        if not self.endpoints:
            return {}
        return {
            "model": self.model,
            "column": self.new_column(),
            "settings": self.settings.model_dump(mode="json", include=_SAID),
            "prompts": {
                lang: {"name": prompt.name, "sha256": prompt.digest(), "source": prompt.source}
                for lang, prompt in self.by_lang().items()
            },
            "answers": {"path": self.answers, **told(self.answers)},
        }

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with new texts, how they came to be, and `broken`."""
        if not self.endpoints:
            return self.again(docs)
        texts, long = self._asked(docs)
        asker = Asker(
            self.settings,
            self.manners(),
            self.terms,
            answers_at(self.answers),
            pool_of(self.targets),
        )
        found = asker.outcomes(list(texts.values()))
        rows = list(texts)
        return self._with(docs, {rows[at]: outcome for at, outcome in found}, texts, long)

    def again(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the same by what was answered already; nothing is asked."""
        texts, long = self._asked(docs)
        asker = Asker(self.settings, self.manners(), self.terms, None, None)
        if not Path(self.answers).is_file():
            found = {row: asker.outcome(one, {}) for row, one in texts.items()}
            return self._with(docs, found, texts, long)
        with open_answers(self.answers) as file:
            found = {
                row: asker.outcome(one, known(file, self.settings, one))
                for row, one in texts.items()
            }
        return self._with(docs, found, texts, long)

    def _asked(self, docs: pl.DataFrame) -> tuple[dict[int, Text], list[int]]:
        """Return the texts to be rewritten, by row, and the rows of texts that are too long."""
        prompts = self.by_lang()
        langs: Iterable[str | None] = [_ALL] * len(docs)
        if _ALL not in prompts:
            langs = docs["lang"].to_list()
        marked: Iterable[bool] = [False] * len(docs)
        if "formulas_marked" in docs.columns:
            marked = docs["formulas_marked"].fill_null(False).to_list()
        texts, long = {}, []
        rows = zip(docs["text"].to_list(), langs, marked, self.judged(docs).to_list(), strict=True)
        for row, (text, lang, is_marked, is_judged) in enumerate(rows):
            prompt = None if lang is None else prompts.get(lang)
            if text is None or not text.strip() or prompt is None or not is_judged:
                continue
            if len(text) > self.characters:
                long.append(row)
            else:
                guards = prompt.guards.changed(self.guards)
                texts[row] = Text(text, prompt, guards, is_marked)
        return texts, long

    def _with(
        self,
        docs: pl.DataFrame,
        found: Mapping[int, Outcome],
        asked: Mapping[int, Text],
        long: list[int],
    ) -> pl.DataFrame:
        new: list[str | None] = [None] * len(docs)
        by: list[str | None] = [None] * len(docs)
        hashes: list[str | None] = [None] * len(docs)
        broken: list[list[str]] = [[] for _ in new]
        for row in long:
            broken[row] = ["rewrite_long"]
        for row, outcome in found.items():
            if outcome.text is None:
                broken[row] = list(outcome.reasons)
                continue
            hashes[row] = sha256(asked[row].text.encode()).hexdigest()
            by[row], new[row] = asked[row].prompt.name, outcome.text
        written = pl.Series("broken", broken, pl.List(pl.String))
        return self.written(docs.with_columns(written), new, by, hashes)

    def new_column(self) -> str:
        """Return the column that has what the model wrote."""
        raise NotImplementedError

    def written(
        self,
        docs: pl.DataFrame,
        new: Sequence[str | None],
        by: Sequence[str | None],
        hashes: Sequence[str | None],
    ) -> pl.DataFrame:
        """Return documents with what the model wrote of each; null: nothing.

        `by`: the prompts that were answered, `hashes`: of the texts that were sent.
        """
        raise NotImplementedError


class WithPrompts(ByPrompts):
    """A stage with its prompts and phrases as data: no worker opens their files."""

    read: dict[str, Prompt]
    phrases: tuple[str, ...]

    def by_lang(self) -> Mapping[str, Prompt]:
        """Return the prompt for each language; `*` stands for all."""
        return self.read

    def manners(self) -> tuple[str, ...]:
        """Return the phrases of models that no text may gain."""
        return self.phrases

    def resolve(self) -> Self:
        """Return itself: everything was read."""
        return self


class FromFiles(ByPrompts):
    """A stage whose prompts and phrases are still in files."""

    @model_validator(mode="after")
    def _somebody_is_asked(self) -> Self:
        if not self.endpoints:
            raise ValueError("endpoints: names none")
        return self

    @model_validator(mode="after")
    def _prompts_are_read(self) -> Self:
        for prompt in self.by_lang().values():  # a missing file is said with the place of the stage
            try:
                prompt.guards.changed(self.guards)
            except ValidationError as error:
                raise ValueError(f"guards: {_first(error)}") from None
        return self

    @cached_property
    def read(self) -> dict[str, Prompt]:
        """The prompts of the files."""
        named = self.prompt if isinstance(self.prompt, dict) else {_ALL: self.prompt}
        try:
            return {lang: read_prompt(name) for lang, name in named.items()}
        except JobError as error:
            raise ValueError(f"prompt: {error}") from None

    def by_lang(self) -> Mapping[str, Prompt]:
        """Return the prompt for each language; `*` stands for all."""
        return self.read

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """The phrases of models that no text may gain."""
        from cleaner.config.word_lists import load_phrases

        return tuple(phrase for name in _LISTS for phrase in load_phrases(name))

    def manners(self) -> tuple[str, ...]:
        """Return the phrases of models that no text may gain."""
        return self.phrases


def _first(error: ValidationError) -> str:
    """Return the first mistake of some options: where it is, and what is wrong."""
    mistake = error.errors()[0]
    place = ".".join(str(part) for part in mistake["loc"])
    return f"{place}: {mistake['msg']}; there are: {', '.join(_names(error))}"


def _names(error: ValidationError) -> list[str]:
    kinds: tuple[type[BaseModel], ...] = (Target, Budget, Settings, Guards)
    return [name for kind in kinds if kind.__name__ == error.title for name in kind.model_fields]
