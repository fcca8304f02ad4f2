"""What a user may write of `rewrite`."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from cleaner.stages.options.base import JudgingOptions


class RewriteOptions(JudgingOptions):
    """Put another form of the text, written by a large model, in its place.

    `prompt` is a name in `jobs/prompts/` or a path, or one for each language by `lang`; `endpoints`
    say where the model answers (`base_url`, `key_env`, `timeout`, `concurrency` for each worker),
    `answers` is the file that keeps every question and answer, `budget` what may be spent on it.
    `guards` changes limits of the prompt. A text without an answer that keeps them stays as it was,
    tagged `rewrite_*`; with `action: drop` it falls. `tries` asks for another answer before that.
    """

    stage: ClassVar[str] = "cleaner.stages.rewrite:Rewrite"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "api_key": "keys stand in a variable of the environment, which `key_env` names",
        "key": "keys stand in a variable of the environment, which `key_env` names",
        "base_url": "addresses stand in the list `endpoints`",
        "prompts": "prompts are files, and `prompt` names one",
        "phrases": "phrases stand in the word lists `llm_manners_*` and `llm_traces_*`",
    }

    action: Literal["drop", "tag"] = "tag"
    prompt: str | dict[str, str]
    model: str
    endpoints: tuple[dict[str, Any], ...] = Field(min_length=1)
    answers: str
    budget: dict[str, float]
    prices: dict[str, float] = Field(default_factory=dict)
    temperature: float | None = Field(0.0, ge=0, le=2)
    max_output_tokens: int = Field(4096, ge=16)
    characters: int = Field(20_000, ge=100)
    tries: int = Field(1, ge=1, le=5)
    retries: int = Field(5, ge=0, le=20)
    ask_again: bool = False
    guards: dict[str, Any] = Field(default_factory=dict)

    @field_validator("answers")
    @classmethod
    def _a_local_file(cls, value: str) -> str:
        if "://" in value:
            raise ValueError("is a file on the machine that asks, not in an object store")
        return value
