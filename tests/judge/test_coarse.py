"""Holds judge/coarse.py: what of a sample a judgement may depend on, and that nothing finer gets through."""

from typing import Any

import pytest

from judge.coarse import Coarse
from judge.seen import Seen
from tests.fakes.examined import CONTROL, KNOWLEDGE, OUTLOOK, TEAMS
from tests.fakes.kinds import SeenObservation, observation_of
from wire.facts import DnsFacts, EgressFacts, PathFacts, WebFacts


def sample(kind: str, **fields: Any) -> SeenObservation:
    """Return an observation."""
    return observation_of({"kind": kind, "facts": "F" * 22, "at_us": 1, **fields})


def look(*pairs: tuple[Any, Any]) -> list[Seen]:
    """Return what the judge looks at."""
    return Coarse(KNOWLEDGE).seen(pairs)


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("52.96.1.1", ""),
        ("2603:1026::1", ""),
        ("93.184.216.34", "to-foreign"),
        ("10.0.0.1", "to-private"),
        ("fd00::1", "to-private"),
        ("100.64.1.1", "to-private"),
        ("169.254.1.1", "to-private"),
        ("0.0.0.0", "to-sinkhole"),  # noqa: S104 - what a filter answers
        ("127.0.0.1", "to-sinkhole"),
        ("::", "to-sinkhole"),
        ("6.6.255.1", "to-tunnelled"),
        ("6.7.0.1", "to-foreign"),
        ("146.112.61.106", "to-blockpage:umbrella-dns"),
        ("192.0.2.1", ""),
        ("198.18.5.1", ""),
        ("2001:db8::1", ""),
        ("no address", ""),
    ],
)
def test_whose_an_address_is(address: str, word: str) -> None:
    """Published, private, sinkhole, tunnel, block page or a stranger's; addresses of documents and laboratories are nobody's."""
    [seen] = look((sample("dns", answers=[address]), DnsFacts(target=OUTLOOK)))
    assert seen.words == ((word,) if word else ())
    [went] = look((sample("web", address=address), WebFacts(target=OUTLOOK)))
    assert went.words == seen.words


def test_a_host_without_published_ranges_can_lead_anywhere_public() -> None:
    """The control has no list of addresses: no public one is foreign to it."""
    [seen] = look((sample("dns", answers=["93.184.216.34"]), DnsFacts(target=CONTROL)))
    assert seen.words == ()


def test_by_a_proxy_the_address_is_the_proxys() -> None:
    """A private address of a proxy says nothing of where the name leads."""
    [seen] = look((sample("web", address="10.0.0.1", proxy_ms=3.0), WebFacts(target=OUTLOOK, route="proxy")))
    assert seen.words == ("proxied",)


@pytest.mark.parametrize(
    ("connect", "control", "icmp", "words"),
    [
        (0.3, 40.7, 40.8, ("quick-control", "quick-icmp")),
        (40.7, 40.9, 41.5, ("even-control", "even-icmp")),
        (40.7, 40.9, 180.0, ("even-control", "quick-icmp")),
        (0.4, 1.9, None, ()),
        (12.0, 25.0, None, ()),
        (None, 40.0, None, ()),
    ],
)
def test_how_a_connect_compares(connect: float | None, control: float | None, icmp: float | None, words: tuple[str, ...]) -> None:
    """A fraction of the whole way is quick, about as long is even, and what lies between or is too short to tell is no word."""
    times = {"connect_ms": connect, "control_ms": control, "icmp_ms": icmp}
    pair = sample("path", **{name: value for name, value in times.items() if value is not None}), PathFacts(target=OUTLOOK)
    assert look(pair)[0].words == words
    assert look((sample("path", suspect=True, connect_ms=0.3, control_ms=40.0), PathFacts(target=OUTLOOK)))[0].words == ()


def test_handshakes_are_compared_for_the_path_only() -> None:
    """A web sample's times give no word to itself; beside a path observation of the same target they do, if all agree."""
    quick = sample("web", connect_ms=0.3, tls_ms=84.0), WebFacts(target=OUTLOOK)
    whole = sample("web", connect_ms=40.0, tls_ms=43.0), WebFacts(target=OUTLOOK)
    path = sample("path", connect_ms=0.3), PathFacts(target=OUTLOOK)
    assert look(quick)[0].words == ()
    assert [one.words for one in look(quick, path)] == [(), ("quick-tls",)]
    assert look(quick, whole, path)[2].words == ()
    assert look(quick, (sample("path", connect_ms=0.3), PathFacts(target=TEAMS)))[1].words == ()


def test_noise_changes_no_word() -> None:
    """Samples of the same path that differ as samples do give equal values: the judge's memo is keyed on them."""
    for connect in (11.0, 12.5, 30.0):
        web = sample("web", connect_ms=connect, tls_ms=connect * 1.3, address="52.96.1.1"), WebFacts(target=OUTLOOK)
        assert look(web) == [Seen("F" * 22, web[1])]


def test_status_and_suspicion_pass() -> None:
    """The status of an answer and the agent's own doubt are meaning; a kind without either has none."""
    [seen] = look((sample("web", status=503, suspect=True), WebFacts(target=OUTLOOK)))
    assert (seen.status, seen.suspect) == (503, True)
    assert look((sample("egress", total_ms=3.0), EgressFacts(target=CONTROL)))[0].status is None
