"""Signals that end a run in order, whatever libraries do to them.

Libraries set handlers of their own (Ray does while it starts, in Python and in C++), and an
interrupt inside their start ends in a segmentation fault. So the command line blocks the signals in
every thread, and one thread takes them: no handler but ours is ever called.
"""

import _thread
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
_AGAIN = 1.0  # seconds to the next interrupt: a callback may have swallowed the one before
_PATIENCE = 20.0  # seconds for an end in order; Kubernetes and Slurm kill after 30
_WAKE = signal.SIGURG  # ends a sleep of the main thread; ignored where nobody listens


class Stopped(Exception):
    """The run was asked to stop; the same command continues it."""


class Listener:
    """Takes SIGTERM and SIGINT for the rest of this process, and interrupts its main thread.

    To be made in the main thread while there is no other: threads inherit what is blocked, and
    pyarrow and polars start some when they are imported.
    """

    def __init__(self, last_words: Callable[[], None]) -> None:
        self.heard: signal.Signals | None = None
        self._last_words = last_words
        self._over = threading.Event()
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(_WAKE, lambda *_: None)
        signal.siginterrupt(_WAKE, False)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        # What this process starts, Ray above all, must hear them.
        os.register_at_fork(
            after_in_child=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def over(self) -> None:
        """Interrupt the main thread no more: it has come to its end."""
        self._over.set()

    @property
    def code(self) -> int:
        """Return the exit code, as a shell gives it; that of Ctrl-C without a signal."""
        return 128 + (self.heard or signal.SIGINT)

    def end(self) -> None:
        """Say the last words and end the process, past whatever might hinder it."""
        try:
            self._last_words()
        finally:
            os._exit(self.code)

    def _listen(self) -> None:
        self.heard = signal.Signals(signal.sigwait(SIGNALS))
        begun = time.monotonic()
        while time.monotonic() - begun < _PATIENCE:
            _thread.interrupt_main()
            signal.pthread_kill(threading.main_thread().ident or 0, _WAKE)
            if self._over.wait(_AGAIN):
                return
        self.end()  # like a kill: what is committed stays

    def _interrupt(self, *_: object) -> None:
        if not self._over.is_set():
            raise KeyboardInterrupt


@contextmanager
def held() -> Iterator[None]:
    """Let no interrupt into the block; one that came meanwhile is raised after it.

    The handler of SIGTERM that stood before stands again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[object] = []
    before = {one: signal.getsignal(one) for one in SIGNALS}
    signal.signal(signal.SIGINT, lambda *_: came.append(_))
    try:
        yield
    finally:
        for one, handler in before.items():
            if handler is not None:  # None: set by other means than Python's
                signal.signal(one, handler)
        if came:
            _thread.interrupt_main()
