"""What tests share: where the labelled corpora lie, when they do."""

import os
import signal
from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """Undo what a command that ran in this process did to its signals: children inherit it."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for one, handler in handlers.items():
        if handler is not None:
            signal.signal(one, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
