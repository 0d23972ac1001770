"""What must be issued, over days of changes: versions rise, the same state issues nothing, an override comes and goes."""

from dataclasses import replace
from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st

from judge.knowledge.loader import load_knowledge
from judge.knowledge.renewal import with_list
from judge.knowledge.targets import targets_for
from server.fleet.issuing import Wanted, Wish, due, fleet_plan, merged
from server.state.plans import ALL, Override
from wire.plan import Plan
from wire.target import Target

KNOWLEDGE = load_knowledge()
WISH = Wish("Worldwide")
PLAN = fleet_plan(KNOWLEDGE, WISH)
MORE = Target(host="probe.example", category="Control", workload="Control")
FASTER = Override("a", "case 7", 15.0, (), 0, 100)
Issued = dict[str, tuple[int, str]]


def step(issued: Issued, plan: Plan = PLAN, *overrides: Override, asked: int = 0) -> list[Wanted]:
    """Ask what is due, note it as issued, and hold that then nothing is due."""
    found = due(issued, plan, overrides, asked, 1, "because")
    versions = [one.plan.version for one in found]
    assert versions == list(range(max([0, *(one for one, _ in issued.values())]) + 1, max([0, *versions]) + 1)) or not versions
    issued.update({one.agent: (one.plan.version, one.digest) for one in found})
    assert due(issued, plan, overrides, asked, 1, "because") == []
    return found


def test_the_default_plan() -> None:
    """Without a template it is the instance's, with the tenant's own names; the cadence asked for stands over it, with room in budgets."""
    plan = fleet_plan(KNOWLEDGE, Wish("USGovGCCHigh", "contoso", 30.0))
    assert plan.targets == targets_for(KNOWLEDGE, "USGovGCCHigh", "contoso")
    assert plan.cadence_s == 30.0
    assert plan.probes["web"].requests_per_hour == 240
    assert fleet_plan(KNOWLEDGE, Wish("Worldwide", cadence_s=10.0)).probes["web"].requests_per_hour == 720
    assert fleet_plan(KNOWLEDGE, Wish("Worldwide", cadence_s=10.0)).probes["path"] == PLAN.probes["path"]


def test_a_persons_template_follows_the_list_too() -> None:
    """Its own targets and settings stay, its version is below all issued, and a new Optimize name of the list comes in."""
    template = PLAN.model_copy(update={"version": 7, "targets": [PLAN.targets[0], MORE], "names": [], "cadence_s": 120.0})
    wish = Wish("Worldwide", template=template)
    assert wish.first == 8
    plan = fleet_plan(KNOWLEDGE, wish)
    assert (plan.targets, plan.names, plan.cadence_s) == ([PLAN.targets[0], MORE], [], 120.0)
    assert plan.prefixes == PLAN.prefixes
    sets = list(KNOWLEDGE.endpoints.sets)
    sets[0] = replace(sets[0], urls=(*sets[0].urls, "new.example"))
    newer = with_list(KNOWLEDGE, "Worldwide", type(KNOWLEDGE.endpoints)(sets), "2026090100")
    assert [one.host for one in fleet_plan(newer, wish).targets] == [PLAN.targets[0].host, "probe.example", "new.example"]


def test_a_list_that_grows_past_a_plan() -> None:
    """What does not fit is left out; the plan is one an agent takes."""
    sets = [replace(KNOWLEDGE.endpoints.sets[0], urls=tuple(f"n{number}.example" for number in range(300)))]
    prefixes = tuple(ip_network(f"10.{number // 256}.{number % 256}.0/24") for number in range(300))
    sets += [replace(one, ips=prefixes) if one.id == 31 else one for one in KNOWLEDGE.endpoints.sets[1:]]
    plan = fleet_plan(with_list(KNOWLEDGE, "Worldwide", type(KNOWLEDGE.endpoints)(sets), "2026090100"), WISH)
    assert (len(plan.prefixes), len(plan.names)) == (256, 100)
    assert Plan.model_validate_json(plan.dump()) == plan


def test_an_override_comes_and_goes() -> None:
    """First everybody's plan, then one agent's faster one; changed with the fleet's, and everybody's content again at its end."""
    issued: Issued = {}
    assert [(one.agent, one.plan.version, one.reason) for one in step(issued)] == [(ALL, 1, "because")]
    (own,) = step(issued, PLAN, FASTER)
    assert (own.agent, own.plan.version, own.plan.cadence_s, own.reason) == ("a", 2, 15.0, "case 7")
    slower = PLAN.model_copy(update={"cadence_s": 120.0})
    both = step(issued, slower, FASTER)
    assert [(one.agent, one.plan.version, one.plan.cadence_s) for one in both] == [(ALL, 3, 120.0), ("a", 4, 15.0)]
    (back,) = step(issued, slower)
    assert (back.agent, back.plan.version, back.plan.cadence_s, back.reason) == ("a", 5, 120.0, "back to the fleet's plan")
    assert [one.agent for one in step(issued, PLAN)] == [ALL]
    assert [one.agent for one in step(issued, PLAN, asked=1)] == [ALL]


def test_an_override_that_ends_with_a_change() -> None:
    """The fleet's new plan is newer than the agent's own: one plan for all is enough."""
    issued: Issued = {}
    step(issued, PLAN, FASTER)
    assert [one.agent for one in step(issued, PLAN.model_copy(update={"cadence_s": 120.0}))] == [ALL]


def test_merging() -> None:
    """The shortest cadence of all wins, never a slower one; targets are added once, the override's word on a target holds."""
    slow = replace(FASTER, cadence_s=600.0, targets=(MORE, PLAN.targets[0]))
    plan = merged(PLAN, [FASTER, slow])
    assert plan.cadence_s == 15.0
    assert [one.name for one in plan.targets] == [*(one.name for one in PLAN.targets), MORE.name]
    assert merged(PLAN, [slow]).cadence_s == PLAN.cadence_s
    assert Plan.model_validate_json(plan.dump()) == plan
    assert merged(PLAN, []).targets == PLAN.targets


changes = st.lists(st.tuples(st.sampled_from([60.0, 120.0]), st.sets(st.sampled_from("abc")), st.sampled_from([15.0, 30.0])), max_size=8)


@given(changes)
def test_whatever_happens_each_agent_has_what_it_is_to_do(history: list[tuple[float, set[str], float]]) -> None:
    """After any changes the newest plan of each agent is the fleet's with its overrides, by versions that only rose."""
    issued: Issued = {}
    held: dict[str, Plan] = {}
    for cadence_s, agents, faster in history:
        plan = PLAN.model_copy(update={"cadence_s": cadence_s})
        overrides = [replace(FASTER, agent=agent, cadence_s=faster) for agent in agents]
        for one in step(issued, plan, *overrides):
            for agent in ["a", "b", "c"] if one.agent == ALL else [one.agent]:
                assert one.plan.version > (held[agent].version if agent in held else 0)
                held[agent] = one.plan
        assert {agent: held[agent].cadence_s for agent in held} == {one: faster if one in agents else cadence_s for one in "abc"}
