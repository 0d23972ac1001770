"""The agent's event loop, and how long it was deaf. Nothing of probes or sockets lives here.

A loop that was busy reads late, and what arrived meanwhile is merged into one read with one stamp. "Now minus stamp" does not show that
(bad samples had 0.7 ms, 94 % of good ones in a burst had more than 10); the time between polls does: with a threshold of 2 ms it
caught 78 of 86 bad samples at 100 in flight (measured).

On a machine that is busy with other things the loop is deaf in its sleep, too: it is woken, and waits for a processor. The kernel counts
that wait; it was the lateness of a 5 ms timer within 0.1 ms, at a load of eleven on two cores (measured).
"""

import asyncio
import os
import selectors
import sys
import time

LAG_NS = 2_000_000
"""2 ms: see above."""
WAITED_NS = 100_000
"""A poll that waited longer than this found nothing pending when it began: the busy time before it delayed nobody."""


class ProcessorWait:
    """How long this thread could have run and did not: `run_delay` of schedstat (Linux, where the kernel keeps it). 5 us a reading."""

    def __init__(self, place: str = "/proc/thread-self/schedstat") -> None:
        self._file: int | None = None
        if sys.platform == "linux":
            try:
                self._file = os.open(place, os.O_RDONLY)
            except OSError:
                self._file = None
        self._last = self._read()

    def _read(self) -> int:
        if self._file is None:
            return 0
        words = os.pread(self._file, 96, 0).split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def take_ns(self) -> int:
        """Return the nanoseconds waited since this was last asked; 0 where nobody counts them."""
        now = self._read()
        waited, self._last = now - self._last, now
        return max(0, waited)

    def close(self) -> None:
        """Close the file; nothing is counted any more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class WatchedSelector(selectors.DefaultSelector):
    """The platform's selector, remembering when it last polled."""

    def __init__(self) -> None:
        super().__init__()
        self._returned = time.monotonic_ns()
        self._deaf = 0
        self._worst = 0
        self._processor = ProcessorWait()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Poll as the platform does; note how long the loop was busy since the last poll."""
        began = time.monotonic_ns()
        deaf = began - self._returned
        ready = super().select(timeout)
        self._returned = time.monotonic_ns()
        self._deaf = self._processor.take_ns() + (deaf if self._returned - began < WAITED_NS else 0)
        self._worst = max(self._worst, deaf)
        return ready

    def close(self) -> None:
        """Close the selector and what it reads."""
        self._processor.close()
        super().close()

    def busy_ns(self) -> int:
        """Return for how long an arrival may have waited unseen: since the last poll, before it, and for a processor."""
        return self._deaf + time.monotonic_ns() - self._returned

    def take_worst_ms(self) -> float:
        """Return the longest deaf stretch since this was last asked, in milliseconds: `Health.loop_lag_ms`."""
        worst, self._worst = self._worst, 0
        return worst / 1e6


class WatchedLoop(asyncio.SelectorEventLoop):
    """An event loop with `add_reader` on every platform (Windows' default has none) that tells how deaf it was."""

    def __init__(self) -> None:
        self.watch = WatchedSelector()
        super().__init__(self.watch)


def watch_of(loop: asyncio.AbstractEventLoop) -> WatchedSelector | None:
    """Return the loop's watch, or None when it is another kind of loop (uvloop has no place for one)."""
    return loop.watch if isinstance(loop, WatchedLoop) else None
