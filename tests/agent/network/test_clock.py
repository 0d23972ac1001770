"""Both clocks: what they stamp and when they say they do not know."""

import socket
import struct
import sys
from typing import Any, cast

import pytest

from agent.network.clock import SO_TIMESTAMPNS, KernelClock, LoopClock, sample_clock


class ScriptedSocket:
    """A socket whose ancillary data and TCP_INFO a test writes."""

    def __init__(self, *, stamp: tuple[int, int] | None = None, rtt_us: int = 0, retransmitted: int = 0, segments: int = 0) -> None:
        self._ancillary = [] if stamp is None else [(socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("@ll", *stamp))]
        words = [0] * 24
        words[15], words[23] = rtt_us, retransmitted
        self._info = struct.pack("@8x24I", *words).ljust(152, b"\0") + struct.pack("@I", segments)

    def recvmsg(self, size: int, ancillary: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, Any]:
        """Return one byte and the scripted stamp."""
        return b"x", self._ancillary, 0, None

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Return the scripted TCP_INFO."""
        return self._info

    @classmethod
    def make(cls, **script: Any) -> socket.socket:
        """Return a scripted socket typed as a real one."""
        return cast("socket.socket", cls(**script))


linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's stamps are Linux's")


@linux
def test_kernel_stamp() -> None:
    """The stamp is the kernel's; a read without one says it is not exact."""
    clock = KernelClock()
    assert clock.read(ScriptedSocket.make(stamp=(7, 5)), 10) == (b"x", 7_000_000_005, True)
    assert clock.read(ScriptedSocket.make(), 10).exact is False


@linux
def test_round_trip_is_trusted_unless_a_segment_was_lost() -> None:
    """The kernel's round trip times a connect; after a retransmission, or without one, the wall clock does."""
    clock = KernelClock()
    started = clock.now() - 1_000_000_000
    assert clock.connected(ScriptedSocket.make(rtt_us=1000), started) == started + 1_000_000
    for script in ({"rtt_us": 1000, "retransmitted": 1}, {"rtt_us": 0}):
        assert clock.connected(ScriptedSocket.make(**script), started) >= started + 1_000_000_000


@linux
def test_round_trip_never_exceeds_the_wall() -> None:
    """A round trip longer than the wall's time cannot be: the wall's counts."""
    clock = KernelClock()
    started = clock.now()
    assert clock.connected(ScriptedSocket.make(rtt_us=60_000_000), started) <= clock.now()


@linux
def test_segments() -> None:
    """The count of data segments is read where the kernel gives it."""
    assert KernelClock().segments(ScriptedSocket.make(segments=3)) == 3
    assert LoopClock().segments(ScriptedSocket.make(segments=3)) == 0


def test_choice() -> None:
    """The mode chooses the clock; auto takes the best of this machine."""
    assert sample_clock("loop").name == "loop"
    assert sample_clock("auto").name == ("kernel" if sys.platform == "linux" else "loop")


def test_loop_clock_never_steps() -> None:
    """The portable clock has no drift to watch."""
    assert LoopClock().drift_ns() == 0
