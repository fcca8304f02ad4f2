"""What tests share: where the labelled corpora lie, when they do."""

import os
from pathlib import Path

import pytest

CORPORA = Path(os.environ.get("CLEANER_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The labelled corpora; skips where they are absent."""
    if not CORPORA.is_dir():
        pytest.skip(f"{CORPORA}: the labelled corpora are not on this machine")
    return CORPORA
