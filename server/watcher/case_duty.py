"""The watcher's duty to its open cases: settles those whose sites' runs have changed, and all of them each minute, for reminders.

It remembers only what it has seen of a case; forgetting that costs one more look.
"""

import logging
from collections.abc import Callable

from judge.knowledge.model import Knowledge
from server.case_section import CaseSection
from server.fleet.registry import Registry
from server.state import cases as stored
from server.watcher.casekeeping import Casework
from server.watcher.leading import Leadership
from server.watcher.quickening import RENEW_NS

EVERY_S = 1.0
"""As often as the watcher looks into its inbox: a return is told within the same bound as a device (design §6)."""
ANYWAY_NS = 60 * 10**9
"""How long a case is not looked at while nothing of it changes: silence and reminders are counted in hours."""
MOST_OPEN = 1_000
_log = logging.getLogger(__name__)


class CaseDuty:
    """`registry` knows the zones of sites, `section` when to remind and how fast to probe."""

    name, every_s = "cases", EVERY_S

    def __init__(self, section: CaseSection, registry: Registry, knowledge: Callable[[], Knowledge]) -> None:
        self._registry = registry
        self._section = section
        self._knowledge = knowledge
        self._quickened: dict[int, int] = {}
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
        self._quickened = {number: at_ns for number, at_ns in self._quickened.items() if number in pulses}
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
            work = Casework(lead.database, transaction, now_ns, self._knowledge(), self._registry, self._section)
            await work.settle(row)
            if now_ns - self._quickened.get(number, 0) >= RENEW_NS:
                await work.quicken(number, [(line.site, line.host) for line in await stored.lines(transaction, [number])])
                self._quickened[number] = now_ns
        for sentence in work.fresh:
            _log.info("%s", sentence)
