"""What plan each agent is to have, and which must therefore be issued: pure functions over what was issued and what holds now.

The same state gives the same plans: a restart, a second watcher or a replay issues nothing twice. Versions only rise, one count for all
agents, so whatever is newest for an agent is also a plan it will take.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from judge.coverage import bypass_names
from judge.knowledge.endpoints import Instance
from judge.knowledge.model import Knowledge
from judge.knowledge.renewal import added_targets, renewed
from judge.knowledge.targets import optimize_prefixes, targets_for
from server.state.plans import ALL, Override
from wire.codec import canonical, content_id
from wire.plan import Plan
from wire.target import DIRECT, SYSTEM, Target

MAX_TARGETS, MAX_PREFIXES, MAX_NAMES = 200, 256, 100
"""As `wire.plan.Plan` takes. Worldwide has 40 Optimize prefixes and 47 names (2026-08): a list that grows past them costs the rest only."""
BUDGET_ROOM = 2
"""Requests of one target in an hour over its rounds: a round may be repeated once (a changed fact makes the agent look again)."""
LONGEST_REASON = 256


@dataclass(frozen=True, slots=True)
class Wish:
    """What the configuration asks of every plan. `template`: a person's plan; None: the instance's default one."""

    instance: Instance
    tenant: str = ""
    cadence_s: float | None = None
    template: Plan | None = None

    @property
    def first(self) -> int:
        """Return the least version to issue: above what the template was written as, which agents may hold by file."""
        return self.template.version + 1 if self.template is not None else 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """One plan to be signed and issued, with its version in it."""

    agent: str
    plan: Plan
    digest: str
    reason: str


def fleet_plan(knowledge: Knowledge, wish: Wish) -> Plan:
    """Return everybody's plan by the endpoint list in use, as version 1."""
    instance, template = wish.instance, wish.template
    prefixes = optimize_prefixes(knowledge, instance)[:MAX_PREFIXES]
    names = bypass_names(knowledge.instances[instance], wish.tenant)[:MAX_NAMES]
    if template is None:
        targets = targets_for(knowledge, instance, wish.tenant)
        plan = Plan(version=1, targets=targets, routes=[DIRECT, SYSTEM], prefixes=prefixes, names=names)
    else:
        kept = [one for target in template.targets if (one := renewed(knowledge, instance, target)) is not None]
        follow = {
            "version": 1,
            "targets": _joined(kept or template.targets, added_targets(knowledge, instance)),
            "prefixes": prefixes if template.prefixes else [],
            "names": names if template.names else [],
        }
        plan = template.model_copy(update=follow)
    return plan if wish.cadence_s is None else _at(plan, wish.cadence_s)


def merged(plan: Plan, overrides: Sequence[Override]) -> Plan:
    """Return a plan with what holds for one agent: the shortest cadence asked for, and all targets, as far as a plan takes them."""
    cadence_s = min([plan.cadence_s, *(one.cadence_s for one in overrides if one.cadence_s)])
    more = [target for one in overrides for target in one.targets]
    return _at(plan.model_copy(update={"targets": _joined(plan.targets, more)}), cadence_s)


def due(
    issued: Mapping[str, tuple[int, str]], plan: Plan, overrides: Sequence[Override], asked: int, first: int, because: str
) -> list[Wanted]:
    """Return what must be issued now, everybody's first. `issued`: (version, digest) by agent, `ALL` for all; `plan` is the fleet's.

    `asked` counts how often a person asked for plans anew: it is part of what a plan is, so each asking makes new versions.
    """
    digest = digest_of(plan, asked)
    version = max([first - 1, *(one for one, _ in issued.values())])
    found: list[Wanted] = []
    fleet_version, fleet_digest = issued.get(ALL, (0, ""))
    if fleet_digest != digest:
        version += 1
        fleet_version = version
        found.append(_wanted(ALL, plan, version, digest, because))
    mine = {
        agent: list(group) for agent, group in groupby(sorted(overrides, key=lambda one: (one.agent, one.reason)), lambda one: one.agent)
    }
    made: dict[tuple[tuple[float, tuple[Target, ...]], ...], tuple[Plan, str]] = {}
    for agent in sorted({*mine, *issued} - {ALL}):
        asks = tuple((one.cadence_s, one.targets) for one in mine.get(agent, []))
        if asks not in made:  # agents of one case ask for the same: 500 of them are one plan to make, not 500 (118 ms, measured)
            own = merged(plan, mine.get(agent, []))
            made[asks] = own, digest_of(own, asked)
        own, own_digest = made[asks]
        own_version, held = issued.get(agent, (0, ""))
        if (held if own_version > fleet_version else digest) != own_digest:
            version += 1
            reason = "; ".join(one.reason for one in mine.get(agent, [])) or "back to the fleet's plan"
            found.append(_wanted(agent, own, version, own_digest, reason))
    return found


def digest_of(plan: Plan, asked: int) -> str:
    """Return the content id of a plan without its version."""
    return content_id(canonical([plan.model_dump(mode="json", exclude={"version"}), asked]))


def _wanted(agent: str, plan: Plan, version: int, digest: str, reason: str) -> Wanted:
    return Wanted(agent, plan.model_copy(update={"version": version}), digest, reason[:LONGEST_REASON])


def _joined(targets: Sequence[Target], more: Sequence[Target]) -> list[Target]:
    by_name = {one.name: one for one in (*more, *targets)}
    order = dict.fromkeys(one.name for one in (*targets, *more))
    return [by_name[name] for name in order][:MAX_TARGETS]


def _at(plan: Plan, cadence_s: float) -> Plan:
    """Return a plan at another cadence, with room for it in the budgets of the probes that run in every cycle."""
    needed = min(3600, math.ceil(BUDGET_ROOM * 3600 / cadence_s))
    probes = {
        kind: one.model_copy(update={"requests_per_hour": max(one.requests_per_hour, needed)}) if one.every_s == 0 else one
        for kind, one in plan.probes.items()
    }
    return plan.model_copy(update={"cadence_s": cadence_s, "probes": probes})
