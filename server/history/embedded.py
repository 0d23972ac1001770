"""The history port over one SQLite file, for the demo and for sites of a few hundred agents. Standard library only.

It takes and refuses what InfluxDB does (`tests/contracts/history.py` holds both to it): a field keeps its type for ever, old points are
expired, the same point twice is one row with the union of its fields. One thread owns the connection: SQLite has one writer anyway.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from server.history import lines
from server.history.port import Bucket, Function, Point, Rejected, Unavailable
from server.history.retention import RETENTION_S, oldest_ns

TIDY_EVERY_NS = 3600 * 10**9
"""Old rows are deleted once an hour: one index range for each series, 0.1 s for 10,000 series."""
BUSY_SECONDS = 5.0
"""How long another program (a backup, a shell) may hold the file before the caller is told to come again."""
T = TypeVar("T")
_KINDS = {float: "float", int: "integer", bool: "boolean", str: "string"}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, bucket TEXT NOT NULL, measurement TEXT NOT NULL, tags TEXT NOT NULL, UNIQUE (bucket, measurement, tags));
CREATE TABLE IF NOT EXISTS field (
    bucket TEXT NOT NULL, measurement TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (bucket, measurement, name));
CREATE TABLE IF NOT EXISTS point (
    series INTEGER NOT NULL, time_ns INTEGER NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (series, time_ns)) WITHOUT ROWID;
"""
_UPSERT = """
INSERT INTO point VALUES (?, ?, ?) ON CONFLICT (series, time_ns) DO UPDATE SET fields = json_patch(fields, excluded.fields)
"""
_AGGREGATE = {
    "mean": "avg(value)",
    "min": "min(value)",
    "max": "max(value)",
    "count": "count(*)",
    "last": "max(value) FILTER (WHERE newest = 1)",  # InfluxDB, too, takes the greater of two values of one nanosecond
}
_SERIES = """
WITH found AS (
    SELECT time_ns, json_extract(fields, :path) AS value FROM point
    WHERE series IN (SELECT id FROM series WHERE bucket = :bucket AND measurement = :measurement {condition})
    AND time_ns >= :start AND time_ns < :end),
ranked AS (
    SELECT (time_ns - :start) / :step AS step, value, rank() OVER (PARTITION BY (time_ns - :start) / :step ORDER BY time_ns DESC) AS newest
    FROM found WHERE value IS NOT NULL)
SELECT step, {aggregate} FROM ranked GROUP BY step
"""


