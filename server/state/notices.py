"""Alerts as the database keeps them, and how far the event table is folded into them. What an alert is, is `server/watcher/notices/`'s.

All of one fold is one transaction: cursor, alerts, parts, letters. An event is in one part only (primary key), so it is folded once.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.events import EventRow
from server.state.notices_tables import alert, alert_part, letter, notice_mark, notice_seen
from server.state.tables import agent, device, event

LATE_NS = 600 * 10**9
"""The cursor passes an event only this long after it was made: a transaction of another process may commit a lower number later."""
CHUNK = 400
"""Values in one IN list: SQLite takes 999 bound values in its oldest builds, PostgreSQL 32,767."""


@dataclass(frozen=True, slots=True)
class EventFound(EventRow):
    """An event's row, with its number."""

    id: int


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of an alert beside its event."""

    event: int
    alert: str
    what: str
    weight: str
    site: str
    noted_ns: int
    open: bool
    over_ns: int
    ends: int
    mute: str
    mute_until_ns: int
    released: bool


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert without its parts. `told` counts letters by target."""

    id: str
    key: str
    cause: str
    severity: str
    opened_ns: int
    changed_ns: int
    closed_ns: int
    release_ns: int
    told_ns: int
    told_severity: str
    into: str
    acknowledged_by: str
    acknowledged_ns: int
    told: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Gist:
    """An alert in short: at which sites it is so now, how many events it has, what its newest says."""

    sites: list[str] = field(default_factory=list)
    events: int = 0
    sentence: str = ""


_EVENT = tuple(event.c[one.name] for one in fields(EventFound))
_PART = tuple(alert_part.c)
_ALERT = tuple(alert.c)


async def marks(transaction: AsyncConnection) -> dict[str, int]:
    """Return how far notices are, by name: `cursor`, `begin`, `digest:<target>`."""
    return {row.name: row.value for row in await transaction.execute(select(notice_mark))}


async def set_mark(database: Database, transaction: AsyncConnection, name: str, value: int) -> None:
    """Set one mark."""
    await transaction.execute(database.insert_or_ignore(notice_mark), {"name": name, "value": value})
    await transaction.execute(update(notice_mark).where(notice_mark.c.name == name).values(value=value))


async def newest_event(transaction: AsyncConnection) -> int:
    """Return the number of the newest event, 0 when there is none."""
    return int((await transaction.execute(select(func.coalesce(func.max(event.c.id), 0)))).scalar_one())


_SEEN = select(notice_seen.c.event).where(notice_seen.c.event == event.c.id).exists()
_UNFOLDED = select(*_EVENT).where(event.c.id > bindparam("cursor"), ~_SEEN).order_by(event.c.id).limit(bindparam("most"))
"""This and `_NEXT` are made once: they are asked each second."""


async def unfolded(transaction: AsyncConnection, cursor: int, limit: int) -> list[EventFound]:
    """Return the oldest events that are in no fold yet, in order."""
    return [EventFound(*tuple(row)) for row in await transaction.execute(_UNFOLDED, {"cursor": cursor, "most": limit})]


async def folded(database: Database, transaction: AsyncConnection, events: Sequence[EventFound], cursor: int, now_ns: int) -> None:
    """Note events as folded, and move the cursor to the last of which none before it can come any more."""
    if events:
        await transaction.execute(insert(notice_seen), [{"event": one.id} for one in events])
    settled = select(func.max(event.c.id)).where(event.c.id.in_(select(notice_seen.c.event)), event.c.made_ns < now_ns - LATE_NS)
    upto = (await transaction.execute(settled)).scalar_one_or_none()
    if upto is not None and upto > cursor:
        await set_mark(database, transaction, "cursor", upto)
        await transaction.execute(delete(notice_seen).where(notice_seen.c.event <= upto))


_NEXT = select(func.min(alert.c.release_ns)).where(alert.c.release_ns > 0)


