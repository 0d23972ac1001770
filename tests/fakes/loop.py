"""Time that passes only when somebody sleeps, a log that remembers, and replies that keep what they were given."""

import asyncio
from typing import Any

from wire.receipt import Receipt

SECOND = 10**9


class FakeTime:
    """`sleep` takes no time and moves `now_ns`. `slept` keeps what was asked."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.slept: list[float] = []

    def now(self) -> int:
        """Return the simulated time."""
        return self.now_ns

    async def sleep(self, seconds: float) -> None:
        """Let the others run, and move the time."""
        self.slept.append(seconds)
        self.now_ns += int(seconds * SECOND)
        await asyncio.sleep(0)


class FakeLog:
    """Has structlog's methods; `lines` holds (level, event, values)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def info(self, event: str, **values: Any) -> None:
        """Remember a line."""
        self.lines.append(("info", event, values))

    def warning(self, event: str, **values: Any) -> None:
        """Remember a line."""
        self.lines.append(("warning", event, values))

    def error(self, event: str, **values: Any) -> None:
        """Remember a line."""
        self.lines.append(("error", event, values))

    def events(self) -> list[tuple[str, str]]:
        """Return (level, event) of each line."""
        return [(level, event) for level, event, _ in self.lines]


class FakeReplies:
    """`sent` holds (agent, receipt) in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Receipt]] = []

    async def receipt(self, agent: str, receipt: Receipt) -> None:
        """Keep one receipt."""
        self.sent.append((agent, receipt))
