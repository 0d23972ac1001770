"""Cycles with scripted probes: everything measured once, changes looked at again and told at once, faults and stops survived."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from agent import cycle
from agent.cycle import Cause, Cycles, RoundClock, Taken
from agent.network.net import Network
from agent.network.way import Ways, ways_of
from agent.probes.measured import CycleClock, Measured, Probe, facts_id
from tests.fakes.network import FakeNetwork
from wire.facts import ChainTrust, DnsFacts, WebFacts
from wire.observation import DnsObservation, WebObservation
from wire.plan import Plan, ProbeSettings
from wire.target import DIRECT, SYSTEM, Route, Target
from wire.vocabulary import Kind

TARGETS = [Target(host=f"host{number}.example", protocol="dns", category="Control", workload="Control") for number in range(4)]
PLAN = Plan(version=1, targets=TARGETS)
NETS: dict[Kind, Network] = {"dns": FakeNetwork()}


@dataclass
class ScriptedProbe:
    """A `dns` probe whose facts are what `resolver` says of (host, how often it was measured); `hold` makes a host wait."""

    resolver: Callable[[str, int], str] = lambda _host, _count: "192.0.2.1"
    hold: dict[str, asyncio.Event] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    measured: list[str] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def NAME(self) -> Kind:  # noqa: N802 - as a probe's module
        """Return the name of the probe this stands for."""
        return "dns"

    async def measure(self, target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
        """Return scripted facts."""
        self.measured.append(target.host)
        if target.host in self.broken:
            raise RuntimeError("a bug")
        if target.host in self.hold:
            self.waiting.set()
            await self.hold[target.host].wait()
        facts = DnsFacts(target=target, route=route.name, resolver=self.resolver(target.host, self.measured.count(target.host)))
        return Measured(DnsObservation(kind="dns", facts=facts_id(facts), at_us=clock.at_us()), facts)


@dataclass
class WebProbe(ScriptedProbe):
    """The same under the name of `web`, which goes by every route."""

    @property
    def NAME(self) -> Kind:  # noqa: N802 - as a probe's module
        """Return the name of the probe this stands for."""
        return "web"


@dataclass
class Delivered:
    """Keeps what cycles deliver, as (cause, hosts in order of arrival)."""

    reports: list[tuple[Cause, list[str]]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, taken: Sequence[Taken], cause: Cause) -> None:
        """Keep one report."""
        self.reports.append((cause, [one.start.target.host for one in taken]))
        self.taken += taken
        self.came.set()


def cycles(probe: ScriptedProbe) -> Cycles:
    """Return cycles with one scripted probe."""
    probes: tuple[Probe, ...] = (probe,)
    return Cycles(probes, "kernel")


HOSTS = [target.host for target in TARGETS]


async def test_a_cycle_measures_everything_once() -> None:
    """One quiet cycle is one report with every target, cause `cycle`."""
    probe, delivered = ScriptedProbe(), Delivered()
    await cycles(probe).run(PLAN, NETS, 0, delivered)
    assert delivered.reports == [("cycle", HOSTS)]
    assert not any(one.measured.observation.repeat for one in delivered.taken)


async def test_a_changed_facts_id_is_looked_at_again_and_told() -> None:
    """A facts id not seen before makes one immediate repeat, and the report says `change`; then it is known."""
    probe = ScriptedProbe(lambda host, count: "192.0.2.9" if host == HOSTS[1] and count >= 2 else "192.0.2.1")
    runner, delivered = cycles(probe), Delivered()
    for turn in range(3):
        await runner.run(PLAN, NETS, turn, delivered)
    assert [cause for cause, _ in delivered.reports] == ["cycle", "change", "cycle"]
    assert sorted(delivered.reports[1][1]) == sorted([*HOSTS, HOSTS[1]])
    assert [one.start.target.host for one in delivered.taken if one.measured.observation.repeat] == [HOSTS[1]]


async def test_a_flapping_probe_is_repeated_once_not_for_ever() -> None:
    """A probe whose facts differ every time is looked at again once a cycle."""
    probe, delivered = ScriptedProbe(lambda _host, count: f"192.0.2.{count}"), Delivered()
    runner = cycles(probe)
    await runner.run(PLAN, NETS, 0, delivered)
    await runner.run(PLAN, NETS, 1, delivered)
    assert len(probe.measured) == 4 + 8


async def test_a_change_does_not_wait_for_a_slow_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one probe hanging, the change is delivered after the settling time, and the slow one in a report of its own."""
    monkeypatch.setattr(cycle, "SETTLE_S", 0.0)
    probe = ScriptedProbe(lambda host, count: "192.0.2.9" if host == HOSTS[1] and count >= 2 else "192.0.2.1")
    runner, first, second = cycles(probe), Delivered(), Delivered()
    await runner.run(PLAN, NETS, 0, first)
    probe.hold[HOSTS[3]] = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(runner.run(PLAN, NETS, 1, second), name="cycle")
        while not any(HOSTS[1] in hosts for _, hosts in second.reports):
            second.came.clear()
            await second.came.wait()
        assert not task.done()
        probe.hold[HOSTS[3]].set()
    assert ("change", [HOSTS[1]]) in [(cause, hosts[-1:]) for cause, hosts in second.reports]
    assert second.reports[-1][1][-1] == HOSTS[3]


