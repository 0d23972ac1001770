"""Holds the alerts against the outages: one alert for each cause, none for planned work, none where nothing was out of reach. Pure.

An alert belongs to the outage its events fell into: by their site and the time they are of. Where two strike a site at once it is the one
that began last.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.replay_world.alerting import Alert, Part
from benchmarks.replay_world.fleet import CADENCE, HOUR, Stay
from benchmarks.replay_world.noise import Outage
from benchmarks.replay_world.world import World

OF_SITES = frozenset({"site-down", "site-silent"})
OF_AGENTS = frozenset({"agent-silent", "agent-lagging"})
"""What an outage may be told as. What a machine is told of for its own sake (its clock, its plan) has no outage as its cause."""
BEFORE = 2 * CADENCE
"""A silence is dated by the last report that came."""
AFTER = HOUR
"""What agents bring when it is over may still tell of it."""


@dataclass(slots=True)
class Struck:
    """One outage or planned work, and the alerts it gave."""

    outage: Outage
    alerts: list[Alert] = field(default_factory=list)

    def told_by(self, alert: Alert, part: Part) -> bool:
        """Return whether a letter was written after an event, while the outage is news: an older one was of other things."""
        return any(part.made_ns <= at_ns <= self.outage.end_ns + AFTER for at_ns in alert.letters)

    @property
    def planned(self) -> bool:
        """Return whether it is maintenance: that is told to nobody."""
        return self.outage.kind == "maintenance"


@dataclass(slots=True)
class Outages:
    """All of them, and the alerts of something out of reach that belong to none."""

    struck: list[Struck]
    strange: list[Alert]

    @property
    def causes(self) -> list[Struck]:
        """Return those that are to be told."""
        return [one for one in self.struck if not one.planned]

    @property
    def once(self) -> int:
        """Return how many were told as one alert."""
        return sum(len(one.alerts) == 1 for one in self.causes)

    @property
    def most(self) -> int:
        """Return the most alerts that one of them gave."""
        return max((len(one.alerts) for one in self.causes), default=0)

    @property
    def unmuted(self) -> int:
        """Return how many alerts planned work gave."""
        return sum(len(one.alerts) for one in self.struck if one.planned)

    def hold(self) -> bool:
        """Return whether each was told once, planned work never, and nothing else as an outage."""
        return self.once == len(self.causes) and not (self.unmuted or self.strange)


def outages(world: World, alerts: Sequence[Alert]) -> Outages:
    """Return which alerts each outage gave."""
    awake = {agent.name: agent.stays for agent in world.fleet.agents}
    found = Outages([Struck(one) for one in [*world.noise.outages, *world.noise.maintained]], [])
    for alert in alerts:
        begun = [part for part in alert.parts if part.kind in OF_SITES or (part.kind in OF_AGENTS and _awake(awake[part.scope], part))]
        if not begun:
            continue
        causes = [(part, _cause(found.struck, part)) for part in begun]
        known = [one for part, one in causes if one is not None and one.told_by(alert, part)]
        real = [one for one in known if not one.planned] or known
        if any(one is None for _, one in causes):
            found.strange.append(alert)
        for one in {id(one): one for one in real}.values():
            one.alerts.append(alert)
    return found


def _awake(stays: Sequence[Stay], part: Part) -> bool:
    """Return whether an agent would have reported: of one that sleeps it is right that it is silent, and no outage's doing."""
    return any(stay.start_ns <= part.at_ns and part.made_ns <= stay.end_ns for stay in stays)


def _cause(struck: Sequence[Struck], part: Part) -> Struck | None:
    """Return the newest outage an event may be of."""
    mine = [
        one for one in struck if part.site in one.outage.places and one.outage.start_ns - BEFORE <= part.at_ns <= one.outage.end_ns + AFTER
    ]
    return max(mine, key=lambda one: one.outage.start_ns, default=None)


def table(result: Outages) -> list[str]:
    """Return a line for each outage, with the loudest word it was told by; planned work is one line together."""
    lines = [f"{'outage':26} {'sites':>5} {'lasts':>8} {'told':>8} {'as':>4}  alerts"]
    for one in result.causes:
        outage = one.outage
        name = f"{outage.kind} {outage.places[0]}" if len(outage.places) == 1 else outage.kind
        told = min((at_ns for alert in one.alerts for at_ns in alert.letters if at_ns > outage.start_ns), default=None)
        after = "-" if told is None else f"{(told - outage.start_ns) / 60e9:.0f} min"
        loudest = min((part.severity for alert in one.alerts for part in alert.parts), default="-")
        lasts, mark = f"{(outage.end_ns - outage.start_ns) / 60e9:.0f} min", "" if len(one.alerts) == 1 else "  <- not once"
        lines.append(f"{name:26} {len(outage.places):5} {lasts:>8} {after:>8} {loudest:>4}  {len(one.alerts)}{mark}")
    planned = [one for one in result.struck if one.planned]
    mark = "  <- not muted" if result.unmuted else ""
    lines.append(f"{'planned work':26} {len(planned):5} {'':8} {'':8} {'':4}  {result.unmuted}{mark}")
    strange = Counter(part.kind for alert in result.strange for part in alert.parts[:1])
    return [*lines, *(f"STRANGE {kind}: {count} alerts where nothing was out of reach" for kind, count in strange.items())]
