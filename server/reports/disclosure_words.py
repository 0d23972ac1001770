"""Sentences and times that the Markdown and the page of a disclosure share. Text only."""

from datetime import datetime

from server.fleet import zones
from server.reports.disclosure import Affected, Bypassed, Device, Disclosure, Link, Place

TITLE = "What stands between us and Microsoft 365"
AGREE = "{agree} of {reporting} agents agree"


def moment(at: datetime, zone: str = "UTC") -> str:
    """Return a time in a zone, to the minute, with its offset."""
    there = zones.at(int(at.timestamp()) * 10**9, zone)
    return f"{there:%Y-%m-%d %H:%M} {zones.offset(there)}"


def intro(one: Disclosure) -> str:
    """Return what the document is: for whom, of what time, by whom made."""
    agents = f"{one.agents} agent{'s' * (one.agents != 1)} at {len(one.sites)} site{'s' * (len(one.sites) != 1)}"
    return (
        f"Disclosure of third-party network devices and services for a Microsoft 365 support request. Scope: {one.scope}. "
        f"Seen from {moment(one.since)} to {moment(one.until)} by {agents}. Made {moment(one.made)} by {one.software}, "
        f"knowledge {one.knowledge}."
    )


def place(one: Place) -> str:
    """Return where a device stands, since when, who agrees, by which way the site leaves."""
    if one.since is None:
        return f"{one.site}: as entered by a person; no agent has seen it. Leaves by {egress(one)}."
    until = f" until {moment(one.until, one.zone)}" if one.until else " and still there"
    agents = ", ".join(one.agents[:5]) + (f" and {len(one.agents) - 5} more" if len(one.agents) > 5 else "")
    agree = AGREE.format(agree=one.agree, reporting=one.reporting) if one.reporting != 1 else "the one agent says so"
    return f"{one.site}: since {moment(one.since, one.zone)}{until}; {agree} ({agents}). Leaves by {egress(one)}."


def egress(one: Place) -> str:
    """Return the site's ways out to the Internet, with whose they are."""
    return "; ".join(one.egress) or "a way that was not seen"


def facts(one: Device) -> list[tuple[str, str]]:
    """Return what is known of a device as pairs of heading and words; nothing is left empty."""
    article = "one of the classes of Microsoft's article" if one.in_article else "not one of the article's seven classes"
    rows = [
        ("Kind", f"{one.class_name} ({article})"),
        ("Make", one.sure),
        ("Decrypts", one.decrypting),
        ("Runs", f"{one.deployment} ({one.deployment_by})"),
        ("Certificates issued by", one.issuer or "none of its own were seen"),
        ("Owner", one.owner or "not entered"),
        ("Vendor contact", one.contact or "not entered"),
        ("Decision", one.disposition),
        ("First seen", moment(one.first_seen, zone_of(one)) if one.first_seen else "never by an agent; entered by a person"),
    ]
    return rows + ([("Note", one.note)] if one.note else [])


def zone_of(one: Device) -> str:
    """Return the zone in which a device's times are told: its site's where all its sites share one, else UTC."""
    zones_here = {each.zone for each in one.places}
    return zones_here.pop() if len(zones_here) == 1 else "UTC"


def links(one: Disclosure) -> list[Link]:
    """Return where to read on about all positions, each once."""
    return list({link.url: link for position in one.positions for link in position.links}.values())


def host_words(one: Affected) -> str:
    """Return what a host is: its category and workload, or that it is not Microsoft's."""
    return "not Microsoft's, measured to compare" if one.category == "Control" else f"{one.category}, {one.workload}"


def share_words(one: Bypassed) -> str:
    """Return how much is bypassed by category: `Optimize 1 of 3, Allow 2 of 2`."""
    told = []
    for share in one.shares:
        if share.known + share.unknown:
            unknown = f" ({share.unknown} not known)" if share.unknown else ""
            told.append(f"{share.category} {share.bypassed} of {share.known}{unknown}")
    return ", ".join(told) or "nothing is measured"
