"""What is loaded for a decision, and that it takes few statements however large the site."""

from sqlalchemy import event as sa_event

from server.collector.standing import Stretch
from server.state import standing
from server.state.database import Database
from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.sightings import HOST, MINUTE, START, Rounds, Seen, device

HOSTS = (HOST, "teams.microsoft.com")
BOX = sightings.finding(by=device("instance:1"))


async def statements_of(database: Database, agents: int) -> int:
    """Return how many statements it takes to decide a device that comes to that many agents on six hosts."""
    rounds = Rounds(database)
    hosts = [f"h{number}.office.com" for number in range(6)]
    place = f"site of {agents}"
    for minute, seen in enumerate(("clean", "clean", BOX, BOX)):
        for agent in range(agents):
            await rounds.see(f"{place} {agent}", START + minute * MINUTE, dict.fromkeys(hosts, seen), place)  # type: ignore[arg-type]
    watcher = Watcher(database, None, "w", lambda: START + 4 * MINUTE)
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    sa_event.listen(database.engine.sync_engine, "before_cursor_execute", counted)
    await watcher.step()
    sa_event.remove(database.engine.sync_engine, "before_cursor_execute", counted)
    return count


async def test_statements_do_not_grow_with_the_site(database: Database) -> None:
    """One device at a site of two agents and at one of eight: about as many statements, none of them per run."""
    few, many = await statements_of(database, 2), await statements_of(database, 8)
    assert many <= few + 5
    assert many < 60


async def hold(database: Database, until_ns: int) -> None:
    """Say that agent a's clock is wrong from the beginning until then; 0 is still."""
    async with database.writing() as transaction:
        await standing.write(database, transaction, [Stretch("a", "clock", START, until_ns, "")])


async def test_a_wrong_clock_accuses_nobody(database: Database) -> None:
    """What an agent says of itself guards: while its clock is wrong nothing is told; once it is right, what is still there is."""
    rounds, clock = Rounds(database), [START]
    watcher = Watcher(database, None, "w", lambda: clock[0])
    await hold(database, until_ns=0)
    for minute in range(25):
        clock[0] = START + minute * MINUTE
        await rounds.see("a", clock[0], {HOST: "clean" if minute < 3 else BOX})
        await watcher.step()
    assert await sightings.told(database) == []
    await hold(database, until_ns=START + 20 * MINUTE)
    clock[0] += 11 * MINUTE
    await rounds.see("a", clock[0], {HOST: BOX})
    await watcher.step()
    assert await sightings.told(database) == [("appeared", "Frankfurt", 1, "P2")]


async def test_a_portal_accuses_nobody(database: Database) -> None:
    """A sighting that begins while a portal answers the agent is held; it is told when it is still there after the guard's end."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    box_seen, portal = sightings.finding(by=device("instance:1")), sightings.finding("captive", host=HOSTS[1])
    for minute in range(40):
        clock[0] = START + minute * MINUTE
        second: Seen = portal if 3 <= minute < 6 else "clean"
        await rounds.see("a", clock[0], {HOSTS[0]: box_seen if minute >= 3 else "clean", HOSTS[1]: second})
        await watcher.step()
        if minute == 12:
            assert await sightings.told(database) == []
    assert await sightings.told(database) == [("appeared", "Frankfurt", 1, "P2")]


PLACES = ("A", "B", "C")


async def learn(rounds: Rounds, watcher: Watcher, clock: list[int]) -> None:
    """Let one agent at each place find one host clean each hour for longer than a baseline needs."""
    for hour in range(30):
        clock[0] = START + hour * 60 * MINUTE
        for place in PLACES:
            await rounds.see(place, clock[0], {HOSTS[0]: "clean"}, place)
        await watcher.step()


async def test_the_origins_own_change_is_no_new_device(database: Database) -> None:
    """A change that names nobody and comes to three sites within the hour is a discovery there; at one site alone it is news."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    changed = sightings.finding("altered", device("header:adds X", vendor=None), deterministic=False)
    await learn(rounds, watcher, clock)
    for _ in range(3):
        clock[0] += MINUTE
        for place in PLACES:
            await rounds.see(place, clock[0], {HOSTS[0]: changed}, place)
        await watcher.step()
    assert sorted(await sightings.told(database)) == [("discovered", place, 1, "P4") for place in PLACES]


