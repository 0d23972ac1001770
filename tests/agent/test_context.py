"""The link context, from the tables of Linux' kernel as text."""

from pathlib import Path

import pytest

from agent.config import Agent
from agent.context import Link
from agent.platform import here
from agent.platform.linux import Linux
from tests.fakes.machine import FakeMachine

ROUTE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlp3s0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t01020A0A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t00020A0A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
wlp3s0\t0000A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0
"""
ARP = """IP address       HW type     Flags       HW address            Mask     Device
10.10.2.1        0x1         0x2         52:54:00:12:34:56     *        eth0
"""


def link(files: dict[str, str], **agent: object) -> Link:
    """Return a link that reads these files."""
    whole = Agent("a", Path(), **({"fleet_key": "fleet"} | agent))  # type: ignore[arg-type] # a test's own words
    return Link(whole, Linux(FakeMachine(files)))


FILES = {"/proc/net/route": ROUTE, "/proc/net/arp": ARP, "/sys/class/net/eth0/type": "1\n"}


async def test_the_best_default_route_is_the_link() -> None:
    """Of two default routes the one with the lowest metric counts: its kind and its own prefix."""
    context = await link(FILES, site="Lyon").context()
    assert (context.interface, context.network, context.vpn, context.site) == ("wired", "10.10.2.0/24", False, "Lyon")
    assert context.gateway is not None
    assert len(context.gateway) == 22


async def test_the_gateway_is_a_keyed_hash() -> None:
    """The same gateway hashes alike with the same key only, and no address is in the context; without a key there is no hash."""
    one, two = (await link(FILES).context()), (await link(FILES, fleet_key="other").context())
    assert one.gateway == (await link(FILES).context()).gateway != two.gateway
    assert "10.10.2.1" not in one.dump().decode()
    assert (await link(FILES, fleet_key="").context()).gateway is None


async def test_another_gateway_with_the_same_address_is_another() -> None:
    """Two homes with the same private address differ by the gateway's hardware address."""
    other = FILES | {"/proc/net/arp": ARP.replace("56 ", "57 ")}
    assert (await link(FILES).context()).gateway != (await link(other).context()).gateway


async def test_a_forgotten_neighbour_does_not_change_the_place() -> None:
    """When the kernel drops the idle gateway from its table, the hash stays."""
    files = dict(FILES)
    one = link(files)
    first = (await one.context()).gateway
    files["/proc/net/arp"] = ARP.splitlines()[0]
    assert (await one.context()).gateway == first


@pytest.mark.parametrize(
    ("name", "files", "kind"),
    [
        ("wlp3s0", {"/sys/class/net/wlp3s0/uevent": "DEVTYPE=wlan\n", "/sys/class/net/wlp3s0/type": "1"}, "wireless"),
        ("wwan0", {}, "cellular"),
        ("tun0", {"/sys/class/net/tun0/type": "1"}, "other"),
        ("enp1s0", {"/sys/class/net/enp1s0/type": "1"}, "wired"),
    ],
)
async def test_kinds_of_interface(name: str, files: dict[str, str], kind: str) -> None:
    """Wired, wireless, cellular and everything else, by what the kernel says."""
    route = "head\n" + f"{name}\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    assert (await link({"/proc/net/route": route, **files}).context()).interface == kind


async def test_a_vpn_is_seen_by_its_interface() -> None:
    """A route by a tunnel interface means a VPN, also when it is not the default route."""
    route = ROUTE + "wg0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
    assert (await link(FILES | {"/proc/net/route": route}).context()).vpn


async def test_the_prefix_can_be_switched_off() -> None:
    """With network_prefix = false no prefix is told."""
    assert (await link(FILES, network_prefix=False).context()).network is None


async def test_without_tables_only_the_site_is_known() -> None:
    """On other systems, or without a default route, the context is the declared site."""
    context = await link({}, site="Lyon").context()
    assert context.dump() == b'{"site":"Lyon"}'


async def test_the_real_tables_are_readable() -> None:
    """This machine's own tables give some context without an error."""
    assert (await Link(Agent("a", Path()), here()).context()).site is None
