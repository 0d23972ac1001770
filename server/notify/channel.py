"""The one thing a way out of the house must do: take a letter or say why not. Types only; each way has a file of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """A letter as it is sent. `key` is the same however often it is sent; `plain`: its JSON object (`notices/wording.py`)."""

    key: str
    subject: str
    text: str
    plain: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a parcel. `trouble` is empty when it was taken; it holds no secret. `retry_after_s`: what the receiver asked for."""

    trouble: str = ""
    retry_after_s: float = 0.0


class Channel(Protocol):
    """One way to one receiver."""

    async def send(self, parcel: Parcel) -> Outcome:
        """Send one parcel, once, within a time limit of its own (at most 30 s). Failures are outcomes; it raises on our own bugs only."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...
