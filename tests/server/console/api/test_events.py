"""Holds server/console/api/events.py and the listing of server/state/events.py: newest first, in pages, by kind and time."""

from pathlib import Path

from server.console.api.moments import moment
from server.state.events import EventRow, tell
from tests.fakes.api import NOW_NS, asking


async def test_events(tmp_path: Path) -> None:
    """Filters and pages give each event once; one is shown with its body; what is not there says where to look."""
    async with asking(tmp_path) as ask:
        async with ask.database.writing() as transaction:
            for number in range(5):
                kind = "appeared" if number % 2 else "left"
                row = EventRow(kind, "P2", "d-1", "Porto", number, NOW_NS + number * 10**9, NOW_NS, f"{number}", b'{"hosts": ["a"]}')
                await tell(ask.database, transaction, row)
        first = (await ask("GET", "/events?limit=3")).body
        rest = (await ask("GET", f"/events?limit=3&after={first['next']}")).body
        assert [one["sentence"] for one in first["items"] + rest["items"]] == ["4", "3", "2", "1", "0"]
        assert rest["next"] is None
        since = moment(NOW_NS + 2 * 10**9).isoformat().replace("+", "%2B")
        told = (await ask("GET", f"/events?kind=left&scope=Porto&since={since}")).body["items"]
        assert [one["sentence"] for one in told] == ["4", "2"]
        one = (await ask("GET", f"/events/{told[0]['id']}")).body
        assert (one["body"], one["severity"]) == ({"hosts": ["a"]}, "P2")
        assert (await ask("GET", "/events/99")).status == 404
        assert (await ask("GET", "/events/x")).status == 404
        assert (await ask("GET", "/events?since=2026-01-01T00:00:00")).body["detail"] == "query.since: Input should have timezone info"
