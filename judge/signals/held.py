"""Family `held`: a public authority no list knows, on a path where something else is odd too.

Authorities rotate, so an unlisted public issuer alone says nothing; one report cannot tell a rotation from a device that has a public
certificate. It is held: never clean, never a device, until the fleet has seen the chain on unrelated egresses, or has not.
"""

from judge.evidence import note
from judge.examined import Examined
from judge.finding import Evidence
from judge.fusion import chance
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from judge.signals import issuer, path_split, unroutable
from wire.facts import PathFacts


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:
    """Return `held` for each chain of a new public issuer whose connections end at something nearer than the server.

    Of a host whose path was not looked at the other paths of its route speak.
    """
    new = [index for index, one in issuer.signal(examined, knowledge, policy) if one.signal == "new_public_issuer"]
    if not new or not any(isinstance(one.facts, PathFacts) for one in examined.seen):
        return []
    split: dict[tuple[str, str], list[Evidence]] = {}
    for index, one in (*path_split.signal(examined, knowledge, policy), *unroutable.signal(examined, knowledge, policy)):
        facts = examined.seen[index].facts
        split.setdefault((facts.target.host, facts.route), []).append(one)
    ways = {path for path, evidence in split.items() if chance(evidence, knowledge.limits, 1, "spliced") >= knowledge.limits.inspected}
    found = []
    for index in new:
        facts = examined.seen[index].facts
        path = (facts.target.host, facts.route)
        if path in ways or (path not in split and any(route == facts.route for _, route in ways)):
            text = "A public authority no list knows, and something nearer than the server ends the connection: held for the fleet to tell."
            found.append((index, note("held", "held", text)))
    return found
