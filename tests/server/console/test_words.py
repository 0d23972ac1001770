"""Shapes for every verdict, makes with their certainty, times in a site's own zone."""

from datetime import UTC, datetime

import pytest

from judge.finding import Device, DeviceKey
from server.console.words import EVENT_WORDS, ORDER, make, mark, moment, rank, thousands
from server.watcher.kinds import KINDS
from wire.vocabulary import VERDICTS

NOW = int(datetime(2026, 11, 25, 4, 30, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize("verdict", [*VERDICTS, "silent"])
def test_every_verdict_has_a_shape_and_a_rank(verdict: str) -> None:
    """No verdict is shown by colour alone, and each has its place from best to worst."""
    shown = mark(verdict)
    assert (shown.word, bool(shown.shape), bool(shown.look)) == (verdict, True, True)
    assert ORDER[rank(verdict)] == verdict


def test_unknown_word_is_inconclusive() -> None:
    """A verdict of a newer centre is shown by its own word and an open circle."""
    assert (mark("surprised").look, mark("surprised").word, rank("surprised")) == ("open", "surprised", rank("inconclusive"))


def test_make() -> None:
    """A vendor is named with the evidence and its certainty, a guess as a guess, nothing as nothing."""
    keys = (DeviceKey("header", "x"),)
    assert make(Device(keys, vendor="Zscaler", product="ZIA", confidence=0.95)) == "Zscaler ZIA, by its headers (certain)."
    assert make(Device(keys, vendor="Zscaler", confidence=0.7)) == "Zscaler, by its headers (likely)."
    assert make(Device(keys, vendor="Zscaler", product="Zscaler Internet Access", confidence=0.7)).startswith("Zscaler Internet Access,")
    assert make(Device((), vendor="Zscaler", confidence=0.2)) == "Zscaler (not certain)."
    assert make(Device(keys, possible="Squid")) == "Possibly Squid; not proven."
    assert make(None) == "Whose make it is, is not known."


def test_times_are_the_sites_own() -> None:
    """The text is local, with the date when it is not today's and the zone beside it; hovering says the zone's name and UTC."""
    at = moment(NOW - 3600 * 10**9, NOW, "Europe/Berlin")
    assert at is not None
    assert (at.said, at.iso) == ("04:30 UTC+1", "2026-11-25T03:30:00Z")
    assert at.full == "2026-11-25 04:30:00 Europe/Berlin, 2026-11-25 03:30:00 UTC"
    before = moment(NOW - 86_400 * 10**9, NOW)
    assert before is not None
    assert (before.text, before.full) == ("24 Nov 04:30", "2026-11-24 04:30:00 UTC")


def test_no_time_and_no_zone() -> None:
    """A time nobody knows is none; a zone nobody knows is UTC, and says so."""
    assert moment(0, NOW) is None
    odd = moment(NOW, NOW, "Atlantis/Nowhere")
    assert odd is not None
    assert odd.full == "2026-11-25 04:30:00 UTC"


def test_thousands() -> None:
    """Thousands are set apart by a narrow space."""
    assert thousands(9800.4) == "9\u202f800"


def test_every_kind_of_event_has_a_word() -> None:
    """What is told is called something on the page, in at most four words."""
    assert set(EVENT_WORDS) == set(KINDS)
    assert all(len(word.split()) <= 5 for word in EVENT_WORDS.values())
