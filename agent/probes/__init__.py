"""The probes, one file each, in a written tuple: no scanning, no registration on import.

A probe is a module with `NAME` and `async measure(target, route, net, clock) -> Measured`. It sees `agent.network.net` and knows no
socket, no schedule and no meaning. A network failure is a value it returns; it raises on our own bugs only.
"""

from agent.probes import dns, egress, host, media, path, quic, web, websocket
from agent.probes.measured import Probe

PROBES: tuple[Probe, ...] = (web, dns, egress, host, media, quic, websocket, path)
