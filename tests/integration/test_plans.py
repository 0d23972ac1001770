"""A plan's whole way: issued by a centre's process, retained by a real mosquitto, taken by an agent's process, and told in its reports.

What an agent refuses in a plan is held by tests/agent/test_planning.py; here is that a refusal leaves the centre's plan in force.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from server.fleet.plans import private_key, sign_plan
from server.state import plans, standing
from server.state.database import open_database
from tests.lab.chain import PATIENCE_S, Chain, Reports, chain_of
from tests.lab.programs import Stores
from tests.lab.world import World
from tests.server.ingest.conftest import client
from tests.server.ingest.test_mqtt import real
from tests.servers.certificates import COLLECTOR
from tests.servers.mosquitto import Mosquitto
from wire import topics
from wire.plan import Envelope, Plan
from wire.target import Target


@pytest.fixture
def chain(mosquitto: Mosquitto, world: World, targets: list[Target], stores: Stores, tmp_path: Path) -> Iterator[Chain]:
    """Give a chain whose agent looks each second, whatever its plan says."""
    with closing(chain_of(mosquitto, world, targets, stores, tmp_path, lab_cadence_s=1)) as made:
        yield made


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
