"""Texts that are rewritten by whoever serves at an address, outside of a run."""

from pathlib import Path

from cleaner.models.rewriting.answers import Answers, Budget, Terms, begin
from cleaner.models.rewriting.guards import Guards
from cleaner.models.rewriting.pool import Pool, Target
from cleaner.models.rewriting.prompts import read_prompt
from cleaner.models.rewriting.work import Asker, Outcome, Settings, Text

PROMPT = read_prompt("refine_en")
FREE = Guards.model_validate(
    {name: None for name in Guards.model_fields if name not in ("language", "manners")}
)
RICH = Budget(requests=10**6, tokens=10**9)


def texts(count: int) -> list[Text]:
    return [Text(f"page {n} of the book", PROMPT, FREE, False) for n in range(count)]


def rewritten(
    path: Path,
    targets: list[Target],
    some: list[Text],
    budget: Budget = RICH,
    ask_again: bool = False,
    **settings: object,
) -> list[Outcome]:
    """Return what becomes of some texts, with a file of answers that is opened and closed."""
    begin(str(path))
    answers = Answers(str(path))
    asked = Settings.model_validate({"model": "m", **settings})
    try:
        asker = Asker(asked, (), Terms(budget, ask_again), answers, Pool(targets))
        return [outcome for _, outcome in sorted(asker.outcomes(some))]
    finally:
        answers.close()


def target(url: str, **more: object) -> Target:
    options = {"base_url": url, "key_env": "CLEANER_TEST_KEY", "timeout": 5, **more}
    return Target.model_validate(options)
