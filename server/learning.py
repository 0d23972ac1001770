"""Judges by what the fleet has learned: authorities of rotations count as listed. Read again by every process when there are more."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from judge.knowledge.model import Knowledge
from server.state import issuers
from server.state.database import STATE_FAULTS, Database

EVERY_S = 15.0
"""A learned authority ends no alarm, only a doubt: a quarter of a minute is soon enough."""
_log = logging.getLogger(__name__)


class Learned:
    """The authorities the fleet has learned."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: frozenset[str] = frozenset()

    def over(self, knowledge: Knowledge) -> Knowledge:
        """Return a knowledge with the learned authorities; its version says how many there are, for it judges otherwise."""
        if not self._keys:
            return knowledge
        authorities = replace(knowledge.authorities, keys=knowledge.authorities.keys | self._keys)
        return replace(knowledge, authorities=authorities, version=f"{knowledge.version}+{len(self._keys)}")

    async def look(self) -> bool:
        """Read them; return whether there are others than before. Raises STATE_FAULTS."""
        async with self._database.reading() as transaction:
            found = await issuers.learned(transaction)
        changed, self._keys = found != self._keys, found
        return changed

    async def run(self, adopt: Callable[[], None]) -> None:
        """Look again and again until cancelled, and say when there are more."""
        while True:
            try:
                if await self.look():
                    _log.info("the fleet has learned %d public authorities by rotation", len(self._keys))
                    adopt()
            except STATE_FAULTS as error:
                _log.debug("learned authorities: state database: %s; trying again", type(error).__name__)
            await asyncio.sleep(EVERY_S)
