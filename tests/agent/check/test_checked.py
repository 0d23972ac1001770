"""The status of a check follows from the findings that count."""

from dataclasses import replace

import pytest

from agent.check.checked import EXIT
from tests.fakes.checked import checked, finding
from wire.target import Target
from wire.vocabulary import Verdict


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["clean", "sanctioned"], "clean"),
        (["clean", "inspected"], "findings"),
        (["clean", "unreachable"], "findings"),
        (["inconclusive"], "findings"),
        (["unreachable", "unreachable"], "offline"),
        ([], "offline"),
    ],
)
def test_status_follows_the_verdicts(verdicts: list[Verdict], status: str) -> None:
    """Clean or sanctioned is clean; nothing reached at all is offline; anything else is a finding."""
    done = checked([finding("a.example", verdict) for verdict in verdicts])
    assert done.status == status
    assert EXIT[done.status] in {0, 1, 2}


@pytest.mark.parametrize(("verdict", "status"), [("unreachable", "clean"), ("inspected", "findings"), ("blocked", "findings")])
def test_a_required_name_that_is_gone_is_no_finding(verdict: Verdict, status: str) -> None:
    """Names looked at once count when they speak of a device: some in Microsoft's list do not exist any more."""
    done = checked([finding("a.example", "clean"), finding("old.example", verdict)], asked=frozenset({"a.example:443"}))
    assert done.status == status


def test_silence_of_everything_is_offline() -> None:
    """Datagrams that nobody answered are inconclusive by themselves; with every host unreachable beside them it is the machine's link."""
    relay = replace(
        finding("relay.example", "inconclusive"),
        target=Target(host="relay.example", port=3478, protocol="turn", category="Optimize", workload="Teams"),
    )
    assert checked([finding("a.example", "unreachable"), relay]).status == "offline"
    assert checked([finding("a.example", "clean"), relay]).status == "findings"
    assert checked([finding("a.example", "inconclusive"), finding("b.example", "unreachable")]).status == "findings"
