"""What an event of a device says and carries, and what makes it quieter."""

import json

from sqlalchemy import select

from server.state.database import Database
from server.state.tables import event
from server.watcher.device_events import proof_of
from server.watcher.devices import Told
from server.watcher.turns import Path, Run
from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.sightings import HOST, MINUTE, START, Rounds, device

BOX = sightings.finding(by=device("instance:1", "product:z"))


async def test_the_body_carries_what_others_read(database: Database) -> None:
    """Before and after, first seen, hosts, categories, who agrees, whose job, how far it reaches: for letters, disclosure and cases."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    for seen in ("clean", "clean", BOX, BOX, "clean", "clean"):
        clock[0] += MINUTE
        await rounds.see("a", clock[0], {HOST: seen}, "Lyon")
        await watcher.step()
    async with database.reading() as transaction:
        appeared, left = [json.loads(body) for body in await transaction.scalars(select(event.c.body).order_by(event.c.id))]
    assert {
        name: appeared[name] for name in ("place", "scope_word", "before", "after", "hosts", "categories", "agents", "responsible")
    } == {
        "place": "Lyon",
        "scope_word": "site",
        "before": "clean",
        "after": "certificates issued by CN=Box",
        "hosts": [HOST],
        "categories": ["Optimize"],
        "agents": ["a"],
        "responsible": "intermediary",
    }
    assert (appeared["agents_agree"], appeared["agents_reporting"], appeared["first_seen_ns"]) == (1, 1, START + 3 * MINUTE)
    assert (left["before"], left["after"], left["responsible"]) == ("inspected", "not seen", "nobody")


def test_what_proves_it() -> None:
    """The surest of the sightings told of; of what left, the newest sighting."""
    unsure = sightings.finding(by=device("instance:1", confidence=0.5))
    runs = [Run(number, Path("a", "x:443", "direct"), "inspected", True, number, number, 2) for number in (1, 2)]  # noqa: FBT003 - a row
    findings = {1: BOX, 2: unsure}
    assert proof_of(Told("appeared", 1, 1, 0, tuple(runs)), runs, findings) is BOX
    assert proof_of(Told("left", 3, 1, 0, ()), runs, findings) is unsure
    assert proof_of(Told("left", 3, 1, 0, ()), [], {}) is None


async def test_what_all_boxes_share_does_not_spread(database: Database) -> None:
    """Three unrelated boxes that end connections at the same hop are three devices of three sites, not one that has spread."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    near = sightings.finding("spliced", device("path:ends at hop 2", vendor="Riverbed"), deterministic=True)
    for seen in ("clean", "clean", near, near):
        clock[0] += MINUTE
        for place in ("Lyon", "Porto", "Rome"):
            await rounds.see(place.lower(), clock[0], {HOST: seen}, place)
        await watcher.step()
    assert sorted(await sightings.told(database)) == [("appeared", place, 1, "P2") for place in ("Lyon", "Porto", "Rome")]
