"""Stored findings come back as the judge's own type, and anything else as nothing."""

from dataclasses import replace

import pytest

from judge.encode import finding_bytes
from server.watcher.findings import read
from tests.fakes.sightings import device, encode, finding


def test_a_finding_comes_back_equal() -> None:
    """Everything the judge said is there again."""
    one = finding(by=device("instance:1", "product:p"))
    assert read(encode(one)) == one


def test_a_finding_comes_back_from_what_a_run_keeps() -> None:
    """In the bytes the collector stores a device's class is called `class`; it comes back with the rest."""
    one = finding(by=replace(device("instance:1", "product:p"), device_class="swg"))
    assert read(finding_bytes(one)) == one


@pytest.mark.parametrize("body", [None, b"", b"{", b"[]", b'{"verdict": "clean"}', b'{"device": {"class": 3}}', b"\xff"])
def test_bytes_that_hold_no_finding(body: bytes | None) -> None:
    """Missing, damaged or foreign bytes are no evidence."""
    assert read(body) is None
