"""A site's scores as Microsoft computes them, from samples of three days; Teams' is our own. Pure: series in, points out.

Median of the TCP latency for Exchange, 25th percentile of the download speed for SharePoint (facts m365 §3.4); none of fewer than 24
samples. The newest real sample of each five minutes stands for them: 864 at most, taken evenly over the days, none of them a mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from judge.knowledge.assessment import Assessment
from judge.scores import MediaSample, Score, score, teams_score

WINDOW_NS: Final = 3 * 86_400 * 10**9
STEP_NS: Final = 300 * 10**9
BITS: Final = 8.0
"""Megabits to megabytes."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One series a score is made of."""

    measurement: str
    field: str
    where: Mapping[str, str]


ASKED: Final[Mapping[str, Ask]] = {
    "connect_ms": Ask("web", "connect_ms", {"workload": "Exchange", "category": "Optimize", "route": "direct"}),
    "throughput_mbps": Ask("web", "throughput_mbps", {"workload": "SharePoint", "route": "direct"}),
    "rtt_ms": Ask("media", "rtt_ms", {"route": "direct"}),
    "jitter_ms": Ask("media", "jitter_ms", {"route": "direct"}),
    "loss_percent": Ask("media", "loss_percent", {"route": "direct"}),
}
Series = Sequence[tuple[int, float | None]]


@dataclass(slots=True)
class Kept:
    """A site's samples by series and step (Unix ns). They are read again whole after a restart, so nothing stores them twice."""

    values: dict[str, dict[int, float]] = field(default_factory=dict)
    until_ns: int = 0

    def take(self, name: str, series: Series, now_ns: int) -> None:
        """Take a series in; what is newer replaces what was read of its steps before, what is older than the window goes."""
        mine = self.values.setdefault(name, {})
        mine.update({at_ns: value for at_ns, value in series if value is not None})
        for at_ns in [at_ns for at_ns in mine if at_ns < now_ns - WINDOW_NS]:
            del mine[at_ns]


def span(kept: Kept, now_ns: int) -> tuple[int, int]:
    """Return from when to when to read: all three days at first, then since two hours before the last reading, for what came late."""
    end_ns = now_ns // STEP_NS * STEP_NS
    oldest_ns = end_ns - WINDOW_NS
    return max(oldest_ns, kept.until_ns - 2 * 3600 * 10**9 if kept.until_ns else oldest_ns), end_ns


def scores_of(kept: Kept, assessment: Assessment) -> dict[str, Score]:
    """Return the scores of Exchange, SharePoint and Teams; one without enough samples says so."""
    values = kept.values
    latency = list(values.get("connect_ms", {}).values())
    speed = [one / BITS for one in values.get("throughput_mbps", {}).values()]
    rtt, jitter, loss = (values.get(name, {}) for name in ("rtt_ms", "jitter_ms", "loss_percent"))
    media = [MediaSample(rtt[at], jitter[at], loss[at]) for at in sorted(rtt.keys() & jitter.keys() & loss.keys())]
    return {
        "exchange": score("Exchange", latency, assessment),
        "sharepoint": score("SharePoint", speed, assessment),
        "teams": teams_score(media, assessment),
    }
