"""Holds demo/fleet/bodies.py: equal facts are one body, which travels until the centre has it and again when it lost it."""

from tests.demo.fleet.conftest import Minted
from wire.codec import content_id, read_facts
from wire.facts import DnsFacts, EgressFacts, WebFacts

HOST = "outlook.office365.com"


def test_equal_facts_are_one_body(minted: Minted) -> None:
    """The same sight has the same id; another device, failure, front door or egress has another; each body hashes to its id."""
    bodies = minted.bodies()
    ids = [
        bodies.web(HOST, None),
        bodies.web(HOST, "gateway"),
        bodies.web(HOST, "firewall"),
        bodies.unanswered(HOST),
        bodies.dns(HOST, "FRA"),
        bodies.dns(HOST, "LIS"),
        bodies.egress("198.18.0.1"),
        bodies.egress("198.18.0.17"),
    ]
    assert len(set(ids)) == len(ids)
    assert (bodies.web(HOST, None), bodies.dns(HOST, "LIS"), bodies.egress("198.18.0.1")) == (ids[0], ids[5], ids[6])
    facts, certificates = bodies.to_send(ids)
    assert set(facts) == set(ids)
    for key, body in (*facts.items(), *certificates.items()):
        assert content_id(body) == key


def test_what_they_say(minted: Minted) -> None:
    """Facts read back as what was meant: own root behind a device, a failure's stage, a front door's alias, an address."""
    bodies = minted.bodies()

    def read(key: str) -> WebFacts | DnsFacts | EgressFacts:
        return read_facts(bodies.to_send([key])[0][key])  # type: ignore[no-any-return]

    minted_web, passed, failed = (
        read(key)
        for key in (bodies.web(HOST, "firewall"), bodies.web("teams.microsoft.com", "gateway"), bodies.unanswered("teams.microsoft.com"))
    )
    assert isinstance(minted_web, WebFacts)
    assert minted_web.trust is not None
    assert (minted_web.trust.os, minted_web.trust.public, minted_web.target.category) == ("trusted", "no_root", "Optimize")
    assert passed == read(bodies.web("teams.microsoft.com", None))
    assert (failed.failure, failed.stage) == ("timeout", "connect")
    dns, egress = read(bodies.dns(HOST, "LIS")), read(bodies.egress("198.18.0.1"))
    assert isinstance(dns, DnsFacts)
    assert dns.cnames[-1] == "LIS-efz.ms-acdc.office.com"
    assert isinstance(egress, EgressFacts)
    assert egress.address == "198.18.0.1"


def test_what_arrived_does_not_travel_again(minted: Minted) -> None:
    """Facts and chain travel until a report of them is stored; what is then wanted travels again, what travels anyway is no news."""
    bodies = minted.bodies()
    one, other = bodies.web(HOST, None), bodies.web(HOST, "gateway")
    assert bodies.wanted([one]) == set()
    facts, certificates = bodies.to_send([one])
    assert len(certificates) == 2
    bodies.arrived([one])
    assert bodies.to_send([one]) == ({}, {})
    assert set(bodies.to_send([one, other])[0]) == {other}
    leaf = next(iter(certificates))
    assert bodies.wanted([leaf, other, "x" * 22]) == {leaf}
    assert bodies.to_send([one]) == ({}, {leaf: certificates[leaf]})
    assert leaf in bodies.needed([one])
    assert facts.keys() == {one}
