"""What a user may write of `rewrite`."""

from typing import ClassVar, Literal

from cleaner.stages.options.asked import AskedOptions


class RewriteOptions(AskedOptions):
    """Put another form of the text, written by a large model, in its place.

    `prompt` is a name in `jobs/prompts/` or a path, or one for each language by `lang`; `endpoints`
    say where the model answers (`base_url`, `key_env`, `timeout`, `concurrency` for each worker),
    `answers` is the file that keeps every question and answer, `budget` what may be spent on it.
    `guards` changes limits of the prompt. A text without an answer that keeps them stays as it was,
    tagged `rewrite_*`; with `action: drop` it falls. `tries` asks for another answer before that.
    """

    stage: ClassVar[str] = "cleaner.stages.rewrite:Rewrite"

    action: Literal["drop", "tag"] = "tag"
