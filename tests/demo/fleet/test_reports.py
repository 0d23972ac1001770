"""Holds demo/fleet/reports.py: cycles are what the wire takes, the same each time, plausible, and judged as meant."""

from collections.abc import Mapping
from statistics import median

import pytest

from demo.fleet.reports import SECOND, SOFTWARE, TOOK_NS, Made, busyness, make
from demo.fleet.sites import SimulatedSite, simulated_sites
from judge.finding import Finding
from judge.judgement import Judge
from tests.demo.fleet.conftest import Minted
from wire.codec import read_facts
from wire.observation import DnsObservation, EgressObservation, WebObservation
from wire.report import Cycle

NOON_NS = 1_795_000_800 * SECOND
"""2026-11-18 11:20 UTC, a Wednesday."""
SITES: Mapping[str, SimulatedSite] = {site.name: site for site in simulated_sites(60)}


def cycle_of(minted: Minted, name: str, at_ns: int = NOON_NS) -> Cycle:
    """Return one cycle as the centre reads it."""
    return Cycle.model_validate_json(made(minted, name, at_ns).cycle)


def made(minted: Minted, name: str, at_ns: int = NOON_NS) -> Made:
    """Return one cycle as it is sent."""
    return make(SITES[name], minted.bodies(), at_ns, at_ns + TOOK_NS, 30.0)


def webs(cycle: Cycle) -> list[WebObservation]:
    """Return the web observations of a cycle."""
    return [one for one in cycle.observations if isinstance(one, WebObservation)]


def test_the_same_site_and_time_give_the_same_cycle(minted: Minted) -> None:
    """Nothing but site and time decides; another time gives other samples and the same facts."""
    one, other = made(minted, "London"), made(minted, "London", NOON_NS + 30 * SECOND)
    assert one == made(minted, "London")
    assert one.cycle != other.cycle
    assert one.facts == other.facts


def test_it_says_what_it_is(minted: Minted) -> None:
    """Every cycle says lab and simulated, and names its site; six targets, a lookup and an egress, none in the future of its report."""
    for name in SITES:
        cycle = cycle_of(minted, name)
        assert (cycle.lab, cycle.software, cycle.context.site) == (True, SOFTWARE, name)
        assert [one.kind for one in cycle.observations] == ["web"] * 6 + ["dns", "egress"]
        starts = [one.at_us for one in cycle.observations if one.kind != "raw"]
        assert starts == sorted(set(starts))
        assert cycle.started_ns + starts[-1] * 1000 < cycle.created_ns


def test_phases_add_up(minted: Minted) -> None:
    """The phases of a sample are its total, within what rounding leaves."""
    for name in SITES:
        for one in webs(cycle_of(minted, name)):
            phases = (one.dns_ms, one.connect_ms, one.proxy_ms, one.tls_ms, one.first_byte_ms, one.body_ms)
            reached = sum(phase or 0.0 for phase in phases)
            assert one.status is None or one.total_ms == pytest.approx(reached, abs=0.02)


def test_front_door_and_egress(minted: Minted) -> None:
    """The backhauled site leaves in Frankfurt and is slow; every alias, code and answer says the same front door."""
    near, far = cycle_of(minted, "London"), cycle_of(minted, "Sydney")
    assert {one.front_door for one in webs(near)} == {"LON", None}
    assert {one.front_door for one in webs(far)} == {"FRA", None}
    assert median(one.connect_ms or 0 for one in webs(near)) < 20
    assert median(one.connect_ms or 0 for one in webs(far)) > 200
    lookup, egress = far.observations[6:]
    assert isinstance(lookup, DnsObservation)
    assert isinstance(egress, EgressObservation)
    assert lookup.answers == [webs(far)[0].address]
    bodies = minted.bodies()
    assert (lookup.facts, egress.facts) == (bodies.dns("outlook.office365.com", "FRA"), bodies.egress("198.19.0.17"))


def test_a_proxy_takes_its_time(minted: Minted) -> None:
    """Behind a proxy the connection is near and the way behind it is in `proxy_ms`; without one there is none."""
    behind, without = webs(cycle_of(minted, "Warsaw"))[0], webs(cycle_of(minted, "Vienna"))[0]
    assert behind.connect_ms is not None
    assert behind.connect_ms < 5 < (behind.proxy_ms or 0)
    assert without.proxy_ms is None


@pytest.mark.parametrize(
    ("zone", "hour", "busy"), [("UTC", 13, True), ("UTC", 3, False), ("Asia/Tokyo", 4, True), ("America/Los_Angeles", 13, False)]
)
def test_busy_by_the_sites_own_day(zone: str, hour: int, busy: bool) -> None:  # noqa: FBT001 - a table
    """A line is busy at its own midday and idle in its night; a Sunday is quieter than a Wednesday."""
    wednesday = (1_794_960_000 + hour * 3600) * SECOND
    assert (busyness(zone, wednesday) > 0.8) is busy
    assert busyness(zone, wednesday) == 0 or busy or zone != "UTC"
    assert busyness("UTC", (1_794_960_000 + 4 * 86_400 + 13 * 3600) * SECOND) < 0.3


def test_the_flaky_site_fails_sometimes(minted: Minted) -> None:
    """Some requests of some cycles fail, most do not; no other site fails."""
    cycles = [cycle_of(minted, "Nairobi", NOON_NS + number * 30 * SECOND) for number in range(100)]
    failed = [one for cycle in cycles for one in webs(cycle) if one.status is None]
    assert 5 < len(failed) < 60
    assert all(one.status == 200 for name in SITES if name != "Nairobi" for one in webs(cycle_of(minted, name)))


def judged(minted: Minted, name: str) -> dict[str, Finding]:
    """Return the findings of a site's cycle by host, as a centre with the demo's roots makes them."""
    bodies, site = minted.bodies(), SITES[name]
    one = make(site, bodies, NOON_NS, NOON_NS + TOOK_NS, 30.0)
    facts, certificates = bodies.to_send(one.facts)
    samples = Cycle.model_validate_json(one.cycle).observations
    pairs = [(sample, read_facts(facts[sample.facts])) for sample in samples if sample.kind != "raw"]
    judge = Judge(minted.knowledge)
    findings = judge.judge(judge.look(pairs), certificates, NOON_NS).findings
    return {finding.target.host: finding for finding in findings if finding.aspect == "path"}


def test_judged_as_meant(minted: Minted) -> None:
    """Clean is clean, a proxy carries; behind the two devices it is inspected, surely, by the vendor named, one device for all sites."""
    for name in ("London", "Sydney"):
        assert {one.verdict for one in judged(minted, name).values()} == {"clean"}
    assert {one.verdict for one in judged(minted, "Warsaw").values()} == {"proxied"}
    gateway, firewall = judged(minted, "Dallas"), judged(minted, "Rotterdam")
    inspected = {host for host, one in gateway.items() if one.verdict == "inspected"}
    assert inspected == {"outlook.office365.com", "outlook.cloud.microsoft", "microsoft.sharepoint.com", "www.gstatic.com"}
    assert {one.verdict for one in firewall.values()} == {"inspected"}
    for findings, vendor, other in ((gateway, "Zscaler", "Chicago"), (firewall, "Fortinet", "Birmingham")):
        finding = findings["outlook.office365.com"]
        assert finding.device is not None
        assert (finding.device.vendor, finding.deterministic) == (vendor, True)
        assert finding.device_key == judged(minted, other)["outlook.office365.com"].device_key
        assert len({one.device_key for one in findings.values() if one.verdict == "inspected"}) == 1
