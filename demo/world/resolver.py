"""The resolver of a site: real-looking addresses of Microsoft's own ranges, with the aliases that lead there. UDP on loopback, A only."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from demo.world.config import LOOPBACK, REFLECTOR, Site
from demo.world.services import FrontDoor, service_of

WHOAMI = "whoami.middlewatch.example"
"""Answers with the resolver's own address to the outside, as such names of public resolvers do."""
REFLECTOR_ADDRESS = "198.51.100.80"
"""Of a range kept for documentation (RFC 5737)."""
_ALIAS_S, _ADDRESS_S = 300, 20
"""Times to live: aliases change by the day, addresses by load."""
_THINK_S = 0.004


class Zone:
    """What a site's resolver knows, as a pure table."""

    def __init__(self, site: Site, door: FrontDoor, hosts: Sequence[str]) -> None:
        self._records: dict[str, tuple[Sequence[str], Sequence[str]]] = {
            REFLECTOR: ((), (REFLECTOR_ADDRESS,)),
            WHOAMI: ((), (site.resolver_address,)),
        }
        for host in hosts:
            service = service_of(host)
            aliases = [one.format(host=host.split(".")[0], code=door.code) for one in service.aliases]
            # Third numbers from 128 on are in the ranges of all services whose addresses differ by site.
            self._records[host] = aliases, [one.format(site=128 + door.number % 64) for one in service.addresses]

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """Return the answer to one question: aliases and addresses, no data for other types, no such name for other names."""
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        question = query.question[0]
        known = self._records.get(question.name.to_text(omit_final_dot=True).lower())
        if known is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        aliases, addresses = known
        owner = question.name
        for alias in aliases:
            answer.answer.append(dns.rrset.from_text(owner, _ALIAS_S, "IN", "CNAME", f"{alias}."))
            owner = dns.name.from_text(alias)
        if question.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(owner, _ADDRESS_S, "IN", "A", *addresses))
        return answer


class _Resolver(asyncio.DatagramProtocol):
    """Answers each datagram after a little while; what is no question is dropped."""

    def __init__(self, zone: Zone, chance: random.Random) -> None:
        self._zone = zone
        self._chance = chance
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if query.question and not query.flags & dns.flags.QR:
            answer = self._zone.answer(query).to_wire(want_shuffle=False)
            asyncio.get_running_loop().call_later(_THINK_S * self._chance.uniform(0.5, 1.5), self._send, answer, addr)

    def _send(self, answer: bytes, place: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, place)


@asynccontextmanager
async def resolving(zone: Zone, seed: str) -> AsyncIterator[int]:
    """Answer questions on a UDP port, which is yielded."""
    loop = asyncio.get_running_loop()
    chance = random.Random(seed)  # noqa: S311 - jitter
    transport, _ = await loop.create_datagram_endpoint(lambda: _Resolver(zone, chance), local_addr=(LOOPBACK, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
