"""Alerts as rows: pages and filters, who acknowledged, what belongs to what. How they come about is held by tests/server/notify."""

from server.state import notices
from server.state.database import Database
from server.watcher.notices.routing import Rule
from tests.fakes.notices import Desk

ALL = Rule("all", "P4", digest_hour=-1)


async def test_pages_and_filters(database: Database) -> None:
    """Newest first, page by page without a gap or a repetition; by state, cause, severity and site."""
    desk = Desk(database, ALL, wait_s=0)
    await desk.step()
    for number in range(7):
        await desk.tell("cloned-identity" if number % 2 else "feed-changed", f"s{number}", body={"site": f"s{number}"})
        await desk.step(600)
    await desk.tell("site-down", "Lyon")
    await desk.tell("site-up", "Lyon")
    await desk.step(100)
    async with database.reading() as transaction:
        everything = await notices.listed(transaction, limit=100)
        pages, before = [], None
        while page := await notices.listed(transaction, before=before, limit=3):
            pages += page
            before = (page[-1].opened_ns, page[-1].id)
        assert pages == everything
        assert len(everything) == 8
        assert [one.cause for one in await notices.listed(transaction, state="closed")] == ["reach"]
        assert {one.severity for one in await notices.listed(transaction, severity="P2")} == {"P1", "P2"}
        assert len(await notices.listed(transaction, cause="feed")) == 4
        assert len(await notices.listed(transaction, site="s3")) == 1


async def test_who_has_seen_it(database: Database) -> None:
    """An acknowledgement stays when the alert changes, and is refused when it was changed meanwhile."""
    desk = Desk(database, ALL, wait_s=0)
    await desk.step()
    await desk.tell("site-down")
    await desk.step(1)
    async with database.writing() as transaction:
        (alert,) = await notices.listed(transaction)
        assert not await notices.acknowledge(transaction, alert.id, "ana", 5, alert.changed_ns + 1)
        assert not await notices.acknowledge(transaction, "none", "ana", 5, 0)
        assert await notices.acknowledge(transaction, alert.id, "ana", 5, alert.changed_ns)
    await desk.tell("site-up")
    await desk.step(1)
    async with database.reading() as transaction:
        after = await notices.one_alert(transaction, alert.id)
        assert after is not None
        assert (after.acknowledged_by, after.acknowledged_ns, after.closed_ns > 0) == ("ana", 5, True)
        parts = await notices.parts_of(transaction, alert.id, 10)
        assert [(part.what, event.kind) for part, event in parts] == [("problem", "site-down"), ("end", "site-up")]
        assert [one[:3] for one in await notices.letters_of(transaction, alert.id)] == [
            ("all", "opened", "waiting"),
            ("all", "closed", "waiting"),
        ]
        assert await notices.one_alert(transaction, "none") is None


async def test_where_agents_stand(database: Database) -> None:
    """An agent nobody knows stands nowhere, and any number can be asked for at once."""
    async with database.reading() as transaction:
        assert await notices.places_of_agents(transaction, [f"a{number}" for number in range(2000)]) == {}
        assert await notices.count_places(transaction) == 0
        assert await notices.details(transaction, range(2000)) == {}
