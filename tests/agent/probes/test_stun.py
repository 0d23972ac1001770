"""MS-TURN and STUN messages: the shapes of the requests, answers as the standards print them, and bytes of any kind."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from agent.probes.stun import ECHOED, Answer, question, read
from demo.world.turn import Manners, answered
from wire.facts import MediaFacts
from wire.target import Target

RFC_5769 = bytes.fromhex(
    "0101001c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f722000200008 0001a147e112a643".replace(" ", "")
)
"""The sample response of RFC 5769, 2.2, without its integrity and fingerprint."""
TARGET = Target(host="relay.test", port=3478, protocol="turn", category="Optimize", workload="Teams")


def test_allocate_as_on_the_wire() -> None:
    """Type 0x0003, length 0x54, cookie, transaction; the marker first, a user name of 48 bytes, bandwidth 0x15E."""
    data = question("allocate")
    assert data[:8] == bytes.fromhex("000300542112a442")
    assert len(data) == 20 + 0x54
    assert data[20:28] == bytes.fromhex("000f000472c64bc6")
    assert bytes.fromhex("00060030") + bytes(48) in data
    assert bytes.fromhex("001000040000015e") in data
    assert question("allocate")[ECHOED] != data[ECHOED]


def test_the_standards_response() -> None:
    """RFC 5769's answer to Binding says 192.0.2.1."""
    assert read(RFC_5769) == Answer("binding", mapped="192.0.2.1")


def test_answers_of_a_relay() -> None:
    """A relay's 401 to Allocate gives error, realm, our address and whom it names in its place, over both families."""
    manners = Manners(alternate="52.112.1.2:3479")
    told = answered(question("allocate"), "203.0.113.9", 50_001, manners)
    assert told is not None
    assert read(told) == Answer("allocate", 401, "rtcmedia", "203.0.113.9", "52.112.1.2:3479")
    six = answered(question("binding"), "2001:db8::7", 50_001, manners)
    assert six is not None
    assert read(six) == Answer("binding", mapped="2001:db8::7")


def test_no_answers() -> None:
    """An echo of the question, another protocol and a message longer than its datagram are no answers."""
    for data in (b"", question("allocate"), b"HTTP/1.1 400 Bad Request\r\n\r\n", RFC_5769[:3] + b"\x40" + RFC_5769[4:]):
        assert read(data) is None


def test_cut_attributes() -> None:
    """An attribute that claims more than there is ends the reading; what came before it stays."""
    body = struct.pack("!HH8s", 0x0020, 8, RFC_5769[-8:]) + struct.pack("!HH", 0x0014, 500) + b"realm"
    assert read(struct.pack("!HH", 0x0101, len(body)) + RFC_5769[4:20] + body) == Answer("binding", mapped="192.0.2.1")


@given(st.binary(max_size=200), st.sampled_from([0x0101, 0x0103, 0x0111, 0x0113]), st.integers(0, 300))
def test_any_bytes(body: bytes, kind: int, length: int) -> None:
    """Whatever a datagram holds, reading it never fails, and what is read fits the wire."""
    for data in (body, struct.pack("!HH", kind, length) + RFC_5769[4:20] + body, struct.pack("!HH", kind, len(body)) + bytes(16) + body):
        told = read(data)
        if told is not None:
            MediaFacts(target=TARGET, realm=told.realm, mapped=told.mapped)


@given(
    st.lists(
        st.tuples(st.sampled_from([0x0009, 0x000E, 0x0014, 0x0015, 0x0020, 0x8020]), st.binary(max_size=300)),
        max_size=8,
    )
)
def test_any_attributes(attributes: list[tuple[int, bytes]]) -> None:
    """Attributes of any content, each within its bounds, never fail either."""
    body = b"".join(struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4) for name, value in attributes)
    told = read(struct.pack("!HH", 0x0113, len(body)) + RFC_5769[4:20] + body)
    assert told is not None
    MediaFacts(target=TARGET, realm=told.realm, mapped=told.mapped)
    assert told.error is None or 300 <= told.error <= 699
