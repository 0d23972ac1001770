"""What is stored, read back without the product's own reading code: InfluxQL over plain HTTP, rows of the state database, a spool's file.

Also `until`, the one way these tests wait: for a condition, with a deadline that says what was still missing. Nothing is judged here.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from sqlalchemy import Table, select

from server.history.influx import InfluxSettings
from server.state.database import open_database
from server.state.ledger import completeness
from wire.codec import content_id

POLL_S = 0.1
PATIENCE_S = 120.0
"""Far beyond anything seen here on two busy cores (the longest was the watcher's lease of 15 s): only a fault waits so long."""
TAGS = ("site", "agent", "target", "route", "workload", "category")
Key = tuple[str, ...]
Rows = dict[tuple[Key, int], dict[str, Any]]
"""(measurement and tags, time in ns) -> fields."""


def until(met: Callable[[], bool], missing: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait until `met()`; fail with `missing()`."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"after {seconds:g} s still: {missing()}"
        time.sleep(POLL_S)


def influxql(settings: InfluxSettings, bucket: str, statement: str) -> list[dict[str, Any]]:
    """Return the series of one InfluxQL statement, times in nanoseconds."""
    query = urlencode({"db": bucket, "epoch": "ns", "q": statement})
    headers = {"Authorization": f"Token {settings.token}"}
    with urlopen(Request(f"{settings.url}/query?{query}", headers=headers), timeout=30) as answer:  # noqa: S310 - our own http:// address
        result = json.load(answer)["results"][0]
    assert "error" not in result, result
    series: list[dict[str, Any]] = result.get("series", [])
    return series


def influx_rows(settings: InfluxSettings, *measurements: str, bucket: str = "mw_raw", tags: tuple[str, ...] = TAGS) -> Rows:
    """Return every row of these measurements; no row has a tag that is not listed."""
    rows: Rows = {}
    for measurement in measurements:
        for one in influxql(settings, bucket, f'SELECT * FROM "{measurement}" GROUP BY *'):  # noqa: S608 - names of our own
            assert set(one["tags"]) <= set(tags), one["tags"]
            key = (measurement, *(one["tags"].get(tag, "") for tag in tags))
            for time_ns, *values in one["values"]:
                rows[key, time_ns] = {name: value for name, value in zip(one["columns"][1:], values, strict=True) if value is not None}
    return rows


def state_rows(url: str, table: Table) -> list[Any]:
    """Return all rows of a table of the state database."""

    async def read() -> list[Any]:
        database = await open_database(url, create=False)
        try:
            async with database.reading() as connection:
                return list((await connection.execute(select(table))).all())
        finally:
            await database.close()

    return asyncio.run(read())


def ledger_says(url: str, agent: str) -> dict[str, int]:
    """Return the completeness of an agent over all time."""

    async def read() -> dict[str, int]:
        database = await open_database(url, create=False)
        try:
            async with database.reading() as connection:
                return await completeness(connection, agent, 0, 2**62)
        finally:
            await database.close()

    return asyncio.run(read())


@dataclass(frozen=True)
class Held:
    """What one spool file held at one moment. `reports` maps seq to (digest, cycle bytes, facts ids, certificate ids)."""

    stream: str
    last_seq: int
    reports: dict[int, tuple[str, bytes, list[str], list[str]]]
    bodies: dict[str, bytes]

    @property
    def digests(self) -> set[str]:
        """Return the digests of the reports."""
        return {one[0] for one in self.reports.values()}


def is_made(spool: Path) -> bool:
    """Return whether a spool's file is there and has its stream."""
    try:
        return bool(held_in(spool).stream)
    except (sqlite3.Error, TypeError):
        return False


def newest_in(spool: Path) -> tuple[str, int, str] | None:
    """Return stream, number and digest of the newest report a spool ever held; None when there is no spool yet."""
    try:
        database = sqlite3.connect(f"file:{spool}?mode=ro", uri=True, timeout=10)
        try:
            found: tuple[str, int, str] | None = database.execute("SELECT stream, seq, digest FROM identity").fetchone()
        finally:
            database.close()
    except sqlite3.OperationalError:
        return None
    return found


def held_in(spool: Path) -> Held:
    """Return what a spool's file holds, committed transactions only; the agent may run meanwhile."""
    database = sqlite3.connect(f"file:{spool}?mode=ro", uri=True, timeout=10)
    try:
        database.execute("BEGIN")
        stream, last_seq = database.execute("SELECT stream, seq FROM identity").fetchone()
        rows = database.execute("SELECT r.seq, r.digest, r.cycle, m.ids FROM report r JOIN manifest m ON m.id = r.manifest").fetchall()
        bodies = dict(database.execute("SELECT id, bytes FROM body WHERE bytes IS NOT NULL").fetchall())
    finally:
        database.close()
    reports = {}
    for seq, digest, cycle, ids in rows:
        assert digest == content_id(cycle), f"the spool holds a damaged report {seq}"
        facts, certificates = ([key for key in part.split(",") if key] for part in ids.split(";"))
        reports[seq] = (digest, cycle, facts, certificates)
    return Held(stream, last_seq, reports, bodies)


def copy_spool(spool: Path, to: Path) -> None:
    """Copy a spool's file, whole and consistent, while its agent runs: what a backup or a machine's snapshot holds."""
    forget_spool(to)
    source, target = sqlite3.connect(f"file:{spool}?mode=ro", uri=True, timeout=10), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()


def forget_spool(spool: Path) -> None:
    """Delete a spool's file and all that belongs to it."""
    for suffix in ("", "-wal", "-shm", ".lock"):
        spool.with_name(spool.name + suffix).unlink(missing_ok=True)
