"""A history that keeps nothing, for benchmarks: it does all the work of a write up to the socket, so that work is counted."""

import gzip
from collections.abc import AsyncGenerator, Mapping, Sequence

from server.history import lines
from server.history.port import Bucket, Function, Point, Rejected


class NullHistory:
    """Encodes and compresses as `influx` does, then counts points and bytes."""

    def __init__(self) -> None:
        self.points = 0
        self.bytes = 0

    async def write(self, bucket: Bucket, points: Sequence[Point]) -> list[Rejected]:  # noqa: ARG002 - the port's signature
        """Encode, compress, count, forget. Raises ValueError for a point no store would take: in a benchmark that is a mistake."""
        heads: lines.Heads = {}
        self.bytes += len(gzip.compress(b"\n".join([lines.encode(point, heads) for point in points]), compresslevel=1, mtime=0))
        self.points += len(points)
        return []

    async def latest(
        self,
        bucket: Bucket,  # noqa: ARG002 - the port's signature
        measurement: str,  # noqa: ARG002
        fields: Sequence[str],  # noqa: ARG002
        where: Mapping[str, str],  # noqa: ARG002
        since_ns: int,  # noqa: ARG002
    ) -> list[Point]:
        """Return nothing: nothing was kept."""
        return []

    async def series(
        self,
        bucket: Bucket,  # noqa: ARG002 - the port's signature
        measurement: str,  # noqa: ARG002
        field: str,  # noqa: ARG002
        where: Mapping[str, str],  # noqa: ARG002
        start_ns: int,
        end_ns: int,
        step_ns: int,
        fn: Function,  # noqa: ARG002
    ) -> list[tuple[int, float | None]]:
        """Return a gap for each step."""
        return [(at_ns, None) for at_ns in range(start_ns, end_ns, step_ns)]

    async def samples(
        self,
        bucket: Bucket,  # noqa: ARG002 - the port's signature
        measurement: str,  # noqa: ARG002
        fields: Sequence[str],  # noqa: ARG002
        where: Mapping[str, str],  # noqa: ARG002
        start_ns: int,  # noqa: ARG002
        end_ns: int,  # noqa: ARG002
    ) -> AsyncGenerator[list[Point], None]:
        """Give nothing: nothing was kept."""
        nothing: list[list[Point]] = []
        for piece in nothing:
            yield piece

    async def close(self) -> None:
        """Nothing to give back."""
