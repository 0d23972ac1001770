"""Maintenance windows: who is muted when, and what is no window."""

import pytest

from server.fleet.maintenance import LONGEST_NS, WHOLE_FLEET, Window, moment_of, muted, problems_of

LYON, FLEET = Window("Lyon", 100, 200, "new switch", id=1), Window(WHOLE_FLEET, 150, 180, "centre moves", id=2)


@pytest.mark.parametrize(
    ("site", "at_ns", "expected"),
    [("Lyon", 99, None), ("Lyon", 100, LYON), ("Lyon", 160, LYON), ("Lyon", 200, None), ("Porto", 160, FLEET), ("Porto", 100, None)],
)
def test_who_is_muted(site: str, at_ns: int, expected: Window | None) -> None:
    """A site's own window and the fleet's; the first moment is in, the last is out; of two the one that lasts longer."""
    assert muted([LYON, FLEET], site, at_ns) == expected


@pytest.mark.parametrize(
    ("window", "place"),
    [
        (Window("Lyno", 100, 200, "x"), "site"),
        (Window("Lyon", 200, 200, "x"), "until"),
        (Window("Lyon", 10, 50, "x"), "until"),
        (Window("Lyon", 100, 101 + LONGEST_NS, "x"), "until"),
        (Window("Lyon", 100, 200, " "), "reason"),
        (Window("Lyon", 100, 200, "x" * 513), "reason"),
    ],
)
def test_what_is_no_window_is_told_with_the_remedy(window: Window, place: str) -> None:
    """The place in front, one sentence."""
    (told,) = problems_of(window, {"Lyon"}, 60)
    assert told.startswith(f"{place}: ")
    assert "; " in told


def test_good_windows_have_no_problems() -> None:
    """A site's and the fleet's."""
    assert problems_of(LYON, {"Lyon"}, 60) + problems_of(FLEET, {"Lyon"}, 60) == []


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-28T22:00", "Europe/Lisbon", 1795903200),
        ("2026-11-28 22:00", "Asia/Kolkata", 1795883400),
        ("2026-11-28T22:00+01:00", "Asia/Kolkata", 1795899600),
        ("2026-10-25T02:30", "Europe/Berlin", 1792888200),
    ],
)
def test_times_as_people_write_them(text: str, zone: str, expected: int) -> None:
    """In the site's zone unless they say another; the hour that comes twice is the first."""
    assert moment_of(text, zone) == expected * 10**9


def test_what_is_no_time_is_refused_with_an_example() -> None:
    """In the site's zone."""
    with pytest.raises(ValueError, match="in Europe/Lisbon"):
        moment_of("tonight", "Europe/Lisbon")
