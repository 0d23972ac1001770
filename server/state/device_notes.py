"""What people say of devices, and who decided what when: statements only, each in the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.devices_tables import device_audit, device_note
from server.state.tables import device

MOST_AUDITED = 500
"""Acts listed of one device, newest first; the table keeps all."""


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What people say of one device. `scope`: what its keys are unique to. `revision` rises with every act."""

    device: str
    scope: str = "unknown"
    revision: int = 0
    manual: bool = False
    owner: str = ""
    contact: str = ""
    note: str = ""
    deployment: str = ""
    decrypting: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act. `detail` is JSON: what it was before and is after."""

    device: str
    at_ns: int
    who: str
    act: str
    detail: str


_LOAD = select(*[device_note.c[one.name] for one in fields(NoteRow)]).where(device_note.c.device.in_(bindparam("devices", expanding=True)))


async def load(connection: AsyncConnection, devices: Collection[str]) -> dict[str, NoteRow]:
    """Return the notes of these devices; one that has none yet gets an empty one."""
    rows = await connection.execute(_LOAD, {"devices": list(devices)})
    return {one: NoteRow(one) for one in devices} | {row.device: NoteRow(*row) for row in rows}


async def lock(connection: AsyncConnection, name: str) -> None:
    """Hold a device against another who acts on it at the same moment (PostgreSQL; SQLite has one writer)."""
    await connection.execute(select(device.c.id).where(device.c.id == name).with_for_update())


async def store(database: Database, connection: AsyncConnection, row: NoteRow) -> None:
    """Store a note, first or changed."""
    await connection.execute(database.insert_or_ignore(device_note), asdict(row))
    values = {name: value for name, value in asdict(row).items() if name != "device"}
    await connection.execute(update(device_note).where(device_note.c.device == row.device).values(values))


async def raise_revision(database: Database, connection: AsyncConnection, row: NoteRow) -> None:
    """Say that something about the device has changed."""
    await store(database, connection, replace(row, revision=row.revision + 1))


async def spoken(connection: AsyncConnection) -> dict[str, NoteRow]:
    """Return the notes of devices people have said something about, or entered."""
    texts = [device_note.c[name] for name in ("owner", "contact", "note", "deployment", "decrypting", "version")]
    columns = [device_note.c[one.name] for one in fields(NoteRow)]
    query = select(*columns).where(or_(device_note.c.manual, *[text != "" for text in texts]))
    return {row.device: NoteRow(*row) for row in await connection.execute(query)}


async def audit(connection: AsyncConnection, row: AuditRow) -> None:
    """Write down an act."""
    await connection.execute(insert(device_audit).values(asdict(row)))


async def audited(connection: AsyncConnection, name: str) -> Sequence[AuditRow]:
    """Return the acts on a device, newest first."""
    columns = [device_audit.c[one.name] for one in fields(AuditRow)]
    query = select(*columns).where(device_audit.c.device == name).order_by(device_audit.c.id.desc()).limit(MOST_AUDITED)
    return [AuditRow(*row) for row in await connection.execute(query)]


async def merge(database: Database, connection: AsyncConnection, kept: str, gone: str) -> None:
    """Give one device what was said of another that turned out to be the same: its acts, and its note where there is none."""
    await connection.execute(update(device_audit).where(device_audit.c.device == gone).values(device=kept))
    notes = await load(connection, [kept, gone])
    mine, other = notes[kept], notes[gone]
    said = {name: value or getattr(other, name) for name, value in asdict(mine).items() if name not in {"device", "revision"}}
    said["scope"] = mine.scope if mine.scope != "unknown" else other.scope
    said["manual"] = mine.manual and other.manual
    await store(database, connection, NoteRow(kept, revision=max(mine.revision, other.revision) + 1, **said))
    await connection.execute(device_note.delete().where(device_note.c.device == gone))
