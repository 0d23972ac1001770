"""Bodies: an id is known when its body is stored, wanted when nobody has it, and nothing is half kept."""

from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from server.collector import bodies as module
from server.collector.bodies import Bodies, Fresh, facts_ids
from server.collector.intake import Item, Terms, take
from server.ingest.port import Arrival
from server.state import bodies as stored
from server.state import tables
from server.state.database import Database
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench
from wire.codec import content_id
from wire.facts import QuicFacts, WebsocketFacts
from wire.observation import QuicObservation, WebsocketObservation

CHAIN = [b"leaf", b"issuer"]


def item(message: tuple[str, bytes]) -> Item:
    """Return a message as intake gives it."""
    taken = take(Arrival(*message, START_NS), Terms(), START_NS + 3600 * SECOND)
    assert isinstance(taken, Item)
    return taken


def web(agent: Agent, *, bodies: bool = True) -> Item:
    """Return a report of one web observation with a chain."""
    return item(agent.report(START_NS, agent.observations(TARGETS[:1], chain=CHAIN)[:1], bodies=bodies))


async def kept(database: Database, ids: Collection[str]) -> tuple[set[str], set[str]]:
    """Return which facts and certificates are stored."""
    async with database.reading() as connection:
        return set(await stored.load_facts(connection, ids)), set(await stored.load_certificates(connection, ids))


async def test_what_came_is_fresh_once_and_known_after(bench: Bench) -> None:
    """Fresh until stored; then known to this collector from memory and to another from the database, facts and chain."""
    agent = Agent()
    first = web(agent)
    bodies = Bodies(bench.database)
    missing, fresh = await bodies.lacking([first])
    (facts,) = facts_ids(first)
    assert (missing, set(fresh.facts), set(fresh.certificates)) == ({}, {facts}, set(agent.certificates))
    await bodies.store(fresh, 1)
    for again in (bodies, Bodies(bench.database)):
        missing, fresh = await again.lacking([web(agent, bodies=False)])
        assert (missing, fresh.facts, fresh.certificates) == ({}, {}, {})
        assert facts in again.facts
        assert {key: again.certificates[key] for key in agent.certificates} == agent.certificates


async def test_what_nobody_has_is_lacking_by_place(bench: Bench) -> None:
    """Facts without a body, and a chain without certificates, each at the place of its item; poison lacks nothing."""
    agent = Agent()
    bare = web(agent, bodies=False)
    agent.certificates = {}
    chainless = item(agent.report(START_NS, agent.observations(TARGETS[1:2], chain=CHAIN)[:1]))
    chainless.certificates = {}
    poison = item((agent.report(START_NS)[0], b"rubbish"))
    missing, fresh = await Bodies(bench.database).lacking([poison, bare, chainless])
    assert missing == {1: set(facts_ids(bare)), 2: {content_id(der) for der in CHAIN}}
    assert (fresh.facts, fresh.certificates) == ({}, {})


async def test_a_certificate_may_come_with_another_report_of_the_batch(bench: Bench) -> None:
    """One agent brings the chain, another only facts that name it: both are complete, and the certificate is kept with either."""
    giver, taker = Agent(), Agent("agent-02", "0" * 31 + "2")
    gives = web(giver)
    taker.observations(TARGETS[1:2], chain=CHAIN)
    takes = item(taker.report(START_NS, taker.observations(TARGETS[1:2], chain=CHAIN)[:1]))
    takes.certificates = {}
    missing, fresh = await Bodies(bench.database).lacking([takes, gives])
    assert (missing, set(fresh.certificates)) == ({}, set(giver.certificates))


@pytest.mark.parametrize("kind", ["quic", "websocket"])
async def test_every_chain_is_kept_whatever_it_was_shown_in(bench: Bench, kind: str) -> None:
    """A chain of a QUIC or WebSocket handshake is wanted and kept like that of a web request: without it nothing is remembered of it."""
    agent = Agent()
    chain = [agent.certificate(der) for der in CHAIN]
    facts = (QuicFacts if kind == "quic" else WebsocketFacts)(target=TARGETS[0], chain=chain)
    seen = (QuicObservation if kind == "quic" else WebsocketObservation)(kind=kind, facts=agent.facts(facts), at_us=0)
    first = item(agent.report(START_NS, [seen]))
    chainless = item(agent.report(START_NS + SECOND, [seen]))
    chainless.certificates = {}
    bodies = Bodies(bench.database)
    missing, _ = await bodies.lacking([chainless])
    assert missing == {0: set(chain)}
    missing, fresh = await bodies.lacking([first])
    await bodies.store(fresh, 1)
    assert (missing, await kept(bench.database, chain)) == ({}, (set(), set(chain)))
    again = Bodies(bench.database)
    assert await again.lacking([chainless]) == ({}, Fresh())
    assert again.certificates.keys() == set(chain)


async def test_a_store_that_fails_keeps_nothing_half(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away while bodies are stored; the batch is processed again, and its certificates are stored with its facts."""
    agent = Agent()
    bodies = Bodies(bench.database)
    inner = stored.store_facts

    async def fail(*_arguments: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("gone"))

    monkeypatch.setattr(stored, "store_facts", fail)
    _, fresh = await bodies.lacking([web(agent)])
    with pytest.raises(OperationalError):
        await bodies.store(fresh, 1)
    monkeypatch.setattr(stored, "store_facts", inner)
    agent.seq = 0
    again = web(agent)
    assert await kept(bench.database, [*agent.bodies, *agent.certificates]) == (set(), set())
    missing, fresh = await bodies.lacking([again])
    await bodies.store(fresh, 1)
    assert missing == {}
    assert await kept(bench.database, [*agent.bodies, *agent.certificates]) == (set(facts_ids(again)), set(agent.certificates))


async def test_the_caches_are_bounded_and_forgetting_is_harmless(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the bound all is forgotten and read again from the database."""
    monkeypatch.setattr(module, "MAX_FACTS", 3)
    bodies = Bodies(bench.database)
    agents = [Agent(f"agent-{number}", f"{number:032x}") for number in range(5)]
    for agent, target in zip(agents, TARGETS, strict=False):
        report = item(agent.report(START_NS, agent.observations([target], chain=[target.host.encode()])[:1]))
        missing, fresh = await bodies.lacking([report])
        assert missing == {}
        await bodies.store(fresh, 1)
        assert len(bodies.facts) <= 4
    missing, _ = await bodies.lacking([web(Agent("agent-9", f"{9:032x}"), bodies=False)])
    assert missing != {}  # another chain, so other facts
    report = item(agents[0].report(START_NS, agents[0].observations(TARGETS[:1], chain=[TARGETS[0].host.encode()])[:1], bodies=False))
    missing, _ = await bodies.lacking([report])
    assert missing == {}
    assert set(facts_ids(report)) <= bodies.facts.keys()


async def test_facts_say_who_first_made_them(bench: Bench) -> None:
    """Kind, body as sent, software and plan of the first report: the past can be judged again, with what was known then."""
    agent = Agent()
    await bench.take(agent.report(START_NS, agent.observations(TARGETS[:1], chain=CHAIN)))
    rows = {row.id: row for row in await bench.rows(tables.facts)}
    assert {key: row.body for key, row in rows.items()} == agent.bodies
    assert {(row.kind, row.software, row.plan) for row in rows.values()} == {
        ("web", "0.1.0", 1),
        ("dns", "0.1.0", 1),
        ("egress", "0.1.0", 1),
    }
