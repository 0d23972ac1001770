"""Meaning: a report becomes its points and findings, and what is equal is made once."""

from dataclasses import replace
from typing import Any, cast

import pytest

from judge.finding import Judgement
from judge.knowledge.loader import load_knowledge
from server.collector import meaning as module
from server.collector.intake import Item, Terms, take
from server.collector.meaning import Interpreter
from server.ingest.port import Arrival
from tests.fakes.judge import FakeJudge
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from wire.codec import read_facts
from wire.facts import WebFacts
from wire.observation import WebObservation


class OneJudgement(FakeJudge):
    """A judge that remembers, as the real one does: equal facts give the same object."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[str, ...], Judgement] = {}
        self.forget = False

    def judge(self, seen: Any, certificates: Any, at_ns: int) -> Judgement:
        """Return the judgement of before, unless told to forget."""
        key = tuple(one.facts_id for one in seen)
        if self.forget or key not in self.known:
            self.known[key] = super().judge(seen, certificates, at_ns)
        return self.known[key]


def item(agent: Agent, **options: Any) -> Item:
    """Return an agent's next report as intake gives it."""
    taken = take(Arrival(*agent.report(START_NS, **options), START_NS), Terms(), START_NS + 3600 * SECOND)
    assert isinstance(taken, Item)
    return taken


def interpret(interpreter: Interpreter, agent: Agent, site: str = "Porto", **options: Any) -> module.Meaning:
    """Return what an agent's next report means."""
    one = item(agent, **options)
    return interpreter.interpret(one, site, {key: read_facts(body) for key, body in agent.bodies.items()}, agent.certificates)


def interpreter(judge: FakeJudge | None = None) -> Interpreter:
    """Return an interpreter over a fake judge."""
    return Interpreter(cast("Any", judge or FakeJudge()))


def test_points_of_observations_then_of_findings() -> None:
    """Each observation at its own time, each finding at the cycle's, all with the site given."""
    meaning = interpret(interpreter(), Agent())
    kinds = [point.measurement for point in meaning.points]
    assert kinds == ["web", "dns"] * len(TARGETS) + ["egress"] + ["finding"] * len(TARGETS)
    assert [point.time_ns % 1000 for point in meaning.points[:25]] == list(range(25))
    assert {point.time_ns for point in meaning.points[25:]} == {START_NS}
    assert {dict(point.tags)["site"] for point in meaning.points} == {"Porto"}
    assert len({(point.measurement, point.tags, point.time_ns) for point in meaning.points}) == len(kinds)


def test_what_a_finding_costs() -> None:
    """A report with another way beside the direct one stores what that way costs; without one the shared fields are stored as they are."""

    class TwoWays(FakeJudge):
        """Finds the first target by both ways."""

        knowledge = load_knowledge()

        def judge(self, seen: Any, certificates: Any, at_ns: int) -> Judgement:
            """Return one finding for each way."""
            one = super().judge(seen, certificates, at_ns).findings[0]
            return Judgement((one, replace(one, route="system", verdict="proxied")), "k", "none")

    agent = Agent()
    one = item(agent)
    assert one.report is not None
    facts = WebFacts(target=TARGETS[0], route="system")
    other = WebObservation(kind="web", facts="S" * 22, at_us=9, connect_ms=1.0, tls_ms=50.0, first_byte_ms=30.0, total_ms=100.0)
    cycle = one.report.cycle.model_copy(update={"observations": [*one.report.cycle.observations, other]})
    both = replace(one, report=one.report.model_copy(update={"cycle": cycle}))
    known = {**{key: read_facts(body) for key, body in agent.bodies.items()}, "S" * 22: facts}
    direct, system = interpreter(TwoWays()).interpret(both, "Porto", known, agent.certificates).points[-2:]
    assert "tax_ms" not in direct.fields
    web = next(point for point in interpret(interpreter(), Agent()).points if point.measurement == "web")
    assert system.fields["tax_ms"] == pytest.approx(100.0 - float(web.fields["total_ms"]))
    assert system.fields["tax_tls_ms"] == pytest.approx(50.0 - float(web.fields["tls_ms"]))
    assert system.fields["verdict"] == "proxied"


def test_the_same_report_means_the_same_again() -> None:
    """Another collector, or this one after a crash, makes the same points: rows are never doubled."""
    one, other = Agent(), Agent()
    assert interpret(interpreter(), one).points == interpret(interpreter(), other).points


def test_what_a_judgement_becomes_is_made_once() -> None:
    """Equal facts, minutes apart and from two agents: the same prepared findings, fields and JSON; a new judgement makes new ones."""
    judge = OneJudgement()
    same = interpreter(judge)
    first, second = interpret(same, Agent()), interpret(same, Agent("agent-02", "0" * 31 + "2"))
    assert all(one is other for one, other in zip(first.findings, second.findings, strict=True))
    assert first.findings[0].json() is second.findings[0].json()
    judge.forget = True
    third = interpret(same, Agent())
    assert third.findings[0] is not first.findings[0]
    assert third.findings[0].json() == first.findings[0].json()


def test_a_site_is_part_of_the_tags_kept() -> None:
    """The same agent and facts at another site: other tags."""
    same, agent = interpreter(), Agent()
    assert {dict(point.tags)["site"] for point in interpret(same, agent, "Porto").points} == {"Porto"}
    assert {dict(point.tags)["site"] for point in interpret(same, agent, "Lyon").points} == {"Lyon"}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepared judgements and tags never outgrow their bounds, and losing them changes nothing."""
    monkeypatch.setattr(module, "MAX_PREPARED", 2)
    monkeypatch.setattr(module, "MAX_LABELS", 30)
    small, judge = interpreter(), FakeJudge()
    judge.memo_hits = 0
    points = [interpret(small, Agent()).points for _ in range(6)]
    assert all(one == points[0] for one in points)
    for number in range(5):
        interpret(small, Agent(f"agent-{number}", f"{number:032x}"))
    assert len(small._prepared) <= 2
    assert len(small._labels) <= 30 + 25


def test_unknown_kinds_are_set_aside() -> None:
    """An observation of a kind, or with facts of a kind, this version does not know: raw, no point, and no index taken from the others."""
    agent = Agent()
    topic, payload = agent.report(START_NS, compress=False)
    payload = payload.replace(b'"kind":"dns","facts"', b'"kind":"smell","facts"', 1)
    taken = take(Arrival(topic, payload, START_NS), Terms(), START_NS + 3600 * SECOND)
    assert isinstance(taken, Item)
    meaning = interpreter().interpret(taken, "Porto", {key: read_facts(body) for key, body in agent.bodies.items()}, {})
    assert [one["kind"] for one in meaning.raw] == ["smell"]
    assert [point.time_ns % 1000 for point in meaning.points[:24]] == [0, *range(2, 25)]
    odd = {key: read_facts(b'{"kind":"odour"}') for key in agent.bodies}
    meaning = interpreter().interpret(item(Agent()), "Porto", odd, {})
    assert (meaning.points, meaning.findings, len(meaning.raw)) == ([], (), 25)


def test_a_finding_as_a_run() -> None:
    """One round of its path at its time, with the finding's JSON."""
    meaning = interpret(interpreter(), Agent())
    run = meaning.findings[0].run("Porto", 77)
    assert (run.path.place, run.path.target, run.verdict, run.first_ns, run.last_ns, run.rounds) == (
        "Porto",
        TARGETS[0].name,
        "clean",
        77,
        77,
        1,
    )
    assert run.finding.startswith(b"{")