async def next_release(transaction: AsyncConnection) -> int:
    """Return when the next alert is to be looked at (Unix ns), 0 when none is."""
    return int((await transaction.execute(_NEXT)).scalar_one_or_none() or 0)


async def in_hand(transaction: AsyncConnection, since_ns: int) -> tuple[list[AlertRow], list[tuple[PartRow, EventFound]]]:
    """Return the alerts that are open or due, with the parts that are so, unreleased, or noted since."""
    chosen = or_(alert.c.closed_ns == 0, alert.c.release_ns > 0)
    alerts = [_alert(row) for row in await transaction.execute(select(*_ALERT).where(chosen))]
    kept = or_(alert_part.c.open.is_(True), alert_part.c.released.is_(False), alert_part.c.noted_ns > since_ns)
    query = _parts().where(kept, alert_part.c.alert.in_(select(alert.c.id).where(chosen)))
    return alerts, [_pair(row) for row in await transaction.execute(query)]


async def parts_noted(transaction: AsyncConnection, since_ns: int, until_ns: int) -> list[tuple[PartRow, EventFound]]:
    """Return the parts noted after one time and not after another."""
    query = _parts().where(alert_part.c.noted_ns > since_ns, alert_part.c.noted_ns <= until_ns)
    return [_pair(row) for row in await transaction.execute(query)]


async def parts_of(transaction: AsyncConnection, one: str, limit: int) -> list[tuple[PartRow, EventFound]]:
    """Return the newest parts of an alert, oldest first."""
    query: Select[Any] = select(*_PART, *_EVENT).join(event, event.c.id == alert_part.c.event).where(alert_part.c.alert == one)
    rows = [_pair(row) for row in await transaction.execute(query.order_by(alert_part.c.event.desc()).limit(limit))]
    return rows[::-1]


async def store(database: Database, transaction: AsyncConnection, alerts: Iterable[AlertRow], parts: Sequence[PartRow]) -> None:
    """Store alerts and parts, new or changed. Who acknowledged an alert is not touched: people write that."""
    for one in alerts:
        row = {name: getattr(one, name) for name in AlertRow.__slots__} | {"told": json.dumps(dict(one.told), sort_keys=True)}
        await transaction.execute(database.insert_or_ignore(alert), row)
        changed = {name: value for name, value in row.items() if name not in {"id", "key", "acknowledged_by", "acknowledged_ns"}}
        await transaction.execute(update(alert).where(alert.c.id == one.id).values(changed))
    rows = [{name: getattr(one, name) for name in PartRow.__slots__} for one in parts]
    if rows:
        await transaction.execute(database.insert_or_ignore(alert_part), rows)
        bound = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in PartRow.__slots__ if name not in {"event", "noted_ns"}}
        await transaction.execute(update(alert_part).where(alert_part.c.event == bindparam("new_event")).values(values), bound)


async def details(transaction: AsyncConnection, numbers: Collection[int]) -> dict[int, EventFound]:
    """Return events by number."""
    wanted = sorted(numbers)
    found: dict[int, EventFound] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(*_EVENT).where(event.c.id.in_(wanted[start : start + CHUNK]))
        found |= {row.id: EventFound(*tuple(row)) for row in await transaction.execute(query)}
    return found


async def places_of_agents(transaction: AsyncConnection, agents: Collection[str]) -> dict[str, str]:
    """Return where agents stand, by id."""
    wanted = sorted(agents)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(agent.c.id, agent.c.place).where(agent.c.id.in_(wanted[start : start + CHUNK]))
        found |= {row.id: row.place for row in await transaction.execute(query)}
    return found


async def known_devices(transaction: AsyncConnection, devices: Collection[str]) -> frozenset[str]:
    """Return which of these devices there are."""
    wanted = sorted(devices)
    found: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        found |= set((await transaction.execute(select(device.c.id).where(device.c.id.in_(wanted[start : start + CHUNK])))).scalars())
    return frozenset(found)


