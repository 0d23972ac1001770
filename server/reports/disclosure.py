"""The disclosure Microsoft's support asks for, as one value: devices, what is bypassed, Microsoft's position, what is not known.

Types, and the words that need no lookup. `disclosing.py` makes it; Markdown, HTML and JSON are made from it and from nothing else.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Decrypting = Literal["yes", "only sign-in hosts, as declared", "not seen", "yes, as its owner says", "no, as its owner says"]
SCHEMA = 1
"""Of the JSON: fields are added, never renamed."""


class Part(BaseModel):
    """A part of a disclosure."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Proof(Part):
    """One piece of evidence in words a person can check, and how well the rule behind it is known."""

    text: str
    known: str


class Affected(Part):
    """One host a device stands before: what it does to it (a sentence's part), since when, at which sites."""

    host: str
    category: str
    workload: str
    doing: str
    since: datetime
    sites: list[str]


class Place(Part):
    """Where a device stands or stood. `until` is null while it is there; `agree` of `reporting` agents saw it; `egress` is the site's."""

    site: str
    zone: str
    since: datetime | None
    until: datetime | None
    agents: list[str]
    agree: int
    reporting: int
    egress: list[str]


class Device(Part):
    """One device, seen or entered by a person (`manual`). `deployment`: where it runs, with `deployment_by` saying who or what says so."""

    id: str
    name: str
    device_class: str
    class_name: str
    in_article: bool
    vendor: str
    product: str
    possible: str
    sure: str
    confidence: float
    manual: bool
    decrypting: Decrypting
    deployment: str
    deployment_by: str
    issuer: str
    owner: str
    contact: str
    note: str
    disposition: str
    first_seen: datetime | None
    places: list[Place]
    hosts: list[Affected]
    evidence: list[Proof]
    why_not: str
    native: str

    @property
    def present(self) -> bool:
        """Return whether it stands anywhere now, by what was seen or said."""
        return self.manual or any(place.until is None for place in self.places)


class Sign(Part):
    """Something that acts on traffic and that no device is recognised by: blocked, altered, redirected."""

    site: str
    host: str
    doing: str
    agents: int
    since: datetime


class Share(Part):
    """How much of a category is bypassed at a site now."""

    category: str
    bypassed: int
    known: int
    unknown: int


class Bypassed(Part):
    """What is bypassed at a site now: shares by category, and the names of each kind."""

    site: str
    agents: int
    shares: list[Share]
    bypassed: list[str]
    not_bypassed: list[str]
    unknown: list[str]


class Link(Part):
    """Where to read on."""

    title: str
    url: str


class Position(Part):
    """Microsoft's position on one kind of traffic, in our words."""

    traffic: str
    says: str
    links: list[Link]


class Duty(Part):
    """One thing the article asks, in our words."""

    title: str
    text: str


class ClassSeen(Part):
    """One of the article's classes and the devices of it, by name."""

    name: str
    devices: list[str]


class Disclosure(Part):
    """One disclosure. `scope` is a site's name, or `the fleet`; times are UTC, each place has its zone."""

    schema_version: int = SCHEMA
    scope: str
    sites: list[str]
    agents: int
    since: datetime
    until: datetime
    made: datetime
    software: str
    knowledge: str
    lab: bool
    headline: str
    classes: list[ClassSeen]
    devices: list[Device]
    signs: list[Sign]
    coverage: list[Bypassed]
    positions: list[Position]
    duties: list[Duty]
    unknowns: list[str]


def headline(scope: str, devices: list[Device], signs: list[Sign], agents: int) -> str:
    """Return the first sentence: what stands in the path, how many decrypt, how sure."""
    if not agents:
        return f"{scope}: no agent reported in this time, so nothing was seen; only what people entered is listed."
    now = [one for one in devices if one.present]
    gone = f" {_count(len(devices) - len(now), 'other')} stood there in this time and left." if len(devices) > len(now) else ""
    shows = "shows" if len(signs) == 1 else "show"
    more = f" {_count(len(signs), 'host')} {shows} signs of a device that is not recognised." if signs else ""
    if not now:
        return f"{scope}: no device is seen in the path of Microsoft 365 now.{gone}{more}"
    decrypt = sum(one.decrypting.startswith("yes") for one in now)
    names = ", ".join(one.name for one in now[:3]) + (f" and {len(now) - 3} more" if len(now) > 3 else "")
    stands = "stands" if len(now) == 1 else "stand"
    does = (
        "It decrypts traffic."
        if len(now) == decrypt == 1
        else f"{decrypt} of them decrypt traffic."
        if len(now) > 1
        else "It decrypts nothing that was seen."
    )
    return f"{scope}: {_count(len(now), 'device')} {stands} in the path of Microsoft 365: {names}. {does}{gone}{more}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
