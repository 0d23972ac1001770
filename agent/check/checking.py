"""`middlewatch-agent check`: one cycle measured and judged here, told to a person. Nothing is sent to a centre, nothing is kept.

The only room of the agent that imports the judge, besides the child. Exit status: 0 all clean or sanctioned, 1 findings, 2 could not run.
`--json` prints one object: `status` (clean, findings, offline), `software`, `measured_ns`, `seconds`, and what
`judge.encode.judgement_plain` writes; names are added, never changed.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.check import terminal
from agent.checker import Checker
from agent.config import Settings, load, read
from agent.config_reader import ConfigError
from agent.cycle import Cause, Cycles, Taken
from agent.network.clock import sample_clock
from agent.network.loop import WatchedLoop
from agent.planning import Planning
from agent.probes import PROBES
from agent.reporter import SOFTWARE
from agent.run import make_checker, open_networks, trusted_roots
from judge.encode import judgement_plain
from judge.finding import Judgement
from judge.judgement import Judge
from judge.knowledge.loader import KnowledgeError, load_knowledge
from judge.seen import Seen
from wire.plan import Plan

STAGE_MS = 5000.0
"""Half the plan's usual limit: a person is waiting, and two stages that time out must fit into WHOLE_S."""
WHOLE_S = 25.0
"""With the start of the program, the chain checks and the judge it stays under 30 s whatever the network does."""

Status = Literal["clean", "findings", "offline"]
_EXIT: dict[Status, int] = {"clean": 0, "findings": 1, "offline": 2}


@dataclass(frozen=True, slots=True)
class Checked:
    """One cycle, judged."""

    judgement: Judgement
    measured_ns: int
    seconds: float

    @property
    def status(self) -> Status:
        """Return `offline` when nothing at all was reached, the control included: then nobody is to blame but this machine's link."""
        verdicts = {one.verdict for one in self.judgement.findings}
        if verdicts <= {"unreachable"}:
            return "offline"
        return "clean" if verdicts <= {"clean", "sanctioned"} else "findings"


def main(config: Path | None, *, as_json: bool) -> int:
    """Measure, judge, print; return the exit status."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(message)s")
    try:
        settings = load(config, need_broker=False) if config else read({}, Path.cwd(), need_broker=False)
        with terminal.progress(), asyncio.Runner(loop_factory=WatchedLoop) as runner:
            checked = runner.run(check(settings))
    except (ConfigError, KnowledgeError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the sentences a person needs
        return 2
    if as_json:
        print(json.dumps(plain(checked), indent=1))  # noqa: T201 - what was asked for
    else:
        terminal.show(checked.judgement, offline=checked.status == "offline", seconds=checked.seconds)
    return _EXIT[checked.status]


def plain(checked: Checked) -> dict[str, object]:
    """Return what `--json` prints."""
    head = {"status": checked.status, "software": SOFTWARE, "measured_ns": checked.measured_ns, "seconds": round(checked.seconds, 1)}
    return head | judgement_plain(checked.judgement)


async def check(settings: Settings) -> Checked:
    """Run one cycle of the configured or the shipped plan and judge it. Raises ConfigError and KnowledgeError."""
    began, measured_ns = time.monotonic(), time.time_ns()
    checker = make_checker(settings)
    trusted_roots(checker)
    judge = Judge(load_knowledge(settings.trust.public_roots))
    try:
        taken = await _measure(settings, checker)
    finally:
        await checker.close()
    seen = [_seen(one) for one in taken]
    certificates = {key: der for one in taken for key, der in one.measured.certificates.items()}
    judgement = judge.judge(seen, certificates, measured_ns)
    if not judgement.findings:
        raise ConfigError(
            [f"check: nothing was measured within {WHOLE_S:.0f} s; run it again, and look whether the plan has a web or dns probe"]
        )
    return Checked(judgement, measured_ns, time.monotonic() - began)


async def _measure(settings: Settings, checker: Checker) -> list[Taken]:
    planning = Planning(settings.plan, None, checker.check_plan)
    if settings.plan.file is not None:
        await planning.start()
    plan = _hurried(planning.plan)
    taken: list[Taken] = []

    def keep(some: Sequence[Taken], _cause: Cause) -> None:
        taken.extend(some)

    try:
        async with asyncio.timeout(WHOLE_S):
            await Cycles(PROBES, sample_clock("auto").name).run(plan, open_networks(settings, plan, checker.check), 0, keep)
    except TimeoutError:
        pass  # what was measured until then was delivered
    return taken


def _hurried(plan: Plan) -> Plan:
    probes = {
        kind: probe.model_copy(update={"stage_timeout_ms": min(probe.stage_timeout_ms, STAGE_MS)}) for kind, probe in plan.probes.items()
    }
    return plan.model_copy(update={"probes": probes})


def _seen(one: Taken) -> Seen:
    observation = one.measured.observation
    status = observation.status if observation.kind == "web" else None
    return Seen(observation.facts, one.measured.facts, status, observation.suspect)
