"""Holds judge/signals/held.py: an unknown public authority on a path that is odd."""

from judge.signals.held import signal
from tests.fakes.examined import OUTLOOK, TEAMS, Round, leaf
from wire.facts import PathFacts
from wire.target import Target

NEW = leaf(OUTLOOK.host, "Lab TLS CA 7")


def path(target: Target, ends_at: int) -> PathFacts:
    """Return a path whose control port is four hops away."""
    return PathFacts(target=target, ends_at=ends_at, control_port=5061, control_ends_at=4)


def test_held() -> None:
    """Where the connection ends nearer than the server; of a target whose own path was not looked at the others of the route speak."""
    assert Round().chain(NEW).see(path(OUTLOOK, 2)).names(signal) == [(0, "held")]
    assert Round().chain(NEW).see(path(OUTLOOK, 4)).names(signal) == []
    assert Round().chain(NEW).see(path(TEAMS, 2)).names(signal) == [(0, "held")]
    assert Round().chain(NEW).see(path(OUTLOOK, 4)).see(path(TEAMS, 2)).names(signal) == []
    assert Round().chain(NEW).names(signal) == []
    assert Round().chain(leaf(OUTLOOK.host)).see(path(OUTLOOK, 2)).names(signal) == []
