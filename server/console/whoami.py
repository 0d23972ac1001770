"""A name server that tells who asks: any name of its zone is answered with the address the question came from.

Asked through a resolver it tells where that resolver leaves to the Internet; asked directly, from which address UDP 53 leaves here.
Authoritative for its zone only, UDP only, answers hardly larger than questions, so it is of no use to amplify an attack.
"""

import asyncio
import contextlib
import ipaddress
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from server.config import BadConfiguration

MAX_QUESTION = 512
"""RFC 1035: a question without EDNS is never longer; one with is far below it in practice."""


def answered(data: bytes, asker: str, zone: dns.name.Name) -> bytes | None:
    """Return the answer to one datagram, None for what is no question. Never raises."""
    if len(data) > MAX_QUESTION:
        return None
    try:
        query = dns.message.from_wire(data)
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        answer = dns.message.make_response(query, recursion_available=False)
        question = query.question[0]
        if not question.name.is_subdomain(zone):
            answer.set_rcode(dns.rcode.REFUSED)
            return answer.to_wire()
        answer.flags |= dns.flags.AA
        text = _record(question.rdtype, asker)
        if text:
            answer.answer.append(dns.rrset.from_text(question.name, 0, "IN", dns.rdatatype.to_text(question.rdtype), text))
        return answer.to_wire()
    except (dns.exception.DNSException, ValueError):
        return None


def _record(kind: dns.rdatatype.RdataType, asker: str) -> str:
    """Return the asker as a record of the kind asked for; empty where it has none, which is NOERROR without data."""
    version = ipaddress.ip_address(asker).version
    fits = {dns.rdatatype.TXT: True, dns.rdatatype.A: version == 4, dns.rdatatype.AAAA: version == 6}
    if not fits.get(kind, False):
        return ""
    return f'"{asker}"' if kind == dns.rdatatype.TXT else asker


class _Whoami(asyncio.DatagramProtocol):
    """The socket's side of it."""

    def __init__(self, zone: dns.name.Name) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # a selector loop's does not derive from it in 3.11

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = answered(data, addr[0].partition("%")[0], self._zone)
        if answer is not None:
            self._transport.sendto(answer, addr)


async def listen_whoami(address: str, zone: str, stack: contextlib.AsyncExitStack) -> int:
    """Answer on `address:port` until the stack ends; return the port, 0 when off. Raises BadConfiguration."""
    if not address:
        return 0
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    name = dns.name.from_text(zone)
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Whoami(name), (host.strip("[]"), int(port)))
    except OSError as error:
        why = (error.strerror or str(error)).rpartition("): ")[2]
        sentence = f"config: reflector.whoami_listen: {address} cannot be opened ({why}); choose a free address and port"
        raise BadConfiguration([sentence]) from None
    stack.callback(transport.close)
    return int(transport.get_extra_info("sockname")[1])
