"""Holds judge/judgement.py: grouping, memory, and that a judgement depends on nothing but what it is given."""

from dataclasses import replace

from judge.chain import Roots
from judge.judgement import TOPICS, Judge
from judge.knowledge.loader import load_knowledge
from judge.policy import parse_policy
from judge.seen import Seen
from tests.fakes.pki import NOW
from tests.fakes.situation import CONTROL, LOGIN, OUTLOOK, ROOT, Situation
from tests.fakes.situations import CONTOSO, own
from wire.facts import EgressFacts, MediaFacts, QuicFacts, WebFacts
from wire.target import Target
from wire.vocabulary import VERDICTS

KNOWLEDGE = replace(load_knowledge(), roots=Roots([ROOT.der]))
AT = int(NOW.timestamp()) * 10**9
DAY = 86_400 * 10**9


def seen_of(situation: Situation) -> list[Seen]:
    """Return what the judge sees of a situation."""
    return [Seen(str(one["facts"]), situation.facts[str(one["facts"])], 200) for one in situation.observations]


def situation() -> Situation:
    """Return a clean host seen by both probes, and an inspected sign-in."""
    made = Situation("x", "x", os=[CONTOSO])
    made.resolves(OUTLOOK).sees(OUTLOOK, own(OUTLOOK)).sees(LOGIN, [CONTOSO.leaf(LOGIN), CONTOSO.der])
    return made.sees(CONTROL, own(CONTROL))


def test_one_finding_for_each_target_and_route() -> None:
    """Web and dns evidence of one target and route make one finding, which names both facts; a silent reflector makes none."""
    made = situation()
    reflector = Target(host="reflector.example", category="Control", workload="Control")
    seen = [*seen_of(made), Seen("E" * 22, EgressFacts(target=reflector, failure="timeout", stage="connect"))]
    judgement = Judge(KNOWLEDGE).judge(seen, made.certificates, AT)
    assert [(one.target.host, one.route, one.verdict) for one in judgement.findings] == [
        (OUTLOOK, "direct", "clean"),
        (LOGIN, "direct", "inspected"),
        (CONTROL, "direct", "clean"),
    ]
    assert len(judgement.findings[0].facts) == 2
    assert judgement.knowledge == KNOWLEDGE.version


def test_memory_gives_the_same_judgement_for_the_day() -> None:
    """An equal report of the same day is answered from memory; another day, status, suspicion or word is judged anew."""
    judge, made = Judge(KNOWLEDGE), situation()
    seen = seen_of(made)
    first = judge.judge(seen, made.certificates, AT)
    assert judge.judge(seen_of(made), {}, AT + 1) is first
    assert (judge.memo_hits, judge.memo_misses) == (1, 1)
    assert judge.judge(seen, made.certificates, AT + DAY).findings == first.findings
    judge.judge([replace(seen[0], status=503), *seen[1:]], made.certificates, AT)
    judge.judge([replace(seen[0], suspect=True), *seen[1:]], made.certificates, AT)
    judge.judge([replace(seen[0], words=("to-private",)), *seen[1:]], made.certificates, AT)
    assert (judge.memo_hits, judge.memo_misses) == (1, 5)


def test_memory_is_bounded_and_changes_nothing() -> None:
    """A judge that remembers one report judges a stream of different ones as one that remembers all."""
    made = situation()
    small, large = Judge(KNOWLEDGE, memo_size=1), Judge(KNOWLEDGE)
    for step in range(6):
        seen = seen_of(made)[step % 3 :]
        assert small.judge(seen, made.certificates, AT + step * DAY) == large.judge(seen, made.certificates, AT + step * DAY)


def test_missing_certificates_are_not_remembered() -> None:
    """A chain without its certificates is left open, and judged again when they are there."""
    judge, made = Judge(KNOWLEDGE), situation()
    seen = seen_of(made)
    open_question = judge.judge(seen, {}, AT)
    assert {one.verdict for one in open_question.findings} == {"inconclusive"}
    assert judge.judge(seen, made.certificates, AT).findings[0].verdict == "clean"


def test_policy_is_part_of_the_judgement() -> None:
    """The same report under tenant restrictions is sanctioned, and says by which policy."""
    made = situation()
    policy = parse_policy({"tenant_restrictions": True})
    judgement = Judge(KNOWLEDGE, policy).judge(seen_of(made), made.certificates, AT)
    assert judgement.findings[1].verdict == "sanctioned"
    assert judgement.policy == policy.version
    assert judgement.findings[1].links


def test_no_policy_sanctions_what_microsoft_forbids() -> None:
    """A rights management host stays inspected, critical, however the policy lists it: its clients pin the authority."""
    host = "admin.na.aadrm.com"
    made = Situation("x", "x", os=[CONTOSO]).sees(host, [CONTOSO.leaf(host), CONTOSO.der])
    policy = parse_policy({"sanctioned_hosts": [host]})
    (found,) = Judge(KNOWLEDGE, policy).judge(seen_of(made), made.certificates, AT).findings
    assert (found.verdict, found.severity) == ("inspected", "critical")
    assert "must never be decrypted" in found.sentence


def test_nothing_seen() -> None:
    """A report without observations has no findings."""
    assert Judge(KNOWLEDGE).judge([], {}, AT).findings == ()


def test_each_verdict_about_a_device_says_where_to_read_on() -> None:
    """What to do about it is linked for every verdict but the quiet ones, and for a shut relay what Teams needs."""
    assert {"clean", "captive", "inconclusive"} | set(TOPICS) == set(VERDICTS)
    relay = Target(host="worldaz.tr.teams.microsoft.com", port=3478, protocol="turn", category="Optimize", workload="Teams")
    tcp = Seen("T" * 22, WebFacts(target=relay.model_copy(update={"port": 443, "protocol": "https"})))
    quic = Seen("Q" * 22, QuicFacts(target=relay.model_copy(update={"host": OUTLOOK, "port": 443, "protocol": "quic"})))
    silent = Seen("S" * 22, MediaFacts(target=relay, failure="timeout", stage="first_byte"))
    finding = Judge(KNOWLEDGE).judge([tcp, quic, silent], {}, AT).findings[-1]
    assert (finding.verdict, "prepare-network" in finding.links[0]) == ("blocked", True)
