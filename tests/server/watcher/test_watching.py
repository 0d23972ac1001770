"""The watching duty over real state, on both databases: one alert for one cause, told once whoever watches, ended on evidence."""

import pytest
from sqlalchemy import event

from judge.knowledge.loader import load_knowledge
from server.collector.standing import Stretch
from server.fleet.registry import Registry, Site
from server.state import standing
from server.state.database import Database
from server.watcher.leading import Leadership
from server.watcher.watching import Watching
from tests.fakes.sightings import HOUR, MINUTE, Seen
from tests.fakes.standing import Fleet

KNOWLEDGE = load_knowledge()
REGISTRY = Registry({"Porto": Site("Porto", zone="Europe/Lisbon")})
UP: dict[str, Seen] = {"outlook.office365.com": "clean", "contoso.sharepoint.com": "clean", "www.example.org": "clean"}
DOWN: dict[str, Seen] = UP | {"outlook.office365.com": "unreachable", "contoso.sharepoint.com": "unreachable"}


@pytest.fixture
def fleet(database: Database) -> Fleet:
    """Give an empty centre."""
    return Fleet(database)


def duty(registry: Registry = REGISTRY) -> Watching:
    """Return a watcher that knows nothing but what is stored."""
    return Watching(registry, lambda: KNOWLEDGE)


async def test_a_site_down_is_one_alert(fleet: Fleet) -> None:
    """Three agents lose two hosts: one P1, once, though looked at for minutes by one watcher after another; then one good end."""
    agents = [(f"agent-{at}", UP) for at in range(3)]
    await fleet.minutes(10, duty(), *agents)
    assert await fleet.told() == []
    for _ in range(4):
        await fleet.minutes(1, duty(), *[(name, DOWN) for name, _ in agents])
    assert await fleet.told() == [("site-down", "Porto", 1, "P1")]
    (sentence,) = await fleet.sentences("site-down")
    assert sentence.startswith("Porto: contoso.sharepoint.com and outlook.office365.com cannot be reached. 3 of 3 agents agree")
    assert "The control target answers" in sentence
    await fleet.minutes(4, duty(), *agents)
    assert [kind for kind, *_ in await fleet.told()] == ["site-down", "site-up"]


async def test_a_site_that_goes_dark_is_not_up(fleet: Fleet) -> None:
    """Down, then silent: nothing resolves, and the silence is the same alert, recorded and told to nobody."""
    watcher = duty()
    agents = [("agent-0", UP), ("agent-1", UP)]
    elsewhere = ("agent-9", UP)
    await fleet.report(*elsewhere, place="Lyon")
    await fleet.minutes(5, watcher, *agents)
    await fleet.minutes(3, watcher, *[(name, DOWN) for name, _ in agents])
    for _ in range(20):
        await fleet.minutes(1, watcher, elsewhere, place="Lyon")
    told = await fleet.told()
    assert [one for one in told if one[1] == "Porto"] == [
        ("site-down", "Porto", 1, "P1"),
        ("site-silent", "Porto", 1, "none"),
    ]
    assert {severity for kind, _, _, severity in told if kind == "agent-silent"} == {"none"}


async def test_a_silent_site_is_one_alert(fleet: Fleet) -> None:
    """Two agents fall silent together at work: P2 for the site, their own silence told to nobody; heard of again, once."""
    watcher = duty()
    agents, elsewhere = [("agent-0", UP), ("agent-1", UP)], ("agent-9", UP)
    await fleet.report(*elsewhere, place="Lyon")
    await fleet.minutes(5, watcher, *agents)
    for _ in range(12):
        await fleet.minutes(1, watcher, elsewhere, place="Lyon")
    assert await fleet.told() == [
        ("site-silent", "Porto", 1, "P2"),
        ("agent-silent", "agent-0", 1, "none"),
        ("agent-silent", "agent-1", 1, "none"),
    ]
    await fleet.minutes(4, watcher, *agents)
    assert [one[0] for one in await fleet.told()][3:] == ["agent-heard", "agent-heard", "site-heard"]


async def test_who_goes_home_alarms_nobody(fleet: Fleet) -> None:
    """The only laptop of a site closes its lid: recorded, P4 at most."""
    watcher = duty()
    elsewhere = ("agent-9", UP)
    await fleet.report(*elsewhere, place="Lyon")
    await fleet.minutes(5, watcher, ("agent-0", UP))
    for _ in range(12):
        await fleet.minutes(1, watcher, elsewhere, place="Lyon")
    assert await fleet.told() == [("site-silent", "Porto", 1, "P4"), ("agent-silent", "agent-0", 1, "none")]


