"""Two requests of STUN's family as bytes, and what their answers say: MS-TURN's Allocate without credentials, RFC 5389's Binding. Pure.

A Teams relay answers Allocate with 401, realm and nonce; nobody needs an account for that (Open Specification MS-TURN; the order of the
attributes and their values as seen on the wire, the marker first as the specification demands). Whatever comes back, nothing here raises.
"""

import ipaddress
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Method = Literal["allocate", "binding"]

ECHOED = slice(4, 20)
"""Cookie and transaction id: what an answer repeats of its question."""
MAX_REALM = 256
"""The cap of `wire.model.Text`."""

_HEADER = struct.Struct("!HH16s")
_ATTRIBUTE = struct.Struct("!HH")
_ADDRESS = struct.Struct("!BBH")
_COOKIE = bytes.fromhex("2112a442")
_MARKER = bytes.fromhex("72c64bc6")
_BODY: tuple[tuple[int, bytes], ...] = (
    (0x000F, _MARKER),
    (0x8008, (4).to_bytes(4)),  # MS-Version
    (0x0006, bytes(48)),  # user name: that of nobody
    (0x0010, (0x15E).to_bytes(4)),  # bandwidth
    (0x8006, bytes(4)),  # unnamed in the specification; its type marks it as one that may be left unread
)
_ANSWERS: dict[int, Method] = {0x0103: "allocate", 0x0113: "allocate", 0x0101: "binding", 0x0111: "binding"}
"""Success and error of each: an error is an answer as well."""
_ERROR, _ALTERNATE, _REALM = 0x0009, 0x000E, 0x0015
_REALM_5389 = 0x0014
"""RFC 5389 gives realm and nonce each other's numbers."""
_XORED = (0x0020, 0x8020)
"""RFC 5389's XOR-MAPPED-ADDRESS, and MS-TURN's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says. `mapped` is our address as the far end saw it, `alternate` the `address:port` it names in its place."""

    method: Method
    error: int | None = None
    realm: str = ""
    mapped: str | None = None
    alternate: str | None = None


def question(method: Method) -> bytes:
    """Return a request with a transaction id of its own."""
    kind, attributes = (0x0003, _BODY) if method == "allocate" else (0x0001, ())
    body = b"".join(_ATTRIBUTE.pack(name, len(value)) + value for name, value in attributes)
    return _HEADER.pack(kind, len(body), _COOKIE + secrets.token_bytes(12)) + body


def read(data: bytes) -> Answer | None:
    """Return what a datagram says, None when it is no answer to either request."""
    if len(data) < _HEADER.size:
        return None
    kind, length, transaction = _HEADER.unpack_from(data)
    method = _ANSWERS.get(kind)
    if method is None or _HEADER.size + length > len(data):
        return None
    found: dict[int, bytes] = {}
    for name, value in _attributes(data[_HEADER.size : _HEADER.size + length]):
        found.setdefault(name, value)
    alternate = _place(found.get(_ALTERNATE, b""))
    xored = next((found[name] for name in _XORED if name in found), b"")
    mapped = _place(xored, transaction)
    realm = found.get(_REALM if method == "allocate" else _REALM_5389, b"")
    return Answer(method, _error(found.get(_ERROR, b"")), _text(realm), mapped and mapped[0], alternate and _joined(*alternate))


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the attributes up to the first that is cut short; values are padded to four bytes (RFC 5389 15)."""
    place = 0
    while place + _ATTRIBUTE.size <= len(body):
        name, length = _ATTRIBUTE.unpack_from(body, place)
        place += _ATTRIBUTE.size
        if place + length > len(body):
            return
        yield name, body[place : place + length]
        place += length + -length % 4


def _error(value: bytes) -> int | None:
    """Return an error code, 300 to 699 (RFC 5389 15.6)."""
    if len(value) < 4:
        return None
    hundreds, rest = value[2] & 0x07, value[3]
    return hundreds * 100 + rest if 3 <= hundreds <= 6 and rest < 100 else None


def _place(value: bytes, transaction: bytes = bytes(16)) -> tuple[str, int] | None:
    """Return address and port of a MAPPED-ADDRESS value, uncovered by the transaction where it was covered with it (RFC 5389 15.2)."""
    if len(value) < _ADDRESS.size:
        return None
    _, family, port = _ADDRESS.unpack_from(value)
    size = {1: 4, 2: 16}.get(family)
    packed = value[_ADDRESS.size :]
    if size is None or len(packed) != size:
        return None
    plain = bytes(one ^ other for one, other in zip(packed, transaction, strict=False))
    return str(ipaddress.ip_address(plain)), port ^ int.from_bytes(transaction[:2])


def _joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _text(value: bytes) -> str:
    return "".join(one for one in value.decode("utf-8", "replace") if one.isprintable())[:MAX_REALM]
