"""The default targets of a plan, from the representative hosts and the endpoint list."""

from judge.knowledge.model import Knowledge, Representative
from wire.target import Target


def default_targets(knowledge: Knowledge) -> list[Target]:
    """Return about a dozen targets in the order they are probed: Optimize, Allow, sets 184 and 193, Default, then one control."""
    return [target_of(knowledge, row) for row in knowledge.representatives if row.default]


def optimize_prefixes(knowledge: Knowledge) -> list[str]:
    """Return the prefixes of the Optimize category, IPv4 and IPv6: what a VPN is to leave alone (Microsoft 365 VPN split tunnelling)."""
    found = [str(prefix) for one in knowledge.endpoints.sets if one.category == "Optimize" for prefix in one.ips]
    return list(dict.fromkeys(found))


def target_of(knowledge: Knowledge, row: Representative) -> Target:
    """Return the target of one representative host; category and workload follow from host and port."""
    if row.control:
        return Target(host=row.host, port=row.port, path=row.path, category="Control", workload="Control")
    return target_for(knowledge, row.host, row.port, row.path)


def target_for(knowledge: Knowledge, host: str, port: int = 443, path: str = "/") -> Target:
    """Return the target of any host; one that is in no endpoint set is a control."""
    found = knowledge.endpoints.find(host, port)
    if found is None:
        return Target(host=host, port=port, path=path, category="Control", workload="Control")
    return Target(host=host, port=port, path=path, endpoint_set=found.id, category=found.category, workload=found.workload)
