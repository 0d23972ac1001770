"""What an alert is made of: parts, one for each event it holds. Data and the words for it; the rules are beside it.

An alert is one cause at one site, one device wherever it is seen, or one kind of trouble at many sites at once. It is open while one of
its problems is, and is closed by evidence only. Parts of kinds that nothing ends (a moved egress) leave it open for a day of quiet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from server.watcher.kinds import KINDS
from wire.codec import content_id

RANK: Final[Mapping[str, int]] = MappingProxyType({"P1": 1, "P2": 2, "P3": 3, "P4": 4, "none": 5})
"""Loudest first; `none` is told to nobody."""
ENDED_BY: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {kind: frozenset(name for name, other in KINDS.items() if kind in other.ends) for kind in KINDS}
)
"""Kind to the kinds that are its good end."""
PROBLEM, NOTE, END = "problem", "note", "end"
MAINTENANCE, SITE, BEFORE = "maintenance", "site", "before"
"""Why a part is muted: its site's maintenance, its site being down or silent, told before notices began."""
SITELESS: Final = frozenset({"feed", "trust", "case"})
"""Causes whose scope is what they are about: an instance's list, an authority, a case. A site may still be named in the body."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as notices see it. `id` is its row; `site` is the one it is about, or empty, `region` that site's; times in Unix ns.

    `over`: the one kind an end is the end of, when its kind ends several; empty for all of them.
    """

    id: int
    identity: str
    kind: str
    severity: str
    device: str
    scope: str
    site: str
    at_ns: int
    region: str = ""
    over: str = ""


@dataclass(slots=True)
class Part:
    """One event inside an alert. `what`: problem, note or end. `over_ns` is 0 while a problem is so; `ends` is the problem an end ended.

    `weight` is the severity it is told by: its own, an end's that of the problem it ended. `mute` says why it is not told on its own.
    `released`: its letters are made, or it will be told in a digest.
    """

    event: Seen
    alert: str
    what: str
    noted_ns: int
    weight: str
    over_ns: int = 0
    ends: int = 0
    mute: str = ""
    mute_until_ns: int = 0
    released: bool = False

    @property
    def open(self) -> bool:
        """Return whether it is a problem that is still so."""
        return self.what == PROBLEM and not self.over_ns


@dataclass(slots=True)
class Alert:
    """One alert. `severity` is the loudest it held; `release_ns`: when it is looked at for letters next, 0 for never.

    `told` counts letters by target. `into` names the alert that took its parts over.
    """

    id: str
    key: str
    cause: str
    severity: str
    opened_ns: int
    changed_ns: int
    closed_ns: int = 0
    release_ns: int = 0
    told_ns: int = 0
    told_severity: str = "none"
    into: str = ""
    acknowledged_by: str = ""
    acknowledged_ns: int = 0
    told: dict[str, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)


def is_problem(kind: str) -> bool:
    """Return whether something ends events of a kind: then they are so until it comes."""
    return bool(ENDED_BY[kind])


def key_of(event: Seen) -> str:
    """Return what an event's alert is about: a device wherever it is, otherwise a cause at a site."""
    cause = KINDS[event.kind].cause
    if event.device:
        return f"device|{event.device}"
    return f"{cause}|{event.scope if cause in SITELESS else event.site or event.scope}"


def alert_id(key: str, first: Seen) -> str:
    """Return an alert's id: the same events make the same alert, on a replay too."""
    return content_id(f"{key}|{first.identity}".encode())


def louder(one: str, other: str) -> str:
    """Return the louder of two severities."""
    return one if RANK[one] <= RANK[other] else other
