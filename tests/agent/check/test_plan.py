"""What a check asks: the plan in a hurry, and every required name once."""

import pytest

from agent.check.plan import MOST, REACH_MS, STAGE_MS, chosen, hurried, of_instance, required
from agent.cli import INSTANCES
from agent.planning import default_plan
from judge.knowledge.endpoints import Instance
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import BadTenant

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


@pytest.mark.parametrize("instance", INSTANCES)
def test_each_of_microsofts_clouds(instance: Instance) -> None:
    """Targets and required names are those of the chosen cloud's own list; the command line knows the same four."""
    assert set(INSTANCES) == set(KNOWLEDGE.instances)
    knowledge = of_instance(KNOWLEDGE, instance)
    plan = chosen(knowledge, PLAN, instance, "")
    listed = KNOWLEDGE.instances[instance]
    asked = [target for one in [plan, *required(knowledge, plan)] for target in one.targets if target.category != "Control"]
    assert len(asked) > 10
    assert all(listed.by_id(target.endpoint_set) is not None for target in asked)


def test_a_tenants_own_names() -> None:
    """With a tenant its own SharePoint hosts are asked; without one the plan stays as it is; what is no tenant's name is refused."""
    hosts = {target.host for target in chosen(KNOWLEDGE, PLAN, "Worldwide", "Contoso.onmicrosoft.com").targets}
    assert {"contoso.sharepoint.com", "contoso-my.sharepoint.com"} <= hosts
    assert chosen(KNOWLEDGE, PLAN, "Worldwide", "") is PLAN
    with pytest.raises(BadTenant, match="no tenant's name"):
        chosen(KNOWLEDGE, PLAN, "Worldwide", "not a tenant!")