async def test_single_rounds_elsewhere_do_not_make_a_device_the_origins(database: Database) -> None:
    """The near miss: at two other sites one round looks the same, at one when the device comes, at one when it is told; here it stays."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    split = sightings.finding("spliced", device("path:ends at hop 2", vendor=None), deterministic=False)
    await learn(rounds, watcher, clock)
    for number in range(3):
        clock[0] += MINUTE
        for place in PLACES:
            seen: Seen = split if place == "A" or (place, number) in {("B", 0), ("C", 2)} else "clean"
            await rounds.see(place, clock[0], {HOSTS[0]: seen}, place)
        await watcher.step()
    assert await sightings.told(database) == [("appeared", "A", 1, "P2")]


async def test_what_a_laptop_brings_is_not_the_sites(database: Database) -> None:
    """A laptop comes with a cloud client of its own to a site where others are clean: no news, a discovery after an hour."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    for minute in range(100):
        clock[0] = START + minute * MINUTE
        await rounds.see("desk", clock[0], {HOST: "clean"})
        if minute >= 3:
            await rounds.see("laptop", clock[0], {HOST: BOX})
        if minute % 5 == 0 or minute == 50:
            await watcher.step()
        if minute == 50:
            assert await sightings.told(database) == []
    assert await sightings.told(database) == [("discovered", "Frankfurt", 1, "P4")]


async def test_who_knows_the_site_makes_it_news(database: Database) -> None:
    """The near miss: the laptop sees it first, then a machine that was clean there sees it too: news at once, within its two rounds."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    for minute in range(8):
        clock[0] = START + minute * MINUTE
        await rounds.see("desk", clock[0], {HOST: "clean" if minute < 5 else BOX})
        await rounds.see("laptop", clock[0], {HOST: BOX} if minute >= 3 else {})
        await watcher.step()
    assert await sightings.told(database) == [("appeared", "Frankfurt", 1, "P2")]


async def test_a_client_on_a_laptop_is_no_news_away(database: Database) -> None:
    """A cloud client rolled out at the office is news there, once; the same laptop away, or back where it was clean before, tells none."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    for place, seen in (("remote", "clean"), ("Lyon", "clean"), ("Frankfurt", "clean"), ("Frankfurt", BOX), ("remote", BOX), ("Lyon", BOX)):
        for _ in range(3):
            clock[0] += MINUTE
            await rounds.see("laptop", clock[0], {HOST: seen}, place)  # type: ignore[dict-item]
            await watcher.step()
    told = [(kind, place) for kind, place, _, severity in await sightings.told(database) if severity == "P2"]
    assert told == [("appeared", "Frankfurt")]


async def test_one_box_is_one_alert(database: Database) -> None:
    """A proxy that decrypts, and names itself on port 80 some minutes later: one event is news, the other belongs to it."""
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0])
    token = sightings.finding("proxied", device("header:token squid", vendor="Squid"), deterministic=True)
    minted = sightings.finding(by=device("instance:1", "product:own ca", vendor=None))
    for minute in range(12):
        clock[0] = START + minute * MINUTE
        seen = {HOST: minted if minute >= 3 else "clean", "port80.office.com": token if minute >= 7 else "clean"}
        await rounds.see("a", clock[0], seen)  # type: ignore[arg-type]
        await watcher.step()
    assert [(kind, severity) for kind, _, _, severity in await sightings.told(database)] == [("appeared", "P2"), ("discovered", "P4")]
