"""A judge whose verdict is written into the chain: a certificate of the bytes `inspected:<key>` makes every finding say so.

One of the bytes `lost:h2` makes a finding of a lost HTTP/2 beside the answer's; without it the answer's says that HTTP/2 is in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from judge.finding import Device, DeviceKey, Evidence, Finding, Judgement
from judge.seen import Seen
from wire.facts import WebFacts


class FakeJudge:
    """Same shape as `judge.judgement.Judge`."""

    def __init__(self) -> None:
        self.memo_hits = 0
        self.memo_misses = 0
        self.fail_on = ""

    def look(self, pairs: Sequence[tuple[Any, Any]]) -> list[Seen]:
        """Return the observations with their facts; this judge looks at nothing else."""
        return [Seen(observation.facts, facts) for observation, facts in pairs]

    def judge(self, seen: Sequence[Seen], certificates: Mapping[str, bytes], at_ns: int) -> Judgement:
        """Return a finding for each web observation."""
        findings = []
        for one in seen:
            if self.fail_on and one.facts.target.host == self.fail_on:
                raise ValueError("the judge has a fault of its own")
            if isinstance(one.facts, WebFacts):
                chain = [certificates[key] for key in one.facts.chain]
                findings.append(self._finding(one.facts, one.facts_id, chain))
                if b"lost:h2" in chain:
                    findings.append(replace(findings[-1], verdict="altered", aspect="h2"))
                elif chain:
                    findings[-1] = replace(findings[-1], fine=("h2",))
        return Judgement(tuple(findings), "k1", "p1")

    def _finding(self, facts: WebFacts, facts_id: str, chain: Sequence[bytes]) -> Finding:
        marks = [der.decode().removeprefix("inspected:") for der in chain if der.startswith(b"inspected:")]
        if not marks:
            return Finding(
                facts.target, facts.route, "clean", "none", 0.9, "nobody", "Clean.", "Nothing speaks for a device.", facts=(facts_id,)
            )
        device = Device((DeviceKey("instance", marks[0]),), "swg", "Example")
        evidence = (Evidence("trust", "trust", 0.95, "L", "fails public roots", deterministic=True),)
        return Finding(
            facts.target, facts.route, "inspected", "critical", 0.95, "intermediary", "Decrypted.", "", evidence, device, facts=(facts_id,)
        )
