"""Family `key`: one leaf key on hosts of unrelated operators. All minting engines in the laboratory use one key for every host.

Microsoft's own hosts may share a front door and its key: that is no evidence. The control target, which is not Microsoft's, decides.
A certificate that does not cover the host (a portal's) is left out.
"""

from judge.chain import names_cover
from judge.examined import Captured, Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for every observation whose leaf key also serves another operator's host on the same route."""
    groups: dict[tuple[str, str], list[Captured]] = {}
    for one in examined.captured():
        if one.leaf.spki_sha256 and names_cover(one.leaf.names, one.facts.target.host):
            groups.setdefault((one.facts.route, one.leaf.spki_sha256), []).append(one)
    row = knowledge.weights["shared_key"]
    found = []
    for group in groups.values():
        operators: dict[str, set[str]] = {}
        for one in group:
            operator = knowledge.operator_of(one.facts.target.host, one.facts.target.endpoint_set)
            operators.setdefault(operator, set()).add(one.facts.target.host)
        if len(operators) > 1:
            firsts = sorted(min(hosts) for hosts in operators.values())  # one of each: four of Microsoft's would prove nothing
            count = sum(map(len, operators.values()))
            text = f"One certificate key serves {count} hosts of {len(operators)} unrelated operators: {', '.join(firsts[:4])}."
            evidence = Evidence("shared_key", "key", row.weight, row.grade, text, deterministic=True)
            found += [(one.index, evidence) for one in group]
    return found
