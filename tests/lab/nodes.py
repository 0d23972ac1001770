"""Five machines in a row, each a network namespace: client, near router, middlebox, far router, server; the last link takes time.

    c 10.77.0.2 - 10.77.0.1 r1 10.77.1.1 - 10.77.1.2 m 10.77.2.1 - 10.77.2.2 r2 203.0.113.1 =(delay)= 203.0.113.2 s

The server owns whole published prefixes, so real addresses of Microsoft 365 lead to it; nothing leads out of the namespaces. Built anew for
each scenario but for r2 and s, whose servers go on. Only addresses and routes live here; what the machines run is others' matter.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

from tests.lab.isolation import OWN, WORK
from tests.lab.processes import running

RESOLVER = "198.51.100.53"
"""The provider's resolver, beyond the delay (documentation range, RFC 5737)."""
EGRESS = "203.0.113.10"
"""What the far router turns the client's address into."""
PREFIXES = (
    "13.107.0.0/16", "20.190.128.0/18", "20.20.32.0/19", "20.231.128.0/19",
    "40.96.0.0/13", "40.104.0.0/15", "40.126.0.0/18", "52.96.0.0/12",
    "52.112.0.0/12", "132.245.0.0/16", "150.171.0.0/16", "204.79.197.0/24", "142.250.0.0/15", "6.6.0.0/16", "20.40.0.0/16", "104.16.0.0/16",
    "146.112.61.0/24", "198.51.100.0/24",
)  # fmt: skip
"""What the server owns: published prefixes of Microsoft 365 and around them, the control's operator, Azure, a content network, services."""
PREFIXES6 = ("2603:1000::/24", "2620:1ec::/36", "2a01:111::/32", "2a00:1450::/32", "2001:db8:53::/48")
RESOLVER6 = "2001:db8:53::53"


_ADDRESSES: dict[str, tuple[str, ...]] = {
    "c": (
        "addr add 10.77.0.2/24 dev eth0",
        "route add default via 10.77.0.1",
        "addr add 2001:db8:77::2/64 dev eth0 nodad",
        "route add default via 2001:db8:77::1",
    ),
    "r1": (
        "addr add 10.77.0.1/24 dev lan",
        "addr add 10.77.1.1/24 dev core",
        "route add default via 10.77.1.2",
        "addr add 2001:db8:77::1/64 dev lan nodad",
        "addr add 2001:db8:77:1::1/64 dev core nodad",
        "route add default via 2001:db8:77:1::2",
    ),
    "m": (
        "addr add 10.77.1.2/24 dev in0",
        "addr add 10.77.2.1/24 dev out0",
        "route add 10.77.0.0/24 via 10.77.1.1",
        "route add default via 10.77.2.2",
        "addr add 2001:db8:77:1::2/64 dev in0 nodad",
        "addr add 2001:db8:77:2::1/64 dev out0 nodad",
        "route add 2001:db8:77::/64 via 2001:db8:77:1::1",
        "route add default via 2001:db8:77:2::2",
    ),
    "r2": (
        "addr add 10.77.2.2/24 dev lan",
        "route add 10.77.0.0/16 via 10.77.2.1",
        "addr add 2001:db8:77:2::2/64 dev lan nodad",
        "route add 2001:db8:77::/48 via 2001:db8:77:2::1",
    ),
}


