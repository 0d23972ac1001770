"""Holds server/watcher/notices/alert.py: what belongs together has one key, and the same events make the same id."""

import pytest

from server.watcher.notices.alert import alert_id, is_problem, key_of, louder
from tests.fakes.notices import seen


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (seen("appeared", "Lyon", device="d1"), seen("left", "Porto", device="d1"), True),
        (seen("appeared", "Lyon", device="d1"), seen("appeared", "Lyon", device="d2"), False),
        (seen("site-down", "Lyon"), seen("site-silent", "Lyon"), True),
        (seen("site-down", "Lyon"), seen("egress-moved", "Lyon"), False),
        (seen("agent-silent", "Lyon", scope="a1"), seen("agent-clock", "Lyon", scope="a2"), True),
        (seen("agent-silent", "", scope="a1"), seen("agent-silent", "", scope="a2"), False),
    ],
)
def test_what_belongs_together(one: object, other: object, *, together: bool) -> None:
    """A device is one alert wherever it is; otherwise a cause at a site is, or of an agent that has none."""
    assert (key_of(one) == key_of(other)) is together  # type: ignore[arg-type]


def test_ids_and_words() -> None:
    """An alert's id comes from its first event; kinds that something ends are problems; P1 is louder than P4."""
    first = seen("site-down")
    assert alert_id("k", first) == alert_id("k", first)
    assert alert_id("k", first) != alert_id("k", seen("site-down"))
    assert [is_problem(kind) for kind in ("site-down", "site-up", "egress-moved")] == [True, False, False]
    assert (louder("P1", "P4"), louder("none", "P4")) == ("P1", "P4")
