"""The picture: all that one moment of the page is drawn from. Plain values; nothing here reads, decides or draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from judge.certificate import CertificateFields
from judge.finding import Finding
from server.state.devices import DeviceRow, PresenceRow
from server.state.paths import StoredRun
from server.state.showing import ShownEvent, Sighting, Version
from server.watcher.states import AgentState, SiteState
from wire.facts import ChainTrust

PHASES = ("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms")
"""Fields of measurement `web`, in the order they pass."""


@dataclass(frozen=True, slots=True)
class Captured:
    """One certificate of a chain as it was seen, and its PEM to copy."""

    fields: CertificateFields
    pem: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain one host sent, leaf first, and how it verified."""

    host: str
    certificates: Sequence[Captured]
    trust: ChainTrust | None


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """One device present or left lately. `finding` proves it best; `sightings` are the paths that meet it now."""

    row: DeviceRow
    presences: Sequence[PresenceRow]
    sightings: Sequence[Sighting]
    finding: Finding | None
    chain: Chain | None

    @property
    def present(self) -> Sequence[PresenceRow]:
        """Return where it stands now."""
        return [one for one in self.presences if one.state == "present"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment. `history` is empty when the history store answers; `decided_until_ns` is until when a watcher may decide.

    `lists` says which endpoint list all of it is judged by, and how old that is.
    """

    version: Version = ()
    at_ns: int = 0
    agents: Sequence[AgentState] = ()
    sites: Sequence[SiteState] = ()
    events: Sequence[ShownEvent] = ()
    devices: Sequence[DeviceCard] = ()
    decided_until_ns: int = 0
    history: str = ""
    lists: str = ""

    def site(self, name: str) -> SiteState | None:
        """Return a site by its name."""
        return next((one for one in self.sites if one.site == name), None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One site's last minutes or hours: runs, when anything was heard, the phases of one target. Series have one value per step."""

    site: str
    start_ns: int
    end_ns: int
    step_ns: int
    runs: Sequence[StoredRun] = ()
    heard: Sequence[bool] = ()
    target: str = ""
    phases: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    history: str = ""
