"""The media relay's answers, read byte by byte: MS-TURN's 401, RFC 5389's Binding, and silence for everything else."""

import asyncio
import socket
import struct

import pytest

from demo.world.turn import Manners, answered, relaying_media

TRANSACTION = bytes(range(12))
ALLOCATE = struct.pack("!HHI", 0x0003, 8, 0x2112A442) + TRANSACTION + bytes.fromhex("000f000472c64bc6")
BINDING = struct.pack("!HHI", 0x0001, 0, 0x2112A442) + TRANSACTION


def attributes(message: bytes) -> dict[int, bytes]:
    """Return type to value."""
    found, place = {}, 20
    while place < len(message):
        kind, length = struct.unpack_from("!HH", message, place)
        found[kind] = message[place + 4 : place + 4 + length]
        place += 4 + length + (-length % 4)
    return found


def test_allocate_without_credentials() -> None:
    """The answer is error 401 with realm, nonce, the marker and the client's address hidden by the cookie."""
    answer = answered(ALLOCATE, "192.0.2.7", 50_003, Manners(alternate="52.112.1.2:3478"))
    assert answer is not None
    assert struct.unpack_from("!HHI12s", answer) == (0x0113, len(answer) - 20, 0x2112A442, TRANSACTION)
    told = attributes(answer)
    assert (told[0x0009][:4], told[0x0015], told[0x000F]) == (b"\0\0\x04\x01", b"rtcmedia", bytes.fromhex("72c64bc6"))
    assert len(told[0x0014]) == 40
    assert told[0x8020] == struct.pack("!BBHI", 0, 1, 50_003 ^ 0x2112, 0xC0000207 ^ 0x2112A442)
    assert told[0x000E] == struct.pack("!BBH4B", 0, 1, 3478, 52, 112, 1, 2)


def test_binding() -> None:
    """Binding is answered with the mapped address, over IPv6 hidden by the transaction too."""
    answer = answered(BINDING, "2001:db8::1", 3, Manners())
    assert answer is not None
    assert answer[:2] == b"\x01\x01"
    assert attributes(answer)[0x0020][:2] == b"\0\2"
    assert len(attributes(answer)[0x0020]) == 20


@pytest.mark.parametrize(
    ("data", "manners"),
    [
        (b"", Manners()),
        (ALLOCATE[:-1], Manners()),
        (b"\x80" + ALLOCATE[1:], Manners()),
        (ALLOCATE[:4] + b"\0\0\0\0" + ALLOCATE[8:], Manners()),
        (ALLOCATE, Manners(allocate=False)),
        (BINDING, Manners(binding=False)),
    ],
    ids=["empty", "cut", "rtp", "no cookie", "allocate off", "binding off"],
)
def test_silence(data: bytes, manners: Manners) -> None:
    """What is no request that this relay knows is not answered."""
    assert answered(data, "192.0.2.7", 1, manners) is None


async def test_over_udp() -> None:
    """The relay answers on its port and counts; told to be silent it says nothing and goes on counting afterwards."""
    manners = Manners(mapped="203.0.113.10")
    async with relaying_media(manners) as port:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.connect(("127.0.0.1", port))
            await exchange(sock, BINDING)
            manners.silent = True
            sock.send(BINDING)
            manners_after = Manners()
            async with relaying_media(manners_after) as other:  # a round through the loop: the silent one has read its datagram
                sock.connect(("127.0.0.1", other))
                await exchange(sock, BINDING)
    assert (manners.answered, manners_after.answered) == (1, 1)


async def exchange(sock: socket.socket, data: bytes) -> bytes:
    """Send a datagram and return the answer."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, data)
    return await loop.sock_recv(sock, 2000)
