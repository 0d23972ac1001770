"""Holds judge/signals/policy_shape.py: how a leaf is made."""

from dataclasses import replace

from judge.signals.policy_shape import signal
from tests.fakes.examined import OUTLOOK, Round, leaf

HOST = OUTLOOK.host
BARE = replace(leaf(HOST), extensions=("AKI", "BC", "EKU", "SAN"), key_type="RSA", key_bits=2048)


def test_bare_leaf_of_an_engine() -> None:
    """A leaf without AIA and policy, made as an engine makes them, says both; the engine only suggests."""
    assert Round().chain(BARE, "no_root").names(signal) == [(0, "bare_leaf"), (0, "known_engine")]


def test_public_chains_are_left_alone() -> None:
    """What public roots accept may look as it likes, and so may Microsoft's own PKI and what cannot be read."""
    assert Round().chain(BARE, "trusted").names(signal) == []
    assert Round().chain(replace(leaf("fe2.update.microsoft.com"), extensions=()), "no_root").names(signal) == []
    assert Round().chain(replace(BARE, unreadable=("extensions",)), "no_root").names(signal) == []


def test_a_leaf_with_either_is_not_bare() -> None:
    """AIA or a policy is enough: devices copy one or the other."""
    for extension in ("AIA", "policies"):
        assert Round().chain(replace(leaf(HOST), extensions=(extension,)), "no_root").names(signal) == []
