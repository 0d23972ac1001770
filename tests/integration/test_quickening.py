"""While a bypass case is open its agents probe faster: a real agent gets the new plan by topic, reports faster, and slows down afterwards.

How a plan is merged and issued is held by tests/server/fleet/; here is that the reports really come, as their own times say.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.lab.chain import PATIENCE_S, Chain, Reports, chain_of
from tests.lab.programs import SITE, Stores
from tests.lab.world import World
from tests.server.ingest.conftest import client
from tests.server.ingest.test_mqtt import real
from tests.servers.certificates import COLLECTOR
from tests.servers.mosquitto import Mosquitto
from wire import topics
from wire.report import Cycle
from wire.target import Target

OWN_S, FAST_S = 8.0, 5.0
"""The fleet's cadence, and the case's: the shortest a plan may ask for."""
BETWEEN_S = 6.5
"""Cycles begin on a grid of the cadence, in either case to a fraction of a second."""
HOST = "outlook.office365.com"


@pytest.fixture
def chain(mosquitto: Mosquitto, world: World, targets: list[Target], stores: Stores, tmp_path: Path) -> Iterator[Chain]:
    """Give a chain whose agent does what its plan says, behind a device."""
    with closing(chain_of(mosquitto, world, targets, stores, tmp_path, cadence_s=OWN_S, lab_cadence_s=0)) as made:
        made.centre.config.write_text(f"{made.centre.config.read_text()}\n[cases]\ncadence_s = {FAST_S}\n")
        yield made


def ask(chain: Chain, path: str, body: object = None) -> Any:
    """Return the centre's answer."""
    headers = {"Content-Type": "application/json", "If-Match": "*"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"http://127.0.0.1:{chain.centre.port}/api/v1{path}", data, headers)
    with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
        return json.load(answer)


async def opened(chain: Chain) -> Any:
    """Open a case for the host wherever a device holds it, as soon as the centre knows that one does; return it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await asyncio.to_thread(ask, chain, "/cases", {"hosts": [HOST], "ticket": "2511-0042"})
            except HTTPError as refused:
                if refused.code != 422:
                    raise
                await asyncio.sleep(0.2)


def gaps(cycles: list[Cycle], plan: int) -> list[float]:
    """Return how far apart cycles under a plan began, in seconds, but for the first: it is looked at once when another plan is there."""
    begun = sorted({one.started_ns for one in cycles if one.plan == plan})
    return [(later - first) / 1e9 for first, later in pairwise(begun[1:])]


async def test_faster_while_a_case_is_open(chain: Chain, world: World) -> None:
    """By a signed plan that comes by topic the agent's cycles really follow each other faster, and as before once the case is closed."""
    world.inspected = True
    watching = real(chain.broker, COLLECTOR, tls=real(chain.broker).tls, client_id="watching")
    async with client(watching, topics.REPORTS) as (_, seen, _running):
        reports = Reports(seen)
        chain.centre.start()
        chain.agent.start()
        case = await opened(chain)
        assert [(line["site"], line["host"], line["state"]) for line in case["line"]] == [(SITE, HOST, "held")]
        fast = await reports.come(lambda cycles: any(gap < BETWEEN_S for gap in gaps(cycles, 3)))
        await asyncio.to_thread(ask, chain, "/cases/1/close", {"by": "Anna Berg"})
        slow = await reports.come(lambda cycles: bool(gaps(cycles, 4)))
    assert {one.plan: one.cadence_s for one in [*fast, *slow]}.items() <= {1: OWN_S, 2: OWN_S, 3: FAST_S, 4: OWN_S}.items()
    assert min(gaps(slow, 4)) > BETWEEN_S
    issued = ask(chain, f"/plans?agent={chain.agent.agent}")["items"]
    assert [(row["agent"], row["reason"]) for row in issued[:2]] == [("agent-01", "back to the fleet's plan"), ("agent-01", "case 1")]
    assert "Traceback" not in chain.agent.log() + chain.centre.log()
