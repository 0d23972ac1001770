"""One connected non-blocking socket with stamped sends and reads: TCP or UDP, no TLS, no protocol.

Reads happen in the loop's reader callback, so that the stamp is taken before anybody works on the bytes. asyncio's transports and streams
are not used: their stamps queue behind other connections' handshakes.
"""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from agent.network.clock import Read, SampleClock
from agent.network.failure import Failed
from agent.network.loop import LAG_NS, watch_of

READ_BYTES = 65_536
"""The largest datagram, and four TLS records."""
MAX_BYTES = 4 << 20
"""What one connection may bring in all: four times the largest body that is read. What a peer sends beyond is not a page any more."""
YIELD_AFTER = 16
"""Reads that found data waiting, one after the other, before others get their turn: a peer that floods must not hold the loop."""


class Channel:
    """A socket to one peer. `suspect` turns true when a stamp that ends a stage may be late or merged by more than 2 ms."""

    def __init__(
        self,
        address: str,
        port: int,
        kind: socket.SocketKind,
        clock: SampleClock,
        *,
        local: str | None = None,
        interface: str = "",
        source_port: int = 0,
        more: int = 0,
    ) -> None:
        """`local` is an own address the connection is to come from, `interface` the name of one it is to leave by where that can be had.

        `more` bytes than MAX_BYTES may come: a download that was asked for.
        """
        self._loop = asyncio.get_running_loop()
        self._watch = watch_of(self._loop)
        self._clock = clock
        self._place = (address, port)
        self._sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
        self._taken = 0
        self._most = MAX_BYTES + more
        self._at_once = 0
        self._segments = 0
        self._merged = False
        self._busy_ns = 0
        self._unstamped = False
        self._given_back: Read | None = None
        try:
            self._sock.settimeout(0)
            if kind == socket.SOCK_STREAM:
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            clock.prepare(self._sock)
            if local is not None:
                leave_from(self._sock, local, interface, source_port)
            elif source_port:
                self._sock.bind(("", source_port))
        except OSError:
            self._sock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._sock.close()

    async def connect(self) -> tuple[int, int]:
        """Connect and return when that started and when it was complete. Raises OSError."""
        started = self._clock.now()
        try:
            self._sock.connect(self._place)
        except BlockingIOError:
            future: asyncio.Future[int] = self._loop.create_future()
            self._loop.add_writer(self._sock.fileno(), self._on_connected, future, started)
            try:
                return started, await future
            finally:
                self._loop.remove_writer(self._sock.fileno())
        self._note_lag(started)
        return started, self._clock.connected(self._sock, started) if self._sock.type == socket.SOCK_STREAM else started

    def _on_connected(self, future: "asyncio.Future[int]", started: int) -> None:
        self._loop.remove_writer(self._sock.fileno())
        if future.done():
            return
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            future.set_exception(OSError(number, os.strerror(number)))
            return
        done = self._clock.connected(self._sock, started)
        self._note_lag(done)
        future.set_result(done)

    async def send(self, data: bytes) -> int:
        """Send all of `data` and return when the first byte left. Raises OSError."""
        left = memoryview(data)
        stamp = self._clock.now()
        while left:
            try:
                left = left[self._sock.send(left) :]
            except BlockingIOError:
                await self._writable()
        return stamp

    async def _writable(self) -> None:
        future: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_writer(self._sock.fileno(), _wake, future)
        try:
            await future
        finally:
            self._loop.remove_writer(self._sock.fileno())

    async def receive(self) -> Read:
        """Return the next bytes with their stamp; no bytes mean an orderly close. Raises OSError, and Failed `too_large`.

        Given up, it loses nothing.
        """
        if self._given_back is not None:
            got, self._given_back = self._given_back, None
            return got
        if self._at_once >= YIELD_AFTER:
            self._at_once = 0
            await asyncio.sleep(0)
        try:
            got = self._read()
        except BlockingIOError:
            self._at_once = 0
        else:
            self._at_once += 1
            return got
        future: asyncio.Future[Read] = self._loop.create_future()
        self._loop.add_reader(self._sock.fileno(), self._on_readable, future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._given_back = future.result()  # read in the very moment the wait was given up
            raise
        finally:
            self._loop.remove_reader(self._sock.fileno())

    @contextlib.contextmanager
    def each(self, take: Callable[[Read | OSError], None]) -> Iterator[None]:
        """Hand each datagram to `take` as it arrives, for the time of the body: a wait that is given up at a time limit can lose one."""
        self._loop.add_reader(self._sock.fileno(), self._on_each, take)
        try:
            yield
        finally:
            self._loop.remove_reader(self._sock.fileno())

    def _on_each(self, take: Callable[[Read | OSError], None]) -> None:
        try:
            while True:
                take(self._read())
        except BlockingIOError:
            return
        except OSError as error:
            take(error)

    async def receive_some(self) -> Read:
        """Return the next bytes. Raises Failed `closed` when there are no more, and OSError."""
        got = await self.receive()
        if not got.data:
            raise Failed("closed", "closed before the stage was complete")
        return got

    def _on_readable(self, future: "asyncio.Future[Read]") -> None:
        if future.done():
            return
        try:
            future.set_result(self._read())
        except BlockingIOError:
            return
        except (OSError, Failed) as error:
            future.set_exception(error)
        self._loop.remove_reader(self._sock.fileno())

    def _read(self) -> Read:
        got = self._clock.read(self._sock, READ_BYTES)
        self._taken += len(got.data)
        if self._taken > self._most:
            raise Failed("too_large", f"more than {self._most} bytes on one connection")
        self._note_lag(got.stamp)
        self._unstamped |= not got.exact
        if self._clock.name == "kernel" and self._sock.type == socket.SOCK_STREAM:
            segments = self._clock.segments(self._sock)
            self._merged = segments > self._segments + 1
            self._segments = segments
        return got

    def _note_lag(self, stamp: int) -> None:
        self._busy_ns = self._watch.busy_ns() if self._watch else self._clock.now() - stamp

    def doubtful(self, *, first_of_several: bool = False) -> bool:
        """Return whether the last stamp may be wrong by more than 2 ms.

        The kernel's stamp is that of the last segment of a read, so it is doubtful only where the first is meant, several came in one
        read and the loop was deaf. The loop's own stamp is late whenever the loop was.
        """
        if self._unstamped:
            return True
        if self._busy_ns <= LAG_NS:
            return False
        return self._clock.name == "loop" or (first_of_several and self._merged)


def leave_from(sock: socket.socket, local: str, interface: str, port: int = 0) -> None:
    """Bind to an own address, and to the interface where the system lets everybody do that (Linux 5.7 and later)."""
    if not local:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    if interface and interface != local and hasattr(socket, "SO_BINDTODEVICE"):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    sock.bind((local, port))


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
