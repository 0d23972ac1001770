"""What somebody entered about a site, and how it stands over the configuration. Pure.

Who wins: an entry of the state database says what it says, field by field; for every field it says nothing of (None) the configuration's
section of that name applies, and then the default. Networks are said as a whole list. So the configuration seeds, a file or a person
overrules it, and neither ever loses what a person entered: what an entry held before is kept beside it (`server/state/sites.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from server.fleet.hours import BusinessHours
from server.fleet.registry import Criticality, EgressRange, Origin, Place, Site

UNASSIGNED = "unassigned"
"""The place of an agent nobody knows a site for."""
REMOTE = "remote"
"""The place of an agent away from any site."""
RESERVED = (UNASSIGNED, REMOTE)
"""Words that stand where a site's name could: no site may have them, in whatever case."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One site as entered. None: nothing is said of that. `subnets` and `egress` are in the order they were entered in."""

    name: str
    place: Place | None = None
    zone: str | None = None
    address: str | None = None
    region: str | None = None
    owner: str | None = None
    criticality: Criticality | None = None
    hours: BusinessHours | None = None
    subnets: tuple[str, ...] | None = None
    egress: tuple[EgressRange, ...] | None = None
    origin: Origin = "person"


def over(entry: Entry, seed: Site | None) -> Site:
    """Return the site an entry makes of what the configuration says."""
    below = seed or Site(entry.name)
    return Site(
        entry.name,
        below.place if entry.place is None else entry.place,
        below.zone if entry.zone is None else entry.zone,
        below.simulated,
        below.address if entry.address is None else entry.address,
        below.region if entry.region is None else entry.region,
        below.owner if entry.owner is None else entry.owner,
        below.criticality if entry.criticality is None else entry.criticality,
        below.hours if entry.hours is None else entry.hours,
        below.subnets if entry.subnets is None else entry.subnets,
        below.egress if entry.egress is None else entry.egress,
        entry.origin,
    )


def merged(seeds: Mapping[str, Site], entries: Mapping[str, Entry]) -> dict[str, Site]:
    """Return all sites: every one of the configuration, with what was entered over it, and every one that was entered."""
    return dict(seeds) | {name: over(entry, seeds.get(name)) for name, entry in entries.items()}
