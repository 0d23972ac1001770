"""Keeps the one registry true while the centre runs: the configuration's sites, with what was entered in the state database over them.

Every process has its own registry and asks every few seconds whether anything changed, whoever changed it. What cannot be read changes
nothing: the last sites stay in use, and the trouble is said once.
"""

import asyncio
import logging

from server.config import Settings
from server.fleet.entries import merged
from server.fleet.registry import Registry, registry_of
from server.state import sites as stored
from server.state.database import STATE_FAULTS, Database

LOOK_S = 2.0
"""One row by its key (0.1 ms): a change made in one process is known in all others this soon."""
_log = logging.getLogger(__name__)


class SiteSource:
    """`registry` is the object to hand to everybody; it holds the configuration's sites until `look` has read the database."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.registry: Registry = registry_of(settings)
        self._database = database
        self._seeds = dict(self.registry.sites)
        self._egress = self.registry.egress
        self._version = 0
        self._trouble = ""

    async def look(self) -> bool:
        """Read the sites again if they changed; return whether they did. Raises STATE_FAULTS."""
        async with self._database.reading() as connection:
            version = await stored.version(connection)
            if version == self._version:
                return False
            found = await stored.load(connection)
        self.registry.adopt(merged(self._seeds, {name: one.entry for name, one in found.items()}), self._egress)
        self._version = version
        return True

    async def run(self) -> None:
        """Look for ever, until cancelled."""
        while True:
            try:
                if await self.look():
                    _log.info("sites changed: %d are registered", len(self.registry.sites))
                self._trouble = ""
            except STATE_FAULTS as error:
                if not self._trouble:
                    _log.warning("sites: state database: %s; the sites known before stay in use", type(error).__name__)
                self._trouble = type(error).__name__
            await asyncio.sleep(LOOK_S)
