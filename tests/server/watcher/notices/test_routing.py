"""Holds server/watcher/notices/routing.py: every part goes to a target on its own, into its digest, or not at all."""

import pytest

from server.watcher.notices.alert import BEFORE, END, MAINTENANCE, NOTE, PROBLEM, SITE, Part
from server.watcher.notices.routing import Rule, route
from tests.fakes.notices import START, seen


@pytest.mark.parametrize(
    ("kind", "what", "weight", "mute", "goes"),
    [
        ("site-down", PROBLEM, "P1", "", "tell"),
        ("site-down", PROBLEM, "P1", MAINTENANCE, "tell"),  # when its window is over
        ("agent-silent", PROBLEM, "P4", "", "digest"),
        ("egress-moved", NOTE, "P2", SITE, "digest"),
        ("site-up", END, "P1", "", "tell"),
        ("site-up", END, "P1", MAINTENANCE, "tell"),
        ("left", END, "P2", SITE, "never"),
        ("left", END, "P4", "", "never"),
        ("left", END, "P2", BEFORE, "never"),
    ],
)
def test_where_a_part_goes(kind: str, what: str, weight: str, mute: str, goes: str) -> None:
    """By its weight and what muted it, for a target that wants P3 and louder."""
    assert route(Rule("noc"), Part(seen(kind), "a", what, START, weight, mute=mute)) == goes


def test_severity_none_goes_nowhere() -> None:
    """Not even as an end of something loud."""
    assert route(Rule("all", "P4"), Part(seen("agent-heard"), "a", END, START, "P1")) == "never"


def test_what_is_of_no_site_concerns_everybody() -> None:
    """A target of one site hears of the feed too, unless it asked for causes."""
    feed = Part(seen("feed-changed", "", scope="Worldwide"), "a", NOTE, START, "P4")
    assert route(Rule("lyon", "P4", sites=("Lyon",)), feed) == "tell"
    assert route(Rule("lyon", "P4", causes=frozenset({"reach"})), feed) == "never"
