"""Holds judge/signals/unroutable.py: a connection to an address nobody owns."""

from typing import Any

import pytest

from judge.signals.unroutable import signal
from tests.fakes.examined import OUTLOOK, Round
from wire.facts import PathFacts


@pytest.mark.parametrize(
    ("facts", "words", "names"),
    [
        ({"unroutable": "accepted"}, (), ["unroutable_accepted"]),
        ({"unroutable": "accepted", "ends_at": 2, "control_ends_at": 4}, ("quick-tls",), ["unroutable_accepted"]),
        ({"unroutable": "accepted", "ends_at": 4, "control_ends_at": 4}, (), ["unroutable_elsewhere"]),
        ({"unroutable": "accepted", "ends_at": 4, "control_ends_at": 4}, ("quick-tls",), ["unroutable_accepted"]),
        ({"unroutable": "accepted"}, ("even-tls",), ["unroutable_elsewhere"]),
        ({"unroutable": "silent"}, (), ["unroutable_silent"]),
        ({"unroutable": "refused"}, (), ["unroutable_silent"]),
        ({}, (), []),
    ],
)
def test_what_it_says(facts: dict[str, Any], words: tuple[str, ...], names: list[str]) -> None:
    """Accepted is a sign, less where the target's own way was seen to be whole; not accepted speaks against; not tried says nothing."""
    made = Round().see(PathFacts(target=OUTLOOK, **facts), *words)
    assert [name for _, name in made.names(signal)] == names
