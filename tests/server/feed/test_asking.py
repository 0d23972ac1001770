"""One asking by the service's rules, against the service itself on loopback: how many requests, with what, and what comes of each fault."""

import json
from dataclasses import replace
from typing import Any

import pytest

from judge.knowledge.loader import load_knowledge
from server.feed.asking import Failed, Newer, Outcome, Same, ask
from server.feed.client import WebService
from server.feed.deciding import WITHOUT_DATES
from server.state.feed import FeedRow
from tests.fakes.endpoint_service import NEW, OLD, EndpointService, endpoint_service, recorded

KNOWN = load_knowledge().instances
GUID = "b10c5ed1-bad1-445f-b386-b919946339a7"
ROW = FeedRow("Worldwide", GUID)
HELD = replace(ROW, version=OLD, body=recorded(OLD))
CHANGE = {"id": 1, "endpointSetId": 1, "version": NEW, "add": {"effectiveDate": "20261001", "urls": ["New.Example"]}}


async def asked(service: EndpointService, row: FeedRow = HELD, tenant: str = "") -> Outcome:
    """Ask once."""
    return await ask(WebService(service.url), row, "Worldwide", KNOWN, "2026081400", tenant)


async def test_unchanged_is_one_request() -> None:
    """While the version stays, nothing but the version is asked for."""
    async with endpoint_service() as service:
        service.latest = OLD
        assert await asked(service) == Same()
        assert service.asked == [("/version/Worldwide", {"ClientRequestId": GUID})]


async def test_changed_is_the_list_and_its_changes() -> None:
    """The list is asked for with Intune's area by name, the changes since our version, all under one GUID; dates are read."""
    async with endpoint_service() as service:
        service.changes = [CHANGE]
        newer = await asked(service)
        assert isinstance(newer, Newer)
        assert (newer.version, newer.body, newer.dates) == (NEW, recorded(), {"new.example": "2026-10-01"})
        areas = "Common,Exchange,SharePoint,Skype,MEM"
        assert service.asked == [
            ("/version/Worldwide", {"ClientRequestId": GUID}),
            ("/endpoints/Worldwide", {"ClientRequestId": GUID, "ServiceAreas": areas}),
            (f"/changes/Worldwide/{OLD}", {"ClientRequestId": GUID}),
        ]


async def test_the_first_time() -> None:
    """Without a list of the service's the changes are those since the shipped one, even when its version is no newer."""
    async with endpoint_service() as service:
        service.latest = "2026073100"
        assert isinstance(await asked(service, ROW), Newer)
        assert service.paths()[-1] == "/changes/Worldwide/2026081400"


async def test_other_instances_and_a_tenant() -> None:
    """Intune is not asked for where it does not exist; a tenant's name goes along."""
    async with endpoint_service() as service:
        service.instance, service.body = "China", recorded(NEW, "China")
        row = FeedRow("China", GUID)
        assert isinstance(await ask(WebService(service.url), row, "China", KNOWN, "2025120100", "contoso"), Newer)
        query = service.asked[1][1]
        assert (query["ServiceAreas"], query["TenantName"]) == ("Common,Exchange,SharePoint,Skype", "contoso")


async def test_a_service_that_goes_backwards() -> None:
    """An older version than ours is told; our list is kept and no other is fetched."""
    async with endpoint_service() as service:
        service.latest = "2025110100"
        outcome = await asked(service)
        assert outcome == Same("version: the service says 2025110100, ours is 2025120100; ours is kept")
        assert service.paths() == ["/version/Worldwide"]


@pytest.mark.parametrize(
    ("method", "answer", "failed"),
    [
        ("version", (503, {}, b""), Failed("version: status 503, not the answer of the endpoint web service")),
        ("endpoints", (429, {}, b""), Failed("endpoints: status 429, too many requests; it asks to wait")),
        ("endpoints", (429, {"Retry-After": "5400"}, b""), Failed("endpoints: status 429, too many requests; it asks to wait", 5400.0)),
        ("changes", (429, {"Retry-After": "60"}, b""), Failed("changes: status 429, too many requests; it asks to wait", 60.0)),
        ("endpoints", (200, {}, recorded()[:9000]), Failed("")),
        ("endpoints", (200, {}, recorded(NEW, "China")), Failed("endpoints: looks like the list of China, asked was Worldwide")),
        ("endpoints", (200, {}, b"<html>sign in</html>"), Failed("")),
        ("changes", (200, {}, b"{}"), Failed("changes: is not a list")),
        ("version", (200, {}, json.dumps({"instance": "China", "latest": NEW}).encode()), Failed("")),
    ],
)
async def test_what_cannot_be_used_is_not_taken(method: str, answer: tuple[int, dict[str, str], bytes], failed: Failed) -> None:
    """Whatever is wrong with any of the three answers, nothing of the others is taken."""
    async with endpoint_service() as service:
        service.wrong[method] = answer
        outcome = await asked(service)
    assert isinstance(outcome, Failed)
    assert outcome.trouble.startswith(f"{method}: ")
    assert outcome == failed or not failed.trouble


async def test_dates_do_not_keep_a_list_for_ever() -> None:
    """After three failures in a row the list is taken though its changes cannot be had."""
    wrong: dict[str, Any] = {"changes": (429, {}, b"")}
    async with endpoint_service() as service:
        service.wrong = wrong
        assert isinstance(await asked(service, replace(HELD, failures=WITHOUT_DATES - 1)), Failed)
        newer = await asked(service, replace(HELD, failures=WITHOUT_DATES))
    assert isinstance(newer, Newer)
    assert newer.dates == {}
