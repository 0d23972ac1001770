"""Holds server/console/api/feed.py: the list in use, asking now, changes as they were told and as they are now."""

from pathlib import Path

from server.config import Settings
from server.feed.client import WebService
from server.feed.duty import FeedDuty
from server.feed.section import FeedSection
from server.watcher.leading import Leadership
from tests.fakes.api import NOW_NS, asking
from tests.fakes.endpoint_service import OLD, edited, endpoint_service, recorded
from tests.fakes.sightings import START
from tests.server.feed.test_duty import LATER, _more
from tests.server.state.test_overview import add_agent, add_run

SETTINGS = {"history": {"kind": "embedded"}, "broker": {"embedded": True, "url": "mqtt://127.0.0.1:0"}, "feed": {"enabled": True}}


async def test_the_feed(tmp_path: Path) -> None:
    """Before the first asking, behind it, a change, and the same change after an agent measured the new name."""
    async with asking(tmp_path, settings=Settings.model_validate(SETTINGS)) as ask, endpoint_service() as service:
        (one,) = (await ask("GET", "/feed")).body["items"]
        assert (one["instance"], one["version"], one["source"], one["next"]) == ("Worldwide", "2026081400", "shipped", None)
        assert (await ask("POST", "/feed/check")).body == {"instances": ["Worldwide"]}
        service.latest, service.body = LATER, edited(recorded(), _more)
        duty = FeedDuty(FeedSection(enabled=True), WebService(service.url), ask.means.knowledge, ask.means.history, "")
        lead = Leadership(ask.database, "one", lambda: NOW_NS)
        await lead.lead()
        await duty.step(lead)
        refused = await ask("POST", "/feed/check")
        assert (refused.status, "again in 60 min" in refused.body["detail"]) == (409, True)
        (short,) = (await ask("GET", "/feed/changes")).body["items"]
        assert (short["instance"], short["version"]) == ("Worldwide", LATER)
        assert "not measured yet" in short["sentence"]
        await add_agent(ask.database, latest_ns=START)
        await add_run(ask.database, "mail.example:443", "inspected")
        change = (await ask("GET", f"/feed/changes/Worldwide/{LATER}")).body
        assert change["told"] == short["sentence"]
        assert "inspected at 1 of 1 site that measure it" in change["sentence"]
        assert [(name["name"], name["inspected"]) for name in change["names"]] == [("mail.example", ["Porto"])]
        assert (await ask("GET", f"/feed/changes/Worldwide/{OLD}")).status == 404
        assert (await ask("GET", f"/feed/changes/China/{LATER}")).status == 404


async def test_a_feed_that_is_off(tmp_path: Path) -> None:
    """Asking is refused with the remedy."""
    async with asking(tmp_path) as ask:
        told = await ask("POST", "/feed/check")
        assert (told.status, "enabled = true" in told.body["detail"]) == (409, True)
