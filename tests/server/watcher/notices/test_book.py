"""Holds server/watcher/notices/book.py: grouping, fleet-wide causes, inhibition, closing, on a book without a database."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.watcher.kinds import KINDS
from server.watcher.notices.alert import MAINTENANCE, PROBLEM, SITE, Seen
from server.watcher.notices.book import FLEET_WINDOW_NS, Book, Terms
from server.watcher.notices.release import release
from server.watcher.notices.routing import Rule
from tests.fakes.notices import HOUR, MINUTE, START, seen


def book(*events: Seen, **terms: object) -> Book:
    """Return a book with these events folded."""
    made = Book([], Terms(**terms))  # type: ignore[arg-type]
    for one in events:
        made.fold(one, one.at_ns)
    return made


def keys(made: Book) -> list[str]:
    """Return the keys of the alerts that were not taken over."""
    return sorted(one.key for one in made.alerts.values() if not one.into)


def test_a_problem_opens_and_its_end_closes() -> None:
    """Closed by evidence only; a second end closes nothing more."""
    made = book(seen("site-down"), seen("egress-moved"))
    down = next(one for one in made.alerts.values() if one.cause == "reach")
    assert (down.severity, down.closed_ns) == ("P1", 0)
    made.fold(seen("site-up", at_ns=START + HOUR), START + HOUR)
    assert down.closed_ns == START + HOUR
    assert [part.open for part in down.parts] == [False, False]


def test_a_device_is_closed_when_it_left_everywhere() -> None:
    """One site after another: the alert is open while it is anywhere."""
    made = book(*(seen("appeared", site, device="d1") for site in ("Lyon", "Porto")), seen("spread", "", device="d1", scope=""))
    assert keys(made) == ["device|d1"]
    alert = next(iter(made.alerts.values()))
    made.fold(seen("left", "Lyon", device="d1"), START)
    assert not alert.closed_ns
    made.fold(seen("left", "Porto", device="d1"), START)
    assert alert.closed_ns


def test_a_problem_told_twice_is_ended_once() -> None:
    """Reminders of one case are many; its closing ends them all, and a case's events are one alert wherever they are."""
    made = book(
        *(seen("case-reminder", site, scope="case 1") for site in ("", "Lyon", "Lyon")), seen("case-broken", "Lyon", scope="case 1")
    )
    (alert,) = made.alerts.values()
    made.fold(seen("case-closed", "", scope="case 1"), START)
    assert alert.closed_ns
    assert not any(part.open for part in alert.parts)


def test_an_end_of_several_kinds_may_name_one() -> None:
    """An agent whose clock is right again may still follow an old plan."""
    made = book(seen("agent-clock", scope="a1"), seen("agent-plan", scope="a1"))
    made.fold(seen("agent-well", scope="a1", over="agent-clock"), START)
    assert [(part.event.kind, part.open) for one in made.alerts.values() for part in one.parts if part.what == PROBLEM] == [
        ("agent-clock", False),
        ("agent-plan", True),
    ]


def test_a_merged_device_is_ended_under_its_new_name() -> None:
    """What was told of a device that turned out to be another is over when that one leaves; nobody else's is."""
    made = book(seen("appeared", device="d1"), seen("appeared", device="d2"), seen("appeared", "Porto", device="d1"))
    made.merged = frozenset({"d1"})
    made.fold(seen("left", device="d3"), START)
    assert {(part.event.device, part.event.site) for one in made.alerts.values() for part in one.parts if part.open} == {
        ("d2", "Lyon"),
        ("d1", "Porto"),
    }


def test_severity_none_is_told_to_nobody() -> None:
    """A beginning is not even noted; an end closes in silence."""
    made = book(seen("appeared", device="d1", severity="none"))
    assert made.alerts == {}
    made = book(seen("agent-silent", scope="a1"), seen("agent-heard", scope="a1"))
    drafts = release(made, [Rule("all", "P4")], START + HOUR)
    assert [part.event.kind for draft in drafts for part in draft.parts] == ["agent-silent"]


