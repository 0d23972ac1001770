"""The preset dictionary of zlib."""

import hashlib
import zlib

import pytest

from tests.fakes.reports import START_NS, Agent
from wire.codec import Malformed, decode, inflate
from wire.dictionary import DICTIONARY


def test_dictionary_never_changes() -> None:
    """Reports in spools and quarantines were made with these very bytes."""
    assert hashlib.sha256(DICTIONARY).hexdigest() == KNOWN


KNOWN = "2349bc051cd6e3b600214ad9b6918bf98ea0e40c9d62b788277a36a08920f8f5"


def test_reports_are_read_with_and_without_it() -> None:
    """A centre reads plain zlib from an agent in another language as well."""
    _, payload = Agent().report(START_NS)
    text = inflate(payload)
    assert payload[1] & 0x20
    assert decode(zlib.compress(text)) == decode(payload) == decode(text)


def test_it_makes_reports_smaller() -> None:
    """What it costs to carry, it earns in every report."""
    _, payload = Agent().report(START_NS, bodies=False)
    assert len(payload) < 0.9 * len(zlib.compress(inflate(payload), 6))


def test_another_dictionary_is_malformed_not_misread() -> None:
    """A stream made with bytes we do not have says so by its checksum."""
    deflater = zlib.compressobj(zdict=b"another")
    stream = deflater.compress(b"{}") + deflater.flush()
    with pytest.raises(Malformed):
        inflate(stream)
