"""Tells an event, once: its row, and its letter to the history, in the caller's transaction. The table's constraint decides what is new.

Who is notified is read from the rows later (`server/watcher/notices/`); whoever decides something only calls `publish`.
"""

from server.state import events, outbox
from server.state.database import Database, Transaction
from server.watcher.kinds import KINDS
from server.watcher.points import event_point
from wire.codec import content_id

LONGEST_SENTENCE = 4096


async def publish(database: Database, transaction: Transaction, event: events.EventRow, now_ns: int) -> bool:
    """Tell an event unless it was told; return whether it is new. Severity `none` is recorded and told to nobody.

    Raises KeyError for a kind that is not in `KINDS`.
    """
    KINDS[event.kind]
    told = await events.tell(database, transaction, event)
    if told is None:
        return False
    if event.severity != "none":
        key = f"history:{content_id(event.identity.encode())}"
        await outbox.put(database, transaction, "history", key, event_point(event, told), now_ns)
    return True


def printable(text: str, length: int = LONGEST_SENTENCE) -> str:
    """Return a text as its column takes it: PostgreSQL has no NUL, and what a stranger's certificate says must not stop the watcher."""
    return text.replace("\0", "")[:length]