@pytest.mark.parametrize(("sites", "registered", "alerts"), [(2, 0, 2), (3, 0, 1), (3, 200, 3), (4, 200, 1), (200, 200, 1)])
def test_many_sites_at_once_are_one_cause(sites: int, registered: int, alerts: int) -> None:
    """From three sites, and two in a hundred of a large fleet, on."""
    made = book(*(seen("site-silent", f"s{number}") for number in range(sites)), sites=registered)
    assert len(keys(made)) == alerts


def test_sites_that_follow_slowly_are_their_own() -> None:
    """Beyond the window one site has nothing to do with another."""
    made = book(*(seen("site-down", f"s{number}", START + number * (FLEET_WINDOW_NS + MINUTE)) for number in range(5)))
    assert len(keys(made)) == 5


def test_a_fleet_cause_lets_other_causes_be() -> None:
    """A site's alert keeps what is not of the fleet's kind, and sites that come back close the fleet's alert."""
    sites = [f"s{number}" for number in range(5)]
    made = book(*(seen("summary-changed", site) for site in sites[:1]), *(seen("site-down", site) for site in sites))
    assert keys(made) == ["fleet|site-down", "reach|s0"]
    for site in sites:
        made.fold(seen("site-up", site), START)
    assert {one.key: bool(one.closed_ns) for one in made.alerts.values() if not one.into} == {"fleet|site-down": True, "reach|s0": False}


def test_a_site_that_is_down_speaks_for_what_is_at_it() -> None:
    """Agents, egress and leaving devices there are muted, before and after; another site's are not, and a new device is told."""
    made = book(
        seen("agent-silent", "Lyon", scope="a0"),
        seen("site-down", "Lyon"),
        seen("egress-moved", "Lyon"),
        seen("egress-moved", "Porto"),
        seen("appeared", "Lyon", device="d1"),
    )
    mutes = {(part.event.kind, part.event.site): part.mute for alert in made.alerts.values() for part in alert.parts}
    assert mutes == {
        ("agent-silent", "Lyon"): SITE,
        ("site-down", "Lyon"): "",
        ("egress-moved", "Lyon"): SITE,
        ("egress-moved", "Porto"): "",
        ("appeared", "Lyon"): "",
    }


def test_maintenance_mutes_by_the_time_of_the_event() -> None:
    """What happened before the window is told, what happened in it is not."""
    made = book(
        seen("site-down", at_ns=START - 1), seen("cloned-identity", at_ns=START), muting=lambda _s, at: HOUR * 9 if at >= START else 0
    )
    assert [part.mute for one in made.alerts.values() for part in one.parts] == ["", MAINTENANCE]


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_every_event_is_in_one_alert_and_told_once(seed: int, number: int) -> None:
    """Whatever comes in whatever order: each event is in one part of one alert, and in at most one letter to a target."""
    chance = random.Random(seed)
    made, told, now_ns = Book([], Terms()), [], START
    rule = Rule("all", "P4")
    for _ in range(number):
        kind, site = chance.choice(sorted(KINDS)), chance.choice(["Lyon", "Porto", "Roma", "Wien"])
        device = chance.choice(["d1", "d2"]) if KINDS[kind].cause == "device" else ""
        made.fold(seen(kind, site, now_ns, device=device), now_ns)
        now_ns += chance.randrange(40) * 10**9
        told += [part.event.id for draft in release(made, [rule], now_ns) for part in draft.parts]
    told += [part.event.id for draft in release(made, [rule], now_ns + HOUR) for part in draft.parts]
    parts = [part for alert in made.alerts.values() for part in alert.parts]
    assert len({part.event.id for part in parts}) == len(parts)
    assert len(told) == len(set(told))
    quiet = {part.event.id for part in parts if part.mute == SITE or part.event.severity == "none"}
    assert {part.event.id for part in parts} - quiet <= set(told)
    assert all(alert.id == part.alert for alert in made.alerts.values() for part in alert.parts)
