"""Findings as plain JSON, for stored runs, `--json` and pages. The field names here are promised: added, never renamed."""

from judge.finding import Device, Evidence, Finding, Judgement
from judge.impact import Impact
from wire.codec import canonical


def judgement_plain(judgement: Judgement) -> dict[str, object]:
    """Return a judgement as JSON objects."""
    return {
        "knowledge": judgement.knowledge,
        "policy": judgement.policy,
        "notes": list(judgement.notes),
        "findings": [finding_plain(one) for one in judgement.findings],
    }


def finding_plain(finding: Finding) -> dict[str, object]:
    """Return a finding as a JSON object; `device` is null when none is pointed to, `impact` is there when it was worked out."""
    plain: dict[str, object] = {
        "target": finding.target.model_dump(mode="json"),
        "name": finding.name,
        "aspect": finding.aspect,
        "route": finding.route,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "deterministic": finding.deterministic,
        "responsible": finding.responsible,
        "sentence": finding.sentence,
        "why_not": finding.why_not,
        "evidence": [_evidence(one) for one in finding.evidence],
        "device": _device(finding.device) if finding.device else None,
        "device_key": finding.device_key,
        "facts": list(finding.facts),
        "links": list(finding.links),
        "native": finding.native,
        "fine": list(finding.fine),
    }
    return plain if finding.impact is None else plain | {"impact": _impact(finding.impact)}


def finding_bytes(finding: Finding) -> bytes:
    """Return a finding as canonical JSON, as the centre keeps it (`finding.body`)."""
    return canonical(finding_plain(finding))


def _evidence(one: Evidence) -> dict[str, object]:
    return {
        "signal": one.signal,
        "family": one.family,
        "weight": one.weight,
        "grade": one.grade,
        "text": one.text,
        "deterministic": one.deterministic,
        "product": one.product,
    }


def _impact(one: Impact) -> dict[str, object]:
    tax, failures, split = one.tax, one.failures, one.responsibility
    return {
        "text": one.text,
        "tax_ms": tax.total_ms if tax else None,
        "tax_phases_ms": dict(tax.phases) if tax else {},
        "tax_samples": tax.samples if tax else 0,
        "tax_method": tax.method if tax else None,
        "points": one.points,
        "failed_percent": failures.with_percent if failures else None,
        "failed_without_percent": failures.without_percent if failures else None,
        "time_ms": split.total_ms if split else None,
        "time_by_segment_ms": {part.segment: part.ms for part in split.parts} if split else {},
        "time_by_segment_percent": {part.segment: part.percent for part in split.parts} if split else {},
    }


def _device(one: Device) -> dict[str, object]:
    return {
        "keys": [{"kind": key.kind, "value": key.value} for key in one.keys],
        "class": one.device_class,
        "vendor": one.vendor,
        "product": one.product,
        "possible": one.possible,
        "confidence": one.confidence,
        "scope": one.scope,
        "issuer": one.issuer,
        "named_by": one.named_by,
    }
