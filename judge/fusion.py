"""Evidence to a verdict: families are capped, then combined as independent chances. Pure arithmetic and rules, no words.

Within a family signals are correlated, so only the strongest for and the strongest against count. Across families the chance that at
least one is right is 1 - (1-a)(1-b)... A product's name alone counts half: a verdict never rests on one name.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from judge.finding import Evidence
from judge.knowledge.model import Limits
from wire.vocabulary import Verdict

_OPEN = frozenset({"clock_suspect", "expired_chain", "name_mismatch", "private_pki", "chain_unchecked", "disputed_chain"})
"""Signals that leave the question open whatever else is said for a clean path."""
_NAME_ALONE = 0.5


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict before policy: `inspected` may yet be sanctioned. `chance_for` and `chance_against` are what it rests on."""

    verdict: Verdict
    confidence: float
    chance_for: float
    chance_against: float


def decide(evidence: Collection[Evidence], *, failed: bool, limits: Limits) -> Decision:
    """Return the verdict of one target on one route. `failed`: its last web observation, or all there is, ended in a failure."""
    names = {one.signal for one in evidence}
    trust_seen = any(one.family == "trust" for one in evidence)
    chance_for, chance_against = chance(evidence, limits, 1), chance(evidence, limits, -1)
    if "clock_suspect" in names:
        return Decision("inconclusive", 0.5, chance_for, chance_against)
    if trust_seen and chance_for >= limits.inspected and chance_for > chance_against:
        return Decision("inspected", chance_for, chance_for, chance_against)
    if "late_agent" in names and not trust_seen:
        return Decision("inconclusive", 0.5, chance_for, chance_against)
    if failed and not (trust_seen and names & _OPEN):
        return Decision("unreachable", 0.9, chance_for, chance_against)
    if chance_against >= limits.clean and chance_for < limits.inspected and not names & _OPEN:
        return Decision("clean", chance_against * (1 - chance_for / 2), chance_for, chance_against)
    return Decision("inconclusive", max(chance_for, chance_against, 0.5), chance_for, chance_against)


def chance(evidence: Iterable[Evidence], limits: Limits, sign: int) -> float:
    """Return the fused chance for (`sign` 1) or against (-1) interception, 0 to 1."""
    strongest: dict[str, float] = {}
    for one in evidence:
        weight = one.weight * sign
        if weight > 0:
            strongest[one.family] = min(max(weight, strongest.get(one.family, 0.0)), limits.family_cap)
    if set(strongest) == {"issuer"}:
        strongest["issuer"] *= _NAME_ALONE
    missed = 1.0
    for weight in strongest.values():
        missed *= 1 - weight
    return round(1 - missed, 4)
