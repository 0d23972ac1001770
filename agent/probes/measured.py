"""What every probe takes and returns: the cycle's clock, and one observation with its facts and certificates.

Only these types and how they are put together live here; no probe and no network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent.network.net import Network
from wire.codec import content_id, facts_bytes
from wire.facts import KnownFacts
from wire.observation import KnownObservation
from wire.target import Route, Target
from wire.vocabulary import Kind


class CycleClock(Protocol):
    """The cycle a probe belongs to."""

    @property
    def turn(self) -> int:
        """Return the number of the cycle, from 0: of several addresses a probe takes the turn-th. A repeat has the turn it repeats."""
        ...

    def at_us(self) -> int:
        """Return microseconds since the cycle's start, from a clock that never steps."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """One observation, the facts it names, and the DER of every certificate those facts name, by id."""

    observation: KnownObservation
    facts: KnownFacts
    certificates: Mapping[str, bytes] = field(default_factory=dict)


class Probe(Protocol):
    """The shape of a probe's module."""

    @property
    def NAME(self) -> Kind:  # noqa: N802 - a module's constant, named as one
        """Return the probe's name: its file, its observation kind and its measurement."""
        ...

    async def measure(self, target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
        """Return what was seen of one target by one route; failures are in it."""
        ...


def facts_id(facts: KnownFacts) -> str:
    """Return the content id an observation names its facts by."""
    return content_id(facts_bytes(facts))


def by_id(chain: Sequence[bytes]) -> dict[str, bytes]:
    """Return certificates by their content id, in the chain's order."""
    return {content_id(der): der for der in chain}


def present(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - keyword arguments of any wire type
    """Return the arguments that are not None: what is absent stays out of the report."""
    return {name: value for name, value in values.items() if value is not None}
