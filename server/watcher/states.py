"""What the centre knows about its agents and sites now. Pure: rows, measurements and the registry in, states out; time is an argument.

A state is a function of what is stored, so it needs no memory: whoever computes it again gets the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final, Literal, Protocol

from server.fleet.registry import Place, Registry, distance_km
from server.state.overview import AgentRow, Aside, Counts, Tally
from server.watcher import beside
from server.watcher.site_more import SiteMore

AgentWord = Literal["reporting", "late", "silent"]
Stop = Literal["1 site", "2 egress", "3 front door"]

RANK: Final[Mapping[str, int]] = {
    word: rank
    for rank, word in enumerate(
        (
            "clean",
            "sanctioned",
            "inconclusive",
            "spliced",
            "proxied",
            "silent",
            "unreachable",
            "captive",
            "redirected",
            "altered",
            "inspected",
            "blocked",
        )
    )
}
"""How bad a site's word is, 0 best: every verdict, and `silent`, when no agent of the site is heard of."""
LATE_CADENCES, SILENT_CADENCES = 2.5, 5.0
FRESH_CADENCES = 5.0
"""An answer older than this many cadences is not what the site waits for now."""
UNKNOWN_MAKE = "unknown make"
_NOTHING = Counts()


class FrontDoorPlace(Protocol):
    """Where one of Microsoft's front doors is, as the knowledge has it."""

    @property
    def city(self) -> str:
        """Return its city."""
        ...

    @property
    def latitude(self) -> float:
        """Return degrees north."""
        ...

    @property
    def longitude(self) -> float:
        """Return degrees east."""
        ...


FrontDoors = Callable[[str], FrontDoorPlace | None]


