"""Sites as they were entered, with revisions: statements only. What they mean with the configuration is `server/fleet/entries.py`'s.

Every change raises the registry's version, which tells all processes to read again; the entry before it is kept. A change names the
revision it was made from: of two people who change the same thing the second is told, and loses nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fleet.entries import Entry
from server.fleet.hours import hours_of
from server.fleet.registry import EgressRange, Place
from server.state.database import Database
from server.state.sites_tables import egress_range, site, site_before, subnet
from server.state.tables import counter

VERSION = "registry"
"""Counter that rises with every change of a site."""
ABSENT = 0
"""Revision of a site nobody entered."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry and what is known of its last change."""

    entry: Entry
    revision: int
    changed_ns: int
    changed_by: str


class Conflict(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The site is not as the change took it to be; `now` is how it is (None: nobody entered it)."""

    def __init__(self, name: str, now: Stored | None) -> None:
        self.now = now
        told = f"was changed by {now.changed_by or 'somebody'} and has revision {now.revision}" if now else "has no entry any more"
        super().__init__(f"{name} {told}; read it again and make the change on that. Nothing was changed")


async def version(connection: AsyncConnection) -> int:
    """Return the version of all sites together: one row by its key, cheap enough to ask every few seconds."""
    found = (await connection.execute(select(counter.c.value).where(counter.c.name == VERSION))).scalar_one_or_none()
    return int(found or 0)


async def load(connection: AsyncConnection) -> dict[str, Stored]:
    """Return all entries by name."""
    return await _load(connection)


async def fetch(connection: AsyncConnection, name: str) -> Stored | None:
    """Return one entry."""
    return (await _load(connection, name)).get(name)


async def _load(connection: AsyncConnection, name: str | None = None) -> dict[str, Stored]:
    sites, nets, ranges = select(site).order_by(site.c.name), select(subnet), select(egress_range)
    if name is not None:
        sites, nets, ranges = sites.where(site.c.name == name), nets.where(subnet.c.site == name), ranges.where(egress_range.c.site == name)
    subnets: dict[str, list[tuple[int, str]]] = {}
    for row in await connection.execute(nets):
        subnets.setdefault(row.site, []).append((row.position, row.prefix))
    egress: dict[str, list[tuple[int, str, str]]] = {}
    for row in await connection.execute(ranges):
        egress.setdefault(row.site, []).append((row.position, row.prefix, row.circuit))
    found = {}
    for row in await connection.execute(sites):
        lans = tuple(prefix for _, prefix in sorted(subnets.get(row.name, ())))
        ways = tuple(EgressRange(prefix, circuit) for _, prefix, circuit in sorted(egress.get(row.name, ())))
        found[row.name] = Stored(_entry(row, lans, ways), row.revision, row.changed_ns, row.changed_by)
    return found


def _entry(row: Any, lans: tuple[str, ...], ways: tuple[EgressRange, ...]) -> Entry:  # noqa: ANN401 - a row of `site`
    return Entry(
        row.name,
        None if row.latitude is None or row.longitude is None else Place(row.latitude, row.longitude),
        row.zone,
        row.address,
        row.region,
        row.owner,
        row.criticality,
        None if row.hours is None else hours_of(row.hours),
        lans if row.says_subnets else None,
        ways if row.says_egress else None,
        row.origin,
    )


async def write(
    database: Database,
    connection: AsyncConnection,
    changes: Mapping[str, tuple[Entry | None, int]],
    now_ns: int,
    by: str,
    check: Callable[[Mapping[str, Stored]], None] = lambda _: None,
) -> dict[str, int]:
    """Store entries (None: delete) by name, each made from the revision beside it; return the new revisions.

    `check` is given all entries as they are now, while nobody else can change them, and may raise.
    Raises Conflict, and then the caller's transaction must end without a commit. Changes of several people wait for each other.
    """
    await connection.execute(database.insert_or_ignore(counter), [{"name": VERSION, "value": 0}])
    raised = update(counter).where(counter.c.name == VERSION).values(value=counter.c.value + 1).returning(counter.c.value)
    revision = int((await connection.execute(raised)).scalar_one())
    before = await load(connection)
    for name, (_, made_from) in changes.items():
        now = before.get(name)
        if (now.revision if now else ABSENT) != made_from:
            raise Conflict(name, now)
    check(before)
    kept = [_before(before[name], now_ns, by) for name in changes if name in before]
    if kept:
        await connection.execute(insert(site_before), kept)
    for table, column in ((site, site.c.name), (subnet, subnet.c.site), (egress_range, egress_range.c.site)):
        await connection.execute(delete(table).where(column.in_(list(changes))))
    entries = [entry for entry, _ in changes.values() if entry is not None]
    await _insert(connection, entries, revision, now_ns, by)
    return {entry.name: revision for entry in entries}


async def _insert(connection: AsyncConnection, entries: list[Entry], revision: int, now_ns: int, by: str) -> None:
    known = {"revision": revision, "changed_ns": now_ns, "changed_by": by[:128]}
    nets = [{"site": one.name, "prefix": prefix, "position": n} for one in entries for n, prefix in enumerate(one.subnets or ())]
    ranges = [
        {"site": one.name, "prefix": way.prefix, "circuit": way.circuit, "position": n}
        for one in entries
        for n, way in enumerate(one.egress or ())
    ]
    for table, rows in ((site, [_row(one) | known for one in entries]), (subnet, nets), (egress_range, ranges)):
        if rows:
            await connection.execute(insert(table), rows)


def _row(one: Entry) -> dict[str, Any]:
    return {
        "name": one.name,
        "origin": one.origin,
        "latitude": one.place.latitude if one.place else None,
        "longitude": one.place.longitude if one.place else None,
        "zone": one.zone,
        "address": one.address,
        "region": one.region,
        "owner": one.owner,
        "criticality": one.criticality,
        "hours": None if one.hours is None else str(one.hours),
        "says_subnets": one.subnets is not None,
        "says_egress": one.egress is not None,
    }


def _before(stored: Stored, now_ns: int, by: str) -> dict[str, Any]:
    body = _row(stored.entry) | {"subnets": stored.entry.subnets, "egress": [asdict(way) for way in stored.entry.egress or ()]}
    body |= {"changed_by": stored.changed_by, "changed_ns": stored.changed_ns}
    return {
        "site": stored.entry.name,
        "revision": stored.revision,
        "body": json.dumps(body).encode(),
        "changed_ns": now_ns,
        "changed_by": by[:128],
    }


async def before(connection: AsyncConnection, name: str) -> list[tuple[int, dict[str, Any]]]:
    """Return (revision, entry as JSON said it) of each earlier state of a site, newest first."""
    query = select(site_before.c.revision, site_before.c.body).where(site_before.c.site == name).order_by(site_before.c.id.desc())
    return [(row.revision, json.loads(row.body)) for row in await connection.execute(query)]
