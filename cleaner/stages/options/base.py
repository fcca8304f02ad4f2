"""What the options of all stages have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import field_validator, model_validator

from cleaner.config.options import Options


class StageOptions(Options):
    """One entry of a job's `stages`, as a user writes it."""

    stage: ClassVar[str] = ""  # `module:Class` of the stage that has these options
    # What a user may look for here, and where it is written instead.
    elsewhere: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for the short form `name: value` of a job file; most stages have none."""
        raise ValueError(f"takes a mapping of options, not {value!r}")


class JudgingOptions(StageOptions):
    """Of a stage that drops documents, or only tags them; `where` says which ones it judges."""

    action: Literal["drop", "tag"] = "drop"
    where: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _where_was_on(cls, options: Any) -> Any:
        if not isinstance(options, dict) or "on" not in options or "on" in cls.model_fields:
            return options
        if options.get("where") is not None:
            raise ValueError("where: on is its old name; give only one of them")
        rest = {name: value for name, value in options.items() if name != "on"}
        return {**rest, "where": options["on"]}

    @field_validator("where")
    @classmethod
    def _where_is_a_condition(cls, value: str | None) -> str | None:
        from cleaner.rules.conditions import checked

        return checked(value)
