"""Trouble that begins and ends with hysteresis: one pure state machine for agents and sites. Time is an argument.

`well` → `doubt` (wrong, not for long enough) → `bad` (told) → `easing` (right, not for long enough) → `well` (its end told). Whether
something is wrong may be unknown: then nothing moves, for a good end needs positive evidence.
"""

from dataclasses import dataclass, replace
from typing import Literal

State = Literal["well", "doubt", "bad", "easing"]
Told = Literal["begins", "ends"]


@dataclass(frozen=True, slots=True)
class Episode:
    """`since_ns` is when the present state began; of `bad` it is when the trouble did. `number` counts the times it was told."""

    state: State = "well"
    since_ns: int = 0
    number: int = 0

    @property
    def told(self) -> bool:
        """Return whether people know it as going on."""
        return self.state in {"bad", "easing"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something must be wrong before it is told, and right before its end is."""

    opens_ns: int = 0
    closes_ns: int = 0


def step(before: Episode, *, wrong: bool | None, since_ns: int, now_ns: int, patience: Patience) -> tuple[Episode, Told | None]:
    """Return the episode after a look, and what is to be told. `since_ns`: since when it is what it is now, as far as that is known."""
    if wrong is None:
        return before, None
    if wrong:
        return _wrong(before, since_ns, now_ns, patience.opens_ns)
    return _right(before, now_ns, patience.closes_ns)


def _wrong(before: Episode, since_ns: int, now_ns: int, opens_ns: int) -> tuple[Episode, Told | None]:
    if before.state == "bad":
        return before, None
    if before.state == "easing":  # it was not over; when it began is in the event
        return replace(before, state="bad", since_ns=now_ns), None
    began_ns = before.since_ns if before.state == "doubt" else min(since_ns, now_ns)
    if now_ns - began_ns >= opens_ns:
        return Episode("bad", began_ns, before.number + 1), "begins"
    return (before if before.state == "doubt" else Episode("doubt", began_ns, before.number)), None


def _right(before: Episode, now_ns: int, closes_ns: int) -> tuple[Episode, Told | None]:
    if before.state == "well":
        return before, None
    if before.state == "doubt":
        return Episode("well", now_ns, before.number), None
    easing = before if before.state == "easing" else Episode("easing", now_ns, before.number)
    if now_ns - easing.since_ns >= closes_ns:
        return Episode("well", now_ns, before.number), "ends"
    return easing, None