class Nodes:
    """One row of machines. `name("m")` is the namespace of the middlebox; `file(...)` a path in this row's own folder."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.folder = WORK / f"row{number}"
        self._link: asyncio.subprocess.Process | None = None

    def name(self, machine: str) -> str:
        """Return the namespace of `c`, `r1`, `m`, `r2` or `s`."""
        return f"{machine}-{self.number}"

    def ip(self, machine: str, *lines: str) -> None:
        """Run lines of iproute2 on a machine, all or the first that fails."""
        done = subprocess.run(
            ["ip", "-n", self.name(machine), "-batch", "-"], check=False, input="\n".join(lines), capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"ip on {machine}: {done.stderr.strip()}")

    def command(self, machine: str, *arguments: str) -> list[str]:
        """Return a command line that runs on a machine."""
        return ["nsenter", f"--net=/run/netns/{self.name(machine)}", *arguments]

    def nft(self, machine: str, rules: str) -> None:
        """Load a ruleset on a machine."""
        done = subprocess.run(self.command(machine, "nft", "-f", "-"), check=False, input=rules, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"nft on {machine}: {done.stderr.strip()}")

    def set(self, machine: str, settings: Mapping[str, object]) -> None:
        """Set kernel parameters of a machine; they are the namespace's own."""
        lines = "\n".join(f"echo {value} > /proc/sys/{name.replace('.', '/')}" for name, value in settings.items())
        subprocess.run(self.command(machine, "sh", "-ec", lines), check=True)

    async def distance(self, delay_ms: float, jitter_ms: float, loss: float) -> None:
        """Set the far link: one way's delay, jitter on top, share of packets lost."""
        assert self._link is not None
        assert self._link.stdin is not None
        self._link.stdin.write(f"{delay_ms} {jitter_ms} {loss}\n".encode())
        await self._link.stdin.drain()

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[None]:
        """Build the far side, which stays for the whole run: r2, s and the link between them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for machine in ("r2", "s"):
            self._make(machine)
        arguments = [*OWN, "link", self.name("r2"), self.name("s"), "wan"]
        async with running(
            arguments, self.folder / "link.log", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        ) as self._link:
            assert self._link.stdout is not None
            if not await self._link.stdout.readline():
                raise RuntimeError(f"the delay link does not start: {(self.folder / 'link.log').read_text()}")
            self.ip("r2", "addr add 203.0.113.1/30 dev wan", "link set wan up mtu 1500", "route add default via 203.0.113.2")
            self.ip("r2", "addr add 2001:db8:2::1/64 dev wan nodad", "route add default via 2001:db8:2::2 dev wan")
            self.ip("s", "addr add 203.0.113.2/30 dev wan", "link set wan up mtu 1500")
            self.ip("s", "addr add 2001:db8:2::2/64 dev wan nodad", "route add 2001:db8:77::/48 via 2001:db8:2::1")
            self.ip("s", *(f"route add local {one} dev lo" for one in PREFIXES))
            self.ip("s", *(f"route add local {one} dev lo" for one in PREFIXES6))
            self.set("s", {"net.ipv4.ip_nonlocal_bind": 1, "net.ipv6.ip_nonlocal_bind": 1})
            yield

    @contextlib.contextmanager
    def fresh(self, egress: str = EGRESS) -> Iterator[None]:
        """Build the near side anew for one scenario: client, near router, middlebox; the far router hides them behind `egress`."""
        for machine in ("c", "r1", "m"):
            self._make(machine)
        try:
            for one, device, other, peer in (("c", "eth0", "r1", "lan"), ("r1", "core", "m", "in0"), ("m", "out0", "r2", "lan")):
                self.ip(one, f"link add {device} type veth peer name {peer} netns {self.name(other)}", f"link set {device} up")
                self.ip(other, f"link set {peer} up")
            for machine, lines in _ADDRESSES.items():
                self.ip(machine, *lines)
            out = f"type nat hook postrouting priority 100; oif wan ip saddr 10.77.0.0/16 snat to {egress};"
            self.nft("r2", f"flush ruleset\ntable ip egress {{ chain out {{ {out} }}; }}")
            self.ip("s", f"route replace {egress}/32 via 203.0.113.1")
            yield
        finally:
            self._remove(egress)

    def _remove(self, egress: str) -> None:
        for machine in ("c", "r1", "m"):
            subprocess.run(["ip", "netns", "del", self.name(machine)], check=False, capture_output=True)
        for machine, line in (("r2", "link del lan"), ("s", f"route del {egress}/32")):
            subprocess.run(["ip", "-n", self.name(machine), *line.split()], check=False, capture_output=True)

    def _make(self, machine: str) -> None:
        subprocess.run(["ip", "netns", "add", self.name(machine)], check=True)
        self.ip(machine, "link set lo up")
        router = machine in {"r1", "m", "r2"}
        self.set(
            machine,
            {
                "net.ipv4.ip_forward": int(router),
                "net.ipv6.conf.all.forwarding": int(router),
                "net.ipv4.conf.all.rp_filter": 0,
                "net.ipv4.conf.default.rp_filter": 0,
                "net.ipv4.conf.all.send_redirects": 0,
                "net.ipv4.icmp_ratelimit": 0,
                "net.ipv4.ping_group_range": "0 2147483647",
                "net.ipv6.conf.default.accept_dad": 0,
            },
        )
