"""A packet capture on one Ethernet interface with the kernel's nanosecond stamps, read after the run. Needs CAP_NET_RAW (root).

A memory-mapped ring (packet(7), TPACKET_V2) and not plain reads: the kernel copies each packet at once, so nothing runs beside the
probes, and no clone of a packet stays alive. (A clone would forbid the kernel to merge segments and so hide the very fault that a stalled
loop causes.)
"""

import ctypes
import mmap
import re
import socket
import struct
from dataclasses import dataclass
from typing import Self

SOL_PACKET, PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION, SO_ATTACH_FILTER = 263, 5, 6, 10, 26
TPACKET_V2 = 1
ETH_P_ALL = 3
PACKET_OUTGOING = 4
FRAME = 1024
"""Holds a ClientHello's name."""
FRAMES = 65_536
BLOCK = 1 << 20
_HEADER = struct.Struct("=IIIHHII")
_SLL_TYPE_AT = 32 + 10  # struct sockaddr_ll follows the aligned header; sll_pkttype is its byte 10
_NAME = re.compile(rb"p(\d+)\.bench\.test")


@dataclass(frozen=True, slots=True)
class Packet:
    """One TCP packet: `out` when it left a socket, else as it arrived. `name` is the number in a ClientHello's SNI."""

    stamp: int
    out: bool
    source: int
    destination: int
    flags: int
    payload: int
    name: int | None


class Ring:
    """A running capture of one TCP port."""

    def __init__(self, port: int, device: str = "lo") -> None:
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._sock.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        self._filter(port)
        self._sock.setsockopt(SOL_PACKET, PACKET_RX_RING, struct.pack("=IIII", BLOCK, FRAMES * FRAME // BLOCK, FRAME, FRAMES))
        self._memory = mmap.mmap(self._sock.fileno(), FRAMES * FRAME, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._sock.bind((device, ETH_P_ALL))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.close()
        self._sock.close()

    def _filter(self, port: int) -> None:
        """Let IPv4 TCP of one port in (bpf(4); offsets behind 14 bytes of Ethernet and 20 of IPv4)."""
        steps = [
            (0x30, 0, 0, 23),  # protocol
            (0x15, 0, 5, 6),  # TCP
            (0x28, 0, 0, 34),  # source port
            (0x15, 2, 0, port),
            (0x28, 0, 0, 36),  # destination port
            (0x15, 0, 1, port),
            (0x06, 0, 0, 0xFFFF),
            (0x06, 0, 0, 0),
        ]
        code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(steps), ctypes.addressof(code)))

    def packets(self) -> list[Packet]:
        """Return what was captured, in order. Raises RuntimeError when the ring was too small."""
        seen, lost = struct.unpack("=II", self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        if lost:
            raise RuntimeError(f"capture lost {lost} of {seen} packets; fewer probes or a larger ring")
        found = []
        for at in range(0, FRAMES * FRAME, FRAME):
            status, length, held, mac, net, seconds, nanoseconds = _HEADER.unpack_from(self._memory, at)
            if not status & 1:
                break
            frame = self._memory[at + mac : at + mac + held]
            out = self._memory[at + _SLL_TYPE_AT] == PACKET_OUTGOING
            found.append(_packet(frame, seconds * 1_000_000_000 + nanoseconds, out=out))
            del length, net
        return found


def _packet(frame: bytes, stamp: int, *, out: bool) -> Packet:
    total = int.from_bytes(frame[16:18], "big")
    source, destination = struct.unpack_from("!HH", frame, 34)
    head = 20 + (frame[46] >> 4) * 4
    found = _NAME.search(frame, 14 + head)
    return Packet(stamp, out, source, destination, frame[47], total - head, int(found[1]) if found else None)