@dataclass(frozen=True, slots=True)
class Measured:
    """The newest measurements, by (site, agent), each with its time in Unix ns.

    `total_ms`: one a target of Microsoft's; `egress`: the public address of the direct route; `front_door`: its code; `tunnelled`: how
    many Optimize prefixes leave by a tunnel; `peering`: whether Microsoft's network follows the egress' own.
    """

    total_ms: Mapping[tuple[str, str], Sequence[tuple[int, float]]] = field(default_factory=dict)
    egress: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    front_door: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    tunnelled: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    peering: Mapping[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgentState:
    """One agent now. Counts are of an hour's worth of its newest report numbers; `cadence_s` and `plan` are its own word.

    `troubles`: what is wrong with it, in words, worst first (`server/watcher/wellbeing.py`).
    """

    agent: str
    site: str
    state: AgentWord
    latest_ns: int
    cadence_s: float
    lab: bool
    software: str
    expected: int = 0
    stored: int = 0
    missing: int = 0
    dropped: int = 0
    plan: int = 0
    troubles: tuple[str, ...] = ()

    @property
    def completeness(self) -> float:
        """Return the stored part of what is expected, 0 to 1; of nothing, nothing is missing."""
        return self.stored / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class SiteState:
    """One site now. `agree` of `reporting` agents see `verdict`, since `since_ns`, on `hosts` of `targets`; `agents` are at home there.

    `devices` names who the device keys belong to. `meddling`: what is lost beside the answers, in words. Unknown is None, or an empty text.
    """

    site: str
    verdict: str
    rank: int
    since_ns: int
    agents: int
    reporting: int
    agree: int
    hosts: int
    targets: int
    device_keys: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    place: Place | None = None
    zone: str = "UTC"
    simulated: bool = False
    egress: str = ""
    egress_name: str = ""
    egress_place: Place | None = None
    distance_km: float | None = None
    front_door: str = ""
    front_door_city: str = ""
    front_door_place: Place | None = None
    total_ms: float | None = None
    completeness: float = 1.0
    meddling: tuple[str, ...] = ()
    more: SiteMore = field(default_factory=SiteMore)


@dataclass(frozen=True, slots=True)
class PathStop:
    """One stop of a site's way to Microsoft 365, where its place is known."""

    site: str
    stop: Stop
    place: Place
    name: str
    address: str


def agent_states(rows: Sequence[AgentRow], counts: Mapping[str, Counts], now_ns: int) -> list[AgentState]:
    """Return the state of each agent."""
    found = []
    for row in rows:
        mine = counts.get(row.id, _NOTHING)
        state = _heard(now_ns - row.latest_ns, row.cadence_s)
        plain = (row.latest_ns, row.cadence_s, row.lab, row.software)
        found.append(AgentState(row.id, row.place, state, *plain, mine.expected, mine.stored, mine.missing, mine.dropped))
    return found


def _heard(age_ns: int, cadence_s: float) -> AgentWord:
    """Say whether an agent reports: two missed reports are late, with two seconds for the way; five are silence."""
    age_s = age_ns / 1e9
    if age_s > SILENT_CADENCES * cadence_s + 5:
        return "silent"
    return "late" if age_s > LATE_CADENCES * cadence_s + 2 else "reporting"


def site_states(
    agents: Sequence[AgentState],
    tallies: Sequence[Tally],
    vendors: Mapping[str, str],
    measured: Measured,
    registry: Registry,
    front_doors: FrontDoors,
    now_ns: int,
    asides: Sequence[Aside] = (),
) -> list[SiteState]:
    """Return the state of each site that has agents, by name. `vendors` names the owner of each device key."""
    at: dict[str, list[AgentState]] = {}
    for agent in agents:
        at.setdefault(agent.site, []).append(agent)
    said: dict[str, list[Tally]] = {}
    for tally in tallies:
        said.setdefault(tally.agent, []).append(tally)
    apart: dict[tuple[str, str], list[Aside]] = {}
    for aside in asides:
        apart.setdefault((aside.place, aside.agent), []).append(aside)
    found = []
    for name in sorted(at):
        heard = [agent for agent in at[name] if agent.state != "silent"]
        mine = [tally for agent in heard for tally in said.get(agent.agent, ()) if tally.place == name]
        others = [aside for agent in heard for aside in apart.get((name, agent.agent), ())]
        worse = _worse(_verdict(heard, mine), others)
        keys = _keys([*mine, *worse])
        plain = _said(_verdict(heard, [*mine, *worse]), at[name], heard, mine, worse) | _registered(name, registry)
        way = _way(name, heard, measured, registry, front_doors) | {"total_ms": _total_ms(name, heard, measured, now_ns)}
        lost = beside.meddling(others)
        found.append(SiteState(site=name, device_keys=keys, devices=_devices(keys, vendors), meddling=lost, **plain, **way))
    return found


def _verdict(heard: Sequence[AgentState], tallies: Sequence[Tally]) -> str:
    """Return the site's word: the worst that an agent still heard of says now.

    Agents that report and of which nothing is sure yet (every path in its first round of something new) make it inconclusive.
    """
    if not heard:
        return "silent"
    return max((tally.verdict for tally in tallies), key=RANK.__getitem__, default="inconclusive")


def _worse(verdict: str, asides: Iterable[Aside]) -> list[Tally]:
    """Return what is found beside the answers and is worse than all they say: then it is the site's word, on so many hosts."""
    grouped: dict[tuple[str, str, str, str], list[Aside]] = {}
    for one in asides:
        if beside.counts(one) and RANK.get(one.verdict, 0) > RANK.get(verdict, 0):
            grouped.setdefault((one.place, one.agent, one.verdict, one.device_key), []).append(one)
    return [
        Tally(*key, len({beside.host_of(one.target) for one in some}), min(one.first_ns for one in some), max(one.first_ns for one in some))
        for key, some in grouped.items()
    ]


def _said(
    verdict: str, agents: Sequence[AgentState], heard: Sequence[AgentState], tallies: Sequence[Tally], worse: Sequence[Tally]
) -> dict[str, Any]:
    """Return what a site's agents say, as fields of its state: making it in one go costs a third of completing it (measured)."""
    seen = [tally for tally in (*tallies, *worse) if tally.verdict == verdict]
    if not seen:  # silent, or nothing sure yet: as of its newest report
        since_ns = max(agent.latest_ns for agent in agents)
    elif verdict == "clean":  # all of it, so since the last of it is
        since_ns = max(tally.newest_ns for tally in seen)
    else:
        since_ns = min(tally.first_ns for tally in seen)
    expected, stored = sum(agent.expected for agent in agents), sum(agent.stored for agent in agents)
    return {
        "verdict": verdict,
        "rank": RANK[verdict],
        "since_ns": since_ns,
        "agents": len(agents),
        "reporting": len(heard),
        "agree": len({tally.agent for tally in seen}),
        "hosts": _most(seen) if verdict != "clean" else 0,
        "targets": _most(tallies),
        "completeness": stored / expected if expected else 1.0,
    }


def _most(tallies: Iterable[Tally]) -> int:
    """Return on how many targets the agent with most of them says so: agents of a site share a plan, so it is the site's number."""
    by_agent: dict[str, int] = {}
    for tally in tallies:
        by_agent[tally.agent] = by_agent.get(tally.agent, 0) + tally.hosts
    return max(by_agent.values(), default=0)


def _keys(tallies: Iterable[Tally]) -> tuple[str, ...]:
    """Return the device keys seen at a site, those of the worst verdict first."""
    worst: dict[str, int] = {}
    for tally in tallies:
        if tally.device_key:
            worst[tally.device_key] = max(worst.get(tally.device_key, 0), RANK[tally.verdict])
    return tuple(sorted(worst, key=lambda key: (-worst[key], key)))


def _devices(keys: Sequence[str], vendors: Mapping[str, str]) -> tuple[str, ...]:
    """Return who made the devices, each maker once."""
    return tuple(dict.fromkeys(vendors.get(key) or UNKNOWN_MAKE for key in keys))


def _registered(site: str, registry: Registry) -> dict[str, Any]:
    known = registry.sites.get(site)
    return {} if known is None else {"place": known.place, "zone": known.zone, "simulated": known.simulated}


def _way(site: str, heard: Sequence[AgentState], measured: Measured, registry: Registry, front_doors: FrontDoors) -> dict[str, Any]:
    """Return the way to Microsoft 365 by agents still heard of. A silent site has none: it is not known any more."""
    keys = [(site, agent.agent) for agent in heard]
    address = _majority([measured.egress[key] for key in keys if key in measured.egress])
    egress = registry.egress_of(address) if address else None
    home = registry.sites.get(site)
    _, code = max((measured.front_door[key] for key in keys if key in measured.front_door), default=(0, ""))
    front_door = front_doors(code) if code else None
    return {
        "egress": address,
        "egress_name": egress.name if egress else "",
        "egress_place": egress.place if egress else None,
        "distance_km": distance_km(home.place, egress.place) if egress and home and home.place else None,
        "front_door": code,
        "front_door_city": front_door.city if front_door else "",
        "front_door_place": Place(front_door.latitude, front_door.longitude) if front_door else None,
    }


def _total_ms(site: str, heard: Sequence[AgentState], measured: Measured, now_ns: int) -> float | None:
    """Return the median of the newest answers of all targets and agents, as far as they are fresh."""
    fresh = [
        value
        for agent in heard
        for at_ns, value in measured.total_ms.get((site, agent.agent), ())
        if now_ns - at_ns <= FRESH_CADENCES * agent.cadence_s * 1e9
    ]
    return median(fresh) if fresh else None


def _majority(seen: Sequence[tuple[int, str]]) -> str:
    """Return what most say; of equals what was measured last."""
    votes: dict[str, tuple[int, int]] = {}
    for at_ns, address in seen:
        count, newest_ns = votes.get(address, (0, 0))
        votes[address] = (count + 1, max(newest_ns, at_ns))
    return max(votes, key=lambda address: (votes[address], address), default="")


def path_stops(site: SiteState) -> list[PathStop]:
    """Return the stops from site to front door whose places are known."""
    stops: list[tuple[Stop, Place | None, str, str]] = [
        ("1 site", site.place, site.site, ""),
        ("2 egress", site.egress_place, site.egress_name, site.egress),
        ("3 front door", site.front_door_place, f"{site.front_door_city} ({site.front_door})", ""),
    ]
    return [PathStop(site.site, stop, place, name, address) for stop, place, name, address in stops if place is not None]
