"""The schedule: order of starts, spacing, limits, budgets, repeats and phases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.schedule import (
    COST,
    IN_FLIGHT,
    Budget,
    Calendar,
    Memory,
    Round,
    Start,
    beside_https,
    follow_ups,
    idle_s,
    next_cycle,
    phase_s,
    starts,
)
from wire.plan import Download, Plan, ProbeSettings, Reflector
from wire.target import DIRECT, SYSTEM, Route, Target
from wire.vocabulary import KINDS, Kind

TARGETS = [Target(host=f"host{number}.example", category="Optimize", workload="Teams") for number in range(3)]
RESOLVER = Target(host="names.example", port=53, protocol="dns", category="Control", workload="Control")
PLAN = Plan(version=1, targets=[*TARGETS, RESOLVER], routes=[DIRECT, SYSTEM], reflector=Reflector(host="reflector.example"))


def paths(plan: Plan) -> list[str]:
    """Return a round's starts in short."""
    return [f"{one.probe} {one.target.host.partition('.')[0]} {one.route.name}" for one in starts(plan, KINDS)]


def test_routes_come_back_to_back() -> None:
    """This machine first; each target: lookup, every route, its path; a dns target has its lookup only; the reflector is last."""
    first = ["host localhost direct", "dns host0 direct", "web host0 direct", "web host0 system", "path host0 direct", "dns host1 direct"]
    assert paths(PLAN)[:6] == first
    assert paths(PLAN)[-3:] == ["dns names direct", "egress reflector direct", "egress reflector system"]


def test_a_default_plan_of_twelve_makes_38_observations() -> None:
    """Twelve targets, each with its path, this machine and the reflector on one route are 38 observations in a cycle where all are due."""
    plan = Plan(version=1, targets=[target.model_copy(update={"port": port}) for target in TARGETS for port in range(1, 5)])
    assert len(starts(plan.model_copy(update={"reflector": Reflector(host="r")}), KINDS)) == 38
    assert len(starts(plan, KINDS)) == 37


def test_probes_not_in_the_plan_are_not_started() -> None:
    """A plan names the probes it wants."""
    plan = PLAN.model_copy(update={"probes": {"dns": ProbeSettings()}})
    assert {one.probe for one in starts(plan, KINDS)} == {"dns"}


def test_starts_are_spaced() -> None:
    """No two starts within 5 ms by the kernel's clock, 50 ms by the portable one."""
    for clock, spacing in (("kernel", 0.005), ("loop", 0.05)):
        turn = Round(PLAN, starts(PLAN, KINDS), Budget(), clock)  # type: ignore[arg-type] # the two words of Clock
        assert turn.take(100, 0) is not None
        assert turn.take(100 + spacing / 2, 1) is None
        assert turn.wait(100 + spacing / 2) == pytest.approx(spacing / 2)
        assert turn.take(100 + spacing, 1) is not None


def test_at_most_twenty_in_flight() -> None:
    """With twenty in flight nothing starts, however long ago the last start was."""
    turn = Round(PLAN, starts(PLAN, KINDS), Budget(), "kernel")
    assert turn.take(0, IN_FLIGHT) is None
    assert turn.take(0, IN_FLIGHT - 1) is not None


def test_a_round_hands_out_everything_once() -> None:
    """Taken until the end, each start comes once and in order, and then there is nothing to wait for."""
    turn, now, taken = Round(PLAN, starts(PLAN, KINDS), Budget(), "kernel"), 0.0, []
    while (pause := turn.wait(now)) is not None:
        now += pause
        start = turn.take(now, 0)
        assert start is not None
        taken.append(start)
    assert tuple(taken) == starts(PLAN, KINDS)


def test_a_repeat_goes_first_and_only_once() -> None:
    """A changed path is looked at again before all that waits; the repeat itself is never repeated."""
    turn = Round(PLAN, starts(PLAN, KINDS), Budget(), "kernel")
    first = turn.take(0, 0)
    assert first is not None
    turn.repeat(first)
    again = turn.take(1, 0)
    assert again == Start(first.probe, first.target, first.route, repeat=True)
    turn.repeat(again)
    following = turn.take(2, 0)
    assert following is not None
    assert not following.repeat


@given(
    per_hour=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 2000, allow_nan=False), min_size=1, max_size=80),
)
def test_no_hour_ever_has_more_than_the_budget(per_hour: int, gaps: list[float]) -> None:
    """Whatever the cadence and the repeats, any window of an hour holds at most the budget of one probe and target."""
    budget, now, made = Budget(), 0.0, []
    start = starts(PLAN, KINDS)[1]
    for gap in gaps:
        now += gap
        if budget.take(start, per_hour, now):
            made.append(now)
    assert all(sum(moment - 3600 < one <= moment for one in made) <= per_hour for moment in made)


def test_routes_share_a_targets_budget_and_probes_do_not() -> None:
    """Both routes count as requests to the target; another probe has its own budget."""
    budget = Budget()
    direct, system = Start("web", TARGETS[0], DIRECT), Start("web", TARGETS[0], SYSTEM)
    assert budget.take(direct, 2, 0)
    assert budget.take(system, 2, 0)
    assert not budget.take(direct, 2, 3599)
    assert budget.take(Start("dns", TARGETS[0], DIRECT), 2, 0)
    assert budget.take(direct, 2, 3601)
    budget.forget_idle(9000)
    assert budget._made == {}


