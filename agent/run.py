"""`middlewatch-agent run`: cycles, uplink and the spool's upkeep in one task group, until a signal. Losing nothing is the spool's part.

No judge, no cryptography, nothing for terminals is imported here (a test on `sys.modules` holds it): every megabyte is the endpoint's.
"""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from agent.checker import Checker
from agent.config import Lab, Settings, load
from agent.config_reader import ConfigError
from agent.cycle import Cycles
from agent.inventory import Inventory
from agent.network.clock import sample_clock
from agent.network.loop import WatchedLoop
from agent.network.net import AnswerCheck, Network
from agent.network.open import open_network
from agent.network.settings import Asked, NameSettings, NetworkSettings, PathSettings, Timeouts
from agent.network.system import OwnProxy, SystemWays
from agent.pac.asking import Evaluator
from agent.planning import Planning
from agent.platform import here
from agent.probes import PROBES
from agent.reporter import Reporter
from agent.schedule import next_cycle, phase_s
from agent.spool import Spool
from agent.uplink import Uplink
from wire.plan import Plan
from wire.report import Roots
from wire.target import Target
from wire.vocabulary import Kind

log = logging.getLogger(__name__)

PLAN_CHECK_S = 30.0
"""How soon a changed plan file is noticed while a long cadence waits."""
FIRST_CYCLE_S = 10.0
"""The first cycle comes within this of the start: someone who just installed the agent is looking."""


def main(config: Path) -> int:
    """Run until a signal; return the exit status: 0 stopped, 2 could not start."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = load(config)
        with asyncio.Runner(loop_factory=WatchedLoop) as runner:
            runner.run(run(settings))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the sentences a person needs, before there is a log
        return 2
    return 0


async def run(settings: Settings) -> None:
    """Run one agent until SIGTERM or SIGINT. Raises ConfigError for what only shows when it is used."""
    checker = make_checker(settings)
    roots = trusted_roots(checker)
    planning = Planning(settings.plan, settings.agent.state, checker.check_plan)
    system = make_system(settings, checker)
    spool = open_spool(settings)
    try:
        uplink = Uplink(settings, spool, on_plan=planning.take)
        await planning.start()
        agent = _Agent(settings, spool, uplink, planning, checker, roots, system)
        log.info("agent %s: stream %s, %d reports waiting", settings.agent.id, spool.stream[:8], spool.count)
        await _until_signalled(agent)
    finally:
        await system.close()
        await checker.close()
        spool.close()
    log.info("agent %s: stopped", settings.agent.id)


def make_checker(settings: Settings) -> Checker:
    """Return the checker of chains and plans, with the local overrides of root bundles."""
    trust = settings.trust
    return Checker(str(trust.os_roots) if trust.os_roots else None, str(trust.public_roots) if trust.public_roots else None)


def trusted_roots(checker: Checker) -> Roots:
    """Return the hashes of overriding bundles. Raises ConfigError for an unreadable one."""
    try:
        return checker.overrides()
    except OSError as error:
        place, reason = error.filename, error.strerror
        raise ConfigError([f"config: trust: {place} cannot be read ({reason}); write the path of a PEM file of roots"]) from None


def open_spool(settings: Settings) -> Spool:
    """Return the spool, made with its folder if need be. Raises ConfigError."""
    with contextlib.suppress(OSError):  # if it cannot be made, the spool's own error says so
        settings.agent.state.mkdir(parents=True, exist_ok=True)
    return Spool(settings.spool.path, settings.agent.id, max_bytes=int(settings.spool.max_mb * 1e6))


def make_system(settings: Settings, checker: Checker) -> SystemWays:
    """Return what decides the `system` route; close it at the end. Raises ConfigError for a bad laboratory place."""
    own = OwnProxy(settings.proxy.pac, settings.proxy.wpad)
    try:
        net = open_network(NetworkSettings(settings.lab.resolvers, settings.lab.connect), checker.check)
    except ValueError as error:
        raise ConfigError([f"config: {error}"]) from None
    return SystemWays(net, here(), Evaluator(), own)


def open_networks(settings: Settings, plan: Plan, checker: Checker, system: SystemWays) -> Mapping[Kind, Network]:
    """Return one network for each probe of the plan, with that probe's time limits. Raises ConfigError for a bad laboratory place."""
    lab, look = settings.lab, Inventory(here(), checker, plan.prefixes, lambda: system.pac(asked_of_pac(plan))).take
    names, signed = name_settings(plan, lab), _answer_check(settings, plan, checker)
    asked = NetworkSettings(
        lab.resolvers,
        lab.connect,
        logins=settings.proxy.logins,
        names=names,
        path=path_settings(plan, lab),
        download=_download(plan),
        ntp=plan.ntp if plan.ntp and (not lab.enabled or f"{plan.ntp}:123" in lab.connect) else "",
    )
    try:
        return {
            kind: open_network(
                replace(asked, timeouts=Timeouts.every(probe.stage_timeout_ms / 1000), idle_s=probe.idle_s),
                checker.check,
                look,
                system=system,
                signed=signed,
            )
            for kind, probe in plan.probes.items()
        }
    except ValueError as error:
        raise ConfigError([f"config: {error}"]) from None


