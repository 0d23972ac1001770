"""The world as a real agent's probes and the judge see it: clean, inspected, clean again, and the same device after a restart."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.planning import default_plan
from demo.authority import UnusableFolder
from demo.world.world import UnknownSite, opened
from judge.certificate import read_certificate
from tests.demo.world.conftest import CONTROL, HOSTS, NOW, beside, config, look, running
from wire.facts import DnsFacts, EgressFacts
from wire.observation import DnsObservation, WebObservation

MICROSOFT = [host for host in HOSTS if host != CONTROL]


async def test_clean(tmp_path: Path) -> None:
    """Spliced, every target is clean on public chains alone, speaks HTTP/2 and names the site's front door; no signal speaks against it."""
    async with running(tmp_path) as world:
        sights = {site: await look(world, site) for site in ("Frankfurt", "Lyon")}
    for site, code in (("Frankfurt", "FRA"), ("Lyon", "CDG")):
        sight = sights[site]
        assert sight.verdicts == {"clean"}
        assert sight.signals == {"public_chain", "sct_present"}
        assert {sight.facts(host).http for host in HOSTS} == {"HTTP/2"}
        seen = [one.observation for one in sight.web.values()]
        assert all(isinstance(one, WebObservation) for one in seen)
        assert {host: getattr(sight.web[host].observation, "front_door", None) for host in MICROSOFT} == dict.fromkeys(MICROSOFT, code)
        assert [getattr(one, "status", None) for one in seen] == [302, 302, 403, 200, 200, 204]


async def test_lookups_and_egress(tmp_path: Path) -> None:
    """Each site's resolver gives addresses and the front door's alias, its reflector the configured egress address and our own headers."""
    async with running(tmp_path) as world:
        for site, egress, code in (("Frankfurt", "203.0.113.10", "fra"), ("Lyon", "203.0.113.20", "cdg")):
            sight = await look(world, site)
            exchange = sight.dns[HOSTS[0]]
            assert isinstance(exchange.facts, DnsFacts)
            assert isinstance(exchange.observation, DnsObservation)
            assert exchange.facts.resolver == world.announcement()["links"][site]["resolvers"][0]
            assert exchange.facts.cnames[-1].lower().rstrip(".") == f"{code}-efz.ms-acdc.office.com"
            assert len(exchange.observation.answers) == 2
            assert sight.egress is not None
            reflected = sight.egress.facts
            assert isinstance(reflected, EgressFacts)
            assert (reflected.failure, reflected.address) == (None, egress)
            assert reflected.seen_headers == reflected.sent_headers


async def test_inspected_and_clean_again(tmp_path: Path) -> None:
    """With the device in one link all its targets are inspected for certain, by one device; the other site is clean, and later this one."""
    async with running(tmp_path) as world:
        await world.insert("Frankfurt")
        await world.insert("Frankfurt")
        inspected, other = await look(world, "Frankfurt"), await look(world, "Lyon")
        await world.remove("Frankfurt")
        after = await look(world, "Frankfurt")
    assert len(inspected.answers) == len(HOSTS)
    assert {(one.verdict, one.deterministic) for one in inspected.answers} == {("inspected", True)}
    assert {(one.device.vendor, one.device.possible) for one in inspected.answers if one.device} == {("Squid", None)}
    assert inspected.signals == {"public_trust_failure", "no_sct", "shared_key", "proxy_token", "bare_leaf", "known_engine"}
    assert len(inspected.device_keys) == 1
    assert {getattr(inspected.web[host].observation, "front_door", None) for host in MICROSOFT} == {"FRA"}
    facts = inspected.facts(HOSTS[0])
    assert (facts.alpn, facts.http, len(facts.chain), facts.failure) == (None, "HTTP/1.1", 3, None)
    assert "alt-svc" not in facts.headers
    assert facts.headers["via"] == "1.1 gateway.contoso.example (squid/5.7)"
    assert other.verdicts == after.verdicts == {"clean"}
    assert "via" not in after.facts(HOSTS[0]).headers


