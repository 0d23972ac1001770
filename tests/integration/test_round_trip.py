"""One agent process, a real mosquitto with mutual TLS, one collector process, a real InfluxDB: what is stored is what was spooled.

Reports are copied out of the spool's file while there is no collector to receipt them, and compared field by field once there is one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from server.state import tables
from tests.lab.expected import difference, rows_of
from tests.lab.programs import SITE, Agent, Collector, Stores, lab_sections
from tests.lab.readback import Held, Rows, held_in, influx_rows, ledger_says, state_rows, until
from tests.lab.world import World
from tests.servers.mosquitto import Mosquitto
from wire.codec import read_facts
from wire.facts import WebFacts
from wire.target import Target

REPORTS = 3
PROBES = ("web", "dns", "egress")


@dataclass
class Spine:
    """One agent and one collector, configured and not yet started."""

    agent: Agent
    collector: Collector
    stores: Stores


@pytest.fixture(params=[(version, acknowledge) for version in ("5", "3.1.1") for acknowledge in ("stored", "arrival")], ids="-".join)
def spine(request: pytest.FixtureRequest, mosquitto: Mosquitto, world: World, targets: list[Target], stores: Stores) -> Iterator[Spine]:
    """Give a spine for both versions of MQTT and both ways to acknowledge."""
    version, acknowledge = request.param
    mosquitto.forget()
    agent = Agent(mosquitto, version=version)
    collector = Collector(mosquitto, stores, version=version, acknowledge=acknowledge)
    agent.configure(lab_sections(agent.folder, world, targets, cadence_s=1))
    yield Spine(agent, collector, stores)
    agent.remove()
    collector.remove()


def spooled(spine: Spine) -> Held:
    """Return what the spool holds when it has enough reports and nobody takes them."""
    spine.agent.start()
    until(
        lambda: len(held_in(spine.agent.spool).reports) >= REPORTS,
        lambda: f"a spool with fewer than {REPORTS} reports:\n{spine.agent.log()}",
    )
    return held_in(spine.agent.spool)


def test_what_is_stored_is_what_was_spooled(spine: Spine) -> None:
    """Every field of every row, every facts body and every certificate read back equals what the spool held; the ledger misses nothing."""
    held = spooled(spine)
    spine.collector.start()
    until(
        lambda: not held.digests & held_in(spine.agent.spool).digests,
        lambda: f"{len(held.digests & held_in(spine.agent.spool).digests)} reports without a receipt:\n{spine.collector.log()[-2000:]}",
    )
    expected: Rows = {}
    for seq, (_, cycle, _, _) in held.reports.items():
        expected |= rows_of(spine.agent.agent, SITE, held.stream, seq, cycle, held.bodies)
    assert {key[0] for key, _ in expected} == set(PROBES), "the agent measured less than the test is about"
    found = influx_rows(spine.stores.history, *PROBES)
    assert not difference(expected, {key: row for key, row in found.items() if row["seq"] in held.reports})
    ledger = {row.seq: row for row in state_rows(spine.stores.state_url, tables.ledger)}
    for seq, (digest, _, _, _) in held.reports.items():
        assert (ledger[seq].state, ledger[seq].digest, ledger[seq].stream) == ("stored", digest, held.stream)
    assert_bodies(spine, held)
    until(lambda: gaps(spine) == (0, 0, 0), lambda: f"missing, dropped, quarantined: {gaps(spine)}")  # the newest may be ahead just now


def gaps(spine: Spine) -> tuple[int, int, int]:
    """Return how many reports the ledger misses, was told are dropped, and could not read."""
    says = ledger_says(spine.stores.state_url, spine.agent.agent)
    return says["missing"], says["dropped"], says["quarantined"]


def assert_bodies(spine: Spine, held: Held) -> None:
    """Hold facts and certificates in the state database against the spool's, byte by byte."""
    facts = {row.id: row.body for row in state_rows(spine.stores.state_url, tables.facts)}
    certificates = {row.id: row.der for row in state_rows(spine.stores.state_url, tables.certificate)}
    used = {key for _, _, ids, _ in held.reports.values() for key in ids}
    chains = {key for _, _, _, ids in held.reports.values() for key in ids}
    assert {key: facts.get(key) for key in used} == {key: held.bodies[key] for key in used}
    assert {key: certificates.get(key) for key in chains} == {key: held.bodies[key] for key in chains}
    named = {key for body in facts.values() if isinstance(read := read_facts(body), WebFacts) for key in read.chain}
    assert named == set(certificates), "certificates that no facts name, or facts whose certificates are not here"
