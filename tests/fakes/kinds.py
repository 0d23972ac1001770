"""Facts and observations of every kind from plain JSON: also of kinds that have not joined the wire's unions."""

from typing import Any

from judge.seen import SeenFacts
from wire import facts as of_facts
from wire import observation as of_observations
from wire.observation import (
    DnsObservation,
    EgressObservation,
    HostObservation,
    MediaObservation,
    PathObservation,
    QuicObservation,
    WebObservation,
    WebsocketObservation,
)

SeenObservation = (
    WebObservation
    | DnsObservation
    | EgressObservation
    | PathObservation
    | MediaObservation
    | QuicObservation
    | WebsocketObservation
    | HostObservation
)


def facts_of(plain: dict[str, Any]) -> SeenFacts:
    """Return facts as the type of their kind."""
    found: SeenFacts = getattr(of_facts, f"{plain['kind'].capitalize()}Facts").model_validate(plain)
    return found


def observation_of(plain: dict[str, Any]) -> SeenObservation:
    """Return an observation as the type of its kind."""
    found: SeenObservation = getattr(of_observations, f"{plain['kind'].capitalize()}Observation").model_validate(plain)
    return found
