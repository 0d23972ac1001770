"""Which endpoint list is in use, where it came from and how old it is: in values for the API, in a sentence for a person. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from judge.knowledge.endpoints import Instance
from server.feed.deciding import HOUR_NS, STALE_NS
from server.state.feed import FeedRow

DAY_NS = 24 * HOUR_NS


@dataclass(frozen=True, slots=True)
class ListStanding:
    """One instance's list. `age_ns`: since the service confirmed it; of a shipped list since the day it was made."""

    instance: Instance
    version: str
    source: Literal["shipped", "service"]
    age_ns: int
    next_ns: int = 0
    failures: int = 0
    trouble: str = ""

    @property
    def old(self) -> bool:
        """Return whether names may be missing from it: a week, as for `feed-stale`."""
        return self.age_ns >= STALE_NS


def standing(instance: Instance, version: str, row: FeedRow | None, now_ns: int) -> ListStanding:
    """Return how the list in use (`version`) stands; `row` is the feed's, if it was ever asked."""
    if row is not None and row.version == version:
        return ListStanding(instance, version, "service", max(0, now_ns - row.checked_ns), row.next_ns, row.failures, row.trouble)
    age_ns = max(0, now_ns - _made_ns(version))
    if row is None:
        return ListStanding(instance, version, "shipped", age_ns)
    return ListStanding(instance, version, "shipped", age_ns, row.next_ns, row.failures, row.trouble)


def words(lists: Mapping[Instance, str], heads: Mapping[str, FeedRow], asked: tuple[Instance, ...], now_ns: int, *, enabled: bool) -> str:
    """Return one sentence about the lists of these instances."""
    return "; ".join(_words(standing(one, lists[one], heads.get(one), now_ns), enabled=enabled) for one in asked)


def _words(one: ListStanding, *, enabled: bool) -> str:
    if one.source == "service":
        text = f"{one.instance}: version {one.version} of the service, confirmed {age(one.age_ns)} ago"
    else:
        text = f"{one.instance}: the shipped list of {one.version[:4]}-{one.version[4:6]}-{one.version[6:8]}, {age(one.age_ns)} old"
        text += "" if enabled else "; the feed is off"
    return f"{text}; {one.trouble}" if one.trouble and enabled else text


def age(age_ns: int) -> str:
    """Return an age in its largest whole unit."""
    for size, name in ((DAY_NS, "day"), (HOUR_NS, "hour"), (60 * 10**9, "minute")):
        if age_ns >= size:
            count = age_ns // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"


def _made_ns(version: str) -> int:
    try:
        return int(datetime.strptime(version[:8], "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 10**9
    except ValueError:
        return 0
