"""Family `sct`: does the leaf carry signed certificate timestamps (RFC 6962)? No minting engine in the laboratory copied them.

Timestamps delivered in the TLS extension are not seen, and Microsoft's private PKI has none: absence supports, it does not decide.
"""

from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each leaf whose extensions can be read."""
    found = []
    for one in examined.captured():
        count = one.leaf.sct_count
        if count is None or knowledge.has_rule(one.facts.target.host, "private_pki"):
            continue
        name = "sct_present" if count else "no_sct"
        text = (
            f"The certificate carries {count} log timestamps." if count else "The certificate carries no log timestamps, as public ones do."
        )
        row = knowledge.weights[name]
        found.append((one.index, Evidence(name, "sct", row.weight, row.grade, text)))
    return found
