"""A site and what stands before it, for tests of disclosures: a database, a history with the ways out, and what is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from judge.knowledge.loader import load_knowledge
from server.fleet.registry import Place, Registry, Site
from server.history.embedded import Embedded
from server.history.port import Point
from server.reports.disclosing import assemble
from server.reports.disclosure import Disclosure
from server.reports.gathering import Asked, Material, gather
from server.state.database import Database
from server.state.tables import agent
from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.sightings import DAY, MINUTE, START, Rounds
from tests.fakes.state import fresh

REGISTRY = Registry({"Frankfurt": Site("Frankfurt", Place(50, 8), "Europe/Berlin")})
HOST, OTHER = "outlook.office365.com", "teams.microsoft.com"
BOX = sightings.device("instance:1", vendor="Zscaler", issuer="O=Zscaler Inc., CN=Zscaler <b>Frankfurt</b>")
HELD = {host: sightings.finding(by=BOX, host=host) for host in (HOST, OTHER, "www.gstatic.com")}


@dataclass
class Scene:
    """A centre that has seen things; `asked` of them."""

    database: Database
    history: Embedded
    asked: Asked

    async def gathered(self, *sites: str) -> Material:
        """Return what is read of these sites, all when none is named."""
        asked = Asked(sites, self.asked.since_ns, self.asked.until_ns, self.asked.now_ns, self.asked.software)
        async with self.database.reading() as transaction:
            return await gather(transaction, self.history, REGISTRY, load_knowledge(), asked)

    async def disclosed(self, *sites: str) -> Disclosure:
        """Return the disclosure of these sites."""
        return assemble(await self.gathered(*sites))


@asynccontextmanager
async def disclosed(folder: Path, *sites: str) -> AsyncIterator[Disclosure]:
    """Give the disclosure of a scene on SQLite."""
    database = await fresh(folder)
    one = await scene(database, folder)
    yield await one.disclosed(*sites)
    await one.history.close()
    await database.close()


async def scene(database: Database, folder: Path) -> Scene:
    """Frankfurt: two agents see a device, one of them a blocked host besides. Lyon: one agent, clean. Porto: held, and clean since."""
    rounds = Rounds(database)
    for minute in range(3):
        at_ns = START + minute * MINUTE
        blocked = sightings.finding("blocked", host="graph.microsoft.com")
        await rounds.see("a", at_ns, {**HELD, "graph.microsoft.com": blocked})
        await rounds.see("b", at_ns, HELD)
        await rounds.see("c", at_ns, {HOST: "clean"}, "Lyon")
        await rounds.see("p", at_ns, HELD, "Porto")
    for minute in range(10, 13):
        await rounds.see("p", START + minute * MINUTE, dict.fromkeys(HELD, "clean"), "Porto")
    places = (("a", "Frankfurt"), ("b", "Frankfurt"), ("c", "Lyon"), ("p", "Porto"))
    rows = [
        {"id": name, "first_seen_ns": 1, "place": place, "revision": 1, "latest_ns": START + 12 * MINUTE, "cadence_s": 60.0}
        for name, place in places
    ]
    async with database.writing() as transaction:
        await transaction.execute(agent.insert(), rows)
    await Watcher(database, None, "one", lambda: START + 13 * MINUTE).step()
    history = Embedded(folder / "history.db")
    tags = (("site", "Frankfurt"), ("agent", "a"), ("target", "reflector"), ("route", "direct"))
    await history.write("mw_raw", [Point("egress", tags, {"address": "165.225.72.1", "as_name": "ZSCALER"}, START)])
    return Scene(database, history, Asked((), START - DAY, START + DAY, START + DAY, "middlewatch 1"))
