"""What is shown of sites: words as believed, Microsoft's word by those who are heard, tunnels by adapters and by egress."""

from server.state.overview import Tally
from server.watcher.leaving import Leaving
from server.watcher.site_more import SiteMore
from server.watcher.site_words import more_of, tunnelled
from server.watcher.states import AgentState, Measured
from server.watcher.steady import Word
from server.watcher.summary import Summary
from tests.fakes.examined import KNOWLEDGE
from tests.fakes.sightings import START

A = AgentState("a", "Porto", "reporting", START, 60.0, lab=False, software="1")
GONE = AgentState("gone", "Porto", "silent", START, 60.0, lab=False, software="1")
SAID = [Tally("Porto", "a", "clean", "", 10, START, START), Tally("Porto", "gone", "inspected", "", 10, START, START)]


def test_more_of_a_site() -> None:
    """Each word in its place; the silent have no say in Microsoft's."""
    words = {
        ("Porto", "egress"): Word(Leaving("network zscaler", "165.225.1.7", "", "Zscaler", "security").dump(), START),
        ("Porto", "says"): Word('{"egress": "disagree"}', START),
        ("Porto", "scores"): Word('{"exchange": 91.5}', START),
        ("Porto", "shares"): Word('{"Optimize": 50.0}', START),
    }
    more = more_of([A, GONE], SAID, Measured(), words, KNOWLEDGE)
    assert more == {
        "Porto": SiteMore(
            Summary("none", 100.0, 1, 1), *("Zscaler", "security", "disagree"), scores={"exchange": 91.5}, bypassed={"Optimize": 50.0}
        )
    }
    assert more_of([A], SAID, Measured(), {}, KNOWLEDGE)["Porto"] == SiteMore(Summary("none", 100.0, 1, 1))


def test_who_is_in_a_tunnel() -> None:
    """Optimize prefixes by a tunnel adapter, or an egress in an overlay; a shared network says less."""
    who = ("Porto", "a")
    heard = {"a": "Porto"}
    assert not tunnelled(heard, Measured(), KNOWLEDGE)
    assert not tunnelled(heard, Measured(tunnelled={who: (START, 0)}, egress={who: (START, "203.0.113.7")}), KNOWLEDGE)
    assert tunnelled(heard, Measured(tunnelled={who: (START, 3)}), KNOWLEDGE) == {"a"}
    assert tunnelled(heard, Measured(egress={who: (START, "165.225.1.7")}), KNOWLEDGE) == {"a"}
    assert not tunnelled(heard, Measured(egress={who: (START, "104.16.1.1")}), KNOWLEDGE)  # Cloudflare serves all sorts of things


def test_who_is_next_to_microsoft() -> None:
    """By the hops of half of the agents that see any, of those heard here."""

    def peering(**seen: bool) -> str:
        agents = [AgentState(name, "Porto", "reporting", START, 60.0, lab=False, software="1") for name in seen if name != "z"]
        measured = Measured(peering={("Porto", name): (START, word) for name, word in seen.items()})
        return more_of(agents or [A], [], measured, {}, KNOWLEDGE)["Porto"].peering

    assert [peering(), peering(b=True, c=False), peering(b=True, c=False, d=False), peering(z=True)] == ["", "direct", "not seen", ""]
