"""Evidence to a verdict: families are capped, then combined as independent chances. Pure arithmetic and rules, no words.

Each family answers one question (`QUESTION`): is the traffic decrypted, split, sent elsewhere, ...? Within a family signals are
correlated, so only the strongest for and the strongest against count. Across families the chance that at least one is right is
1 - (1-a)(1-b)... A product's name alone counts half: a verdict never rests on one name.

The verdict is that of the first row of `ORDER` that holds:

| verdict | holds when | why it stands there |
| --- | --- | --- |
| inconclusive | the clock is in doubt | then every certificate looks wrong |
| captive | a portal answers | its certificate and redirects are the portal's, for every host alike |
| blocked | a block page, a refusing proxy | the page may come with a minted certificate; users meet the block |
| inspected | more for than against, and a chain was seen | |
| redirected | the name leads where Microsoft is not | told before a failure: that is why nothing answers |
| blocked | a service cut off while others get through | who decrypts also decides what gets through |
| inconclusive | the agent was late and no chain was seen | |
| unreachable | it failed, and no chain leaves the question open | |
| altered | the request or the protocol arrived changed | |
| proxied | an explicit or self-identified proxy carries it | |
| spliced | more for than against: something nearer than the server ends the TCP connection | least of what can be said of a device |
| inconclusive | a new public authority and any doubt of another family | held: only the fleet can tell a rotation from a device |
| clean | enough against, nothing open | |
| inconclusive | otherwise | |
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from judge.finding import Evidence
from judge.knowledge.model import Limits
from wire.vocabulary import Verdict

Question = Verdict | Literal["cut off"]
"""What a family speaks for. `cut off` is `blocked` too, but only after decryption: who decrypts also decides what gets through."""

QUESTION: Final[Mapping[str, Question]] = {
    "trust": "inspected",
    "sct": "inspected",
    "key": "inspected",
    "issuer": "inspected",
    "portal": "captive",
    "page": "blocked",
    "refusal": "blocked",
    "silence": "cut off",
    "destination": "redirected",
    "resolver": "redirected",
    "rewriting": "altered",
    "protocol": "altered",
    "segments": "altered",
    "explicit": "proxied",
    "token": "proxied",
    "suffix": "proxied",
    "egress": "proxied",
    "tunnel": "proxied",
    "hops": "spliced",
    "timing": "spliced",
    "unroutable": "spliced",
}
"""Family to the verdict it speaks for. A family that is not here is a note and decides nothing."""

_OPEN = frozenset({"clock_suspect", "expired_chain", "name_mismatch", "private_pki", "chain_unchecked", "disputed_chain", "websocket_cut"})
"""Signals that leave the question open whatever else is said for a clean path."""
_NAME_ALONE = 0.5


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict before policy: `inspected` may yet be sanctioned. `chance_for` and `chance_against` are what it rests on."""

    verdict: Verdict
    confidence: float
    chance_for: float
    chance_against: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the rows of `ORDER` look at: the chance of each verdict, what speaks against, and the circumstances."""

    yes: Mapping[Question, float]
    against: float
    names: frozenset[str]
    trust_seen: bool
    failed: bool
    limits: Limits

    def says(self, verdict: Question) -> bool:
        """Return whether the evidence for an answer is enough."""
        return self.yes.get(verdict, 0.0) >= self.limits.inspected

    @property
    def doubted(self) -> bool:
        """Return whether anything of another family than the chain's speaks for a device, though not enough."""
        return any(chance > 0 for verdict, chance in self.yes.items() if verdict != "inspected")


Row = tuple[Verdict, Callable[[Weighed], float]]
"""A verdict, and its confidence where it holds, else 0."""


def _if(holds: object, confidence: float) -> float:
    return confidence if holds else 0.0


ORDER: Final[tuple[Row, ...]] = (
    ("inconclusive", lambda w: _if("clock_suspect" in w.names, 0.5)),
    ("captive", lambda w: _if(w.says("captive"), w.yes.get("captive", 0.0))),
    ("blocked", lambda w: _if(w.says("blocked"), w.yes.get("blocked", 0.0))),
    (
        "inspected",
        lambda w: _if(w.trust_seen and w.says("inspected") and w.yes["inspected"] > w.against, w.yes.get("inspected", 0.0)),
    ),
    ("redirected", lambda w: _if(w.says("redirected"), w.yes.get("redirected", 0.0))),
    ("blocked", lambda w: _if(w.says("cut off"), w.yes.get("cut off", 0.0))),
    ("inconclusive", lambda w: _if("late_agent" in w.names and not w.trust_seen, 0.5)),
    ("unreachable", lambda w: _if(w.failed and not (w.trust_seen and w.names & _OPEN), 0.9)),
    ("altered", lambda w: _if(w.says("altered"), w.yes.get("altered", 0.0))),
    ("proxied", lambda w: _if(w.says("proxied"), w.yes.get("proxied", 0.0))),
    ("spliced", lambda w: _if(w.says("spliced") and w.yes["spliced"] > w.against, w.yes.get("spliced", 0.0))),
    ("inconclusive", lambda w: _if("held" in w.names or ("new_public_issuer" in w.names and w.doubted), 0.5)),
    (
        "clean",
        lambda w: _if(
            w.against >= w.limits.clean and not w.says("inspected") and not w.says("spliced") and not w.names & _OPEN,
            w.against * (1 - w.yes.get("inspected", 0.0) / 2),
        ),
    ),
    ("inconclusive", lambda w: max(w.yes.get("inspected", 0.0), w.against, 0.5)),
)


def decide(evidence: Collection[Evidence], *, failed: bool, limits: Limits) -> Decision:
    """Return the verdict of one target on one route. `failed`: its last answer, or all there is, ended in a failure."""
    yes = {verdict: chance(evidence, limits, 1, verdict) for verdict in dict.fromkeys(QUESTION.values())}
    against = chance(evidence, limits, -1)
    names = frozenset(one.signal for one in evidence)
    weighed = Weighed(yes, against, names, any(one.family == "trust" for one in evidence), failed, limits)
    verdict, confidence = next((verdict, found) for verdict, row in ORDER if (found := row(weighed)) > 0)
    return Decision(verdict, confidence, yes.get(verdict, yes["inspected"]), against)


def chance(evidence: Iterable[Evidence], limits: Limits, sign: int, verdict: Question = "inspected") -> float:
    """Return the fused chance for (`sign` 1) a verdict, or against any device (-1), 0 to 1."""
    strongest: dict[str, float] = {}
    for one in evidence:
        weight = one.weight * sign
        if weight > 0 and (sign < 0 or QUESTION.get(one.family) == verdict):
            strongest[one.family] = min(max(weight, strongest.get(one.family, 0.0)), limits.family_cap)
    if set(strongest) == {"issuer"}:
        strongest["issuer"] *= _NAME_ALONE
    missed = 1.0
    for weight in strongest.values():
        missed *= 1 - weight
    return round(1 - missed, 4)
