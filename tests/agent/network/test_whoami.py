"""Questions that tell about the asker or the path, on real sockets of loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import dns.message
import dns.name
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.network.clock import sample_clock
from agent.network.net import Told
from agent.network.settings import Asked
from agent.network.whoami import address_told, first_address, resolver_told
from server.console.whoami import listen_whoami

CLOCK = sample_clock("auto")
ZONE = "whoami.example"


class Resolver(asyncio.DatagramProtocol):
    """Answers every question with the same records, or with silence."""

    def __init__(self, *records: tuple[str, str]) -> None:
        self.records = records
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        query = dns.message.from_wire(data)
        self.asked.append(str(query.question[0]))
        if not self.records:
            return
        answer = dns.message.make_response(query)
        question = query.question[0]
        for kind, text in self.records:
            answer.answer.append(dns.rrset.from_text(question.name, 0, question.rdclass, kind, text))
        self._transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined] # a selector loop's transport does not derive


@contextlib.asynccontextmanager
async def resolving(resolver: Resolver) -> AsyncIterator[tuple[str, int]]:
    """Give the place of a resolver on loopback."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: resolver, ("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")
    finally:
        transport.close()


@pytest.mark.parametrize(("records", "found"), [((("A", "192.0.2.7"),), True), ((), False)])
async def test_an_answer_from_nobody(records: tuple[tuple[str, str], ...], found: bool) -> None:  # noqa: FBT001 - a table
    """Whatever answers in the name of an address nobody owns shows itself; silence is what there should be."""
    resolver = Resolver(*records)
    async with resolving(resolver) as (host, port):
        told = await resolver_told(f"{host}:{port}", (), (), CLOCK, 0.5, identity=False)
    assert told == Told(answered_by_nobody=found)
    assert resolver.asked == ["outlook.office365.com. IN A"]


async def test_what_is_off_is_not_asked() -> None:
    """With nothing wanted no datagram is sent, and nothing is known."""
    resolver = Resolver(("TXT", '"x"'))
    async with resolving(resolver) as place:
        assert await resolver_told("", (), [place], CLOCK, 0.5, identity=False) == Told()
    assert resolver.asked == []


async def test_what_a_resolver_calls_itself() -> None:
    """Both questions are of class CHAOS, and go to the first resolver."""
    resolver = Resolver(("TXT", '"fra1.resolver"'))
    async with resolving(resolver) as place:
        told = await resolver_told("", (), [place], CLOCK, 0.5, identity=True)
    assert (told.identity, told.version, told.answered_by_nobody) == ("fra1.resolver", "fra1.resolver", None)
    assert sorted(resolver.asked) == ["id.server. CH TXT", "version.bind. CH TXT"]


async def test_through_the_resolver_and_directly() -> None:
    """Through a resolver its own address is told; our name server asked directly tells ours. A fresh name is another each time."""
    resolver = Resolver(("TXT", '"ns" "198.51.100.53"'))
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(resolving(resolver))
        port = await listen_whoami("127.0.0.1:0", ZONE, stack)
        names = (Asked(ZONE, "TXT", fresh=True), Asked(ZONE, "A", server=f"127.0.0.1:{port}"))
        told = await resolver_told("", names, [place], CLOCK, 0.5, identity=False)
        assert told.resolver_egress == "198.51.100.53"
        await resolver_told("", names, [place], CLOCK, 0.5, identity=False)
        assert len(set(resolver.asked)) == 2
        assert all(one.endswith(f".{ZONE}. IN TXT") for one in resolver.asked)
        assert await address_told(names[1:], (), CLOCK, 0.5) == "127.0.0.1"


async def test_the_next_name_is_asked_when_one_says_nothing() -> None:
    """A name without an address in its answer is passed over; when none says one, nothing is known."""
    async with contextlib.AsyncExitStack() as stack:
        port = await listen_whoami("127.0.0.1:0", ZONE, stack)
        place = await stack.enter_async_context(resolving(Resolver(("TXT", '"no address here: 1.2.3"'))))
        names = [Asked("elsewhere.example", "A"), Asked(ZONE, "TXT", server=f"127.0.0.1:{port}")]
        assert await address_told(names, [place], CLOCK, 0.5) == "127.0.0.1"
        assert await address_told(names[:1], [place], CLOCK, 0.5) == ""
        assert await address_told([Asked("x" * 300)], [place], CLOCK, 0.5) == ""


@given(st.text(max_size=200).filter(lambda text: '"' not in text and "\\" not in text and text.isprintable() and text.isascii()))
def test_any_text(text: str) -> None:
    """Whatever a name server writes, an address is found in it or not."""
    answer = dns.message.make_response(dns.message.make_query(ZONE, "TXT"))
    answer.answer.append(dns.rrset.from_text(dns.name.from_text(ZONE), 0, "IN", "TXT", f'"{text}"'))
    assert isinstance(first_address(answer), str)
