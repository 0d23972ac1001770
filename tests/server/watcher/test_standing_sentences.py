"""Sentences about agents and sites read as look.md asks: what, where, since when, who agrees, whose job."""

import pytest

from server.watcher import standing_sentences as say
from server.watcher.site_troubles import Reach, Silence
from server.watcher.wellbeing import WORDS, Trouble
from tests.fakes.sightings import START

ZONE = "Europe/Lisbon"
DOWN = Reach("Porto", down=True, agree=4, heard=5, since_ns=START, hosts=("outlook.office365.com", "teams.microsoft.com"), alone=True)


def test_a_site_that_is_down() -> None:
    """Hosts, agents, time, scope and job; what is not known is said to be so."""
    assert say.down(DOWN, ZONE) == (
        "Porto: outlook.office365.com and teams.microsoft.com cannot be reached. 4 of 5 agents agree, since 2026-11-18 11:06 UTC. "
        "The control target answers, so it is not the whole Internet. For: the network team (LAN or WAN)."
    )
    assert "does not answer either" in say.down(Reach("Porto", down=True, hosts=("a",), alone=False), ZONE)
    assert "is not known. For: not yet clear." in say.down(Reach("Porto", down=True, hosts=("a",)), ZONE)
    assert say.up(DOWN, START, ZONE).startswith("Porto: Optimize endpoints answer again, seen at 2026-11-18 11:06 UTC by the 5 agents")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Silence("Porto", silent=True, agents=1, since_ns=START), "The only agent heard there until then may be switched off"),
        (
            Silence("Porto", silent=True, agents=3, since_ns=START, together=True),
            "The 3 agents heard there until then fell silent together",
        ),
        (Silence("Porto", silent=True, agents=3, since_ns=START), "one after another, as when people go home"),
    ],
)
def test_a_site_that_is_silent(one: Silence, words: str) -> None:
    """How it fell silent is said, and that it says nothing of Microsoft 365."""
    sentence = say.silent(one, ZONE)
    assert sentence.startswith("Porto: no report since 2026-11-18 11:06 UTC.")
    assert words in sentence
    assert "silent since 2026-11-18 11:06 UTC" in say.heard(one, START, ZONE)


@pytest.mark.parametrize("kind", WORDS)
def test_an_agents_trouble(kind: Trouble) -> None:
    """Each kind has its words, with the proof, the time and whose job it is."""
    sentence = say.agent_begins("agent-01", "Porto", kind, "the proof", START, ZONE)
    assert sentence.startswith("Porto: agent agent-01: ")
    assert "since 2026-11-18 11:06 UTC" in sentence
    assert ("the proof" in sentence) == (kind != "agent-silent")
    assert "no longer lagging" in say.agent_ends("agent-01", "Porto", "lagging", START, ZONE)


def test_names_and_numbers() -> None:
    """Three names, then a count; one agent agrees, two agents agree."""
    assert [say.listed(list("abcde"[:count])) for count in range(1, 6)] == [
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and 1 more",
        "a, b, c and 2 more",
    ]
    assert [say.agents_agree(1, 1), say.agents_agree(1, 2), say.agents_agree(3, 2)] == [
        "1 of 1 agent agrees",
        "1 of 2 agents agree",
        "3 of 3 agents agree",
    ]
