"""The `host` probe: this machine as the near end of every path. What names a person or a machine goes no further than this file.

Left out: user and machine names, the machine's addresses, names of networks, adapters and programs. Kept: kinds, ids of known products,
Microsoft's own prefixes, roots somebody added (names and addresses of people blotted out), and which proxies programs are sent to.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from agent.network.failure import without_people
from agent.network.net import Network
from agent.platform.port import Adapter, MachineSeen, ProxySettings
from agent.probes.measured import CycleClock, Measured, facts_id, present
from agent.products import products
from wire.facts import HostFacts, ProxySetting
from wire.observation import HostObservation
from wire.target import Route, Target
from wire.vocabulary import Clock

NAME: Final = "host"
MAX_ADAPTERS, MAX_VPN, MAX_PREFIXES, MAX_PRODUCTS, MAX_PROXIES = 32, 16, 128, 64, 16
"""The caps of `wire.facts.HostFacts`."""
_CLOCK: Clock = "loop"


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Look at this machine and return what may leave it."""
    at_us = clock.at_us()
    seen = await net.machine()
    ahead_ms, trouble = await net.clock_offset()
    tunnelled, untunnelled = split_ways(seen)
    facts = HostFacts(
        target=target,
        route=route.name,
        system=seen.system,
        adapters=sorted({one.kind for one in seen.adapters})[:MAX_ADAPTERS],
        vpn=tunnels(seen)[:MAX_VPN],
        default_by=adapter_word(_holder(seen.adapters, seen.default), seen.system),
        tunnelled=tunnelled[:MAX_PREFIXES],
        untunnelled=untunnelled[:MAX_PREFIXES],
        added_roots=[one.model_copy(update={"subject": without_people(one.subject)[:256]}) for one in seen.added_roots],
        products=products(seen.system, {**seen.running, "adapter": _names(*seen.adapters)})[:MAX_PRODUCTS],
        proxies=settings(seen.proxies)[:MAX_PROXIES],
        pac=seen.pac,
    )
    observation = HostObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        clock=_CLOCK,
        **present(roots=seen.roots, ntp_offset_ms=ahead_ms, error="; ".join(one for one in (seen.error, trouble) if one)[:256] or None),
    )
    return Measured(observation, facts)


def split_ways(seen: MachineSeen) -> tuple[list[str], list[str]]:
    """Return the prefixes that leave by a tunnel and those that do not; one that is divided is in both, one without a way in neither."""
    tunnelled, untunnelled = [], []
    for prefix, sources in seen.sources.items():
        kinds = {holder.kind for source in sources if (holder := _holder(seen.adapters, source)) is not None}
        if "tunnel" in kinds:
            tunnelled.append(prefix)
        if kinds - {"tunnel"}:
            untunnelled.append(prefix)
    return tunnelled, untunnelled


def tunnels(seen: MachineSeen) -> list[str]:
    """Return the tunnel adapters, each by its word."""
    return sorted({adapter_word(one, seen.system) for one in seen.adapters if one.kind == "tunnel"})


def adapter_word(adapter: Adapter | None, system: str) -> str:
    """Return what an adapter is: a known product's id, a tunnel's driver, else the kind; empty for none."""
    if adapter is None:
        return ""
    product = next(iter(products(system, {"adapter": _names(adapter), "driver": frozenset({adapter.driver})})), "")
    return (product or (adapter.driver if adapter.kind == "tunnel" else "") or adapter.kind)[:64]


def settings(proxies: Iterable[ProxySettings]) -> list[ProxySetting]:
    """Return each place that names a proxy as the wire has it: hosts and ports, no path, no credentials; one line that says none."""
    found: list[ProxySetting] = []
    for one in proxies:
        if one.auto_detect:
            found.append(ProxySetting(scope=one.scope, way="wpad"))
        if one.pac_url:
            found.append(ProxySetting(scope=one.scope, way="pac", server=_host(one.pac_url)))
        servers = dict.fromkeys(way.partition(" ")[2] for way in one.proxies.values())
        found += [ProxySetting(scope=one.scope, way="manual", server=server[:256]) for server in servers]
        if not one.speak:
            found.append(ProxySetting(scope=one.scope, way="none"))
    return found


def _host(url: str) -> str:
    """Return the host of a PAC file's URL; a file on this machine has none."""
    try:
        return (urlsplit(url).hostname or "")[:256]
    except ValueError:
        return ""


def _names(*adapters: Adapter) -> frozenset[str]:
    return frozenset(name for one in adapters for name in (one.name, one.label))


def _holder(adapters: Sequence[Adapter], address: str) -> Adapter | None:
    """Return the adapter that has this address."""
    return next((one for one in adapters if address and address in one.addresses), None)
