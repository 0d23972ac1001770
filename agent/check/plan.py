"""What `check` measures: the shipped or configured plan first, then every required set of the endpoint list once. Pure.

Two plans, because they want different things: the first has all probes and routes, the second one request to each required name.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from judge.knowledge.endpoints import EndpointSet, Instance
from judge.knowledge.model import Knowledge
from judge.knowledge.targets import targets_for
from wire.plan import Plan, ProbeSettings
from wire.target import DIRECT, Target
from wire.vocabulary import Protocol

STAGE_MS = 5000.0
"""Half the plan's usual limit: a person is waiting."""
REACH_MS = 3000.0
"""For the required names: on a network that swallows packets twelve rounds of twenty must fit into the rest of the minute."""
IDLE_S = 5.0
"""How long `check` leaves a WebSocket idle; `run` waits its full minute."""
_PORTS: tuple[tuple[int, Protocol], ...] = ((443, "https"), (80, "http"))
MOST = 200
"""The cap of `wire.plan.Plan.targets`."""


def hurried(plan: Plan) -> Plan:
    """Return the plan with the patience of a person: shorter stages, every slow probe due now."""
    settings = {}
    for kind, probe in plan.probes.items():
        update: dict[str, float] = {"stage_timeout_ms": min(probe.stage_timeout_ms, STAGE_MS)}
        if "idle_s" in ProbeSettings.model_fields:
            update["idle_s"] = IDLE_S
        settings[kind] = probe.model_copy(update=update)
    return plan.model_copy(update={"probes": settings})


def of_instance(knowledge: Knowledge, instance: Instance) -> Knowledge:
    """Return the knowledge with one of Microsoft's clouds in the place of Worldwide: every look-up then is in its list."""
    rows = tuple(row for row in knowledge.targets if row.instance == instance)
    return replace(knowledge, endpoints=knowledge.instances[instance], representatives=rows)


def chosen(knowledge: Knowledge, plan: Plan, instance: Instance, tenant: str) -> Plan:
    """Return the plan with the targets of an instance and a tenant; the plan itself where neither was asked for. Raises BadTenant."""
    if instance == "Worldwide" and not tenant:
        return plan
    return plan.model_copy(update={"targets": targets_for(knowledge, instance, tenant)})


def required(knowledge: Knowledge, plan: Plan, within: Collection[str] = ()) -> list[Plan]:
    """Return plans that ask every name of every required set once, on 443 and on 80 where the set has it, but for what `plan` asks already.

    A wildcard is asked by the hosts that stand for it; one without such a host is left out, and the row says how many sets were reached.
    `within`: a laboratory's places (`host:port`); when there are any, only those are asked, for the others lead nowhere.
    """
    asked = {target.name for target in plan.targets if target.protocol in {"https", "http"}}
    targets = [
        target for target in dict.fromkeys(_targets(knowledge)) if target.name not in asked and (not within or target.name in within)
    ]
    probes = {"web": ProbeSettings(stage_timeout_ms=REACH_MS)}
    return [
        Plan(version=plan.version, targets=targets[first : first + MOST], routes=[DIRECT], probes=probes)
        for first in range(0, len(targets), MOST)
    ]


def _targets(knowledge: Knowledge) -> Iterator[Target]:
    hosts: dict[str, list[str]] = {}
    for row in knowledge.representatives:
        for pattern in row.stands_for.split(", "):
            hosts.setdefault(pattern, []).append(row.host)
    for one in knowledge.endpoints.sets:
        for url in one.urls if one.required else ():
            for host in hosts.get(url, []) if "*" in url else [url]:
                yield from _both_ports(knowledge, one, host)


def _both_ports(knowledge: Knowledge, one: EndpointSet, host: str) -> Iterator[Target]:
    for port, protocol in _PORTS:
        found = knowledge.endpoints.find(host, port)
        if one.has_port(port) and found is not None:
            yield Target(host=host, port=port, protocol=protocol, endpoint_set=found.id, category=found.category, workload=found.workload)
