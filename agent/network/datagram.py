"""A train of datagrams on one UDP socket: sent at even distances, answers stamped as they arrive and matched. No protocol is spoken here.

The socket is connected, so the kernel drops what does not come from the place asked and tells of ICMP errors. What answers no question
of ours, or one that has been answered, is dropped.
"""

import asyncio
import errno
import random
import socket
from collections.abc import Mapping

from agent.network.address import mapped
from agent.network.channel import Channel
from agent.network.clock import STEP_NS, Read, SampleClock
from agent.network.failure import Failed, classify
from agent.network.net import Reply, Train, Trained


async def run_train(train: Train, clock: SampleClock, patience_s: float, connect: Mapping[str, str]) -> Trained:
    """Send a train and return its answers; waits at most `patience_s` for those to the last question."""
    drift = clock.drift_ns()
    trouble: Exception | None = None
    one = _Running(train)
    try:
        place = mapped(connect, train.target.host, train.address, train.target.port, "/udp")
        with _opened(place, train, clock) as channel:
            await channel.connect()
            await one.run(channel, patience_s)
    except (OSError, Failed) as error:
        trouble = error
    answered = any(reply is not None for reply in one.replies)
    failure, text = (None, None) if answered or trouble is None else classify(trouble)
    return Trained(
        clock.name,
        suspect=one.suspect or abs(clock.drift_ns() - drift) > STEP_NS,
        sent=len(one.sent),
        replies=tuple(one.replies),
        failure=failure,
        stage=None if failure is None else "first_byte" if one.sent else "connect",
        error=text,
    )


def _opened(place: tuple[str, int], train: Train, clock: SampleClock) -> Channel:
    """Return a socket from one of the train's ports, in random order. Raises OSError, and Failed when none is free."""
    local = train.way.local_for(train.address)
    interface = train.way.host if local else ""
    for port in random.sample(train.source_ports, len(train.source_ports)) or [0]:
        try:
            return Channel(*place, socket.SOCK_DGRAM, clock, local=local, interface=interface, source_port=port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise Failed("unknown", f"no source port from {train.source_ports.start} to {train.source_ports.stop - 1} is free")


class _Running:
    """A train under way."""

    def __init__(self, train: Train) -> None:
        self._train = train
        self._places = {question[train.echoed]: place for place, question in enumerate(train.questions)}
        self.sent: list[int] = []
        self.replies: list[Reply | None] = [None] * len(train.questions)
        self.suspect = False
        self._trouble: OSError | None = None
        self._over = asyncio.Event()

    async def run(self, channel: Channel, patience_s: float) -> None:
        """Send everything, take what comes. Raises OSError for the kernel's word that nobody is there, TimeoutError for silence."""

        def take(got: Read | OSError) -> None:
            if isinstance(got, OSError):
                self._trouble = got
                self._over.set()
            else:
                self._take(got, late=channel.doubtful())

        with channel.each(take):
            for question in self._train.questions:
                if self._trouble is not None:
                    break
                self.sent.append(await channel.send(question))
                if len(self.sent) < len(self._train.questions):
                    await asyncio.sleep(self._train.spacing_s)
            async with asyncio.timeout(patience_s):
                await self._over.wait()
        if self._trouble is not None:
            raise self._trouble

    def _take(self, got: Read, *, late: bool) -> None:
        place = self._places.get(got.data[self._train.echoed])
        if place is None or place >= len(self.sent) or self.replies[place] is not None:
            return
        self.suspect |= late
        self.replies[place] = Reply(got.data, round(max(0, got.stamp - self.sent[place]) / 1e6, 2))
        if None not in self.replies:
            self._over.set()
