"""The ingest port: what a source of reports gives the collector, and takes from it. Types only."""

from dataclasses import dataclass
from typing import Protocol

from wire.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came.

    `quarantine_id` is not 0 when it is a replay from quarantine. `refused` says why it goes to quarantine unread (our own fault then).
    """

    topic: str
    payload: bytes
    received_ns: int
    quarantine_id: int = 0
    refused: str = ""


class Replies(Protocol):
    """Where receipts go. A receipt may be lost: the agent resends, and a duplicate is answered again."""

    async def receipt(self, agent: str, receipt: Receipt) -> None:
        """Send one receipt to one agent."""
        ...
