"""Who is told what: a target's rule against one part of an alert. Pure; targets' addresses and secrets are not known here."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from server.watcher.kinds import KINDS
from server.watcher.notices.alert import END, MAINTENANCE, RANK, SITE, Part, Seen

Route = Literal["tell", "digest", "never"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one target wants. `sites` and `regions` are names, `*` stands for anything: one that fits is enough, none take all.

    `digest_hour`: when, in `zone`, it gets its daily digest; -1 for never.
    """

    name: str
    severity: str = "P3"
    sites: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    causes: frozenset[str] = frozenset()
    digest_hour: int = 8
    zone: str = "UTC"


def concerns(rule: Rule, event: Seen) -> bool:
    """Return whether an event is of a site and a cause the target asked for. What is of no site concerns everybody."""
    if rule.causes and KINDS[event.kind].cause not in rule.causes:
        return False
    if not event.site or not (rule.sites or rule.regions):
        return True
    named = any(fnmatchcase(event.site, pattern) for pattern in rule.sites)
    return named or any(fnmatchcase(event.region, pattern) for pattern in rule.regions)


def route(rule: Rule, part: Part) -> Route:
    """Return how a target hears of a part whose mute, if it has one, does not end any more.

    An end goes where its problem went, however quiet it is itself; severity `none` goes nowhere.
    """
    if part.event.severity == "none" or not concerns(rule, part.event):
        return "never"
    loud = RANK[part.weight] <= RANK[rule.severity]
    if part.what == END:
        return "tell" if loud and part.mute in {"", MAINTENANCE} else "never"
    return "tell" if loud and part.mute != SITE else "digest"
