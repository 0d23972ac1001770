"""The judge: observations and certificates in, findings out. Start reading here.

Order of work: read certificates, verify each chain at the centre, let every signal speak, gather evidence by target and route, decide,
apply policy, put it in words. Everything is pure but the memos, which only save time: certificates and chains are parsed once, and a report
equal to one judged the same day is answered from memory (the collector asks a thousand times a second).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from judge.certificate import CertificateFields, read_certificate
from judge.chain import verify
from judge.coarse import Coarse
from judge.device import Sight, device_for
from judge.examined import Captured, Chained, Examined
from judge.finding import Device, Evidence, Finding, Judgement
from judge.fusion import Decision, decide
from judge.grouping import Group, gather
from judge.knowledge.model import Knowledge, Topic
from judge.knowledge.positions import Meddling
from judge.memo import Memo
from judge.policy import Policy
from judge.seen import Seen
from judge.sentence import About, responsible, sentence, why_not
from judge.severity import meddling_severity, severity_of
from judge.signals import SIGNALS
from wire.facts import KnownFacts
from wire.observation import KnownObservation
from wire.target import Target
from wire.vocabulary import Severity, Trust, Verdict

_DAY_NS = 86_400_000_000_000
TOPICS: Mapping[Verdict, tuple[Topic, ...]] = {
    "inspected": ("inspected",),
    "sanctioned": ("inspected",),
    "altered": ("path",),
    "proxied": ("path", "tunnel"),
    "spliced": ("path",),
    "redirected": ("path",),
    "blocked": ("path",),
    "unreachable": ("unreachable",),
}
"""What to read on about, by verdict."""
ADOPTED: frozenset[Verdict] = frozenset({"spliced", "altered", "proxied", "blocked"})
"""What a device that decrypts also does: seen on the same way in the same report it is not another device's work, unless that is named."""
MEDDLING: Mapping[str, Meddling] = {
    "h2_lost": "h2_lost",
    "tls_downgraded": "tls_downgraded",
    "mss_clamped": "mss_clamped",
}
"""Signal to its row in the positions, for what is lost beside an answer."""
NOTED = frozenset({"new_public_issuer", "held", "added_root", "local_product"})
"""Signals whose text is told once for the whole report."""
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
        self._coarse = Coarse(knowledge)
        self._judgements: Memo[tuple[int, tuple[tuple[str, int | None, bool, tuple[str, ...]], ...]], Judgement] = Memo(memo_size)
        self._findings: Memo[tuple[object, ...], Finding] = Memo(4 * memo_size)
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

    def look(self, pairs: Sequence[tuple[KnownObservation, KnownFacts]]) -> list[Seen]:
        """Return what `judge` looks at of a report's observations with their facts, in their order."""
        return self._coarse.seen(pairs)

    def judge(self, seen: Sequence[Seen], certificates: Mapping[str, bytes], at_ns: int) -> Judgement:
        """Return one finding for each target, route and aspect, in the order first seen.

        `certificates` maps certificate id to DER; those a chain names and the mapping lacks leave that chain unchecked, and the
        judgement is then not remembered. `at_ns` is when it was measured (Unix nanoseconds); only its day (UTC) matters. Ids of facts and
        certificates must be the content ids of their bytes (`wire.codec.content_id`, checked by the caller): the memos rely on it.
        """
        day = at_ns // _DAY_NS
        key = (day, tuple([(one.facts_id, one.status, one.suspect, one.words) for one in seen]))
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
        captured = {one.index: one for one in examined.captured()}
        groups = [(group, decide(group.evidence, failed=group.failed, limits=self.knowledge.limits)) for group in gather(examined, spoken)]
        decrypting = self._decrypting(groups, captured)
        findings = tuple(self._finding(group, decision, captured, decrypting.get(group.route)) for group, decision in groups)
        notes = tuple(dict.fromkeys(e.text for es in spoken.values() for e in es if e.signal in NOTED))
        return Judgement(findings, self.knowledge.version, self.policy.version, notes)

    def _decrypting(self, groups: Sequence[tuple[Group, Decision]], captured: Mapping[int, Captured]) -> dict[str, Device]:
        """Return by route the device that decrypts there: what splits or rewrites on the same way in the same report is taken for it."""
        found: dict[str, Device] = {}
        for group, decision in groups:
            if decision.verdict == "inspected" and group.route not in found:
                device = self._device(group, decision.verdict, captured)
                if device is not None and device.keys:
                    found[group.route] = device
        return found

    def _device(self, group: Group, verdict: Verdict, captured: Mapping[int, Captured]) -> Device | None:
        chains = [captured[index] for index, _ in group.members if index in captured]
        private = next((one for one in chains if one.centre != "trusted"), chains[0] if chains else None)
        return device_for(verdict, Sight(private, group.members, tuple(group.evidence)), self.knowledge)

    def _finding(self, group: Group, decision: Decision, captured: Mapping[int, Captured], decrypting: Device | None) -> Finding:
        evidence, fine = tuple(group.evidence), tuple(group.fine)
        key = (group.aspect, group.ids, evidence, fine, tuple(one.words for _, one in group.members), decrypting)
        return self._findings.get(key) or self._findings.put(key, self._find(group, decision, captured, decrypting))

    def _find(self, group: Group, decision: Decision, captured: Mapping[int, Captured], decrypting: Device | None) -> Finding:
        target, evidence = group.target, tuple(group.evidence)
        device = self._device(group, decision.verdict, captured)
        if device is not None and decrypting is not None and decision.verdict in ADOPTED and not device.vendor:
            device = decrypting
        forbidden, offline = self._forbidden(target), any(one.signal == "all_failed" for one in evidence)
        verdict: Verdict = "sanctioned" if decision.verdict == "inspected" and self._sanctioned(target) else decision.verdict
        approved = device is not None and any(f"{key.kind}:{key.value}" in self.policy.approved_devices for key in device.keys)
        about = About(verdict, target, group.aspect, evidence, device, forbidden=forbidden, microsoft=self._is_microsoft(target))
        return Finding(
            target,
            group.route,
            verdict,
            self._severity(verdict, group, forbidden=forbidden, approved=approved, offline=offline),
            round(decision.confidence, 3),
            responsible(about),
            sentence(about),
            why_not(about),
            evidence,
            device,
            group.ids,
            self._links(verdict, target, forbidden=forbidden),
            self._native(verdict, device),
            aspect=group.aspect,
            fine=tuple(group.fine),
        )

    def _forbidden(self, target: Target) -> bool:
        """Return whether a host must never be inspected: by Microsoft's word, which no policy can take back, or by the customer's."""
        return self.policy.forbids(target.host) or self.knowledge.has_rule(target.host, "never_inspect")

    def _severity(self, verdict: Verdict, group: Group, *, forbidden: bool, approved: bool, offline: bool) -> Severity:
        """Return the severity; meddling with a protocol has a table of its own."""
        names = {one.signal for one in group.evidence}
        meddling = next((found for signal, found in MEDDLING.items() if signal in names), None)
        if meddling is not None and verdict == "altered":
            return meddling_severity(meddling, group.target, self.knowledge)
        return severity_of(verdict, group.target, self.knowledge, forbidden=forbidden, approved=approved, offline=offline)

    def _sanctioned(self, target: Target) -> bool:
        if self._forbidden(target):
            return False
        login = self.policy.tenant_restrictions and self.knowledge.has_rule(target.host, "login")
        return login or self.policy.lists(target.host)

    def _is_microsoft(self, target: Target) -> bool:
        return target.category != "Control" and self.knowledge.operator_of(target.host, target.endpoint_set) == "microsoft"

    def _links(self, verdict: Verdict, target: Target, *, forbidden: bool) -> tuple[str, ...]:
        topics: list[Topic] = ["login"] if verdict in {"inspected", "sanctioned"} and self._is_login(target, forbidden=forbidden) else []
        topics += ["media"] if target.protocol == "turn" and verdict == "blocked" else []
        topics += TOPICS.get(verdict, ())
        return tuple(dict.fromkeys(link for topic in topics for link in self.knowledge.links_about(topic)))

    def _is_login(self, target: Target, *, forbidden: bool) -> bool:
        return forbidden or self.knowledge.has_rule(target.host, "login")

    def _native(self, verdict: Verdict, device: Device | None) -> str:
        if device is None or verdict in {"clean", "sanctioned", "captive"}:
            return ""
        return self.knowledge.natives.get(device.device_class, self.knowledge.natives["unknown"])


def _chain(one: Seen) -> tuple[str, ...]:
    return tuple(one.facts.chain) if isinstance(one.facts, Chained) else ()
