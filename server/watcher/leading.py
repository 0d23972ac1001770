"""Who decides: the lease with its epoch, and transactions that only the leader can commit. What is decided lives elsewhere.

Every transaction of `writing` confirms the epoch first, so of two watchers that both believe they lead only one can commit.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from server.history.port import Unavailable
from server.state import lease
from server.state.database import STATE_FAULTS, Database, Transaction

LEASE = "watcher"
LEASE_NS = 15 * 10**9
"""A dead watcher is replaced after this; renewed at half of it, so a pause of 7 s of the loop or the database does not lose it."""
_log = logging.getLogger(__name__)


class Leadership:
    """One process's claim to decide. `holder` names this process and no other; `now` gives Unix nanoseconds."""

    def __init__(self, database: Database, holder: str, now: Callable[[], int]) -> None:
        self.database = database
        self.now = now
        self._holder = holder
        self._epoch = 0
        self._until_ns = 0
        self._seen = 0, 0
        self._seen_ns = 0

    @property
    def active(self) -> bool:
        """Return whether this process holds the lease, as far as it knows."""
        return self._epoch > 0

    async def lead(self) -> bool:
        """Take the lease, or renew it when half of it is gone; return whether it is held."""
        now_ns = self.now()
        if self.active and 0 <= now_ns - (self._until_ns - LEASE_NS) < LEASE_NS // 2:  # a clock that was set back renews at once
            return True
        until_ns = now_ns + LEASE_NS
        async with self.database.writing() as transaction:
            stale = self._is_stale(await lease.seen(transaction, LEASE), now_ns)
            epoch = await lease.take(self.database, transaction, LEASE, self._holder, now_ns, until_ns, self._epoch, stale=stale)
        if epoch and epoch != self._epoch:
            _log.info("watcher %s decides now, epoch %d", self._holder, epoch)
        self._epoch, self._until_ns = epoch or 0, until_ns
        return self.active

    def _is_stale(self, seen: tuple[int, int], now_ns: int) -> bool:
        """Return whether the lease has stayed as it is for as long as one lasts, by this clock alone: its holder's may be an hour ahead."""
        if seen != self._seen or now_ns < self._seen_ns:
            self._seen, self._seen_ns = seen, now_ns
        return now_ns - self._seen_ns >= LEASE_NS

    async def resign(self) -> None:
        """Give the lease back, so that the next holder need not wait."""
        if self.active:
            async with self.database.writing() as transaction:
                await lease.release(transaction, LEASE, self._epoch)
            self._epoch = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """Give a transaction that commits only while the lease is held. Raises LeaseLost; then this process stands by."""
        async with self.database.writing() as transaction:
            try:
                await lease.confirm(transaction, LEASE, self._epoch)
            except lease.LeaseLost as lost:
                _log.warning("watcher %s stands by: %s", self._holder, lost)
                self._epoch = 0
                raise
            yield transaction


class Duty(Protocol):
    """One thing the active watcher does besides the inbox, again and again; each has a task of its own.

    `step` does what is due at the leadership's `now`, writes through its `writing` in short transactions (decisions wait for them with
    SQLite), and may be cut short or repeated at any point. It may raise LeaseLost, STATE_FAULTS and Unavailable: it is then asked again.
    """

    name: str
    every_s: float

    async def step(self, lead: Leadership) -> None:
        """Do what is due."""
        ...


async def attend(duty: Duty, lead: Leadership) -> None:
    """Do one duty for ever, whenever this process leads. A trouble is told when it begins and when it is over, not each time."""
    trouble = ""
    while True:
        if lead.active:
            now, mistake = await _trouble_of(duty, lead)
            if now and now != trouble:
                _log.log(
                    logging.ERROR if mistake else logging.WARNING, "%s: %s; trying again, nothing is lost", duty.name, now, exc_info=mistake
                )
            elif trouble and not now:
                _log.info("%s works again", duty.name)
            trouble = now
        await asyncio.sleep(duty.every_s)


async def _trouble_of(duty: Duty, lead: Leadership) -> tuple[str, Exception | None]:
    """Do a duty once; return what kept it, or nothing, and the exception when it was a mistake of ours."""
    try:
        await duty.step(lead)
    except lease.LeaseLost:
        pass  # `writing` has said so
    except STATE_FAULTS as error:
        return f"state database: {type(error).__name__}", None
    except Unavailable as away:
        return str(away), None
    except Exception as error:  # noqa: BLE001 - a mistake in one duty must not end the centre, which stores what agents send
        return f"a mistake of ours, please report it ({type(error).__name__}: {error})", error
    return "", None
