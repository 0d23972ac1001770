"""What is known of names, read from runs and from what agents saw of their own machines."""

from pathlib import Path

from server.feed.joining import PacFile, Said
from server.feed.situation import RECENT_NS, situation
from server.history.embedded import Embedded
from server.history.port import Point
from server.state import bodies
from server.state.database import Database
from tests.fakes.sightings import START
from tests.fakes.state import fresh
from tests.server.state.test_overview import add_agent, add_run
from wire.codec import content_id, facts_bytes
from wire.facts import HostFacts, PacFacts
from wire.target import HERE


async def store(database: Database, pac: PacFacts | None) -> str:
    """Store what a machine is like; return its id."""
    body = facts_bytes(HostFacts(target=HERE, pac=pac))
    async with database.writing() as transaction:
        await bodies.store_facts(database, transaction, {content_id(body): ("host", body, "1", 1)}, START)
    return content_id(body)


def seen(agent: str, facts: str, ago_ns: int = 5) -> Point:
    """Return the point of an agent's look at its machine."""
    return Point("host", (("agent", agent), ("site", "Porto")), {"facts": facts}, START - ago_ns)


async def test_pac_files_by_digest(tmp_path: Path) -> None:
    """Agents with the same file count as one file, by their newest look; no file, an unreadable one and an old look are none."""
    database, history = await fresh(tmp_path), Embedded(tmp_path / "history.db")
    one = await store(database, PacFacts(digest="d1", direct=["a.example"], proxied={"b.example": "proxy:8080"}))
    old = await store(database, PacFacts(digest="d2", direct=["a.example"]))
    none = await store(database, None)
    failed = await store(database, PacFacts(failure="timeout"))
    points = [seen("a", one), seen("b", one), seen("b", old, 60), seen("c", none), seen("d", failed), seen("e", old, RECENT_NS + 1)]
    await history.write("mw_raw", [*points, seen("f", "unknown")])
    found = await situation(database, history, START)
    assert found.pac_files == (PacFile("d1", 2, {"a.example": "direct", "b.example": "proxied"}),)
    assert found.said == ()
    await history.close()
    await database.close()


async def test_what_is_said_of_hosts(tmp_path: Path) -> None:
    """Each site's answers by host, whatever agents say them; other protocols and aspects are no answers."""
    database, history = await fresh(tmp_path), Embedded(tmp_path / "history.db")
    await add_agent(database)
    await add_run(database, "outlook.office365.com:443", "inspected")
    await add_run(database, "outlook.office365.com:443", "inspected", route="system")
    await add_run(database, "outlook.office365.com:443/udp", "blocked")
    await add_run(database, "teams.microsoft.com:443")
    found = await situation(database, history, START)
    assert set(found.said) == {Said("Porto", "outlook.office365.com", "inspected"), Said("Porto", "teams.microsoft.com", "clean")}
    assert len(found.said) == 2
    await history.close()
    await database.close()
