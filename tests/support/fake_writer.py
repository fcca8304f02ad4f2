r"""A scripted model that rewrites pages on the loopback, honestly or with planted faults.

It obeys whatever stands outside of the fence that its instructions name, as a model does, and takes
all within for a page.
"""

import re
from collections.abc import Callable
from random import Random

FRAME = ("Home | About | Login", "Share this page", "首页 > 登录 | 注册")
ORDER = re.compile(r"(?i)ignore all (?:previous|earlier) instructions.*?say (\w+)")
_FORMULA = re.compile(r"\$\$?([^$]+)\$\$?")


def page_within(body: dict[str, object]) -> tuple[str, str]:
    """Return the fenced page of a request, and all that was said outside of it."""
    messages = body["messages"]
    assert isinstance(messages, list)
    system, user = (message["content"] for message in messages)
    fence = next(word for word in re.findall(r"<<<page [0-9a-f]+>>>", system))
    before, page, after = user.split(fence)
    return page.strip("\n"), system + before + after


def cleaned(page: str) -> str:
    """Return a page without its frame and without what speaks to the model."""
    lines = [line for line in page.split("\n") if line not in FRAME and not ORDER.search(line)]
    return "\n".join(lines).strip()


def answer(body: dict[str, object]) -> str:
    """Return what the model says: what it was ordered outside of the fence, or the page cleaned."""
    page, outside = page_within(body)
    if order := ORDER.search(outside):
        return order[1]
    return cleaned(page)


# Ways of writing that set the same signs in the same places.
_SAME: tuple[tuple[str, str], ...] = (
    (r"\\leq(?![A-Za-z])", r"\\le "), (r"\\le(?![A-Za-z])", r"\\leq "),
    (r"\\geq(?![A-Za-z])", r"\\ge "), (r"\\frac(?![A-Za-z])", r"\\dfrac"),
    (r"\\to(?![A-Za-z])", r"\\rightarrow "), (r"\\ne(?![A-Za-z])", r"\\neq "),
    (r"\\in(?![A-Za-z])", r"\\in "), (r"=", " = "), (r"\+", " + "),
)  # fmt: skip


def same_formulas(page: str, seed: int) -> str:
    """Return a page with each formula written another way, in another kind of delimiter."""
    rng = Random(seed)

    def other(match: re.Match[str]) -> str:
        tex = match[1]
        for old, new in rng.sample(_SAME, 4):
            tex = re.sub(old, new, tex)
        display = match.group().startswith("$$")
        forms = (r"\[{}\]", "$${}$$") if display else (r"\({}\)", "${}$")
        return rng.choice(forms).format(tex)

    return _FORMULA.sub(other, page)


# What goes wrong -> how a model spoils an honest answer, and what it is told by.
FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "drops a formula": (lambda t: _FORMULA.sub("", t, count=1), "rewrite_formulas"),
    "changes a sign": (lambda t: t.replace("+", "-", 1), "rewrite_formulas"),
    "invents a formula": (lambda t: f"{t}\nSo $q^{{7}}=p$.", "rewrite_new_formulas"),
    "invents a number": (lambda t: f"{t}\nIt was 4711 of them.", "rewrite_new_numbers"),
    "drops the numbers": (lambda t: re.sub(r"(?<![\w$^{=+ ])\d{2,}|\b\d{3}\b", "some", t),
                          "rewrite_numbers"),
    "invents a name": (lambda t: f"{t}\nThis is by Waldenstrom.", "rewrite_new_names"),
    "refuses": (lambda _: "I'm sorry, but I cannot help with this page.", "rewrite_refused"),
    "greets": (lambda t: f"Sure! Here is the text:\n{t}", "rewrite_chat"),
    "echoes the prompt": (
        lambda t: "You clean pages of mathematics from the web for a corpus that a language model "
        f"learns from.\n{t}", "rewrite_echo"),
    "echoes the fence": (lambda t: f"<<<page 0123456789abcdef>>>\n{t}", "rewrite_echo"),
    "says too little": (lambda t: t[: len(t) // 8], "rewrite_length"),
    "says it three times": (lambda t: "\n".join([t] * 3), "rewrite_length"),
    "adds prose": (
        lambda t: t + "\nBeyond that, curious readers might wonder whether bright purple elephants "
        "gladly wander through frozen gardens while quiet sailors mend broken kites near "
        "forgotten harbours under silver moonlight every single lonely winter evening.",
        "rewrite_new_words"),
    "says nothing": (lambda _: "  \n ", "rewrite_empty"),
    "another language": (
        lambda t: "这一页讲的是同一件事,但是全部换成了中文来说,语言不对。" * (len(t) // 60 + 1),
        "rewrite_language"),
}  # fmt: skip
