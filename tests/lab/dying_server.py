"""`middlewatch-server` that kills itself with SIGKILL at a named point, and whose clock may be ahead. Takes the same arguments.

Environment: `MW_DIE` is `point:n,point:n...` (the n-th time that point is reached), `MW_OBITUARY` the file that says where it died,
`MW_CLOCK_OFFSET_S` how many seconds its clock is ahead, `MW_BREAKS` n makes its own code fail on every n-th report. Runs outside
pytest, so it imports nothing of tests.
"""

import functools
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from server import run as running
from server.cli import main
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.history.influx import Influx
from server.ingest.mqtt import MqttIngest
from server.state import outbox, quarantine
from server.watcher.deciding import Decision

POINTS: dict[str, tuple[Any, str]] = {
    "before-write": (Influx, "write"),
    "after-write": (Pipeline, "_commit"),  # the points are in InfluxDB, nothing is in the state database
    "in-commit": (quarantine, "keep"),  # all rows of the transaction are written, it is not committed
    "after-commit": (Pipeline, "_answer"),  # the ledger has it, no receipt is out
    "between-receipts": (MqttIngest, "receipt"),
    "in-decision": (Decision, "decide"),  # the watcher holds inbox rows in a transaction
    "event-written": (outbox, "sent"),  # the event is in InfluxDB and still in the outbox
}


def deadly(point: str, count: int, inner: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which at its `count`-th call ends the process instead."""
    left = [count]

    @functools.wraps(inner)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            with open(os.environ["MW_OBITUARY"], "a") as file:  # noqa: PTH123 - the process has no time for more
                file.write(f"{point}\n")
            os.kill(os.getpid(), signal.SIGKILL)
        return inner(*arguments, **named)

    return wrapper


def breaking(every: int, inner: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which raises for every n-th report as a fault of our own code would."""

    @functools.wraps(inner)
    def wrapper(self: Interpreter, item: Any, *arguments: Any) -> Any:
        if item.entry.seq % every == 0:
            raise RuntimeError("a fault put here by a test")
        return inner(self, item, *arguments)

    return wrapper


def prepare() -> None:
    """Arm the points the environment names, and set the clock."""
    for word in filter(None, os.environ.get("MW_DIE", "").split(",")):
        point, _, count = word.partition(":")
        owner, name = POINTS[point]
        setattr(owner, name, deadly(point, int(count), getattr(owner, name)))
    if os.environ.get("MW_BREAKS"):
        Interpreter.interpret = breaking(int(os.environ["MW_BREAKS"]), Interpreter.interpret)  # type: ignore[method-assign] # the point
    offset_ns = int(os.environ.get("MW_CLOCK_OFFSET_S") or 0) * 10**9
    if offset_ns:
        running.serving = functools.partial(running.serving, now=lambda: time.time_ns() + offset_ns)


if __name__ == "__main__":
    prepare()
    main()
