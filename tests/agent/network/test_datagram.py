"""Trains over real UDP on loopback: answers matched and timed, losses, silence, refusal, strangers, and source ports."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import pytest

from agent.network.clock import KernelClock, LoopClock, SampleClock
from agent.network.datagram import run_train
from agent.network.net import Train, Trained
from agent.network.way import Way
from tests.fakes.datagrams import Answering, answering_datagrams
from wire.target import Target

QUESTIONS = tuple(bytes([number]) * 8 + b"?" for number in range(6))


async def trained(answering: Answering, clock: SampleClock | None = None, patience_s: float = 5.0, ports: range = range(0)) -> Trained:
    """Send a train to a scripted server."""
    async with answering_datagrams(answering) as port:
        return await run_train(train(port, ports), clock or KernelClock(), patience_s, {})


def train(port: int, ports: range = range(0), questions: Sequence[bytes] = QUESTIONS) -> Train:
    """Return a train to a port of loopback, matched by its first eight bytes."""
    target = Target(host="relay.test", port=port, protocol="turn", category="Optimize", workload="Teams")
    return Train(target, "127.0.0.1", tuple(questions), slice(0, 8), 0.001, 9.0, ports)


@pytest.mark.parametrize("clock", [KernelClock(), LoopClock()], ids=["kernel", "loop"])
async def test_each_question_has_its_answer(clock: SampleClock) -> None:
    """Answers stand in the order of their questions, with a time each; nothing failed."""
    seen = await trained(lambda data: [data[:8] + b"!"], clock)
    assert [reply and reply.data for reply in seen.replies] == [question[:8] + b"!" for question in QUESTIONS]
    assert all(reply is not None and 0 <= reply.ms < 1000 for reply in seen.replies)
    assert (seen.clock, seen.sent, seen.failure, seen.stage, seen.error) == (clock.name, 6, None, None, None)


async def test_what_is_lost_is_missing() -> None:
    """Questions without an answer have none; that is no failure while others were answered."""
    seen = await trained(lambda data: [] if data[0] in {1, 4} else [data], patience_s=0.05)
    assert [reply is None for reply in seen.replies] == [False, True, False, False, True, False]
    assert (seen.sent, seen.failure) == (6, None)


async def test_strangers_and_repeats() -> None:
    """Empty datagrams, answers to nothing and second answers change nothing."""
    seen = await trained(lambda data: [b"", b"x", b"\xff" * 2000, data + b"first", data + b"second"])
    assert [reply and reply.data for reply in seen.replies] == [question + b"first" for question in QUESTIONS]


async def test_silence() -> None:
    """When nothing comes it is a timeout, after all questions were sent."""
    seen = await trained(lambda _: [], patience_s=0.02)
    assert (seen.sent, seen.failure, seen.stage) == (6, "timeout", "first_byte")
    assert seen.replies == (None,) * 6


async def test_nobody_listens() -> None:
    """The kernel's word that no one is there ends the train at once."""
    async with answering_datagrams(lambda _: []) as port:
        pass
    seen = await run_train(train(port), KernelClock(), 5.0, {})
    assert (seen.failure, seen.stage) == ("refused", "first_byte")
    assert seen.sent < 6


async def test_source_port_of_a_range() -> None:
    """A train leaves from one port of the range, whichever is free; with none free it says so and sends nothing."""
    sources: list[int] = []
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2)]
        taken[0].bind(("", 0))
        first = taken[0].getsockname()[1]
        ports = range(first, first + 8)
        async with answering_datagrams(lambda data: [data], sources) as port:
            seen = await run_train(train(port, ports), KernelClock(), 5.0, {})
            none = await run_train(train(port, range(first, first + 1)), KernelClock(), 5.0, {})
    assert seen.failure is None
    assert set(sources) <= set(ports) - {first}
    assert len(set(sources)) == 1
    assert (none.sent, none.failure, none.stage) == (0, "unknown", "connect")
    assert "is free" in (none.error or "")


async def test_from_an_own_address() -> None:
    """A route's own address is what a train leaves from; without one of the family it is unreachable, and nothing is sent."""
    async with answering_datagrams(lambda data: [data]) as port:
        own = Way("source", "127.0.0.1", addresses=("127.0.0.1",))
        assert (await run_train(replace(train(port), way=own), KernelClock(), 5.0, {})).failure is None
        seen = await run_train(replace(train(port), way=replace(own, addresses=())), KernelClock(), 5.0, {})
    assert (seen.sent, seen.failure, seen.stage) == (0, "unreachable", "connect")


async def test_the_laboratorys_map() -> None:
    """A place named for datagrams is where they go."""
    async with answering_datagrams(lambda data: [data]) as port:
        seen = await run_train(train(3478), KernelClock(), 5.0, {"relay.test:3478/udp": f"127.0.0.1:{port}"})
    assert seen.failure is None
