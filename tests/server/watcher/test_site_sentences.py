"""Sentences about a site's ways and words: now, before, since when, who agrees, whose job; what is unknown is said to be."""

from server.watcher import site_sentences as say
from server.watcher.bypassing import CoverageChange
from server.watcher.leaving import Leaving, Move
from server.watcher.steady import Changed
from server.watcher.summary import Summary
from tests.fakes.sightings import MINUTE, START

ZONE = "Europe/Lisbon"
CHANGED = Changed("none", START - MINUTE, "break and inspect", START, 1)
PARIS, PLAIN = Leaving("range Paris", "203.0.113.7", "Paris", "One"), Leaving("AS1", "192.0.2.7", "", "Zscaler", "security")


def test_microsofts_word() -> None:
    """Share, agents, before."""
    assert say.summary("Porto", CHANGED, Summary("break and inspect", 40.0, 2, 3), ZONE) == (
        "Porto: in Microsoft's words this location has now: break and inspect (40 % of its requests, 2 of 3 agents agree), since "
        "2026-11-18 11:06 UTC. Before: none. For: the network team (LAN or WAN)."
    )


def test_a_move() -> None:
    """Distances as far as they are known."""
    sentence = say.moved("Porto", PLAIN, PARIS, Move(1213.4, None), CHANGED, (2, 3), ZONE)
    assert sentence == (
        "Porto: traffic leaves to the Internet by Paris (203.0.113.7), run by One now: 1213 km from the site. 2 of 3 agents agree, since "
        "2026-11-18 11:06 UTC. Before: Zscaler (192.0.2.7), since 2026-11-18 11:05 UTC. For: the network team (LAN or WAN)."
    )
    assert "how far that is from the site is not known" in say.moved("Porto", PARIS, PLAIN, Move(None, None), CHANGED, (1, 1), ZONE)


def test_a_cloud_is_not_called_safe_or_bad() -> None:
    """It raises a question."""
    sentence = say.cloud("Porto", PLAIN, 2, 3, START, ZONE)
    assert "in a security cloud" in sentence
    assert "Whether it decrypts is another question" in sentence


def test_front_doors_and_facts() -> None:
    """Moved, or disagreeing, with nobody blamed."""
    door = say.front_door("Porto", Leaving("Madrid", "MAD", "Madrid"), PARIS, Move(1213.0, None), CHANGED, (2, 3), ZONE)
    assert "Exchange answers from the front door in Paris (203.0.113.7) now, 1213 km from the site. 2 of 3 agents agree" in door
    assert "For: not yet clear." in door
    assert say.disagrees("Porto", ["A says X.", "B says Y."], START, (4, 5), ZONE) == (
        "Porto: where traffic leaves is told in different ways. A says X. B says Y. 4 of 5 agents are sure of their way, since "
        "2026-11-18 11:06 UTC. For: the network team (LAN or WAN)."
    )


def test_coverage() -> None:
    """Lost first; the version only when it changed."""
    change = CoverageChange(("c",), ("a", "b"), ("d",), "2026070100", "2026082800")
    assert say.coverage("Porto", change, CHANGED, (3, 4), ZONE) == (
        "Porto: a and b do not bypass inspection any more; c bypasses inspection now; d is looked at for the first time. 3 of 4 agents "
        "agree, since 2026-11-18 11:06 UTC (endpoint list 2026082800, before 2026070100). For: the network team (LAN or WAN)."
    )
    assert "(endpoint list as shipped). For: nobody" in say.coverage("Porto", CoverageChange(("a",), (), (), "", ""), CHANGED, (1, 1), ZONE)
