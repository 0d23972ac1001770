"""Reports made of what a cycle delivers: identity of the plan, health, bodies, and the split of very large cycles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.config import Agent, Broker, Lab, Settings, SpoolPlace
from agent.cycle import Taken
from agent.planning import Planning, default_plan
from agent.probes.measured import Measured, by_id, facts_id
from agent.reporter import SOFTWARE, Reporter, resident_mb
from agent.schedule import Start
from agent.spool import Spool
from agent.uplink import Uplink
from wire.codec import decode
from wire.context import Context
from wire.facts import WebFacts
from wire.observation import WebObservation
from wire.plan import Envelope
from wire.report import MAX_OBSERVATIONS, Roots
from wire.target import DIRECT, Target

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
CHAIN = (b"leaf", b"root")


async def no_check(_envelope: Envelope, _keys: object) -> str | None:
    """Stand in for a checker nobody asks."""
    return "no"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """Give a fresh spool."""
    one = Spool(tmp_path / "spool.sqlite", "lyon-1", max_bytes=1 << 22)
    yield one
    one.close()


def reporter(spool: Spool, clock: Iterator[int]) -> Reporter:
    """Return a reporter of a laboratory agent whose wall clock is scripted."""
    broker = Broker("127.0.0.1", 1, "5", tls=False)
    settings = Settings(Agent("lyon-1", Path(), site="Lyon"), SpoolPlace(Path()), broker, lab=Lab(enabled=True))
    planning = Planning(settings.plan, Path(), no_check)
    return Reporter(settings, spool, Uplink(settings, spool), planning, roots=Roots(os="abc"), now_ns=lambda: next(clock))


def taken(count: int = 1) -> list[Taken]:
    """Return measurements of one target."""
    facts = WebFacts(target=TARGET, chain=list(by_id(CHAIN)))
    measured = [Measured(WebObservation(kind="web", facts=facts_id(facts), at_us=number), facts, by_id(CHAIN)) for number in range(count)]
    return [Taken(Start("web", TARGET, DIRECT), one) for one in measured]


async def test_a_report_says_who_when_and_by_which_plan(spool: Spool) -> None:
    """Times, plan, cause, laboratory, roots, site, software and bodies are in the report as they were."""
    one = reporter(spool, iter([1_000, 2_000]))
    one.begin(default_plan(), 7)(taken(), "change")
    report = decode(spool.payload(1) or b"")
    cycle = report.cycle
    assert (cycle.started_ns, cycle.created_ns, cycle.plan, cycle.cause) == (1_000, 2_000, 7, "change")
    assert (cycle.lab, cycle.roots.os, cycle.context.site, cycle.software) == (True, "abc", "Lyon", SOFTWARE)
    assert cycle.health.rss_mb > 1
    assert (len(report.facts), set(report.certificates)) == (1, set(by_id(CHAIN)))


async def test_a_clock_set_back_does_not_order_reports_anew(spool: Spool) -> None:
    """Created times rise though the wall clock was set back a day; the measured time stays what the clock said."""
    one = reporter(spool, iter([100_000, 100_000, 50, 60]))
    for _ in range(2):
        one.begin(default_plan(), 0)(taken(), "cycle")
    cycles = [decode(spool.payload(seq) or b"").cycle for seq in (1, 2)]
    assert [one.created_ns for one in cycles] == [100_000, 100_001]
    assert [one.started_ns for one in cycles] == [100_000, 50]


async def test_what_comes_late_belongs_to_its_own_cycle(spool: Spool) -> None:
    """A probe that outlived its cycle is reported with that cycle's start and plan, and with a creation of now."""
    one = reporter(spool, iter([1_000, 2_000, 3_000, 4_000]))
    late = one.begin(default_plan(), 7)
    one.begin(default_plan(), 8)(taken(), "cycle")
    late(taken(), "cycle")
    cycles = [decode(spool.payload(seq) or b"").cycle for seq in (1, 2)]
    assert [(one.started_ns, one.created_ns, one.plan) for one in cycles] == [(2_000, 3_000, 8), (1_000, 4_000, 7)]


async def test_health_says_what_waits_and_what_was_lost(spool: Spool) -> None:
    """Spooled and dropped counts are those before this report."""
    one = reporter(spool, iter(range(1, 100)))
    deliver = one.begin(default_plan(), 0)
    deliver(taken(), "cycle")
    deliver(taken(), "cycle")
    health = decode(spool.payload(2) or b"").cycle.health
    assert (health.spooled, health.dropped, health.plan_refused, health.uplink) == (1, 0, None, "")


async def test_a_cycle_larger_than_a_report_becomes_two(spool: Spool) -> None:
    """Beyond the observations a report may hold, the rest follows in the next one."""
    reporter(spool, iter(range(1, 100))).begin(default_plan(), 0)(taken(MAX_OBSERVATIONS + 5), "cycle")
    assert [len(decode(spool.payload(seq) or b"").cycle.observations) for seq in (1, 2)] == [MAX_OBSERVATIONS, 5]


def test_resident_memory_is_a_number() -> None:
    """This process has some."""
    assert resident_mb() > 1


class Walking:
    """A link that is another one each time it is asked."""

    def __init__(self, *gateways: str) -> None:
        self._gateways = iter(gateways)

    async def context(self) -> Context:
        """Return the next link."""
        return Context(gateway=next(self._gateways))


async def test_another_link_is_noticed_once(spool: Spool) -> None:
    """A changed gateway is told when asked, and is the usual one from then on."""
    one = reporter(spool, iter([1]))
    one._context, one._link = Context(gateway="a"), Walking("a", "b", "b")  # type: ignore[assignment] # of a machine that walks
    assert [await one.moved() for _ in range(3)] == [False, True, False]
