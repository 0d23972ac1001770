"""What a person asks of the feed, for the API and the command line alike: how the lists stand, ask now, what a change means today."""

import json
from dataclasses import dataclass
from typing import Any

from judge.knowledge.endpoints import Instance
from judge.knowledge.model import Knowledge
from server.feed.changes import Difference, Listed, Moved
from server.feed.joining import Joined, join, sentence
from server.feed.section import FeedSection
from server.feed.situation import situation
from server.feed.standing import ListStanding, standing
from server.history.port import History
from server.state import events, feed
from server.state.database import Database
from server.state.events import EventRow, Wanted

MOST_CHANGES = 1000
"""Events looked through for one version: an instance has about twelve a year."""


class NotNow(Exception):  # noqa: N818 - an answer, named as it is told
    """It cannot be done; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """One stored change with what is known now: `event` as it was told, `names` and `sentence` as they would be told today."""

    event: EventRow
    body: dict[str, Any]
    names: tuple[Joined, ...]
    sentence: str


async def lists_now(database: Database, knowledge: Knowledge, instances: tuple[Instance, ...], now_ns: int) -> list[ListStanding]:
    """Return how the list of each instance stands."""
    async with database.reading() as transaction:
        heads = await feed.heads(transaction)
    return [standing(one, knowledge.lists[one], heads.get(one), now_ns) for one in instances]


async def ask_now(database: Database, section: FeedSection, now_ns: int) -> list[Instance]:
    """Have the watcher ask as soon as it looks; return for which instances. Raises NotNow: off, or asked within the hour."""
    if not section.enabled:
        raise NotNow("the feed is off; write enabled = true into [feed] and start the centre again")
    async with database.writing() as transaction:
        heads = await feed.heads(transaction)
        free = [one for one in section.instances if one not in heads or now_ns >= heads[one].free_ns]
        if not free:
            minutes = -(-(min(heads[one].free_ns for one in section.instances) - now_ns) // (60 * 10**9))
            raise NotNow(f"asked within the hour, and Microsoft asks for no more; it can be asked again in {minutes} min")
        await feed.ask_soon(transaction, free)
    return free


async def changes(database: Database, before: int, limit: int) -> list[tuple[int, EventRow]]:
    """Return the changes that were told, newest first, below an event's id (0: all)."""
    async with database.reading() as transaction:
        return list(await events.listed(transaction, Wanted(kind="feed-changed", before=before), limit))


async def change(
    database: Database, history: History, knowledge: Knowledge, instance: str, version: str, now_ns: int, tenant: str
) -> Change | None:
    """Return one change joined with what is known now, None when none was told. Raises Unavailable."""
    async with database.reading() as transaction:
        told = await events.listed(transaction, Wanted(kind="feed-changed", scope=instance), MOST_CHANGES)
    event = next((row for _, row in told if str(row.episode) == version), None)
    if event is None:
        return None
    body: dict[str, Any] = json.loads(event.body)
    changed = _difference(body)
    listed = next(lists for one, lists in knowledge.instances.items() if one == instance)
    here = await situation(database, history, now_ns)
    dates = {one["name"]: one["from_day"] for one in body["names"] if one["from_day"]}
    joined = join(changed, dates, listed, here.said, here.pac_files, tenant)
    return Change(event, body, joined, sentence(instance, version, changed, joined))


def _difference(body: dict[str, Any]) -> Difference:
    """Return what a told change was."""
    before = {one["name"]: one["before"] for one in body["moved"]}
    names = _rows(body["names"])
    moved = tuple(Moved(before[one.name], one) for one in names if one.name in before)
    added = tuple(one for one in names if one.name not in before)
    return Difference(added, _rows(body["removed"]), moved, _rows(body["prefixes_added"]), _rows(body["prefixes_removed"]))


def _rows(plain: list[dict[str, Any]]) -> tuple[Listed, ...]:
    return tuple(Listed(**{field: one[field] for field in Listed.__dataclass_fields__}) for one in plain)
