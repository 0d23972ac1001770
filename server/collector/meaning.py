"""From a complete report to points and runs: resolves facts, asks the judge, and prepares what is the same for equal judgements.

The judge's memo gives the same Judgement object for the same facts; what is made from it (fields, keys, JSON) is made once
and kept with it.
"""

from collections import OrderedDict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.costs import with_costs
from judge.encode import finding_bytes
from judge.finding import Finding, Judgement, name_of
from judge.judgement import Judge
from server.collector.intake import Item
from server.collector.issuers import Issuer, is_news, issuers_seen
from server.collector.points import Label, Tags, cost_fields, finding_fields, label_of, measured_ns, observation_point, tags_of
from server.collector.runs import Path, Run
from server.collector.standing import Seen, seen_of
from server.collector.ways import WayKind, WaySeen, ways_seen
from server.history.port import Point, SharedFields, Value
from wire.facts import KnownFacts, RawFacts
from wire.observation import KnownObservation, RawObservation
from wire.target import DIRECT

MAX_PREPARED = 20_000
MAX_LABELS = 100_000


@dataclass(slots=True)
class Prepared:
    """One finding of a judgement, ready to become a point and a run. `fine`: names of the aspects it found in order."""

    finding: Finding
    label: Label
    verdict: str
    device_key: str
    fields: SharedFields
    fine: tuple[str, ...] = ()
    news: bool = False
    """Whether it met a public authority that no list knows (`issuers.py`)."""
    _json: bytes = field(default=b"")

    def json(self) -> bytes:
        """Return the finding as it is stored with the run it opens."""
        if not self._json:
            self._json = finding_bytes(self.finding)
        return self._json

    def over(self, runs: Container[Path], place: str, at_ns: int) -> list[Run]:
        """Return a clean round for each aspect this finding found in order and of which something was found before.

        An aspect in order has no finding of its own: nothing would end what was lost. Without a former run there is nothing to end.
        """
        paths = [path for name in self.fine if (path := Path(place, name, self.label.route)) in runs]
        return [Run(path, "clean", "", at_ns, at_ns, 1, current=True) for path in paths]

    def run(self, place: str, at_ns: int) -> Run:
        """Return this finding as a run of one round."""
        return Run(
            Path(place, self.label.target, self.label.route),
            self.verdict,
            self.device_key,
            at_ns,
            at_ns,
            1,
            current=True,
            finding=self.json(),
        )


@dataclass(slots=True)
class Meaning:
    """What one report becomes."""

    item: Item
    site: str
    points: list[Point]
    findings: tuple[Prepared, ...]
    raw: list[dict[str, Any]]
    standing: Seen = field(default_factory=Seen)
    ways: Mapping[WayKind, WaySeen] = field(default_factory=dict)
    issuers: tuple[Issuer, ...] = ()


class _Tagger(dict[Label, Tags]):
    """The tags of one report, made when first asked for."""

    def __init__(self, site: str, agent: str) -> None:
        super().__init__()
        self._who = site, agent

    def __missing__(self, label: Label) -> Tags:
        tags = self[label] = tags_of(label, *self._who)
        return tags


class Interpreter:
    """Turns items into meaning with one judge, which may be replaced between two items."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._prepared: OrderedDict[int, tuple[Judgement, tuple[Prepared, ...]]] = OrderedDict()
        self._labels: dict[str, Label] = {}

    @property
    def judge(self) -> Judge:
        """Return the judge in use."""
        return self._judge

    def use(self, judge: Judge) -> None:
        """Use another judge from the next item on. What is stored keeps the version of the knowledge it was judged by."""
        self._judge = judge

    def interpret(self, item: Item, site: str, facts: Mapping[str, KnownFacts | RawFacts], certificates: Mapping[str, bytes]) -> Meaning:
        """Return the points of all known observations, then of the findings. `facts` must hold every id the report names."""
        report = item.report
        assert report is not None  # noqa: S101 - poison is not interpreted
        tags = _Tagger(site, item.agent)
        points: list[Point] = []
        pairs: list[tuple[KnownObservation, KnownFacts]] = []
        raw: list[dict[str, Any]] = []
        for index, observation in enumerate(report.cycle.observations):
            body = None if isinstance(observation, RawObservation) else facts[observation.facts]
            if isinstance(observation, RawObservation) or body is None or isinstance(body, RawFacts):
                raw.append(observation.data if isinstance(observation, RawObservation) else observation.model_dump(exclude_defaults=True))
                continue
            label = self._labels.get(observation.facts) or self._label(observation.facts, body)
            time_ns = measured_ns(report, observation.at_us, index)
            points.append(observation_point(observation, body, tags[label], time_ns, report))
            pairs.append((observation, body))
        findings = self._prepare(self._judge.judge(self._judge.look(pairs), certificates, report.cycle.started_ns))
        at_ns = measured_ns(report, 0, 0)
        points += [Point("finding", tags[one.label], fields, at_ns) for one, fields in self._costed(findings, pairs)]
        return Meaning(
            item, site, points, findings, raw, seen_of(report, pairs), ways_seen(pairs), self._issuers(findings, item, facts, certificates)
        )

    def _issuers(
        self, findings: tuple[Prepared, ...], item: Item, facts: Mapping[str, KnownFacts | RawFacts], certificates: Mapping[str, bytes]
    ) -> tuple[Issuer, ...]:
        """Return the authorities a report met that no list knows: of nearly every report none, which costs one look at each finding."""
        news = [one.finding for one in findings if one.news]
        report = item.report
        if not news or report is None:
            return ()
        ids = {one.facts for one in report.cycle.observations if not isinstance(one, RawObservation)}
        mine = {key: one for key in ids if not isinstance(one := facts[key], RawFacts)}
        return issuers_seen(news, mine, certificates, self._judge.knowledge)

    def _costed(
        self, findings: tuple[Prepared, ...], pairs: list[tuple[KnownObservation, KnownFacts]]
    ) -> Iterator[tuple[Prepared, dict[str, Value]]]:
        """Give each finding its fields, with what it costs where the report has another way beside the direct one: few have."""
        if all(one.label.route == DIRECT.name for one in findings):
            yield from ((one, one.fields) for one in findings)
            return
        costed = with_costs(pairs, [one.finding for one in findings], self._judge.knowledge.assessment)
        yield from ((one, cost_fields(one.fields, cost.impact)) for one, cost in zip(findings, costed, strict=True))

    def _label(self, facts_id: str, facts: KnownFacts) -> Label:
        if len(self._labels) > MAX_LABELS:
            self._labels.clear()
        label = self._labels[facts_id] = label_of(facts.target, facts.route)
        return label

    def _prepare(self, judgement: Judgement) -> tuple[Prepared, ...]:
        known = self._prepared.get(id(judgement))
        if known is not None and known[0] is judgement:
            return known[1]
        prepared = tuple(_prepared(one, judgement.knowledge) for one in judgement.findings)
        self._prepared[id(judgement)] = (judgement, prepared)
        if len(self._prepared) > MAX_PREPARED:
            self._prepared.popitem(last=False)
        return prepared


def _prepared(one: Finding, knowledge: str) -> Prepared:
    label = label_of(one.target, one.route, one.name)
    fine = tuple(name_of(one.target, aspect) for aspect in one.fine)
    return Prepared(one, label, one.verdict, one.device_key, finding_fields(one, knowledge), fine, is_news(one))