class Embedded:
    """One file. `clock` gives Unix nanoseconds and decides only what is expired."""

    def __init__(
        self, path: Path, *, clock: Callable[[], int] = time.time_ns, retention_s: Mapping[Bucket, int | None] = RETENTION_S
    ) -> None:
        self._path = path
        self._clock = clock
        self._retention_s = retention_s
        self._thread = ThreadPoolExecutor(1, "history")
        self._connection: sqlite3.Connection | None = None
        self._series: dict[tuple[str, str, str], int] = {}
        self._kinds: dict[tuple[str, str, str], str] = {}
        self._tidied_ns = 0

    async def write(self, bucket: Bucket, points: Sequence[Point]) -> list[Rejected]:
        """Return when all points but the rejected ones are durable: one transaction, fully synced."""
        return await self._run(lambda connection: self._write(connection, bucket, points))

    async def latest(self, bucket: Bucket, measurement: str, fields: Sequence[str], where: Mapping[str, str], since_ns: int) -> list[Point]:
        """Return the newest point of each series, tags sorted by key; only the asked fields it has."""
        return await self._run(lambda connection: self._latest(connection, bucket, measurement, fields, where, since_ns))

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
        """Return (step start, value) for each step in [start, end); None where there is no data, for `count` too."""
        if fn not in _AGGREGATE or step_ns <= 0:
            raise ValueError(f"history: {fn} over steps of {step_ns} ns is not something a series can be asked")
        condition, values = _condition(where)
        statement = _SERIES.format(condition=condition, aggregate=_AGGREGATE[fn])
        values |= {"path": f"$.{lines.name(field)}", "bucket": bucket, "measurement": measurement}
        values |= {"start": start_ns, "end": end_ns, "step": step_ns}

        def work(connection: sqlite3.Connection) -> list[tuple[int, float | str]]:
            kind = self._kinds.get((bucket, measurement, field))
            if (kind == "string" and fn != "count") or (kind == "boolean" and fn == "mean"):
                raise ValueError(f"history: there is no {fn} of {field}, a {kind}")
            return connection.execute(statement, values).fetchall()

        found = {start_ns + step * step_ns: float(value) for step, value in await self._run(work)}
        return [(at_ns, found.get(at_ns)) for at_ns in range(start_ns, end_ns, step_ns)]

    async def samples(
        self, bucket: Bucket, measurement: str, fields: Sequence[str], where: Mapping[str, str], start_ns: int, end_ns: int
    ) -> AsyncGenerator[list[Point], None]:
        """Give the points in [start, end) that have one of the fields, a series at a time: other readers get the file in between."""
        condition, values = _condition(where)
        chosen = f"SELECT id, tags FROM series WHERE bucket = :bucket AND measurement = :measurement {condition}"  # noqa: S608 - names checked
        has_one = " OR ".join(f"json_type(fields, '$.{lines.name(field)}') IS NOT NULL" for field in fields)
        rows = f"SELECT time_ns, fields FROM point WHERE series = ? AND time_ns >= ? AND time_ns < ? AND ({has_one}) ORDER BY time_ns"  # noqa: S608
        values |= {"bucket": bucket, "measurement": measurement}
        wanted = frozenset(fields)
        for number, plain in await self._run(lambda connection: connection.execute(chosen, values).fetchall()):
            tags = tuple(json.loads(plain).items())
            found = await self._run(partial(_fetch, rows, (number, start_ns, end_ns)))
            if found:
                stored = [(time_ns, json.loads(text)) for time_ns, text in found]
                yield [Point(measurement, tags, {name: row[name] for name in row if name in wanted}, at_ns) for at_ns, row in stored]

    async def close(self) -> None:
        """Close the file. It can be opened again by a new object."""
        if self._connection is not None:
            await self._run(lambda connection: connection.close())
        self._thread.shutdown()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except sqlite3.Error as error:
            busy = getattr(error, "sqlite_errorname", "") in {"SQLITE_BUSY", "SQLITE_LOCKED"}
            remedy = "another program holds it; stop that" if busy else "check its folder's rights and free space, or move it aside"
            raise Unavailable("busy" if busy else "away", f"history.path: {self._path}: {error}; {remedy}", 5.0) from None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(_SCHEMA)
            self._series = {(row[1], row[2], row[3]): row[0] for row in connection.execute("SELECT * FROM series")}
            self._kinds = {(row[0], row[1], row[2]): row[3] for row in connection.execute("SELECT * FROM field")}
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _write(self, connection: sqlite3.Connection, bucket: Bucket, points: Sequence[Point]) -> list[Rejected]:
        now_ns = self._clock()
        gone_ns = oldest_ns(self._retention_s[bucket], now_ns)
        rejected = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for point in points:
                refused = self._refuse(connection, bucket, point, gone_ns)
                if refused is None:
                    row = self._series_id(connection, bucket, point), point.time_ns, json.dumps(point.fields)
                    connection.execute(_UPSERT, row)
                else:
                    rejected.append(refused)
            if now_ns - self._tidied_ns >= TIDY_EVERY_NS:
                self._tidy(connection, now_ns)
            connection.execute("COMMIT")
        except BaseException:
            self._connection = None  # the next caller opens and reads series and kinds again: some of ours were rolled back
            connection.close()
            raise
        return rejected

    def _refuse(self, connection: sqlite3.Connection, bucket: Bucket, point: Point, gone_ns: int | None) -> Rejected | None:
        """Say why a point cannot be stored, or take note of its fields' types."""
        try:
            lines.encode(point)  # what one store cannot read the other does not take
        except ValueError as error:
            return Rejected(point, "malformed", str(error))
        if gone_ns is not None and point.time_ns < gone_ns:
            return Rejected(point, "expired", f"older than the {self._retention_s[bucket]} s that {bucket} keeps")
        fresh = []
        for name, value in point.fields.items():
            key, kind = (bucket, point.measurement, name), _KINDS[type(value)]
            known = self._kinds.get(key)
            if known is None:
                fresh.append((*key, kind))
            elif known != kind:
                return Rejected(point, "conflict", f"field {name} of {point.measurement} is type {kind}, already exists as type {known}")
        for row in fresh:
            connection.execute("INSERT INTO field VALUES (?, ?, ?, ?)", row)
            self._kinds[row[0], row[1], row[2]] = row[3]
        return None

    def _series_id(self, connection: sqlite3.Connection, bucket: Bucket, point: Point) -> int:
        tags = json.dumps({key: lines.tag_value(value) for key, value in sorted(point.tags)})
        key = (bucket, point.measurement, tags)
        if key not in self._series:
            cursor = connection.execute("INSERT INTO series (bucket, measurement, tags) VALUES (?, ?, ?)", key)
            self._series[key] = cursor.lastrowid or 0
        return self._series[key]

    def _latest(
        self,
        connection: sqlite3.Connection,
        bucket: Bucket,
        measurement: str,
        fields: Sequence[str],
        where: Mapping[str, str],
        since_ns: int,
    ) -> list[Point]:
        condition, values = _condition(where)
        chosen = f"SELECT id, tags FROM series WHERE bucket = :bucket AND measurement = :measurement {condition}"  # noqa: S608 - names checked
        has_one = " OR ".join(f"json_type(fields, '$.{lines.name(field)}') IS NOT NULL" for field in fields)
        newest = f"SELECT time_ns, fields FROM point WHERE series = ? AND time_ns >= ? AND ({has_one}) ORDER BY time_ns DESC LIMIT 1"  # noqa: S608
        points = []
        for number, tags in connection.execute(chosen, values | {"bucket": bucket, "measurement": measurement}).fetchall():
            for time_ns, stored in connection.execute(newest, (number, since_ns)):
                there = json.loads(stored)
                found = {field: there[field] for field in fields if field in there}
                points.append(Point(measurement, tuple(json.loads(tags).items()), found, time_ns))
        return points

    def _tidy(self, connection: sqlite3.Connection, now_ns: int) -> None:
        for bucket, seconds in self._retention_s.items():
            if (gone_ns := oldest_ns(seconds, now_ns)) is not None:
                old = "DELETE FROM point WHERE series IN (SELECT id FROM series WHERE bucket = ?) AND time_ns < ?"
                connection.execute(old, (bucket, gone_ns))
        self._tidied_ns = now_ns


def _fetch(statement: str, values: tuple[int, ...], connection: sqlite3.Connection) -> list[tuple[int, str]]:
    return connection.execute(statement, values).fetchall()


def _condition(where: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the tag part of a WHERE on `series` and its bound values; names are checked, they cannot be bound."""
    values: dict[str, Any] = {f"w{index}": lines.tag_value(value) for index, value in enumerate(where.values())}
    return "".join(f" AND json_extract(tags, '$.{lines.name(tag)}') = :w{index}" for index, tag in enumerate(where)), values
