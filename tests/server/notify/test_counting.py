"""Holds server/notify/counting.py: tries are told by target and outcome."""

from prometheus_client import CollectorRegistry, generate_latest

from server.notify.counting import Letters


def test_letters_are_counted() -> None:
    """By target and by what became of the try; without a registry nothing is told."""
    registry = CollectorRegistry()
    counted = Letters(registry)
    counted.add("noc", "sent")
    counted.add("noc", "sent")
    counted.add("noc", "given-up")
    told = generate_latest(registry).decode()
    assert 'middlewatch_letters_total{outcome="sent",target="noc"} 2.0' in told
    assert 'middlewatch_letters_total{outcome="given-up",target="noc"} 1.0' in told
    Letters().add("noc", "failed")
