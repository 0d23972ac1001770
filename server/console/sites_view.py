"""The sites as rows, worst first, and which site is looked at. Words and order only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.console.map_view import is_backhaul
from server.console.picture import Picture
from server.console.words import QUIET, SITE_JOB, Mark, Moment, mark, moment, thousands
from server.watcher.sentences import JOB
from server.watcher.states import SiteState

MOST_ROWS = 100
"""Rows shown unasked: nobody reads more, and a page with a thousand is slow to draw."""
NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site as the table says it. Numbers to sort by go beside the words."""

    site: str
    mark: Mark
    rank: int
    simulated: bool
    chosen: bool
    since: Moment | None
    since_ns: int
    hosts: str
    affected: int
    meddling: str
    agents: str
    agreeing: int
    egress: str
    distance: str
    distance_km: float
    backhaul: str
    latency: str
    total_ms: float
    completeness: str
    complete: float
    job: str
    loud: bool


def rows(picture: Picture, chosen: str, *, everything: bool = True) -> list[SiteRow]:
    """Return the sites as rows, worst first; of equals the real ones first, then the one that began last."""
    jobs = jobs_of(picture)
    return [_row(one, chosen, jobs, picture.at_ns) for one in shown(ordered(picture.sites), chosen, everything=everything)]


def shown(sites: Sequence[SiteState], chosen: str, *, everything: bool) -> Sequence[SiteState]:
    """Return what goes on the page of sites in their order: all, or the first and the chosen one."""
    if everything or len(sites) <= MOST_ROWS:
        return sites
    return [*sites[:MOST_ROWS], *(one for one in sites[MOST_ROWS:] if one.site == chosen)]


def ordered(sites: Sequence[SiteState]) -> list[SiteState]:
    """Return the sites worst first."""
    return sorted(sites, key=lambda one: (-one.rank, one.simulated, -one.since_ns, one.site))


def choose(picture: Picture, wanted: str | None) -> SiteState | None:
    """Return the site to look at: the wanted one; without a wish the worst that is not simulated."""
    if wanted is not None:
        return picture.site(wanted)
    first = ordered(picture.sites)
    return next((one for one in first if not one.simulated), first[0] if first else None)


def jobs_of(picture: Picture) -> Mapping[tuple[str, str], str]:
    """Return, by site and verdict, whose job it is as the finding behind a device there says."""
    jobs: dict[tuple[str, str], str] = {}
    for card in picture.devices:
        if card.finding is not None:
            for one in card.sightings:
                jobs.setdefault((one.place, one.verdict), JOB[card.finding.responsible])
    return jobs


def job_of(site: SiteState, jobs: Mapping[tuple[str, str], str]) -> str:
    """Return whose job a site is."""
    return jobs.get((site.site, site.verdict)) or SITE_JOB.get(site.verdict, JOB["intermediary"])


def _row(site: SiteState, chosen: str, jobs: Mapping[tuple[str, str], str], now_ns: int) -> SiteRow:
    km = site.distance_km
    far = is_backhaul(site)
    return SiteRow(
        site=site.site,
        mark=mark(site.verdict),
        rank=site.rank,
        simulated=site.simulated,
        chosen=site.site == chosen,
        since=moment(site.since_ns, now_ns, site.zone),
        since_ns=site.since_ns,
        hosts=f"{site.hosts} of {site.targets}" if site.targets and site.verdict != "silent" else NO_DATA,
        affected=site.hosts,
        meddling="; ".join(site.meddling) if site.verdict != "silent" else "",
        agents=_agreement(site),
        agreeing=site.agree,
        egress=site.egress_name or site.egress or "not known",
        distance=f"{thousands(km)} km" if km is not None else NO_DATA,
        distance_km=km if km is not None else -1.0,
        backhaul=f"backhaul: {thousands(km)} km from the site; Microsoft's rule is 800 km" if far and km is not None else "",
        latency=f"{thousands(site.total_ms)} ms" if site.total_ms is not None else NO_DATA,
        total_ms=site.total_ms if site.total_ms is not None else -1.0,
        completeness=percent(site.completeness) if site.agents else NO_DATA,
        complete=site.completeness,
        job=job_of(site, jobs),
        loud=site.verdict not in QUIET,
    )


def _agreement(site: SiteState) -> str:
    """Return how many agree; a silent site has nobody who could."""
    return f"0 of {site.agents} report" if site.verdict == "silent" else f"{site.agree} of {max(site.reporting, site.agree)} agree"


def percent(share: float) -> str:
    """Return a share as per cent; only what is whole is called 100 %."""
    if share >= 1:
        return "100 %"
    return f"{min(share * 100, 99.9):.1f} %"
