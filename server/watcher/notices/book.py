"""Folds events into alerts: grouping, fleet-wide causes, muting, closing. Pure: a book of the open alerts, and time as an argument.

The book is loaded, folds a batch, and says what changed; who loads and stores it is `server/notify/folding.py`.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from server.watcher.kinds import KINDS
from server.watcher.notices.alert import (
    BEFORE,
    END,
    MAINTENANCE,
    NOTE,
    PROBLEM,
    RANK,
    SITE,
    Alert,
    Part,
    Seen,
    alert_id,
    is_problem,
    key_of,
    louder,
)

SECOND_NS: Final = 10**9
FLEET_CAUSES: Final = frozenset({"reach", "egress", "agent", "latency"})
"""Causes of one site each that become one alert when many sites have them at once. Devices are one alert by their key already."""
FLEET_WINDOW_NS: Final = 15 * 60 * SECOND_NS
"""Sites that begin to have one trouble within this share its cause: three cadences of the slowest plan (300 s), ours."""
FLEET_LEAST, FLEET_SHARE = 3, 0.02
"""So many sites, and this share of all: three sites of a small company, four of 200 (Microsoft's 30 % is per location, not per fleet)."""
QUIET_NS: Final = 24 * 3600 * SECOND_NS
"""An alert of notes only is closed after a day without another: nothing ever ends a moved egress."""
INHIBITED_CAUSES: Final = frozenset({"agent", "egress", "latency"})
INHIBITED_KINDS: Final = frozenset({"left", "summary-changed", "coverage-changed"})
INHIBITORS: Final = frozenset({"site-down", "site-silent"})

Muting = Callable[[str, int], int]
"""Site (empty: what is of none) and time to the end of the maintenance that mutes it then (Unix ns), 0 for none."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How events are folded. `wait_ns`: how long a letter waits for what belongs to it; `update_ns`: least time between updates."""

    muting: Muting = lambda _site, _at_ns: 0
    sites: int = 0
    wait_ns: int = 30 * SECOND_NS
    update_ns: int = 900 * SECOND_NS
    begin: int = 0
    """Events up to this row were there before notices began: folded, never told."""


class Book:
    """The alerts that are open or have letters due, with their open and unreleased parts. `touched` is what a fold changed."""

    def __init__(self, alerts: Iterable[Alert], terms: Terms) -> None:
        self.alerts = {one.id: one for one in alerts}
        self.terms = terms
        self.touched: set[str] = set()
        self._by_key = {one.key: one for one in self.alerts.values() if not one.into}
        self.merged: frozenset[str] = frozenset()
        """Devices with open problems that turned out to be another one: their end comes under that one's name."""
        self._open: dict[tuple[str, str, str], dict[int, Part]] = {}
        self._at: dict[str, dict[int, Part]] = {}
        self._recent: dict[str, dict[int, Part]] = {}
        self._sites: dict[str, set[str]] = {}
        for alert in self.alerts.values():
            for part in alert.parts:
                self._index(part)

    def _index(self, part: Part) -> None:
        event = part.event
        if part.open:
            self._open.setdefault((event.kind, event.device, event.scope), {})[event.id] = part
        self._at.setdefault(event.site, {})[event.id] = part
        if part.what != END and KINDS[event.kind].cause in FLEET_CAUSES:
            self._recent.setdefault(event.kind, {})[event.id] = part
            self._sites.setdefault(event.kind, set()).add(event.site)

    def fold(self, event: Seen, now_ns: int) -> None:
        """Take one event in. Of severity `none` only an end is taken: it closes, and is told to nobody."""
        if event.kind not in KINDS:
            return  # of a later version, then put back: its row stays, nobody here knows what it means
        ended = self._ended(event)
        if ended:
            self._end(event, ended, now_ns)
            return
        if event.severity == "none":
            return
        alert = self._alert(event, now_ns)
        part = self._part(alert, event, PROBLEM if is_problem(event.kind) else NOTE, now_ns)
        self._place(alert, part, now_ns)
        if part.open and event.kind in INHIBITORS:
            self._inhibit(event.site)

    def _ended(self, event: Seen) -> list[Part]:
        kinds = [kind for kind in KINDS[event.kind].ends if event.over in {"", kind}]
        devices = [event.device, *(sorted(self.merged) if event.device and not self.has_open(event) else ())]
        names = [(kind, device, event.scope) for device in devices for kind in kinds]
        return [part for name in names for part in self._open.get(name, {}).values()]

    def has_open(self, event: Seen) -> bool:
        """Return whether a problem of an event's own device and scope is so: if none is, its end may be that of a merged device."""
        return any(self._open.get((kind, event.device, event.scope)) for kind in KINDS[event.kind].ends)

    def devices(self) -> frozenset[str]:
        """Return the devices of which a problem is so."""
        return frozenset(device for (_, device, _), parts in self._open.items() if device and parts)

    def _end(self, event: Seen, ended: list[Part], now_ns: int) -> None:
        for number, part in enumerate(ended):
            part.over_ns = max(event.at_ns, part.event.at_ns)
            del self._open[(part.event.kind, part.event.device, part.event.scope)][part.event.id]
            alert = self.alerts[part.alert]
            if number == 0:
                end = self._part(alert, event, END, now_ns)
                end.ends, end.weight = part.event.id, part.weight
            self._settle(alert, now_ns)
            if part.event.kind in INHIBITORS:
                self._uninhibit(part.event.site, now_ns)

    def _settle(self, alert: Alert, now_ns: int) -> None:
        """Close an alert none of whose problems is still so; its last letter waits only for what belongs to it."""
        self.touched.add(alert.id)
        alert.changed_ns = max(alert.changed_ns, now_ns)
        if not any(part.open for part in alert.parts):
            alert.closed_ns = now_ns
            self._due(alert, now_ns + self.terms.wait_ns)
        else:
            self._due(alert, max(now_ns + self.terms.wait_ns, alert.told_ns + self.terms.update_ns if alert.told_ns else 0))

    def _alert(self, event: Seen, now_ns: int) -> Alert:
        fleet = self._by_key.get(f"fleet|{event.kind}")
        if fleet is not None and not fleet.closed_ns and event.at_ns - fleet.changed_ns <= FLEET_WINDOW_NS and _of_fleets(event):
            return fleet
        return self._keyed(key_of(event), event, now_ns)

    def _keyed(self, key: str, event: Seen, now_ns: int) -> Alert:
        found = self._by_key.get(key)
        if found is None:
            found = Alert(alert_id(key, event), key, KINDS[event.kind].cause, "none", event.at_ns, now_ns)
            self.alerts[found.id] = self._by_key[key] = found
        return found

    def _part(self, alert: Alert, event: Seen, what: str, now_ns: int) -> Part:
        part = Part(event, alert.id, what, now_ns, event.severity, mute=BEFORE if event.id <= self.terms.begin else "")
        until_ns = self.terms.muting(event.site, event.at_ns) if not part.mute else 0
        if until_ns:
            part.mute, part.mute_until_ns = MAINTENANCE, until_ns
        elif not part.mute and self.is_inhibited(event):
            part.mute = SITE
        if event.severity == "none" or part.mute == BEFORE:
            part.released = True
        alert.parts.append(part)
        self._index(part)
        self.touched.add(alert.id)
        return part

    def _place(self, alert: Alert, part: Part, now_ns: int) -> None:
        """Set what a new problem or note does to its alert: open again, louder, due; or many sites' one."""
        fleet = self._gathered(part, now_ns)
        alert = fleet or alert
        alert.closed_ns = 0
        alert.changed_ns = max(alert.changed_ns, now_ns)
        rises = RANK[part.event.severity] < RANK[alert.told_severity]
        alert.severity = louder(alert.severity, part.event.severity)
        if part.mute == MAINTENANCE:
            self._due(alert, part.mute_until_ns)
        elif not part.released:
            soon = now_ns + self.terms.wait_ns
            self._due(alert, soon if rises else max(soon, alert.told_ns + self.terms.update_ns))

    def _due(self, alert: Alert, at_ns: int) -> None:
        """Look at an alert at a time, unless it is looked at sooner."""
        alert.release_ns = min(alert.release_ns, at_ns) if alert.release_ns else at_ns

    def _gathered(self, part: Part, now_ns: int) -> Alert | None:
        """Return the one alert of a trouble that has come to many sites at once, having moved their parts into it; None otherwise."""
        event = part.event
        key = f"fleet|{event.kind}"
        known = self._by_key.get(key)
        if not _of_fleets(event) or part.alert == (known.id if known else ""):
            return None
        enough = max(FLEET_LEAST, math.ceil(self.terms.sites * FLEET_SHARE))
        if len(self._sites.get(event.kind, ())) < enough:
            return None  # at most so many: a fleet of agents at two sites is not looked through for each of them
        near = [
            one
            for one in self._recent[event.kind].values()
            if event.at_ns - one.event.at_ns <= FLEET_WINDOW_NS and (one.open or one.what != PROBLEM)
        ]
        if len({one.event.site for one in near}) < enough:
            return None
        fleet = self._keyed(key, min((one.event for one in near), key=lambda one: one.id), now_ns)
        for one in near:
            self._move(one, fleet, now_ns)
        return fleet

    def _move(self, part: Part, fleet: Alert, now_ns: int) -> None:
        source = self.alerts[part.alert]
        if source is fleet:
            return
        source.parts.remove(part)
        part.alert = fleet.id
        fleet.parts.append(part)
        fleet.opened_ns = min(fleet.opened_ns, part.event.at_ns)
        fleet.severity = louder(fleet.severity, part.event.severity)
        self.touched |= {source.id, fleet.id}
        if not source.parts:
            source.into, source.closed_ns, source.release_ns = fleet.id, now_ns, 0
            self._by_key.pop(source.key, None)
        else:
            self._due(source, now_ns + self.terms.wait_ns)

    def is_inhibited(self, event: Seen) -> bool:
        """Return whether a site's own trouble speaks for an event now."""
        quieter = KINDS[event.kind].cause in INHIBITED_CAUSES or event.kind in INHIBITED_KINDS
        return quieter and bool(event.site) and any(self._open.get((kind, "", event.site)) for kind in INHIBITORS)

    def _inhibit(self, site: str) -> None:
        """Mute what came before the site's own alert and has not been told: agents fall silent one by one, then the site is."""
        for part in self._at.get(site, {}).values():
            if not part.released and not part.mute and self.is_inhibited(part.event):
                part.mute = SITE
                self.touched.add(part.alert)

    def _uninhibit(self, site: str, now_ns: int) -> None:
        """Look again at what is still so at a site that is back: if it is when its letters are due, it speaks for itself."""
        for part in self._at.get(site, {}).values():
            if part.mute == SITE and part.open and not self.is_inhibited(part.event):
                part.released = False
                self.touched.add(part.alert)
                self._due(self.alerts[part.alert], now_ns + self.terms.wait_ns)


def _of_fleets(event: Seen) -> bool:
    return KINDS[event.kind].cause in FLEET_CAUSES and bool(event.site) and not event.device