async def count_places(transaction: AsyncConnection) -> int:
    """Return at how many places agents stand."""
    query = select(func.count(func.distinct(agent.c.place))).where(agent.c.place != "")
    return int((await transaction.execute(query)).scalar_one())


async def listed(
    transaction: AsyncConnection,
    *,
    state: str = "",
    cause: str = "",
    severity: str = "",
    site: str = "",
    before: tuple[int, str] | None = None,
    limit: int = 50,
) -> list[AlertRow]:
    """Return alerts, newest first, from the page behind `before` (opened_ns, id). `state` is open, closed or empty for both."""
    query = select(*_ALERT).where(alert.c.into == "").order_by(alert.c.opened_ns.desc(), alert.c.id.desc()).limit(limit)
    if state:
        query = query.where(alert.c.closed_ns == 0 if state == "open" else alert.c.closed_ns > 0)
    if cause:
        query = query.where(alert.c.cause == cause)
    if severity:
        query = query.where(alert.c.severity <= severity)
    if site:
        query = query.where(select(alert_part.c.event).where(alert_part.c.alert == alert.c.id, alert_part.c.site == site).exists())
    if before is not None:
        at_ns, last = before
        query = query.where(or_(alert.c.opened_ns < at_ns, (alert.c.opened_ns == at_ns) & (alert.c.id < last)))
    return [_alert(row) for row in await transaction.execute(query)]


async def gists(transaction: AsyncConnection, alerts: Sequence[str]) -> dict[str, Gist]:
    """Return alerts in short, by id."""
    found: dict[str, Gist] = {}
    for start in range(0, len(alerts), CHUNK):
        mine = alert_part.c.alert.in_(alerts[start : start + CHUNK])
        newest = select(func.max(alert_part.c.event).label("event"), func.count().label("events"), alert_part.c.alert).where(mine)
        last = newest.group_by(alert_part.c.alert).subquery()
        query = select(last.c.alert, last.c.events, event.c.sentence).join(event, event.c.id == last.c.event)
        found |= {row.alert: Gist([], row.events, row.sentence) for row in await transaction.execute(query)}
        so = select(alert_part.c.alert, alert_part.c.site).where(mine, alert_part.c.open.is_(True), alert_part.c.site != "")
        for row in await transaction.execute(so.distinct().order_by(alert_part.c.site)):
            found[row.alert].sites.append(row.site)
    return found


async def one_alert(transaction: AsyncConnection, one: str) -> AlertRow | None:
    """Return an alert, or None."""
    row = (await transaction.execute(select(*_ALERT).where(alert.c.id == one))).one_or_none()
    return _alert(row) if row else None


async def acknowledge(transaction: AsyncConnection, one: str, who: str, now_ns: int, revision: int) -> bool:
    """Note who has seen an alert; return False when it is not there or was changed since `revision` (its changed_ns, 0: whatever)."""
    statement = update(alert).where(alert.c.id == one).values(acknowledged_by=who, acknowledged_ns=now_ns)
    if revision:
        statement = statement.where(alert.c.changed_ns == revision)
    return (await transaction.execute(statement)).rowcount > 0


async def letters_of(transaction: AsyncConnection, one: str) -> list[tuple[str, str, str, int]]:
    """Return (target, what, state, made_ns) of the letters about an alert, in order."""
    query = select(letter.c.target, letter.c.what, letter.c.state, letter.c.made_ns).where(letter.c.alert == one).order_by(letter.c.id)
    return [tuple(row) for row in await transaction.execute(query)]


def _parts() -> Select[Any]:
    return select(*_PART, *_EVENT).join(event, event.c.id == alert_part.c.event).order_by(alert_part.c.event)


def _pair(row: Row[Any]) -> tuple[PartRow, EventFound]:
    plain = tuple(row)
    return PartRow(*plain[: len(_PART)]), EventFound(*plain[len(_PART) :])


def _alert(row: Row[Any]) -> AlertRow:
    plain = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name for a row as a mapping
    return AlertRow(**plain | {"told": json.loads(plain["told"])})
