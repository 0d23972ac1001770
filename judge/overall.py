"""One finding for each target and route, for whoever looks at one report as a whole. Pure.

Runs and points keep a target's aspects apart, for they are learned at different paces. In one report they can be taken together: a target
that answers as itself, but whose connection ends at something nearer than the server, is spliced. What was lost beside an answer (HTTP/2,
the version of TLS, the size of segments), and how our own reflector saw a request, is not about the answer and left out here.
"""

from collections.abc import Iterable

from judge.finding import Finding
from wire.vocabulary import Verdict

_NOTHING: frozenset[Verdict] = frozenset({"clean", "inconclusive"})


def told(findings: Iterable[Finding]) -> list[Finding]:
    """Return what a person is told of one report: `overall`, and behind it what was found beside the answers; of the rest nothing."""
    listed = list(findings)
    answers = overall(listed)
    beside = [one for one in listed if one.aspect != "path" and one.verdict not in _NOTHING and one.verdict != "spliced"]
    return [*answers, *beside]


def overall(findings: Iterable[Finding]) -> list[Finding]:
    """Return the answers' findings in their order, each clean one replaced by its `tcp` finding where that is spliced."""
    listed = list(findings)
    split = {(one.target.name, one.route): one for one in listed if one.aspect == "tcp" and one.verdict == "spliced"}
    return [split.get((one.target.name, one.route), one) if one.verdict == "clean" else one for one in listed if one.aspect == "path"]
