"""What tests share: where the labelled corpora lie, when they do."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run: a red test is a change of ours, never the draw of the day.
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

CORPORA = Path(os.environ.get("CLEANER_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The labelled corpora; skips where they are absent."""
    if not CORPORA.is_dir():
        pytest.skip(f"{CORPORA}: the labelled corpora are not on this machine")
    return CORPORA
