"""Holds server/notify/folding.py: events become alerts and letters once, in one transaction, on both databases."""

import pytest

from server.fleet.maintenance import Window
from server.state import letters, maintenance, notices
from server.state.database import Database
from server.state.lease import LeaseLost
from server.watcher.notices.routing import Rule
from tests.fakes.notices import HOUR, MINUTE, START, Desk

EVERYBODY, NOC = Rule("everybody", "P4", digest_hour=-1), Rule("noc", "P2")


async def test_an_event_becomes_a_letter_once(database: Database) -> None:
    """After the wait, one letter for each target that wants it; another step, a restart and a second watcher add nothing."""
    desk = Desk(database, EVERYBODY, NOC)
    await desk.step()
    await desk.tell("site-down")
    await desk.step(1)
    assert await desk.subjects() == []
    await desk.step(30)
    assert await desk.subjects() == ["P1 Lyon: Optimize endpoints not reached"] * 2
    await desk.step(60)
    other = Desk(database, EVERYBODY, NOC, holder="two")
    other.now_ns = desk.now_ns + HOUR
    await other.step()
    await desk.tell("site-up")
    desk.now_ns = other.now_ns
    with pytest.raises(LeaseLost):
        await desk.folding.step(desk.lead)
    await other.step(31)
    await other.step(31)
    assert await desk.subjects("noc") == ["P1 Lyon: Optimize endpoints not reached", "Over: Lyon: Optimize endpoints reached again"]


