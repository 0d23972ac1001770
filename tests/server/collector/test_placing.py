"""A laptop's week through the collector: each context gets its place once, and a known one costs nothing more."""

from typing import Any, cast

from sqlalchemy import event

from server.collector.intake import Item, Terms, take
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.placing import egress_of
from server.fleet.placing import Placer, Whereabouts
from server.fleet.registry import EgressRange, Registry, Site
from server.ingest.port import Arrival
from server.state import tables
from server.state.sites_tables import placing
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench
from wire.context import Context

OFFICE, GUEST = Context(gateway="a", network="10.1.0.0/24"), Context(gateway="g", network="192.168.200.0/24")
HOME, TUNNEL = Context(gateway="h", network="192.168.178.0/24"), Context(gateway="t", network="100.64.0.0/24", vpn=True)
PORTO = Context(gateway="p", network="10.9.0.0/24")
MINUTE = 60 * SECOND


def registry() -> Registry:
    """Return two sites that share a prefix, told apart by egress; the fake agent leaves by 203.0.113.7."""
    lyon = Site("Lyon", subnets=("10.1.0.0/24",))
    porto = Site("Porto", subnets=("10.9.0.0/24",), egress=(EgressRange("203.0.113.0/24"),))
    faro = Site("Faro", subnets=("10.9.0.0/24",), egress=(EgressRange("198.51.100.0/24"),))
    return Registry({one.name: one for one in (lyon, porto, faro)})


def pipeline(bench: Bench, sites: Registry) -> Pipeline:
    """Return a collector that knows these sites."""
    return Pipeline(bench.database, bench.history, Interpreter(cast("Any", bench.judge)), Terms(), sites)


async def test_a_roaming_laptop(bench: Bench) -> None:
    """Office, guest network, home, a VPN from home, another office told by its egress, and the office again."""
    agent, place = Agent(site=None), pipeline(bench, registry())
    places = []
    for minute, context in enumerate([OFFICE, GUEST, HOME, TUNNEL, PORTO, OFFICE]):
        seen = agent.observations(TARGETS[:1])
        await bench.take(agent.report(START_NS + minute * MINUTE, seen, context=context), pipeline=place)
        (row,) = await bench.rows(tables.agent)
        places.append(row.place)
    assert places == ["Lyon", "remote", "remote", "remote", "Porto", "Lyon"]
    assert {row.egress for row in await bench.rows(placing)} == {"203.0.113.7"}


async def test_a_known_context_costs_nothing_more(bench: Bench, monkeypatch: Any) -> None:
    """With sites registered, a report of a known context asks no rule and the database what it asked without them."""
    asked, statements = [], []
    real = Placer.place

    def counted(self: Placer, seen: Whereabouts, earlier: str, current: str = "") -> str:
        asked.append(seen)
        return real(self, seen, earlier, current)

    monkeypatch.setattr(Placer, "place", counted)
    event.listen(bench.database.engine.sync_engine, "before_cursor_execute", lambda _c, _k, text, *_: statements.append(text))
    counts = []
    for agent, place in ((Agent(), bench.another()), (Agent(id="agent-02", stream="1" * 32), pipeline(bench, registry()))):
        for minute in range(3):
            before = len(statements)
            message = agent.report(START_NS + minute * MINUTE, agent.observations(TARGETS[:1]), context=OFFICE)
            await bench.take(message, pipeline=place)
        counts.append(len(statements) - before)
    assert len(asked) == 2
    assert counts[0] == counts[1]


async def test_the_egress_of_a_report(bench: Bench) -> None:
    """The direct route's public address; nothing when no facts say one."""
    topic, payload = Agent().report(START_NS)
    item = take(Arrival(topic, payload, bench.now_ns), Terms(), bench.now_ns)
    assert isinstance(item, Item)
    assert item.report is not None
    assert (egress_of(item, item.report.facts), egress_of(item, {})) == ("203.0.113.7", "")
