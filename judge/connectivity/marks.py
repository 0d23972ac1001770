"""Rows of ours: how much goes around proxies and devices, and the scores of the assessment, from this one check."""

from judge.connectivity.front import connect_times, speeds
from judge.connectivity.look import Look
from judge.connectivity.row import Row
from judge.coverage import bypass_coverage
from judge.scores import MediaSample, Score, score, teams_score
from wire.vocabulary import Category

_CATEGORIES: tuple[Category, ...] = ("Optimize", "Allow", "Default")
_PASSING = 60.0
"""Microsoft's words for 60 points are "acceptable": below, users may notice."""


def coverage(look: Look) -> Row:
    """Return by category which share of the hosts looked at nothing stands before."""
    title, rule = "Bypass coverage", "not all Optimize and Allow hosts are reached with nothing in between; Microsoft's guidance"
    shares = bypass_coverage(look.findings)
    told = [f"{category} {share.bypassed} of {share.known}" for category in _CATEGORIES if (share := shares.get(category)) and share.known]
    if not told:
        return Row("coverage", title, "unmeasured", "no host said either way", fails_when=rule)
    short = any(share.bypassed < share.known for category in ("Optimize", "Allow") if (share := shares.get(category)))
    unknown = sum(share.unknown for category in _CATEGORIES if (share := shares.get(category)))
    rest = f"; {unknown} not proven either way" if unknown else ""
    return Row("coverage", title, "attention" if short else "pass", ", ".join(told) + rest, fails_when=rule)


def assessment(look: Look) -> Row:
    """Return the points of each workload that has samples. One check is one moment: Microsoft's figure takes three days."""
    title, rule = "Assessment scores", "under 60 of 100 points; users may notice, in Microsoft's words"
    told = [one for one in scores(look) if one.points is not None]
    if not told:
        return Row("assessment", title, "unmeasured", "no workload has a sample", fails_when=rule)
    low = any(one.points is not None and one.points < _PASSING for one in told)
    value = "; ".join(f"{one.workload} {one.points:g} of 100" for one in told) + ", of this one check"
    return Row("assessment", title, "attention" if low else "pass", value, tuple(one.text for one in told), rule)


def scores(look: Look) -> tuple[Score, ...]:
    """Return the scores of Exchange, SharePoint and Teams, with points where there is at least one sample."""
    known = look.knowledge.assessment
    trains = [
        MediaSample(seen.rtt_ms, seen.jitter_ms, seen.loss_percent)
        for seen, facts in look.media()
        if (facts.ephemeral or facts.audio) and seen.rtt_ms is not None and seen.jitter_ms is not None and seen.loss_percent is not None
    ]
    return (
        score("Exchange", connect_times(look, "Exchange"), known, minimum=1),
        score("SharePoint", speeds(look), known, minimum=1),
        teams_score(trains, known, minimum=1),
    )
