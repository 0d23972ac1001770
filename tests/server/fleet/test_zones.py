"""A time is told in its site's zone, and which zone that is stands beside it."""

import pytest

from server.fleet.zones import at, in_utc, offset, zone_of

WINTER, SUMMER = 1_795_577_400 * 10**9, 1_779_939_000 * 10**9
"""2026-11-25 03:30 and 2026-05-28 03:30, both UTC."""


@pytest.mark.parametrize(
    ("zone", "at_ns", "told"),
    [
        ("UTC", WINTER, "03:30 UTC"),
        ("Europe/Lisbon", WINTER, "03:30 UTC"),
        ("Europe/Berlin", WINTER, "04:30 UTC+1"),
        ("Europe/Berlin", SUMMER, "05:30 UTC+2"),
        ("Asia/Kolkata", WINTER, "09:00 UTC+5:30"),
        ("America/St_Johns", WINTER, "00:00 UTC-3:30"),
        ("America/Chicago", WINTER, "21:30 UTC-6"),
        ("Atlantis/Nowhere", WINTER, "03:30 UTC"),
    ],
)
def test_a_time_and_its_zone(zone: str, at_ns: int, told: str) -> None:
    """Summer time and half hours included; an unknown zone is UTC and says so."""
    there = at(at_ns, zone)
    assert f"{there:%H:%M} {offset(there)}" == told
    assert in_utc(there).timestamp() * 10**9 == at_ns


def test_a_zone_is_read_once() -> None:
    """A thousand sites are drawn a second."""
    assert zone_of("Europe/Berlin") is zone_of("Europe/Berlin")
