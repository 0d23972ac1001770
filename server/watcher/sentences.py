"""An event in one paragraph a manager can read aloud and an engineer can check (what, who, who agrees, since when, before, whose job).

Text only; nothing is decided here. Times are the site's own and say how far they are from UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.finding import Finding
from server.fleet import zones
from server.watcher.devices import Kind
from wire.vocabulary import Responsible, Verdict

DOING: Mapping[Verdict, str] = {
    "inspected": "is being decrypted by",
    "altered": "is being altered by",
    "proxied": "passes through",
    "spliced": "is split and carried on by",
    "redirected": "is being redirected by",
    "blocked": "is being blocked by",
}
WHICH: Mapping[Kind, str] = {
    "appeared": "a device not seen here before",
    "discovered": "a device that may have been there before",
    "returned": "a device that had left",
}
ON_MACHINE: Mapping[Kind, str] = {
    "appeared": "a program on the machine, of a make not seen on any machine before",
    "discovered": "a program on the machine that may have been there before",
    "returned": "a program on the machine, of a make that had gone from all machines",
}
JOB: Mapping[Responsible, str] = {
    "nobody": "nobody; there is nothing to do",
    "client": "the team for client machines",
    "network": "the network team (LAN or WAN)",
    "intermediary": "the owner of the device",
    "isp": "the internet provider",
    "microsoft": "Microsoft",
    "unclear": "not yet clear",
}
BY: Mapping[str, str] = {"certificate": "certificate", "headers": "headers", "page": "page", "itself": "own word"}
"""By what a vendor is named (`judge.finding.Device.named_by`)."""
KEY_BY: Mapping[str, str] = {"instance": "certificate", "product": "certificate", "header": "headers", "egress": "egress network"}
"""The same by its first key, for findings stored before they said it."""
SITES_NAMED = 3
"""Sites named before the rest is counted."""
HOSTS_NAMED = 2
"""Hosts named before the rest is counted: more cannot be read aloud."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a sentence needs. `agents` agree of `reporting`; `before_ns` is when the state before began, 0 when there was none.

    `zone` is the place's (IANA).
    """

    place: str
    hosts: Sequence[str]
    agents: int
    reporting: int
    at_ns: int
    before_ns: int
    finding: Finding | None
    zone: str = "UTC"
    machine: str = ""
    """The agent's own machine, when that is where it runs."""


def device_event(kind: Kind, about: Circumstances) -> str:
    """Return the paragraph of an event about a device at a place."""
    who = _who(about.finding)
    reporting = max(about.agents, about.reporting)
    agents = f"{about.agents} of {reporting} {'agent agrees' if reporting == 1 else 'agents agree'}"
    agree = f"{agents}, since {moment(about.at_ns, about.zone)}."
    job = f"For: {JOB[about.finding.responsible if about.finding else 'unclear']}."
    where = f"Machine {about.machine}" if about.machine else about.place or "No site"
    if kind == "retired":
        before = f"Absent since {moment(about.before_ns, about.zone)}."
        return f"{where}: a device that had left counts as gone for good. {who} {before} For: {JOB['nobody']}."
    if kind == "left":
        gone = f"{where}: the device that stood in the way of traffic to {_hosts(about.hosts)} is gone. {who}"
        before = f"Before: seen since {moment(about.before_ns, about.zone)}."
        return f"{gone} {agree} {before} Now: not seen on any path that reports. For: {JOB['nobody']}."
    doing = DOING.get(about.finding.verdict if about.finding else "inspected", "meets")
    which = (ON_MACHINE if about.machine else WHICH)[kind]
    return f"{where}: traffic to {_hosts(about.hosts)} {doing} {which}. {who} {agree} {_change(kind, about)} {job}"


def spread(region: str, places: Sequence[str], about: Circumstances) -> str:
    """Return the paragraph of a device that is new at several sites; without a region it is the fleet's."""
    named = ", ".join(places[:SITES_NAMED]) + (f" and {len(places) - SITES_NAMED} more" if len(places) > SITES_NAMED else "")
    where = f"Region {region}" if region else "Several sites"
    job = f"For: {JOB[about.finding.responsible if about.finding else 'unclear']}."
    doing = DOING.get(about.finding.verdict if about.finding else "inspected", "meets")
    return (
        f"{where}: traffic {doing} one and the same device, new at {len(places)} sites: {named}. {_who(about.finding)} "
        f"Newest: {about.place}, since {moment(about.at_ns, about.zone)}. Sites that follow are recorded and not alarmed one by one. {job}"
    )


def cloned(agent: str, stream: str, seq: int, at_ns: int) -> str:
    """Return the paragraph of a forked stream. `seq` is 0 when the agent itself saw that its stream went on elsewhere."""
    what = (
        f"report {seq} of stream {stream[:8]} came a second time with other content"
        if seq
        else f"its stream {stream[:8]} went on elsewhere"
    )
    return (
        f"Agent {agent}: {what}, at {moment(at_ns)}. "
        "Either two machines report under one identity, or a machine was put back to an older state; which, is not known. "
        f"Nothing stored was changed; the agent was told to begin a new stream. For: {JOB['client']}."
    )


def moment(at_ns: int, zone: str = "UTC") -> str:
    """Return a time to the minute in a zone, and which zone that is."""
    there = zones.at(at_ns, zone)
    return f"{there:%Y-%m-%d %H:%M} {zones.offset(there)}"


def _change(kind: Kind, about: Circumstances) -> str:
    before = {
        "appeared": "clean",
        "discovered": "not known, there are not enough clean rounds to compare with",
        "returned": f"without it since {moment(about.before_ns, about.zone)}",
    }[kind]
    issuer = about.finding.device.issuer if about.finding and about.finding.device else ""
    return f"Before: {before}. Now: {f'certificates issued by {issuer}' if issuer else 'as above, issuer not known'}."


def _who(finding: Finding | None) -> str:
    device = finding.device if finding else None
    if device is None or (device.vendor is None and device.possible is None):
        return "Whose make it is, is not known."
    if device.vendor is None:
        return f"Possibly {device.possible}; not proven."
    product = device.product or ""
    name = product if product.startswith(device.vendor) else f"{device.vendor} {product}".strip()
    by = BY.get(device.named_by) or KEY_BY.get(device.keys[0].kind)
    # 0.9 and 0.7: between the catalogue's weights for documented (0.95) and twice sighted (0.9, 0.6) signatures, interception §5.4
    sure = "certain" if device.confidence >= 0.9 else "likely" if device.confidence >= 0.7 else "not certain"
    return f"{name}, by its {by} ({sure})." if by else f"{name} ({sure})."


def _hosts(hosts: Sequence[str]) -> str:
    named = sorted(set(hosts))
    rest = len(named) - HOSTS_NAMED
    if rest > 0:
        return f"{', '.join(named[:HOSTS_NAMED])} and {rest} more"
    return " and ".join(named) or "the probed hosts"
