"""One agent and one centre as processes, a broker between them, and plans that travel by it; the reports are heard beside the centre.

Paths and settings only, and how reports are waited for; what plans and reports must be is each test's own.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.fleet.plans import make_key, sign_plan
from tests.lab.programs import Agent, Collector, Stores, lab_sections
from tests.lab.world import REFLECTOR, World
from tests.server.ingest.conftest import Seen
from tests.servers.mosquitto import Mosquitto
from wire.codec import decode
from wire.plan import Plan, ProbeSettings, Reflector
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

    def close(self) -> None:
        """End both."""
        self.agent.remove()
        self.centre.remove()


def chain_of(
    broker: Mosquitto,
    world: World,
    targets: Sequence[Target],
    stores: Stores,
    folder: Path,
    *,
    cadence_s: float = 60.0,
    lab_cadence_s: float,
) -> Chain:
    """Return a chain, not running, whose agent begins with version 1 from a file, as one that was just installed.

    `cadence_s` is the plan's; `lab_cadence_s`, when not 0, is what the agent does whatever its plan says.
    """
    broker.forget()
    name, _, text = make_key(folder / "plan.key").partition(" = ")
    key = (folder / "plan.key").read_bytes()
    probes = {kind: ProbeSettings(requests_per_hour=3600, stage_timeout_ms=5000) for kind in ("web", "dns")}
    reflector = Reflector(host=REFLECTOR, port=80, protocol="http")
    template = Plan(version=1, cadence_s=cadence_s, targets=list(targets), probes=probes, reflector=reflector)
    (folder / "template.json").write_bytes(template.dump())
    (folder / "installed.json").write_bytes(sign_plan(template.dump(), key))
    agent, centre = Agent(broker), Collector(broker, stores)
    sections = lab_sections(agent.folder, world, targets, lab_cadence_s)
    agent.configure(sections | {"plan": {"file": folder / "installed.json", "keys": {name: json.loads(text)}}})
    section = f"[plans]\nkey = {json.dumps(str(folder / 'plan.key'))}\ntemplate = {json.dumps(str(folder / 'template.json'))}\n"
    centre.config.write_text(f"{centre.config.read_text()}\n{section}")
    return Chain(broker, agent, centre, stores, template, key)


class Reports:
    """What the agent says in its reports, heard beside the collector."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    @property
    def cycles(self) -> list[Cycle]:
        """Return the cycles of all reports so far, each report once, oldest first."""
        reports = {payload: decode(payload) for _, payload in self._seen.messages}
        found = [one.cycle for one in reports.values() if isinstance(one, Report)]
        return sorted(found, key=lambda one: one.started_ns)

    async def come(self, met: Callable[[list[Cycle]], bool]) -> list[Cycle]:
        """Wait until the cycles so far are as asked for; return them."""
        async with asyncio.timeout(PATIENCE_S):
            while not met(found := self.cycles):
                self._seen.changed.clear()
                await self._seen.changed.wait()
        return found

    async def until(self, version: int, refused: str | None = None) -> Cycle:
        """Wait for a report made under a version of the plan; return its cycle."""

        def of_it(cycles: Sequence[Cycle]) -> list[Cycle]:
            return [one for one in cycles if (one.plan, one.health.plan_refused) == (version, refused)]

        return of_it(await self.come(lambda cycles: bool(of_it(cycles))))[0]
