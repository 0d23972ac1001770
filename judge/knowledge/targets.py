"""The targets of a plan, from the representative hosts and the endpoint list of an instance; a tenant's own names filled in."""

import re

from judge.knowledge.endpoints import EndpointSet, Instance
from judge.knowledge.model import UDP, Knowledge, Representative
from wire.target import Target
from wire.vocabulary import Protocol

_TENANT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A tenant's initial name, the part before `.onmicrosoft.com`, is one DNS label."""


class BadTenant(Exception):  # noqa: N818 - an outcome, named as the outcome
    """This is no tenant's name. The text says what to write."""


def default_targets(knowledge: Knowledge) -> list[Target]:
    """Return the default targets of Worldwide in the order they are probed: Optimize, Allow, sets 184 and 193, Default, one control."""
    return targets_for(knowledge, "Worldwide")


def optimize_prefixes(knowledge: Knowledge, instance: Instance = "Worldwide") -> list[str]:
    """Return the prefixes of the Optimize category, IPv4 and IPv6: what a VPN is to leave alone (Microsoft 365 VPN split tunnelling)."""
    found = [str(prefix) for one in knowledge.instances[instance].sets if one.category == "Optimize" for prefix in one.ips]
    return list(dict.fromkeys(found))


def targets_for(knowledge: Knowledge, instance: Instance, tenant: str = "", *, every: bool = False) -> list[Target]:
    """Return the targets of an instance in the order they are probed; `every`: also those that are in no default plan. Raises BadTenant."""
    name = tenant_label(tenant) if tenant else ""
    left_out = "unless" if name else "needed"
    rows = [row for row in knowledge.targets if row.instance == instance and row.tenant != left_out and (row.default or every)]
    return [target_of(knowledge, row, name) for row in rows]


def tenant_label(tenant: str) -> str:
    """Return the tenant's label of `contoso`, `Contoso.onmicrosoft.com` or `contoso.sharepoint.com`. Raises BadTenant."""
    label = tenant.strip().lower().partition(".")[0]
    if not _TENANT.fullmatch(label):
        raise BadTenant(f"{tenant!r} is no tenant's name; write the part before .onmicrosoft.com, as contoso")
    return label


def target_of(knowledge: Knowledge, row: Representative, tenant: str = "") -> Target:
    """Return the target of one representative host; category and workload follow from host, port and protocol."""
    host = row.host.replace("{tenant}", tenant)
    if row.control:
        return _target(host, row.port, row.protocol, row.path, None)
    listed = knowledge.instances[row.instance]
    found = listed.find(host, row.port, udp=row.protocol in UDP) or listed.by_id(row.endpoint_set)
    return _target(host, row.port, row.protocol, row.path, found)


def target_for(knowledge: Knowledge, host: str, port: int = 443, path: str = "/", protocol: Protocol = "https") -> Target:
    """Return the target of any host, by Worldwide's list; one that is in no endpoint set is a control."""
    return _target(host, port, protocol, path, knowledge.endpoints.find(host, port, udp=protocol in UDP))


def _target(host: str, port: int, protocol: Protocol, path: str, found: EndpointSet | None) -> Target:
    if found is None:
        return Target(host=host, port=port, protocol=protocol, path=path, category="Control", workload="Control")
    return Target(
        host=host,
        port=port,
        protocol=protocol,
        path=path,
        endpoint_set=found.id,
        category=found.category,
        workload=found.workload,
    )
