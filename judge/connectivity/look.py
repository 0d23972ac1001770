"""What all rows look at: samples with their facts, the findings, the knowledge, and where the machine says it is. Small views, no rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from judge.finding import Finding
from judge.knowledge.assessment import ThresholdId
from judge.knowledge.model import Knowledge
from wire.facts import (
    DnsFacts,
    EgressFacts,
    HostFacts,
    KnownFacts,
    MediaFacts,
    PathFacts,
    QuicFacts,
    WebFacts,
    WebsocketFacts,
)
from wire.observation import (
    DnsObservation,
    EgressObservation,
    HostObservation,
    KnownObservation,
    MediaObservation,
    PathObservation,
    QuicObservation,
    WebObservation,
    WebsocketObservation,
)
from wire.vocabulary import Workload

AnyFacts = KnownFacts | PathFacts | MediaFacts | QuicFacts | WebsocketFacts | HostFacts
AnyObservation = KnownObservation | PathObservation | MediaObservation | QuicObservation | WebsocketObservation | HostObservation
Observed = TypeVar("Observed", bound=AnyObservation)
Known = TypeVar("Known", bound=AnyFacts)


@dataclass(frozen=True, slots=True)
class Sample:
    """One observation and the facts it names."""

    observation: AnyObservation
    facts: AnyFacts


@dataclass(frozen=True, slots=True)
class Place:
    """Where the machine is said to be. Degrees, north and east up."""

    latitude: float
    longitude: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything one check saw. `tenant` is whether names of the customer's own tenant were probed."""

    samples: Sequence[Sample]
    findings: Sequence[Finding]
    knowledge: Knowledge
    place: Place | None = None

    def limit(self, threshold: ThresholdId) -> float:
        """Return a threshold of the knowledge."""
        return self.knowledge.assessment.limit(threshold)

    def web(self, *hosts: str, route: str | None = None) -> Iterator[tuple[WebObservation, WebFacts]]:
        """Return HTTPS and HTTP requests, of these hosts and this route if given."""
        for one in self.samples:
            if isinstance(one.facts, WebFacts) and isinstance(one.observation, WebObservation) and _is(one.facts, hosts, route):
                yield one.observation, one.facts

    def dns(self, *hosts: str) -> Iterator[tuple[DnsObservation, DnsFacts]]:
        """Return lookups."""
        for one in self.samples:
            if isinstance(one.facts, DnsFacts) and isinstance(one.observation, DnsObservation) and _is(one.facts, hosts, None):
                yield one.observation, one.facts

    def egress(self) -> Iterator[tuple[EgressObservation, EgressFacts]]:
        """Return what reflectors said."""
        for one in self.samples:
            if isinstance(one.facts, EgressFacts) and isinstance(one.observation, EgressObservation):
                yield one.observation, one.facts

    def path(self, *hosts: str) -> Iterator[tuple[PathObservation, PathFacts]]:
        """Return path measurements."""
        for one in self.samples:
            if isinstance(one.facts, PathFacts) and isinstance(one.observation, PathObservation) and _is(one.facts, hosts, None):
                yield one.observation, one.facts

    def media(self) -> Iterator[tuple[MediaObservation, MediaFacts]]:
        """Return what the Teams relay answered."""
        for one in self.samples:
            if isinstance(one.facts, MediaFacts) and isinstance(one.observation, MediaObservation):
                yield one.observation, one.facts

    def quic(self) -> Iterator[tuple[QuicObservation, QuicFacts]]:
        """Return HTTP/3 handshakes."""
        for one in self.samples:
            if isinstance(one.facts, QuicFacts) and isinstance(one.observation, QuicObservation):
                yield one.observation, one.facts

    def websocket(self) -> Iterator[tuple[WebsocketObservation, WebsocketFacts]]:
        """Return WebSocket upgrades."""
        for one in self.samples:
            if isinstance(one.facts, WebsocketFacts) and isinstance(one.observation, WebsocketObservation):
                yield one.observation, one.facts

    def host(self) -> HostFacts | None:
        """Return what is known of the machine itself."""
        return next((one.facts for one in self.samples if isinstance(one.facts, HostFacts)), None)

    def hosts_of(self, workload: Workload, category: str = "Optimize") -> tuple[str, ...]:
        """Return the probed hosts of a workload's category, in the order probed."""
        return tuple(
            dict.fromkeys(
                one.facts.target.host
                for one in self.samples
                if one.facts.target.workload == workload and one.facts.target.category == category and one.facts.target.protocol == "https"
            )
        )


def _is(facts: AnyFacts, hosts: tuple[str, ...], route: str | None) -> bool:
    return (not hosts or facts.target.host in hosts) and (route is None or facts.route == route)


def middle(values: Sequence[float]) -> float | None:
    """Return the median, or None of nothing."""
    return median(values) if values else None


def ms(value: float) -> str:
    """Return milliseconds as a person reads them."""
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
