"""The ledger by agent and hour of creation: what was expected, stored, dropped, is missing. Reads only, and bounded by sequence numbers.

A number nobody has heard of yet is not expected; one between two stored reports belongs to the hour of the later one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.collector.ledger import merge
from server.state.tables import agent, dropped, ledger, stream

HOUR_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class AgentHour:
    """One agent's reports made in one hour (its start, Unix ns). `site` is where its newest report stands now."""

    agent: str
    site: str
    hour_ns: int
    expected: int
    stored: int
    quarantined: int
    dropped: int

    @property
    def missing(self) -> int:
        """Return how many are neither here nor given up."""
        return max(0, self.expected - self.stored - self.quarantined - self.dropped)


async def first_received(connection: AsyncConnection) -> int | None:
    """Return when the first report of the ledger came; None for an empty one."""
    found: int | None = (await connection.execute(select(func.min(ledger.c.received_ns)))).scalar_one()
    return found


async def touched(connection: AsyncConnection, since_ns: int, until_ns: int) -> list[tuple[str, int]]:
    """Return (agent, hour) of the reports received in [since, until), and the hour after each: a late report fills its gap."""
    hour = ledger.c.created_ns // HOUR_NS
    received = ledger.c.received_ns >= since_ns, ledger.c.received_ns < until_ns, ledger.c.created_ns > 0
    query = select(stream.c.agent, hour, func.max(ledger.c.seq), ledger.c.stream).join(stream, stream.c.id == ledger.c.stream)
    found: set[tuple[str, int]] = set()
    for row in (await connection.execute(query.where(*received).group_by(stream.c.agent, hour, ledger.c.stream))).all():
        found.add((row[0], int(row[1]) * HOUR_NS))
        after = select(ledger.c.created_ns).where(ledger.c.stream == row[3], ledger.c.seq > row[2], ledger.c.created_ns > 0)
        next_ns = (await connection.execute(after.order_by(ledger.c.seq).limit(1))).scalar_one_or_none()
        if next_ns is not None:
            found.add((row[0], next_ns // HOUR_NS * HOUR_NS))
    return sorted(found)


async def count(connection: AsyncConnection, agent_id: str, hour_ns: int) -> AgentHour:
    """Return one agent's hour, over all its streams. Raises NoResultFound for an agent that was never introduced."""
    place, cadence_s = (await connection.execute(select(agent.c.place, agent.c.cadence_s).where(agent.c.id == agent_id))).one()
    mine = select(stream.c.id, stream.c.last_seq, stream.c.last_created_ns).where(
        stream.c.agent == agent_id, stream.c.last_created_ns >= hour_ns
    )
    sums = [0, 0, 0, 0]
    for key, last_seq, last_ns in (await connection.execute(mine)).all():
        back = int((last_ns - hour_ns) / 1e9 / cadence_s * 2) + 120  # twice as many as its cadence makes: reports of changes come besides
        for at, number in enumerate(await _of_stream(connection, key, hour_ns, max(0, last_seq - back))):
            sums[at] += number
    return AgentHour(agent_id, place, hour_ns, *sums)


async def _of_stream(connection: AsyncConnection, key: str, hour_ns: int, from_seq: int) -> Sequence[int]:
    """Return expected, stored, quarantined, dropped of a stream's hour."""
    here = ledger.c.stream == key, ledger.c.seq >= from_seq, ledger.c.created_ns >= hour_ns, ledger.c.created_ns < hour_ns + HOUR_NS
    first, last = (await connection.execute(select(func.min(ledger.c.seq), func.max(ledger.c.seq)).where(*here))).one()
    if first is None:
        return 0, 0, 0, 0
    earlier = select(ledger.c.seq).where(ledger.c.stream == key, ledger.c.seq < first, ledger.c.created_ns > 0)
    before = (await connection.execute(earlier.order_by(ledger.c.seq.desc()).limit(1))).scalar_one_or_none() or 0
    inside = ledger.c.stream == key, ledger.c.seq.between(before + 1, last)
    states = select(ledger.c.state, func.count()).where(*inside).group_by(ledger.c.state)
    counts = {row[0]: int(row[1]) for row in await connection.execute(states)}
    lost = select(dropped.c.first, dropped.c.last).where(dropped.c.stream == key, dropped.c.last > before, dropped.c.first <= last)
    given_up = 0
    for low, high in merge((max(low, before + 1), min(high, last)) for low, high in await connection.execute(lost)):
        there = select(func.count()).where(ledger.c.stream == key, ledger.c.seq.between(low, high))
        given_up += high - low + 1 - int((await connection.execute(there)).scalar_one())  # one that came after all is stored
    return last - before, counts.get("stored", 0), counts.get("quarantined", 0), given_up
