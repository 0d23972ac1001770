"""Where a report was measured: each situation of an agent is a row, and asking again never moves what nothing says should move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fleet.placing import Networks, Placer, Whereabouts, latest_site, of_context, place_of
from server.fleet.registry import EgressRange, Registry, Site
from wire.context import Context

LYON = Site("Lyon", subnets=("10.1.0.0/24", "10.1.1.0/24", "2001:db8:1::/48"))
PORTO = Site("Porto", subnets=("192.168.1.0/24",), egress=(EgressRange("203.0.113.0/24"),))
FARO = Site("Faro", subnets=("192.168.1.0/24", "172.16.0.0/16"), egress=(EgressRange("198.51.100.0/24"),))
BARE = Site("Braga")
NETWORKS = Networks([LYON, PORTO, FARO, BARE])
SHARED = "192.168.1.0/24"


@pytest.mark.parametrize(
    ("seen", "earlier", "place"),
    [
        (Whereabouts("10.1.0.0/24"), "", "Lyon"),
        (Whereabouts("10.1.0.0/24", declared="Porto"), "Faro", "Lyon"),
        (Whereabouts("10.1.0.128/25"), "", "Lyon"),
        (Whereabouts("10.1.0.0/23"), "", "Lyon"),
        (Whereabouts("10.1.0.0/22", declared="Lyon"), "", "remote"),
        (Whereabouts("2001:db8:1:7::/64"), "", "Lyon"),
        (Whereabouts("10.1.0.0/24", vpn=True), "Lyon", "Lyon"),
        (Whereabouts("192.168.178.0/24"), "Lyon", "remote"),
        (Whereabouts("192.168.178.0/24", declared="Lyon"), "", "remote"),
        (Whereabouts("192.168.178.0/24", vpn=True), "Lyon", "remote"),
        (Whereabouts("100.64.0.0/24", vpn=True), "Braga", "remote"),
        (Whereabouts("100.64.0.0/24", vpn=True, declared="Braga"), "Braga", "remote"),
        (Whereabouts("100.64.0.0/24", vpn=True, declared="Braga"), "", "Braga"),
        (Whereabouts("192.168.178.0/24", declared="Braga"), "Lyon", "Braga"),
        (Whereabouts("192.168.178.0/24"), "Braga", "Braga"),
        (Whereabouts("192.168.178.0/24", declared="Nowhere"), "", "Nowhere"),
        (Whereabouts("192.168.178.0/24"), "", "unassigned"),
        (Whereabouts(), "", "unassigned"),
        (Whereabouts(), "Lyon", "Lyon"),
        (Whereabouts(declared="Porto"), "Lyon", "Porto"),
        (Whereabouts("not a prefix", declared="Braga"), "", "Braga"),
        (Whereabouts(SHARED, egress="203.0.113.9"), "", "Porto"),
        (Whereabouts(SHARED, egress="198.51.100.9", declared="Porto"), "Porto", "Faro"),
        (Whereabouts(SHARED, egress="192.0.2.9"), "Porto", "remote"),
        (Whereabouts(SHARED), "Faro", "Faro"),
        (Whereabouts(SHARED, declared="Porto"), "Faro", "Porto"),
        (Whereabouts(SHARED), "Lyon", "unassigned"),
        (Whereabouts("172.16.4.0/24", egress="192.0.2.9"), "", "Faro"),
    ],
    ids=[
        "onsite",
        "the prefix before the name",
        "a part of the prefix",
        "two neighbours as one",
        "wider than what is known",
        "the other protocol",
        "onsite with a VPN up",
        "a laptop at home, or on a guest network",
        "away from the declared site",
        "home with a VPN up",
        "a VPN from outside, networks unknown",
        "a VPN from outside, though declared",
        "a fixed agent behind a VPN, first seen",
        "declared",
        "earlier",
        "declared and unregistered",
        "nothing known",
        "nothing at all",
        "no prefix: earlier",
        "no prefix: declared",
        "no prefix but a word",
        "shared: by egress",
        "shared: by egress, before any name",
        "shared: a third place with that prefix",
        "shared, no egress: earlier",
        "shared, no egress: declared first",
        "shared, nothing tells",
        "an unknown egress of a prefix of its own is no other place",
    ],
)
def test_places(seen: Whereabouts, earlier: str, place: str) -> None:
    """By the order of the rules."""
    assert place_of(seen, NETWORKS, earlier) == place


@pytest.mark.parametrize(
    ("seen", "current", "place"),
    [
        (Whereabouts(SHARED, egress="192.0.2.9"), "Porto", "Porto"),
        (Whereabouts("192.168.178.0/24"), "Braga", "Braga"),
        (Whereabouts("192.168.178.0/24"), "Lyon", "remote"),
        (Whereabouts("100.64.0.0/24", vpn=True), "remote", "remote"),
        (Whereabouts("100.64.0.0/24", vpn=True, declared="Braga"), "Braga", "Braga"),
        (Whereabouts("10.1.0.0/24"), "remote", "Lyon"),
        (Whereabouts("10.9.0.0/24"), "unassigned", "remote"),
    ],
    ids=["an old egress", "nothing new", "its site's networks became known", "a tunnel", "a fixed agent", "its network", "its site's"],
)
def test_asked_again_only_the_sites_move_it(seen: Whereabouts, current: str, place: str) -> None:
    """A context stays where it is unless the registry now says otherwise; the agent's last site was Lyon."""
    assert place_of(seen, NETWORKS, "Lyon", current) == place


WORDS = st.sampled_from(["", "Lyon", "Porto", "Faro", "Braga", "Nowhere"])
SEEN = st.builds(
    Whereabouts,
    st.sampled_from(["", SHARED, "10.1.0.0/24", "192.168.178.0/24", "x"]),
    st.booleans(),
    WORDS,
    st.sampled_from(["", "203.0.113.9", "198.51.100.9", "192.0.2.9"]),
)


@given(SEEN, WORDS, WORDS)
def test_asking_again_changes_nothing(seen: Whereabouts, earlier: str, later: str) -> None:
    """What was placed is placed there again while the sites stay the same, wherever the agent has been since."""
    place = place_of(seen, NETWORKS, earlier)
    if place != "unassigned":
        assert place_of(seen, NETWORKS, later or earlier, place) == place


def test_the_placer_follows_the_registry() -> None:
    """A subnet added is known at the next question."""
    registry = Registry({"Lyon": Site("Lyon")})
    placer = Placer(registry)
    assert placer.place(Whereabouts("10.7.0.0/24"), "Lyon") == "Lyon"
    before = placer.version
    registry.adopt({"Lyon": Site("Lyon"), "Porto": Site("Porto", subnets=("10.7.0.0/24",))}, ())
    assert (placer.place(Whereabouts("10.7.0.0/24"), "Lyon"), placer.version > before) == ("Porto", True)


def test_what_a_context_says() -> None:
    """Nothing is empty."""
    assert of_context(Context()) == Whereabouts()
    assert of_context(Context(network="10.0.0.0/8", vpn=True, site="Lyon"), "192.0.2.1") == Whereabouts(
        "10.0.0.0/8", vpn=True, declared="Lyon", egress="192.0.2.1"
    )


def test_the_last_site() -> None:
    """Being away is no site."""
    assert latest_site([(1, "Lyon"), (3, "remote"), (2, "Porto"), (4, "unassigned")]) == "Porto"
    assert latest_site([(1, "remote")]) == latest_site([]) == ""
