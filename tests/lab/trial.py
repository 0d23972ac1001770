"""One scenario from its row to what the judge says: world, boxes, agent, judgement. Nothing is compared here."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.finding import Finding
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for, target_of
from tests.judge.test_cases import judge_case
from tests.lab.agent_run import Agent
from tests.lab.boxes import BOXES
from tests.lab.far_side import FarSide
from tests.lab.minting import Mint
from tests.lab.nodes import RESOLVER, RESOLVER6, Nodes
from tests.lab.place import Place
from tests.lab.rows import OTHERS, Scenario
from tests.lab.world_row import REFLECTOR
from wire.plan import Plan, ProbeSettings, Reflector
from wire.target import Route
from wire.vocabulary import KINDS

STAGE_MS = 3000.0
"""The longest way of a scenario takes 250 ms; silence is silence after three seconds, too."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a scenario: what the judge says, how long it took, and the folder with what the agent reported."""

    scenario: Scenario
    findings: Sequence[Finding]
    seconds: float
    case: Path


class Bench:
    """One row of machines with its far side; scenarios are tried on it one after the other."""

    def __init__(self, nodes: Nodes, programs: dict[str, str]) -> None:
        self._nodes, self._programs = nodes, programs
        self._mint = Mint(nodes.folder / "authority")
        self._far = FarSide(nodes, self._mint)
        self._roots = nodes.folder / "public-roots.pem"
        self._roots.write_bytes(self._mint.public.root.pem)
        self._knowledge = load_knowledge()

    async def attempt(self, scenario: Scenario) -> Trial:
        """Run one scenario."""
        began = time.monotonic()
        resolver = scenario.resolvers[0] if scenario.resolvers else RESOLVER
        place = Place(self._nodes, self._mint, self._roots, resolver, self._programs)
        async with AsyncExitStack() as stack:
            stack.enter_context(self._nodes.fresh(scenario.egress))
            await self._nodes.distance(scenario.delay_ms, scenario.jitter_ms, scenario.loss)
            await stack.enter_async_context(self._far.serving(scenario.world, [*scenario.hosts, *(host for host, _, _ in OTHERS)]))
            for box in scenario.boxes:
                await stack.enter_async_context(BOXES[str(box["box"])](place, box))
            report = await self._agent(scenario, place).report()
        folder = write_case(self._nodes.folder / f"case-{scenario.name}", scenario, report, self._roots.read_bytes())
        findings = judge_case(folder).findings
        return Trial(scenario, findings, time.monotonic() - began, folder)

    def _agent(self, scenario: Scenario, place: Place) -> Agent:
        public = self._roots.read_bytes()
        os_roots = public + (b"".join(place.trusted) if "devices" in scenario.trust else b"")
        resolvers = scenario.resolvers or ((RESOLVER6,) if scenario.ipv6 else (RESOLVER,))
        agent = Agent(self._nodes, self._plan(scenario), os_roots, public, resolvers)
        agent.environment |= scenario.environment
        return agent

    def _plan(self, scenario: Scenario) -> Plan:
        targets = [target_for(self._knowledge, host) for host in scenario.hosts]
        listed = {(row.host, row.port, row.protocol): row for row in self._knowledge.targets if row.instance == "Worldwide"}
        targets += [target_of(self._knowledge, listed[one]) for one in OTHERS]
        # One that lies idle reports for itself, a minute later; here all is to come in one report.
        probes = {kind: ProbeSettings(requests_per_hour=3600, stage_timeout_ms=STAGE_MS, idle_s=0) for kind in KINDS}
        reflector = Reflector(host=REFLECTOR, port=80, protocol="http")
        routes = [Route.model_validate(one) for one in scenario.routes]
        return Plan(version=1, cadence_s=3600, targets=targets, routes=routes, probes=probes, reflector=reflector)


def write_case(folder: Path, scenario: Scenario, report: Mapping[str, Any], roots: bytes) -> Path:
    """Write a report as a recorded situation (`tests/cases/`) and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    given: dict[str, Any] = {
        "what": scenario.what,
        "near_miss_of": [],
        "policy": dict(scenario.policy),
        "origin": f"laboratory: {scenario.name}",
    }
    (folder / "given.json").write_text(json.dumps(given, indent=1) + "\n")
    (folder / "report.json").write_text(json.dumps(report, separators=(",", ":")) + "\n")
    (folder / "roots.pem").write_bytes(roots)
    return folder
