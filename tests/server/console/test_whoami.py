"""The name server that tells who asks."""

import asyncio
import contextlib
import socket

import dns.flags
import dns.message
import dns.name
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.config import BadConfiguration
from server.console.whoami import answered, listen_whoami

ZONE = dns.name.from_text("whoami.example.")


def ask(name: str, kind: str, asker: str = "203.0.113.7") -> dns.message.Message:
    """Return the answer to one question."""
    data = answered(dns.message.make_query(name, kind).to_wire(), asker, ZONE)
    assert data is not None
    return dns.message.from_wire(data)


@pytest.mark.parametrize(
    ("kind", "asker", "told"),
    [
        ("TXT", "203.0.113.7", ['"203.0.113.7"']),
        ("A", "203.0.113.7", ["203.0.113.7"]),
        ("AAAA", "203.0.113.7", []),
        ("AAAA", "2001:db8::7", ["2001:db8::7"]),
        ("A", "2001:db8::7", []),
        ("MX", "203.0.113.7", []),
    ],
)
def test_the_asker_is_told(kind: str, asker: str, told: list[str]) -> None:
    """As text, or as the record of its own version of IP; with authority, and never to be kept."""
    answer = ask("x1.whoami.example.", kind, asker)
    assert [item.to_text() for one in answer.answer for item in one] == told
    assert {one.ttl for one in answer.answer} <= {0}
    assert answer.flags & dns.flags.AA
    assert answer.rcode() == dns.rcode.NOERROR


def test_other_zones_are_refused() -> None:
    """It answers for its own zone only."""
    assert ask("whoami.example.com.", "TXT").rcode() == dns.rcode.REFUSED


def test_answers_are_not_answered() -> None:
    """Two such servers cannot be made to talk to each other."""
    query = dns.message.make_query("whoami.example.", "TXT")
    assert answered(dns.message.make_response(query).to_wire(), "203.0.113.7", ZONE) is None
    assert answered(query.to_wire() + bytes(600), "203.0.113.7", ZONE) is None


@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    """Whatever comes is answered or not, and nothing is raised."""
    answer = answered(data, "203.0.113.7", ZONE)
    assert answer is None or len(answer) <= len(data) + 64


async def test_on_a_socket() -> None:
    """A real datagram on loopback is answered with its own address; an address somebody has is one sentence."""
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        port = await listen_whoami("127.0.0.1:0", "whoami.example", stack)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.connect(("127.0.0.1", port))
            await loop.sock_sendall(sock, dns.message.make_query("a.whoami.example", "TXT").to_wire())
            answer = dns.message.from_wire(await loop.sock_recv(sock, 600))
        assert answer.answer[0][0].to_text() == '"127.0.0.1"'
        with pytest.raises(BadConfiguration, match=r"reflector\.whoami_listen: 127\.0\.0\.1:\d+ cannot be opened"):
            await listen_whoami(f"127.0.0.1:{port}", "whoami.example", stack)
    async with contextlib.AsyncExitStack() as stack:
        assert await listen_whoami("", "", stack) == 0
