"""A plan's whole way: issued by a centre's process, retained by a real mosquitto, taken by an agent's process, and told in its reports.

What an agent refuses in a plan is held by tests/agent/test_planning.py; here is that a refusal leaves the centre's plan in force.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from server.fleet.plans import make_key, private_key, sign_plan
from server.state import plans, standing
from server.state.database import open_database
from tests.lab.programs import Agent, Collector, Stores, lab_sections
from tests.lab.world import REFLECTOR, World
from tests.server.ingest.conftest import Seen, client
from tests.server.ingest.test_mqtt import real
from tests.servers.certificates import COLLECTOR
from tests.servers.mosquitto import Mosquitto
from wire import topics
from wire.codec import decode
from wire.plan import Envelope, Plan, ProbeSettings, Reflector
from wire.report import Cycle, Report
from wire.target import Target

PATIENCE_S = 60.0
"""Far beyond anything here, so that a fault ends the test."""


@dataclass
class Chain:
    """One agent, one centre, one broker between them; `template` is the centre's plan as a person wrote it."""

    broker: Mosquitto
    agent: Agent
    centre: Collector
    stores: Stores
    template: Plan
    key: bytes


@pytest.fixture
def chain(mosquitto: Mosquitto, world: World, targets: list[Target], stores: Stores, tmp_path: Path) -> Iterator[Chain]:
    """Give a chain whose agent begins with version 1 from a file, as one that was just installed."""
    mosquitto.forget()
    name, _, text = make_key(tmp_path / "plan.key").partition(" = ")
    key = (tmp_path / "plan.key").read_bytes()
    probes = {kind: ProbeSettings(requests_per_hour=3600, stage_timeout_ms=5000) for kind in ("web", "dns")}
    reflector = Reflector(host=REFLECTOR, port=80, protocol="http")
    template = Plan(version=1, cadence_s=60.0, targets=targets, probes=probes, reflector=reflector)
    (tmp_path / "template.json").write_bytes(template.dump())
    (tmp_path / "installed.json").write_bytes(sign_plan(template.dump(), key))
    agent, centre = Agent(mosquitto), Collector(mosquitto, stores)
    sections = lab_sections(agent.folder, world, targets, cadence_s=1)
    agent.configure(sections | {"plan": {"file": tmp_path / "installed.json", "keys": {name: json.loads(text)}}})
    section = f"[plans]\nkey = {json.dumps(str(tmp_path / 'plan.key'))}\ntemplate = {json.dumps(str(tmp_path / 'template.json'))}\n"
    centre.config.write_text(f"{centre.config.read_text()}\n{section}")
    yield Chain(mosquitto, agent, centre, stores, template, key)
    agent.remove()
    centre.remove()


class Reports:
    """What the agent says in its reports, heard beside the collector."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    async def until(self, version: int, refused: str | None = None) -> Cycle:
        """Wait for a report made under a version of the plan; return its cycle."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for _, payload in self._seen.messages:
                    report = decode(payload)
                    if isinstance(report, Report) and (report.cycle.plan, report.cycle.health.plan_refused) == (version, refused):
                        return report.cycle
                self._seen.changed.clear()
                await self._seen.changed.wait()


async def test_a_plan_by_topic(chain: Chain) -> None:
    """Issued, taken and told; a case's override follows; what is badly signed, older or absurd is refused and the plan in force stays."""
    watching = real(chain.broker, COLLECTOR, tls=real(chain.broker).tls, client_id="watching")
    async with client(watching, topics.REPORTS) as (speaker, seen, _):
        reports = Reports(seen)
        chain.agent.start()
        chain.centre.start()
        await reports.until(1)
        await reports.until(2)
        more = target_for(load_knowledge(), "outlook.cloud.microsoft")
        await _override(chain, more)
        await reports.until(3)
        kept = Plan.model_validate_json(json.loads((chain.agent.folder / "plan.json").read_bytes())["body"])
        assert (kept.version, kept.cadence_s) == (3, 15.0)
        assert [one.name for one in kept.targets] == [*(one.name for one in chain.template.targets), more.name]
        await _heard(chain, 3)
        topic = topics.plan(chain.agent.agent)
        for payload, word in _bad(chain):
            speaker.publish(topic, payload, qos=1)
            await reports.until(3, word)
    log = chain.agent.log()
    assert "version 2 is in force" in log
    assert "version 3 stays in force" in log
    assert "Traceback" not in log + chain.centre.log()


async def _override(chain: Chain, more: Target) -> None:
    """Have the agent probe faster and more, as an open case does."""
    database = await open_database(chain.stores.state_url)
    async with database.writing() as transaction:
        await plans.override(database, transaction, chain.agent.agent, "case 7", now_ns=0, until_ns=2**62, cadence_s=15.0, targets=[more])
    await database.close()


async def _heard(chain: Chain, version: int) -> None:
    """Wait until the centre knows by the agent's own word that it follows its newest plan."""
    database = await open_database(chain.stores.state_url)
    async with asyncio.timeout(PATIENCE_S):
        says = newest = 0
        while not says == newest == version:
            async with database.reading() as transaction:
                says = (await standing.plans(transaction)).get(chain.agent.agent, 0)
                newest = (await plans.newest_versions(transaction, [chain.agent.agent]))[chain.agent.agent]
            await asyncio.sleep(0.1)
    await database.close()


def _bad(chain: Chain) -> list[tuple[bytes, str]]:
    """Return payloads an agent must refuse, each with its word for it."""
    newer = chain.template.model_copy(update={"version": 9})
    envelope = json.loads(sign_plan(newer.dump(), chain.key))
    forged = json.dumps(envelope | {"body": envelope["body"].replace("outlook", "outlock")}).encode()
    absurd = newer.model_copy(update={"cadence_s": 0.1}).dump()
    hurried = Envelope(
        body=absurd.decode(), key_id=envelope["key_id"], signature=base64.b64encode(private_key(chain.key).sign(absurd)).decode()
    )
    return [
        (forged, "signature"),
        (sign_plan(chain.template.dump(), chain.key), "older"),
        (hurried.dump(), "cadence"),
        (b"no plan", "unreadable"),
    ]
