"""When a site has another gateway: agreement, roaming laptops, gateways known before, and the order of agents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.watcher.gateways import RECENT_NS, Change, Sight, changes_of, sentence

LAN, T = "10.1.0.0/24", 10**18
OLD = [Sight(agent, LAN, "g1", 1) for agent in "abcde"]


def new(agent: str, at_ns: int = T, gateway: str = "g2", **said: bool) -> Sight:
    """Return that an agent saw another gateway."""
    return Sight(agent, LAN, gateway, at_ns, **said)


@pytest.mark.parametrize(
    ("sights", "reporting", "agents"),
    [
        ([*OLD, new("a"), new("b", T + 5)], 5, "ab"),
        ([*OLD, new("a")], 5, None),
        ([*OLD, new("a")], 3, "a"),
        ([*OLD, new("a", roams=True)], 3, None),
        ([*OLD[:1], new("a")], 1, "a"),
        ([*OLD, new("f"), new("g")], 7, None),
        ([*OLD, new("z", 2), new("a"), new("b")], 5, None),
        ([*OLD, new("a", gateway="h1", roams=True), new("b", gateway="h2", roams=True)], 5, None),
        ([*OLD, new("a", T - 2 * RECENT_NS), new("b", T)], 5, None),
        ([Sight("a", "10.9.0.0/24", "g9", 1), *OLD[1:], new("a"), new("f")], 5, None),
    ],
    ids=[
        "two agree",
        "one of five",
        "a third",
        "a third that roams",
        "the only one",
        "newcomers had no other before",
        "somebody saw it long before",
        "two homes with the same prefix",
        "two days apart",
        "another network",
    ],
)
def test_who_must_agree(sights: list[Sight], reporting: int, agents: str | None) -> None:
    """As the rule says, whatever the order of rows."""
    expected = [] if agents is None else [Change(LAN, "g1", "g2", tuple(agents), T)]
    assert changes_of(sights, reporting, T + 10) == changes_of(reversed(sights), reporting, T + 10) == expected


@given(st.permutations([*OLD, new("a"), new("b"), new("c", T + 1, "g3"), new("d", T + 2, "g3")]))
def test_the_order_of_agents_does_not_matter(sights: list[Sight]) -> None:
    """Two changes are two, in the order they began."""
    assert [(one.gateway, one.agents) for one in changes_of(sights, 5, T + 10)] == [("g2", ("a", "b")), ("g3", ("c", "d"))]


def test_the_sentence() -> None:
    """Where, what, who agrees, since when, whose job."""
    told = sentence("Lyon", Change(LAN, "g1", "g2", ("a", "b"), 1_795_000_000 * 10**9), 5, "Europe/Paris")
    assert told.startswith("Lyon: network 10.1.0.0/24 has another gateway. 2 of 5 agents agree, since 2026-11-18 ")
    assert "(UTC+1). For: the network team" in told