def test_a_trace_costs_what_it_reaches() -> None:
    """A trace counts as the eight connects with which it may reach its target; a smaller budget allows one trace an hour."""
    budget, start = Budget(), Start("path", TARGETS[0], DIRECT)
    assert [budget.take(start, 20, now) for now in (0, 1, 2, 3601)] == [True, True, False, True]
    assert [Budget().take(start, 5, 0), budget.take(start, 5, 3602)] == [True, False]


def test_a_change_leads_to_the_path() -> None:
    """Whatever changed on a target and route, its path is looked at; not for itself, and not by a proxy, which has none."""
    assert follow_ups(PLAN, KINDS, Start("web", TARGETS[0], DIRECT)) == [Start("path", TARGETS[0], DIRECT)]
    assert follow_ups(PLAN, KINDS, Start("path", TARGETS[0], DIRECT)) == []
    assert follow_ups(PLAN, KINDS, Start("web", TARGETS[0], SYSTEM)) == []
    assert follow_ups(PLAN, KINDS, Start("dns", RESOLVER, DIRECT)) == []


def test_the_default_cadence_fits_the_default_budget() -> None:
    """What the shipped settings make of a slow probe in an hour is within its target's budget, with a repeat of each."""
    for kind, probe in Plan(version=1, targets=TARGETS).probes.items():
        starts_an_hour = 3600 / (probe.every_s or 60)
        assert starts_an_hour * COST.get(kind, 1) * 2 <= probe.requests_per_hour


def test_a_spent_budget_skips_and_counts() -> None:
    """What the budget forbids is left out of the round, and said."""
    plan = PLAN.model_copy(update={"probes": {"web": ProbeSettings(requests_per_hour=1)}, "targets": TARGETS[:1], "reflector": None})
    turn = Round(plan, starts(plan, KINDS), Budget(), "kernel")
    assert turn.take(0, 0) is not None
    assert turn.take(1, 0) is None
    assert (turn.skipped, turn.wait(1)) == (1, None)


def test_a_change_is_a_facts_id_not_seen_lately() -> None:
    """The first id is no change, a known one neither; a new one is; each path has its own memory of eight."""
    memory, start = Memory(), Start("web", TARGETS[0], DIRECT)
    assert not memory.changed(start, "a")
    assert memory.changed(start, "b")
    assert not memory.changed(start, "a")
    assert not memory.changed(Start("web", TARGETS[0], SYSTEM), "c")
    for number in range(7):
        assert memory.changed(start, f"n{number}")
    assert not memory.changed(start, "a")
    assert memory.changed(start, "b")
    memory.keep(set())
    assert not memory.changed(start, "z")


@given(agent=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), cadence=st.floats(5, 86_400), now=st.floats(1.7e9, 2e9))
def test_cycles_keep_their_phase(agent: str, cadence: float, now: float) -> None:
    """The next cycle is later than now, at most a cadence away, and at the agent's own stable phase."""
    phase = phase_s(agent, cadence)
    assert 0 <= phase < cadence
    following = next_cycle(now, cadence, phase)
    assert now < following + 1e-3
    assert following - now <= cadence + 1e-3
    assert abs((following - phase) / cadence - round((following - phase) / cadence)) < 1e-3


