"""The link this machine is on, made into the context that decides the place: gateway, kind of interface, VPN, prefix.

What the link is the platform says (`agent/platform/`). The gateway leaves this machine only as a hash with the fleet's key, never the
host's own address at all. What place that makes is the centre's to decide.
"""

import hmac

from agent.config import Agent
from agent.platform.port import LinkSeen, Platform
from wire.codec import content_id
from wire.context import Context


class Link:
    """Looks at the link when asked. Remembers gateways' hardware addresses: systems forget idle ones, a place must not flap."""

    def __init__(self, agent: Agent, platform: Platform) -> None:
        self._agent = agent
        self._platform = platform
        self._hardware: dict[tuple[str, str], str] = {}

    async def context(self) -> Context:
        """Return the context of this moment; without a default route the declared site alone."""
        seen = await self._platform.link()
        if not seen.gateway:
            return Context(site=self._agent.site)
        return Context(
            gateway=self._gateway(seen),
            interface=seen.kind,
            vpn=seen.vpn,
            network=(seen.network or None) if self._agent.network_prefix else None,
            site=self._agent.site,
        )

    def _gateway(self, seen: LinkSeen) -> str | None:
        """Return the keyed hash of the gateway's two addresses. Without a key none: four bytes are guessed in a second."""
        if not self._agent.fleet_key:
            return None
        if seen.hardware:
            self._hardware[seen.interface, seen.gateway] = seen.hardware
        hardware = self._hardware.get((seen.interface, seen.gateway), "")
        return content_id(hmac.digest(self._agent.fleet_key.encode(), f"{seen.gateway} {hardware}".encode(), "sha256"))
