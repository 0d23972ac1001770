"""The newest endpoint lists over whatever knowledge is the base, in every process: it looks whether the rows changed, and hands over.

Which list is used: what was confirmed last. So a list shipped with newer software stands over one the service has not confirmed since.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from judge.knowledge.endpoints import EndpointList, Instance
from judge.knowledge.model import Knowledge
from judge.knowledge.renewal import with_list
from server.feed.answers import BadAnswer, read_list
from server.state import feed
from server.state.database import STATE_FAULTS, Database
from server.state.feed import FeedRow

LOOK_S = 15.0
"""How late a process judges by a list another one fetched: one small statement each time."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list the service gave: `version`, and the day it was confirmed last (YYYYMMDD)."""

    version: str
    confirmed: str
    listed: EndpointList


class Following:
    """What this process knows of the fetched lists. `base` is the knowledge without them."""

    def __init__(self, database: Database, base: Knowledge) -> None:
        self._database = database
        self._base = base
        self._fetched: dict[Instance, Fetched] = {}
        self.heads: dict[str, FeedRow] = {}
        """The rows as they were at the last look, without their lists."""

    def over(self, base: Knowledge) -> Knowledge:
        """Return another base with the fetched lists over it, and remember it."""
        self._base = base
        return overlaid(base, self._fetched)

    async def look(self) -> Knowledge | None:
        """Return the knowledge by newer lists when there are any, else None. A row that cannot be read is as if it were not there."""
        async with self._database.reading() as transaction:
            seen, self.heads = self.heads, await feed.heads(transaction)
            if _state(seen) == _state(self.heads):
                return None
            rows = await feed.rows(transaction)
        fetched: dict[Instance, Fetched] = {}
        for instance in get_args(Instance):
            row = rows.get(instance)
            if row is not None and row.version:
                try:
                    fetched[instance] = Fetched(row.version, _day(row.checked_ns), read_list(row.body)[0])
                except BadAnswer as bad:
                    _log.warning("the stored endpoint list of %s cannot be read: %s; the shipped one is used", instance, bad)
        before, self._fetched = overlaid(self._base, self._fetched), fetched
        now = overlaid(self._base, fetched)
        return None if now.version == before.version else now

    async def run(self, adopt: Callable[[Knowledge], None], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Look again for ever, and hand over each new knowledge."""
        while True:
            await sleep(LOOK_S)
            try:
                found = await self.look()
            except STATE_FAULTS as error:
                _log.debug("endpoint lists cannot be read: %s", type(error).__name__)  # the collector says so, once
                continue
            if found is not None:
                adopt(found)


def _state(heads: Mapping[str, FeedRow]) -> dict[str, tuple[str, str]]:
    return {instance: (row.version, _day(row.checked_ns)) for instance, row in heads.items() if row.version}


def overlaid(base: Knowledge, fetched: Mapping[Instance, Fetched]) -> Knowledge:
    """Return the base with each fetched list that was confirmed on or after the day of the base's own."""
    knowledge = base
    for instance, one in sorted(fetched.items()):
        if max(one.version[:8], one.confirmed) >= base.lists[instance][:8]:
            knowledge = with_list(knowledge, instance, one.listed, one.version)
    return knowledge


def _day(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 10**9, UTC).strftime("%Y%m%d")
