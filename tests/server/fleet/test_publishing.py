"""Publishing plans: once for each connection, agent and version; a connection that ends begins anew; nothing is read for nothing."""

from pathlib import Path

from server.fleet.publishing import AT_ONCE, PAUSE_S, Publisher
from server.state import plans
from server.state.assignments import introduce
from server.state.database import Database
from server.state.plans import ALL, Issue
from tests.fakes.state import fresh


class Outlet:
    """A connection that is up or not, and may be lost after some plans."""

    def __init__(self) -> None:
        self.session = 1
        self.sent: list[tuple[str, bytes]] = []
        self.room = 10_000

    def plan(self, agent: str, envelope: bytes) -> bool:
        """Take one while there is room."""
        if self.room == 0:
            return False
        self.room -= 1
        self.sent.append((agent, envelope))
        return True


async def add(database: Database, *agents: str, version: int = 0, agent: str = ALL) -> None:
    """Store agents, and a plan when it has a version."""
    async with database.writing() as transaction:
        await introduce(database, transaction, {(one, "c"): (b"{}", "Porto") for one in agents}, 1)
        if version:
            await plans.issue(transaction, [Issue(version, agent, "d", "r", b"plan %d" % version, 1)])


async def test_once_for_each_connection_agent_and_version(tmp_path: Path) -> None:
    """Nothing before there is a plan; then each agent its own; new agents, versions and connections are served, nothing else is sent."""
    database, outlet = await fresh(tmp_path), Outlet()
    publisher = Publisher(database, outlet)
    await add(database, "a", "b")
    assert await publisher.look() == 0
    await add(database, version=1)
    await add(database, version=2, agent="b")
    assert await publisher.look() == 2
    assert outlet.sent == [("a", b"plan 1"), ("b", b"plan 2")]
    assert await publisher.look() == 0
    await add(database, "c")
    assert await publisher.look() == 1
    await add(database, version=3)
    assert await publisher.look() == 3
    outlet.session, outlet.sent = 2, []
    assert await publisher.look() == 3
    assert {envelope for _, envelope in outlet.sent} == {b"plan 3"}
    await database.close()


async def test_a_connection_lost_in_between(tmp_path: Path) -> None:
    """What was not published is published over the next connection, with all the rest; without one nothing is tried."""
    database, outlet = await fresh(tmp_path), Outlet()
    publisher = Publisher(database, outlet)
    await add(database, "a", "b", "c", version=1)
    outlet.room = 1
    assert await publisher.look() == 1
    outlet.session = 0
    assert await publisher.look() == 0
    outlet.session, outlet.room = 2, 10
    assert await publisher.look() == 3
    await database.close()


async def test_a_fleet_is_served_in_small_lots(tmp_path: Path) -> None:
    """Between lots it pauses, so that reports and receipts have their turn."""
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    database, outlet = await fresh(tmp_path), Outlet()
    await add(database, *(f"agent-{number}" for number in range(2 * AT_ONCE + 1)), version=1)
    assert await Publisher(database, outlet, pause).look() == 2 * AT_ONCE + 1
    assert paused == [PAUSE_S, PAUSE_S]
    await database.close()
