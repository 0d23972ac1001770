"""A check made of chosen findings, rows and samples, for the tests of what shows it."""

from collections.abc import Sequence
from dataclasses import replace

from agent.check.checked import Checked
from judge.connectivity.look import Sample
from judge.connectivity.row import Row
from judge.finding import Evidence, Finding, Judgement
from judge.impact import Tax, impact
from tests.fakes.pki import Authority, name
from wire.codec import content_id
from wire.facts import WebFacts
from wire.observation import WebObservation
from wire.target import Target
from wire.vocabulary import Responsible, Severity, Verdict

MEASURED_NS = 1_790_000_000_000_000_000
ROWS = (
    Row("location", "Location", "unmeasured", "not known"),
    Row("dns_time", "DNS request time", "attention", "median 140 ms", ("slow: a.example",), "100 ms or more; Microsoft's performance plan"),
    Row("proxy", "Proxy", "pass", "none is configured"),
)


def finding(host: str, verdict: Verdict, severity: Severity = "none", port: int = 443) -> Finding:
    """Return a finding with one piece of evidence and a link."""
    target = Target(host=host, port=port, category="Optimize", workload="Exchange")
    job: Responsible = "intermediary" if verdict == "inspected" else "nobody"
    proof = (Evidence("public_trust_failure", "trust", 0.9, "L", f"Public roots do not accept <{host}>."),)
    evidence = proof if verdict == "inspected" else ()
    return Finding(
        target, "direct", verdict, severity, 0.9, job, f"{host} is {verdict}.", "Not otherwise.", evidence, links=("https://example/guide",)
    )


def costly(host: str) -> Finding:
    """Return an inspected finding by the machine's own way, with what it costs."""
    tax = Tax((("connect_ms", 1.0), ("tls_ms", 30.0)), 31.0, 1, "back to back")
    return replace(finding(host, "inspected", "high"), route="system", impact=impact(tax))


def checked(findings: Sequence[Finding], rows: Sequence[Row] = (), *, asked: frozenset[str] = frozenset(), lab: bool = False) -> Checked:
    """Return a check with these findings."""
    return Checked(
        Judgement(tuple(findings), "2026", "none", ("a note",)), 1_790_000_000_000_000_000, 3.2, tuple(rows), asked=asked, lab=lab
    )


def with_chain(findings: Sequence[Finding], rows: Sequence[Row] = ROWS) -> Checked:
    """Return a check whose first finding's host showed a chain, with the request's phases."""
    target = findings[0].target
    authority = Authority(name(CN="Contoso <b>Gateway</b>"), "gateway")
    ders = [authority.leaf(target.host), authority.der]
    ids = [content_id(der) for der in ders]
    facts = WebFacts(target=target, chain=ids, tls="TLSv1.3")
    seen = WebObservation(
        kind="web", facts="A" * 22, at_us=0, dns_ms=1.0, connect_ms=20.0, tls_ms=21.5, first_byte_ms=30.0, body_ms=0.5, status=200
    )
    plain = checked(findings, rows, asked=frozenset(one.target.name for one in findings))
    return Checked(
        plain.judgement,
        plain.measured_ns,
        plain.seconds,
        plain.rows,
        (Sample(seen, facts),),
        dict(zip(ids, ders, strict=True)),
        plain.asked,
        lab=True,
    )