async def test_a_stopped_cycle_delivers_what_it_has() -> None:
    """Cancelled in mid-cycle, what was measured is delivered before the stop."""
    probe, delivered = ScriptedProbe(), Delivered()
    probe.hold[HOSTS[3]] = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(cycles(probe).run(PLAN, NETS, 0, delivered), name="cycle")
        await probe.waiting.wait()
        task.cancel()
    assert delivered.reports == [("cycle", HOSTS[:3])]


async def test_a_bug_in_a_probe_costs_that_probe_only(caplog: pytest.LogCaptureFixture) -> None:
    """A probe that raises is left out and said once; the others are measured."""
    probe, delivered = ScriptedProbe(broken={HOSTS[0], HOSTS[1]}), Delivered()
    runner = cycles(probe)
    await runner.run(PLAN, NETS, 0, delivered)
    await runner.run(PLAN, NETS, 1, delivered)
    assert delivered.reports == [("cycle", HOSTS[2:])] * 2
    assert caplog.text.count("this is a fault of the agent") == 1


WAITING = PLAN.model_copy(update={"probes": {"websocket": ProbeSettings(idle_s=60)}})
WAITING = WAITING.model_copy(update={"targets": [target.model_copy(update={"protocol": "wss"}) for target in TARGETS[:1]]})


@dataclass
class Silence(ScriptedProbe):
    """A probe that lies idle until told."""

    @property
    def NAME(self) -> Kind:  # noqa: N802 - as a probe's module
        """Return the name of the probe this stands for."""
        return "websocket"


async def test_who_takes_long_keeps_no_cycle_waiting() -> None:
    """Started beside the cycles, it is in the report of the next, is not started twice at once, and a change is looked at again."""
    probe = Silence(lambda _host, count: "192.0.2.9" if count >= 2 else "192.0.2.1")
    host = HOSTS[0]
    runner, delivered = Cycles((probe,), "kernel"), Delivered()
    nets: dict[Kind, Network] = {"websocket": FakeNetwork()}
    for turn in range(2):
        probe.hold[host] = asyncio.Event()
        async with asyncio.timeout(20), asyncio.TaskGroup() as beside:
            await runner.run(WAITING, nets, 3 * turn, delivered, beside)
            await probe.waiting.wait()
            await runner.run(WAITING, nets, 3 * turn + 1, delivered, beside)
            assert len(delivered.reports) == turn
            probe.hold[host].set()
        idle = WAITING.model_copy(update={"probes": {}})
        await runner.run(idle, nets, 3 * turn + 2, delivered)
    assert delivered.reports == [("cycle", [host]), ("change", [host] * 2)]
    assert [one.measured.observation.repeat for one in delivered.taken] == [False, False, True]
    assert [one.measured.observation.at_us for one in delivered.taken] == [0] * 3
    assert probe.measured == [host] * 3


async def test_a_stop_leaves_nothing_that_was_measured() -> None:
    """What ended beside the last cycle is delivered when there is to be no other, and only once."""
    runner, delivered = Cycles((Silence(),), "kernel"), Delivered()
    async with asyncio.timeout(20), asyncio.TaskGroup() as beside:
        await runner.run(WAITING, {"websocket": FakeNetwork()}, 0, delivered, beside)
    for _ in range(2):
        runner.leave(delivered)
    assert delivered.reports == [("cycle", HOSTS[:1])]


async def test_a_change_of_https_is_looked_at_by_the_slow_probes_too() -> None:
    """Not due for half an hour, a WebSocket is looked at in the cycle in which HTTPS changed, once, however many targets changed."""
    count = {"web": 0}

    @dataclass
    class Web(ScriptedProbe):
        @property
        def NAME(self) -> Kind:  # noqa: N802 - as a probe's module
            return "web"

    web, silence = Web(lambda _host, _count: f"192.0.2.{count['web']}"), Silence()
    targets = [one.model_copy(update={"protocol": "https"}) for one in TARGETS] + WAITING.targets
    plan = Plan(version=1, targets=targets, probes={"web": ProbeSettings(), "websocket": ProbeSettings(every_s=1800)})
    runner, nets = Cycles((web, silence), "kernel"), dict.fromkeys(("web", "websocket"), FakeNetwork())
    for turn in range(4):
        count["web"] = turn // 2
        await runner.run(plan, nets, turn, Delivered())  # type: ignore[arg-type] # words of Kind
    assert silence.measured == HOSTS[:1] * 2
    assert len(web.measured) == 5 * 4


