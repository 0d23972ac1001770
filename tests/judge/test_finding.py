"""Holds judge/finding.py: the two things a finding says of itself."""

from judge.finding import Device, DeviceKey, Evidence, Finding
from wire.target import Target

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")


def finding(*evidence: Evidence, device: Device | None = None) -> Finding:
    """Return a finding with this evidence."""
    return Finding(TARGET, "direct", "inspected", "critical", 0.9, "intermediary", "", "", evidence, device)


def test_deterministic() -> None:
    """Two rounds are enough only when deterministic evidence speaks for it."""
    assert finding(Evidence("a", "trust", 0.9, "L", "", deterministic=True)).deterministic
    assert not finding(Evidence("a", "trust", -0.9, "L", "", deterministic=True)).deterministic
    assert not finding(Evidence("a", "sct", 0.6, "L", "")).deterministic


def test_device_key() -> None:
    """The first key names the device; without one the name is empty."""
    assert finding(device=Device((DeviceKey("product", "x"), DeviceKey("instance", "y")))).device_key == "product:x"
    assert finding(device=Device(())).device_key == finding().device_key == ""
