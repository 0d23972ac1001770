"""The `media` probe: whether a Teams relay answers on one UDP port, and loss, jitter and round trip of a train of requests to it.

These are figures of the relay's control plane, not of a call: a call needs credentials. Firewalls may treat source ports differently, so
a train leaves from an ephemeral port and a short one from the range Teams uses for audio. Silence is a failure and says no more than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median
from typing import Any, Final, get_args

from agent.network.net import Network, Reply, Train, Trained
from agent.probes.destination import destination
from agent.probes.measured import CycleClock, Measured, facts_id, present
from agent.probes.stun import ECHOED, Answer, Method, question, read
from wire.facts import MediaFacts
from wire.observation import MediaObservation
from wire.target import Route, Target

NAME: Final = "media"
AUDIO_PORTS = range(50_000, 50_020)
"""Source ports of audio in Teams, and what Microsoft's own assessment tool uses."""
TRAIN, SHORT = 20, 5
"""Requests from the ephemeral port, as many as audio packets in 400 ms; and from an audio port, where only the way is asked for.
`agent.schedule.COST` counts them."""
SPACING_S = 0.02
"""The packet time of audio calls."""
PATIENCE_S = 2.0
"""Two hops over a geostationary satellite take 1.2 s; what comes later is of no use to a call."""
_FINAL = frozenset({"refused", "unreachable"})
"""Failures that no other request would change."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came from one source port: the train, and the answers in it by the method they belong to."""

    trained: Trained
    replies: tuple[Reply, ...] = ()
    answer: Answer | None = None

    @property
    def error(self) -> str | None:
        """Return why there is no answer."""
        strange = "answered by something that speaks neither MS-TURN nor STUN"
        return None if self.answer else self.trained.error or (strange if any(self.trained.replies) else None)

    @property
    def word(self) -> str:
        """Return the method that was answered; `untried` when nothing could be sent."""
        return self.answer.method if self.answer else "" if self.trained.sent else "untried"


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Ask the relay from both kinds of source port; return what was answered, silence included."""
    at_us = clock.at_us()
    way = (await net.ways(target, route)).ways[0]
    where = await destination(target, route, net, clock.turn, way)
    found = where.resolution
    if where.address is None:
        facts = MediaFacts(target=target, route=route.name, failure=found.failure or "dns_no_data", stage=found.stage or "dns")
        sample = present(dns_ms=found.dns_ms, error=found.error)
        return Measured(
            MediaObservation(kind=NAME, facts=facts_id(facts), at_us=at_us, suspect=found.suspect, clock=found.clock, **sample), facts
        )
    line = Train(target, where.address, (), ECHOED, SPACING_S, PATIENCE_S, way=way)
    any_port = await _ask(line, net, TRAIN)
    audio = await _ask(replace(line, source_ports=AUDIO_PORTS), net, SHORT)
    told = any_port.answer or audio.answer
    words: dict[str, Any] = {"ephemeral": any_port.answer.method if any_port.answer else "", "audio": audio.word}
    if told is None:
        words |= {"failure": any_port.trained.failure or "unknown", "stage": any_port.trained.stage or "first_byte"}
    else:
        words |= {"realm": told.realm, "mapped": told.mapped}
    facts = MediaFacts(
        target=target,
        route=route.name,
        **words,
    )
    sample = present(
        address=where.shown,
        dns_ms=found.dns_ms,
        audio_rtt_ms=_median(audio.replies),
        alternate=told.alternate if told else None,
        error=any_port.error or audio.error,
        **train(any_port.trained.sent, any_port.replies),
    )
    suspect = found.suspect or any_port.trained.suspect or audio.trained.suspect
    return Measured(
        MediaObservation(kind=NAME, facts=facts_id(facts), at_us=at_us, suspect=suspect, clock=any_port.trained.clock, **sample), facts
    )


async def _ask(line: Train, net: Network, count: int) -> _Heard:
    """Send a train of Allocate and, where nothing answers it, one of Binding; return the one that was answered, else the first."""
    first: _Heard | None = None
    for method in get_args(Method):
        questions = tuple(question(method) for _ in range(count))
        trained = await net.train(replace(line, questions=questions))
        told = [(reply, answer) for reply in trained.replies if reply is not None and (answer := read(reply.data))]
        replies = tuple(reply for reply, answer in told if answer.method == method)
        if replies:
            return _Heard(trained, replies, next(answer for _, answer in told if answer.method == method))
        first = first or _Heard(trained)
        if trained.failure in _FINAL or not trained.sent:
            break
    assert first is not None  # noqa: S101 - there are two methods
    return first


def train(sent: int, replies: Sequence[Reply]) -> dict[str, Any]:
    """Return round trip, jitter and loss of a train as fields of `MediaObservation`; of one without any answer only what was counted.

    Jitter is the mean of RFC 3550's D (6.4.1): how much the distance of two packets changed on the way. Its running estimate, a sixteenth
    of each, would reach 71 % of that within twenty packets.
    """
    counted: dict[str, Any] = {"sent": sent, "received": len(replies)}
    if not replies:
        return counted
    changes = [abs(after.ms - before.ms) for before, after in pairwise(replies)]
    loss = {"loss_percent": round(100 * (1 - len(replies) / sent), 2)}
    return counted | loss | present(rtt_ms=_median(replies), jitter_ms=round(fmean(changes), 2) if changes else None)


def _median(replies: Sequence[Reply]) -> float | None:
    return round(median(reply.ms for reply in replies), 2) if replies else None
