"""What the provider's resolver knows: the names of a scenario, with real addresses of Microsoft's own ranges, A and AAAA."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from demo.world.services import service_of
from tests.lab.nodes import RESOLVER, RESOLVER6
from tests.lab.world_row import REFLECTOR, REFLECTOR_ADDRESS, REFLECTOR_ADDRESS6, WHOAMI, WorldRow

_SITE = 168
"""The number that tells this site's unicast front doors from another's (`demo.world.services`): 52.97.168.2 and the like."""
_SIX = {
    "Exchange": "2603:1026:c0a:168::2",
    "SharePoint": "2620:1ec:8f8::10",
    "Teams": "2620:1ec:21::14",
    "sign-in": "2603:1026:3000:168::1",
    "control": "2a00:1450:4001:168::99",
    "edge": "2620:1ec:46::171",
    "media": "2603:1063:5::7",
}
"""Addresses of the published IPv6 prefixes, by service."""


class Zone:
    """A pure table. An anycast or unicast service spread over several sites answers with all their addresses."""

    def __init__(self, row: WorldRow, hosts: Sequence[str]) -> None:
        self._records: dict[str, tuple[list[str], list[str], list[str]]] = {
            REFLECTOR: ([], [REFLECTOR_ADDRESS], [REFLECTOR_ADDRESS6]),
            WHOAMI: ([], [RESOLVER], [RESOLVER6]),
        }
        for host in hosts:
            if host not in self._records and host not in row.missing:
                self._records[host] = _usual(row, host)
        for host, addresses in row.answers.items():
            four, six = [one for one in addresses if ":" not in one], [one for one in addresses if ":" in one]
            self._records[host] = [], four, six

    def addresses(self, host: str) -> list[str]:
        """Return all addresses of a name, both families."""
        _, four, six = self._records.get(host, ([], [], []))
        return [*four, *six]

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """Return the answer to one question: aliases and addresses, no data for other types, no such name for other names."""
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        question = query.question[0]
        known = self._records.get(question.name.to_text(omit_final_dot=True).lower())
        if known is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        aliases, four, six = known
        owner = question.name
        for alias in aliases:
            answer.answer.append(dns.rrset.from_text(owner, 300, "IN", "CNAME", f"{alias}."))
            owner = dns.name.from_text(alias)
        kind, addresses = {dns.rdatatype.A: ("A", four), dns.rdatatype.AAAA: ("AAAA", six)}.get(question.rdtype, ("", []))
        if addresses:
            answer.answer.append(dns.rrset.from_text(owner, 20, "IN", kind, *addresses))
        return answer


def _usual(row: WorldRow, host: str) -> tuple[list[str], list[str], list[str]]:
    service = service_of(host)
    aliases = [one.format(host=host.split(".", maxsplit=1)[0], code=row.front_door) for one in service.aliases]
    four = [one.format(site=_SITE + turn) for turn in range(row.spread) for one in service.addresses]
    six = [_SIX[service.name]]
    return aliases, list(dict.fromkeys(four)) if "4" in row.families else [], six if "6" in row.families else []


class _Resolver(asyncio.DatagramProtocol):
    """Answers each datagram at once; what is no question is dropped."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if self._transport is not None and query.question and not query.flags & dns.flags.QR:
            self._transport.sendto(self._zone.answer(query).to_wire(want_shuffle=False), addr)


@asynccontextmanager
async def resolving(zone: Zone) -> AsyncIterator[None]:
    """Answer on the resolver's addresses; call it inside the far side's network."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        for address in (RESOLVER, RESOLVER6):
            transport, _ = await loop.create_datagram_endpoint(lambda: _Resolver(zone), local_addr=(address, 53))
            stack.callback(transport.close)
        yield
