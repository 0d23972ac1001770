"""Holds judge/signals/destination.py: where names and connections lead."""

import pytest

from judge.signals.destination import signal
from tests.fakes.examined import OUTLOOK, Round, leaf
from wire.facts import DnsFacts, WebFacts


@pytest.mark.parametrize(
    ("word", "answer", "connection"),
    [
        ("to-private", "private_address", "private_address"),
        ("to-sinkhole", "sinkhole", "sinkhole"),
        ("to-blockpage:umbrella-dns", "block_address", "block_address"),
        ("to-tunnelled", "tunnelled_address", "tunnelled_address"),
        ("to-foreign", "foreign_answer", "foreign_address"),
    ],
)
def test_each_word_is_said(word: str, answer: str, connection: str) -> None:
    """A lookup and a connection that lead elsewhere say so; of a stranger's address only the connection weighs."""
    made = Round().see(DnsFacts(target=OUTLOOK), word).see(WebFacts(target=OUTLOOK), word)
    assert made.names(signal) == [(0, answer), (1, connection)]


def test_another_answer_alone_weighs_nothing() -> None:
    """A DNS difference is never a verdict."""
    [(_, evidence)] = Round().see(DnsFacts(target=OUTLOOK), "to-foreign").evidence(signal)
    assert evidence.weight == 0


def test_a_strangers_address_with_a_strangers_certificate() -> None:
    """Outside the ranges and not accepted by public roots weighs; under the server's own certificate it is a doubt."""
    for centre, name in (("no_root", "foreign_certificate"), ("trusted", "foreign_address")):
        made = Round().chain(leaf(OUTLOOK.host), centre)  # type: ignore[arg-type]
        made.seen[0] = type(made.seen[0])("0" * 22, made.seen[0].facts, words=("to-foreign",))
        assert made.names(signal) == [(0, name)]


def test_the_block_page_names_its_product() -> None:
    """The address of a known filter's page points to the product; it is a guess, for addresses name nobody (`judge/device.py`)."""
    [(_, evidence)] = Round().see(DnsFacts(target=OUTLOOK), "to-blockpage:umbrella-dns").evidence(signal)
    assert (evidence.product, evidence.family) == ("umbrella-dns", "destination")
