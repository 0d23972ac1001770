"""One cycle of one simulated agent: what it would have measured at that time of its day. Pure: the same site and time give the same cycle.

Times follow the distance to the front door, the hour of the site's working day, and chance drawn from a seed of site and time.
"""

import random
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import pi, sin
from zlib import crc32
from zoneinfo import ZoneInfo

from demo.fleet.bodies import Bodies
from demo.fleet.sites import SimulatedSite
from wire.context import Context
from wire.observation import DnsObservation, EgressObservation, Observation, WebObservation
from wire.report import Cycle, Health

SOFTWARE = "simulated fleet"
SECOND = 10**9
TOOK_NS = 3 * SECOND // 2
"""From a cycle's start to its report: six targets, 150 ms apart, and the rest."""
ADDRESSES = {
    "outlook.office365.com": "52.97.{a}.{b}",
    "outlook.cloud.microsoft": "52.97.{a}.{b}",
    "microsoft.sharepoint.com": "13.107.136.10",
    "teams.microsoft.com": "52.123.128.14",
    "login.microsoftonline.com": "20.190.{c}.{b}",
    "www.gstatic.com": "142.250.185.99",
}
"""Of the ranges the endpoint list gives for each service, so that no address looks like a wrong destination; anycast ones are the same."""
TELLS_FRONT_DOOR = frozenset({"outlook.office365.com", "outlook.cloud.microsoft", "microsoft.sharepoint.com", "teams.microsoft.com"})
CONTROL = "www.gstatic.com"
_FLAKY_SHARE = 0.12
_FLAKY_HOSTS = frozenset({"microsoft.sharepoint.com", "teams.microsoft.com"})


@dataclass(frozen=True, slots=True)
class Made:
    """A cycle as the bytes that are kept and sent, and the facts it names."""

    cycle: bytes
    created_ns: int
    facts: tuple[str, ...]


def busyness(zone: str, at_ns: int) -> float:
    """Return how busy a site's line is, 0 to 1: most at local midday, little at the weekend, not at all at night."""
    local = datetime.fromtimestamp(at_ns / SECOND, _zone(zone))
    hour = local.hour + local.minute / 60
    shape = max(0.0, sin(pi * (hour - 7) / 12))
    return shape * (0.2 if local.weekday() >= 5 else 1.0)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def make(site: SimulatedSite, bodies: Bodies, started_ns: int, created_ns: int, cadence_s: float) -> Made:
    """Return what this site's agent reports of the cycle that began then."""
    chance = random.Random(f"{site.name} {started_ns}")  # noqa: S311 - made up, the same each time
    busy = busyness(site.zone, started_ns)
    spike = chance.uniform(1.8, 3.5) if chance.random() < 0.01 + 0.02 * busy else 1.0
    rtt_ms = site.rtt_ms * (1 + 0.12 * busy) * spike + 4 * busy * chance.random()
    seen: list[Observation] = [_web(site, bodies, host, place, rtt_ms, chance) for place, host in enumerate(bodies.hosts)]
    seen.append(_dns(site, bodies, len(seen), chance))
    seen.append(_egress(site, bodies, len(seen), rtt_ms, chance))
    cycle = Cycle(
        started_ns=started_ns,
        created_ns=created_ns,
        cadence_s=cadence_s,
        software=SOFTWARE,
        plan=1,
        lab=True,
        context=_context(site.name),
        health=Health(loop_lag_ms=round(chance.uniform(0.1, 0.9), 1), rss_mb=41.2, cpu_ms=round(chance.uniform(18, 32), 1)),
        observations=seen,
    )
    return Made(cycle.dump(), created_ns, tuple(one.facts for one in seen if one.kind != "raw"))


@cache
def _context(name: str) -> Context:
    mark = crc32(name.encode())
    return Context(interface="wired", network=f"10.{mark >> 8 & 255}.{mark & 255}.0/24", gateway=f"{mark:08x}", site=name)


def _web(site: SimulatedSite, bodies: Bodies, host: str, place: int, rtt_ms: float, chance: random.Random) -> WebObservation:
    """Return one request's sample; phases add up to the total."""
    at_us = 5_000 + place * 150_000 + chance.randrange(2_000)
    address = _address(site, host)
    if site.flaky and host in _FLAKY_HOSTS and chance.random() < _FLAKY_SHARE:
        return WebObservation(kind="web", facts=bodies.unanswered(host), at_us=at_us, address=address, dns_ms=4.5, total_ms=10_004.5)
    near = 0.8 if host == CONTROL else 1.0
    path_ms = rtt_ms * near * chance.lognormvariate(0, 0.05)
    device_ms = chance.uniform(14, 38) if site.device else 0.0
    phases = {
        "dns_ms": chance.uniform(0.6, 6),
        "connect_ms": 1.5 + chance.random() if site.proxy_ms else path_ms,
        "tls_ms": path_ms * 1.04 + chance.uniform(1, 3) + device_ms,
        "first_byte_ms": path_ms + chance.uniform(9, 34) + device_ms / 3,
        "body_ms": chance.uniform(0.2, 2.5),
    }
    if site.proxy_ms:
        phases["proxy_ms"] = path_ms + site.proxy_ms * chance.lognormvariate(0, 0.15)
    rounded = {phase: round(value, 2) for phase, value in phases.items()}
    return WebObservation(
        kind="web",
        facts=bodies.web(host, site.device),
        at_us=at_us,
        address=address,
        status=200,
        front_door=site.front_door if host in TELLS_FRONT_DOOR else None,
        total_ms=round(sum(rounded.values()), 2),
        **rounded,
    )


def _address(site: SimulatedSite, host: str) -> str:
    mark = crc32(site.front_door.encode())
    return ADDRESSES[host].format(a=128 + (mark >> 8 & 127), b=2 + (mark & 127), c=128 + (mark >> 16 & 63))


def _dns(site: SimulatedSite, bodies: Bodies, place: int, chance: random.Random) -> DnsObservation:
    host = bodies.hosts[0]
    return DnsObservation(
        kind="dns",
        facts=bodies.dns(host, site.front_door),
        at_us=5_000 + place * 150_000,
        dns_ms=round(chance.uniform(0.6, 9), 2),
        answers=[_address(site, host)],
    )


def _egress(site: SimulatedSite, bodies: Bodies, place: int, rtt_ms: float, chance: random.Random) -> EgressObservation:
    connect_ms = round(rtt_ms * chance.lognormvariate(0, 0.05), 2)
    return EgressObservation(
        kind="egress",
        facts=bodies.egress(site.egress.address),
        at_us=5_000 + place * 150_000,
        connect_ms=connect_ms,
        total_ms=round(2 * connect_ms + chance.uniform(1, 4), 2),
    )
