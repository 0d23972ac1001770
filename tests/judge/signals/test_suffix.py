"""Holds judge/signals/suffix.py: a broker's suffix behind a host."""

import pytest

from judge.signals.suffix import signal
from tests.fakes.examined import OUTLOOK, Round
from wire.facts import DnsFacts, WebFacts
from wire.target import Target


@pytest.mark.parametrize(
    ("location", "names"),
    [
        ("contoso.sharepoint.com.mcas.ms", ["broker_suffix"]),
        ("contoso.sharepoint.com.rs-mcas.ms", ["broker_suffix"]),
        ("mcas.ms.example.com", []),
        ("login.microsoftonline.com", []),
        ("", []),
    ],
)
def test_redirects(location: str, names: list[str]) -> None:
    """A redirect to a host with the suffix says it; a name that only holds the letters does not."""
    made = Round().see(WebFacts(target=OUTLOOK, headers={"location": location} if location else {}))
    assert [name for _, name in made.names(signal)] == names


def test_a_probed_host_with_the_suffix() -> None:
    """The plan may name such a host itself; a lookup of it is no answer."""
    host = Target(host="contoso.sharepoint.com.mcas.ms", category="Control", workload="Control")
    assert Round().see(WebFacts(target=host)).names(signal) == [(0, "broker_suffix")]
    assert Round().see(DnsFacts(target=host)).names(signal) == []
