"""The feed as a duty of the active watcher: asks the service when its hour has come, stores a newer list with the event that tells it.

The network is asked outside any transaction; before that the row is claimed, so that a crash or a second watcher asks nobody twice.
"""

import contextlib
import json
import logging
from collections.abc import Callable
from typing import get_args

from judge.knowledge.endpoints import EndpointList, Instance
from judge.knowledge.model import Knowledge
from server.feed import deciding
from server.feed.answers import BadAnswer, read_list
from server.feed.asking import Failed, Newer, Outcome, Same, ask
from server.feed.changes import difference
from server.feed.client import Service, WebService
from server.feed.joining import join, sentence, told
from server.feed.section import FeedSection
from server.feed.situation import Situation, situation
from server.history.port import History, Unavailable
from server.means import Means
from server.state import feed
from server.state.events import EventRow
from server.state.feed import FeedRow
from server.watcher.kinds import KINDS
from server.watcher.leading import Leadership
from server.watcher.telling import printable, publish

DAY_NS = 24 * deciding.HOUR_NS
_log = logging.getLogger(__name__)


class FeedDuty:
    """A duty. `every_s`: how late after its hour an instance is asked for, at most."""

    name = "feed"
    every_s = 10.0

    def __init__(self, section: FeedSection, service: Service, knowledge: Callable[[], Knowledge], history: History, tenant: str) -> None:
        self._section = section
        self._service = service
        self._knowledge = knowledge
        self._history = history
        self._tenant = tenant

    async def step(self, lead: Leadership) -> None:
        """Ask for each instance that is due, then tell what has gone stale."""
        for instance in self._section.instances:
            row = await self._claim(lead, instance)
            if row is not None:
                await self._settle(lead, row, instance, await self._ask(row, instance))
        await self._tell_stale(lead)

    async def _claim(self, lead: Leadership, instance: Instance) -> FeedRow | None:
        """Return the row of an instance that is due, noted as being asked for; None when it is not."""
        async with lead.database.reading() as transaction:
            row = (await feed.heads(transaction)).get(instance)
        if row is not None and not deciding.due(row, lead.now()):
            return None
        async with lead.writing() as transaction:
            await feed.introduce(lead.database, transaction, [instance], lead.now())
            row = (await feed.rows(transaction))[instance]
            if not deciding.due(row, lead.now()):
                return None
            await feed.save(transaction, deciding.claimed(row, lead.now()))
        return row

    async def _ask(self, row: FeedRow, instance: Instance) -> Outcome:
        known = dict(self._knowledge().instances)
        known[instance] = self._held(row, instance)
        return await ask(self._service, row, instance, known, self._before(row, instance), self._section.tenant)

    async def _settle(self, lead: Leadership, row: FeedRow, instance: Instance, outcome: Outcome) -> None:
        now_ns = lead.now()
        event = await self._event(lead, row, instance, outcome, now_ns) if isinstance(outcome, Newer) else None
        match outcome:
            case Failed():
                after = deciding.failed(row, outcome.trouble, outcome.retry_after_s, now_ns, reached=outcome.reached)
            case Same(note):
                after = deciding.confirmed(row, now_ns, note)
            case Newer():
                after = deciding.taken(row, outcome.version, outcome.body, now_ns, outcome.note)
        async with lead.writing() as transaction:
            await feed.save(transaction, after)
            if event is not None:
                await publish(lead.database, transaction, event, now_ns)
        if after.trouble and after.trouble != row.trouble:
            _log.warning("endpoint list of %s: %s; the list in use stays in use", instance, after.trouble)
        if isinstance(outcome, Newer):
            _log.info("endpoint list of %s: version %s taken", instance, outcome.version)

    async def _event(self, lead: Leadership, row: FeedRow, instance: Instance, newer: Newer, now_ns: int) -> EventRow | None:
        """Return what is told of a newer list, None when nothing in it changed for anybody."""
        changed = difference(self._held(row, instance), newer.listed)
        if not changed:
            return None
        try:
            here = await situation(lead.database, self._history, now_ns)
        except Unavailable:
            here = Situation((), ())  # the list is not kept waiting for what may be asked for later (GET /feed/changes)
        joined = join(changed, newer.dates, newer.listed, here.said, here.pac_files, self._tenant)
        text = printable(sentence(instance, newer.version, changed, joined))
        body = told(instance, newer.version, self._before(row, instance), changed, joined)
        severity = KINDS["feed-changed"].severity
        return EventRow("feed-changed", severity, "", instance, int(newer.version), now_ns, now_ns, text, json.dumps(body).encode())

    def _held(self, row: FeedRow, instance: Instance) -> EndpointList:
        """Return the list to compare with: the newest of the service; before there is one that can be read, that in use."""
        with contextlib.suppress(BadAnswer):
            return read_list(row.body)[0]
        return self._knowledge().instances[instance]

    def _before(self, row: FeedRow, instance: Instance) -> str:
        return row.version or self._knowledge().lists[instance]

    async def _tell_stale(self, lead: Leadership) -> None:
        now_ns = lead.now()
        async with lead.database.reading() as transaction:
            stale = [row for row in (await feed.heads(transaction)).values() if self._is_stale(row, now_ns)]
        for row in stale:
            async with lead.writing() as transaction:
                await feed.save(transaction, deciding.told((await feed.rows(transaction))[row.instance]))
                await publish(lead.database, transaction, self._stale_event(row, now_ns), now_ns)

    def _is_stale(self, row: FeedRow, now_ns: int) -> bool:
        return row.instance in self._section.instances and deciding.is_stale(row, now_ns)

    def _stale_event(self, row: FeedRow, now_ns: int) -> EventRow:
        since_ns = max(row.checked_ns, row.since_ns)
        days = (now_ns - since_ns) // DAY_NS
        instance = next(one for one in get_args(Instance) if one == row.instance)
        text = (
            f"Microsoft's endpoint list ({row.instance}) could not be fetched for {days} days; version {self._before(row, instance)} "
            f"is in use, newer names are not known. Last trouble: {row.trouble or 'none'}. "
            f"Who runs the centre: let it reach {self._section.url}."
        )
        body = {"instance": row.instance, "since_ns": since_ns, "failures": row.failures, "trouble": row.trouble}
        severity = KINDS["feed-stale"].severity
        return EventRow(
            "feed-stale", severity, "", row.instance, row.episode + 1, now_ns, now_ns, printable(text), json.dumps(body).encode()
        )


def feed_of(means: Means) -> FeedDuty | None:
    """Return the duty of a configuration, None where the feed is off."""
    section, tenant = means.settings.feed, means.settings.plans.tenant
    if not section.enabled:
        return None
    return FeedDuty(section, WebService(section.url, section.proxy), means.knowledge, means.history, tenant)
