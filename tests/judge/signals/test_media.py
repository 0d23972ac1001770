"""Holds judge/signals/media.py: does the Teams relay answer by UDP?"""

from typing import Any

from judge.signals.media import signal
from tests.fakes.examined import OUTLOOK, Round
from wire.facts import MediaFacts, QuicFacts, WebFacts
from wire.target import Target

RELAY = Target(host="worldaz.tr.teams.microsoft.com", port=3478, protocol="turn", category="Optimize", workload="Teams")
TCP = WebFacts(target=RELAY.model_copy(update={"port": 443, "protocol": "https"}))
SILENT: dict[str, Any] = {"failure": "timeout", "stage": "first_byte"}


def media(port: int = 3478, **fields: Any) -> MediaFacts:
    """Return a media observation; silence without fields."""
    return MediaFacts(target=RELAY.model_copy(update={"port": port}), **(fields or SILENT))


def said(made: Round) -> list[str]:
    """Return what is said."""
    return [name for _, name in made.names(signal)]


def test_answers() -> None:
    """Both kinds of source port answered is an answer; one that was not tried is no silence; one that was is a rule."""
    assert said(Round().see(media(ephemeral="allocate", audio="binding"))) == ["media_answered"]
    assert said(Round().see(media(ephemeral="allocate", audio="untried"))) == ["media_answered"]
    assert said(Round().see(media(ephemeral="allocate", audio=""))) == ["media_ports_filtered"]
    assert said(Round().see(media(ephemeral="", audio="allocate"))) == ["media_ports_filtered"]


def test_silence_counts_only_with_both_proofs() -> None:
    """Blocked needs the relay by TCP and another service by UDP; either alone, or neither, proves nothing."""
    quic = QuicFacts(target=OUTLOOK)
    assert said(Round().see(media())) == ["media_silent"]
    assert said(Round().see(TCP).see(media())) == ["media_silent"]
    assert said(Round().see(quic).see(media())) == ["media_silent"]
    assert said(Round().see(TCP).see(quic).see(media())) == ["media_blocked"]
    assert said(Round().see(TCP).see(media(3479, ephemeral="allocate", audio="allocate")).see(media())) == [
        "media_answered",
        "media_blocked",
    ]
    failed = TCP.model_copy(update={"failure": "timeout", "stage": "connect"})
    assert said(Round().see(failed).see(quic).see(media())) == ["media_silent"]


def test_a_name_that_is_not_found_is_the_resolvers_matter() -> None:
    """A failed lookup is told by `reach`."""
    assert said(Round().see(media(failure="dns_nxdomain", stage="dns"))) == []
