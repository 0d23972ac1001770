"""Holds demo/fleet/stream.py: numbers, chain, receipts, wants, the bound and a new stream, all in memory."""

from collections.abc import Iterator

from agent.window import Window
from demo.fleet.bodies import Bodies
from demo.fleet.reports import SECOND, make
from demo.fleet.sites import simulated_sites
from demo.fleet.stream import Stream
from tests.demo.fleet.conftest import Minted
from wire.codec import decode
from wire.receipt import Receipt, Refusal
from wire.report import Report

SITE = simulated_sites(1)[0]
START_NS = 1_795_000_000 * SECOND


def names() -> Iterator[str]:
    """Give names of streams."""
    return (f"{number:032x}" for number in range(1, 100))


def stream_of(bodies: Bodies, reports: int, bound: int = 100) -> Stream:
    """Return a stream with so many reports, all sent once."""
    stream = Stream(SITE.agent, bodies, Window(), bound=bound, name=names().__next__)
    stream.window.online(0.0)
    for number in range(reports):
        add(stream, bodies, number)
    stream.window.due(0.0)
    return stream


def add(stream: Stream, bodies: Bodies, number: int) -> None:
    """Add the report of a minute."""
    at_ns = START_NS + number * 60 * SECOND
    stream.append(make(SITE, bodies, at_ns, at_ns + SECOND, 60.0))


def read(stream: Stream, seq: int) -> Report:
    """Return report `seq` as the centre reads it."""
    payload = stream.payload(seq)
    assert payload is not None
    return decode(payload)


def test_numbers_and_chain(minted: Minted) -> None:
    """Reports count from one, name their predecessor's digest, and carry what the centre lacks until it is receipted."""
    bodies = minted.bodies()
    stream = stream_of(bodies, 3)
    one, two, three = (read(stream, seq) for seq in (1, 2, 3))
    assert (one.previous, two.previous, three.previous) == (None, one.digest, two.digest)
    assert one.facts
    assert three.certificates
    stream.apply(Receipt(stream=stream.name, upto=1, ends=[one.digest]), 1.0)
    assert stream.payload(1) is None
    assert not read(stream, 2).facts
    assert not read(stream, 2).certificates
    assert stream.unreceipted == 2


def test_want(minted: Minted) -> None:
    """What the centre lost goes again at once, with its body; a want for what travels anyway waits for the resend."""
    bodies = minted.bodies()
    stream = stream_of(bodies, 3)
    leaf = next(iter(read(stream, 1).certificates))
    stream.apply(Receipt(stream=stream.name, want=[leaf]), 1.0)
    assert stream.window.due(1.0) == []
    stream.apply(Receipt(stream=stream.name, upto=1), 1.0)
    stream.apply(Receipt(stream=stream.name, upto=1, want=[leaf]), 2.0)
    assert stream.window.due(2.0) == [2, 3]
    assert set(read(stream, 2).certificates) == {leaf}


def test_quarantined_and_held(minted: Minted) -> None:
    """A quarantined report is done and proves nothing; a held one is kept and not in flight."""
    bodies = minted.bodies()
    stream = stream_of(bodies, 2)
    stream.apply(Receipt(stream=stream.name, upto=1, quarantined=[Refusal(seq=1, reason="x")]), 1.0)
    assert read(stream, 2).facts
    stream.apply(Receipt(stream=stream.name, upto=1, held=[Refusal(seq=2, reason="the future")]), 1.0)
    assert stream.window.in_flight == frozenset()
    assert stream.unreceipted == 1


def test_the_bound(minted: Minted) -> None:
    """Beyond the bound the oldest goes and is told as dropped, until that is receipted."""
    stream = stream_of(minted.bodies(), 6, bound=4)
    assert stream.unreceipted == 4
    assert stream.payload(2) is None
    assert read(stream, 6).dropped == [(1, 2)]
    stream.apply(Receipt(stream=stream.name, upto=3), 1.0)
    assert read(stream, 6).dropped == []


def test_another_copy(minted: Minted) -> None:
    """A receipt that shows another copy of the stream deletes nothing: all goes on, in order, as a new stream that names the former."""
    bodies = minted.bodies()
    for receipt in ({"reset_stream": True}, {"upto": 9}, {"upto": 2, "ends": ["x" * 22]}):
        stream = stream_of(bodies, 3)
        before, digests = stream.name, [read(stream, seq).digest for seq in (1, 2, 3)]
        stream.apply(Receipt.model_validate({"stream": before} | receipt), 1.0)
        after = [read(stream, seq) for seq in (1, 2, 3)]
        assert stream.name != before
        assert [one.digest for one in after] == digests
        assert [one.previous for one in after] == [None, *digests[:2]]
        assert {one.former for one in after} == {before}
        stream.apply(Receipt(stream=stream.name, upto=1), 2.0)
        assert read(stream, 2).former is None


def test_not_mine(minted: Minted) -> None:
    """A receipt of another stream says nothing, and one for numbers long receipted neither."""
    stream = stream_of(minted.bodies(), 2)
    stream.apply(Receipt(stream="f" * 32, upto=2), 1.0)
    assert stream.unreceipted == 2
    for _ in range(2):
        stream.apply(Receipt(stream=stream.name, upto=2), 1.0)
    assert stream.unreceipted == 0