async def test_a_centre_that_hears_nobody_blames_nobody(fleet: Fleet) -> None:
    """Every agent silent at once is the centre's own trouble; and a new watcher listens before it says who is silent."""
    await fleet.minutes(5, duty(), ("agent-0", UP), ("agent-1", UP))
    await fleet.minutes(30, duty())
    assert await fleet.told() == []
    await fleet.report("agent-0", UP)
    watcher = duty()
    await fleet.look(watcher)
    fleet.now_ns += MINUTE
    await fleet.look(watcher)
    assert await fleet.told() == []


async def test_agents_trouble_is_told_once_and_ends(fleet: Fleet) -> None:
    """A wrong clock is told with its proof; an hour of looking adds nothing; it ends ten minutes after the clock is right."""
    watcher = duty()
    reports = [(f"agent-{at}", UP) for at in range(9)]
    await fleet.minutes(2, watcher, *reports)
    began = fleet.now_ns
    async with fleet.database.writing() as transaction:
        await standing.write(fleet.database, transaction, [Stretch("agent-3", "clock", began, 0, "90 s ahead")])
    await fleet.minutes(15, watcher, *reports)
    assert await fleet.told() == [("agent-clock", "agent-3", 1, "P4")]
    async with fleet.database.writing() as transaction:
        await standing.write(fleet.database, transaction, [Stretch("agent-3", "clock", began, fleet.now_ns, "")])
    await fleet.minutes(9, watcher, *reports)
    assert len(await fleet.told()) == 1
    await fleet.minutes(3, duty(), *reports)
    assert [kind for kind, *_ in await fleet.told()] == ["agent-clock", "agent-well"]


async def test_what_many_have_at_once_is_nobodys_own(fleet: Fleet) -> None:
    """Five of nine agents begin to drop at one look: recorded with each, told to nobody."""
    watcher = duty()
    reports = [(f"agent-{at}", UP) for at in range(9)]
    await fleet.minutes(1, watcher, *reports)
    async with fleet.database.writing() as transaction:
        stretches = [Stretch(f"agent-{at}", "dropping", fleet.now_ns, 0, "7 reports discarded") for at in range(5)]
        await standing.write(fleet.database, transaction, stretches)
    await fleet.minutes(1, watcher, *reports)
    assert [severity for *_, severity in await fleet.told()] == ["none"] * 5


async def test_old_software_waits_a_week(fleet: Fleet) -> None:
    """A roll-out that takes days is no event; an agent left behind is one."""
    watcher = duty()
    await fleet.minutes(1, watcher, ("agent-0", UP))
    for _ in range(8 * 24):
        fleet.software = "1.0"
        await fleet.report("agent-0", UP)
        fleet.software = "1.1"
        await fleet.report("agent-1", UP)
        await fleet.look(watcher)
        fleet.now_ns += HOUR
    assert await fleet.told() == [("agent-software", "agent-0", 1, "P4")]
    assert "runs 1.0, the fleet's newest is 1.1" in (await fleet.sentences("agent-software"))[0]


async def test_a_quiet_fleet_writes_nothing(fleet: Fleet) -> None:
    """An hour of looking at a fleet that is well."""
    watcher = duty()
    written: list[str] = []

    def count(_c: object, _u: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    reports = [("agent-0", UP), ("agent-1", UP)]
    await fleet.minutes(2, watcher, *reports)
    for _ in range(60):
        for name, seen in reports:
            await fleet.report(name, seen)
        event.listen(fleet.database.engine.sync_engine, "before_cursor_execute", count)
        await watcher.step(fleet.lead)
        event.remove(fleet.database.engine.sync_engine, "before_cursor_execute", count)
        fleet.now_ns += MINUTE
    assert written == []


async def test_two_watchers_tell_once(fleet: Fleet) -> None:
    """The one that lost the lease tells nothing; the one that has it tells what the other would have."""
    agents = [("agent-0", DOWN), ("agent-1", DOWN)]
    first, second = duty(), duty()
    await fleet.lead.lead()
    for name, seen in agents:
        await fleet.report(name, seen)
    fleet.now_ns += MINUTE
    for name, seen in agents:
        await fleet.report(name, seen)
    other = Leadership(fleet.database, "another", lambda: fleet.now_ns)
    assert await other.lead()
    with pytest.raises(Exception, match="lease"):
        await first.step(fleet.lead)
    assert await fleet.told() == []
    await second.step(other)
    await second.step(other)
    assert await fleet.told() == [("site-down", "Porto", 1, "P1")]


async def test_a_step_of_the_clock_alarms_nobody(fleet: Fleet) -> None:
    """The centre's clock jumps an hour ahead for a while, and an hour back: it has heard nobody at those times, and says so of nobody."""
    watcher = duty()
    reports = [("agent-0", UP), ("agent-1", UP)]
    await fleet.minutes(3, watcher, *reports)
    for step in (HOUR, -HOUR):
        right = fleet.now_ns
        for _ in range(6):
            fleet.now_ns += step
            await fleet.look(watcher)
            fleet.now_ns = (right := right + MINUTE // 2)
        await fleet.minutes(3, watcher, *reports)
    assert await fleet.told() == []
