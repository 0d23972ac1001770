"""Holds demo/fleet/sites.py: the same sites each time, spread like a company's, with egress and front doors that make sense."""

import ipaddress
from collections import Counter
from dataclasses import asdict
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from demo.fleet.sites import BACKHAULED, FALLS_SILENT, FIREWALL_SITES, FLAKY, GATEWAY_SITES, PROXIED_SITES, agent_id, simulated_sites
from demo.places import REAL_SITES
from judge.knowledge.loader import load_knowledge
from wire.model import AgentId, Message


class Named(Message):
    """What refuses an id that is none."""

    agent: AgentId


def test_the_same_each_time_and_in_any_size() -> None:
    """A site does not depend on how many there are, nor on when it is asked for."""
    assert simulated_sites(60) == simulated_sites() == simulated_sites(1000)[:60]
    assert simulated_sites(0) == []
    with pytest.raises(ValueError, match="1101 simulated sites: there are cities for 1100; write 0 to 1100"):
        simulated_sites(1101)


def test_spread_like_a_company() -> None:
    """Every continent is there in any size, most sites are in Europe, America and Asia; zones exist; no name is a real site's."""
    for count in (20, 60, 1000):
        regions = Counter(site.zone.split("/")[0] for site in simulated_sites(count))
        assert {"Europe", "America", "Asia", "Africa", "Australia"} <= set(regions)
        assert regions["Europe"] + regions["America"] + regions["Asia"] > 0.8 * count
    sites = simulated_sites(1100)
    assert len({site.name.casefold() for site in sites}) == len({site.agent for site in sites}) == 1100
    assert not {site.name for site in sites} & {site.name for site in REAL_SITES}
    assert all(ZoneInfo(zone) for zone in {site.zone for site in sites})


def test_agents_say_what_they_are() -> None:
    """Ids are what the wire takes and begin with `sim-`."""
    assert [agent_id(name) for name in ("São Paulo", "Zürich", "Łódź", "Xi'an", "Tromsø", "New York")] == [
        "sim-sao-paulo-01",
        "sim-zurich-01",
        "sim-lodz-01",
        "sim-xi-an-01",
        "sim-tromso-01",
        "sim-new-york-01",
    ]
    for site in simulated_sites(1100):
        assert Named(agent=site.agent).agent.startswith("sim-")


def test_egress() -> None:
    """Egress prefixes lie in the range kept for tests, do not overlap, and one prefix is one egress."""
    sites = simulated_sites(1100)
    egress = {site.egress.prefix: site.egress for site in sites}
    assert {site.egress.name for site in sites} == {one.name for one in egress.values()}
    assert set(asdict(sites[0].egress)) == {"prefix", "name", "latitude", "longitude"}  # as the centre's configuration has it
    networks = sorted(ipaddress.IPv4Network(prefix) for prefix in egress)
    assert all(one.subnet_of(ipaddress.IPv4Network("198.18.0.0/15")) for one in networks)
    assert not [one for one, other in pairwise(networks) if one.overlaps(other)]
    assert all(ipaddress.IPv4Address(one.address) in ipaddress.IPv4Network(one.prefix) for one in egress.values())
    shared = Counter(site.egress.name for site in simulated_sites(60))
    assert shared["Dallas, cloud web gateway"] == len(GATEWAY_SITES)
    assert shared["Stockholm, regional egress"] > 2
    assert shared["Singapore, regional egress"] > 2
    assert shared["London, own breakout"] == 1


def test_front_doors() -> None:
    """The front door is the one nearest to the egress, and the time to it grows with the way there."""
    sites = {site.name: site for site in simulated_sites(60)}
    knowledge = load_knowledge()
    assert all(knowledge.front_door(site.front_door) for site in sites.values())
    assert (sites["London"].front_door, sites["Chicago"].front_door, sites["Melbourne"].front_door) == ("LON", "DFW", "SYD")
    assert sites["London"].rtt_ms < sites["Rome"].rtt_ms < sites["Nairobi"].rtt_ms
    backhauled = sites[BACKHAULED]
    assert (backhauled.egress.name, backhauled.front_door) == ("Frankfurt, VPN gateway", "FRA")
    assert 200 < backhauled.rtt_ms < 300  # 16,500 km there and back in fibre


def test_what_makes_a_fleet_interesting_is_in_the_default_one() -> None:
    """Two devices at their sites, a proxy, a flaky site and one that falls silent are among the first 60; their number does not grow."""
    for count in (60, 1000):
        sites = simulated_sites(count)
        assert {site.name for site in sites if site.device == "gateway"} == GATEWAY_SITES
        assert {site.name for site in sites if site.device == "firewall"} == FIREWALL_SITES
        assert [site.name for site in sites if site.flaky] == [FLAKY]
        assert [site.name for site in sites if site.falls_silent] == [FALLS_SILENT]
        proxied = {site.name for site in sites if site.proxy_ms}
        assert proxied >= PROXIED_SITES
        assert len(proxied) < count / 10
