"""Holds server/console/api/disclosure.py: the same disclosure as JSON, Markdown and page, of a site or the fleet, and what is refused."""

from pathlib import Path

from server.console.api.moments import moment
from tests.fakes import sightings
from tests.fakes.api import NOW_NS, asking
from tests.fakes.sightings import HOST, MINUTE, Rounds
from tests.fakes.sightings import device as box


async def test_a_disclosure(tmp_path: Path) -> None:
    """Three forms of one; the page with a policy that lets it load nothing; a time in which nobody reported; sites that are none."""
    async with asking(tmp_path) as ask:
        rounds = Rounds(ask.database)
        for minute in range(3):
            await rounds.see("a", NOW_NS + minute * MINUTE, {HOST: sightings.finding("blocked", host=HOST)}, "Lyon")
            await rounds.see("p", NOW_NS + minute * MINUTE, {HOST: sightings.finding(by=box("instance:1"))}, "Porto")
        ask.now_ns = NOW_NS + 5 * MINUTE
        plain = (await ask("GET", "/disclosure?site=Lyon")).body
        assert (plain["schema_version"], plain["scope"], [one["host"] for one in plain["signs"]]) == (1, "Lyon", [HOST])
        assert (await ask("GET", "/disclosure")).body["sites"] == ["Lyon", "Porto"]
        text = await ask("GET", "/disclosure/markdown?site=Lyon")
        assert (text.headers["Content-Type"], text.body.splitlines()[0]) == (
            "text/markdown; charset=utf-8",
            "# What stands between us and Microsoft 365: Lyon",
        )
        page = await ask("GET", "/disclosure/html?site=Lyon")
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
        assert page.body.startswith("<!doctype html>")
        before = moment(NOW_NS - 9 * MINUTE).isoformat().replace("+", "%2B")
        early = (await ask("GET", f"/disclosure?until={before}")).body
        assert early["headline"].startswith("The fleet: no agent reported in this time")
        assert (await ask("GET", "/disclosure?site=Atlantis")).status == 404
        wrong = await ask("GET", f"/disclosure?since={before}&until={before}")
        assert (wrong.status, wrong.body["detail"]) == (422, "query.since: is not before until; exchange them.")
