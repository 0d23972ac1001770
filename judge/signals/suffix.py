"""Family `suffix`: is a host led to itself with a broker's suffix behind it? So Defender for Cloud Apps' session control works.

Its certificates are public and its answer comes from Microsoft's own host, so nothing else shows it.
"""

from judge.evidence import weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.knowledge.signatures import proxy_names
from judge.policy import Policy
from wire.facts import WebFacts


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each answer, and each probed host, that carries a known suffix."""
    found = []
    for index, seen in enumerate(examined.seen):
        if not isinstance(seen.facts, WebFacts):
            continue
        for host in (seen.facts.headers.get("location", ""), seen.facts.target.host):
            mark = next(iter(proxy_names(knowledge.proxy_names, "suffix", host)), None) if host else None
            if mark is not None:
                product = knowledge.product(mark.product)
                text = f"{host} carries the suffix of {product.product if product else 'a broker'}."
                found.append((index, weighed(knowledge, "broker_suffix", "suffix", text, product=mark.product or "")))
                break
    return found
