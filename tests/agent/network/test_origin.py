"""Who announces an address, asked of a resolver on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import dns.message
import dns.rcode
import dns.rrset
import pytest

from agent.network.clock import LoopClock
from agent.network.origin import origin_of, question

ZONE = "origin.asn.cymru.com"


@contextlib.asynccontextmanager
async def answering(text: str | None) -> AsyncIterator[tuple[str, int]]:
    """Answer every question with this TXT record; without one, that the name does not exist."""

    class Resolver(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, peer: object) -> None:
            query = dns.message.from_wire(data)
            answer = dns.message.make_response(query)
            if text is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            else:
                answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", text))
            self.transport.sendto(answer.to_wire(), peer)  # type: ignore[attr-defined]

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Resolver, ("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[:2]
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('"8075 | 52.96.0.0/14 | US | arin | 2015-11-24"', 8075),
        ('"8075 8068 | 52.96.0.0/14 | US | arin | "', 8075),
        ('"80" "75 | 52.96.0.0/14"', 8075),
        ('"v=spf1 -all"', None),
        ('"99999999999 | x"', None),
        ('"0 | x"', None),
        ('"\\255\\254"', None),
        (None, None),
    ],
)
async def test_answers(text: str | None, number: int | None) -> None:
    """The first number of the record, or nothing: whatever else is said is not believed."""
    async with answering(text) as place:
        assert await origin_of("52.98.0.1", ZONE, [place], LoopClock(), 2.0) == number


async def test_no_answer() -> None:
    """A resolver that is silent, one that refuses and none at all say nothing, within the limit."""
    async with answering("x") as place:
        silent = place
    assert await origin_of("52.98.0.1", ZONE, [silent], LoopClock(), 0.05) is None
    assert await origin_of("52.98.0.1", ZONE, [], LoopClock(), 0.05) is None


def test_questions() -> None:
    """IPv4 by bytes, IPv6 by nibbles under the zone's other name."""
    assert question("52.98.0.1", ZONE) == "1.0.98.52.origin.asn.cymru.com."
    assert question("2603:1006::1", ZONE).endswith("0.6.0.0.1.3.0.6.2.origin6.asn.cymru.com.")
