"""A device put into the way of a running agent, taken out, and put in again: told once each time, by the second report at the latest.

Reports are counted, nothing is timed: the collector's own times order them against the event.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from server.state import tables
from tests.lab.programs import SITE, Agent, Collector, Stores, lab_sections
from tests.lab.readback import influx_rows, state_rows, until
from tests.lab.world import World
from tests.servers.mosquitto import Mosquitto
from wire.target import Target

CADENCE_S = 3.0
"""Long enough that a watcher on a busy machine decides before the report after next."""


@pytest.fixture
def collector(mosquitto: Mosquitto, stores: Stores) -> Iterator[Collector]:
    """Give a running collector on an empty broker."""
    mosquitto.forget()
    running = Collector(mosquitto, stores)
    yield running.start()
    running.remove()


@pytest.fixture
def agent(mosquitto: Mosquitto, collector: Collector, world: World, targets: list[Target]) -> Iterator[Agent]:
    """Give a running agent."""
    running = Agent(mosquitto)
    running.configure(lab_sections(running.folder, world, targets, CADENCE_S))
    yield running.start()
    running.remove()


def begun_since(stores: Stores, moment_ns: int) -> set[int]:
    """Return the numbers of stored reports whose cycle began after a moment: a cycle's first lookup starts with it."""
    begun: dict[int, int] = {}
    for (_, time_ns), row in influx_rows(stores.history, "dns").items():
        begun[row["seq"]] = min(begun.get(row["seq"], time_ns), time_ns)
    return {seq for seq, time_ns in begun.items() if time_ns > moment_ns}


def told(stores: Stores) -> list[Any]:
    """Return the events of the state database, oldest first."""
    return sorted(state_rows(stores.state_url, tables.event), key=lambda row: int(row.id))


def switch(world: World, stores: Stores, *, inspected: bool, kind: str) -> None:
    """Put the device in or take it out, wait for the next event, and hold what it says and when it came."""
    before = len(told(stores))
    world.inspected = inspected
    moment_ns = time.time_ns()
    until(
        lambda: len(told(stores)) > before,
        lambda: f"no event {kind}; {len(begun_since(stores, moment_ns))} reports stored since the change",
    )
    event = told(stores)[before]
    assert (event.kind, event.scope) == (kind, SITE)
    received = {row.seq: row.received_ns for row in state_rows(stores.state_url, tables.ledger)}
    heard = [seq for seq in begun_since(stores, moment_ns) if received[seq] <= event.made_ns]
    assert len(heard) <= 2, f"{kind} was told only after {len(heard)} reports"


def test_a_device_is_told_once_each_time(collector: Collector, agent: Agent, world: World, stores: Stores) -> None:
    """`appeared`, `left`, `returned`: each within the second report, once in the state database and once in InfluxDB."""
    until(lambda: len(state_rows(stores.state_url, tables.ledger)) >= 3, lambda: f"fewer than 3 clean reports:\n{collector.log()[-2000:]}")
    switch(world, stores, inspected=True, kind="appeared")
    switch(world, stores, inspected=False, kind="left")
    switch(world, stores, inspected=True, kind="returned")
    last_ns = time.time_ns()
    until(lambda: len(begun_since(stores, last_ns)) >= 2, lambda: "the agent stopped reporting")
    assert [row.kind for row in told(stores)] == ["appeared", "left", "returned"]
    assert [row.severity for row in told(stores)] == ["P2", "P4", "P4"]
    until(lambda: not state_rows(stores.state_url, tables.outbox), lambda: "events that InfluxDB has not got")
    found = influx_rows(stores.history, "event", bucket="mw_event", tags=("kind", "scope", "severity"))
    assert sorted(row["sentence"] for row in found.values()) == sorted(row.sentence for row in told(stores))