def name_settings(plan: Plan, lab: Lab) -> NameSettings:
    """Return what the plan asks of DNS itself. A laboratory maps those places or does without: a packet to a real one would leave it."""
    wanted = plan.dns

    def place(one: str) -> str:
        return lab.connect.get(one, "") if lab.enabled else one

    names = [Asked(one.name, one.record, one.fresh, place(one.server)) for one in wanted.whoami if not one.server or place(one.server)]
    return NameSettings(place(wanted.nobody) if wanted.nobody else "", wanted.identity, tuple(names))


def path_settings(plan: Plan, lab: Lab) -> PathSettings:
    """Return what the plan asks of a trace. A laboratory maps the address nobody owns or does without, as above."""
    asked = plan.path
    return PathSettings(
        asked.control_port, asked.unroutable if not lab.enabled or asked.unroutable in lab.connect else "", asked.origin_zone
    )


def _download(plan: Plan) -> tuple[str, int, str, int] | None:
    file = plan.download
    return (file.host, file.port, file.path, file.bytes) if file else None


def _answer_check(settings: Settings, plan: Plan, checker: Checker) -> AnswerCheck:
    """Return what checks the reflectors' signatures, each by its own key, or all by the one that is configured here."""
    keys = {one.host: one.key for one in [*([plan.reflector] if plan.reflector else []), *plan.reflectors]}

    async def check(host: str, statement: bytes, body: bytes, signature: str) -> Literal["", "ok", "bad", "absent"]:
        return await checker.check_answer(settings.reflector_key or keys.get(host, ""), statement, body, signature)

    return check


def asked_of_pac(plan: Plan) -> list[Target]:
    """Return whom a PAC file is asked about: the plan's targets, and its names, to which nothing is sent."""
    return [*plan.targets, *(Target(host=name, category="Default", workload="Common") for name in plan.names)]


async def _until_signalled(agent: "_Agent") -> None:
    """Run the agent's tasks; a signal cancels them, which is all a stop needs."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt, which cancels as well
            loop.add_signal_handler(one, stop.set)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(agent.cycle_for_ever(), name="cycles"), group.create_task(agent.uplink.run(), name="uplink")]
        await stop.wait()
        tasks[0].cancel()  # what is measured is spooled first,
        await asyncio.wait(tasks[:1])
        tasks[1].cancel()


class _Agent:
    """The parts of a running agent, put together. The plan of the cycle under way stays until it ends."""

    def __init__(
        self, settings: Settings, spool: Spool, uplink: Uplink, planning: Planning, checker: Checker, roots: Roots, system: SystemWays
    ) -> None:
        self._settings = settings
        self._spool = spool
        self.uplink = uplink
        self._planning = planning
        self._checker = checker
        self._system = system
        self._cycles = Cycles(PROBES, sample_clock("auto").name)
        self._reporter = Reporter(settings, spool, uplink, planning, roots=roots)
        self._plan, self._version = planning.plan, planning.version
        self._nets = open_networks(settings, self._plan, self._checker, system)

    @property
    def _cadence_s(self) -> float:
        return self._settings.lab.cadence_s or self._plan.cadence_s

    async def cycle_for_ever(self) -> None:
        """Run cycle after cycle at this agent's phase; between them look at the plan and do the spool's upkeep."""
        name, turn = self._settings.agent.id, 0
        due = time.time() + phase_s(name, min(FIRST_CYCLE_S, self._cadence_s))
        deliver = self._reporter.begin(self._plan, self._version)
        try:
            async with asyncio.TaskGroup() as beside:
                while True:
                    await self._wait_until(due)
                    if await self._reporter.moved():
                        self._cycles.elsewhere()
                    deliver = self._reporter.begin(self._plan, self._version)
                    await self._cycles.run(self._plan, self._nets, turn, deliver, beside)
                    turn += 1
                    self._spool.tidy()
                    await self._look_at_plan()
                    due = next_cycle(time.time(), self._cadence_s, phase_s(name, self._cadence_s))
        finally:
            self._cycles.leave(deliver)

    async def _wait_until(self, due: float) -> None:
        """Sleep until a moment of the wall clock, in pieces: a laptop that slept, or a clock that was set, is noticed."""
        while (left := due - time.time()) > 0:
            if left > max(self._cadence_s, FIRST_CYCLE_S):  # the clock was set back: do not wait for a time that was
                return
            await asyncio.sleep(min(left, PLAN_CHECK_S))
            if await self._look_at_plan():
                return

    async def _look_at_plan(self) -> bool:
        """Take up another plan, from its file or from the centre; return whether there was one."""
        await self._planning.refresh()
        if self._planning.plan is self._plan:
            return False
        self._plan, self._version = self._planning.plan, self._planning.version
        self._nets = open_networks(self._settings, self._plan, self._checker, self._system)
        self._cycles.forget(self._plan)
        self.uplink.changed()
        return True
