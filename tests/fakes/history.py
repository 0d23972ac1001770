"""A real embedded history with a script of failures in front: what InfluxDB does on a bad day, without waiting for one."""

from collections.abc import Callable, Sequence
from pathlib import Path

from server.history.embedded import Embedded
from server.history.port import Bucket, Point, Rejected, Unavailable


class ScriptedHistory(Embedded):
    """`script` is consumed one entry a write: an exception to raise before storing, or one wrapped in `After` to raise after storing."""

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        super().__init__(path, clock=clock, retention_s={"mw_raw": 10**9, "mw_rollup": 10**9, "mw_event": 10**9})
        self.script: list[Exception | After] = []
        self.refuse: Callable[[Point], bool] = lambda _: False
        self.writes = 0

    async def write(self, bucket: Bucket, points: Sequence[Point]) -> list[Rejected]:
        """Store what is not refused, unless the script says otherwise."""
        self.writes += 1
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        refused = [Rejected(point, "conflict", "field type conflict") for point in points if self.refuse(point)]
        rejected = await super().write(bucket, [point for point in points if not self.refuse(point)])
        if isinstance(step, After):
            raise step.error
        return refused + rejected


class After:
    """Raise this once the points are stored: the process died between write and commit."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def away() -> Unavailable:
    """Return what a dead InfluxDB makes of a write."""
    return Unavailable("away", "InfluxDB does not answer", retry_after=1.0)
