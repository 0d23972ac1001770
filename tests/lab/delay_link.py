"""A link that takes time: two TUN devices, one in each of two network namespaces, and a heap of packets that are not due yet.

`__main__.py link NEAR FAR DEVICE` makes DEVICE in both namespaces, says one line when they are there, and carries packets.
Each line of standard input sets delay (ms one way), jitter (ms, added evenly from 0), loss (a share, both ways): `10 0 0`. Two TUN
devices stand in for the kernel's netem, which not every kernel has. Measured with 20 ms: 40.6 to 40.8 ms of round trip.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

from tests.lab.isolation import network

_TUNSETIFF = 0x4004_54CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
"""linux/if_tun.h"""
_BATCH = 64
"""Packets read from one side before the other is looked at."""


def tun(namespace: str, device: str) -> int:
    """Make a TUN device in a network namespace and return its descriptor."""
    with network(namespace):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", device.encode(), _IFF_TUN | _IFF_NO_PI))
    return descriptor


class Link:
    """Packets under way. Times are seconds of the monotonic clock; a packet never overtakes one of its own direction."""

    def __init__(self, seed: int = 1) -> None:
        self.delay_s = self.jitter_s = self.loss = 0.0
        self._chance = random.Random(seed)
        self._under_way: list[tuple[float, int, int, bytes]] = []
        self._last: dict[int, float] = {}
        self._count = 0

    def put(self, to: int, packet: bytes, now: float) -> None:
        """Take a packet for descriptor `to`, or lose it."""
        if self.loss and self._chance.random() < self.loss:
            return
        due = now + self.delay_s + (self._chance.random() * self.jitter_s if self.jitter_s else 0.0)
        due = self._last[to] = max(due, self._last.get(to, 0.0))
        self._count += 1
        heapq.heappush(self._under_way, (due, self._count, to, packet))

    def due(self, now: float) -> list[tuple[int, bytes]]:
        """Return what has arrived by `now`."""
        arrived = []
        while self._under_way and self._under_way[0][0] <= now:
            _, _, to, packet = heapq.heappop(self._under_way)
            arrived.append((to, packet))
        return arrived

    def wait_s(self, now: float) -> float | None:
        """Return the time until the next packet arrives; None when none is under way."""
        return max(0.0, self._under_way[0][0] - now) if self._under_way else None


def carry(link: Link, near: int, far: int, orders: int) -> None:
    """Carry packets until `orders` ends."""
    other = {near: far, far: near}
    while True:
        ready, _, _ = select.select([near, far, orders], [], [], link.wait_s(time.monotonic()))
        for source in ready:
            if source != orders:
                _take(link, source, other[source])
            elif not (line := os.read(orders, 4096)):
                return
            else:
                link.delay_s, link.jitter_s, link.loss = _order(line)
        for to, packet in link.due(time.monotonic()):
            try:
                os.write(to, packet)
            except OSError:  # the device is down, or its queue is full: a real link loses such packets too
                continue


def _take(link: Link, source: int, to: int) -> None:
    for _ in range(_BATCH):
        try:
            packet = os.read(source, 65_536)
        except BlockingIOError:
            return
        link.put(to, packet, time.monotonic())


def _order(line: bytes) -> tuple[float, float, float]:
    delay_ms, jitter_ms, loss = (float(word) for word in line.split(b"\n")[-2].split())
    return delay_ms / 1000, jitter_ms / 1000, loss


def main(near: str, far: str, device: str) -> None:
    """Make the devices, say so, carry until standard input ends."""
    near_side, far_side = tun(near, device), tun(far, device)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    carry(Link(), near_side, far_side, 0)
