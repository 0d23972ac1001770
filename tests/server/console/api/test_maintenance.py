"""Maintenance over the API: planned, listed, ended; what is no window is told."""

from pathlib import Path

from tests.fakes.api import asking


async def test_a_window(tmp_path: Path) -> None:
    """For all sites from now; it is listed while it is not over and can be ended once."""
    async with asking(tmp_path) as ask:
        made = await ask("POST", "/maintenance", {"until": "2027-01-01T00:00:00+01:00", "reason": "new switch", "by": "ana"})
        assert (made.status, made.body["site"], made.body["until"], made.body["by"]) == (201, "", "2026-12-31T23:00:00Z", "ana")
        assert (await ask("GET", "/maintenance")).body["items"] == [made.body]
        address = f"/maintenance/{made.body['id']}"
        assert [(await ask("DELETE", address)).status for _ in range(2)] == [204, 404]
        assert (await ask("GET", "/maintenance")).body["items"] == []
        assert (await ask("DELETE", "/maintenance/x")).status == 404


async def test_what_is_no_window_is_told(tmp_path: Path) -> None:
    """A site nobody knows, a time that is over, no reason, a time without its offset: each with its field."""
    async with asking(tmp_path) as ask:
        told = await ask("POST", "/maintenance", {"site": "Porto", "until": "2001-01-01T00:00:00Z", "reason": " "})
        assert told.status == 422
        assert [part in told.body["detail"] for part in ("site: 'Porto'", "until: ", "reason: ")] == [True] * 3
        assert (await ask("POST", "/maintenance", {"until": "2027-01-01T00:00:00", "reason": "x"})).status == 422
