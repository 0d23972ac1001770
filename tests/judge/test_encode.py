"""Holds judge/encode.py: the promised field names of a finding as JSON."""

import json
from dataclasses import replace

from judge.encode import finding_bytes, finding_plain, judgement_plain
from judge.finding import Device, DeviceKey, Evidence, Finding, Judgement
from judge.impact import Failures, Marks, Tax, impact, responsibility
from wire.target import Target

FINDING = Finding(
    Target(host="outlook.office365.com", category="Optimize", workload="Exchange"),
    "direct",
    "inspected",
    "critical",
    0.99,
    "intermediary",
    "Traffic is being decrypted.",
    "Not a rotation.",
    (Evidence("no_sct", "sct", 0.65, "L", "No log timestamps.", deterministic=True),),
    Device((DeviceKey("instance", "ab"),), "swg", "Zscaler"),
    ("F" * 22,),
)


def test_field_names() -> None:
    """A finding has exactly these fields; a new one is added here, none is renamed."""
    plain = finding_plain(FINDING)
    assert list(plain) == [
        *("target", "name", "aspect", "route", "verdict", "severity", "confidence", "deterministic", "responsible", "sentence", "why_not"),
        *("evidence", "device", "device_key", "facts", "links", "native", "fine"),
    ]
    assert plain["device_key"] == "instance:ab"
    assert plain["device"] == {
        "keys": [{"kind": "instance", "value": "ab"}],
        "class": "swg",
        "vendor": "Zscaler",
        "product": None,
        "possible": None,
        "confidence": 0.0,
        "scope": "unknown",
        "issuer": "",
        "named_by": "",
    }


def test_impact() -> None:
    """What a finding costs is there when it was worked out, with these fields; without it there is no such field."""
    tax = Tax((("tls_ms", 30.0),), 31.0, 1, "back to back")
    cost = impact(tax, 12.5, Failures(3.0, 1.0), responsibility(40, 60, Marks(microsoft_ms=15)))
    plain = finding_plain(replace(FINDING, impact=cost))
    assert plain["impact"] == {
        "text": cost.text if cost else "",
        "tax_ms": 31.0,
        "tax_phases_ms": {"tls_ms": 30.0},
        "tax_samples": 1,
        "tax_method": "back to back",
        "points": 12.5,
        "failed_percent": 3.0,
        "failed_without_percent": 1.0,
        "time_ms": 60.0,
        "time_by_segment_ms": {"microsoft": 25.0, "unknown": 35.0},
        "time_by_segment_percent": {"microsoft": 41.7, "unknown": 58.3},
    }
    assert "impact" not in finding_plain(FINDING)
    assert finding_bytes(replace(FINDING, impact=cost)) != finding_bytes(FINDING)


def test_bytes_are_canonical_json() -> None:
    """Equal findings are equal bytes, and a judgement is plain JSON through and through."""
    assert json.loads(finding_bytes(FINDING)) == finding_plain(FINDING)
    plain = judgement_plain(Judgement((FINDING,), "k", "p", ("note",)))
    assert json.loads(json.dumps(plain)) == plain
    assert list(plain) == ["knowledge", "policy", "notes", "findings"]
