"""What the page reads of the state database: a version that changes with it, events, devices, sightings, runs of a site, the lease."""

from sqlalchemy import insert

from server.state import showing
from server.state.database import Database
from server.state.tables import agent, event, lease, presence
from tests.fakes.sightings import HOST, MINUTE, START, Rounds, device, finding

BOX = finding(by=device("instance:box"))


async def hold(database: Database, table: object, *rows: dict[str, object]) -> None:
    """Store rows."""
    async with database.writing() as transaction:
        await transaction.execute(insert(table), list(rows))  # type: ignore[arg-type]


def an_event(number: int, severity: str = "P2") -> dict[str, object]:
    """Return an event's row."""
    told = {"kind": "appeared", "severity": severity, "device": f"d{number}", "scope": "Lyon", "episode": 1}
    return told | {"at_ns": number, "made_ns": number + 1, "sentence": f"Event {number}.", "body": b"{}"}


async def test_version_changes_with_what_is_shown(database: Database) -> None:
    """A new report, a changed run, an event and a presence each make another version; nothing new makes none."""
    versions = [await showing.version(database)]
    await hold(database, agent, {"id": "a", "first_seen_ns": 1, "latest_ns": 5, "revision": 1})
    versions.append(await showing.version(database))
    await hold(database, event, an_event(1))
    versions.append(await showing.version(database))
    await hold(database, presence, {"device": "d", "place": "Lyon", "state": "present", "episode": 1, "since_ns": 7, "seen_ns": 7})
    versions.append(await showing.version(database))
    assert len(set(versions)) == 4
    assert await showing.version(database) == versions[-1]


async def test_newest_events(database: Database) -> None:
    """The newest come first, no more than asked for; what was told to nobody is not shown."""
    await hold(database, event, an_event(1), an_event(2, "none"), an_event(3), an_event(4))
    async with database.reading() as transaction:
        found = await showing.newest_events(transaction, 2)
    assert [(one.sentence, one.at_ns, one.made_ns) for one in found] == [("Event 4.", 4, 5), ("Event 3.", 3, 4)]


async def test_devices_present_or_left_lately(database: Database) -> None:
    """A present device is shown, one that left before the moment and one that is only suspected are not."""
    rows = [("here", "present", 1), ("gone", "absent", 50), ("long gone", "absent", 1), ("maybe", "candidate", 50)]
    await hold(
        database,
        presence,
        *[{"device": one, "place": "Lyon", "state": state, "episode": 1, "since_ns": ns, "seen_ns": ns} for one, state, ns in rows],
    )
    async with database.reading() as transaction:
        assert await showing.devices_present(transaction, 10) == ["gone", "here"]


async def test_sightings_are_current_runs(database: Database) -> None:
    """Only paths that meet the device now are sightings; the newest run of each target that ever did is what proves it."""
    rounds = Rounds(database)
    await rounds.see("a", START, {HOST: BOX, "teams.microsoft.com": BOX}, "Lyon")
    await rounds.see("a", START + MINUTE, {HOST: "clean", "teams.microsoft.com": BOX}, "Lyon")
    async with database.reading() as transaction:
        now = await showing.sightings(transaction, ["Lyon", "Porto"], ["instance:box"])
        ever = await showing.last_sightings(transaction, ["Lyon"], ["instance:box"])
        nowhere = await showing.last_sightings(transaction, ["Porto"], ["instance:box"])
    assert [(one.target, one.agent, one.verdict) for one in now] == [("teams.microsoft.com:443", "a", "inspected")]
    assert {name: len(ids) for name, ids in ever.items()} == {"instance:box": 2}
    assert nowhere == {}


async def test_runs_of_a_site(database: Database) -> None:
    """Runs that ended before the moment are left out, those that go on are there, oldest first, of this site only."""
    rounds = Rounds(database)
    await rounds.see("a", START, {HOST: "clean"}, "Lyon")
    await rounds.see("a", START + 20 * MINUTE, {HOST: BOX}, "Lyon")
    await rounds.see("b", START, {HOST: "clean"}, "Porto")
    async with database.reading() as transaction:
        late = await showing.runs_at(transaction, "Lyon", START + 15 * MINUTE)
        every = await showing.runs_at(transaction, "Lyon", START)
    assert [one.verdict for one in late] == ["inspected"]
    assert [(one.verdict, one.finding) for one in every] == [("clean", None), ("inspected", None)]


async def test_who_may_decide(database: Database) -> None:
    """The lease says until when; without one it is 0."""
    async with database.reading() as transaction:
        assert await showing.decided_until(transaction, "watcher") == 0
    await hold(database, lease, {"name": "watcher", "holder": "x", "epoch": 1, "until_ns": 9})
    async with database.reading() as transaction:
        assert await showing.decided_until(transaction, "watcher") == 9
