"""Which list is in use and how old it is, in words."""

from datetime import UTC, datetime

from judge.knowledge.endpoints import Instance
from server.feed.deciding import HOUR_NS, STALE_NS
from server.feed.standing import age, standing, words
from server.state.feed import FeedRow

NOW = int(datetime(2026, 11, 25, tzinfo=UTC).timestamp()) * 10**9
SHIPPED: dict[Instance, str] = {"Worldwide": "2026081400", "China": "2025120100"}
ROW = FeedRow("Worldwide", "guid", "2026090100", checked_ns=NOW - 2 * HOUR_NS, next_ns=NOW, trouble="endpoints: status 429")


def test_the_list_of_the_service() -> None:
    """Its age counts from when the service confirmed it; a trouble stands behind it."""
    one = standing("Worldwide", "2026090100", ROW, NOW)
    assert (one.source, one.age_ns, one.old) == ("service", 2 * HOUR_NS, False)
    assert standing("Worldwide", "2026090100", ROW, NOW + STALE_NS).old
    text = words(SHIPPED | {"Worldwide": "2026090100"}, {"Worldwide": ROW}, ("Worldwide",), NOW, enabled=True)
    assert text == "Worldwide: version 2026090100 of the service, confirmed 2 hours ago; endpoints: status 429"


def test_the_shipped_list() -> None:
    """Its age counts from the day it was made, and it says whether anybody looks for a newer one."""
    one = standing("Worldwide", "2026081400", None, NOW)
    assert (one.source, one.age_ns // (24 * HOUR_NS), one.old) == ("shipped", 103, True)
    text = words(SHIPPED, {}, ("Worldwide", "China"), NOW, enabled=False)
    assert text == (
        "Worldwide: the shipped list of 2026-08-14, 103 days old; the feed is off; "
        "China: the shipped list of 2025-12-01, 359 days old; the feed is off"
    )
    text = words(SHIPPED, {"Worldwide": ROW}, ("Worldwide",), NOW, enabled=True)
    assert text == "Worldwide: the shipped list of 2026-08-14, 103 days old; endpoints: status 429"


def test_ages() -> None:
    """In the largest whole unit."""
    second = 10**9
    assert [age(one * second) for one in (5, 60, 7199, 86_400)] == ["less than a minute", "1 minute", "1 hour", "1 day"]
