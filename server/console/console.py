"""Puts the console together: what reads, what draws, what serves. Only wiring lives here."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from judge.knowledge.model import Knowledge
from server.config import Settings
from server.console import guarding
from server.console.assets import Assets
from server.console.charting import Charts
from server.console.live import Live
from server.console.loading import Loader
from server.console.pages import Pages
from server.console.rendering import Around, Renderer
from server.console.stage import Stage
from server.console.standing import Standing
from server.fleet.registry import Registry
from server.history.port import History
from server.state.database import Database


@dataclass(frozen=True, slots=True)
class Sources:
    """What the console reads. `says` is what the collector of this process says of the history store, empty when all is well."""

    database: Database
    history: History
    registry: Registry
    knowledge: Knowledge
    says: Callable[[], str] = str


class Console:
    """The page of one centre: `add` puts it on an application, `run` keeps it live."""

    def __init__(
        self, settings: Settings, sources: Sources, metrics: CollectorRegistry, now: Callable[[], int], stage: Stage | None = None
    ) -> None:
        host = settings.console.listen.rpartition(":")[0].strip("[]")
        around = Around(settings.collector.accept_lab_agents, host, guarding.is_local(host), stage)
        assets = Assets()
        renderer = Renderer(around, assets.addresses)
        standing = Standing(sources.database, sources.history, sources.registry, sources.knowledge)
        loader = Loader(sources.database, standing.read, lambda: sources.says() or standing.fault)
        self.live = Live(loader, Charts(sources.database, sources.history), renderer, metrics, now)
        self._pages = Pages(self.live, renderer, assets, around)

    def add(self, app: web.Application) -> None:
        """Add the pages to an application."""
        self._pages.add(app)

    async def run(self) -> None:
        """Keep the page live until cancelled."""
        await self.live.run()
