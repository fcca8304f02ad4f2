"""The slider of a report says exactly what `whatif` says, which is what a run would do."""

import pytest
from support.few_texts import ran

from cleaner.report.contents import Slider
from cleaner.report.gather import gather
from cleaner.results.finished import Run
from cleaner.results.whatif import what_if

RULES = """title: Mine
source: {cite: ours}
rules:
  - {name: long, keep: words BETWEEN 12 AND 60}
  - {name: plain, keep: mean_word_length < 5 AND prose_digit_ratio < 0.2}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over texts of 4 to 70 words, some with long words, some with many digits."""
    folder = tmp_path_factory.mktemp("sliders")
    (folder / "mine.yaml").write_text(RULES)
    words = [("go", "walk", "gardeners", "1234")[n % 4] for n in range(96)]
    texts = [" ".join(words[n % 5 : n % 5 + 4 + n % 67]) + f" t{n}" for n in range(200)]
    run: Run = ran(folder, texts, {"filter": str(folder / "mine.yaml")})
    return run


def kept(slider: Slider, first: int, last: int) -> int:
    return sum(slider.alone[first : last + 1])


@pytest.mark.parametrize(("rule", "signal"), [("long", "words"), ("plain", "mean_word_length")])
def test_every_step_keeps_what_whatif_keeps(finished: Run, rule: str, signal: str) -> None:
    sliders = gather(finished).sliders
    (one,) = (s for s in sliders if (s.rule, s.signal) == (rule, signal))
    total = sum(one.alone) + sum(one.others) + one.unmeasured
    assert total == finished.stats["rows"]["in"]
    assert kept(one, one.first, one.last) == finished.stats["rows"]["kept"]
    steps = range(0, len(one.lows), max(1, len(one.lows) // 6))
    for step in steps:
        low = f"{signal} >= {one.lows[step]:.17g}"
        upper = f"{signal} {'<' if one.high_open else '<='} {one.high:.17g}"
        said = " AND ".join(filter(None, [low, upper, one.rest]))
        found = what_if(finished, None, [f"{rule}={said}"])
        assert found.would_keep.exact
        assert kept(one, step, one.last) == found.would_keep.value, said
