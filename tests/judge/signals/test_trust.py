"""Holds judge/signals/trust.py: when a trust failure counts, and what it must not be mistaken for."""

import pytest

from judge.signals.trust import signal
from tests.fakes.examined import Round, leaf
from wire.vocabulary import Trust

HOST, TEAMS, CONTROL = "outlook.office365.com", "teams.microsoft.com", "www.gstatic.com"


@pytest.mark.parametrize(
    ("os", "public", "centre", "name"),
    [
        ("trusted", "trusted", "trusted", "public_chain"),
        ("trusted", "no_root", "trusted", "public_chain"),
        ("trusted", "incomplete", "trusted", "public_chain"),
        ("no_root", "trusted", "trusted", "public_chain"),
        ("trusted", "no_root", "no_root", "public_trust_failure"),
        ("expired", "no_root", "no_root", "public_trust_failure"),
        ("name", "no_root", "policy", "public_trust_failure"),
        ("trusted", "no_root", "incomplete", "unconfirmed_trust_failure"),
        ("trusted", "incomplete", "incomplete", "incomplete_chain"),
        ("no_root", "no_root", "no_root", "untrusted_chain"),
        ("incomplete", "incomplete", "incomplete", "untrusted_chain"),
        ("unchecked", "unchecked", "no_root", "untrusted_chain"),
        ("trusted", "trusted", "no_root", "disputed_chain"),
    ],
)
def test_what_the_agent_and_the_centre_say(os: Trust, public: Trust, centre: Trust, name: str) -> None:
    """A public-trust failure needs a machine that trusts, public roots that do not, and a centre that agrees."""
    assert Round().chain(leaf(HOST), centre, (os, public)).names(signal) == [(0, name)]


def test_without_any_word_of_the_agent() -> None:
    """An agent that could not check leaves open whether its machine trusts the chain."""
    [(_, evidence)] = Round().chain(leaf(HOST), "no_root", None).evidence(signal)
    assert evidence.signal == "untrusted_chain"
    assert "not known" in evidence.text


def test_only_failures_with_a_local_root_are_deterministic() -> None:
    """Two rounds are enough when the machine has a root that public sets lack, and only then."""
    certain = Round().chain(leaf(HOST), "no_root", ("trusted", "no_root")).evidence(signal)
    unsure = Round().chain(leaf(HOST), "no_root", ("no_root", "no_root")).evidence(signal)
    assert [one.deterministic for _, one in (*certain, *unsure)] == [True, False]


def test_wrong_name() -> None:
    """A certificate for another name is a portal or another server, public or not, and never a trust failure."""
    other = leaf("portal.example")
    assert Round().chain(other, "name", host=HOST).names(signal) == [(0, "name_mismatch")]
    assert Round().chain(other, "no_root", ("trusted", "no_root"), host=HOST).names(signal) == [(0, "name_mismatch")]


def test_expired_alone_or_the_clock() -> None:
    """One expired certificate is the server's; when every host's has expired it is the clock."""
    one = Round().chain(leaf(HOST, until=2025)).chain(leaf(TEAMS))
    assert one.names(signal) == [(0, "expired_chain"), (1, "public_chain")]
    every = Round().chain(leaf(HOST, until=2025)).chain(leaf(TEAMS, until=2025), "no_root", ("trusted", "no_root"))
    assert every.names(signal) == [(0, "clock_suspect"), (1, "clock_suspect")]
    single = Round().chain(leaf(HOST, until=2025))
    assert single.names(signal) == [(0, "expired_chain")]


def test_private_pki_is_not_judged() -> None:
    """Microsoft's own PKI is absent from public sets: no failure; when public roots do accept it, it is public."""
    host = "fe2.update.microsoft.com"
    assert Round().chain(leaf(host), "no_root", ("trusted", "no_root")).names(signal) == [(0, "private_pki")]
    assert Round().chain(leaf(host)).names(signal) == [(0, "public_chain")]
