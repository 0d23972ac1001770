"""From one report's samples to what each of its findings costs: pairs the direct way with the other one, target by target. Pure.

Only here do findings depend on times, so it comes after the judge, whose memo must not: the same finding costs other milliseconds each
time. A finding without a comparable sample has no impact. `judge/impact.py` does the arithmetic.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from judge.finding import Finding
from judge.impact import PHASES, Impact, Marks, Phase, Responsibility, Tax, failures_of, impact, points_lost, responsibility, tax_of_pairs
from judge.knowledge.assessment import Assessment
from judge.scores import quantile, score
from wire.facts import PathFacts, WebFacts
from wire.observation import PathObservation, WebObservation
from wire.target import DIRECT
from wire.vocabulary import Workload

_Web = tuple[WebObservation, WebFacts]
_BITS = 8.0
"""Megabits to megabytes a second: what SharePoint's score is made of."""


def with_costs(pairs: Iterable[tuple[Any, Any]], findings: Sequence[Finding], assessment: Assessment) -> tuple[Finding, ...]:
    """Return the findings, those about an answer with what they cost. `pairs`: (observation, facts) of the report, in their order."""
    web: dict[tuple[str, str], list[_Web]] = {}
    hops: dict[str, list[PathObservation]] = {}
    for observation, facts in pairs:
        if isinstance(observation, WebObservation) and isinstance(facts, WebFacts) and not observation.suspect:
            web.setdefault((facts.target.name, facts.route), []).append((observation, facts))
        elif isinstance(observation, PathObservation) and isinstance(facts, PathFacts) and not observation.suspect:
            hops.setdefault(facts.target.name, []).append(observation)
    return tuple(_with_cost(one, web, hops, assessment) for one in findings)


def dearest(findings: Iterable[Finding]) -> str:
    """Return in words what the finding that costs most time costs, with its target and route; nothing where no cost is known."""
    known = [one for one in findings if one.impact is not None and one.impact.text]
    worst = max(known, key=lambda one: one.impact.tax.total_ms if one.impact and one.impact.tax else 0.0, default=None)
    if worst is None or worst.impact is None:
        return ""
    way = "" if worst.route == DIRECT.name else f" by {worst.route}"
    return f"{worst.target.name}{way}: {worst.impact.text}"


def _with_cost(
    finding: Finding, web: Mapping[tuple[str, str], list[_Web]], hops: Mapping[str, list[PathObservation]], assessment: Assessment
) -> Finding:
    if finding.aspect != "path":
        return finding
    here = web.get((finding.target.name, finding.route), [])
    direct = web.get((finding.target.name, DIRECT.name), [])
    cost = _cost(finding, here, direct, hops.get(finding.target.name, []), assessment)
    return replace(finding, impact=cost) if cost is not None else finding


def _cost(
    finding: Finding, here: Sequence[_Web], direct: Sequence[_Web], hops: Sequence[PathObservation], assessment: Assessment
) -> Impact | None:
    if finding.route == DIRECT.name or not direct:
        return impact(split=_split(here, here, None, hops))
    tax = tax_of_pairs([(_times(one), _times(other)) for one, other in zip(_reached(direct), _reached(here), strict=False)])
    failures = failures_of(_failed(here), len(here), _failed(direct), len(direct))
    return impact(tax, _points(finding, direct, here, assessment), failures, _split(direct, here, tax, hops))


def _reached(samples: Sequence[_Web]) -> list[WebObservation]:
    """Return the samples that were answered, in the order they were made."""
    return [observation for observation, facts in samples if facts.failure is None]


def _failed(samples: Sequence[_Web]) -> int:
    return sum(facts.failure is not None for _, facts in samples)


def _times(sample: WebObservation) -> dict[Phase, float | None]:
    return {phase: getattr(sample, phase) for phase in PHASES}


def _points(finding: Finding, direct: Sequence[_Web], here: Sequence[_Web], assessment: Assessment) -> float | None:
    """Return the points this one report's ways differ by. By a proxy the way to the front door is the connect and the proxy's own."""
    workload = finding.target.workload
    if workload not in {"Exchange", "SharePoint"} or finding.target.category != "Optimize":
        return None  # Teams' score is of media, which knows no proxy
    without, with_it = (score(workload, _figures(workload, some), assessment, minimum=1) for some in (direct, here))
    return points_lost(without, with_it)


def _figures(workload: Workload, samples: Sequence[_Web]) -> list[float]:
    """Return what a workload's score is made of: ms to the front door, or megabytes a second of a download."""
    reached = _reached(samples)
    if workload == "SharePoint":
        return [one.throughput_mbps / _BITS for one in reached if one.throughput_mbps is not None]
    return [(one.connect_ms or 0.0) + (one.proxy_ms or 0.0) for one in reached]


def _split(direct: Sequence[_Web], here: Sequence[_Web], tax: Tax | None, hops: Sequence[PathObservation]) -> Responsibility | None:
    """Return whose part the time to the first byte is spent in, or None where no mark divides it."""
    round_trips = [one.connect_ms for one in _reached(direct) if one.connect_ms is not None and one.proxy_ms is None]
    first_bytes = [one.first_byte_ms for one in _reached(here) if one.first_byte_ms is not None]
    microsoft = [one.microsoft_ms for one in hops if one.microsoft_ms is not None]
    server = [one.server_ms for one in _reached(here) if one.server_ms is not None]
    added = dict(tax.phases).get("first_byte_ms") if tax is not None else None
    if not round_trips or not first_bytes:
        return None
    marks = Marks(
        microsoft_ms=quantile(microsoft, 0.5) if microsoft else None,
        added_ms=added,
        server_ms=quantile(server, 0.5) if server else None,
    )
    if marks == Marks():
        return None
    return responsibility(quantile(round_trips, 0.5), quantile(first_bytes, 0.5), marks)
