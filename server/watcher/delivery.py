"""Delivers the outbox's letters to the history store. May repeat, never loses: a point written twice is one row.

A letter goes only after the store has it. A point the store will never take is dropped here with its reason in the log; the event
itself stays in the state database.
"""

import logging

from server.history.port import History, Unavailable
from server.state import outbox
from server.state.database import Database
from server.watcher.points import read_point

CHANNEL = "history"
BATCH = 500
"""Letters per write: a tenth of InfluxDB's best batch, and events are rare."""
LONGEST_WAIT_NS = 300 * 10**9
"""Back-off doubles from what the store asks for to five minutes: an event is then at most that late after an outage."""
_log = logging.getLogger(__name__)


async def deliver(database: Database, history: History, now_ns: int) -> int:
    """Write what is due and return how many letters are done. When the store is away they wait, and 0 is returned."""
    async with database.reading() as transaction:
        letters = await outbox.due(transaction, CHANNEL, now_ns, BATCH)
    if not letters:
        return 0
    try:
        rejected = await history.write("mw_event", [read_point(letter.body) for letter in letters])
    except Unavailable as away:
        _log.warning("events wait for the history store: %s", away)
        wait = {one.id: min(LONGEST_WAIT_NS, int(away.retry_after * 10**9) << min(one.tries, 16)) for one in letters}
        async with database.writing() as transaction:
            await outbox.postpone(transaction, {letter: now_ns + pause for letter, pause in wait.items()})
        return 0
    for one in rejected:
        _log.error("the history store refused an event (%s: %s): %s", one.reason, one.message, one.point.fields.get("sentence"))
    async with database.writing() as transaction:
        await outbox.sent(transaction, [letter.id for letter in letters])
    return len(letters)
