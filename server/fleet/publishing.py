"""Publishes plans to their agents, retained: after each connection to the broker, for each new agent, for each new version; never a report.

Every process with a connection does it by itself, from the rows; an agent takes a version once, so two publishers do no harm.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from server.state import plans
from server.state.database import STATE_FAULTS, Database

LOOK_S = 3.0
"""How often the newest version and the number of agents are asked for: two counts, whatever the fleet's size."""
AT_ONCE = 50
PAUSE_S = 1.0
"""50 plans a second: 10,000 agents' after a reconnect are 200 s of 1 MB/s (a plan is about 20 kB), beside the reports."""
_log = logging.getLogger(__name__)


class Outlet(Protocol):
    """The connection to the broker, as publishing sees it."""

    @property
    def session(self) -> int:
        """A number that changes with each connection; 0 while there is none."""
        ...

    def plan(self, agent: str, envelope: bytes) -> bool:
        """Publish one plan, retained; return whether there was a connection to do it by."""
        ...


class Publisher:
    """Remembers what it published over this connection, nothing else."""

    def __init__(self, database: Database, outlet: Outlet, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._database = database
        self._outlet = outlet
        self._sleep = sleep
        self._session = 0
        self._pulse = (0, 0)
        self._told: dict[str, int] = {}

    async def run(self) -> None:
        """Look, publish, and look again, until cancelled."""
        while True:
            try:
                await self.look()
            except STATE_FAULTS as error:
                _log.debug("plans cannot be read: %s", type(error).__name__)  # the collector says so, once
            await self._sleep(LOOK_S)

    async def look(self) -> int:
        """Publish what was not published over this connection yet; return how many plans that were."""
        session = self._outlet.session
        if session != self._session:
            self._session, self._pulse, self._told = session, (0, 0), {}
        async with self._database.reading() as transaction:
            pulse = await plans.pulse(transaction)
            if not session or pulse == self._pulse or not pulse[0]:
                return 0
            newest = await plans.newest_versions(transaction, await plans.agents(transaction))
            due = {agent: version for agent, version in newest.items() if version > self._told.get(agent, 0)}
            held = await plans.envelopes(transaction, set(due.values()))
        done = 0
        for agent, version in due.items():
            if self._outlet.session != session or not self._outlet.plan(agent, held[version]):
                return done  # connection lost: the next one begins anew
            self._told[agent] = version
            done += 1
            if done % AT_ONCE == 0:
                await self._sleep(PAUSE_S)
        self._pulse = pulse
        return done
