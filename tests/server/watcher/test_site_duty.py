"""The sites' duty over real state and a history: moves, clouds, words, coverage and scores, each told once, whoever watches."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from server.collector.ways import WaySeen
from server.fleet.registry import Egress, Place, Registry, Site
from server.history.port import Point, Unavailable
from server.state import decided
from server.state.database import Database
from server.watcher.refreshing import States, read_states
from server.watcher.site_duty import SiteDuty
from server.watcher.states import Measured
from tests.fakes.examined import KNOWLEDGE
from tests.fakes.history import ScriptedHistory
from tests.fakes.sightings import HOST, MINUTE, SECOND, START, Seen, device, finding
from tests.fakes.standing import Fleet

PORTO, PARIS, NEW_YORK = Place(41.15, -8.61), Place(48.85, 2.35), Place(40.71, -74.0)
REGISTRY = Registry(
    {"Porto": Site("Porto", PORTO, "Europe/Lisbon")},
    [Egress("203.0.113.0/25", "Lisbon", Place(38.72, -9.14)), Egress("203.0.113.128/25", "New York", NEW_YORK)],
)
LISBON, YORK = WaySeen("203.0.113.7", "One", 64500), WaySeen("203.0.113.200", "One", 64500)
ELSEWHERE, ZSCALER = WaySeen("198.51.100.9", "Two", 64501), WaySeen("165.225.1.7", "Zscaler", 62044)
UP: dict[str, Seen] = {HOST: "clean", "contoso.sharepoint.com": "clean", "login.microsoftonline.com": "clean"}
AGENTS = [f"agent-{at}" for at in range(5)]


@pytest.fixture
def fleet(database: Database) -> Fleet:
    """Give an empty centre."""
    return Fleet(database)


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[ScriptedHistory]:
    """Give an empty history."""
    opened = ScriptedHistory(tmp_path / "history.db", lambda: START)
    yield opened
    await opened.close()


class Away(ScriptedHistory):
    """A history that does not answer."""

    async def series(self, *_asked: Any) -> list[tuple[int, float | None]]:
        """Be away."""
        raise Unavailable("away", "no answer")


def duty(fleet: Fleet, history: ScriptedHistory, registry: Registry = REGISTRY) -> SiteDuty:
    """Return a duty that knows nothing but what is stored."""

    async def states(now_ns: int) -> States:
        return await read_states(fleet.database, None, registry, KNOWLEDGE, now_ns, Measured())

    return SiteDuty(states, history, registry, lambda: KNOWLEDGE)


async def pass_minutes(
    count: int, fleet: Fleet, watcher: SiteDuty, agents: Sequence[str] = AGENTS, seen: Mapping[str, Seen] = UP, **ways: WaySeen
) -> None:
    """Let minutes pass in which all agents report, ten seconds apart, and the duty looks twice, at half and full minutes."""
    for _ in range(count):
        for at in range(6):
            if at < len(agents):
                await fleet.report(agents[at], seen)
                await fleet.leave(agents[at], **ways)
            if at % 3 == 2:
                await fleet.look(watcher)
            fleet.now_ns += 10 * SECOND


async def kinds(fleet: Fleet, *of: str) -> list[tuple[str, int, str]]:
    """Return (kind, episode, severity) of the events of these kinds."""
    return [(kind, number, severity) for kind, _, number, severity in await fleet.told() if kind in of]


EGRESS = ("egress-moved", "egress-cloud", "egress-disagrees", "front-door-moved")


async def test_five_agents_that_move_together_are_one_event(fleet: Fleet, history: ScriptedHistory) -> None:
    """A named range far away, told within three cadences: P2, with both addresses and distances; and home again, as far."""
    watcher = duty(fleet, history)
    await pass_minutes(5, fleet, watcher, egress=LISBON)
    assert await kinds(fleet, *EGRESS) == []
    await pass_minutes(3, fleet, watcher, egress=YORK)
    assert await kinds(fleet, *EGRESS) == [("egress-moved", 1, "P2")]
    (sentence,) = await fleet.sentences("egress-moved")
    assert "New York (203.0.113.200), run by One now: 5357 km from the site, 5422 km from the way out before." in sentence
    assert re.search("[45] of 5 agents agree", sentence)
    assert "Before: Lisbon (203.0.113.7), run by One, since 2026-11-18 11:0" in sentence
    await pass_minutes(5, fleet, duty(fleet, history), egress=LISBON)
    assert await kinds(fleet, *EGRESS) == [("egress-moved", 1, "P2"), ("egress-moved", 2, "P2")]


async def test_another_provider_near_by_is_told_quietly(fleet: Fleet, history: ScriptedHistory) -> None:
    """Where it is nobody knows: P4."""
    watcher = duty(fleet, history)
    await pass_minutes(4, fleet, watcher, egress=LISBON)
    await pass_minutes(4, fleet, watcher, egress=ELSEWHERE)
    assert await kinds(fleet, *EGRESS) == [("egress-moved", 1, "P4")]
    assert "how far that is from the site is not known" in (await fleet.sentences("egress-moved"))[0]


async def test_what_is_no_move(fleet: Fleet, history: ScriptedHistory) -> None:
    """One agent by VPN, one round elsewhere, addresses that rotate within a provider, and two ranges taken in turns."""
    watcher = duty(fleet, history)
    await pass_minutes(3, fleet, watcher, egress=LISBON)
    await fleet.leave("agent-0", egress=ELSEWHERE)
    await pass_minutes(3, fleet, watcher, AGENTS[1:], egress=LISBON)
    await pass_minutes(1, fleet, watcher, egress=ELSEWHERE)
    for at in range(10):
        await pass_minutes(1, fleet, watcher, egress=WaySeen(f"203.0.113.{at}", "One", 64500))
    for at in range(10):
        await pass_minutes(1, fleet, watcher, egress=(LISBON, YORK)[at % 2])
    assert await kinds(fleet, *EGRESS) == []


async def test_a_cloud_raises_and_clears_nothing(fleet: Fleet, history: ScriptedHistory) -> None:
    """First seen there, it is told, once; leaving it is a move and no good end; back there it is told again."""
    watcher = duty(fleet, history)
    await pass_minutes(6, fleet, watcher, egress=ZSCALER)
    assert await kinds(fleet, *EGRESS) == [("egress-cloud", 1, "P3")]
    assert "Zscaler (165.225.1.7), in a security cloud" in (await fleet.sentences("egress-cloud"))[0]
    await pass_minutes(4, fleet, watcher, egress=LISBON)
    await pass_minutes(4, fleet, watcher, egress=ZSCALER)
    assert [one[:2] for one in await kinds(fleet, *EGRESS)] == [
        ("egress-cloud", 1),
        ("egress-moved", 1),
        ("egress-moved", 2),
        ("egress-cloud", 2),
    ]


async def test_a_front_door_moves_when_it_is_steady(fleet: Fleet, history: ScriptedHistory) -> None:
    """Codes that take turns, and two codes of one city, are no move; ten minutes of another city are."""
    watcher = duty(fleet, history)
    await pass_minutes(3, fleet, watcher, door=WaySeen("MAD"))
    for at in range(8):
        await pass_minutes(1, fleet, watcher, door=WaySeen(("MAD", "LIS")[at % 2]))
    await pass_minutes(3, fleet, watcher, door=WaySeen("MAD"))
    assert await kinds(fleet, *EGRESS) == []
    await pass_minutes(14, fleet, watcher, door=WaySeen("AMS"))
    assert await kinds(fleet, *EGRESS) == [("front-door-moved", 1, "P4")]


async def test_facts_that_do_not_agree(fleet: Fleet, history: ScriptedHistory) -> None:
    """Lisbon by the reflector, Sydney by the front door, for ten minutes: told once, and none is believed over the other."""
    watcher = duty(fleet, history)
    await pass_minutes(15, fleet, watcher, egress=LISBON, door=WaySeen("SYD"))
    assert await kinds(fleet, *EGRESS) == [("egress-disagrees", 1, "P4")]
    async with fleet.database.reading() as transaction:
        words = await decided.words(transaction)
    assert words["Porto", "says"].value == '{"egress": "disagree"}'


async def test_microsofts_word_changes(fleet: Fleet, history: ScriptedHistory) -> None:
    """A device decrypts two of three hosts for minutes: the word changes once, with the share and who agrees."""
    watcher = duty(fleet, history)
    await pass_minutes(3, fleet, watcher)
    box = finding(by=device("instance:box"))
    inspected: dict[str, Any] = UP | {
        HOST: box,
        "contoso.sharepoint.com": finding(by=device("instance:box"), host="contoso.sharepoint.com"),
    }
    await pass_minutes(9, fleet, watcher, seen=inspected)
    assert await kinds(fleet, "summary-changed") == [("summary-changed", 1, "P4")]
    (sentence,) = await fleet.sentences("summary-changed")
    assert "this location has now: break and inspect (66.7 % of its requests, 5 of 5 agents agree)" in sentence
    assert "Before: none." in sentence


async def test_coverage_changes(fleet: Fleet, history: ScriptedHistory) -> None:
    """A host that is decrypted does not go around any more: told once, after ten minutes, with the shares kept for the charts."""
    watcher = duty(fleet, history)
    await pass_minutes(3, fleet, watcher)
    await pass_minutes(14, fleet, watcher, seen=UP | {HOST: finding(by=device("instance:box"))})
    assert await kinds(fleet, "coverage-changed") == [("coverage-changed", 1, "P4")]
    assert f"{HOST}:443 does not bypass inspection any more. 5 of 5 agents agree" in (await fleet.sentences("coverage-changed"))[0]
    async with fleet.database.reading() as transaction:
        words = await decided.words(transaction)
    assert words["Porto", "shares"].value == '{"Allow": 100.0, "Optimize": 50.0}'


async def test_scores_come_from_the_history(fleet: Fleet, history: ScriptedHistory, tmp_path: Path) -> None:
    """Three days of samples are read at first; scored once an hour; a history that is away leaves the scores."""
    tags = {"site": "Porto", "agent": "a", "target": HOST, "route": "direct", "workload": "Exchange", "category": "Optimize"}
    points = [Point("web", tuple(tags.items()), {"connect_ms": 25.0}, START - at * 10 * MINUTE) for at in range(30)]
    await history.write("mw_raw", points)
    await pass_minutes(1, fleet, duty(fleet, history))

    async def scores() -> str:
        async with fleet.database.reading() as transaction:
            return (await decided.words(transaction))["Porto", "scores"].value

    assert await scores() == '{"exchange": 80.0}'
    away = Away(tmp_path / "away.db", lambda: START)
    await pass_minutes(1, fleet, duty(fleet, away))
    assert await scores() == '{"exchange": 80.0}'


async def test_a_quiet_site_writes_nothing_new(fleet: Fleet, history: ScriptedHistory) -> None:
    """Words stand as they were first written."""
    watcher = duty(fleet, history)
    await pass_minutes(3, fleet, watcher, egress=LISBON, door=WaySeen("MAD"))
    async with fleet.database.reading() as transaction:
        before = await decided.words(transaction)
    await pass_minutes(20, fleet, watcher, egress=LISBON, door=WaySeen("MAD"))
    async with fleet.database.reading() as transaction:
        assert await decided.words(transaction) == before
    assert sorted(name for _, name in before) == ["coverage", "egress", "front-door", "says", "scores", "shares", "summary"]
