"""Is the picture true, what is worst, what changed: the sentences on top of the page."""

from dataclasses import replace

import pytest

from server.console.picture import Picture
from server.console.truth_view import events, headline, truth
from tests.fakes.pictures import NOW, SECOND, agent, card, event, picture, site

WELL = Picture((), NOW, [agent("lyon-01", "Lyon")], [site("Lyon")], decided_until_ns=NOW + SECOND)


def test_all_is_well() -> None:
    """With all agents reporting, all stored, the watcher and history at work, the picture is true."""
    told = truth(WELL)
    assert (told.good, told.sentence[:4]) == (True, "Yes.")
    assert [tile.answer for tile in told.tiles] == ["1 of 1", "100 %", "", "decides", "ok"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(WELL, agents=[agent("porto-01", "Porto", "silent"), agent("lyon-01", "Lyon")]), "Silent: porto-01."),
        (replace(WELL, agents=[agent("lyon-01", "Lyon", stored=700, missing=20)]), "700 of 720 reports are stored."),
        (replace(WELL, decided_until_ns=NOW - 60 * SECOND), "No watcher decides since"),
        (replace(WELL, history="no answer; check history.url"), "The history store: no answer; check history.url."),
    ],
    ids=["silent", "missing", "watcher", "history"],
)
def test_what_is_wrong_is_said(wrong: Picture, words: str) -> None:
    """Each part that fails makes the picture not wholly true, in its own words."""
    told = truth(wrong)
    assert not told.good
    assert words in told.sentence


def test_late_agents_are_named_without_alarm() -> None:
    """Late is told, and is no reason to doubt the picture yet."""
    told = truth(replace(WELL, agents=[*WELL.agents, agent("porto-01", "Porto", "late")]))
    assert told.good
    assert told.tiles[0].more == "Late: porto-01."


def test_nothing_yet() -> None:
    """Before the first report the page says that it knows nothing."""
    assert not truth(Picture(at_ns=NOW)).good
    assert headline(Picture(at_ns=NOW)).sentence == "Nothing is known yet."


def test_headline_is_the_worst_real_site() -> None:
    """It names site, verdict, since when, hosts and job; simulated sites are counted apart."""
    seen = replace(picture(sites=60), at_ns=NOW)
    told = headline(seen)
    assert told.sentence == "Frankfurt: inspected since 12:08 UTC+1, 4 of 6 hosts. For: the owner of the device."
    assert told.rest == "Of the simulated sites, 7 ask for somebody too."
    assert told.title == "▲ 1 · Middlewatch"


def test_headline_when_calm() -> None:
    """When nobody is asked for anything it says so and counts the clean sites."""
    assert headline(WELL).sentence == "Nothing asks for somebody: 1 of 1 site clean."


def test_headline_counts_the_rest() -> None:
    """More sites that need somebody are counted."""
    two = replace(WELL, sites=[site("Lyon", "inspected"), site("Porto", "proxied")], devices=[card(0, ["Lyon"])])
    assert headline(two).rest == "1 more site asks for somebody."


def test_events_in_words() -> None:
    """Kind and severity have words; what was told within ten minutes is new, but for what was there; times are the site's own."""
    seen = replace(picture(sites=0), events=[event(3, "discovered", "P4"), event(2), event(1, "left", "P4", "Lyon", 3600)])
    there, new, old = events(seen)
    assert (there.word, there.fresh) == ("not known to be new", False)
    assert (new.word, new.severity_word, new.fresh) == ("new device", "act today", True)
    assert (old.word, old.severity_word, old.fresh) == ("left", "for information", False)
    assert new.at is not None
    assert new.at.zone == "UTC+1"
    assert "Europe/Berlin" in new.at.full
