"""Chains and phases as they are shown."""

import base64

from agent.check.proof import chains, pem, waterfalls
from tests.fakes.checked import finding, with_chain


def test_a_chain_is_shown_once_with_its_hosts() -> None:
    """Leaf first, fields read, each certificate with a PEM that holds its bytes."""
    done = with_chain([finding("a.example", "inspected")])
    (chain,) = chains([*done.samples, *done.samples], done.certificates)
    assert chain.hosts == ("a.example",)
    assert [one.fields.self_issued for one in chain.certificates] == [False, True]
    body = "".join(chain.certificates[0].pem.splitlines()[1:-1])
    assert base64.b64decode(body) == next(iter(done.certificates.values()))


def test_pem_lines_have_64_characters() -> None:
    """As RFC 7468 writes it."""
    lines = pem(bytes(100)).splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    assert [len(line) for line in lines[1:-1]] == [64, 64, 8]


def test_phases_follow_one_another() -> None:
    """Each bar starts where the one before ended; a phase not reached has none; only the plan's own targets are drawn."""
    done = with_chain([finding("a.example", "inspected")])
    (fall,) = waterfalls(done.samples, done.asked)
    assert [(bar.phase, bar.start, bar.width) for bar in fall.bars][:3] == [("dns", 0.0, 1.0), ("connect", 1.0, 20.0), ("tls", 21.0, 21.5)]
    assert fall.total == sum(bar.width for bar in fall.bars)
    assert fall.end == "status 200"
    assert waterfalls(done.samples, frozenset()) == []
