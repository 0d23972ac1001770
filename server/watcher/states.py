"""What the centre knows about its agents and sites now. Pure: rows, measurements and the registry in, states out; time is an argument.

A state is a function of what is stored, so it needs no memory: whoever computes it again gets the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from server.fleet.registry import Place, Registry
from server.state.overview import AgentRow, Counts, Tally

AgentWord = Literal["reporting", "late", "silent"]
Stop = Literal["1 site", "2 egress", "3 front door"]


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

    `total_ms`: one a target of Microsoft's; `egress`: the public address of the direct route; `front_door`: its code.
    """

    total_ms: Mapping[tuple[str, str], Sequence[tuple[int, float]]] = field(default_factory=dict)
    egress: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    front_door: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgentState:
    """One agent now. Counts are of an hour's worth of its newest report numbers; `cadence_s` is its own word."""

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

    @property
    def completeness(self) -> float:
        """Return the stored part of what is expected, 0 to 1; of nothing, nothing is missing."""
        return self.stored / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class SiteState:
    """One site now. `agree` of `reporting` agents see `verdict`, since `since_ns`, on `hosts` of `targets`; `agents` are at home there.

    `devices` names who the device keys belong to. Unknown is None, or an empty text.
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
    raise NotImplementedError


def site_states(
    agents: Sequence[AgentState],
    tallies: Sequence[Tally],
    vendors: Mapping[str, str],
    measured: Measured,
    registry: Registry,
    front_doors: FrontDoors,
) -> list[SiteState]:
    """Return the state of each site that has agents, by name. `vendors` names the owner of each device key."""
    raise NotImplementedError


def path_stops(site: SiteState) -> list[PathStop]:
    """Return the stops from site to front door whose places are known."""
    raise NotImplementedError
