"""The host probe: what may leave the machine, and what never does."""

import getpass
import socket

import pytest

from agent.platform.port import Adapter, MachineSeen, ProxySettings
from agent.probes import host
from tests.fakes.network import FakeClock, FakeNetwork
from wire.facts import AddedRoot, HostFacts, PacFacts
from wire.observation import HostObservation
from wire.target import DIRECT, HERE

WIRED = Adapter("Anna's dock", "wired", "e1000e", ("192.0.2.20", "2001:db8::20"))
TUNNEL = Adapter("Anna's tunnel", "tunnel", "wireguard", ("198.51.100.7",))
SEEN = MachineSeen(
    "windows",
    adapters=(WIRED, TUNNEL),
    default="198.51.100.7",
    sources={
        "52.96.0.0/14": ("198.51.100.7",),
        "13.107.6.152/31": ("192.0.2.20",),
        "40.96.0.0/13": ("192.0.2.20", "198.51.100.7"),
        "2603:1006::/40": (),
        "23.103.160.0/20": ("203.0.113.9",),
    },
    running={"process": frozenset({"ZSATunnel.exe", "annas-diary.exe"}), "service": frozenset({"stAgentSvc"})},
    proxies=(
        ProxySettings("user", auto_detect=True, pac_url="http://anna:secret@pac.contoso.com:8080/t/proxy.pac?u=anna"),
        ProxySettings("service", proxies={"http": "PROXY p.contoso.com:3128", "https": "PROXY p.contoso.com:3128"}),
        ProxySettings("environment"),
    ),
    roots=41,
    added_roots=(AddedRoot(subject="CN=Contoso Root", key="ab", since="2024-01-01"),),
    pac=PacFacts(digest="d", direct=["outlook.office365.com"]),
)


async def measured(seen: MachineSeen) -> tuple[HostObservation, HostFacts]:
    """Run the probe on a machine."""
    result = await host.measure(HERE, DIRECT, FakeNetwork(seen=seen), FakeClock())
    assert isinstance(result.observation, HostObservation)
    assert isinstance(result.facts, HostFacts)
    return result.observation, result.facts


async def test_all_that_may_leave() -> None:
    """Kinds, tunnels, the way of each prefix (a divided one counts twice, one without a way not at all), products, settings, roots."""
    observation, facts = await measured(SEEN)
    assert (facts.system, facts.adapters, facts.vpn, facts.default_by) == ("windows", ["tunnel", "wired"], ["wireguard"], "wireguard")
    assert facts.tunnelled == ["52.96.0.0/14", "40.96.0.0/13"]
    assert facts.untunnelled == ["13.107.6.152/31", "40.96.0.0/13"]
    assert facts.products == ["netskope", "zscaler"]
    assert [(one.scope, one.way, one.server) for one in facts.proxies] == [
        ("user", "wpad", ""),
        ("user", "pac", "pac.contoso.com"),
        ("service", "manual", "p.contoso.com:3128"),
        ("environment", "none", ""),
    ]
    assert (facts.added_roots[0].subject, facts.pac) == ("CN=Contoso Root", SEEN.pac)
    assert (observation.roots, observation.clock, observation.at_us) == (41, "loop", 1_500)


async def test_nothing_personal_leaves() -> None:
    """Names of adapters, of programs, credentials and the machine's own addresses are not in what is sent."""
    observation, facts = await measured(SEEN)
    sent = observation.model_dump_json() + facts.model_dump_json()
    for personal in ("Anna", "anna", "diary", "secret", "192.0.2.20", "198.51.100.7", "2001:db8::20", "ZSATunnel"):
        assert personal not in sent


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        (
            "O=mkcert development CA, OU=anna@LAPTOP-17 (Anna Example), CN=mkcert anna@LAPTOP-17 (Anna Example)",
            "O=mkcert development CA, OU=*, CN=mkcert *",
        ),
        ("CN=Contoso Root, emailAddress=anna@contoso.com", "CN=Contoso Root, emailAddress=*"),
        (f"CN=Charles Proxy CA (19 Apr 2026, {socket.gethostname()})", "CN=Charles Proxy CA (19 Apr 2026, *)"),
        (f"CN={getpass.getuser()}", "CN=*"),
    ],
)
async def test_people_in_names_of_roots(subject: str, sent: str) -> None:
    """Developer tools write a person and a machine into their roots: both are blotted out."""
    seen = MachineSeen("linux", added_roots=(AddedRoot(subject=subject),))
    assert (await measured(seen))[1].added_roots[0].subject == sent


async def test_a_machine_that_says_nothing() -> None:
    """Nothing known is nothing said; a sentence says why."""
    observation, facts = await measured(MachineSeen("linux", error="child: it ended"))
    assert (facts.adapters, facts.vpn, facts.default_by, facts.proxies, observation.error) == ([], [], "", [], "child: it ended")


async def test_bounds() -> None:
    """Hundreds of adapters and settings stay within the wire's caps."""
    many = tuple(Adapter(f"t{number}", "tunnel", f"driver{number}" * 20, (f"10.0.0.{number}",)) for number in range(200))
    settings = tuple(ProxySettings("user", proxies={"http": f"PROXY p{number}.example:1"}) for number in range(99))
    _, facts = await measured(
        MachineSeen("linux", adapters=many, proxies=settings, sources={f"192.0.{n}.0/24": ("10.0.0.1",) for n in range(200)})
    )
    assert (len(facts.vpn), len(facts.proxies), len(facts.tunnelled)) == (16, 16, 128)


async def test_the_clock() -> None:
    """Its offset is sample; why it is not known stands beside what else could not be seen."""
    for ahead, error in ((12.5, None), (None, "ntp: timeout: x")):
        net = FakeNetwork(seen=MachineSeen("linux", error="child: it ended"), ahead=(ahead, error))
        seen = (await host.measure(HERE, DIRECT, net, FakeClock())).observation
        assert isinstance(seen, HostObservation)
        assert (seen.ntp_offset_ms, seen.error) == (ahead, "child: it ended" + (f"; {error}" if error else ""))
