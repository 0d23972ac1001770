"""`/healthz`, `/readyz` and `/metrics`: is this process doing its work, may it be sent some, and both in numbers."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


@dataclass(frozen=True, slots=True)
class Health:
    """`ok` False makes `/readyz` 503. `parts` maps a part's name to what it says of itself."""

    ok: bool
    parts: dict[str, str]


def add_health(app: web.Application, registry: CollectorRegistry, health: Callable[[], Health]) -> None:
    """Add the pages to an application. Who answers `/healthz` lives; `/readyz` is 503 while a part cannot work.

    An orchestrator restarts by the first only: a restart does not bring a broker back.
    """

    async def healthz(_request: web.Request) -> web.Response:
        now = health()
        return web.json_response({"ok": now.ok, **now.parts})

    async def readyz(_request: web.Request) -> web.Response:
        now = health()
        return web.json_response({"ok": now.ok, **now.parts}, status=200 if now.ok else 503)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
