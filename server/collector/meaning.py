"""From a complete report to points and runs: resolves facts, asks the judge, and prepares what is the same for equal judgements.

The judge's memo gives the same Judgement object for the same facts; what is made from it (fields, keys, JSON) is made once
and kept with it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.encode import finding_bytes
from judge.finding import Finding, Judgement
from judge.judgement import Judge
from judge.seen import Seen
from server.collector.intake import Item
from server.collector.points import Tags, finding_fields, measured_ns, observation_point, tags_of
from server.collector.runs import Path, Run
from server.history.port import Point, Value
from wire.facts import KnownFacts, RawFacts
from wire.observation import RawObservation

MAX_PREPARED = 20_000
MAX_TAGS = 200_000


@dataclass(slots=True)
class Prepared:
    """One finding of a judgement, ready to become a point and a run."""

    finding: Finding
    target: str
    route: str
    verdict: str
    device_key: str
    fields: dict[str, Value]
    _json: bytes = field(default=b"")

    def json(self) -> bytes:
        """Return the finding as it is stored with the run it opens."""
        if not self._json:
            self._json = finding_bytes(self.finding)
        return self._json

    def run(self, place: str, at_ns: int) -> Run:
        """Return this finding as a run of one round."""
        return Run(Path(place, self.target, self.route), self.verdict, self.device_key, at_ns, at_ns, 1, current=True, finding=self.json())


@dataclass(slots=True)
class Meaning:
    """What one report becomes."""

    item: Item
    site: str
    points: list[Point]
    findings: tuple[Prepared, ...]
    raw: list[dict[str, Any]]


class Interpreter:
    """Turns items into meaning with one judge."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._prepared: OrderedDict[int, tuple[Judgement, tuple[Prepared, ...]]] = OrderedDict()
        self._tags: dict[tuple[str, str, str], Tags] = {}

    def interpret(self, item: Item, site: str, facts: Mapping[str, KnownFacts | RawFacts], certificates: Mapping[str, bytes]) -> Meaning:
        """Return the points of all known observations, then of the findings. `facts` must hold every id the report names."""
        report = item.report
        assert report is not None  # noqa: S101 - poison is not interpreted
        points: list[Point] = []
        seen: list[Seen] = []
        raw: list[dict[str, Any]] = []
        for index, observation in enumerate(report.cycle.observations):
            body = None if isinstance(observation, RawObservation) else facts[observation.facts]
            if isinstance(observation, RawObservation) or body is None or isinstance(body, RawFacts):
                raw.append(observation.data if isinstance(observation, RawObservation) else observation.model_dump(exclude_defaults=True))
                continue
            tags = self._tags_of(site, item.agent, observation.facts, body)
            time_ns = measured_ns(report, observation.at_us, index)
            points.append(observation_point(observation, body, tags, time_ns, report))
            seen.append(Seen(observation.facts, body, observation.__dict__.get("status"), observation.suspect))
        judgement = self._judge.judge(seen, certificates, report.cycle.started_ns)
        findings = self._prepare(judgement)
        at_ns = measured_ns(report, 0, 0)
        for one in findings:
            target = one.finding.target
            tags = (
                ("site", site),
                ("agent", item.agent),
                ("target", one.target),
                ("route", one.route),
                ("workload", target.workload),
                ("category", target.category),
            )
            points.append(Point("finding", tags, one.fields, at_ns))
        return Meaning(item, site, points, findings, raw)

    def _tags_of(self, site: str, agent: str, facts_id: str, facts: KnownFacts) -> Tags:
        key = (site, agent, facts_id)
        tags = self._tags.get(key)
        if tags is None:
            if len(self._tags) > MAX_TAGS:
                self._tags.clear()
            tags = self._tags[key] = tags_of(facts, site, agent)
        return tags

    def _prepare(self, judgement: Judgement) -> tuple[Prepared, ...]:
        known = self._prepared.get(id(judgement))
        if known is not None and known[0] is judgement:
            return known[1]
        prepared = tuple(
            Prepared(one, one.target.name, one.route, one.verdict, one.device_key, finding_fields(one, judgement.knowledge))
            for one in judgement.findings
        )
        self._prepared[id(judgement)] = (judgement, prepared)
        if len(self._prepared) > MAX_PREPARED:
            self._prepared.popitem(last=False)
        return prepared
