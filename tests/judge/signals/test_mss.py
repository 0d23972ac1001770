"""Holds judge/signals/mss.py: segments made smaller."""

import pytest

from judge.signals.mss import signal
from tests.fakes.examined import OUTLOOK, TEAMS, Round
from wire.facts import PathFacts


@pytest.mark.parametrize(
    ("mss", "stamped", "name"),
    [
        (1460, 0, "mss_full"),
        (1448, 1, "mss_full"),
        (1440, 1, "mss_full"),
        (1420, 1, "mss_full"),
        (1348, 1, "mss_clamped"),
        (1360, 0, "mss_clamped"),
        (65_483, 1, "mss_full"),
    ],
)
def test_against_plain_links(mss: int, stamped: int, name: str) -> None:
    """Ethernet, PPPoE, IPv6 and loopback are plain; what a tunnel needs is not."""
    made = Round().see(PathFacts(target=OUTLOOK, mss=mss, timestamps=bool(stamped)))
    assert made.names(signal) == [(0, name)]


def test_against_other_targets() -> None:
    """One target far below another of the same route is clamped, whatever plain is; another route is no measure."""
    made = Round().see(PathFacts(target=OUTLOOK, mss=8908)).see(PathFacts(target=TEAMS, mss=1460))
    assert made.names(signal) == [(0, "mss_full"), (1, "mss_clamped")]
    apart = Round().see(PathFacts(target=OUTLOOK, mss=8908)).see(PathFacts(target=TEAMS, mss=1460, route="vpn"))
    assert [name for _, name in apart.names(signal)] == ["mss_full", "mss_full"]


def test_unknown_says_nothing() -> None:
    """Where the size is not known nothing is said."""
    assert Round().see(PathFacts(target=OUTLOOK)).names(signal) == []
