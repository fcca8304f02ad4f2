"""What questions that were not asked yet will cost, by the lengths of their texts."""

from collections.abc import Sequence

from cleaner.models.asking.send import OVERHEAD
from cleaner.models.rewriting.answers import Budget
from cleaner.models.rewriting.prompts import Prompt, messages
from cleaner.models.rewriting.work import Settings

_CHARACTERS = 3.0  # of a token; 4 in English prose, 1.5 in Chinese, 2 to 3 in LaTeX


def foreseen(
    settings: Settings,
    budget: Budget,
    prompts: Sequence[Prompt],
    questions: float,
    characters: float,
) -> str:
    """Say what so many questions about texts of a mean length cost, each answered at once.

    An answer is taken to be as long as its text.
    """
    said = sum(len(messages(one, "")[0]["content"]) for one in prompts) / max(1, len(prompts))
    written = min(characters / _CHARACTERS, settings.max_output_tokens)
    read = (said + characters) / _CHARACTERS + OVERHEAD
    prices = settings.prices
    money = questions * (read * prices.read + written * prices.written) / 1e6
    cost = {"requests": questions, "tokens": questions * (read + written), "money": money}
    limits = {"requests": budget.requests, "tokens": budget.tokens, "money": budget.money}
    over = [name for name, limit in limits.items() if limit is not None and cost[name] > limit]
    told = f"about {questions:,.0f} to ask, {cost['tokens']:,.0f} tokens"
    told += f", {money:,.2f} of money" if prices.read or prices.written else ""
    return told + (f"; more than the budget of {' and '.join(over)}" if over else "")
