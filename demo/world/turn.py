"""A Teams media relay as a client without a call sees it: Allocate is refused with realm, nonce and the client's mapped address.

Shapes: MS-TURN (an Allocate without credentials is answered 401) and RFC 5389 for Binding. What is neither is dropped, as relays do.
"""

import asyncio
import contextlib
import ipaddress
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from demo.world.config import LOOPBACK

_HEADER = struct.Struct("!HHI12s")
_COOKIE = 0x2112A442
_MS_MARKER = bytes.fromhex("72c64bc6")
_ALLOCATE, _ALLOCATE_ERROR = 0x0003, 0x0113
_BINDING, _BINDING_SUCCESS = 0x0001, 0x0101
_Attribute = tuple[int, bytes]


@dataclass
class Manners:
    """How a relay behaves, to be changed at any time: whether it says anything, knows either request, and whom it names instead of itself.

    `alternate` is `address:port` of the instance that an Alternate Server attribute names. `mapped` is the address a client is told to
    have, where the one that its datagrams come from is loopback's.
    """

    silent: bool = False
    allocate: bool = True
    binding: bool = True
    realm: str = "rtcmedia"
    alternate: str | None = None
    mapped: str | None = None
    answered: int = 0
    """Requests answered so far."""


class _Relay(asyncio.DatagramProtocol):
    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = None if self._manners.silent else answered(data, addr[0], addr[1], self._manners)
        if answer is not None and self._transport is not None and not self._transport.is_closing():
            self._manners.answered += 1
            self._transport.sendto(answer, addr)


def answered(data: bytes, address: str, port: int, manners: Manners) -> bytes | None:
    """Return the answer to a client's datagram, None where a relay says nothing."""
    if len(data) < _HEADER.size:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if cookie != _COOKIE or length != len(data) - _HEADER.size or length % 4:
        return None
    mapped = _xored(manners.mapped or address, port, transaction)
    if kind == _ALLOCATE and manners.allocate and _MS_MARKER in data[_HEADER.size :]:
        refusal = b"\0\0\x04\x01Unauthorized"
        attributes = [(0x000F, _MS_MARKER), (0x0009, refusal), (0x0014, secrets.token_hex(20).encode()), (0x0015, manners.realm.encode())]
        if manners.alternate is not None:
            attributes.append((0x000E, _plain(manners.alternate)))
        return _message(_ALLOCATE_ERROR, transaction, [*attributes, (0x8008, (4).to_bytes(4)), (0x8020, mapped)])
    if kind == _BINDING and manners.binding:
        return _message(_BINDING_SUCCESS, transaction, [(0x0020, mapped)])
    return None


def _message(kind: int, transaction: bytes, attributes: list[_Attribute]) -> bytes:
    body = b"".join(struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4) for name, value in attributes)
    return _HEADER.pack(kind, len(body), _COOKIE, transaction) + body


def _xored(address: str, port: int, transaction: bytes) -> bytes:
    """Return an XOR-MAPPED-ADDRESS value (RFC 5389 15.2)."""
    packed = ipaddress.ip_address(address).packed
    mask = _COOKIE.to_bytes(4) + transaction
    hidden = bytes(one ^ other for one, other in zip(packed, mask, strict=False))
    return struct.pack("!BBH", 0, 1 if len(packed) == 4 else 2, port ^ (_COOKIE >> 16)) + hidden


def _plain(place: str) -> bytes:
    """Return a MAPPED-ADDRESS value of `address:port` (RFC 5389 15.1)."""
    host, _, port = place.rpartition(":")
    packed = ipaddress.ip_address(host.strip("[]")).packed
    return struct.pack("!BBH", 0, 1 if len(packed) == 4 else 2, int(port)) + packed


@asynccontextmanager
async def relaying_media(manners: Manners, address: str = LOOPBACK, port: int = 0) -> AsyncIterator[int]:
    """Answer as a media relay on a UDP port, which is yielded. Raises OSError where the place is taken."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Relay(manners), local_addr=(address, port))
    with contextlib.closing(transport):
        yield transport.get_extra_info("sockname")[1]
