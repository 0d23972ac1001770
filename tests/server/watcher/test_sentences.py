"""What is read aloud: each kind of event, each gap in knowledge, no blame without evidence."""

from dataclasses import replace

import pytest

from server.watcher.devices import Kind
from server.watcher.sentences import DOING, JOB, Circumstances, cloned, device_event, moment
from server.watcher.turns import SIGHTINGS
from tests.fakes.sightings import START, device, finding

ABOUT = Circumstances("Frankfurt", ["b.com", "a.com"], 4, 5, START, START - 3600 * 10**9, finding(by=device("instance:1")))


NOW, THEN = "2026-11-18 11:06 UTC", "2026-11-18 10:06 UTC"
WHO = f"Zscaler, by its certificate (certain). 4 of 5 agents agree, since {NOW}."


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("appeared", f"a device not seen here before. {WHO} Before: clean."),
        ("discovered", f"a device that may have been there before. {WHO} Before: not known"),
        ("returned", f"a device that had left. {WHO} Before: without it since {THEN}."),
        ("left", f"is gone. {WHO} Before: seen since {THEN}."),
    ],
)
def test_each_kind(kind: Kind, says: str) -> None:
    """Where, what, who, who agrees, since when, before."""
    said = device_event(kind, ABOUT)
    assert said.startswith("Frankfurt: ")
    assert "a.com and b.com" in said
    assert says in said


def test_times_are_the_places_own() -> None:
    """With the distance from UTC beside them: the sentence is read elsewhere, too."""
    there = replace(ABOUT, zone="Asia/Kolkata")
    assert "agents agree, since 2026-11-18 16:36 UTC+5:30." in device_event("left", there)
    assert "seen since 2026-11-18 15:36 UTC+5:30." in device_event("left", there)


def test_hosts_that_cannot_all_be_read_aloud() -> None:
    """Two are named and the rest counted; one host twice is one."""
    many = Circumstances("X", ["d", "a", "c", "b", "a"], 1, 1, START, 0, None)
    assert "traffic to a, b and 2 more " in device_event("appeared", many)


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (device("instance:1", vendor=None), "Whose make it is, is not known."),
        (device("instance:1", vendor="V", confidence=0.8), "V, by its certificate (likely)."),
        (device("header:h", vendor="V", confidence=0.5), "V, by its headers (not certain)."),
        (device("path:3", vendor="V"), "V (certain)."),
    ],
)
def test_who_it_is(seen: object, says: str) -> None:
    """A vendor is named with what named it and how sure that is; without evidence nobody is named."""
    about = Circumstances("X", ["h"], 1, 1, START, 0, finding(by=seen))  # type: ignore[arg-type]
    assert says in device_event("appeared", about)


def test_what_is_not_known_is_said() -> None:
    """No place, no finding, no issuer: each in words, nothing left empty."""
    said = device_event("appeared", Circumstances("", [], 1, 0, START, 0, None))
    assert said.startswith("No site: traffic to the probed hosts is being decrypted")
    assert "1 of 1 agent agrees" in said
    assert "issuer not known" in said
    assert said.endswith("For: not yet clear.")


def test_every_sighting_has_its_verb_and_every_job_its_words() -> None:
    """A verdict that can open a device can be told; nobody is called an attacker."""
    assert set(DOING) == SIGHTINGS
    assert not any("attack" in word for word in [*DOING.values(), *JOB.values()])


def test_a_clone() -> None:
    """Both explanations are given, because which is not known."""
    said = cloned("pc-1", "ab" * 16, 7, START)
    assert said.startswith(f"Agent pc-1: report 7 of stream abababab came a second time with other content, at {moment(START)}.")
    assert "Either two machines" in said
    assert cloned("pc-1", "ab" * 16, 0, START).startswith("Agent pc-1: its stream abababab went on elsewhere, at ")
