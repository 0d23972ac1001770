"""Devices, their keys and where they are: statements only, each in the caller's transaction. The rules are `server/watcher/`'s.

What each decision asks is made once, above who asks it: making a statement costs more than its answer (measured).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.tables import device, device_key, presence
from wire.vocabulary import Disposition

KEY_LENGTH = 240
"""The column's width. A longer value is cut here and there alike, so that it is found again."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device as stored. Empty strings are unknown; `disposed_categories` is a list with commas."""

    id: str
    device_class: str = "unknown"
    vendor: str = ""
    product: str = ""
    possible: str = ""
    issuer: str = ""
    confidence: float = 0.0
    first_seen_ns: int = 0
    disposition: str = "undecided"
    disposed_by: str = ""
    disposed_until_ns: int = 0
    disposed_categories: str = ""


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """Where one device stands at one place."""

    device: str
    place: str
    state: str
    episode: int
    since_ns: int
    seen_ns: int


_OWNERS = select(device_key).where(
    device_key.c.kind.in_(bindparam("kinds", expanding=True)), device_key.c.value.in_(bindparam("texts", expanding=True))
)


async def owners(connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the device of each (kind, value) that has one."""
    wanted = {(kind, value[:KEY_LENGTH]): (kind, value) for kind, value in keys}
    values = {"kinds": sorted({kind for kind, _ in wanted}), "texts": sorted({value for _, value in wanted})}
    rows = (await connection.execute(_OWNERS, values)).all()  # of three kinds: few are a value of another one
    return {wanted[row.kind, row.value]: row.device for row in rows if (row.kind, row.value) in wanted}


_KEYS_OF = select(device_key).where(device_key.c.device.in_(bindparam("devices", expanding=True)))


async def keys_of(connection: AsyncConnection, devices: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the (kind, value) pairs of each of these devices."""
    found: dict[str, list[tuple[str, str]]] = {one: [] for one in devices}
    for row in await connection.execute(_KEYS_OF, {"devices": list(devices)}):
        found[row.device].append((row.kind, row.value))
    return found


_LOAD = select(device).where(device.c.id.in_(bindparam("ids", expanding=True)))


async def load(connection: AsyncConnection, ids: Collection[str]) -> dict[str, DeviceRow]:
    """Return these devices by id; a missing one is left out."""
    rows = (await connection.execute(_LOAD, {"ids": list(ids)})).all()
    return {row.id: DeviceRow(*row) for row in rows}


async def add(connection: AsyncConnection, row: DeviceRow) -> None:
    """Store a device not known before."""
    await connection.execute(insert(device).values(asdict(row)))


async def describe(connection: AsyncConnection, row: DeviceRow) -> None:
    """Store what is known of a device now; what people decided is left as it is."""
    names = ("device_class", "vendor", "product", "possible", "issuer", "confidence")
    await connection.execute(update(device).where(device.c.id == row.id).values({name: getattr(row, name) for name in names}))


async def attach(database: Database, connection: AsyncConnection, owner: str, keys: Iterable[tuple[str, str]]) -> None:
    """Give keys to a device; a key that has an owner keeps it."""
    rows = [{"kind": kind, "value": value[:KEY_LENGTH], "device": owner} for kind, value in keys]
    if rows:
        await connection.execute(database.insert_or_ignore(device_key), rows)


async def merge(connection: AsyncConnection, kept: str, gone: str, places: Sequence[PresenceRow]) -> None:
    """Make two devices one: keys move to `kept`, its presences become `places`. Told events keep the id they were told under."""
    await connection.execute(update(device_key).where(device_key.c.device == gone).values(device=kept))
    await connection.execute(delete(presence).where(presence.c.device.in_((kept, gone))))
    await connection.execute(delete(device).where(device.c.id == gone))
    if places:
        await connection.execute(insert(presence), [asdict(row) for row in places])


_PRESENCES = select(presence).where(presence.c.device.in_(bindparam("devices", expanding=True)))
_PRESENCES = _PRESENCES.order_by(presence.c.device, presence.c.place)
_PRESENCES_AT = _PRESENCES.where(presence.c.place == bindparam("place"))


async def presences(connection: AsyncConnection, devices: Collection[str], place: str | None = None) -> list[PresenceRow]:
    """Return where these devices stand: everywhere, or at one place."""
    query, where = (_PRESENCES, {}) if place is None else (_PRESENCES_AT, {"place": place})
    return [PresenceRow(*row) for row in await connection.execute(query, {"devices": list(devices), **where})]


_PRESENT_AT = select(presence).where(presence.c.place == bindparam("place"), presence.c.state == "present").order_by(presence.c.since_ns)


async def present_at(connection: AsyncConnection, place: str) -> list[PresenceRow]:
    """Return what is present at a place."""
    return [PresenceRow(*row) for row in await connection.execute(_PRESENT_AT, {"place": place})]


async def not_retired(connection: AsyncConnection) -> list[tuple[str, str]]:
    """Return (device, place) of each presence that time alone may change."""
    query = select(presence.c.device, presence.c.place).where(presence.c.state != "retired").order_by(presence.c.seen_ns)
    return [(row.device, row.place) for row in await connection.execute(query)]


_MOVE = (
    update(presence)
    .where(presence.c.device == bindparam("of_device"), presence.c.place == bindparam("of_place"))
    .values({presence.c[name]: bindparam(f"new_{name}") for name in ("state", "episode", "since_ns", "seen_ns")})
)


async def place_at(database: Database, connection: AsyncConnection, row: PresenceRow) -> None:
    """Store where a device stands at a place, first or changed."""
    await connection.execute(database.insert_or_ignore(presence), asdict(row))
    now = {"new_state": row.state, "new_episode": row.episode, "new_since_ns": row.since_ns, "new_seen_ns": row.seen_ns}
    await connection.execute(_MOVE, {"of_device": row.device, "of_place": row.place, **now})


async def dispose(connection: AsyncConnection, ids: Collection[str], disposition: Disposition, by: str) -> None:
    """Store what people decided about devices, without end and for all categories."""
    decided = {"disposition": disposition, "disposed_by": by, "disposed_until_ns": 0, "disposed_categories": ""}
    await connection.execute(update(device).where(device.c.id.in_(ids)).values(decided))


async def dispose_as(connection: AsyncConnection, name: str, row: DeviceRow) -> None:
    """Store a decision, with its end and its categories, as another row has it."""
    names = ("disposition", "disposed_by", "disposed_until_ns", "disposed_categories")
    await connection.execute(update(device).where(device.c.id == name).values({one: getattr(row, one) for one in names}))


async def lapsing(connection: AsyncConnection, now_ns: int) -> list[DeviceRow]:
    """Return the devices whose approval has come to its end by now."""
    over = (device.c.disposition == "approved") & device.c.disposed_until_ns.between(1, now_ns)
    return [DeviceRow(*row) for row in await connection.execute(select(device).where(over).order_by(device.c.id))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which devices to list: empty is any. `after` is an id: those behind it."""

    disposition: str = ""
    place: str = ""
    state: str = ""
    after: str = ""


async def listed(connection: AsyncConnection, wanted: Wanted, limit: int) -> list[DeviceRow]:
    """Return devices by id."""
    query = select(device).where(device.c.id > wanted.after).order_by(device.c.id).limit(limit)
    if wanted.disposition:
        query = query.where(device.c.disposition == wanted.disposition)
    if wanted.place or wanted.state:
        there = select(presence.c.device)
        there = there.where(presence.c.place == wanted.place) if wanted.place else there
        query = query.where(device.c.id.in_(there.where(presence.c.state == wanted.state) if wanted.state else there))
    return [DeviceRow(*row) for row in await connection.execute(query)]


async def undecided(connection: AsyncConnection) -> dict[str, set[str]]:
    """Return the places of each device nobody has decided about."""
    query = select(presence.c.device, presence.c.place).join(device, device.c.id == presence.c.device)
    found: dict[str, set[str]] = {}
    for row in await connection.execute(query.where(device.c.disposition == "undecided")):
        found.setdefault(row.device, set()).add(row.place)
    return found