def test_phases_spread_over_a_fleet() -> None:
    """Of a thousand agents about a tenth falls into each tenth of the cadence."""
    tenths = [int(phase_s(f"agent-{number}", 60) // 6) for number in range(1000)]
    assert all(70 < tenths.count(tenth) < 130 for tenth in range(10))


def test_each_probe_takes_the_targets_it_fits() -> None:
    """A TCP target has web and its lookup, others their own probe; `hosts` narrows a probe to the targets it names."""
    others = [TARGETS[0].model_copy(update={"protocol": protocol}) for protocol in ("quic", "wss", "turn")]
    plan = PLAN.model_copy(update={"targets": [*TARGETS[:2], *others], "reflector": None, "routes": [DIRECT]})
    tcp = [f"{kind} host{number} direct" for number in range(2) for kind in ("dns", "web", "path")]
    datagrams = ["quic host0 direct"]
    assert paths(plan)[1:] == [*tcp, *datagrams, "websocket host0 direct", "media host0 direct"]
    proxied = plan.model_copy(update={"targets": others, "routes": [DIRECT, SYSTEM]})
    assert paths(proxied)[1:] == [*datagrams, "websocket host0 direct", "websocket host0 system", "media host0 direct"]
    narrow = plan.model_copy(update={"probes": {"web": ProbeSettings(hosts=["host1.example"])}})
    assert paths(narrow) == ["web host1 direct"]


def test_what_looks_again_when_https_changed() -> None:
    """QUIC and WebSocket of every target on the route that changed; nothing after another probe's change, or where the plan has none."""
    targets = [
        TARGETS[0],
        *(TARGETS[1].model_copy(update={"protocol": protocol}) for protocol in ("quic", "wss", "turn")),
    ]
    plan = PLAN.model_copy(update={"targets": targets, "routes": [DIRECT, SYSTEM]})

    def after(probe: Kind, route: Route) -> list[tuple[str, str]]:
        return [(one.probe, one.route.name) for one in beside_https(plan, KINDS, Start(probe, TARGETS[0], route))]

    assert after("web", DIRECT) == [("quic", "direct"), ("websocket", "direct")]
    assert after("web", SYSTEM) == [("websocket", "system")]
    assert after("dns", DIRECT) == []
    plan = plan.model_copy(update={"probes": {"web": ProbeSettings()}})
    assert after("web", DIRECT) == []


def test_only_some_lie_idle() -> None:
    """A WebSocket is left in silence as long as the plan says; no other probe is."""
    plan = PLAN.model_copy(update={"probes": {kind: ProbeSettings(idle_s=7) for kind in KINDS}})
    assert {kind: idle_s(plan, Start(kind, TARGETS[0], DIRECT)) for kind in KINDS} == dict.fromkeys(KINDS, 0.0) | {"websocket": 7.0}


def test_a_slow_probe_is_due_at_its_own_cadence() -> None:
    """Due in the first cycle, then not until its cadence is over, half a cycle early allowed; others are due always."""
    calendar, start = Calendar(), starts(PLAN, KINDS)[0]
    assert [calendar.due(start, 300, 60, now) for now in (0, 60, 240, 275, 300, 580)] == [True, False, False, True, False, True]
    calendar.keep(set())
    assert calendar.due(start, 300, 60, 581)
    assert all(calendar.due(start, 0, 60, now) for now in (581, 582))


def test_hurry_puts_a_start_first() -> None:
    """What must be looked at at once comes next, and only once, whether it was waiting or not."""
    turn = Round(PLAN, starts(PLAN, KINDS), Budget(), "kernel")
    waiting = starts(PLAN, KINDS)
    turn.hurry(waiting[3])
    taken = [turn.take(now, 0) for now in range(len(waiting) + 1)]
    assert taken[0] == waiting[3]
    assert taken.count(waiting[3]) == 1
    assert len([one for one in taken if one]) == len(waiting)


def test_elsewhere_everything_is_due() -> None:
    """On another link a slow probe does not wait for its own cadence."""
    calendar, start = Calendar(), Start("host", TARGETS[0], DIRECT)
    assert calendar.due(start, 600.0, 60.0, 0.0)
    assert not calendar.due(start, 600.0, 60.0, 60.0)
    calendar.forget()
    assert calendar.due(start, 600.0, 60.0, 61.0)


def test_every_reflector_on_every_route() -> None:
    """One that customers' rules treat as Microsoft's stands beside the usual one, under its category."""
    other = Reflector(host="optimize.example", category="Optimize")
    plan = PLAN.model_copy(update={"targets": TARGETS[:1], "reflectors": [other]})
    egress = [one for one in starts(plan, KINDS) if one.probe == "egress"]
    assert [(one.target.host, one.target.category, one.route.name) for one in egress] == [
        ("reflector.example", "Control", "direct"),
        ("reflector.example", "Control", "system"),
        ("optimize.example", "Optimize", "direct"),
        ("optimize.example", "Optimize", "system"),
    ]


def test_never_above_the_budget_however_many_addresses_routes_and_repeats() -> None:
    """Every round wants both routes, and every second one a repeat: an hour of rounds still makes no more requests than the plan allows."""
    plan = PLAN.model_copy(update={"targets": TARGETS[:1], "reflector": None, "probes": {"web": ProbeSettings(requests_per_hour=50)}})
    budget, made = Budget(), 0
    for number in range(120):
        now = number * 30.0
        one = Round(plan, starts(plan, KINDS), budget, "kernel")
        while (wait := one.wait(now)) is not None:
            now += wait
            start = one.take(now, 0)
            made += start is not None
            if start is not None and number % 2:
                one.repeat(start)
    assert made == 50


def test_a_name_is_looked_up_once_for_http_and_https() -> None:
    """The same name on port 80 is no second question."""
    plain = TARGETS[0].model_copy(update={"port": 80, "protocol": "http"})
    plan = PLAN.model_copy(update={"targets": [TARGETS[0], plain], "reflector": None, "routes": [DIRECT]})
    assert [one for one in paths(plan) if one.startswith(("dns", "web"))] == ["dns host0 direct", "web host0 direct", "web host0 direct"]


def test_a_download_has_a_cadence_of_its_own() -> None:
    """The plan's file is read on the direct route, every six hours and not every cycle."""
    plan = PLAN.model_copy(update={"download": Download(host="contoso.sharepoint.com", path="/f", workload="SharePoint")})
    start = starts(plan, KINDS)[-1]
    assert (start.probe, start.target.host, start.target.path, start.route.name) == ("web", "contoso.sharepoint.com", "/f", "direct")
    assert (start.target.workload, start.every_s) == ("SharePoint", 21_600.0)
