"""Health and metrics over a real socket: the status code a load balancer reads, and a text Prometheus can parse."""

import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from server.console.health import Health, add_health
from server.console.listening import listen


class Centre:
    """A centre whose health is what a test says."""

    def __init__(self) -> None:
        self.health = Health(ok=True, parts={"history": "ok", "broker": "ok"})
        self.registry = CollectorRegistry()
        self.url = ""


@pytest.fixture
async def centre() -> AsyncIterator[Centre]:
    """Give a centre with its pages served."""
    one = Centre()
    async with contextlib.AsyncExitStack() as stack:
        port = await listen("console.listen", "127.0.0.1:0", stack, lambda app: add_health(app, one.registry, lambda: one.health))
        one.url = f"http://127.0.0.1:{port}"
        yield one


async def test_health(centre: Centre) -> None:
    """Alive is 200 whatever a part says; ready is 503 with the sentence of the part it is about, and is looked at again each time."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{centre.url}/readyz") as answer:
            assert (answer.status, await answer.json()) == (200, {"ok": True, "history": "ok", "broker": "ok"})
        centre.health = Health(ok=False, parts={"history": "history.url: x does not answer", "broker": "ok"})
        for path, status in (("readyz", 503), ("healthz", 200)):
            async with session.get(f"{centre.url}/{path}") as answer:
                told = await answer.json()
                assert (answer.status, told["ok"], told["history"]) == (status, False, "history.url: x does not answer")


async def test_metrics(centre: Centre) -> None:
    """The metrics are those of the registry, as text Prometheus parses."""
    counter = Counter("middlewatch_reports", "Reports by what became of them", ["outcome"], registry=centre.registry)
    counter.labels("stored").inc(3)
    async with aiohttp.ClientSession() as session, session.get(f"{centre.url}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
    (sample,) = [one for one in families["middlewatch_reports"].samples if one.name == "middlewatch_reports_total"]
    assert (sample.labels, sample.value) == ({"outcome": "stored"}, 3.0)
