"""Pictures for the page: a few real sites, as many simulated ones as wanted, devices, findings, a chain, events. No store."""

from collections.abc import Sequence

from judge.certificate import read_certificate
from judge.finding import Device, DeviceKey, Evidence, Finding
from server.console.picture import PHASES, Captured, Chain, DeviceCard, Picture, Timeline
from server.console.words import ORDER
from server.fleet.registry import Place
from server.state.devices import DeviceRow, PresenceRow
from server.state.paths import StoredRun
from server.state.showing import ShownEvent, Sighting
from server.watcher.states import AgentState, SiteState
from wire.facts import ChainTrust
from wire.target import Target
from wire.vocabulary import Verdict

SECOND = 10**9
MINUTE = 60 * SECOND
NOW = 1_795_000_800 * SECOND
HOSTS = ("login.microsoftonline.com", "microsoft.sharepoint.com", "outlook.cloud.microsoft", "outlook.office365.com", "teams.microsoft.com")
REAL = {"Frankfurt": (50.11, 8.68, "Europe/Berlin"), "Lyon": (45.76, 4.84, "Europe/Paris"), "Porto": (41.15, -8.61, "Europe/Lisbon")}


def site(name: str, verdict: Verdict | str = "clean", **known: object) -> SiteState:
    """Return a site; everything not named is calm and complete."""
    bad = verdict not in {"clean", "sanctioned", "silent"}
    plain: dict[str, object] = {
        "since_ns": NOW - 12 * MINUTE,
        "agents": 2,
        "reporting": 0 if verdict == "silent" else 2,
        "agree": 0 if verdict == "silent" else 2,
        "hosts": 4 if bad else 0,
        "targets": 6,
        "total_ms": 84.0,
        "egress": "203.0.113.7",
        "egress_name": "Uplink",
        "front_door": "FRA",
    }
    return SiteState(site=name, verdict=verdict, rank=ORDER.index(verdict), **(plain | known))  # type: ignore[arg-type]


def agent(name: str, place: str, state: str = "reporting", **known: object) -> AgentState:
    """Return an agent."""
    plain: dict[str, object] = {
        "latest_ns": NOW - 3 * SECOND,
        "cadence_s": 5.0,
        "lab": True,
        "software": "0.1.0",
        "expected": 720,
        "stored": 720,
    }
    return AgentState(agent=name, site=place, state=state, **(plain | known))  # type: ignore[arg-type]


def finding(verdict: Verdict = "inspected", *, vendor: str | None = "Zscaler", host: str = HOSTS[3]) -> Finding:
    """Return a finding about a device, with everything a page can show."""
    named = Device(
        (DeviceKey("instance", "ab" * 16),),
        "swg",
        vendor,
        None,
        None,
        0.95,
        "tenant",
        "CN=Zscaler Intermediate Root CA, O=Zscaler Inc., C=US",
    )
    return Finding(
        target=Target(host=host, category="Optimize", workload="Exchange"),
        route="direct",
        verdict=verdict,
        severity="high",
        confidence=0.98,
        responsible="intermediary",
        sentence=f"Traffic to {host} is being decrypted.",
        why_not="Not spliced: a device that only forwards leaves the server's own certificate in place, and this one is another's.",
        evidence=(
            Evidence("trust", "chain", 1.0, "L", "The chain ends in a root that only this machine's own store trusts.", deterministic=True),
            Evidence("sct", "chain", 0.8, "A", "The certificate carries no signed certificate timestamp; Microsoft's always do."),
            Evidence("alpn", "protocol", 0.3, "B", "HTTP/2 was offered and HTTP/1.1 was chosen; this host speaks HTTP/2."),
            Evidence("headers", "headers", -0.2, "C", "No header was added on the way."),
        ),
        device=named,
        links=("https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-network-connectivity-principles",),
        native="Microsoft Defender for Office 365 and Purview Data Loss Prevention see this traffic without decrypting it on the way.",
    )


def chain(ders: Sequence[bytes] = (b"not a certificate",)) -> Chain:
    """Return a chain as captured."""
    pem = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
    return Chain(HOSTS[3], [Captured(read_certificate(der), pem) for der in ders], ChainTrust(os="trusted", public="no_root"))


def card(
    number: int, places: Sequence[str], *, verdict: Verdict = "inspected", vendor: str | None = "Zscaler", left: bool = False
) -> DeviceCard:
    """Return a device at some places."""
    identity = f"device-{number}"
    state = "absent" if left else "present"
    since_ns = NOW - (4 + number) * MINUTE
    seen = [
        Sighting(0, "instance:ab", place, f"{place.lower()}-0{which}", f"{host}:443", "direct", verdict, since_ns)
        for place in places
        for host in HOSTS[:4]
        for which in (1, 2)
    ]
    return DeviceCard(
        DeviceRow(identity, "swg", vendor or "", confidence=0.95, first_seen_ns=since_ns),
        [PresenceRow(identity, place, state, 1, since_ns, NOW) for place in places],
        [] if left else seen,
        finding(verdict, vendor=vendor),
        chain(),
    )


