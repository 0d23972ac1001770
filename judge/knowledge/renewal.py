"""A newer endpoint list in knowledge that is there already: targets, prefixes and names follow it. Pure.

The list comes from Microsoft's web service, so a host that is no longer in it ends no knowledge: its target is left out.
"""

import hashlib
from dataclasses import replace

from judge.knowledge.endpoints import EndpointList, EndpointSet, Instance
from judge.knowledge.model import UDP, Knowledge, Representative
from judge.knowledge.targets import target_of
from wire.target import Target

MAX_ADDED = 20
"""Names that come new into a plan by a list. Microsoft adds a handful a month (2025-07 to 2026-08); a plan holds 200 targets."""
_ADDED = "the endpoint web service, version "
_TAKEN = {"Optimize", "Allow"}


def with_list(knowledge: Knowledge, instance: Instance, listed: EndpointList, version: str) -> Knowledge:
    """Return the knowledge with another list of an instance; `version` is the list's, ten digits.

    Targets keep their place with the set they are in now; those in no set any more are left out; new Optimize and Allow names come in
    before the control. The knowledge's version changes with the list's: judgements by another list are told apart.
    """
    rows = [kept for row in knowledge.targets if (kept := _kept(row, instance, listed)) is not None]
    added = [_row(instance, name, one, version) for name, one in new_names(knowledge.instances[instance], listed)][:MAX_ADDED]
    place = next((index for index, row in enumerate(rows) if row.instance == instance and row.control), len(rows))
    targets = (*rows[:place], *added, *rows[place:])
    digest = hashlib.sha256(f"{knowledge.version} {instance} {version}".encode()).hexdigest()[:8]
    instances = {**knowledge.instances, instance: listed}
    return replace(
        knowledge,
        version=f"{knowledge.as_of}+{digest}",
        endpoints=instances["Worldwide"],
        instances=instances,
        lists={**knowledge.lists, instance: version},
        targets=targets,
        representatives=tuple(row for row in targets if row.instance == "Worldwide" and row.tenant != "needed"),
        operators={},
    )


def new_names(old: EndpointList, new: EndpointList) -> list[tuple[str, EndpointSet]]:
    """Return the exact names of Optimize and Allow on TCP 443 that the old list has neither as they are nor by a pattern."""
    found: dict[str, EndpointSet] = {}
    for one in new.sets:
        for url in one.urls if one.category in _TAKEN and one.has_port(443) else ():
            name = url.lower()
            if "*" not in name and old.find(name) is None:
                found.setdefault(name, one)
    return list(found.items())


def added_targets(knowledge: Knowledge, instance: Instance) -> list[Target]:
    """Return the targets that are there by a newer list only."""
    return [target_of(knowledge, row) for row in knowledge.targets if row.instance == instance and row.origin.startswith(_ADDED)]


def renewed(knowledge: Knowledge, instance: Instance, target: Target) -> Target | None:
    """Return a target as the list in use has it, None when it was in a set and is in none any more; one that never was stays as it is."""
    if target.endpoint_set is None:
        return target
    found = _set_of(knowledge.instances[instance], target.host, target.port, target.protocol, target.endpoint_set)
    if found is None:
        return None
    return target.model_copy(update={"endpoint_set": found.id, "category": found.category, "workload": found.workload})


def _kept(row: Representative, instance: Instance, listed: EndpointList) -> Representative | None:
    if row.instance != instance or row.control:
        return row
    found = _set_of(listed, row.host.replace("{tenant}", "contoso"), row.port, row.protocol, row.endpoint_set)
    return row.model_copy(update={"endpoint_set": found.id}) if found is not None else None


def _set_of(listed: EndpointList, host: str, port: int, protocol: str, endpoint_set: int | None) -> EndpointSet | None:
    """Return the set of a target by name, or for a media relay, whose set lists prefixes only, by id and UDP port."""
    found = listed.find(host, port, udp=protocol in UDP)
    if found is not None or protocol != "turn":
        return found
    media = listed.by_id(endpoint_set)
    return media if media is not None and media.has_port(port, udp=True) and listed.find(host) is not None else None


def _row(instance: Instance, name: str, one: EndpointSet, version: str) -> Representative:
    return Representative(
        instance=instance, host=name, endpoint_set=one.id, stands_for=name, default=True, grade="A", origin=f"{_ADDED}{version}"
    )
