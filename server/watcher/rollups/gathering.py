"""Raw points to tallies: what of which measurement counts. Pure; whoever has the points gives them.

A sample that is `suspect` (the agent's loop lagged) has no times that count. A `repeat` (asked again at once because something had
changed) counts for nothing: one moment would weigh twice.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from server.history.port import Point
from server.watcher.beside import kind_of
from server.watcher.rollups.tally import PHASES, Key, Tally
from server.watcher.turns import CONCLUSIVE

_WEB: Final = tuple(phase for phase in PHASES if phase not in {"rtt_ms", "tax_ms"})
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "web": (*_WEB, "failure", "suspect", "repeat"),
    "media": ("rtt_ms", "suspect", "repeat"),
    "finding": ("verdict", "tax_ms"),
}
"""What is read of which measurement. A finding without a verdict is none; a web probe has a time or a failure."""


class Gathering:
    """Tallies of one site and one hour by key, while points come in."""

    def __init__(self) -> None:
        self._tallies: dict[Key, Tally] = {}
        self._agents: dict[Key, set[str]] = {}

    def take(self, points: Iterable[Point]) -> None:
        """Take points of one series in: they share their tags."""
        tally: Tally | None = None
        for point in points:
            if tally is None:
                tally, aside = self._of(dict(point.tags)), bool(kind_of(dict(point.tags).get("target", "")))
            if point.measurement == "finding":
                _finding(tally, point, aside=aside)
            elif not point.fields.get("repeat"):
                _sample(tally, point)

    def done(self) -> dict[Key, Tally]:
        """Return the tallies, keys sorted, agents counted."""
        for key, tally in self._tallies.items():
            tally.agents, tally.hours = len(self._agents[key]), 1
        return dict(sorted(self._tallies.items()))

    def _of(self, tags: dict[str, str]) -> Tally:
        key = Key(tags.get("workload", ""), tags.get("route", ""))
        self._agents.setdefault(key, set()).add(tags.get("agent", ""))
        return self._tallies.setdefault(key, Tally())


def _sample(tally: Tally, point: Point) -> None:
    fields = point.fields
    if point.measurement == "web":
        tally.count += 1
        tally.reached += "failure" not in fields
    if fields.get("suspect"):
        return
    for name, value in fields.items():
        if type(value) is float:
            tally.add(name, value)


def _finding(tally: Tally, point: Point, *, aside: bool) -> None:
    """Count a finding about an answer; those beside it (a lost protocol, a rewritten header) say nothing of who reads the traffic."""
    if not aside and point.fields.get("verdict") in CONCLUSIVE:
        tally.judged += 1
        tally.inspected += point.fields["verdict"] == "inspected"
    tax = point.fields.get("tax_ms")
    if type(tax) is float:
        tally.add("tax_ms", tax)