async def test_back_to_what_was_known_is_looked_at_too() -> None:
    """When HTTPS is trusted again as before, no facts are new: WebSocket is looked at in the cycles that follow all the same."""
    trusts = [ChainTrust(os="trusted", public=public) for public in ("trusted", "no_root", "trusted", "trusted", "trusted", "trusted")]

    class Web:
        NAME: Kind = "web"

        async def measure(self, target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
            facts = WebFacts(target=target, route=route.name, trust=trusts[clock.turn])
            return Measured(WebObservation(kind="web", facts=facts_id(facts), at_us=clock.at_us()), facts)

    silence = Silence()
    targets = [TARGETS[0].model_copy(update={"protocol": "https"}), *WAITING.targets]
    plan = Plan(version=1, targets=targets, probes={"web": ProbeSettings(), "websocket": ProbeSettings(every_s=1800)})
    runner, nets = Cycles((Web(), silence), "kernel"), dict.fromkeys(("web", "websocket"), FakeNetwork())
    looks = []
    for turn in range(6):
        await runner.run(plan, nets, turn, Delivered())  # type: ignore[arg-type] # words of Kind
        looks.append(len(silence.measured))
    assert looks == [1, 2, 3, 4, 5, 6]


async def test_without_a_place_beside_the_cycle_waits() -> None:
    """`check` runs one cycle and wants everything in it."""
    probe, delivered = Silence(), Delivered()
    await Cycles((probe,), "kernel").run(WAITING, {"websocket": FakeNetwork()}, 0, delivered)
    assert delivered.reports == [("cycle", HOSTS[:1])]


async def test_an_empty_cycle_delivers_nothing() -> None:
    """A cycle in which nothing could be measured makes no report."""
    probe, delivered = ScriptedProbe(broken=set(HOSTS)), Delivered()
    await cycles(probe).run(PLAN, NETS, 0, delivered)
    assert delivered.reports == []


async def test_a_new_plan_forgets_the_old_ones_targets() -> None:
    """Targets that are in no plan any more are forgotten, and new if they return."""
    probe, delivered = ScriptedProbe(lambda _host, count: f"192.0.2.{count}"), Delivered()
    runner = cycles(probe)
    await runner.run(PLAN, NETS, 0, delivered)
    runner.forget(PLAN.model_copy(update={"targets": TARGETS[:1]}))
    await runner.run(PLAN, NETS, 1, delivered)
    assert [one.start.target.host for one in delivered.taken if one.measured.observation.repeat] == HOSTS[:1]


def test_the_round_clock_counts_from_its_beginning() -> None:
    """`at_us` is microseconds since the cycle began, and never goes back."""
    clock = RoundClock(7, 0)
    first = clock.at_us()
    assert clock.turn == 7
    assert clock.at_us() >= first > 0


SYSTEM_PLAN = PLAN.model_copy(update={"targets": TARGETS[:1], "routes": [SYSTEM, DIRECT]})


def routes_of(delivered: Delivered) -> list[str]:
    """Return by which routes was measured since this was last asked."""
    names = [one.start.route.name for one in delivered.taken]
    delivered.taken.clear()
    return names


async def test_a_system_route_that_is_the_direct_one_is_not_measured_twice() -> None:
    """Where this machine's own way is direct the direct route's measurement is both; through a proxy each route has its own."""
    net, delivered = FakeNetwork(), Delivered()
    cycles = Cycles([WebProbe()], "kernel")
    plan = SYSTEM_PLAN.model_copy(update={"targets": [TARGETS[0].model_copy(update={"protocol": "https"})]})
    await cycles.run(plan, {"web": net}, 0, delivered)
    assert routes_of(delivered) == ["direct"]
    net.system = Ways(ways_of("PROXY proxy.test:1"), "pac")
    await cycles.run(plan, {"web": net}, 1, delivered)
    assert routes_of(delivered) == ["system", "direct"]
    alone = plan.model_copy(update={"routes": [SYSTEM]})
    await Cycles([WebProbe()], "kernel").run(alone, {"web": FakeNetwork()}, 0, delivered)
    assert routes_of(delivered) == ["system"]


async def test_a_proxy_taken_away_is_seen_to_be_gone() -> None:
    """A system route that became the direct one is measured for a few rounds more: the centre sees it clean before it is silent."""
    net, delivered = FakeNetwork(system=Ways(ways_of("PROXY proxy.test:1"), "settings")), Delivered()
    cycles = Cycles([WebProbe()], "kernel")
    plan = SYSTEM_PLAN.model_copy(update={"targets": [TARGETS[0].model_copy(update={"protocol": "https"})]})
    await cycles.run(plan, {"web": net}, 0, delivered)
    net.system = Ways(origin="settings")
    cycles.forget(plan)
    for turn in range(1, 1 + cycle.AFTER_PROXY + 1):
        await cycles.run(plan, {"web": net}, turn, delivered)
    assert routes_of(delivered).count("system") == 1 + cycle.AFTER_PROXY


async def test_a_fault_in_deciding_a_way_costs_no_cycle() -> None:
    """A bug of ours where a way is decided leaves the probes to meet it and the others to be measured."""
    net, delivered = FakeNetwork(), Delivered()
    net.system = None  # type: ignore[assignment] # the bug
    plan = SYSTEM_PLAN.model_copy(update={"targets": [TARGETS[0].model_copy(update={"protocol": "https"})]})
    await Cycles([WebProbe()], "kernel").run(plan, {"web": net}, 0, delivered)
    assert routes_of(delivered) == ["system", "direct"]
