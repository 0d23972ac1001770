"""The fleet of this world: sites in regions, five agents each, and where every agent is at each moment of the month. Seeded; no clock.

Desktops stand at their site day and night. Laptops come to the site on most workdays, work from home on others (there with the company's
VPN or without), open in some evenings, sleep at night, and travel to another site or a hotel now and then.
"""

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from server.fleet.registry import Place, Registry, Site

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = int(datetime(2026, 10, 12, tzinfo=UTC).timestamp()) * SECOND
"""A Monday two weeks before Europe's clocks go back and three before America's: both nights are in the month."""
CADENCE = 300 * SECOND
REMOTE = "remote"
"""Where an agent is that is away from any site (docs: a place is a site, or "remote")."""
AGENTS_PER_SITE = 5
DESKTOPS = 3
REGIONS = {"EU": "Europe", "NA": "North America", "SA": "South America", "AS": "Asia", "AF": "Africa", "OC": "Oceania"}


@dataclass(frozen=True, slots=True)
class Stay:
    """One stretch of an agent's life at one place: [start, end). `kind`: site, home, vpn, hotel, visit."""

    start_ns: int
    end_ns: int
    place: str
    kind: str


@dataclass(slots=True)
class Agent:
    """One agent. `phase_ns`: when in each cadence its cycle starts. `stays` are in order, with gaps while it sleeps."""

    name: str
    site: str
    laptop: bool
    phase_ns: int
    stays: list[Stay] = field(default_factory=list)

    def first_report(self, at_ns: int) -> int:
        """Return the start of its first cycle at or after a moment."""
        return at_ns + (self.phase_ns - at_ns) % CADENCE

    def last_report(self, at_ns: int) -> int:
        """Return the start of its newest cycle at a moment, were it awake."""
        return at_ns - (at_ns - self.phase_ns) % CADENCE


@dataclass(frozen=True, slots=True)
class Fleet:
    """All sites and agents, and how long the month is."""

    sites: tuple[Site, ...]
    agents: tuple[Agent, ...]
    days: int
    regions: Mapping[str, str]

    @property
    def end_ns(self) -> int:
        """Return when the month is over."""
        return START + self.days * DAY

    def registry(self) -> Registry:
        """Return the registry a centre of this company has."""
        return Registry({one.name: one for one in self.sites})

    def at(self, site: str) -> list[Agent]:
        """Return the agents whose home site it is: desktops first."""
        return [one for one in self.agents if one.site == site]


def make_fleet(rng: random.Random, sites: int, days: int) -> Fleet:
    """Return a fleet of so many sites."""
    places, regions = _sites(sites)
    agents = [_agent(rng, place, number) for place in places for number in range(AGENTS_PER_SITE)]
    names = [place.name for place in places]
    for agent in agents:
        zone = next(place.zone for place in places if place.name == agent.site)
        agent.stays = list(_laptop(rng, agent, ZoneInfo(zone), names, days)) if agent.laptop else _desktop(rng, agent, days)
    return Fleet(tuple(places), tuple(agents), days, regions)


def _sites(count: int) -> tuple[list[Site], dict[str, str]]:
    with (files("demo.fleet") / "cities.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    seen: dict[str, Site] = {}
    regions: dict[str, str] = {}
    for row in rows:
        if len(seen) < count and row["name"] not in seen:
            place = Place(float(row["latitude"]), float(row["longitude"]))
            seen[row["name"]] = Site(row["name"], place, row["zone"])
            regions[row["name"]] = REGIONS[row["continent"]]
    return list(seen.values()), regions


def _agent(rng: random.Random, site: Site, number: int) -> Agent:
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in site.name.lower()).strip("-")
    return Agent(f"{slug}-{number + 1}", site.name, number >= DESKTOPS, rng.randrange(CADENCE // MINUTE) * MINUTE + rng.randrange(MINUTE))


def _desktop(rng: random.Random, agent: Agent, days: int) -> list[Stay]:
    """Return a desktop's month: on all the time, but for a night's restart now and then."""
    stays, start = [], START + rng.randrange(20) * MINUTE
    for day in range(days):
        if rng.random() < 0.04:
            off = START + day * DAY + rng.randrange(24) * HOUR
            if off > start:
                stays.append(Stay(start, off, agent.site, "site"))
                start = off + rng.randrange(5, 60) * MINUTE
    return [*stays, Stay(start, START + days * DAY, agent.site, "site")]


def _laptop(rng: random.Random, agent: Agent, zone: ZoneInfo, sites: Sequence[str], days: int) -> list[Stay]:
    away = rng.randrange(3, max(4, days - 2)) if rng.random() < 0.2 else -9
    host = rng.choice(sites)
    stays: list[Stay] = []
    for day in range(days):
        midnight = datetime.fromtimestamp((START + day * DAY) // SECOND, UTC).date()
        local = datetime(midnight.year, midnight.month, midnight.day, tzinfo=zone)
        if away <= day <= away + 1:
            stays += _travelling(rng, local, host, hotel=day == away)
        else:
            stays += _ordinary(rng, local, agent)
    end = START + days * DAY
    return [Stay(one.start_ns, min(end, one.end_ns), one.place, one.kind) for one in stays if START <= one.start_ns < end - HOUR]


def _span(local: datetime, hour: float, hours: float, place: str, kind: str) -> Stay:
    start = int((local + timedelta(hours=hour)).astimezone(UTC).timestamp()) * SECOND
    return Stay(start, start + int(hours * HOUR), place, kind)


def _ordinary(rng: random.Random, local: datetime, agent: Agent) -> list[Stay]:
    workday, stays = local.weekday() < 5, []
    if workday and rng.random() < 0.68:
        stays.append(_span(local, 8 + rng.random() * 1.5, 7.5 + rng.random() * 1.5, agent.site, "site"))
    elif workday:
        start, split = 8 + rng.random(), 2 + rng.random() * 3
        stays.append(_span(local, start, split, REMOTE, "home"))
        stays.append(_span(local, start + split + 0.01, 3 + rng.random(), REMOTE, "vpn" if rng.random() < 0.6 else "home"))
    if rng.random() < (0.35 if workday else 0.3):
        stays.append(_span(local, 19.5 + rng.random(), 0.5 + rng.random() * 2, REMOTE, "home"))
    return stays


def _travelling(rng: random.Random, local: datetime, host: str, *, hotel: bool) -> list[Stay]:
    stays = [_span(local, 9 + rng.random(), 7.5, host, "visit")]
    if hotel:
        stays.append(_span(local, 19.5 + rng.random(), 1.5 + rng.random(), REMOTE, "hotel"))
    return stays
