"""What ends TCP on the way and decrypts nothing: HAProxy with TPROXY, and the kernel's own SYN proxy."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.lab.place import Place
from tests.lab.processes import listens, running, until

_PORT = 8443
_HAPROXY = f"""
global
    maxconn 500
defaults
    mode tcp
    timeout connect 10s
    timeout client 30s
    timeout server 30s
listen split
    bind 0.0.0.0:{_PORT} transparent
    server origin 0.0.0.0
"""
_SYNPROXY = """
table ip answering {{
    chain before {{ type filter hook prerouting priority raw; iif in0 tcp dport {ports} tcp flags syn notrack; }}
    chain through {{
        type filter hook forward priority 0;
        tcp dport {ports} ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
        tcp dport {ports} ct state invalid drop
    }}
}}
"""


@asynccontextmanager
async def haproxy(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run HAProxy in TCP mode: it answers the client, then dials where the client wanted. Options: `only`, `ports` (default 443)."""
    folder = place.fresh_folder("haproxy")
    (folder / "haproxy.cfg").write_text(_HAPROXY)
    log = folder / "haproxy.log"
    async with running(place.command("haproxy", "-db", "-f", str(folder / "haproxy.cfg")), log) as process:
        await until(listens(place.namespace, _PORT), "haproxy", process, log)
        which = f"ip daddr {{ {', '.join(options['only'])} }} " if options.get("only") else ""
        ports = ", ".join(str(one) for one in options.get("ports", (443,)))
        place.nodes.nft(
            place.machine,
            "table ip split { chain before { type filter hook prerouting priority mangle; "
            f"iif in0 {which}tcp dport {{ {ports} }} tproxy to :{_PORT} meta mark set 1 accept; }}; }}",
        )
        place.nodes.ip(place.machine, "rule add fwmark 1 lookup 100", "route add local default dev lo table 100")
        yield


@asynccontextmanager
async def synproxy(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Let the kernel answer SYNs in the server's place and connect onward when the client proves itself. Options: `ports` (default 443)."""
    ports = f"{{ {', '.join(str(one) for one in options.get('ports', (443,)))} }}"
    place.nodes.nft(place.machine, _SYNPROXY.format(ports=ports))
    place.nodes.set(place.machine, {"net.netfilter.nf_conntrack_tcp_loose": 0})
    yield
