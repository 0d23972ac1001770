"""The watcher's duty to its open cases: settles those whose sites' runs have changed, and all of them each minute, for reminders.

It remembers only what it has seen of a case; forgetting that costs one more look.
"""

import logging

from server.case_section import CaseSection
from server.fleet.registry import Registry
from server.state import cases as stored
from server.watcher.casekeeping import Casework
from server.watcher.cases import Pace
from server.watcher.leading import Leadership

EVERY_S = 1.0
"""As often as the watcher looks into its inbox: a return is told within the same bound as a device (design §6)."""
ANYWAY_NS = 60 * 10**9
"""How long a case is not looked at while nothing of it changes: silence and reminders are counted in hours."""
MOST_OPEN = 1_000
HOUR_NS = 3600 * 10**9
_log = logging.getLogger(__name__)


class CaseDuty:
    """`registry` knows the zones of sites, `pace` when to remind."""

    name, every_s = "cases", EVERY_S

    def __init__(self, registry: Registry, pace: Pace) -> None:
        self._registry = registry
        self._pace = pace
        self._seen: dict[int, tuple[object, int]] = {}
        self._sites: dict[int, set[str]] = {}

    async def step(self, lead: Leadership) -> None:
        """Settle the cases that need it, a transaction each."""
        now_ns = lead.now()
        async with lead.database.reading() as transaction:
            rows = await stored.listed(transaction, ("open", "proved", "broken"), limit=MOST_OPEN)
            fresh = [row.id for row in rows if row.id not in self._sites]
            for line in await stored.lines(transaction, fresh) if fresh else ():
                self._sites.setdefault(line.case, set()).add(line.site)
            pulses = {row.id: (await stored.pulse(transaction, self._sites[row.id]), row.revision) for row in rows}
        self._seen = {number: seen for number, seen in self._seen.items() if number in pulses}
        self._sites = {number: sites for number, sites in self._sites.items() if number in pulses}
        for row in rows:
            pulse, looked_ns = self._seen.get(row.id, (None, 0))
            if pulse != pulses[row.id] or now_ns - looked_ns >= ANYWAY_NS:
                await self._settle(lead, row.id, now_ns)
                self._seen[row.id] = pulses[row.id], now_ns

    async def _settle(self, lead: Leadership, number: int, now_ns: int) -> None:
        async with lead.writing() as transaction:
            row = await stored.load(transaction, number)
            if row is None or row.state == "closed":
                return
            work = Casework(lead.database, transaction, now_ns, self._registry, self._pace)
            await work.settle(row)
        for sentence in work.fresh:
            _log.info("%s", sentence)


def case_duty_of(section: CaseSection, registry: Registry) -> CaseDuty:
    """Return the duty as configured."""
    return CaseDuty(registry, pace_of(section))


def pace_of(section: CaseSection) -> Pace:
    """Return the pace of reminders as configured."""
    return Pace(int(section.remind_after_h * HOUR_NS), int(section.remind_every_h * HOUR_NS))
