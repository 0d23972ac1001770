"""When the sites change, contexts whose place changes are moved, a minute later, once; nothing else is."""

import pytest

from server.fleet.registry import Registry, Site
from server.state import assignments
from server.state.assignments import DELAY_NS
from server.state.database import Database
from server.state.tables import assignment
from server.watcher import replacing
from server.watcher.leading import Leadership
from server.watcher.replacing import AGAIN_NS, Replacing
from wire.codec import canonical
from wire.context import Context

OFFICE, HOME = ("a1", "office"), ("a1", "home")
BODIES = {"office": Context(network="10.1.0.0/24", site="Lyon"), "home": Context(network="192.168.178.0/24", site="Lyon")}


class Bench:
    """A watcher that leads, a registry, and a clock moved by hand."""

    def __init__(self, database: Database) -> None:
        self.database, self.now_ns = database, 10**18
        self.registry = Registry({"Lyon": Site("Lyon")})
        self.lead = Leadership(database, "w", lambda: self.now_ns)
        self.duty = Replacing(database, self.registry)

    async def introduce(self, *keys: tuple[str, str], place: str = "Lyon") -> None:
        """Make rows as a collector does."""
        newcomers = {key: (canonical(BODIES[key[1]].model_dump(mode="json", exclude_defaults=True)), place) for key in keys}
        async with self.database.writing() as connection:
            await assignments.introduce(self.database, connection, newcomers, self.now_ns)

    async def places(self, at_ns: int, *keys: tuple[str, str]) -> list[str]:
        """Return where contexts are at a moment."""
        async with self.database.reading() as connection:
            sites = await assignments.load_sites(connection, {agent for agent, _ in keys})
        return [sites.site(*key, at_ns) for key in keys]

    async def rows(self) -> int:
        """Return how many assignments there are."""
        async with self.database.reading() as connection:
            return len((await connection.execute(assignment.select())).all())


async def started(database: Database) -> Bench:
    """Return a bench that leads."""
    bench = Bench(database)
    assert await bench.lead.lead()
    return bench


async def test_a_subnet_added_moves_who_is_not_in_it(database: Database) -> None:
    """From a minute later on; what was measured before stays; a second pass, and a second watcher, add nothing."""
    bench = await started(database)
    await bench.introduce(OFFICE, HOME)
    await bench.duty.step(bench.lead)
    assert await bench.rows() == 2
    bench.registry.adopt({"Lyon": Site("Lyon", subnets=("10.1.0.0/24",))}, ())
    await bench.duty.step(bench.lead)
    valid = bench.now_ns + DELAY_NS
    assert await bench.places(valid - 1, OFFICE, HOME) == ["Lyon", "Lyon"]
    assert await bench.places(valid, OFFICE, HOME) == ["Lyon", "remote"]
    for duty in (bench.duty, Replacing(database, bench.registry)):
        bench.now_ns += AGAIN_NS
        await bench.lead.lead()
        await duty.step(bench.lead)
    assert await bench.rows() == 3


async def test_a_newcomer_placed_by_the_old_sites_is_moved_later(database: Database) -> None:
    """A collector that was seconds behind: the pass is made again once, and then there is rest."""
    bench = await started(database)
    bench.registry.adopt({"Lyon": Site("Lyon", subnets=("10.1.0.0/24",))}, ())
    await bench.duty.step(bench.lead)
    await bench.introduce(HOME)
    await bench.duty.step(bench.lead)
    assert await bench.rows() == 1
    bench.now_ns += AGAIN_NS
    await bench.lead.lead()
    await bench.duty.step(bench.lead)
    assert await bench.places(bench.now_ns + DELAY_NS, HOME) == ["remote"]
    await bench.introduce(OFFICE, place="Faro")
    bench.now_ns += AGAIN_NS
    await bench.lead.lead()
    await bench.duty.step(bench.lead)
    assert await bench.places(2**62, OFFICE) == ["Faro"]


async def test_what_a_person_assigned_stays(database: Database) -> None:
    """In the contexts it was assigned in; others follow the rules."""
    bench = await started(database)
    await bench.introduce(HOME)
    await assignments.assign(database, "a1", "Porto", bench.now_ns, "ana")
    bench.registry.adopt({"Lyon": Site("Lyon", subnets=("10.1.0.0/24",))}, ())
    await bench.introduce(OFFICE, place="unassigned")
    await bench.duty.step(bench.lead)
    assert await bench.places(2**62, HOME, OFFICE) == ["Porto", "Lyon"]


async def test_a_fleet_is_looked_at_in_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every agent, whatever the size of a page."""
    bench = await started(database)
    await bench.introduce(*[(f"a{number}", "home") for number in range(7)])
    bench.registry.adopt({"Lyon": Site("Lyon", subnets=("10.1.0.0/24",))}, ())
    monkeypatch.setattr(replacing, "AGENTS", 3)
    await bench.duty.step(bench.lead)
    assert await bench.places(2**62, *[(f"a{number}", "home") for number in range(7)]) == ["remote"] * 7
