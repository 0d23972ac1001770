"""Passes datagrams on, both ways, each a distance later than it came: the UDP side of a site's link. Nothing is read or changed.

Whether a datagram passes, and where to, is asked for each: a device that is put in stops what was let through a moment ago.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from demo.world.config import LOOPBACK
from demo.world.relay import Way

_LARGEST = 65_536
MAX_SOURCES = 256
"""Source places remembered at once; the oldest is forgotten first, as a full translation table does."""
_Place = tuple[str, int]


class _Passing:
    """One port. Each source place gets a socket of its own towards the far end, by which the answers find their way back."""

    def __init__(self, near: socket.socket, way: Callable[[], Way | None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._near = near
        self._way = way
        self._far: dict[_Place, socket.socket] = {}
        self._loop.add_reader(near, self._arrived)

    def close(self) -> None:
        """Forget everybody; what is under way is lost."""
        self._loop.remove_reader(self._near)
        self._near.close()
        while self._far:
            self._forget(next(iter(self._far)))

    def _arrived(self) -> None:
        with contextlib.suppress(OSError):
            data, source = self._near.recvfrom(_LARGEST)
            way = self._way()
            if way is not None:
                self._loop.call_later(way.delay_s, self._there, data, source, way)

    def _there(self, data: bytes, source: _Place, way: Way) -> None:
        if self._near.fileno() < 0:
            return
        far = self._far.get(source)
        if far is None:
            far = self._far[source] = _bound(0)
            self._loop.add_reader(far, self._returned, far, source, way.delay_s)
            if len(self._far) > MAX_SOURCES:
                self._forget(next(iter(self._far)))
        with contextlib.suppress(OSError):
            far.sendto(data, (LOOPBACK, way.port))

    def _returned(self, far: socket.socket, source: _Place, delay_s: float) -> None:
        with contextlib.suppress(OSError):
            data, _ = far.recvfrom(_LARGEST)
            self._loop.call_later(delay_s, self._back, data, source)

    def _back(self, data: bytes, source: _Place) -> None:
        with contextlib.suppress(OSError):
            self._near.sendto(data, source)

    def _forget(self, source: _Place) -> None:
        far = self._far.pop(source)
        self._loop.remove_reader(far)
        far.close()


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.settimeout(0)
    made.bind((LOOPBACK, port))
    return made


@asynccontextmanager
async def passing_datagrams(way: Callable[[], Way | None]) -> AsyncIterator[int]:
    """Pass datagrams of a UDP port, which is yielded, to where `way` points at the moment they come; None stops them in silence."""
    near = _bound(0)
    with contextlib.closing(_Passing(near, way)):
        yield near.getsockname()[1]
