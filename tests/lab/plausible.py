"""A few hours of a small fleet as points, written as collector and watcher write them: what dashboards are shown and tested with.

Deterministic: the same span gives the same points. Three real places and `simulated` others; Lyon is inspected in the last third,
Porto's agent falls silent for a while in the middle, one site leaves far away, one blocks sign-in.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from server.history.port import Bucket, Point, Value
from server.watcher.rollups.points import day_point, hour_point
from server.watcher.rollups.tally import PHASES, Key, Tally
from server.watcher.rollups.windows import WINDOWS

Batch = tuple[Bucket, list[Point]]

TARGETS = (
    ("outlook.office365.com:443", "Exchange", "Optimize"),
    ("microsoft.sharepoint.com:443", "SharePoint", "Optimize"),
    ("teams.microsoft.com:443", "Teams", "Allow"),
    ("login.microsoftonline.com:443", "Common", "Allow"),
    ("www.gstatic.com:443", "Control", "Control"),
)
SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Town:
    """One site: where it is, where it leaves, where it arrives, how slow it is, and what befalls it."""

    name: str
    lat: float
    lon: float
    zone: str
    egress: tuple[str, float, float]
    door: tuple[str, float, float]
    slow: float
    fate: str = "clean"


FRANKFURT = ("Frankfurt exchange", 50.12, 8.74)
TOWNS = (
    Town("Frankfurt", 50.11, 8.68, "Europe/Berlin", FRANKFURT, ("FRA", 50.05, 8.57), 1.0),
    Town("Lyon", 45.76, 4.84, "Europe/Paris", ("Paris", 48.86, 2.35), ("PAR", 49.01, 2.55), 1.4, "inspected"),
    Town("Porto", 41.15, -8.61, "Europe/Lisbon", ("Lisbon", 38.72, -9.14), ("LIS", 38.77, -9.13), 1.6, "silent"),
    Town("São Paulo", -23.55, -46.63, "America/Sao_Paulo", ("Miami", 25.76, -80.19), ("MIA", 25.79, -80.29), 6.0, "proxied"),
    Town("Chennai", 13.08, 80.27, "Asia/Kolkata", ("Mumbai", 19.08, 72.88), ("BOM", 19.09, 72.87), 3.0, "unreachable"),
    Town(
        "Coeur d'Alene (ID)", 47.68, -116.78, "America/Los_Angeles", ("Seattle", 47.61, -122.33), ("SEA", 47.45, -122.31), 2.0, "sanctioned"
    ),
    Town("Sydney", -33.87, 151.21, "Australia/Sydney", ("Sydney", -33.86, 151.2), ("SYD", -33.95, 151.18), 2.5, "inconclusive"),
)
RANK = {"clean": 0, "sanctioned": 1, "inconclusive": 2, "proxied": 4, "silent": 5, "unreachable": 6, "inspected": 10}


def towns(simulated: int = 0) -> list[Town]:
    """Return the towns, and others spread over the land of the northern half, all clean."""
    chance = random.Random(7)
    more = []
    for number in range(simulated):
        lat, lon = chance.uniform(8, 55), chance.choice([chance.uniform(-118, -80), chance.uniform(2, 40), chance.uniform(75, 115)])
        near = (lat + chance.uniform(-1, 1), lon + chance.uniform(-1, 1))
        more.append(
            Town(f"Branch {number:03}", lat, lon, "UTC", (f"Provider {number % 9}", *near), ("AMS", 52.31, 4.76), chance.uniform(1, 3))
        )
    return [*TOWNS, *more]


def batches(since_ns: int, until_ns: int, step_s: int = 60, simulated: int = 0) -> Iterator[Batch]:
    """Give the points of each step, then the events of the whole span."""
    chance = random.Random(1)
    places = towns(simulated)
    for at_ns in range(since_ns, until_ns, step_s * SECOND):
        part = (at_ns - since_ns) / (until_ns - since_ns)
        points: list[Point] = []
        for town in places:
            points += _states(town, at_ns, part, step_s, simulated=town not in TOWNS)
            if not (town.fate == "silent" and 0.4 < part < 0.6):
                points += _report(town, at_ns, part, chance)
        yield "mw_raw", points
    yield "mw_rollup", [point for town in places for point in _summed(town, since_ns)]
    yield "mw_event", list(_events(since_ns, until_ns))


def _summed(town: Town, at_ns: int) -> Iterator[Point]:
    """Give an hour and a day of a town that begin now, by direct and by proxy."""
    chance = random.Random(town.name)
    for workload, route in (("Exchange", "direct"), ("Exchange", "proxy"), ("Teams", "direct")):
        tally = Tally(count=1440, reached=1400, judged=1400, inspected=700 if town.fate == "inspected" else 0, agents=1, hours=24)
        for phase in PHASES:
            for _ in range(200):
                tally.add(phase, 40 * town.slow * chance.lognormvariate(0, 0.3))
        yield hour_point(town.name, Key(workload, route), at_ns, tally)
        for window in WINDOWS:
            yield day_point(town.name, Key(workload, route), window, at_ns, tally)


def _verdict(town: Town, part: float) -> str:
    if town.fate == "inspected":
        return "inspected" if part > 0.66 else "clean"
    if town.fate == "silent":
        return "silent" if 0.42 < part < 0.6 else "clean"
    return town.fate


def _agent(town: Town) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in town.name.lower()) + "-01"


def _states(town: Town, at_ns: int, part: float, step_s: int, *, simulated: bool) -> list[Point]:
    verdict = _verdict(town, part)
    quiet = verdict == "silent"
    lost = 4 if town.name == "Porto" and part > 0.4 else 0
    whole = (100.0 - lost) / 100.0
    agent: dict[str, Value] = {"state": "silent" if quiet else "reporting", "age_s": 700.0 if quiet else 12.0, "cadence_s": float(step_s)}
    agent |= {"expected": 100, "stored": 100 - lost, "missing": lost, "dropped": 0, "completeness": whole, "lab": True, "software": "0.1.0"}
    agent |= {"plan": 3, "troubles": 1 if quiet else 0, "trouble": "silent" if quiet else ""}
    changed = {"inspected": 0.66, "silent": 0.42}.get(verdict, 0.0)
    state: dict[str, Value] = {"verdict": verdict, "rank": RANK[verdict], "since_ms": (at_ns - int((part - changed) * 10**13)) // 10**6}
    state |= {"agents": 1, "reporting": 0 if quiet else 1, "agree": 0 if quiet else 1, "hosts": 0 if verdict in {"clean", "silent"} else 3}
    state |= {"targets": 5, "devices": {"inspected": "Zscaler", "proxied": "unknown make"}.get(verdict, ""), "zone": town.zone}
    state |= {"lat": town.lat, "lon": town.lon, "egress": "203.0.113.7", "egress_name": town.egress[0], "front_door": town.door[0]}
    state |= {"distance_km": 111.0 * (abs(town.lat - town.egress[1]) + abs(town.lon - town.egress[2])), "total_ms": 40.0 * town.slow}
    state |= {"completeness": whole, "simulated": simulated, "summary": "break and inspect" if verdict == "inspected" else "none"}
    state |= {"summary_percent": 100.0, "summary_agree": 1, "summary_agents": 1, "egress_says": "agree", "peering": "direct"}
    state |= {
        "egress_owner": "Zscaler" if verdict == "proxied" else "Example ISP",
        "egress_kind": "security" if verdict == "proxied" else "",
    }
    state |= {"score_exchange": 100.0 - 9 * town.slow, "score_sharepoint": 82.0, "score_teams": 75.0}
    state |= {"bypassed_optimize": 0.0 if verdict == "inspected" else 100.0, "bypassed_allow": 50.0, "bypassed_default": 0.0}
    here = (("site", town.name),)
    hour: dict[str, Value] = {"site": town.name, "expected": 60, "stored": 60 - lost, "quarantined": 0, "missing": lost, "dropped": 0}
    hour["completeness"] = (60.0 - lost) / 60.0
    made = [
        Point("agent_hour", (("agent", _agent(town)),), hour, at_ns),
        Point("agent_state", (*here, ("agent", _agent(town))), agent, at_ns),
        Point("site_state", here, state, at_ns),
    ]
    stops = (
        ("1 site", (town.name, town.lat, town.lon), ""),
        ("2 egress", town.egress, "203.0.113.7"),
        ("3 front door", town.door, town.door[0]),
    )
    for stop, (name, lat, lon), address in stops:
        fields: dict[str, Value] = {"lat": lat, "lon": lon, "name": name, "address": address}
        made.append(Point("site_path", (*here, ("stop", stop)), fields, at_ns))
    return made


def _report(town: Town, at_ns: int, part: float, chance: random.Random) -> list[Point]:
    verdict = _verdict(town, part)
    made: list[Point] = []
    for index, (target, workload, category) in enumerate(TARGETS):
        control = category == "Control"
        for route in ("direct", "proxy"):
            tags = (
                ("site", town.name),
                ("agent", _agent(town)),
                ("target", target),
                ("route", route),
                ("workload", workload),
                ("category", category),
            )
            at = at_ns + index * 10**6 + (500 if route == "proxy" else 0)
            seen = "clean" if control or verdict == "silent" else verdict
            made.append(Point("web", tags, _web(town, seen, route, chance), at))
            made.append(Point("finding", tags, _finding(seen), at))
            if route == "direct":
                dns: dict[str, Value] = {"facts": "d", "stream": "s", "seq": 1, "dns_ms": chance.uniform(1, 9), "clock": "kernel"}
                dns |= {"answers": "52.98.0.1 52.98.0.2", "cnames": "ooc-g2.tm-4.office.com", "resolver": "192.0.2.53"}
                if control:
                    dns |= {"answered_by_nobody": False, "identity": "r1", "version": "unbound 1.19", "resolver_egress": "203.0.113.7"}
                made.append(Point("dns", tags, dns, at))
    tags = (
        ("site", town.name),
        ("agent", _agent(town)),
        ("target", "reflector:80"),
        ("route", "direct"),
        ("workload", "Control"),
        ("category", "Control"),
    )
    egress: dict[str, Value] = {"facts": "e", "stream": "s", "seq": 1, "connect_ms": 9.0 * town.slow, "total_ms": 21.0 * town.slow}
    egress |= {"signed": "ok", "asn": 64496, "as_name": "Example ISP", "dns_address": "203.0.113.7"}
    made.append(Point("egress", tags, egress | {"address": "203.0.113.7", "clock": "kernel"}, at_ns + 900))
    made.append(Point("path", (*tags[:2], ("target", TARGETS[0][0]), *tags[3:]), _path(verdict), at_ns + 902))
    made += _others(town, at_ns + 910)
    made.append(Point("host", (*tags[:2], ("target", "this-machine"), *tags[3:]), _host(town), at_ns + 901))
    return made


def _web(town: Town, verdict: str, route: str, chance: random.Random) -> dict[str, Value]:
    fields: dict[str, Value] = {"facts": "w", "stream": "s", "seq": 1, "clock": "kernel", "dns_ms": chance.uniform(1, 6)}
    if verdict == "unreachable" and chance.random() < 0.5:
        return fields | {"failure": "timeout", "stage": "connect", "error": "", "address": "52.98.0.1"}
    scale = town.slow * chance.lognormvariate(0, 0.35) * (2.2 if verdict == "inspected" else 1.0)
    phases = {"connect_ms": 9 * scale, "tls_ms": 12 * scale, "first_byte_ms": 14 * scale, "body_ms": 2 * scale}
    if verdict == "proxied" and route == "proxy":
        phases["proxy_ms"] = 20 * scale
    fields |= phases | {"total_ms": sum(phases.values()), "unaccounted_ms": 0.1, "status": 200, "body_bytes": 4100, "address": "52.98.0.1"}
    fields |= {"front_door": town.door[0], "tls": "TLSv1.3", "http": "h2", "trust_os": "trusted"}
    fields |= {"server_ms": 8.0, "health_score": 2, "throughput_mbps": 91.5, "bloat_ms": 12.0, "page": ""}
    fields["trust_public"] = "no_root" if verdict == "inspected" else "trusted"
    return fields | ({"suspect": True} if chance.random() < 0.02 else {}) | ({"repeat": True} if chance.random() < 0.02 else {})


def _others(town: Town, at_ns: int) -> list[Point]:
    """Return media, QUIC and WebSocket of a town: a device stops QUIC and forgets silent connections."""
    bad = town.fate == "inspected"
    every: dict[str, Value] = {"facts": "o", "stream": "s", "seq": 1, "clock": "kernel", "dns_ms": 2.0, "address": "52.112.1.40"}
    failed: dict[str, Value] = {"failure": "timeout", "stage": "body" if bad else "first_byte", "error": "no answer"}
    trust: dict[str, Value] = {"trust_os": "trusted", "trust_public": "no_root" if bad else "trusted"}
    media = every | {
        "ephemeral": "allocate",
        "audio": "allocate",
        "realm": "rtcmedia",
        "mapped": "203.0.113.7",
        "alternate": "52.112.1.41:3478",
    }
    media |= {"rtt_ms": 14 * town.slow, "audio_rtt_ms": 14 * town.slow, "jitter_ms": 1.5, "loss_percent": 0.0, "sent": 20, "received": 20}
    quic = every | {"version": "0x00000001", "alpn": "h3", "status": 302, "handshake_ms": 20 * town.slow, "first_byte_ms": 9 * town.slow}
    quic |= {"total_ms": 29 * town.slow, "trust_os": "trusted", "trust_public": "trusted"}
    wss = every | trust | {"upgraded": True, "status": 101, "idle": "lost" if bad else "alive", "idle_s": 60.0, "tls": "TLSv1.3"}
    wss |= {"connect_ms": 9 * town.slow, "proxy_ms": 0.0, "tls_ms": 12 * town.slow, "upgrade_ms": 14 * town.slow, "ping_ms": 9 * town.slow}
    named = (
        ("media", "worldaz.tr.teams.microsoft.com:3478/udp", media | (failed if town.fate == "unreachable" else {})),
        ("quic", "outlook.office365.com:443/udp", every | failed if bad else quic),
        ("websocket", "substrate.office.com:443/wss", wss | (failed if bad else {})),
    )
    who = (("site", town.name), ("agent", _agent(town)))
    rest = (("route", "direct"), ("workload", "Teams"), ("category", "Optimize"))
    return [Point(kind, (*who, ("target", target), *rest), fields, at_ns) for kind, target, fields in named]


def _host(town: Town) -> dict[str, Value]:
    vpn = town.name == "Chennai"
    fields: dict[str, Value] = {"facts": "h", "stream": "s", "seq": 1, "clock": "loop", "system": "windows", "adapters": "wired wireless"}
    fields |= {"vpn": "wintun" if vpn else "", "default_by": "wintun" if vpn else "wired", "tunnelled": 40 if vpn else 0, "error": ""}
    fields |= {"untunnelled": 0 if vpn else 40, "products": "zscaler" if town.fate == "inspected" else "", "roots": 41}
    fields |= {"added_roots": "CN=Contoso Root CA", "proxies": "user pac pac.contoso.com", "pac_direct": 9, "pac_proxied": 3}
    fields |= {"loop_lag_ms": 3.2, "rss_mb": 44.1, "cpu_ms": 310.0, "spooled": 2, "dropped": 0, "clock_offset_ms": 41.0, "uplink": ""}
    return fields | {"ntp_offset_ms": 12.5}


def _path(verdict: str) -> dict[str, Value]:
    split = verdict in {"inspected", "spliced"}
    fields: dict[str, Value] = {"facts": "p", "stream": "s", "seq": 1, "clock": "kernel", "ends_at": 2 if split else 11, "control_port": 80}
    fields |= {"control_ends_at": 11, "unroutable": "accepted" if split else "silent", "address": "52.98.0.1", "method": "linux-ttl"}
    fields |= {"connect_ms": 0.4 if split else 12.5, "control_ms": 12.5, "icmp_ms": 12.25, "mss": 1448, "sack": True, "timestamps": True}
    fields |= {"hops": "private private * 203.0.113.9 52.98.0.1", "scaling": True, "microsoft_hop": 4, "microsoft_ms": 8.5}
    fields |= {"direct_peering": True, "error": "", "failure": ""}
    return fields | ({"unroutable_ms": 0.25} if split else {})


def _finding(verdict: str) -> dict[str, Value]:
    bad = verdict == "inspected"
    fields: dict[str, Value] = {
        "verdict": verdict,
        "severity": "critical" if bad else "none",
        "responsible": "intermediary" if bad else "nobody",
    }
    fields |= {"confidence": 0.95, "deterministic": bad, "signals": "issuer.vendor trust.public" if bad else "", "knowledge": "2026-11-01"}
    costs: dict[str, Value] = {"tax_ms": 31.5, "tax_tls_ms": 22.0, "tax_first_byte_ms": 9.5, "points_lost": 12.5}
    return fields | ({"device_key": "instance:1f3a9c", "device_class": "swg", "vendor": "Zscaler", **costs} if bad else {})


def _events(since_ns: int, until_ns: int) -> Iterator[Point]:
    sentence = (
        "traffic to outlook.office365.com is being decrypted by a device not seen here before. Zscaler, by its certificate (certain)."
    )
    span = until_ns - since_ns
    stories = (
        ("Lyon", 0.66, "appeared", "P2"),
        ("Frankfurt", 0.2, "appeared", "P2"),
        ("Frankfurt", 0.3, "left", "P4"),
        ("São Paulo", 0.05, "discovered", "P4"),
    )
    for number, (place, part, kind, severity) in enumerate(stories):
        at_ns = since_ns + int(span * part) + number
        fields: dict[str, Value] = {"sentence": f"{place}: {sentence}", "episode": 1, "made_ms": at_ns // 10**6 + 9000, "device": "d-4f1c"}
        fields |= {"hosts": "outlook.office365.com, teams.microsoft.com", "agents_agree": 1, "agents_reporting": 1}
        if kind != "left":
            fields |= {"vendor": "Zscaler", "product": "Zscaler", "device_class": "swg", "issuer": "CN=Zscaler Intermediate Root CA"}
            fields |= {"verdict": "inspected", "responsible": "intermediary", "native": "Tenant restrictions v2"}
        yield Point("event", (("kind", kind), ("scope", place), ("severity", severity)), fields, at_ns)
