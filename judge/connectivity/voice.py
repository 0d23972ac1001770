"""Rows about Teams media, from the relay's control plane: a train of requests, not a call. Silence is not proven to be a block."""

from collections.abc import Callable

from judge.connectivity.look import Look, middle, ms
from judge.connectivity.row import Row
from wire.observation import MediaObservation

_SILENT = "the relay did not answer, so there is nothing to measure"


def media(look: Look) -> Row:
    """Return which of the relay's UDP ports answered."""
    title, rule = "Teams media connectivity", "UDP to the relay is blocked; Microsoft's rule"
    seen = [facts for _, facts in look.media()]
    if not seen:
        return Row("media", title, "unmeasured", "no relay is in the plan", fails_when=rule)
    answered = sorted({facts.target.port for facts in seen if facts.ephemeral or facts.audio})
    silent = sorted({facts.target.port for facts in seen} - set(answered))
    verdicts = {one.verdict for one in look.findings if one.target.protocol == "turn"}
    details = [f"UDP {port}: no answer" for port in silent]
    details += [
        f"UDP {facts.target.port}: answers {'an ephemeral source port' if facts.ephemeral else 'a source port of 50000 to 50019'} only"
        for facts in seen
        if bool(facts.ephemeral) != bool(facts.audio)
    ]
    if answered:
        told = f"UDP {', '.join(map(str, answered))} answer" + (f", {', '.join(map(str, silent))} do not" if silent else "")
        return Row("media", title, "attention" if silent else "pass", told, tuple(details), rule)
    if "blocked" in verdicts:
        return Row("media", title, "attention", "blocked: the relay answers on TCP 443 and other UDP gets through", tuple(details), rule)
    return Row("media", title, "information", "no answer on any port; silence alone proves nothing", tuple(details), rule)


def loss(look: Look) -> Row:
    """Return the share of requests without an answer."""
    return _figure(
        look, "loss", "Packet loss", lambda one: one.loss_percent, look.limit("media_loss_percent"), lambda value: f"{value:.2f} %"
    )


def latency(look: Look) -> Row:
    """Return the median round trip over UDP."""
    return _figure(look, "latency", "UDP latency", lambda one: one.rtt_ms, look.limit("media_rtt_ms"), ms)


def jitter(look: Look) -> Row:
    """Return the interarrival jitter."""
    return _figure(look, "jitter", "UDP jitter", lambda one: one.jitter_ms, look.limit("media_jitter_ms"), ms)


def _figure(
    look: Look, name: str, title: str, read: Callable[[MediaObservation], float | None], limit: float, shown: Callable[[float], str]
) -> Row:
    rule = f"{shown(limit)} or more; Microsoft's rule"
    trains = [(seen, value) for seen, facts in look.media() if (facts.ephemeral or facts.audio) and (value := read(seen)) is not None]
    value = middle([figure for _, figure in trains])
    if value is None:
        return Row(name, title, "unmeasured", _SILENT, fails_when=rule)
    sent = sum(seen.sent or 0 for seen, _ in trains)
    told = f"{shown(value)} (median of {len(trains)} trains, {sent} requests to the relay's control plane, not a call)"
    return Row(name, title, "attention" if value >= limit else "pass", told, fails_when=rule)