async def test_what_was_there_before_is_not_told(database: Database) -> None:
    """Where notices begin on an old database, old events are folded in silence; what ends them is told."""
    desk = Desk(database, EVERYBODY)
    await desk.tell("site-down")
    for _ in range(3):
        await desk.step(HOUR // 10**9)
    assert await desk.subjects() == []
    await desk.tell("site-up")
    await desk.step(1)
    await desk.step(31)
    assert await desk.subjects() == ["Over: Lyon: Optimize endpoints reached again"]


async def test_maintenance_mutes_and_records(database: Database) -> None:
    """Nothing is sent while muted; when the window is over, one letter says what began and what is still so, and the end is told."""
    desk = Desk(database, NOC)
    await desk.step()
    async with database.writing() as transaction:
        await maintenance.add(transaction, Window("Lyon", START, START + HOUR, "new firewall", "ana"), START)
    await desk.tell("site-down")
    await desk.tell("appeared", device="d1")
    await desk.tell("egress-moved", severity="P2")
    for _ in range(50):
        await desk.step(60)
        assert await desk.subjects() == []
    async with database.reading() as transaction:
        assert len(await notices.listed(transaction, state="open")) == 3
    await desk.tell("site-up")
    await desk.step(11 * 60)
    assert await desk.subjects() == ["Lyon: maintenance over, 3 events meanwhile, 1 still so, P2"]
    text = (await desk.letters())[0]["text"]
    assert "Still so (1):\n- Lyon: a device not seen at this place before" in text
    assert "Over again (1):" in text
    await desk.tell("left", device="d1")
    await desk.step(1)
    await desk.step(31)
    assert (await desk.subjects())[1:] == ["Over: Lyon: device is gone from the path"]


async def test_a_window_of_all_sites_is_one_letter(database: Database) -> None:
    """Not one for each site, and what is of no site is muted too."""
    desk = Desk(database, EVERYBODY)
    await desk.step()
    async with database.writing() as transaction:
        await maintenance.add(transaction, Window("", START, START + HOUR, "moving house", "ana"), START)
    for number in range(3):
        await desk.tell("site-down", f"s{number}")
    await desk.tell("feed-changed", "Worldwide")
    await desk.step(60)
    assert await desk.subjects() == []
    await desk.step(3600)
    assert await desk.subjects() == ["3 sites: maintenance over, 4 events meanwhile, 3 still so, P1"]


async def test_a_device_that_was_merged(database: Database) -> None:
    """Its alert is closed, and told, when the device it became leaves."""
    desk = Desk(database, NOC)
    await desk.step()
    await desk.tell("appeared", device="gone")
    await desk.step(1)
    await desk.step(31)
    await desk.tell("left", device="kept")
    await desk.step(1)
    await desk.step(31)
    assert await desk.subjects() == ["P2 Lyon: new device in the path", "Over: Lyon: device is gone from the path"]


async def test_a_window_made_longer_mutes_longer(database: Database) -> None:
    """What is due at a window's end looks again whether it is the end."""
    desk = Desk(database, NOC)
    await desk.step()
    async with database.writing() as transaction:
        await maintenance.add(transaction, Window("Lyon", START, START + HOUR, "new firewall", "ana"), START)
    await desk.tell("site-down")
    await desk.step(1)
    async with database.writing() as transaction:
        await maintenance.add(transaction, Window("", START, START + 2 * HOUR, "everything", "ana"), START)
    await desk.step(3700)
    assert await desk.subjects() == []
    await desk.step(3700)
    assert await desk.subjects() == ["Lyon: maintenance over, 1 event meanwhile, 1 still so, P1"]


async def test_a_site_that_is_down_mutes_what_is_at_it(database: Database) -> None:
    """Agents that fall silent before or after their site are not told; the one that stays silent afterwards is."""
    desk = Desk(database, EVERYBODY)
    await desk.step()
    await desk.tell("agent-silent", "a1", body={"site": "Lyon"})
    await desk.step(1)
    await desk.tell("site-silent")
    await desk.tell("agent-silent", "a2", body={"site": "Lyon"})
    await desk.step(1)
    await desk.step(31)
    assert await desk.subjects() == ["P2 Lyon: no agent is heard of"]
    await desk.tell("site-heard")
    await desk.tell("agent-heard", "a2", body={"site": "Lyon"})
    await desk.step(1)
    await desk.step(31)
    assert sorted(await desk.subjects())[:2] == ["Over: Lyon: agents are heard of again", "P2 Lyon: no agent is heard of"]
    assert len(await desk.subjects()) == 3
    events = (await desk.letters())[1]["events"]
    assert [event["scope"] for event in events] == ["a1"]


async def test_two_hundred_sites_lose_one_cause(database: Database) -> None:
    """One alert and one letter for each target, not two hundred; the same when they come back."""
    desk = Desk(database, EVERYBODY, NOC)
    await desk.step()
    sites = [f"site-{number:03}" for number in range(200)]
    for site in sites:
        await desk.tell("site-silent", site)
    for _ in range(3):
        await desk.step(31)
    assert await desk.subjects() == ["P2 200 sites: no agent is heard of"] * 2
    async with database.reading() as transaction:
        assert [one.key for one in await notices.listed(transaction)] == ["fleet|site-silent"]
    for site in sites:
        await desk.tell("site-heard", site)
    for _ in range(3):
        await desk.step(31)
    assert (await desk.subjects())[2:] == ["Over: 200 sites: agents are heard of again"] * 2
    told = {event["identity"] for one in await desk.letters("noc") for event in one["events"]}
    assert len(told) == 400


async def test_one_device_at_many_sites_is_one_alert(database: Database) -> None:
    """The first letter tells what came within the wait, later sites come together; no site is a letter of its own."""
    desk = Desk(database, NOC)
    await desk.step()
    for number in range(10):
        await desk.tell("appeared", f"site-{number}", device="d1")
        await desk.step(20)
    await desk.step(900)
    subjects = await desk.subjects()
    assert subjects[0] == "P2 3 sites: new device in the path"
    assert subjects[1:] == ["P2 update: 10 sites: new device in the path"]
    told = [event["scope"] for one in await desk.letters() for event in one["events"]]
    assert sorted(told) == sorted(f"site-{number}" for number in range(10))


async def test_the_daily_digest(database: Database) -> None:
    """At its hour in its zone a target hears what was too quiet for it, once, with what of it is still so."""
    desk = Desk(database, Rule("noc", "P2", digest_hour=8, zone="Asia/Kolkata"))
    await desk.step()
    await desk.tell("agent-silent", "a1", body={"site": "Lyon"})
    await desk.tell("feed-changed", "Worldwide")
    await desk.tell("agent-silent", "a2", body={"site": "Lyon"}, severity="none")
    await desk.step(60)
    await desk.step(60)
    assert await desk.subjects() == []
    desk.now_ns = START + 16 * HOUR + 31 * MINUTE  # 02:31 UTC, 08:01 in Kolkata
    await desk.step()
    await desk.step(60)
    assert await desk.subjects() == ["Digest: 2 quieter events, 1 still so"]
    await desk.step(86_400)
    assert len(await desk.subjects()) == 1


async def test_nothing_is_written_when_nothing_happens(database: Database) -> None:
    """In the steady state the duty reads and does not write."""
    desk = Desk(database, NOC)
    await desk.tell("site-down")
    await desk.step()
    await desk.step(31)

    def refuse(*_: object) -> None:
        raise AssertionError

    desk.lead.writing = refuse  # type: ignore[method-assign, assignment]
    for _ in range(5):
        await desk.step(60)


async def test_a_crash_before_the_commit_changes_nothing(database: Database) -> None:
    """Cursor, alerts and letters are one transaction: it fails whole, and is done whole."""
    desk = Desk(database, NOC)
    await desk.step()
    await desk.tell("site-down")
    await desk.step(1)
    write, called = letters.write, []

    async def fails(*arguments: object) -> None:
        called.append(arguments)
        raise OSError("the disk is full")

    letters.write = fails  # type: ignore[assignment]
    try:
        with pytest.raises(OSError, match="the disk is full"):
            await desk.step(31)
    finally:
        letters.write = write
    assert called
    assert await desk.subjects() == []
    await desk.step()
    assert await desk.subjects() == ["P1 Lyon: Optimize endpoints not reached"]


async def test_a_body_that_is_not_as_it_should_be(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """One event whose body cannot be told stops nobody's letters: it is told by its kind, and the log says so."""
    desk = Desk(database, NOC, wait_s=0)
    await desk.step()
    await desk.tell("site-down", "Porto", body={"links": 5, "place": "Porto"})
    await desk.tell("site-down", "Lyon")
    await desk.step(1)
    await desk.step(1)
    assert sorted(await desk.subjects()) == ["P1 Lyon: Optimize endpoints not reached", "P1 Porto: Optimize endpoints not reached"]
    assert "told without its events' bodies" in caplog.text


async def test_a_number_committed_late_is_not_lost(database: Database) -> None:
    """With PostgreSQL a lower number may become visible after a higher one: the cursor waits, and nothing is folded twice."""
    desk = Desk(database, Rule("everybody", "P4", digest_hour=-1))
    await desk.step()
    await desk.tell("feed-stale", "hidden")
    await desk.tell("feed-changed", "Worldwide")
    async with database.writing() as transaction:
        kept = await notices.unfolded(transaction, 0, 10)
        await notices.folded(database, transaction, kept[1:], 0, desk.now_ns)  # as if only the second were there
        assert [one.kind for one in await notices.unfolded(transaction, 0, 10)] == ["feed-stale"]
    await desk.step(1)
    await desk.step(31)
    assert await desk.subjects() == ["P4 hidden: endpoint list not fetched for long"]
    await desk.step(700)
    await desk.tell("feed-changed", "Worldwide")
    await desk.step(1)
    async with database.reading() as transaction:
        assert (await notices.marks(transaction))["cursor"] == 2
