"""Looks at each site's trend once a day, when its local day is summed up, and tells once what has become slower, and its end.

That a day was looked at is stored with what came of it, in one transaction of the holder of the lease.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from server.fleet.registry import Registry
from server.fleet.zones import zone_of
from server.state import events, rollups
from server.state.database import Database, Transaction
from server.state.events import EventRow
from server.state.rollups import DayRow, TrendRow
from server.watcher.kinds import KINDS
from server.watcher.leading import Leadership
from server.watcher.rollups.changes import LOOK_BACK_NS, LOOKED_AT, TOGETHER_NS, Found, changes_of, together
from server.watcher.rollups.due import GRACE_NS
from server.watcher.rollups.local_time import Stretch, day_at
from server.watcher.rollups.recovery import Level, kind_of, levels_of
from server.watcher.rollups.tally import Key
from server.watcher.rollups.trend import QUIET_LOOKS, Trend, looked, opens
from server.watcher.rollups.words import end_sentence, slower_sentence
from server.watcher.telling import printable, publish

KIND: Final = "latency-regressed"
MOST_EVENTS: Final = 1000


class TrendDuty:
    """The trends of all sites."""

    name = "trends"
    every_s = 600.0

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry

    async def step(self, lead: Leadership) -> None:
        """Look at every site whose newest whole day was not looked at."""
        async with self._database.reading() as transaction:
            known = await rollups.sites(transaction)
            done = await rollups.looked_at(transaction)
        for site, newest_ns in known:
            day = last_day(lead.now(), self._zone(site))
            before_ns, episode = done.get(site, (0, 0))
            if before_ns < day.start_ns <= newest_ns:
                await self._look(lead, site, day, episode)

    async def _look(self, lead: Leadership, site: str, day: Stretch, episode: int) -> None:
        async with self._database.reading() as transaction:
            rows = await rollups.days(transaction, site, day.start_ns - LOOK_BACK_NS, day.end_ns, LOOKED_AT)
            trends = {Key(one.workload, one.route): one for one in await rollups.trends(transaction, site)}
        if not any(row.start_ns == day.start_ns for row in rows):
            return
        found = changes_of(rows, zone_of(self._zone(site)))
        slower = {key for key, row in trends.items() if row.slower}
        after = {key: _looked(trends.get(key), found.get(key)) for key in sorted(found.keys() | slower)}
        ended = {key: after[key].since_ns for key in slower if not after[key].slower}
        fresh = [one for key, one in found.items() if one is not None and opens(_trend(trends.get(key)), after[key])]
        async with lead.writing() as transaction:
            if fresh:
                episode += 1
                await self._tell(transaction, site, fresh, episode, lead.now())
            if ended and not any(trend.slower for trend in after.values()):
                await self._tell_end(transaction, site, rows, ended, episode, lead.now())
            kept = [TrendRow(site, *key, trend.slower, trend.since_ns, trend.quiet) for key, trend in after.items() if trend != Trend()]
            await rollups.keep_look(transaction, site, day.start_ns, episode, kept)

    async def _tell(self, transaction: Transaction, site: str, fresh: Sequence[Found], episode: int, now_ns: int) -> None:
        changes = sorted(fresh, key=lambda one: -one.change.percent)
        with_it = together(changes[0].since_ns, await events_near(transaction, site, changes[0].since_ns))
        body = {"changes": [plain(one) for one in changes], "together": [_event(one) for one in with_it]}
        sentence = printable(slower_sentence(site, changes, with_it, self._zone(site)))
        row = EventRow(KIND, KINDS[KIND].severity, "", site, episode, changes[0].since_ns, now_ns, sentence, json.dumps(body).encode())
        await publish(self._database, transaction, row, now_ns)

    async def _tell_end(
        self, transaction: Transaction, site: str, rows: Sequence[DayRow], since: Mapping[Key, int], episode: int, now_ns: int
    ) -> None:
        """Tell that nothing at a site is slower any more, from the first of the looks that did not find it."""
        levels = levels_of(rows, since)
        kind = kind_of(levels)
        at_ns = sorted({row.start_ns for row in rows})[-QUIET_LOOKS:][0]
        sentence = printable(end_sentence(site, levels, self._zone(site)))
        body = json.dumps({"levels": [plain_level(one) for one in levels]}).encode()
        row = EventRow(kind, KINDS[kind].severity, "", site, episode, at_ns, now_ns, sentence, body)
        await publish(self._database, transaction, row, now_ns)

    def _zone(self, site: str) -> str:
        known = self._registry.sites.get(site)
        return known.zone if known else "UTC"


def last_day(now_ns: int, zone: str) -> Stretch:
    """Return the newest local day that is over and summed up: two graces after its end."""
    today = day_at(now_ns - 2 * GRACE_NS, zone_of(zone))
    return day_at(today.start_ns - 1, zone_of(zone))


async def events_near(transaction: Transaction, site: str, since_ns: int) -> Iterable[EventRow]:
    """Return a site's events around a time."""
    wanted = events.Wanted(scope=site, since_ns=since_ns - TOGETHER_NS, until_ns=since_ns + TOGETHER_NS + 1)
    return [row for _, row in await events.listed(transaction, wanted, MOST_EVENTS)]


def plain(found: Found) -> Mapping[str, str | int | float]:
    """Return a change as JSON has it; times in Unix ns, levels in ms."""
    change = found.change
    figures = {"before_ms": change.before, "after_ms": change.after, "percent": change.percent, "chance": change.chance}
    times = {"since_ns": found.since_ns, "until_ns": found.until_ns, "agents": found.agents}
    return {"workload": found.key.workload, "route": found.key.route, **figures, **times}


def plain_level(level: Level) -> Mapping[str, str | int | float | None]:
    """Return what became of a level as JSON has it; times in Unix ns, levels in ms, null where too few days are known."""
    figures = {"before_ms": level.before_ms, "now_ms": level.now_ms, "agents": level.agents}
    return {"workload": level.key.workload, "route": level.key.route, "since_ns": level.since_ns, **figures}


def _event(row: EventRow) -> Mapping[str, str | int]:
    return {"kind": row.kind, "at_ns": row.at_ns, "sentence": row.sentence}


def _trend(row: TrendRow | None) -> Trend:
    return Trend() if row is None else Trend(row.slower, row.since_ns, row.quiet)


def _looked(row: TrendRow | None, found: Found | None) -> Trend:
    return looked(_trend(row), None if found is None else found.change.percent, 0 if found is None else found.since_ns)
