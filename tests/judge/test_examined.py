"""Holds judge/examined.py: which observations have a chain, and validity by the day."""

from datetime import UTC, date, datetime, timedelta

from judge.certificate import CertificateFields
from judge.examined import Examined
from judge.seen import Seen
from wire.facts import DnsFacts, WebFacts
from wire.target import Target

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
LEAF = CertificateFields("x", not_before=datetime(2026, 1, 10, 8, tzinfo=UTC), not_after=datetime(2026, 1, 20, 8, tzinfo=UTC))
WEB = Seen("W" * 22, WebFacts(target=TARGET, chain=["C" * 22]))
DNS = Seen("D" * 22, DnsFacts(target=TARGET))


def test_captured_and_unread() -> None:
    """An observation with a chain is captured when its certificates are at hand, unread when not; a look-up is neither."""
    examined = Examined((WEB, WEB, DNS), ((LEAF,), (), ()), ("trusted", "unchecked", "unchecked"), date(2026, 1, 15))
    assert [one.index for one in examined.captured()] == [0]
    assert list(examined.unread()) == [1]


def test_valid_by_the_day() -> None:
    """A certificate is valid on every day that holds a moment of its validity, the first and the last included."""
    days = {day: Examined((), (), (), date(2026, 1, 9) + timedelta(days=day)).valid(LEAF) for day in (0, 1, 11, 12)}
    assert days == {0: False, 1: True, 11: True, 12: False}
    assert Examined((), (), (), date(2026, 1, 15)).valid(CertificateFields("x")) is None
