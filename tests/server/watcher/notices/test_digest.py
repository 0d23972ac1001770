"""Holds server/watcher/notices/digest.py: due once a local day, across clock changes, with what was not told otherwise."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from server.watcher.notices.alert import BEFORE, MAINTENANCE, NOTE, PROBLEM, SITE, Part
from server.watcher.notices.digest import collect, due_since
from server.watcher.notices.routing import Rule
from tests.fakes.notices import HOUR, START, seen


@pytest.mark.parametrize(("zone", "hour"), [("Europe/Berlin", 2), ("America/New_York", 1), ("Australia/Lord_Howe", 2), ("UTC", 0)])
def test_once_for_each_local_day(zone: str, hour: int) -> None:
    """Hour by hour through a year, both clock changes included: 365 digests, each on a day of its own."""
    begin = int(datetime(2026, 1, 1, 12, tzinfo=ZoneInfo(zone)).timestamp()) * 10**9
    moments = [due_since(Rule("a", digest_hour=hour, zone=zone), begin + number * HOUR) for number in range(365 * 24)]
    assert moments == sorted(moments)
    days = {datetime.fromtimestamp(at // 10**9, ZoneInfo(zone)).date() for at in moments}
    assert len(days) == len(set(moments)) == 366  # the first was due before the year's noon


def test_never() -> None:
    """Who wants no digest is due none."""
    assert due_since(Rule("a", digest_hour=-1), START) == 0


def test_what_goes_into_it() -> None:
    """What was too quiet and what a site's own trouble muted; not what was told, what maintenance kept, what was there before."""
    parts = [
        Part(seen("agent-silent"), "a", PROBLEM, START, "P4"),
        Part(seen("egress-moved"), "a", NOTE, START, "P2", mute=SITE),
        Part(seen("site-down"), "a", PROBLEM, START, "P1"),
        Part(seen("agent-clock"), "a", PROBLEM, START, "P4", mute=MAINTENANCE),
        Part(seen("agent-clock"), "a", PROBLEM, START, "P4", mute=BEFORE),
        Part(seen("agent-clock"), "a", PROBLEM, START - HOUR, "P4"),
    ]
    digest = collect(Rule("noc"), parts, START - HOUR, START)
    assert digest is not None
    assert {part.event.kind for part in digest.parts} == {"agent-silent", "egress-moved"}
    assert [part.event.kind for part in digest.still] == ["agent-silent"]
    assert collect(Rule("noc"), parts[2:], START - HOUR, START) is None
