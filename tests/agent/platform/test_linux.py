"""Linux' files and tables, as text; and the loopback interface of the machine the tests run on."""

import sys

import pytest

from agent.platform.linux import Linux, adapter_kind, ipv6_addresses
from agent.platform.machine import ThisMachine
from agent.platform.port import LinkSeen
from tests.fakes.machine import FakeMachine

INET6 = """00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000020 02 40 00 80     eth0
fe800000000000005054 02 40 20 80     eth0
"""


async def test_proxies_are_the_environments() -> None:
    """The environment is all there is, and silent without variables."""
    assert (await Linux(FakeMachine(environment={"https_proxy": "p.example:1"})).proxies())[0].proxies == {"https": "PROXY p.example:1"}
    assert [(one.scope, one.speak) for one in await Linux(FakeMachine()).proxies()] == [("environment", False)]


async def test_search_list() -> None:
    """The last search or domain line counts."""
    files = {"/etc/resolv.conf": "domain old.example\nnameserver 192.0.2.1\nsearch Lyon.Contoso.com. contoso.com\n"}
    assert await Linux(FakeMachine(files)).search_domains() == ("lyon.contoso.com", "contoso.com")


def test_ipv6_addresses() -> None:
    """Only global addresses of the interface itself count."""
    assert ipv6_addresses(INET6, "eth0") == ("2001:db8::20",)
    assert ipv6_addresses(INET6, "lo") == ()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux' kernel")
async def test_addresses_of_this_machine() -> None:
    """The loopback interface has the loopback address; a name that no interface can have is none."""
    linux = Linux(ThisMachine())
    assert "127.0.0.1" in await linux.addresses("lo")
    for name in ("", "none0", "a-name-of-more-than-fifteen-characters", "l\0o"):
        assert await linux.addresses(name) == ()


CLASS = "/sys/class/net"


@pytest.mark.parametrize(
    ("name", "told", "found"),
    [
        ("enp3s0", {"type": "1", "device/uevent": "DRIVER=e1000e\n"}, ("wired", "e1000e")),
        ("wlp2s0", {"type": "1", "uevent": "DEVTYPE=wlan\nINTERFACE=wlp2s0", "device/uevent": "DRIVER=iwlwifi"}, ("wireless", "iwlwifi")),
        ("wwan0", {"type": "65534", "uevent": "DEVTYPE=wwan"}, ("cellular", "")),
        ("wg0", {"type": "65534", "uevent": "DEVTYPE=wireguard"}, ("tunnel", "wireguard")),
        ("contoso", {"type": "65534", "tun_flags": "0x1001"}, ("tunnel", "tun")),
        ("contoso", {"type": "1", "tun_flags": "0x1002"}, ("tunnel", "tap")),
        ("gre1", {"type": "778"}, ("tunnel", "gre")),
        ("cscotun0", {"type": "65534"}, ("tunnel", "cscotun")),
        ("docker0", {"type": "1", "uevent": "DEVTYPE=bridge"}, ("virtual", "bridge")),
        ("ib0", {"type": "32"}, ("other", "")),
    ],
)
def test_adapter_kinds(name: str, told: dict[str, str], found: tuple[str, str]) -> None:
    """By the kernel's own words first, by the name where it has none."""
    empty = dict.fromkeys(("type", "uevent", "tun_flags", "device/uevent"), "")
    assert adapter_kind(name, empty | told) == found


async def test_adapters_in_use() -> None:
    """Those that are up; a tunnel's state is unknown to the kernel; the loopback is none."""
    files = {
        f"{CLASS}/lo/type": "772\n",
        f"{CLASS}/lo/operstate": "unknown\n",
        f"{CLASS}/enp3s0/type": "1\n",
        f"{CLASS}/enp3s0/operstate": "down\n",
        f"{CLASS}/tun0/type": "65534\n",
        f"{CLASS}/tun0/operstate": "unknown\n",
        f"{CLASS}/tun0/tun_flags": "0x1001\n",
    }
    assert [(one.name, one.kind) for one in await Linux(FakeMachine(files)).adapters()] == [("tun0", "tunnel")]


async def test_what_runs() -> None:
    """Names of processes and of kernel modules; arguments are not read."""
    files = {
        "/proc/17/comm": "warp-svc\n",
        "/proc/18/comm": "",
        "/proc/self/comm": "pytest\n",
        "/proc/modules": "wireguard 94208 0 - Live 0x0\n",
    }
    assert await Linux(FakeMachine(files)).running() == {"process": {"warp-svc"}, "driver": {"wireguard"}}
    assert await Linux(FakeMachine(files)).roots_pem() == ""


async def test_link() -> None:
    """The default route with the lowest metric, its interface's kind, its prefix and the gateway's hardware address."""
    files = {
        "/proc/net/route": "head\n"
        "eth0\t00000000\t01020A0A\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t00020A0A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n",
        "/proc/net/arp": "head\n10.10.2.1        0x1         0x2         52:54:00:12:34:56     *        eth0\n",
        "/sys/class/net/eth0/type": "1",
    }
    assert await Linux(FakeMachine(files)).link() == LinkSeen("10.10.2.1", "52:54:00:12:34:56", "eth0", "wired", "10.10.2.0/24")
    assert await Linux(FakeMachine()).link() == LinkSeen()