async def test_same_device_after_a_restart(tmp_path: Path) -> None:
    """A second start in the same folder has the same roots, front door certificates and device; two sites' devices are two."""
    sights = []
    for _ in range(2):
        async with running(tmp_path) as world:
            clean = await look(world, "Lyon")
            roots = world.public_roots.read_bytes(), world.os_roots.read_bytes()
            for site in ("Frankfurt", "Lyon"):
                await world.insert(site)
            sights.append((clean, roots, [await look(world, site) for site in ("Frankfurt", "Lyon")]))
    (clean, roots, first), (clean_again, roots_again, second) = sights
    assert roots == roots_again
    assert clean.facts(HOSTS[0]).chain == clean_again.facts(HOSTS[0]).chain
    assert [one.device_keys for one in first] == [one.device_keys for one in second]
    assert first[0].device_keys.isdisjoint(first[1].device_keys)
    leaves = [read_certificate(next(iter(one.web[CONTROL].certificates.values()))) for one in first]
    assert leaves[0].spki_sha256 != leaves[1].spki_sha256


async def test_every_name_of_the_shipped_plan(tmp_path: Path) -> None:
    """Names of the shipped plan beside the demo's six are served too, sign-in of devices included: clean, then inspected."""
    hosts = [one.host for one in default_plan().targets if one.protocol == "https"]
    async with running(tmp_path, hosts) as world:
        assert (await look(world, "Lyon", hosts)).verdicts == {"clean"}
        await world.insert("Lyon")
        sight = await look(world, "Lyon", hosts)
    assert sight.verdicts == {"inspected"}
    assert len(sight.web) == len(hosts) >= 12


async def test_unknown_site(tmp_path: Path) -> None:
    """A site that is not there is refused with the names of those that are."""
    async with running(tmp_path) as world:
        with pytest.raises(UnknownSite, match="there is no site 'Paris'; write one of Frankfurt, Lyon"):
            await world.insert("Paris")
        with pytest.raises(UnknownSite):
            await world.remove("Paris")


async def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A bundle that cannot be written ends the start with a sentence."""
    (tmp_path / "public-roots.pem").mkdir()
    with pytest.raises(UnusableFolder, match=r"public-roots\.pem cannot be written"):
        async with running(tmp_path):
            pass
    assert config(tmp_path).folder == tmp_path


async def test_what_is_beside_https(tmp_path: Path) -> None:
    """Media, QUIC and WebSocket get through; with the device in the link QUIC is silenced and the upgrade stripped, as Squid does."""
    async with running(tmp_path) as world:
        clean = await beside(world, "Frankfurt")
        web = (await look(world, "Frankfurt", ["teams.microsoft.com"])).facts("teams.microsoft.com")
        await world.insert("Frankfurt")
        media, quic, wss = await beside(world, "Frankfurt", timeout_s=1.0)
    assert [one.failure for one in clean] == [None] * 3
    assert (clean[0].ephemeral, clean[0].audio, clean[0].realm, clean[0].mapped) == ("allocate", "allocate", "rtcmedia", "203.0.113.10")
    assert (clean[1].alpn, clean[1].chain, clean[1].headers["alt-svc"]) == ("h3", web.chain, 'h3=":443"')
    assert (clean[2].status, clean[2].upgraded, clean[2].idle, clean[2].chain) == (101, True, "alive", web.chain)
    assert media == clean[0]
    assert (quic.failure, quic.stage, quic.chain) == ("timeout", "connect", [])
    assert (wss.failure, wss.status, wss.upgraded) == (None, 200, False)
    assert wss.headers["via"] == "1.1 gateway.contoso.example (squid/5.7)"
    assert wss.chain != web.chain


async def test_a_device_that_lets_quic_pass(tmp_path: Path) -> None:
    """Where the site says so QUIC passes the device, and shows the far end's own chain beside the device's."""
    made = config(tmp_path)
    open_sites = tuple(replace(site, quic="passed") for site in made.sites)
    async with opened(replace(made, sites=open_sites), NOW) as world:
        before = await beside(world, "Lyon")
        await world.insert("Lyon")
        _, quic, wss = await beside(world, "Lyon")
    assert quic == before[1]
    assert wss.chain != before[2].chain
