"""Family `resolver`: did an address that is no resolver answer a lookup? Then port 53 is taken over on the way.

Whoever takes it over may answer as everybody does; so it is a doubt about every lookup of the report and no verdict (a DNS difference never
is one). Where answers lead, `destination` says.
"""

from judge.evidence import weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import DnsFacts


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return the doubt for each lookup, when any of the report was answered by nobody."""
    lookups = [(index, seen.facts) for index, seen in enumerate(examined.seen) if isinstance(seen.facts, DnsFacts)]
    if not any(facts.answered_by_nobody for _, facts in lookups):
        return []
    text = "Lookups are answered by whoever stands on the way: one sent to an address that is no resolver was answered."
    return [(index, weighed(knowledge, "lookups_taken_over", "resolver", text, deterministic=True)) for index, _ in lookups]
