"""Maintenance windows as rows. Statements only; what they mean is `server/fleet/maintenance.py`'s."""

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fleet.maintenance import Window
from server.state.sites_tables import maintenance


async def windows(connection: AsyncConnection, since_ns: int) -> list[Window]:
    """Return the windows that are not over at `since_ns`, also those to come, in the order they begin."""
    query = select(maintenance).where(maintenance.c.until_ns > since_ns).order_by(maintenance.c.from_ns, maintenance.c.id)
    found = await connection.execute(query)
    return [Window(row.site, row.from_ns, row.until_ns, row.reason, row.made_by, row.id) for row in found]


async def add(connection: AsyncConnection, window: Window, now_ns: int) -> int:
    """Store a window that was checked; return its id."""
    row = {"site": window.site, "from_ns": window.from_ns, "until_ns": window.until_ns, "reason": window.reason, "made_by": window.made_by}
    made: int = (await connection.execute(insert(maintenance).returning(maintenance.c.id), row | {"made_ns": now_ns})).scalar_one()
    return made


async def end(connection: AsyncConnection, window_id: int, now_ns: int) -> bool:
    """End a window now (one that has not begun never begins); its row stays. Return whether there was one to end."""
    mine = (maintenance.c.id == window_id) & (maintenance.c.until_ns > now_ns)
    done = await connection.execute(update(maintenance).where(mine).values(until_ns=now_ns))
    return done.rowcount > 0
