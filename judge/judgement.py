"""The judge: observations and certificates in, findings out. Start reading here.

Order of work: read certificates, verify each chain at the centre, let every signal speak, gather evidence by target and route, decide,
apply policy, put it in words. Everything is pure but the memos, which only save time: certificates and chains are parsed once, and a report
equal to one judged the same day is answered from memory (the collector asks a thousand times a second).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from judge.certificate import CertificateFields, read_certificate
from judge.chain import verify
from judge.device import device_of
from judge.examined import Captured, Examined
from judge.finding import Device, Evidence, Finding, Judgement
from judge.fusion import decide
from judge.knowledge.model import Knowledge
from judge.memo import Memo
from judge.policy import Policy
from judge.seen import Seen
from judge.sentence import responsible, sentence, why_not
from judge.severity import severity_of
from judge.signals import SIGNALS
from wire.facts import DnsFacts, WebFacts
from wire.target import Target
from wire.vocabulary import Trust, Verdict

_Group = list[tuple[int, Seen]]
_DAY_NS = 86_400_000_000_000
_PARSED = 4096
"""Certificates and chain opinions held: a few thousand leaves cover a fleet's front doors; about 2 kB each."""


class Judge:
    """Judges with one knowledge and one policy. Not safe for several threads at once.

    `memo_size` judgements are held, about 4 kB each (measured, 25 observations) as equal findings are shared.
    """

    def __init__(self, knowledge: Knowledge, policy: Policy | None = None, memo_size: int = 8192) -> None:
        """Without a policy nothing is sanctioned."""
        self.knowledge = knowledge
        self.policy = policy or Policy()
        self._judgements: Memo[tuple[int, tuple[tuple[str, int | None, bool], ...]], Judgement] = Memo(memo_size)
        self._findings: Memo[tuple[tuple[str, ...], tuple[Evidence, ...]], Finding] = Memo(4 * memo_size)
        self._fields: Memo[str, CertificateFields] = Memo(_PARSED)
        self._trust: Memo[tuple[tuple[str, ...], str], Trust] = Memo(_PARSED)

    @property
    def memo_hits(self) -> int:
        """Return how many reports were answered from memory."""
        return self._judgements.hits

    @property
    def memo_misses(self) -> int:
        """Return how many reports had to be judged."""
        return self._judgements.misses

    def judge(self, seen: Sequence[Seen], certificates: Mapping[str, bytes], at_ns: int) -> Judgement:
        """Return one finding for each (target, route) of the web and dns observations, in the order first seen.

        `certificates` maps certificate id to DER; those a chain names and the mapping lacks leave that chain unchecked, and the
        judgement is then not remembered. `at_ns` is when it was measured (Unix nanoseconds); only its day (UTC) matters. Ids of facts and
        certificates must be the content ids of their bytes (`wire.codec.content_id`, checked by the caller): the memos rely on it.
        """
        day = at_ns // _DAY_NS
        key = (day, tuple([(one.facts_id, one.status, one.suspect) for one in seen]))
        known = self._judgements.get(key)
        if known is not None:
            return known
        examined = self._examine(seen, certificates, datetime.fromtimestamp(day * 86_400, UTC).date())
        judgement = self._judge(examined)
        whole = all(certificate in certificates for one in seen for certificate in _chain(one))
        return self._judgements.put(key, judgement) if whole else judgement

    def _examine(self, seen: Sequence[Seen], certificates: Mapping[str, bytes], day: date) -> Examined:
        chains: list[tuple[CertificateFields, ...]] = []
        centre: list[Trust] = []
        for one in seen:
            ids = _chain(one)
            ders = [certificates[certificate] for certificate in ids if certificate in certificates]
            known = [(certificate, der) for certificate, der in zip(ids, ders, strict=False)] if len(ders) == len(ids) else []
            chains.append(tuple(self._read(certificate, der) for certificate, der in known))
            centre.append(self._verify(ids, ders, one.facts.target.host) if known else "unchecked")
        return Examined(tuple(seen), tuple(chains), tuple(centre), day)

    def _read(self, certificate: str, der: bytes) -> CertificateFields:
        return self._fields.get(certificate) or self._fields.put(certificate, read_certificate(der))

    def _verify(self, ids: tuple[str, ...], ders: list[bytes], host: str) -> Trust:
        """Path and name at the centre; validity is judged apart, by the day, so that the word can be kept."""
        return self._trust.get((ids, host)) or self._trust.put((ids, host), verify(ders, host, self.knowledge.roots, None))

    def _judge(self, examined: Examined) -> Judgement:
        spoken: dict[int, list[Evidence]] = {}
        for signal in SIGNALS:
            for index, evidence in signal(examined, self.knowledge, self.policy):
                spoken.setdefault(index, []).append(evidence)
        groups: dict[tuple[str, str], _Group] = {}
        for index, one in enumerate(examined.seen):
            if isinstance(one.facts, WebFacts | DnsFacts):
                groups.setdefault((one.facts.target.name, one.facts.route), []).append((index, one))
        captured = {one.index: one for one in examined.captured()}
        findings = tuple(self._finding(group, spoken, captured) for group in groups.values())
        notes = tuple(dict.fromkeys(e.text for es in spoken.values() for e in es if e.signal == "new_public_issuer"))
        return Judgement(findings, self.knowledge.version, self.policy.version, notes)

    def _finding(self, group: _Group, spoken: Mapping[int, list[Evidence]], captured: Mapping[int, Captured]) -> Finding:
        evidence = tuple(dict.fromkeys(one for index, _ in group for one in spoken.get(index, ())))
        ids = tuple(dict.fromkeys(one.facts_id for _, one in group))
        return self._findings.get((ids, evidence)) or self._findings.put((ids, evidence), self._find(group, evidence, ids, captured))

    def _find(self, group: _Group, evidence: tuple[Evidence, ...], ids: tuple[str, ...], captured: Mapping[int, Captured]) -> Finding:
        target, route = group[0][1].facts.target, group[0][1].facts.route
        decision = decide(evidence, failed=_failed(group), limits=self.knowledge.limits)
        chains = [captured[index] for index, _ in group if index in captured]
        private = next((one for one in chains if one.centre != "trusted"), chains[0] if chains else None)
        device = device_of(private, self.knowledge) if private is not None and decision.verdict == "inspected" else None
        forbidden, offline = self.policy.forbids(target.host), any(one.signal == "all_failed" for one in evidence)
        verdict: Verdict = "sanctioned" if decision.verdict == "inspected" and self._sanctioned(target) else decision.verdict
        approved = device is not None and any(f"{key.kind}:{key.value}" in self.policy.approved_devices for key in device.keys)
        return Finding(
            target,
            route,
            verdict,
            severity_of(verdict, target, self.knowledge, forbidden=forbidden, approved=approved, offline=offline),
            round(decision.confidence, 3),
            responsible(verdict, evidence, device, microsoft=self._is_microsoft(target)),
            sentence(verdict, target, evidence, device, forbidden=forbidden),
            why_not(verdict, evidence),
            evidence,
            device,
            ids,
            self._links(verdict, target, forbidden=forbidden),
            self._native(verdict, device),
        )

    def _sanctioned(self, target: Target) -> bool:
        if self.policy.forbids(target.host):
            return False
        login = self.policy.tenant_restrictions and self.knowledge.has_rule(target.host, "login")
        return login or self.policy.lists(target.host)

    def _is_microsoft(self, target: Target) -> bool:
        return target.category != "Control" and self.knowledge.operator_of(target.host, target.endpoint_set) == "microsoft"

    def _links(self, verdict: Verdict, target: Target, *, forbidden: bool) -> tuple[str, ...]:
        if verdict == "unreachable":
            return self.knowledge.links_about("unreachable")
        if verdict not in {"inspected", "sanctioned"}:
            return ()
        login = forbidden or self.knowledge.has_rule(target.host, "login")
        return (*(self.knowledge.links_about("login") if login else ()), *self.knowledge.links_about("inspected"))

    def _native(self, verdict: Verdict, device: Device | None) -> str:
        if verdict != "inspected" or device is None:
            return ""
        return self.knowledge.natives.get(device.device_class, self.knowledge.natives["unknown"])


def _chain(one: Seen) -> tuple[str, ...]:
    return tuple(one.facts.chain) if isinstance(one.facts, WebFacts) else ()


def _failed(group: _Group) -> bool:
    """Return whether the target was not reached: by the last web observation, or by all there is without one."""
    web = [one.facts for _, one in group if isinstance(one.facts, WebFacts)]
    return web[-1].failure is not None if web else all(one.facts.failure is not None for _, one in group)
