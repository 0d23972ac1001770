"""Holds judge/signals/shared_key.py: whose sharing is evidence and whose is not."""

from judge.signals.shared_key import signal
from tests.fakes.examined import Round, leaf

OUTLOOK, TEAMS, CONTROL, CA_HOST = "outlook.office365.com", "teams.microsoft.com", "www.gstatic.com", "ocsp.digicert.com"


def shared(*hosts: str) -> Round:
    """Return a round in which one key serves all hosts."""
    made = Round()
    for host in hosts:
        made.chain(leaf(host, spki="one"), "no_root")
    return made


def test_control_shares_a_key_with_microsoft() -> None:
    """One key for Microsoft's host and for a host that is not Microsoft's is evidence on both."""
    assert shared(OUTLOOK, CONTROL).names(signal) == [(0, "shared_key"), (1, "shared_key")]


def test_the_sentence_names_a_host_of_each_operator() -> None:
    """Microsoft's hosts alone would not show whose they share it with."""
    texts = {one.text for _, one in shared("a.office.com", "b.office.com", "c.office.com", OUTLOOK, TEAMS, CONTROL).evidence(signal)}
    assert texts == {"One certificate key serves 6 hosts of 2 unrelated operators: a.office.com, www.gstatic.com."}


def test_third_party_in_microsofts_list_counts_as_another_operator() -> None:
    """A certificate authority's host is in Microsoft's list and is not Microsoft's."""
    assert len(shared(OUTLOOK, CA_HOST).names(signal)) == 2


def test_microsoft_hosts_may_share_a_front_door() -> None:
    """One key for Microsoft's hosts only is no evidence."""
    assert shared(OUTLOOK, TEAMS, "www.office.com").names(signal) == []


def test_one_host_seen_twice_shares_with_nobody() -> None:
    """The same host seen twice, or keys that differ, are no evidence."""
    assert shared(CONTROL, CONTROL).names(signal) == []
    assert Round().chain(leaf(OUTLOOK)).chain(leaf(CONTROL)).names(signal) == []


def test_routes_are_apart() -> None:
    """A key seen on two routes is compared on each route alone."""
    made = Round().chain(leaf(OUTLOOK, spki="one")).chain(leaf(CONTROL, spki="one"), route="proxy")
    assert made.names(signal) == []


def test_a_certificate_for_another_name_is_left_out() -> None:
    """A portal answers everywhere with one certificate that covers none of the hosts: that is not a minted key."""
    page = leaf("portal.example", spki="one")
    assert Round().chain(page, "no_root", host=OUTLOOK).chain(page, "no_root", host=CONTROL).names(signal) == []
