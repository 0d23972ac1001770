"""What the page and the command line may do to the demo's world: put the inspection device into a site's link, and take it out."""

import asyncio
import time
from collections.abc import Sequence

from demo.child import Asking
from server.console.stage import StageRefused

STEADY_S = 30.0
"""How long an insertion waits for the way to be known as clean: two cycles are 10 s, three times that on a busy machine."""


class WorldStage:
    """The `server.console.stage.Stage` of a running world.

    `steady` is set when the agents have seen every way clean twice: a device inserted before would count as there when watching began.
    """

    def __init__(self, world: Asking, sites: Sequence[str], real: str, simulated: str) -> None:
        self.sites = tuple(sites)
        self.real, self.simulated = real, simulated
        self._world = world
        self._since: dict[str, float] = {}
        self.steady = asyncio.Event()

    def inserted(self) -> frozenset[str]:
        """Return the sites where the device is in the path."""
        return frozenset(self._since)

    async def insert(self, site: str) -> None:
        """Let the site's link end TLS from the next connection on. Raises StageRefused."""
        self._known(site)
        try:
            await asyncio.wait_for(self.steady.wait(), STEADY_S)
        except TimeoutError:
            told = "the agents have not seen every way clean twice yet, so a device would not count as new; try again in some seconds"
            raise StageRefused(told) from None
        await self._change("insert", site)
        self._since.setdefault(site, time.time())

    async def remove(self, site: str) -> None:
        """Let the site's link pass TLS through again. Raises StageRefused."""
        await self._change("remove", site)
        self._since.pop(site, None)

    def _known(self, site: str) -> None:
        if site not in self.sites:
            raise StageRefused(f"{site!r} has no link of the demo; write one of {', '.join(self.sites)}")

    async def _change(self, what: str, site: str) -> None:
        self._known(site)
        try:
            answer = await self._world.ask({what: site})
        except ConnectionError as error:
            raise StageRefused(f"{error}; end the demo with Ctrl-C and start it again") from None
        if "error" in answer:
            raise StageRefused(str(answer["error"]))
