"""The history port: what the centre asks of a time-series store, whichever it is. Types only.

No query text and no percentiles cross it. The same point (measurement, tags, time) written twice is one row whose fields are the union,
newest value winning.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Value = float | int | bool | str
Bucket = Literal["mw_raw", "mw_rollup", "mw_event"]
Function = Literal["mean", "min", "max", "count", "last"]
Reason = Literal["malformed", "conflict", "expired"]
"""Why a point can never be stored: unreadable, a field of another type, older than the bucket's retention."""
Condition = Literal["away", "slow", "busy", "refused", "missing_bucket"]
"""Why nothing can be stored now: no answer, too slow, 429 or 503, 401 or 403, 404."""


class SharedFields(dict[str, Value]):
    """Fields that many points have alike, never changed after they are made; a store may keep what it makes of them in `made`."""

    made: str = ""


@dataclass(slots=True)
class Point:
    """One row. `tags` in their fixed order, values not empty; a field keeps its name and type for ever; floats are always floats."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, Value]
    time_ns: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A point the store will never take. It goes to the dead letters with the store's own words."""

    point: Point
    reason: Reason
    message: str


class Unavailable(Exception):  # noqa: N818 - a state, not a mistake
    """Nothing was promised: keep the data and ask again after `retry_after` seconds. The text says what to do about it."""

    def __init__(self, condition: Condition, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.condition = condition
        self.retry_after = retry_after


class History(Protocol):
    """Raises Unavailable from any method when the store cannot answer."""

    async def write(self, bucket: Bucket, points: Sequence[Point]) -> list[Rejected]:
        """Return when all points but the rejected ones are durable."""
        ...

    async def latest(self, bucket: Bucket, measurement: str, fields: Sequence[str], where: Mapping[str, str], since_ns: int) -> list[Point]:
        """Return the newest point of each series that matches the tags in `where` and is not older than `since_ns`."""
        ...

    async def series(
        self,
        bucket: Bucket,
        measurement: str,
        field: str,
        where: Mapping[str, str],
        start_ns: int,
        end_ns: int,
        step_ns: int,
        fn: Function,
    ) -> list[tuple[int, float | None]]:
        """Return (step start, value) for each step in [start, end); None where there is no data."""
        ...

    def samples(
        self, bucket: Bucket, measurement: str, fields: Sequence[str], where: Mapping[str, str], start_ns: int, end_ns: int
    ) -> AsyncGenerator[list[Point], None]:
        """Give the points in [start, end) that have one of the fields, in pieces: each is of one series, oldest first, tags sorted by key.

        A reader that stops early, or is cancelled, closes the iterator. What was given before Unavailable is to be thrown away.
        """
        ...

    async def close(self) -> None:
        """Give back connections and files."""
        ...
