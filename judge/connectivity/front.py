"""Rows about lookups, front doors and throughput: how far the nearest service edge is, and how fast."""

import re
from collections.abc import Iterator

from judge.connectivity.look import Look, middle, ms
from judge.connectivity.row import Row
from judge.distance import great_circle_km, rtt_floor_ms
from judge.knowledge.model import FrontDoorPlace
from wire.vocabulary import Workload

_EFZ = re.compile(r"^([a-z]{2,4})-efz\.", re.IGNORECASE)


def dns_time(look: Look) -> Row:
    """Return the median time of a lookup."""
    title, rule = "DNS request time", "100 ms or more; Microsoft's performance plan"
    times = [seen.dns_ms for seen, facts in look.dns() if seen.dns_ms is not None and facts.failure is None]
    value = middle(times)
    if value is None:
        return Row("dns_time", title, "unmeasured", "no lookup succeeded", fails_when=rule)
    slow = sorted({facts.target.host for seen, facts in look.dns() if (seen.dns_ms or 0) >= look.limit("dns_ms")})
    told = f"median {ms(value)}, worst {ms(max(times))}, n = {len(times)}"
    return Row(
        "dns_time", title, "attention" if value >= look.limit("dns_ms") else "pass", told, tuple(f"slow: {host}" for host in slow), rule
    )


def codes_of(look: Look, workload: Workload) -> dict[str, str]:
    """Return the front-door codes seen for a workload's Optimize hosts, and by what: header or DNS label."""
    hosts = look.hosts_of(workload)
    found: dict[str, str] = {}
    for seen, _ in look.web(*hosts) if hosts else ():
        if seen.front_door:
            found[seen.front_door.upper()] = "header"
    for _, facts in look.dns(*hosts) if hosts else ():
        for name in facts.cnames:
            if label := _EFZ.match(name):
                by = found.get(label[1].upper())
                found[label[1].upper()] = "header and DNS" if by else "DNS"
    return found


def exchange_front_door(look: Look) -> Row:
    """Return which Exchange front door served this machine and whether a nearer one is known."""
    return _front_door(look, "Exchange", "exchange_front_door", "Exchange front door")


def sharepoint_front_door(look: Look) -> Row:
    """Return which edge served SharePoint, and how fast it answers; its addresses are anycast, so only code and time tell the place."""
    return _front_door(look, "SharePoint", "sharepoint_front_door", "SharePoint front door")


def _front_door(look: Look, workload: Workload, name: str, title: str) -> Row:
    rule = "a nearer one is known, by over 800 km; ours, as Microsoft does not publish its list of best ones"
    codes = codes_of(look, workload)
    times = connect_times(look, workload)
    value = middle(times)
    if not codes and value is None:
        return Row(name, title, "unmeasured", f"no {workload} host answered", fails_when=rule)
    speed = f"TCP connect median {ms(value)}, n = {len(times)}" if value is not None else "no connect time"
    told = ", ".join(f"{_named(look, code)} (by {by})" for code, by in codes.items()) or "did not name itself"
    details = ("the codes differ: the name was not looked up where the connection was made",) if len(codes) > 1 else ()
    if look.place is None or not codes:
        return Row(name, title, "information", f"{told}; {speed}", details, rule)
    doors = [door for code in codes if (door := look.knowledge.front_door(code))]
    best = nearest(look)
    if not doors or best is None:
        return Row(name, title, "information", f"{told}; {speed}", (*details, "its place is not in the list: new, or not published"), rule)
    used = min(_km(look, door) for door in doors)
    worse = used - _km(look, best) > look.limit("egress_km")
    nearer = f"nearest known: {best.code} in {best.city}, {_km(look, best):,.0f} km; this one {used:,.0f} km"
    return Row(name, title, "attention" if worse else "pass", f"{told}; {speed}", (*details, nearer), rule)


def connect_times(look: Look, workload: Workload) -> list[float]:
    """Return the TCP connect times of the direct route to a workload's Optimize hosts, ms."""
    hosts = look.hosts_of(workload)
    return [seen.connect_ms for seen, _ in look.web(*hosts, route="direct") if seen.connect_ms is not None] if hosts else []


def _named(look: Look, code: str) -> str:
    door = look.knowledge.front_door(code)
    return f"{code} in {door.city}" if door else code


def nearest(look: Look) -> FrontDoorPlace | None:
    """Return the known front door nearest to the declared place."""
    return min(look.knowledge.front_doors.values(), key=lambda door: _km(look, door), default=None) if look.place else None


def _km(look: Look, door: FrontDoorPlace) -> float:
    assert look.place is not None  # noqa: S101 - asked for by callers that know it
    return great_circle_km(look.place.latitude, look.place.longitude, door.latitude, door.longitude)


def potential(look: Look) -> Row:
    """Return own latency to Exchange minus the least light needs to the nearest known front door."""
    title = "Potential improvement"
    value = middle(connect_times(look, "Exchange"))
    best = nearest(look)
    if value is None or best is None:
        return Row("potential", title, "unmeasured", "needs a declared place and an Exchange host that answers")
    floor = rtt_floor_ms(_km(look, best))
    told = f"at most {ms(max(0.0, value - floor))}: {ms(value)} now, {ms(floor)} is the least to {best.city} through fibre"
    return Row("potential", title, "information", told)


def speeds(look: Look) -> list[float]:
    """Return the throughput of each download in megabytes a second."""
    return [megabits / 8 for megabits in _figures(look, "throughput_mbps")]


def download(look: Look) -> Row:
    """Return the throughput of the optional download."""
    title, rule = "Download speed", "under 1 megabyte a second; Microsoft's insight"
    found = speeds(look)
    if not found:
        return Row("download", title, "unmeasured", "no download is configured (plan: download); none is made without", fails_when=rule)
    mbps = max(found)
    return Row(
        "download",
        title,
        "attention" if mbps < look.limit("download_mb_per_s") else "pass",
        f"{mbps:.1f} megabytes a second",
        fails_when=rule,
    )


def buffer_bloat(look: Look) -> Row:
    """Return how much the download delayed other connections."""
    title, rule = "Buffer bloat", "100 ms or more; Microsoft's insight"
    bloat = list(_figures(look, "bloat_ms"))
    if not bloat:
        return Row("buffer_bloat", title, "unmeasured", "no download is configured (plan: download)", fails_when=rule)
    return Row(
        "buffer_bloat", title, "attention" if max(bloat) >= look.limit("buffer_bloat_ms") else "pass", ms(max(bloat)), fails_when=rule
    )


def _figures(look: Look, name: str) -> Iterator[float]:
    for seen, _ in look.web():
        value = getattr(seen, name, None)
        if value is not None:
            yield float(value)
