"""Family `sct` again: what else a minted leaf lacks (AIA, policies), and whose way of making leaves it is.

It adds nothing to missing timestamps but stands in where a device copies them: engines of the laboratory copied neither.

Only of chains that public roots do not accept; dates are left out, they follow the public rules and drift.
"""

from judge.evidence import weighed
from judge.examined import Captured, Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.knowledge.products import match_engine
from judge.policy import Policy

_PUBLIC = ("AIA", "policies")


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return what the shape of a leaf says."""
    found: list[tuple[int, Evidence]] = []
    for one in examined.captured():
        private_pki = knowledge.has_rule(one.facts.target.host, "private_pki")
        if one.centre not in {"trusted", "name"} and "extensions" not in one.leaf.unreadable and not private_pki:
            found += [(one.index, evidence) for evidence in _shape(one, knowledge)]
    return found


def _shape(one: Captured, knowledge: Knowledge) -> list[Evidence]:
    found = []
    if not any(extension in one.leaf.extensions for extension in _PUBLIC):
        text = "The certificate says neither where its issuer's certificate is nor under which policy it was issued, as public ones do."
        found.append(weighed(knowledge, "bare_leaf", "sct", text))
    engine = match_engine(knowledge.engines, one.leaf)
    if engine is not None:
        weight = knowledge.product_weights["engine"]
        text = f"The certificate is made the way {engine.possible} makes them."
        found.append(Evidence("known_engine", "sct", weight, engine.grade, text))
    return found
