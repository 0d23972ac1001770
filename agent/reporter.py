"""What was measured into the spool: one cycle's observations, context and health as the bytes that are kept and sent.

Nothing is measured or sent here. `/proc` is read for the agent's own memory.
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from agent.config import Settings
from agent.context import Link
from agent.cycle import Cause, Deliver, Taken
from agent.network.loop import watch_of
from agent.planning import Planning
from agent.platform import here
from agent.spool import Spool
from agent.uplink import Uplink
from wire.codec import facts_bytes
from wire.context import Context
from wire.plan import Plan
from wire.report import MAX_OBSERVATIONS, Cycle, Health, Roots

SOFTWARE = f"middlewatch {version('middlewatch')}"


class Reporter:
    """Makes a report of what a cycle delivers, commits it, and tells the uplink."""

    def __init__(
        self,
        settings: Settings,
        spool: Spool,
        uplink: Uplink,
        planning: Planning,
        *,
        roots: Roots | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._settings = settings
        self._spool = spool
        self._uplink = uplink
        self._planning = planning
        self._roots = roots or Roots()
        self._now_ns = now_ns
        self._link = Link(settings.agent, here())
        self._context: Context | None = None
        self._cpu_s = time.process_time()

    def begin(self, plan: Plan, version: int) -> Deliver:
        """Note the start of a cycle, from which `at_us` of its observations counts; return what delivers them, at any time."""
        return partial(self._deliver, self._now_ns(), plan, version)

    async def moved(self) -> bool:
        """Look at this machine's link, for the reports to come; return whether it is another than the last time."""
        before, self._context = self._context, await self._link.context()
        return before not in {None, self._context}

    def _deliver(self, started_ns: int, plan: Plan, version: int, taken: Sequence[Taken], cause: Cause) -> None:
        """Spool one report; more than one only when a plan makes more observations than a report may hold."""
        for first in range(0, len(taken), MAX_OBSERVATIONS):
            self._spool_one(started_ns, plan, version, taken[first : first + MAX_OBSERVATIONS], cause)

    def _spool_one(self, started_ns: int, plan: Plan, version: int, taken: Sequence[Taken], cause: Cause) -> None:
        created_ns = self._spool.created_ns(self._now_ns())
        cycle = Cycle(
            started_ns=started_ns,
            created_ns=created_ns,
            cadence_s=self._settings.lab.cadence_s or plan.cadence_s,
            cause=cause,
            software=SOFTWARE,
            plan=version,
            lab=self._settings.lab.enabled,
            roots=self._roots,
            context=self._context or Context(site=self._settings.agent.site),
            health=self._health(),
            observations=[one.measured.observation for one in taken],
        )
        facts = {one.measured.observation.facts: facts_bytes(one.measured.facts) for one in taken}
        certificates = {key: der for one in taken for key, der in one.measured.certificates.items()}
        appended = self._spool.append(cycle.dump(), created_ns=created_ns, facts=facts, certificates=certificates)
        self._uplink.added(appended.seq, appended.dropped)

    def _health(self) -> Health:
        watch = watch_of(asyncio.get_running_loop())
        cpu_s, self._cpu_s = self._cpu_s, time.process_time()
        return Health(
            loop_lag_ms=round(watch.take_worst_ms(), 1) if watch else 0.0,
            rss_mb=resident_mb(),
            cpu_ms=round((self._cpu_s - cpu_s) * 1000, 1),
            spooled=self._spool.count,
            dropped=self._spool.dropped,
            clock_offset_ms=self._uplink.take_clock_offset(),
            plan_refused=self._planning.refused,
            uplink=self._uplink.take_trouble(),
        )


def resident_mb() -> float:
    """Return this process's resident memory in MB, 0 where there is no `/proc`."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
