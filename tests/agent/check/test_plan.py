"""What a check asks: the plan in a hurry, and every required name once."""

from agent.check.plan import MOST, REACH_MS, STAGE_MS, hurried, required
from agent.planning import default_plan
from judge.knowledge.loader import load_knowledge

KNOWLEDGE = load_knowledge()
PLAN = default_plan()


def test_a_person_is_waiting() -> None:
    """Stages are no longer than a check's; a plan that is in more of a hurry stays so."""
    assert {probe.stage_timeout_ms for probe in hurried(PLAN).probes.values()} == {STAGE_MS}
    slow = PLAN.model_copy(update={"probes": {"web": PLAN.probes["web"].model_copy(update={"stage_timeout_ms": 50.0})}})
    assert hurried(slow).probes["web"].stage_timeout_ms == 50.0


def test_every_required_literal_name_is_asked_once() -> None:
    """On 443 and 80 as its sets have them, never twice, never what the plan asks already, in plans no larger than a plan may be."""
    plans = required(KNOWLEDGE, PLAN)
    asked = [target.name for plan in plans for target in plan.targets]
    whole = {*asked, *(target.name for target in PLAN.targets)}
    assert len(asked) == len(set(asked))
    assert not {target.name for target in PLAN.targets} & set(asked)
    assert all(len(plan.targets) <= MOST and plan.probes["web"].stage_timeout_ms == REACH_MS for plan in plans)
    for one in KNOWLEDGE.endpoints.sets:
        if one.required:
            assert {f"{url}:{port}" for url in one.urls for port in (80, 443) if "*" not in url and one.has_port(port)} <= whole


def test_wildcards_are_asked_by_their_representatives() -> None:
    """Port 80 of a host that stands for a wildcard is asked too; a name in no required set is not."""
    plain = PLAN.model_copy(update={"targets": [target for target in PLAN.targets if target.protocol == "https"]})
    asked = {target.name for plan in required(KNOWLEDGE, plain) for target in plan.targets}
    assert "microsoft.sharepoint.com:80" in asked
    assert not any("*" in name for name in asked)


def test_a_laboratory_asks_only_what_its_map_knows() -> None:
    """With a map to loopback the other names lead nowhere."""
    plans = required(KNOWLEDGE, PLAN, within=["graph.microsoft.com:443", "outlook.office.com:80", "x.example:443"])
    assert {target.name for plan in plans for target in plan.targets} == {"graph.microsoft.com:443", "outlook.office.com:80"}
