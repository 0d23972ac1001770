"""Holds judge/signals/issuer.py: known products, new issuers, and what is neither."""

import pytest

from judge.signals.issuer import signal
from tests.fakes.examined import KNOWLEDGE, Round, leaf

HOST, CONTROL = "outlook.office365.com", "www.gstatic.com"


def test_known_product_in_a_private_chain() -> None:
    """A product's name in a chain that public roots refuse is evidence, as strong as its grade."""
    [(_, exact)] = Round().chain(leaf(HOST, "IWSS.TREND"), "no_root").evidence(signal)
    [(_, broad)] = Round().chain(leaf(HOST, "Cisco ASA"), "no_root").evidence(signal)
    assert exact.signal == broad.signal == "known_product"
    assert exact.weight == KNOWLEDGE.product_weights["A"] > broad.weight == KNOWLEDGE.product_weights["C"]


def test_product_further_up_the_chain() -> None:
    """The name may stand above the leaf's issuer."""
    above = leaf("Some Sub CA", "Cato Networks Root CA")
    assert Round().chain(leaf(HOST, "Some Sub CA"), "no_root", above=[above]).names(signal) == [(0, "known_product")]


def test_product_name_in_a_public_chain_is_nobodys_device() -> None:
    """What public roots accept is not a device, whatever it is called: at most a new issuer."""
    assert Round().chain(leaf(HOST, "Cisco ASA")).names(signal) == [(0, "new_public_issuer")]


@pytest.mark.parametrize(
    "issuer", ["DigiCert Global G2 TLS RSA SHA256 2020 CA1", "Microsoft TLS G2 RSA CA OCSP 02", "Microsoft Azure RSA TLS Issuing CA 03"]
)
def test_listed_issuers_are_not_mentioned(issuer: str) -> None:
    """An issuer on Microsoft's list says nothing."""
    assert Round().chain(leaf(HOST, issuer)).names(signal) == []


def test_new_public_issuer_is_a_note_without_weight() -> None:
    """An unlisted public issuer alone is never an alarm, and only noted on Microsoft's own hosts."""
    [(index, note)] = (
        Round().chain(leaf(HOST, "Lab TLS CA 7")).chain(leaf(CONTROL, "WR2")).chain(leaf("ocsp.digicert.com", "X")).evidence(signal)
    )
    assert (index, note.signal, note.weight) == (0, "new_public_issuer", 0.0)


def test_listed_key_under_a_new_name() -> None:
    """An authority re-issued under another name with a listed key is not new."""
    key = next(iter(KNOWLEDGE.authorities.keys))
    assert Round().chain(leaf(HOST, "New name"), above=[leaf("New name", spki=key)]).names(signal) == []


def test_unknown_private_issuer_says_nothing_here() -> None:
    """A customer's own authority is no product; that it is private is another family's word."""
    assert Round().chain(leaf(HOST, "Contoso CA"), "no_root").names(signal) == []
