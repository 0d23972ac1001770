"""Holds server/watcher/notices/titles.py: every kind and every cause has its words."""

from typing import get_args

from server.watcher.kinds import KINDS, Cause
from server.watcher.notices.titles import GUIDANCE, TITLES


def test_every_kind_has_a_title() -> None:
    """No kind is missing and none is left over; each is short enough for a telephone's lock screen."""
    assert TITLES.keys() == KINDS.keys()
    assert set(GUIDANCE) == set(get_args(Cause))
    assert max(map(len, TITLES.values())) <= 48
