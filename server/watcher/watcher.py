"""The one active watcher: lease, inbox, sweep, delivery. Decisions are `deciding.py`'s; here is only who may decide, and when.

States are refreshed beside it (`refreshing.py`), in a task of their own: a slow history store must not delay a decision.

It is woken by the collector of the same process, and polls each second besides: collectors of other processes cannot wake it, and the
promise (told within 3 x cadence + 2 s) leaves a second for that.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from server.fleet.registry import Registry
from server.history.port import History
from server.state import devices as stored
from server.state import endpoints, inbox, lease
from server.state.database import STATE_FAULTS, Database, Transaction
from server.watcher.deciding import Decision
from server.watcher.delivery import deliver
from server.watcher.leading import Duty, Leadership, attend
from server.watcher.refreshing import Refresher
from server.watcher.spreading import ENDPOINTS

BATCH = 500
"""Inbox rows per transaction: one device inserted at a site of 50 agents and 12 targets is 600 rows and one decision."""
SWEEP_NS = 600 * 10**9
"""How often time alone is looked at (silent paths, hysteresis, retirement): as often as runs that go on are written."""
SWEEP_BATCH = 50
"""Presences per transaction of a sweep, so that inbox rows do not wait for it."""
POLL_S = 1.0
_log = logging.getLogger(__name__)


class Watcher:
    """`holder` names this process and no other; `now` gives Unix nanoseconds; `registry` knows the zones in which sites are told of."""

    def __init__(
        self,
        database: Database,
        history: History | None,
        holder: str,
        now: Callable[[], int],
        refresher: Refresher | None = None,
        registry: Registry | None = None,
        duties: Sequence[Duty] = (),
    ) -> None:
        self._registry = registry or Registry()
        self._database = database
        self._history = history
        self._refresher = refresher
        self._duties = duties
        self._lead = Leadership(database, holder, now)
        self.sweep_ns = SWEEP_NS
        """How often time alone is looked at; a replay of a month may look less often."""
        self._swept_ns = 0
        self._to_sweep: list[tuple[str, str, str]] = []
        self._woken = asyncio.Event()

    @property
    def active(self) -> bool:
        """Return whether this watcher holds the lease, as far as it knows."""
        return self._lead.active

    def wake(self) -> None:
        """Say that the inbox has something."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled, then give the lease back; nothing is lost by that. A state database that is away is waited for."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work(), name="watcher-decisions")
                if self._refresher is not None:
                    group.create_task(self._refresher.run(lambda: self.active), name="watcher-states")
                for duty in self._duties:
                    group.create_task(attend(duty, self._lead), name=f"watcher-{duty.name}")
        finally:
            with contextlib.suppress(*STATE_FAULTS):
                await self._lead.resign()

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            if not await self._round():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), POLL_S)

    async def _round(self) -> int:
        """Decide and deliver what is there; return how much that was."""
        try:
            decided = await self.step()
            if decided and self._refresher is not None:
                self._refresher.wake()
            return decided + (await self.deliver() if self.active else 0)
        except STATE_FAULTS as error:
            _log.warning("watcher: state database: %s; trying again, nothing is lost", type(error).__name__)
            return 0

    async def step(self) -> int:
        """Decide what is there, at most one batch; return how many inbox rows were decided. 0 without the lease."""
        if not await self._lead.lead():
            return 0
        try:
            decided = await self._decide_inbox()
            await self._sweep()
        except lease.LeaseLost:
            return 0
        return decided

    async def deliver(self) -> int:
        """Send due events to the history store; return how many arrived."""
        return await deliver(self._database, self._history, self._lead.now()) if self._history is not None else 0

    async def _decide_inbox(self) -> int:
        async with self._database.reading() as transaction:
            if not await inbox.pending(transaction, 1):
                return 0
        async with self._lead.writing() as transaction:
            rows = await inbox.pending(transaction, BATCH)
            decision = self._decision(transaction)
            await decision.decide(rows)
            await inbox.done(transaction, [row.id for row in rows])
        self._say(decision)
        return len(rows)

    async def _sweep(self) -> None:
        """Look at some presences that time alone may change."""
        now_ns = self._lead.now()
        if not self._to_sweep and now_ns - self._swept_ns >= self.sweep_ns:
            self._swept_ns = now_ns
            async with self._database.reading() as transaction:
                places = await stored.not_retired(transaction)
                machines = await endpoints.not_retired(transaction)
            self._to_sweep = [(device, ENDPOINTS, agent) for device, agent in machines] + [(device, place, "") for device, place in places]
        if not self._to_sweep:
            return
        some, rest = self._to_sweep[:SWEEP_BATCH], self._to_sweep[SWEEP_BATCH:]
        async with self._lead.writing() as transaction:
            decision = self._decision(transaction)
            await decision.sweep(some)
        self._to_sweep = rest
        self._say(decision)

    def _decision(self, transaction: Transaction) -> Decision:
        return Decision(self._database, transaction, self._lead.now(), self._registry)

    def _say(self, decision: Decision) -> None:
        for sentence in decision.fresh:
            _log.info("%s", sentence)
