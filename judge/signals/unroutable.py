"""Family `unroutable`: was a connection to an address nobody owns accepted? Every splitter of the laboratory accepts before it dials.

It says that something on this way answers for any address; whether also for this target, the target's own path says. Where that shows no
sign, the evidence is weaker: a device may leave Microsoft's addresses alone.
"""

from judge.evidence import weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from judge.signals import path_split
from wire.facts import PathFacts


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each path observation with the trial made."""
    found = []
    for index, seen in enumerate(examined.seen):
        facts = seen.facts
        if not isinstance(facts, PathFacts) or not facts.unroutable:
            continue
        if facts.unroutable != "accepted":
            if path_split.answered_by_another(examined, index):
                continue  # who answers for some hosts need not answer for nobody's
            found.append((index, weighed(knowledge, "unroutable_silent", "unroutable", "An address nobody owns accepts no connection.")))
        elif _whole_way(facts, seen.words):
            text = "Something on the way accepts connections for an address nobody owns, but this target's own path shows no sign of it."
            found.append((index, weighed(knowledge, "unroutable_elsewhere", "unroutable", text)))
        else:
            text = "A connection to an address nobody owns was accepted: something on the way answers before it dials."
            found.append((index, weighed(knowledge, "unroutable_accepted", "unroutable", text, deterministic=True)))
    return found


def _whole_way(facts: PathFacts, words: tuple[str, ...]) -> bool:
    """Return whether the target's own connection was seen to go as far as its control port, or to take as long."""
    if any(word.startswith("quick-") for word in words):
        return False
    alike = facts.ends_at is not None and facts.ends_at == facts.control_ends_at
    return alike or any(word.startswith("even-") for word in words)
