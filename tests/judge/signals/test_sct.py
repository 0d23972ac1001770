"""Holds judge/signals/sct.py: present, absent, and unknown are three things."""

from judge.signals.sct import signal
from tests.fakes.examined import Round, leaf

HOST = "outlook.office365.com"


def test_present_and_absent() -> None:
    """Timestamps speak against inspection, their absence for it."""
    found = Round().chain(leaf(HOST)).chain(leaf(HOST, scts=0)).evidence(signal)
    assert [(index, one.signal, one.weight > 0) for index, one in found] == [(0, "sct_present", False), (1, "no_sct", True)]


def test_unknown_and_private_say_nothing() -> None:
    """Extensions that cannot be read, and hosts of Microsoft's private PKI, give no evidence."""
    assert Round().chain(leaf(HOST, scts=None)).chain(leaf("fe2.update.microsoft.com", scts=0)).evidence(signal) == []
