"""A stage that does what it is told, or refuses with a sentence."""

from collections.abc import Sequence

from server.console.stage import StageRefused


class FakeStage:
    """Stands in for the demo."""

    real = "three agents, their sockets, TLS, MQTT, storage, judgement."
    simulated = "Microsoft's front doors, the device, and 60 further sites."

    def __init__(self, sites: Sequence[str] = ("Frankfurt", "Lyon", "Porto")) -> None:
        self.sites = sites
        self.refusal = ""
        self._inserted: set[str] = set()

    def inserted(self) -> frozenset[str]:
        """Return where a device is."""
        return frozenset(self._inserted)

    async def insert(self, site: str) -> None:
        """Put one in."""
        if self.refusal:
            raise StageRefused(self.refusal)
        self._inserted.add(site)

    async def remove(self, site: str) -> None:
        """Take it out."""
        if self.refusal:
            raise StageRefused(self.refusal)
        self._inserted.discard(site)
