"""Explicit proxies other than Squid, and resolvers on the way: tinyproxy 1.11, dnsmasq 2.90."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.lab.nodes import RESOLVER
from tests.lab.place import Place
from tests.lab.processes import listens, running, until


@asynccontextmanager
async def tinyproxy(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run tinyproxy on port 8888. Options: `via` (its name in Via; empty: none), `chain`: the next proxy."""
    folder = place.fresh_folder("tinyproxy")
    name = options.get("via", "gateway")
    lines = ["Port 8888", "Timeout 60", "MaxClients 50", "Allow 10.77.0.0/16", "ConnectPort 443", "ConnectPort 80", "LogLevel Warning"]
    lines += [f'ViaProxyName "{name}"' if name else "DisableViaHeader Yes"]
    if "chain" in options:
        lines.append(f"Upstream http {options['chain']}")
    (folder / "tinyproxy.conf").write_text("\n".join(lines) + "\n")
    log = folder / "tinyproxy.log"
    command = place.naming("tinyproxy", "-d", "-c", str(folder / "tinyproxy.conf"))
    async with running(command, log) as process:
        await until(listens(place.namespace, 8888), "tinyproxy", process, log)
        yield


@asynccontextmanager
async def dnsmasq(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run a resolver on the middlebox. Options: `address`: name to what it makes up (`nx`: denies it); `take`: all of port 53 (default).

    Everything else is asked of the provider's resolver.
    """
    folder = place.fresh_folder("dnsmasq")
    lines = [
        "port=53",
        "no-resolv",
        "no-hosts",
        "no-daemon",
        "user=root",
        "bind-dynamic",
        f"server={RESOLVER}",
        "cache-size=0",
        "log-facility=-",
    ]
    for name, address in options.get("address", {}).items():
        lines.append(f"address=/{name}/{'' if address == 'nx' else address}")
    (folder / "dnsmasq.conf").write_text("\n".join(lines) + "\n")
    log = folder / "dnsmasq.log"
    async with running(place.command("dnsmasq", "-k", "-C", str(folder / "dnsmasq.conf")), log) as process:
        await until(listens(place.namespace, 53, "udp"), "dnsmasq", process, log)
        if options.get("take", True):
            place.redirect({53: 53}, kind="udp")
            place.redirect({53: 53})
        yield
