"""Time limits from a plan."""

from agent.network.settings import LOOKUP_S, Timeouts


def test_every_stage() -> None:
    """A plan's limit holds for every stage; a lookup never waits longer than a resolver library does."""
    assert Timeouts.every(2.0) == Timeouts(2.0, 2.0, 2.0, 2.0, 2.0, 2.0)
    assert Timeouts.every(60.0).dns_s == LOOKUP_S
