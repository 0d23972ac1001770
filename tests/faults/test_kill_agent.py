"""The agent's side killed with SIGKILL again and again: what its spool ever held is stored exactly once."""

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from server.state import tables
from tests.lab.expected import difference, rows_of
from tests.lab.feed import HOSTS, Feed
from tests.lab.programs import SITE, Agent, lab_sections
from tests.lab.readback import Held, Rows, held_in, influx_rows, ledger_says, state_rows, until
from tests.lab.spine import PROBES, Spine
from tests.lab.world import World

pytestmark = pytest.mark.kill
KILLS = 24
UP = " reports waiting"
"""What an agent says when it has its spool and its plan, however long the machine took to start it."""


def test_feeder_killed(spine: Spine, seed: int) -> None:
    """Spool and uplink killed at 24 moments, before the first connection or between commit and sending: nothing lost, nothing twice."""
    chance = random.Random(seed)
    spine.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0, 1.2))
        spine.feeder.kill()
        spine.feeder.start()
    spine.finish()
    spine.verify()


def killed(agent: Agent, chance: random.Random) -> Held:
    """Let an agent live for a moment, kill it, and return what its spool held then. One life in four ends while it comes up."""
    lives = agent.log().count(UP) if (agent.folder / "log").exists() else 0
    agent.start()
    if chance.random() < 0.75:
        until(lambda: agent.log().count(UP) > lives, lambda: f"the agent did not come up\n{agent.log()[-1500:]}")
    time.sleep(chance.uniform(0.1, 1.6))
    agent.kill()
    return held_in(agent.spool)


def drain(agent: Agent) -> Held:
    """Let an agent send what it has and measure next to nothing; return its empty spool."""
    agent.configure({"lab": agent.section("lab") | {"cadence_s": 60}})
    held = held_in(agent.spool)
    while held.reports:
        agent.start()
        until(lambda: not held_in(agent.spool).reports, lambda: f"{len(held_in(agent.spool).reports)} unreceipted\n{agent.log()[-1500:]}")
        agent.kill()
        held = held_in(agent.spool)  # a cycle may have ended just now
    return held


def test_agent_killed(make_spine: Callable[..., Spine], tmp_path: Path, seed: int) -> None:
    """A measuring agent killed at 24 moments, in mid-probe or mid-report: each number it ever gave is stored once, with its own rows."""
    chance = random.Random(seed)
    knowledge = load_knowledge()
    spine = make_spine(Feed())
    spine.start_collectors()
    agent = spine.agent("agent-02")
    with World(tmp_path, HOSTS) as world:
        agent.configure(lab_sections(agent.folder, world, [target_for(knowledge, host) for host in HOSTS], cadence_s=0.5))
        copies = [killed(agent, chance) for _ in range(KILLS // 3)]
        spine.collectors[0].kill()
        copies += [killed(agent, chance) for _ in range(KILLS // 3)]  # nobody takes what it has: it must survive in the spool
        spine.start_collectors()
        agent.start()
        until(lambda: len(state_rows(spine.stores.state_url, tables.ledger)) > 3, lambda: f"no clean reports\n{agent.log()[-1500:]}")
        agent.kill()
        world.inspected = True
        copies += [killed(agent, chance) for _ in range(KILLS // 3)]
        agent.start()
        until(lambda: bool(state_rows(spine.stores.state_url, tables.event)), lambda: f"no event\n{spine.logs()}")
        agent.kill()
        copies.append(held_in(agent.spool))
        end = drain(agent)
    verify_agent(spine, agent, copies, end)


def verify_agent(spine: Spine, agent: Agent, copies: list[Held], end: Held) -> None:
    """Hold the stores against the copies of the spool made at each death, and against the last number it gave."""
    ledger = state_rows(spine.stores.state_url, tables.ledger)
    assert {one.stream for one in copies} == {end.stream} == {row.stream for row in ledger}
    assert sorted(row.seq for row in ledger) == list(range(1, end.last_seq + 1)), f"{end.last_seq} given, {len(ledger)} in the ledger"
    says = ledger_says(spine.stores.state_url, agent.agent)
    assert says == {"expected": end.last_seq, "stored": end.last_seq, "quarantined": 0, "dropped": 0, "missing": 0}
    digests = {row.seq: row.digest for row in ledger}
    expected: Rows = {}
    for held in copies:
        for seq, (digest, cycle, _, _) in held.reports.items():
            assert digests[seq] == digest, f"report {seq} is stored with other content"
            expected |= rows_of(agent.agent, SITE, held.stream, seq, cycle, held.bodies)
    found = influx_rows(spine.stores.history, *PROBES)
    seen = {row["seq"] for row in expected.values()}
    assert len(seen) >= KILLS // 6, f"only {len(seen)} reports were seen in the spool: the kills came too early to show anything"
    different = difference(expected, {key: row for key, row in found.items() if row["seq"] in seen})
    assert not different, different
    assert Counter(row["seq"] for row in found.values()) == Counter({row.seq: row.observations for row in ledger})
    spine.verify_event()
