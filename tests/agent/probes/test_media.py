"""The media probe against a scripted network: answers of both kinds, silence, every failure; loss, jitter and round trip of a train."""

from collections.abc import Callable

import pytest

from agent.network.net import Reply, Resolution, Train, Trained
from agent.probes import media
from agent.probes.stun import ECHOED
from agent.schedule import COST
from demo.world.turn import Manners, answered
from tests.fakes.network import SILENT, FakeClock, FakeNetwork
from wire.facts import MediaFacts
from wire.observation import MediaObservation
from wire.target import DIRECT, Target
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

TARGET = Target(host="worldaz.tr.teams.microsoft.com", port=3479, protocol="turn", category="Optimize", workload="Teams")
FOUND = Resolution("kernel", answers=("192.0.2.1",), resolver="192.0.2.53", dns_ms=4.0)
Answering = Callable[[Train], Trained]


def relay(manners: Manners, *, lost: tuple[int, ...] = (), audio: bool = True, others: bool = True) -> Answering:
    """Return a relay that answers the n-th question after 10 + n ms; `lost` places are not answered, nor whole kinds of source port."""

    def answering(train: Train) -> Trained:
        if not (audio if train.source_ports else others):
            return Trained("kernel", sent=len(train.questions), failure="timeout", stage="first_byte", error="silence")
        told = [answered(one, "203.0.113.9", 50_000, manners) for one in train.questions]
        replies = tuple(Reply(one, 10.0 + place) if one and place not in lost else None for place, one in enumerate(told))
        failure: Failure | None = None if any(replies) else "timeout"
        return Trained("kernel", sent=len(train.questions), replies=replies, failure=failure, stage="first_byte" if failure else None)

    return answering


async def measured(answering: Answering | None = None, found: Resolution = FOUND) -> tuple[MediaObservation, MediaFacts, FakeNetwork]:
    """Run the probe."""
    net = FakeNetwork({TARGET.host: found})
    net.answering = answering or net.answering
    result = await media.measure(TARGET, DIRECT, net, FakeClock())
    assert isinstance(result.observation, MediaObservation)
    assert isinstance(result.facts, MediaFacts)
    return result.observation, result.facts, net


async def test_a_relay_that_answers() -> None:
    """Both kinds of source port are answered by Allocate; realm and our address are facts, times and the alternate are sample."""
    seen, facts, net = await measured(relay(Manners(alternate="52.112.1.2:3478")))
    assert (facts.ephemeral, facts.audio, facts.realm, facts.mapped, facts.failure) == (
        "allocate",
        "allocate",
        "rtcmedia",
        "203.0.113.9",
        None,
    )
    assert (seen.sent, seen.received, seen.loss_percent, seen.rtt_ms, seen.jitter_ms) == (20, 20, 0.0, 19.5, 1.0)
    assert (seen.audio_rtt_ms, seen.alternate, seen.address, seen.dns_ms) == (12.0, "52.112.1.2:3478", "192.0.2.1", 4.0)
    assert [(len(one.questions), one.source_ports, one.echoed) for one in net.trains] == [
        (20, range(0), ECHOED),
        (5, range(50_000, 50_020), ECHOED),
    ]
    assert len({question[ECHOED] for one in net.trains for question in one.questions}) == 25


async def test_loss() -> None:
    """What is not answered counts as lost, and jitter is that of what came."""
    seen, _, _ = await measured(relay(Manners(), lost=(3, 4, 19)))
    assert (seen.sent, seen.received, seen.loss_percent) == (20, 17, 15.0)
    assert seen.jitter_ms == round((15 * 1 + 3) / 16, 2)


async def test_binding_when_allocate_is_not_known() -> None:
    """A relay silent to Allocate is asked by Binding, from each source port."""
    seen, facts, net = await measured(relay(Manners(allocate=False)))
    assert (facts.ephemeral, facts.audio, facts.mapped, facts.realm) == ("binding", "binding", "203.0.113.9", "")
    assert [len(one.questions) for one in net.trains] == [20, 20, 5, 5]
    assert seen.received == 20


async def test_only_one_kind_of_source_port_passes() -> None:
    """A firewall may know the audio ports only, or all but them: either is told, and is no failure."""
    seen, facts, _ = await measured(relay(Manners(), others=False))
    assert (facts.ephemeral, facts.audio, facts.failure) == ("", "allocate", None)
    assert (seen.rtt_ms, seen.audio_rtt_ms, seen.loss_percent, seen.sent, seen.received) == (None, 12.0, None, 20, 0)
    _, facts, _ = await measured(relay(Manners(), audio=False))
    assert (facts.ephemeral, facts.audio, facts.failure) == ("allocate", "", None)


async def test_silence_is_a_failure_and_nothing_more() -> None:
    """When nothing answers anything, the facts say timeout; no loss is reckoned from it."""
    seen, facts, net = await measured()
    assert (facts.ephemeral, facts.audio, facts.failure, facts.stage) == ("", "", "timeout", "first_byte")
    assert (seen.loss_percent, seen.sent, seen.received, seen.error) == (None, 20, 0, SILENT.error)
    assert len(net.trains) == 4
    assert sum(len(one.questions) for one in net.trains) == COST["media"]


async def test_no_source_port_is_free() -> None:
    """When all audio ports are taken on this machine, that is said, and it is not silence."""

    def answering(train: Train) -> Trained:
        return Trained("kernel", failure="unknown", stage="connect", error="taken") if train.source_ports else relay(Manners())(train)

    seen, facts, _ = await measured(answering)
    assert (facts.ephemeral, facts.audio, facts.failure, seen.error) == ("allocate", "untried", None, "taken")


async def test_somebody_else_answers() -> None:
    """An echo is no relay: the failure is unknown, and the sample says why."""

    def echo(train: Train) -> Trained:
        return Trained("kernel", sent=len(train.questions), replies=tuple(Reply(one, 1.0) for one in train.questions))

    seen, facts, _ = await measured(echo)
    assert (facts.ephemeral, facts.failure, facts.stage) == ("", "unknown", "first_byte")
    assert "neither MS-TURN nor STUN" in (seen.error or "")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_returns(failure: Failure, stage: Stage) -> None:
    """Whatever fails wherever, the probe returns it as facts."""
    for answering, found in (
        (lambda _: Trained("kernel", sent=3, failure=failure, stage=stage, error="x"), FOUND),
        (None, Resolution("kernel", failure=failure, stage=stage, error="x")),
    ):
        seen, facts, _ = await measured(answering, found)
        assert (facts.failure, facts.stage, seen.error) == (failure, stage, "x")


async def test_nobody_there_is_asked_once() -> None:
    """A refusal would not change with another request."""
    _, _, net = await measured(lambda _: Trained("kernel", sent=1, failure="refused", stage="first_byte", error="x"))
    assert len(net.trains) == 2
