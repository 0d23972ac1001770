"""What the kernel alone does on the way: drop, refuse, clamp; and a tunnel in place of the way. nftables and TUN devices, no program."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.lab.isolation import OWN
from tests.lab.place import Place
from tests.lab.processes import running


@asynccontextmanager
async def rules(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Filter what passes through. Option `forward`: nftables statements, one each."""
    lines = "; ".join(options["forward"])
    place.nodes.nft(place.machine, f"table inet filtering {{ chain through {{ type filter hook forward priority 0; {lines}; }}; }}")
    yield


@asynccontextmanager
async def vpn(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Lead the client's traffic through a tunnel to r2. Options: `delay_ms` one way, `routes` (default: all), `past` it, `device`, `mtu`.

    The tunnel is a TUN device at each end and a carrier between them, as every VPN in user space; what it costs is its delay and its MTU.
    """
    nodes, device = place.nodes, options.get("device", "tun0")
    log = place.folder / "vpn.log"
    pipe = asyncio.subprocess.PIPE
    async with running([*OWN, "link", nodes.name("c"), nodes.name("r2"), device], log, stdin=pipe, stdout=pipe) as link:
        assert link.stdin is not None
        assert link.stdout is not None
        if not await link.stdout.readline():
            raise RuntimeError(f"the tunnel does not start: {log.read_text()}")
        link.stdin.write(f"{options.get('delay_ms', 40)} 0 0\n".encode())
        mtu = options.get("mtu", 1400)
        nodes.ip("r2", f"addr add 10.77.99.1/24 dev {device}", f"link set {device} up mtu {mtu}")
        nodes.ip("c", f"addr add 10.77.99.2/24 dev {device}", f"link set {device} up mtu {mtu}")
        routes = options.get("routes", ("0.0.0.0/1", "128.0.0.0/1"))
        nodes.ip("c", *(f"route add {one} dev {device}" for one in routes))
        nodes.ip("c", *(f"route add {one} via 10.77.0.1" for one in options.get("past", ())))
        yield
