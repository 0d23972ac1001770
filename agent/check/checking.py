"""`check` itself: measure, judge, make the rows. Nothing is sent to a centre, nothing is kept; what is shown is other files'.

Exit status: 0 all clean or sanctioned, 1 findings, 2 could not run. First the plan (all probes and routes), then one request to each
required name of the endpoint list: those can only add findings about devices, for a name in Microsoft's list may be long gone.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from agent.check import markdown, page, plain, terminal
from agent.check.checked import EXIT, Checked
from agent.check.plan import chosen, hurried, of_instance, required
from agent.check.wish import Wish
from agent.checker import Checker
from agent.config import Settings, load, read
from agent.config_reader import ConfigError
from agent.cycle import Cause, Cycles, Taken
from agent.network.clock import sample_clock
from agent.network.loop import WatchedLoop
from agent.network.system import SystemWays
from agent.planning import Planning
from agent.probes import PROBES
from agent.run import make_checker, make_system, open_networks, trusted_roots
from judge.connectivity.look import Look, Place, Sample
from judge.connectivity.rows import rows
from judge.costs import with_costs
from judge.judgement import Judge
from judge.knowledge.endpoints import Instance
from judge.knowledge.loader import KnowledgeError, load_bundle, load_knowledge
from judge.knowledge.model import Knowledge
from judge.knowledge.targets import BadTenant
from wire.plan import Plan

PLAN_S = 28.0
"""For the plan's probes: two stages that time out, a path and a train of datagrams."""
WHOLE_S = 50.0
"""With the start of the program, the chain checks and the judge it stays under a minute whatever the network does."""


def main(config: Path | None, wish: Wish) -> int:
    """Measure, judge, print; return the exit status."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(message)s")
    try:
        settings = load(config, need_broker=False) if config else read({}, Path.cwd(), need_broker=False)
        with terminal.progress() as tell, asyncio.Runner(loop_factory=WatchedLoop) as runner:
            place = Place(*wish.place) if wish.place else None
            checked = runner.run(check(settings, place, tell, instance=wish.instance, tenant=wish.tenant))
        for file, render in ((wish.html, page.render), (wish.markdown, markdown.render)):
            if file is not None:
                _write(file, render(checked))
    except (ConfigError, KnowledgeError, BadTenant) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the sentences a person needs
        return 2
    if wish.as_json:
        print(plain.text(checked))  # noqa: T201 - what was asked for
    elif wish.markdown != Path("-"):
        terminal.show(checked)
    return EXIT[checked.status]


def _write(file: Path, text: str) -> None:
    """Write a page or a document; `-` is standard output. Raises ConfigError."""
    if file == Path("-"):
        print(text)  # noqa: T201 - what was asked for
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"check: {file} cannot be written ({error.strerror}); name a file in a folder that is yours"]) from None


async def check(
    settings: Settings,
    place: Place | None = None,
    tell: Callable[[str], None] = lambda _text: None,
    *,
    instance: Instance = "Worldwide",
    tenant: str = "",
) -> Checked:
    """Measure the configured or the shipped plan and the required names, and judge them.

    Raises ConfigError, KnowledgeError, and BadTenant for what is no tenant's name.
    """
    began, measured_ns = time.monotonic(), time.time_ns()
    checker = make_checker(settings)
    trusted_roots(checker)
    knowledge = of_instance(_knowledge(settings), instance)
    system = make_system(settings, checker)
    try:
        plan = chosen(knowledge, await _plan(settings, checker), instance, tenant)
        tell("Looking at the plan's hosts: names, connections, certificates, paths")
        taken = await _measure(settings, plan, checker, system, PLAN_S)
        if any(one.measured.facts.failure is None and one.start.probe == "web" for one in taken):
            for number, more in enumerate(required(knowledge, plan, within=settings.lab.connect), 1):
                tell(f"Looking at the names Microsoft requires, part {number}: {len(more.targets)} of them")
                taken += await _measure(settings, more, checker, system, WHOLE_S - (time.monotonic() - began))
    finally:
        await system.close()
        await checker.close()
    tell("Judging")
    judge = Judge(knowledge)
    pairs = [(one.measured.observation, one.measured.facts) for one in taken]
    seen = judge.look(pairs)
    certificates = {key: der for one in taken for key, der in one.measured.certificates.items()}
    judgement = judge.judge(seen, certificates, measured_ns)
    judgement = replace(judgement, findings=with_costs(pairs, judgement.findings, knowledge.assessment))
    if not judgement.findings:
        raise ConfigError(
            [f"check: nothing was measured within {PLAN_S:.0f} s; run it again, and look whether the plan has a web or dns probe"]
        )
    samples = tuple(Sample(one.measured.observation, one.measured.facts) for one in taken)
    table = rows(Look(samples, judgement.findings, knowledge, place))
    asked = frozenset(one.start.target.name for one in taken if one.start.target in plan.targets)
    return Checked(
        judgement, measured_ns, time.monotonic() - began, table, samples, certificates, asked or frozenset({"-"}), settings.lab.enabled
    )


def _knowledge(settings: Settings) -> Knowledge:
    """Return the shipped knowledge, or the configured bundle over it. Raises KnowledgeError."""
    newer, roots = settings.knowledge, settings.trust.public_roots
    return load_bundle(newer.bundle, newer.keys, roots) if newer.bundle is not None else load_knowledge(roots)


async def _plan(settings: Settings, checker: Checker) -> Plan:
    planning = Planning(settings.plan, None, checker.check_plan)
    if settings.plan.file is not None:
        await planning.start()
    return hurried(planning.plan)


async def _measure(settings: Settings, plan: Plan, checker: Checker, system: SystemWays, limit_s: float) -> list[Taken]:
    taken: list[Taken] = []

    def keep(some: Sequence[Taken], _cause: Cause) -> None:
        taken.extend(some)

    try:
        async with asyncio.timeout(max(0.0, limit_s)):
            await Cycles(PROBES, sample_clock("auto").name).run(plan, open_networks(settings, plan, checker, system), 0, keep)
    except TimeoutError:
        pass  # what was measured until then was delivered
    return taken
