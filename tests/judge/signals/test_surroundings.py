"""Holds judge/signals/surroundings.py: what else is known of the way and the machine."""

import pytest

from judge.signals.surroundings import signal
from tests.fakes.examined import CONTROL, OUTLOOK, TEAMS, Round, leaf
from wire.facts import AddedRoot, EgressFacts, HostFacts
from wire.target import HERE


@pytest.mark.parametrize(
    ("address", "names"),
    [("165.225.8.10", ["egress_network"]), ("4.160.0.9", ["egress_cloud"]), ("192.0.2.7", []), ("no address", [])],
)
def test_whose_network_it_leaves_by(address: str, names: list[str]) -> None:
    """A security vendor's network weighs, a public cloud is a note, an unlisted one says nothing."""
    made = Round().see(EgressFacts(target=CONTROL, address=address))
    assert [name for _, name in made.names(signal)] == names


def test_whose_number_announces_it() -> None:
    """Where no prefix is known the AS number tells."""
    made = Round().see(EgressFacts(target=CONTROL, address="192.0.2.7", asn=62044))
    assert [(one.signal, one.product) for _, one in made.evidence(signal)] == [("egress_network", "zscaler")]


def test_told_beside_what_is_to_be_explained() -> None:
    """A chain public roots do not accept hears of the egress of its own route; one they accept does not."""
    made = Round().see(EgressFacts(target=CONTROL, address="165.225.8.10"))
    made.chain(leaf(OUTLOOK.host), "no_root").chain(leaf(TEAMS.host)).chain(leaf(OUTLOOK.host), "no_root", route="proxy")
    assert [index for index, _ in made.names(signal)] == [0, 1]


def test_what_the_machine_shows() -> None:
    """Known products and roots in a product's name are told, with what they do not prove; strangers' roots are not."""
    roots = [AddedRoot(subject="CN=Zscaler Root CA, O=Zscaler Inc."), AddedRoot(subject="CN=Contoso Root"), AddedRoot(subject="nonsense")]
    made = Round().see(HostFacts(target=HERE, products=["zscaler", "of a newer agent"], added_roots=roots))
    found = made.evidence(signal)
    assert [(one.signal, one.product) for _, one in found] == [("local_product", "zscaler"), ("added_root", "zscaler")]
    assert all(one.weight <= 0.5 for _, one in found)
    assert made.chain(leaf(OUTLOOK.host), "no_root").names(signal)[1] == (1, "local_product")
