"""The feed as the watcher does it, against the service on loopback replaying 2025-12 and 2026-08: what is asked, kept and told."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from judge.knowledge.loader import load_knowledge
from server.feed.client import WebService
from server.feed.deciding import HOUR_NS, STALE_NS
from server.feed.duty import FeedDuty
from server.feed.section import FeedSection
from server.history.embedded import Embedded
from server.history.port import Unavailable
from server.state import events, feed, lease
from server.state.database import Database, open_database
from server.state.events import EventRow, Wanted
from server.state.feed import FeedRow
from server.watcher.leading import LEASE_NS, Leadership
from tests.fakes.endpoint_service import NEW, OLD, EndpointService, edited, endpoint_service, recorded
from tests.fakes.sightings import START
from tests.server.state.test_overview import add_agent, add_run

KNOWLEDGE = load_knowledge()
LATER = "2026090100"


def _more(sets: dict[int, dict[str, Any]]) -> None:
    sets[1]["urls"].append("mail.example")


@dataclass
class Centre:
    """One watcher's feed with a clock, over a database that may be opened again."""

    folder: Path
    service: EndpointService
    database: Database
    history: Embedded
    clock: list[int]
    lead: Leadership
    section: FeedSection

    def duty(self) -> FeedDuty:
        """Return the duty as a start makes it."""
        return FeedDuty(self.section, WebService(self.service.url), lambda: KNOWLEDGE, self.history, "")

    async def step(self, later_ns: int = HOUR_NS) -> list[str]:
        """Let time pass, do the duty, and return what the service was asked."""
        self.clock[0] += later_ns
        await self.lead.lead()
        await self.duty().step(self.lead)
        return self.service.paths()

    async def row(self, instance: str = "Worldwide") -> FeedRow:
        """Return an instance's row."""
        async with self.database.reading() as transaction:
            return (await feed.rows(transaction))[instance]

    async def told(self) -> list[EventRow]:
        """Return all events, oldest first."""
        async with self.database.reading() as transaction:
            return [row for _, row in reversed(await events.listed(transaction, Wanted(), 100))]


@pytest.fixture
async def centre(tmp_path: Path, state_url: str) -> AsyncIterator[Centre]:
    """Give a centre that has not asked yet; the service says December 2025."""
    database, history, clock = await open_database(state_url), Embedded(tmp_path / "history.db"), [START]
    async with endpoint_service() as service:
        service.latest, service.body = OLD, recorded(OLD)
        lead = Leadership(database, "one", lambda: clock[0])
        yield Centre(tmp_path, service, database, history, clock, lead, FeedSection(enabled=True))
        await history.close()
        await database.close()


ALL_THREE = ["/version/Worldwide", "/endpoints/Worldwide"]


async def test_from_december_to_august(centre: Centre) -> None:
    """The first list, hours of one request each, then the changed one with its event; told once though the step is repeated."""
    assert await centre.step(0) == [*ALL_THREE, "/changes/Worldwide/2026081400"]
    first = await centre.row()
    assert (first.version, first.body, first.checked_ns, first.failures) == (OLD, recorded(OLD), START, 0)
    assert await centre.step(HOUR_NS - 1) == []
    assert await centre.step(1) == ["/version/Worldwide"]
    centre.service.latest, centre.service.body = NEW, recorded()
    assert await centre.step() == [*ALL_THREE, f"/changes/Worldwide/{OLD}"]
    assert await centre.step(0) == []
    row = await centre.row()
    assert (row.version, row.guid, row.changed_ns) == (NEW, first.guid, START + 2 * HOUR_NS)
    back, there = await centre.told()
    assert (back.kind, back.scope, back.episode) == ("feed-changed", "Worldwide", int(OLD))
    assert (there.kind, there.severity, there.episode) == ("feed-changed", "P4", int(NEW))
    assert "to version 2026081400: 9 names removed." in there.sentence
    assert {one["name"] for one in json.loads(there.body)["removed"]} >= {"www.acompli.com", "officecdn.microsoft.com.edgesuite.net"}
    async with centre.lead.writing() as transaction:  # as after a crash between the answer and the commit
        await feed.save(transaction, replace(first, next_ns=0))
    await centre.step(0)
    assert len(await centre.told()) == 2


async def test_a_change_is_joined_with_what_runs_say(centre: Centre) -> None:
    """The new name's sites and its day stand in the event."""
    centre.service.body = recorded()
    await centre.step(0)
    await add_agent(centre.database)
    await add_run(centre.database, "mail.example:443", "inspected")
    centre.service.latest, centre.service.body = LATER, edited(recorded(), _more)
    centre.service.changes = [{"id": 1, "endpointSetId": 1, "add": {"effectiveDate": "20261001", "urls": ["mail.example"]}}]
    await centre.step()
    (one,) = await centre.told()
    assert "mail.example (Optimize, used from 2026-10-01): inspected at 1 of 1 site that measure it." in one.sentence
    (name,) = json.loads(one.body)["names"]
    assert (name["inspected"], name["basis"]) == (["Porto"], "name")


