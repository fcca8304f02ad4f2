"""What a user may write of all stages that ask a large model for texts."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from cleaner.stages.options.base import JudgingOptions


class AskedOptions(JudgingOptions):
    """Texts are sent to a model with a prompt, and its answers held against them."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "api_key": "keys stand in a variable of the environment, which `key_env` names",
        "key": "keys stand in a variable of the environment, which `key_env` names",
        "base_url": "addresses stand in the list `endpoints`",
        "prompts": "prompts are files, and `prompt` names one",
        "phrases": "phrases stand in the word lists `llm_manners_*` and `llm_traces_*`",
    }

    prompt: str | dict[str, str]
    model: str
    endpoints: tuple[dict[str, Any], ...]  # none: nobody is asked
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
