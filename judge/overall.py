"""One finding for each target and route, for whoever looks at one report as a whole. Pure.

Runs and points keep a target's aspects apart, for they are learned at different paces. In one report they can be taken together: a target
that answers as itself, but whose connection ends at something nearer than the server, is spliced. What was lost beside an answer (HTTP/2,
the version of TLS, the size of segments), and how our own reflector saw a request, is not about the answer and left out here.
"""

from collections.abc import Iterable

from judge.finding import Finding


def overall(findings: Iterable[Finding]) -> list[Finding]:
    """Return the answers' findings in their order, each clean one replaced by its `tcp` finding where that is spliced."""
    listed = list(findings)
    split = {(one.target.name, one.route): one for one in listed if one.aspect == "tcp" and one.verdict == "spliced"}
    return [split.get((one.target.name, one.route), one) if one.verdict == "clean" else one for one in listed if one.aspect == "path"]