async def test_a_history_that_is_away_keeps_no_list_waiting(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is taken and told with what is known without it."""

    async def away(*_: object) -> None:
        raise Unavailable("away", "no answer")

    monkeypatch.setattr(centre.history, "latest", away)
    await centre.step(0)
    assert (await centre.row()).version == OLD
    assert len(await centre.told()) == 1


async def test_a_restart_keeps_guid_and_version(centre: Centre) -> None:
    """A new process asks nothing within the hour, then the version only, under the same GUID."""
    await centre.step(0)
    (guid,) = {query["ClientRequestId"] for query in [{"ClientRequestId": (await centre.row()).guid}]}
    other = Leadership(centre.database, "two", lambda: centre.clock[0])
    centre.clock[0] += LEASE_NS
    assert await other.lead()
    await centre.duty().step(other)
    assert centre.service.paths() == []
    centre.clock[0] += HOUR_NS
    await other.lead()
    await centre.duty().step(other)
    assert centre.service.asked == [("/version/Worldwide", {"ClientRequestId": guid})]


async def test_who_lost_the_lease_asks_nobody(centre: Centre) -> None:
    """The row is claimed under the lease before the network is touched."""
    await centre.lead.lead()
    centre.clock[0] += LEASE_NS
    assert await Leadership(centre.database, "two", lambda: centre.clock[0]).lead()
    with pytest.raises(lease.LeaseLost):
        await centre.duty().step(centre.lead)
    assert centre.service.paths() == []


@pytest.mark.parametrize(
    "answer",
    [
        (429, {}, b""),
        (429, {"Retry-After": "10800"}, b""),
        (200, {}, recorded()[:5000]),
        (200, {}, recorded(NEW, "USGovDoD")),
        (200, {}, b"\0" * ((4 << 20) + 1)),
    ],
    ids=["429", "429 for three hours", "truncated", "another instance's", "oversized"],
)
async def test_a_bad_list_changes_nothing(centre: Centre, answer: tuple[int, dict[str, str], bytes]) -> None:
    """The old list stays, nothing is told, the next try waits: an hour, or as long as it asks; then all is well."""
    await centre.step(0)
    before = await centre.told()
    centre.service.latest, centre.service.body = NEW, recorded()
    centre.service.wrong["endpoints"] = answer
    assert await centre.step() == ALL_THREE
    row = await centre.row()
    wait_ns = 3 * HOUR_NS if "Retry-After" in answer[1] else HOUR_NS
    assert (row.version, row.failures, row.next_ns, row.checked_ns) == (OLD, 1, centre.clock[0] + wait_ns, START)
    assert row.trouble.startswith("endpoints: ")
    centre.service.wrong = {}
    assert await centre.step(wait_ns - 1) == []
    assert await centre.step(1) == [*ALL_THREE, f"/changes/Worldwide/{OLD}"]
    row = await centre.row()
    assert (row.version, row.failures, row.trouble) == (NEW, 0, "")
    assert len(await centre.told()) == len(before) + 1


async def test_a_service_that_goes_backwards(centre: Centre) -> None:
    """The newer list stays, the oddity is kept as the trouble until the service is ahead again."""
    centre.service.latest, centre.service.body = NEW, recorded()
    await centre.step(0)
    centre.service.latest, centre.service.body = OLD, recorded(OLD)
    assert await centre.step() == ["/version/Worldwide"]
    row = await centre.row()
    assert (row.version, row.body, row.checked_ns) == (NEW, recorded(), START + HOUR_NS)
    assert "ours is kept" in row.trouble


async def test_stale_is_told_once_and_again_after_it_was_well(centre: Centre) -> None:
    """A week of failures is one event, however often it is looked at; the next week of failures is another."""
    await centre.step(0)
    centre.service.wrong["version"] = (503, {}, b"")
    await centre.step(STALE_NS - 1)
    assert [one.kind for one in await centre.told()] == ["feed-changed"]
    for _ in range(3):
        await centre.step(6 * HOUR_NS)
    _, one = await centre.told()
    assert (one.kind, one.severity, one.scope, one.episode) == ("feed-stale", "P4", "Worldwide", 1)
    assert one.sentence.startswith("Microsoft's endpoint list (Worldwide) could not be fetched for 7 days; version 2025120100 is in use")
    assert "Last trouble: version: status 503" in one.sentence
    centre.service.wrong = {}
    await centre.step(6 * HOUR_NS)
    assert not (await centre.row()).stale
    centre.service.wrong["version"] = (503, {}, b"")
    await centre.step(2 * STALE_NS)
    assert [(one.kind, one.episode) for one in await centre.told()][1:] == [("feed-stale", 1), ("feed-stale", 2)]


async def test_several_instances_are_asked_under_one_guid(centre: Centre) -> None:
    """Each has its own row and list; one that fails keeps the others from nothing."""
    centre.section = FeedSection(enabled=True, instances=("China", "Worldwide"))
    await centre.step(0)
    assert (await centre.row("China")).trouble == "version: speaks of instance 'Worldwide', asked was China"
    assert (await centre.row()).version == OLD
    assert (await centre.row("China")).guid == (await centre.row()).guid