def event(number: int, kind: str = "appeared", severity: str = "P2", scope: str = "Frankfurt", ago_s: int = 240) -> ShownEvent:
    """Return an event told at once."""
    what = (
        f"{scope}: traffic to login.microsoftonline.com, microsoft.sharepoint.com and 2 more is being decrypted by a device not seen "
        "here before. Zscaler, by its certificate (certain). 2 of 2 agents agree, since 2026-11-18 12:22 UTC. Before: clean. "
        "For: the owner of the device."
    )
    return ShownEvent(number, kind, severity, "device-0", scope, NOW - ago_s * SECOND, NOW - (ago_s - 8) * SECOND, what)


def simulated(count: int) -> list[SiteState]:
    """Return sites all over the world: most clean, some with what a fleet has."""
    some: dict[int, str] = {
        3: "inspected",
        7: "proxied",
        11: "sanctioned",
        17: "silent",
        23: "unreachable",
        31: "inconclusive",
        41: "spliced",
    }
    sites = []
    for number in range(count):
        latitude, longitude = 55.0 - (number * 37) % 90, -125.0 + (number * 61) % 275
        far = number % 29 == 5
        sites.append(
            site(
                f"Simulated {number + 1:03}",
                some.get(number % 43, "clean"),
                place=Place(latitude, longitude),
                zone="Asia/Kolkata",
                simulated=True,
                total_ms=40.0 + number % 200,
                distance_km=9800.0 if far else 12.0,
                egress_name="Dallas breakout" if far else "local breakout",
                egress_place=Place(32.8, -96.8) if far else Place(latitude, longitude + 0.2),
                front_door_place=Place(32.9, -97.0) if far else Place(latitude + 2, longitude + 1),
            )
        )
    return sites


def picture(*, sites: int = 60, inserted: bool = True, now_ns: int = NOW) -> Picture:
    """Return a whole picture: Frankfurt with a device in its way (or not), a fleet around it."""
    doors = {"Frankfurt": (50.0, 8.6), "Lyon": (49.0, 2.5), "Porto": (38.7, -9.1)}
    real = [
        site(
            name,
            "inspected" if inserted and name == "Frankfurt" else "clean",
            place=Place(latitude, longitude),
            zone=zone,
            egress_name=f"{name} uplink",
            egress_place=Place(latitude + 0.3, longitude + 0.4),
            front_door_place=Place(*doors[name]),
            distance_km=45.0,
            agents=1,
            reporting=1,
            agree=1,
        )
        for name, (latitude, longitude, zone) in REAL.items()
    ]
    fleet = simulated(sites)
    agents = [
        agent(f"{one.site.lower().replace(' ', '-')}-01", one.site, "silent" if one.verdict == "silent" else "reporting")
        for one in (*real, *fleet)
    ]
    long_known = [one.site for one in fleet if one.verdict == "inspected"]
    cards = [card(0, ["Frankfurt"])] if inserted else [card(0, ["Frankfurt"], left=True)]
    cards += [card(1, long_known, vendor="Netskope")] if long_known else []
    events = [
        event(9),
        event(8, "left", "P4", "Lyon", 2000),
        event(7, "returned", "P4", "Lyon", 2600),
        event(3, "discovered", "P4", "Simulated 004", 9000),
    ]
    return Picture((9, now_ns), now_ns, agents, [*real, *fleet], events, cards, now_ns + 10 * SECOND)


def timeline(name: str = "Frankfurt", now_ns: int = NOW) -> Timeline:
    """Return fifteen minutes of a site: clean, two minutes of silence, then inspected on four hosts."""
    step_ns = 13 * SECOND
    end_ns = (now_ns // step_ns + 1) * step_ns
    start_ns = end_ns - 69 * step_ns
    change_ns = now_ns - 4 * MINUTE
    runs = []
    for index, host in enumerate(HOSTS):
        hit = host != HOSTS[4]
        runs.append(StoredRun(2 * index, "a", name, f"{host}:443", "direct", "clean", "", start_ns - MINUTE, change_ns, 3, None))
        if hit:
            runs.append(
                StoredRun(2 * index + 1, "a", name, f"{host}:443", "direct", "inspected", "instance:ab", change_ns, now_ns, 3, None)
            )
    heard = [not 20 <= index < 30 for index in range(69)]
    sizes = (4.0, 11.0, 0.0, 23.0, 38.0, 6.0)
    phases = {
        name: [value * (1 + (index % 7) / 20 + (index > 50) * 0.6) if there else None for index, there in enumerate(heard)]
        for name, value in zip(PHASES, sizes, strict=True)
    }
    return Timeline(name, start_ns, end_ns, step_ns, runs, heard, f"{HOSTS[3]}:443", phases)
