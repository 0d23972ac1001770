"""A lease with an epoch: who may decide. Time decides who gets it, the epoch alone who keeps it.

Holders' clocks may differ: a fast clock takes over early, and the epoch it raises makes the other's next decision fail. So two
may believe they hold it; only one can commit. What a fast clock promised itself would outlast its holder by as much: who sees a lease
that nobody renews may take it before its time (`stale`).
"""

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.tables import lease


class LeaseLost(Exception):  # noqa: N818 - a state, not a mistake
    """Another holder has a higher epoch: what this transaction decided must not be."""


_MINE = lease.c.name == bindparam("of_name")
_LOCKED = select(lease).where(_MINE).with_for_update()
_HOLD = update(lease).where(_MINE).values({lease.c[name]: bindparam(f"new_{name}") for name in ("holder", "epoch", "until_ns")})
_SEEN = select(lease.c.epoch, lease.c.until_ns).where(_MINE)
_EPOCH = select(lease.c.epoch).where(_MINE).with_for_update()


async def take(
    database: Database,
    connection: AsyncConnection,
    name: str,
    holder: str,
    now_ns: int,
    until_ns: int,
    held: int,
    *,
    stale: bool = False,
) -> int | None:
    """Take or renew a lease until `until_ns`; return its epoch, or None while another holds it.

    `held` is the epoch this process has (0: none). Its own name under another epoch is an earlier life, replaced at once. `stale`: the
    other was seen not to renew for as long as a lease lasts.
    """
    await connection.execute(database.insert_or_ignore(lease), {"name": name, "holder": holder, "epoch": 0, "until_ns": 0})
    row = (await connection.execute(_LOCKED, {"of_name": name})).one()
    if row.holder != holder and row.until_ns > now_ns and not stale:
        return None
    mine = row.holder == holder and row.epoch == held and held > 0
    epoch = int(row.epoch) if mine else int(row.epoch) + 1
    await connection.execute(_HOLD, {"of_name": name, "new_holder": holder, "new_epoch": epoch, "new_until_ns": until_ns})
    return epoch


async def seen(connection: AsyncConnection, name: str) -> tuple[int, int]:
    """Return the epoch of a lease and until when it is promised, by its holder's clock: both stay while nobody renews it."""
    row = (await connection.execute(_SEEN, {"of_name": name})).one_or_none()
    return (0, 0) if row is None else (int(row.epoch), int(row.until_ns))


async def confirm(connection: AsyncConnection, name: str, epoch: int) -> None:
    """Lock the lease for this transaction and raise LeaseLost unless `epoch` is still its epoch."""
    found = (await connection.execute(_EPOCH, {"of_name": name})).scalar_one_or_none()
    if found != epoch:
        raise LeaseLost(f"lease {name}: epoch {epoch} was followed by {found}; another process decides now")


async def release(connection: AsyncConnection, name: str, epoch: int) -> None:
    """End a lease held under `epoch`, so that the next holder need not wait; nothing happens if it is another's."""
    await connection.execute(update(lease).where(lease.c.name == name, lease.c.epoch == epoch).values(until_ns=0))
